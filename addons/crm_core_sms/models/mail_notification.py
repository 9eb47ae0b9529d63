from odoo import models


class MailNotification(models.Model):
    _inherit = "mail.notification"

    def _write_multi(self, vals_list):
        """Whether a text message got on its way is known later: its row follows."""
        result = super()._write_multi(vals_list)
        if any("notification_status" in vals for vals in vals_list):
            sms = self.filtered(lambda notification: notification.notification_type == "sms")
            sms.mail_message_id._interaction_sync_later()
        return result
