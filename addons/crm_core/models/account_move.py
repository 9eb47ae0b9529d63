from odoo import fields, models
from odoo.tools import SQL

# What decides whether an e-mail about an invoice reminded of a payment.
REMINDED_OF = frozenset({"state", "payment_state", "invoice_date_due"})


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

    # ------------------------------------------------------------------
    # Reminders
    # ------------------------------------------------------------------

    def _write_multi(self, vals_list):
        result = super()._write_multi(vals_list)
        names = {name for vals in vals_list for name in vals}
        if not REMINDED_OF.isdisjoint(names):
            self._crm_follow_reminders("invoice_date_due" in names)
        return result

    def _crm_follow_reminders(self, is_due_date_new=False):
        """E-mails about these invoices are reminders or not: their rows of the timeline follow."""
        today = fields.Date.context_today(self)
        late = self.filtered(
            lambda move: (
                move.move_type == "out_invoice"
                and move.posted_before
                and (is_due_date_new or (move.invoice_date_due and move.invoice_date_due < today))
            )
        )
        if not late:
            return
        # SQL: a search would flush, in the middle of flushing
        rows = self.env.execute_query(
            SQL("SELECT id FROM mail_message WHERE model = 'account.move' AND res_id IN %s", late._ids)
        )
        # sudo: derived rows follow, whoever may read the messages
        self.env["mail.message"].sudo().browse(id_ for (id_,) in rows)._interaction_sync_later()

    def _crm_was_late_sql(self, move_id, moment):
        """Whether the invoice was posted, past due and not paid at a moment; a payment that came later says
        that it was not.

        :param SQL move_id: expression
        :param SQL moment: expression of type timestamp, UTC
        :rtype: SQL
        """
        return SQL(
            """
            EXISTS (
                SELECT FROM account_move late
                 WHERE late.id = %(move_id)s
                   AND late.move_type = 'out_invoice'
                   AND late.state = 'posted'
                   AND %(moment)s > %(due)s
                   AND (late.payment_state IN ('not_paid', 'partial', 'blocked')
                        OR EXISTS (SELECT FROM account_move_line line
                                     JOIN account_partial_reconcile part ON part.debit_move_id = line.id
                                    WHERE line.move_id = late.id AND part.create_date > %(moment)s)
                        OR EXISTS (SELECT FROM account_move__account_payment paid
                                     JOIN account_payment payment ON payment.id = paid.payment_id
                                    WHERE paid.invoice_id = late.id
                                      AND payment.state IN ('in_process', 'paid')
                                      AND payment.create_date > %(moment)s)))
            """,
            move_id=move_id,
            moment=moment,
            due=self.env["res.company"]._crm_end_of_day_sql(
                SQL("late.company_id"), SQL("late.invoice_date_due")
            ),
        )
