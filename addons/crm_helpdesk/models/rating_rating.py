from odoo import models
from odoo.tools import SQL


class RatingRating(models.Model):
    """Ratings of tickets are facts of the customer."""

    _name = "rating.rating"
    _inherit = ["rating.rating", "crm.fact.source"]

    _crm_fact_fields = frozenset({"rating", "consumed", "res_id", "res_model"})
    _crm_owner_fields = frozenset({"res_id", "res_model"})

    def _crm_owner_query(self, ids):
        tickets = SQL(
            "SELECT res_id FROM rating_rating WHERE id IN %s AND res_model = 'helpdesk.ticket'", ids
        )
        return self.env["helpdesk.ticket"]._crm_owner_query_by_ticket(tickets)
