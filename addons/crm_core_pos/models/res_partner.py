from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _crm_anonymize_steps(self):
        steps = super()._crm_anonymize_steps()
        return [*steps[:-1], "_crm_forget_receipts", steps[-1]]

    def _crm_forget_receipts(self):
        """Receipts stay, the law wants them; address, notes and the card's owner on them go."""
        orders = self.env["pos.order"].search([("partner_id", "=", self.id)])
        orders.write(
            dict.fromkeys(
                ("email", "mobile", "floating_order_name", "general_customer_note", "internal_note"), False
            )
        )
        orders.lines.write({"customer_note": False})
        orders.payment_ids.write({"cardholder_name": False, "ticket": False})
        return len(orders)
