from odoo import models
from odoo.tools import SQL


class PosOrder(models.Model):
    _name = "pos.order"
    _inherit = ["pos.order", "crm.interaction.mixin"]

    _interaction_fields = frozenset(
        {"state", "partner_id", "company_id", "date_order", "name", "user_id", "is_refund", "amount_total"}
    )

    _interaction_look_fields = ("state", "amount_total", "amount_tax")
    _interaction_unfolds = True

    def _interaction_query(self, ids):
        return SQL(
            """
            SELECT id, '', CASE WHEN is_refund OR amount_total < 0 THEN 'pos_refund' ELSE 'pos' END,
                   date_order, partner_id, partner_id, company_id, 'document', NULL, user_id, name, NULL
              FROM pos_order
             WHERE id IN %s
               AND state IN ('paid', 'done')
               AND partner_id IS NOT NULL
            """,
            ids,
        )

    def _interaction_look(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return {
            order.id: {
                "state": labels[order.state],
                "level": "success",
                "amount": order.amount_total - order.amount_tax,
                "currency_id": order.currency_id.id,
            }
            for order in self
        }

    def _interaction_detail(self):
        return {
            "text": "",
            "lines": [
                {
                    "product": line.product_id.display_name,
                    "quantity": line.qty,
                    "uom": line.product_uom_id.name or "",
                    "amount": line.price_subtotal,
                    "currency_id": self.currency_id.id,
                }
                for line in self.lines
            ],
        }
