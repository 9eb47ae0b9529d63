from odoo import api, models
from odoo.tools import SQL

from odoo.addons.crm_analytics.lib.pyramid import Part

TICKET_HALF = 4  # working hours after which an answer is worth half


class CrmAnalyticsPyramid(models.Model):
    _inherit = "crm.analytics.pyramid"

    @api.model
    def _get_parts(self):
        return [
            *super()._get_parts(),
            Part("ticket_answer", "response"),
            Part("promise", "reliability"),
            Part("satisfaction", "relationship"),
        ]

    @api.model
    def _get_part_words(self):
        return {
            **super()._get_part_words(),
            "ticket_answer": {
                "name": self.env._("First answer on tickets"),
                "measure": self.env._("Working hours: %s"),
                "formula": self.env._(
                    "Answered tickets of the last 12 months. Each counts 100 if answered at once, 50"
                    " after 4 working hours, 25 after 8."
                ),
                "advice": self.env._("Answer the customer's open tickets first."),
            },
            "promise": {
                "name": self.env._("Service level kept"),
                "measure": self.env._("%s %%"),
                "formula": self.env._("Share of the deadlines of tickets that were met, last 12 months."),
                "advice": self.env._("Look at the missed deadlines and their causes with the team."),
            },
            "satisfaction": {
                "name": self.env._("Satisfaction"),
                "measure": self.env._("%s of 5"),
                "formula": self.env._("Average rating of tickets, last 12 months: 1 counts 0, 5 counts 100."),
                "advice": self.env._("Call, and ask what went wrong."),
            },
        }

    @api.model
    def _get_ticket_answer_query(self, period):
        return SQL(
            """
            SELECT person.commercial_partner_id, count(*),
                   avg(power(0.5, ticket.hours_to_response / %(half)s)),
                   percentile_cont(0.5) WITHIN GROUP (ORDER BY ticket.hours_to_response)
              FROM helpdesk_ticket ticket
              JOIN res_partner person ON person.id = ticket.partner_id
             WHERE ticket.company_id = %(company)s
               AND ticket.active
               AND ticket.first_response_at >= %(year)s
               AND ticket.first_response_at < %(until)s
             GROUP BY person.commercial_partner_id
            """,
            half=TICKET_HALF,
            **period,
        )

    @api.model
    def _get_promise_query(self, period):
        return SQL(
            """
            SELECT person.commercial_partner_id, count(*), avg((promise.state = 'reached')::int),
                   round(100 * avg((promise.state = 'reached')::int))
              FROM helpdesk_sla_status promise
              JOIN helpdesk_ticket ticket ON ticket.id = promise.ticket_id
              JOIN res_partner person ON person.id = ticket.partner_id
             WHERE ticket.company_id = %(company)s
               AND ticket.active
               AND promise.state IN ('reached', 'failed')
               AND COALESCE(promise.failed_at, promise.reached_at) >= %(year)s
               AND COALESCE(promise.failed_at, promise.reached_at) < %(until)s
             GROUP BY person.commercial_partner_id
            """,
            **period,
        )

    @api.model
    def _get_satisfaction_query(self, period):
        return SQL(
            """
            SELECT person.commercial_partner_id, count(*), avg((said.rating - 1) / 4), avg(said.rating)
              FROM rating_rating said
              JOIN helpdesk_ticket ticket ON ticket.id = said.res_id
              JOIN res_partner person ON person.id = ticket.partner_id
             WHERE said.res_model = 'helpdesk.ticket'
               AND said.consumed
               AND said.rating > 0
               AND said.write_date >= %(year)s
               AND said.write_date < %(until)s
               AND ticket.company_id = %(company)s
               AND ticket.active
             GROUP BY person.commercial_partner_id
            """,
            **period,
        )
