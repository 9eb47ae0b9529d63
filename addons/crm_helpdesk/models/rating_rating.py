from odoo import models
from odoo.tools import SQL


class RatingRating(models.Model):
    """Ratings of tickets are facts of the customer."""

    _name = "rating.rating"
    _inherit = ["rating.rating", "crm.fact.source"]

    _crm_fact_fields = frozenset({"rating", "consumed", "res_id", "res_model"})
    _crm_owner_fields = frozenset({"res_id", "res_model"})

    def _crm_owner_query(self, ids):
        return SQL(
            """
            SELECT ticket.company_id, partner.commercial_partner_id
              FROM rating_rating rating
              JOIN helpdesk_ticket ticket ON ticket.id = rating.res_id
              JOIN res_partner partner ON partner.id = ticket.partner_id
             WHERE rating.id IN %s
               AND rating.res_model = 'helpdesk.ticket'
            """,
            ids,
        )
