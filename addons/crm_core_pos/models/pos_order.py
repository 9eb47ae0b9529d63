from odoo import models
from odoo.tools import SQL


class PosOrder(models.Model):
    _name = "pos.order"
    _inherit = ["pos.order", "crm.interaction.mixin"]

    _interaction_fields = frozenset(
        {"state", "partner_id", "company_id", "date_order", "name", "user_id", "is_refund", "amount_total"}
    )

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
