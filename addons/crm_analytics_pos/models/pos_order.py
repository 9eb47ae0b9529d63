from odoo import models
from odoo.tools import SQL


class PosOrder(models.Model):
    _name = "pos.order"
    _inherit = ["pos.order", "crm.fact.source"]

    _crm_fact_fields = frozenset(
        {"state", "partner_id", "company_id", "date_order", "amount_total", "amount_tax", "account_move"}
    )
    _crm_owner_fields = frozenset({"partner_id", "company_id"})

    def _crm_owner_query(self, ids):
        return SQL(
            """
            SELECT receipt.company_id, person.commercial_partner_id
              FROM pos_order receipt
              JOIN res_partner person ON person.id = receipt.partner_id
             WHERE receipt.id IN %s
            """,
            ids,
        )
