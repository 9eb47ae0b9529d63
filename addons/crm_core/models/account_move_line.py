from odoo import models
from odoo.tools import SQL


class AccountMoveLine(models.Model):
    _name = "account.move.line"
    _inherit = ["account.move.line", "crm.fact.source"]

    _crm_fact_fields = frozenset(
        {
            "partner_id",
            "parent_state",
            "amount_residual",
            "reconciled",
            "date_maturity",
            "account_id",
        }
    )
    _crm_owner_fields = frozenset({"partner_id"})

    def _crm_owner_query(self, ids):
        return SQL(
            """
            SELECT l.company_id, p.commercial_partner_id
              FROM account_move_line l
              JOIN account_account a ON a.id = l.account_id
              JOIN res_partner p ON p.id = l.partner_id
             WHERE l.id IN %s
               AND a.account_type = 'asset_receivable'
            """,
            ids,
        )

    def _crm_leave_to_others(self, pending):
        # The line of an invoice belongs to whom the invoice belongs.
        invoices = pending.get("account.move", ())
        left = set()
        for line in self:
            account = line.account_id if line._cache.get("account_id") else None
            if account is not None and account._cache.get("account_type") not in (None, "asset_receivable"):
                continue
            move = line.move_id if line._cache.get("move_id") in invoices else None
            if move is None or move._cache.get("move_type") not in ("out_invoice", "out_refund"):
                left.add(line.id)
        return left
