from odoo import models
from odoo.tools import SQL


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "crm.fact.source"]

    _crm_fact_fields = frozenset(
        {
            "state",
            "move_type",
            "company_id",
            "commercial_partner_id",
            "invoice_date",
            "amount_untaxed_signed",
            "payment_state",
        }
    )
    _crm_owner_fields = frozenset({"company_id", "commercial_partner_id"})

    # The ERP stores the commercial entity of an invoice but has no index on it.
    _crm_customer_idx = models.Index(
        "(commercial_partner_id, company_id) WHERE move_type IN ('out_invoice', 'out_refund')"
    )

    def _crm_owner_query(self, ids):
        # The invoice keeps the entity it was written to; that entity may since have become part of
        # another one.
        return SQL(
            """
            SELECT m.company_id, p.commercial_partner_id
              FROM account_move m
              JOIN res_partner p ON p.id = m.commercial_partner_id
             WHERE m.id IN %s
               AND m.move_type IN ('out_invoice', 'out_refund')
            """,
            ids,
        )
