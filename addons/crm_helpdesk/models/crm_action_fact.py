from odoo import api, models
from odoo.tools import SQL

NEVER = 9999


class CrmActionFact(models.AbstractModel):
    """Tickets and ratings for scores and reasons of action rules."""

    _inherit = "crm.action.fact"

    @api.model
    def _get_labels(self):
        numbers, texts = super()._get_labels()
        numbers = {
            **numbers,
            "tickets_open": self.env._("open tickets"),
            "tickets": self.env._("tickets of all times"),
            "satisfaction": self.env._("average rating of the tickets, 1 to 5; 0: none"),
            "sla_kept": self.env._("share of the service level promises kept, 0 to 1"),
            "solved_days": self.env._("days since a ticket was last solved; 9999: never"),
            "rating": self.env._("the last rating of a ticket, 1 to 5; 0: none"),
            "rating_days": self.env._("days since the last rating; 9999: never"),
        }
        texts = {
            **texts,
            "solved_ticket": self.env._("number of the ticket solved last"),
            "rated_ticket": self.env._("number of the ticket rated last"),
        }
        return numbers, texts

    @api.model
    def _collect(self, customer_ids, company, names):
        facts = super()._collect(customer_ids, company, names)
        for part, collect in (
            ({"tickets_open", "tickets", "satisfaction", "sla_kept"}, self._collect_tickets),
            ({"solved_days", "solved_ticket"}, self._collect_solved),
            ({"rating", "rating_days", "rated_ticket"}, self._collect_ratings),
        ):
            if names & part:
                for id_, values in collect(list(facts), company):
                    facts[id_].update(values)
        return facts

    def _collect_tickets(self, ids, company):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id, helpdesk_open_count, helpdesk_ticket_count, helpdesk_satisfaction,
                       helpdesk_sla_rate
                  FROM crm_customer_stat
                 WHERE company_id = %s AND partner_id = ANY(%s)
                """,
                company.id,
                ids,
            )
        )
        for id_, *values in rows:
            names = ("tickets_open", "tickets", "satisfaction", "sla_kept")
            yield id_, dict(zip(names, (float(value or 0) for value in values), strict=True))

    def _collect_solved(self, ids, company):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (p.commercial_partner_id)
                       p.commercial_partner_id, ticket.number,
                       extract(epoch FROM now() AT TIME ZONE 'UTC' - ticket.closed_at) / 86400
                  FROM helpdesk_ticket ticket
                  JOIN res_partner p ON p.id = ticket.partner_id
                 WHERE p.commercial_partner_id = ANY(%s)
                   AND ticket.company_id = %s
                   AND ticket.stage_kind = 'closed'
                   AND ticket.active
                   AND ticket.closed_at IS NOT NULL
                 ORDER BY p.commercial_partner_id, ticket.closed_at DESC
                """,
                ids,
                company.id,
            )
        )
        found = {id_: {"solved_ticket": number, "solved_days": int(days)} for id_, number, days in rows}
        for id_ in ids:
            yield id_, found.get(id_, {"solved_ticket": "", "solved_days": NEVER})

    def _collect_ratings(self, ids, company):
        rows = self._get_last_ratings(ids, company)
        found = {
            id_: {"rated_ticket": number, "rating": float(rating), "rating_days": int(days)}
            for id_, number, rating, days, _leader in rows
        }
        for id_ in ids:
            yield id_, found.get(id_, {"rated_ticket": "", "rating": 0.0, "rating_days": NEVER})

    @api.model
    def _get_last_ratings(self, ids, company):
        """:return: [(customer id, number of the ticket, rating, days since, leader of the ticket's team)]"""
        return self.env.execute_query(
            SQL(
                """
                SELECT DISTINCT ON (p.commercial_partner_id)
                       p.commercial_partner_id, ticket.number, rating.rating,
                       extract(epoch FROM now() AT TIME ZONE 'UTC' - rating.write_date) / 86400,
                       team.user_id
                  FROM helpdesk_ticket ticket
                  JOIN res_partner p ON p.id = ticket.partner_id
                  JOIN helpdesk_team team ON team.id = ticket.team_id
                  JOIN rating_rating rating
                    ON rating.res_model = 'helpdesk.ticket' AND rating.res_id = ticket.id
                   AND rating.consumed AND rating.rating > 0
                 WHERE p.commercial_partner_id = ANY(%s)
                   AND ticket.company_id = %s
                 ORDER BY p.commercial_partner_id, rating.write_date DESC, rating.id DESC
                """,
                ids,
                company.id,
            )
        )
