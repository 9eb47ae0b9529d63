from odoo import models
from odoo.tools import SQL


class StockMove(models.Model):
    _name = "stock.move"
    _inherit = ["stock.move", "crm.fact.source"]

    # A return that is exchanged, not refunded, leaves the order line's delivered quantity as it was:
    # only the move tells.
    _crm_fact_fields = frozenset({"state", "quantity", "sale_line_id"})
    _crm_owner_fields = frozenset({"sale_line_id"})

    def _crm_owner_query(self, ids):
        return self._crm_owner_query_by_order(
            SQL(
                """
                SELECT l.order_id
                  FROM stock_move m
                  JOIN sale_order_line l ON l.id = m.sale_line_id
                 WHERE m.id IN %s
                   AND m.state IN ('done', 'cancel')
                """,
                ids,
            )
        )
