from odoo import fields, models


class MailingTrace(models.Model):
    _inherit = "mailing.trace"

    failure_type = fields.Selection(
        selection_add=[("crm_consent", "No Consent")], ondelete={"crm_consent": "set null"}
    )

    def _crm_cancel(self, reason):
        """Not sent, since the person may not be contacted."""
        self.write({"trace_status": "cancel", "failure_type": "crm_consent", "failure_reason": reason})
