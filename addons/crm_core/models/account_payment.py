from odoo import models
from odoo.tools import SQL


class AccountPayment(models.Model):
    _name = "account.payment"
    _inherit = ["account.payment", "crm.interaction.mixin"]

    _interaction_fields = frozenset(
        {"state", "partner_id", "partner_type", "payment_type", "date", "company_id", "memo"}
    )

    _interaction_has_time = False
    _interaction_look_fields = ("state", "amount", "currency_id", "payment_type")

    def _interaction_query(self, ids):
        return SQL(
            """
            SELECT pay.id, '', 'payment', %s, pay.partner_id, pay.partner_id, pay.company_id, 'document',
                   CASE pay.payment_type WHEN 'inbound' THEN 'in' ELSE 'out' END, NULL::int, pay.memo, NULL
              FROM account_payment pay
             WHERE pay.id IN %s
               AND pay.partner_type = 'customer'
               AND pay.state IN ('in_process', 'paid')
            """,
            self.env["res.company"]._crm_end_of_day_sql(SQL("pay.company_id"), SQL("pay.date")),
            ids,
        )

    def _interaction_look(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return {
            payment.id: {
                "state": labels[payment.state],
                "level": "success",
                "amount": payment.amount if payment.payment_type == "inbound" else -payment.amount,
                "currency_id": payment.currency_id.id,
            }
            for payment in self
        }
