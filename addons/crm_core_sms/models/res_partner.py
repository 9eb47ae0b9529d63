from odoo import models


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _crm_anonymize_steps(self):
        steps = super()._crm_anonymize_steps()
        return [*steps[:-1], "_crm_forget_text_messages", steps[-1]]

    def _crm_forget_text_messages(self):
        """The number on what was sent, and text messages that still wait."""
        sent = self.env["mail.notification"].search(
            [("res_partner_id", "=", self.id), ("sms_number", "!=", False)]
        )
        texts = self.env["sms.sms"].search([("partner_id", "=", self.id)])
        count = len(sent) + len(texts)
        sent.write({"sms_number": False})
        texts.unlink()
        return count
