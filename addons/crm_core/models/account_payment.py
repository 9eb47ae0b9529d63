from odoo import models
from odoo.tools import SQL


class AccountPayment(models.Model):
    _name = "account.payment"
    _inherit = ["account.payment", "crm.interaction.mixin"]

    _interaction_fields = frozenset(
        {"state", "partner_id", "partner_type", "payment_type", "date", "company_id", "memo"}
    )

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
