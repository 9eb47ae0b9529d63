from odoo import models
from odoo.tools import SQL


class StockPicking(models.Model):
    _name = "stock.picking"
    _inherit = ["stock.picking", "crm.fact.source", "crm.interaction.mixin"]

    _crm_fact_fields = frozenset({"state", "date_done", "date_deadline", "sale_id"})
    _crm_owner_fields = frozenset({"sale_id"})
    _interaction_fields = frozenset({"state", "date_done", "sale_id", "picking_type_id", "user_id", "name"})

    def _crm_owner_query(self, ids):
        return self._crm_owner_query_by_order(
            SQL(
                "SELECT sale_id FROM stock_picking WHERE id IN %s AND state IN ('done', 'cancel')",
                ids,
            )
        )

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
