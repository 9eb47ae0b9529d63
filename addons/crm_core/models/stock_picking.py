from odoo import models
from odoo.tools import SQL


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "crm.fact.source", "crm.interaction.mixin"]

    _crm_fact_fields = frozenset({"state", "date_done", "date_deadline", "sale_id"})
    _crm_owner_fields = frozenset({"sale_id"})
    _interaction_fields = frozenset({"state", "date_done", "sale_id", "picking_type_id", "user_id", "name"})
    _interaction_look_fields = ("state",)
    _interaction_unfolds = True

    def _crm_owner_query(self, ids):
        return self._crm_owner_query_by_order(
            SQL(
                "SELECT sale_id FROM stock_picking WHERE id IN %s AND state IN ('done', 'cancel')",
                ids,
            )
        )

    def _crm_leave_to_others(self, pending):
        orders = pending.setdefault("sale.order", set())
        left = set()
        for picking in self:
            if picking._cache.get("state") not in (None, "done", "cancel"):
                continue
            order_id = picking._cache.get("sale_id")
            if order_id:
                orders.add(order_id)
            elif order_id is None:
                left.add(picking.id)
        return left

    def _interaction_relevant(self):
        # What is done stays done: before that there is no row.
        return self.filtered(lambda picking: picking.state == "done")

    def _interaction_query(self, ids):
        return SQL(
            """
            SELECT p.id, '', CASE t.code WHEN 'incoming' THEN 'return' ELSE 'delivery' END, p.date_done,
                   o.partner_id, COALESCE(p.partner_id, o.partner_id), p.company_id, 'document',
                   CASE t.code WHEN 'incoming' THEN 'in' ELSE 'out' END, p.user_id, p.name, NULL
              FROM stock_picking p
              JOIN stock_picking_type t ON t.id = p.picking_type_id AND t.code IN ('incoming', 'outgoing')
              JOIN sale_order o ON o.id = p.sale_id
             WHERE p.id IN %s
               AND p.state = 'done'
            """,
            ids,
        )

    def _interaction_look(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return {
            picking.id: {
                "state": labels[picking.state],
                "level": "success" if picking.state == "done" else "info",
            }
            for picking in self
        }

    def _interaction_detail(self):
        moves = self.move_ids.filtered(lambda move: move.state != "cancel")
        return {
            "text": "",
            "lines": [
                {
                    "product": move.product_id.display_name,
                    "quantity": move.quantity if move.state == "done" else move.product_uom_qty,
                    "uom": move.product_uom.name,
                    "amount": None,
                    "currency_id": None,
                }
                for move in moves
            ],
        }
