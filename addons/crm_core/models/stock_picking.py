from odoo import models
from odoo.tools import SQL


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "crm.fact.source"]

    _crm_fact_fields = frozenset({"state", "date_done", "date_deadline", "sale_id"})
    _crm_owner_fields = frozenset({"sale_id"})

    def _crm_owner_query(self, ids):
        return self._crm_owner_query_by_order(
            SQL(
                "SELECT sale_id FROM stock_picking WHERE id IN %s AND state IN ('done', 'cancel')",
                ids,
            )
        )
