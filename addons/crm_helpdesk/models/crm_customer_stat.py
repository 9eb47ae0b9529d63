from odoo import api, fields, models
from odoo.tools import SQL


class CrmCustomerStat(models.Model):
    """What the helpdesk knows of a customer. Merged and archived tickets do not count."""

    _inherit = "crm.customer.stat"

    helpdesk_ticket_count = fields.Integer("Tickets", readonly=True)
    helpdesk_open_count = fields.Integer("Open Tickets", readonly=True)
    helpdesk_last_date = fields.Date("Last Ticket", readonly=True)
    helpdesk_sla_rate = fields.Float(
        "Service Level Kept", readonly=True, aggregator="avg", help="Share of the promises kept, 0 to 1."
    )
    helpdesk_sla_count = fields.Integer("Promises Kept or Missed", readonly=True)
    helpdesk_satisfaction = fields.Float(
        "Satisfaction", readonly=True, aggregator="avg", help="Average of the ratings of tickets, 1 to 5."
    )
    helpdesk_rating_count = fields.Integer("Ratings", readonly=True)

    @api.model
    def _get_more_parts(self, company):
        zero = ("ticket_count", "open_count", "sla_count", "rating_count")
        columns = {
            f"helpdesk_{name}": SQL("COALESCE(%s, 0)", SQL.identifier(f"helpdesk_{name}")) for name in zero
        }
        for name in ("helpdesk_last_date", "helpdesk_sla_rate", "helpdesk_satisfaction"):
            columns[name] = SQL.identifier(name)
        return {**super()._get_more_parts(company), "tickets": (self._get_tickets_query(company), columns)}

    @api.model
    def _get_tickets_query(self, company):
        return SQL(
            """
            SELECT member.partner_id,
                   count(*) AS helpdesk_ticket_count,
                   count(*) FILTER (WHERE NOT ticket.is_closed) AS helpdesk_open_count,
                   max((ticket.create_date AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date)
                       AS helpdesk_last_date,
                   sum(promise.kept)::float / NULLIF(sum(promise.ended), 0) AS helpdesk_sla_rate,
                   sum(promise.ended) AS helpdesk_sla_count,
                   sum(said.total)::float / NULLIF(sum(said.ratings), 0) AS helpdesk_satisfaction,
                   sum(said.ratings) AS helpdesk_rating_count
              FROM member
              JOIN helpdesk_ticket ticket ON ticket.partner_id = member.member_id
              LEFT JOIN LATERAL (
                   SELECT count(*) FILTER (WHERE state = 'reached') AS kept, count(*) AS ended
                     FROM helpdesk_sla_status
                    WHERE ticket_id = ticket.id AND state IN ('reached', 'failed')
                   ) AS promise ON TRUE
              LEFT JOIN LATERAL (
                   SELECT sum(rating) AS total, count(*) AS ratings
                     FROM rating_rating
                    WHERE res_model = 'helpdesk.ticket' AND res_id = ticket.id AND consumed AND rating > 0
                   ) AS said ON TRUE
             WHERE ticket.company_id = %(company)s
               AND ticket.active
               AND ticket.stage_kind != 'cancelled'
             GROUP BY member.partner_id
            """,
            company=company.id,
            tz=company._crm_timezone(),
        )

    def _get_overview_tiles(self):
        return [*super()._get_overview_tiles(), self._get_tickets_tile()]

    def _get_tickets_tile(self):
        hint = ""
        if self.helpdesk_rating_count:
            hint = self.env._("Satisfaction %s of 5", f"{self.helpdesk_satisfaction:.1f}")
        elif self.helpdesk_sla_count:
            hint = self.env._("%s %% in time", round(100 * self.helpdesk_sla_rate))
        return self._tile(
            ("tickets", self.env._("Open tickets"), "integer", "tickets"),
            self.helpdesk_open_count if self.helpdesk_ticket_count else None,
            hint=hint,
        )
