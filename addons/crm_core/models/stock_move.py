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

    def _crm_leave_to_others(self, pending):
        orders = pending.setdefault("sale.order", set())
        left = set()
        for move in self:
            if move._cache.get("state") not in (None, "done", "cancel"):
                continue
            line_id = move._cache.get("sale_line_id")
            if order_id := line_id and move.sale_line_id._cache.get("order_id"):
                orders.add(order_id)
            elif line_id or line_id is None:
                left.add(move.id)
        return left
