from odoo import models
from odoo.tools import SQL


class AccountMove(models.Model):
    _name = "account.move"
    _inherit = ["account.move", "crm.fact.source", "crm.interaction.mixin"]

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
    _interaction_fields = frozenset(
        {
            *("state", "move_type", "company_id", "commercial_partner_id", "partner_id"),
            *("invoice_date", "invoice_user_id", "name", "ref"),
        }
    )
    _interaction_has_time = False
    _interaction_look_fields = (
        *("move_type", "payment_state", "invoice_date_due", "amount_untaxed", "currency_id"),
    )
    _interaction_unfolds = True

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

    def _interaction_relevant(self):
        return self.filtered(
            lambda move: (
                move.move_type in ("out_invoice", "out_refund")
                and (move.state == "posted" or move.posted_before)
            )
        )

    def _interaction_query(self, ids):
        # A day stands at its end in the company's zone, after what led to the invoice.
        return SQL(
            """
            SELECT m.id, '', CASE m.move_type WHEN 'out_invoice' THEN 'invoice' ELSE 'refund' END,
                   %s, m.commercial_partner_id, m.partner_id, m.company_id, 'document', 'out',
                   m.invoice_user_id, concat_ws(' · ', m.name, NULLIF(m.ref, '')), NULL
              FROM account_move m
             WHERE m.id IN %s
               AND m.move_type IN ('out_invoice', 'out_refund')
               AND m.state = 'posted'
            """,
            self.env["res.company"]._crm_end_of_day_sql(SQL("m.company_id"), SQL("m.invoice_date")),
            ids,
        )

    def _interaction_look(self):
        labels = dict(self._fields["payment_state"]._description_selection(self.env))
        today = self.env.company._crm_today()
        looks = {}
        for move in self:
            refund = move.move_type == "out_refund"
            is_open = move.payment_state in ("not_paid", "partial")
            late = is_open and not refund and move.invoice_date_due and move.invoice_date_due < today
            looks[move.id] = {
                "state": self.env._("Overdue") if late else labels.get(move.payment_state, ""),
                "level": "danger" if late else "info" if is_open else "success",
                "amount": -move.amount_untaxed if refund else move.amount_untaxed,
                "currency_id": move.currency_id.id,
            }
        return looks

    def _interaction_detail(self):
        sign = -1 if self.move_type == "out_refund" else 1
        lines = self.invoice_line_ids.filtered(lambda line: line.display_type == "product")
        return {
            "text": "",
            "lines": [
                {
                    "product": line.product_id.display_name or line.name or "",
                    "quantity": line.quantity,
                    "uom": line.product_uom_id.name or "",
                    "amount": sign * line.price_subtotal,
                    "currency_id": line.currency_id.id,
                }
                for line in lines
            ],
        }
