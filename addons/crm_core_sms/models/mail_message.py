from odoo import models
from odoo.tools import SQL

# On its way, handed over, delivered.
ON_ITS_WAY = ("process", "pending", "sent")


class MailMessage(models.Model):
    _inherit = "mail.message"

    def _interaction_relevant(self):
        return super()._interaction_relevant() | self.filtered(lambda message: message.message_type == "sms")

    def _interaction_query(self, ids):
        return SQL(
            """
            %s
            UNION ALL
            SELECT m.id, 'sms ' || sent.res_partner_id, 'sms', m.date, sent.res_partner_id,
                   sent.res_partner_id, m.record_company_id, 'message', 'out',
                   (SELECT u.id FROM res_users u WHERE u.partner_id = m.author_id AND NOT u.share LIMIT 1),
                   m.subject, NULL
              FROM mail_message m
              JOIN (SELECT DISTINCT mail_message_id, res_partner_id
                      FROM mail_notification
                     WHERE notification_type = 'sms' AND notification_status IN %s
                   ) AS sent ON sent.mail_message_id = m.id
             WHERE m.id IN %s
               AND m.message_type = 'sms'
               AND sent.res_partner_id IS NOT NULL
            """,
            super()._interaction_query(ids),
            ON_ITS_WAY,
            ids,
        )
