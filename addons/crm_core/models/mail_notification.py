from odoo import api, models


class MailNotification(models.Model):
    _inherit = "mail.notification"

    @api.model_create_multi
    def create(self, vals_list):
        """Whom a message goes to may be known only when it is sent: its rows of the timeline follow."""
        notifications = super().create(vals_list)
        by_mail = notifications.filtered(lambda notification: notification.notification_type == "email")
        by_mail.mail_message_id._interaction_sync_later()
        return notifications
