from odoo import models
from odoo.tools import SQL, html2plaintext

# What people say to one another; notifications and tracking are the system's own.
SAID = ("comment", "email", "email_outgoing", "auto_comment")


class MailMessage(models.Model):
    _name = "mail.message"
    _inherit = ["mail.message", "crm.interaction.mixin"]

    _interaction_fields = frozenset(
        {"message_type", "subtype_id", "author_id", "subject", "date", "model", "is_internal"}
    )

    _interaction_unfolds = True

    def _interaction_relevant(self):
        return self.filtered(lambda message: message.message_type in SAID)

    def _interaction_query(self, ids):
        # One row for whoever wrote to us, or for each whom an e-mail of ours went to. Internal notes
        # reach no customer. What we write about an invoice that is late reminds of its payment.
        return SQL(
            """
            SELECT m.id, said.event,
                   CASE WHEN said.direction = 'out'
                             AND (m.subtype_id = %(reminder)s OR m.model = 'account.move' AND %(late)s)
                        THEN 'reminder' ELSE 'email' END, m.date, said.partner_id, said.partner_id,
                   m.record_company_id, CASE m.message_type WHEN 'email' THEN 'email' ELSE said.channel END,
                   said.direction, said.user_id, m.subject, NULL
              FROM mail_message m
              LEFT JOIN LATERAL (
                   SELECT u.id FROM res_users u WHERE u.partner_id = m.author_id AND NOT u.share LIMIT 1
                   ) AS ours ON TRUE
             CROSS JOIN LATERAL (
                   SELECT '' AS event, m.author_id AS partner_id, 'in' AS direction, NULL::int AS user_id,
                          'portal' AS channel
                    WHERE ours.id IS NULL AND m.author_id IS NOT NULL
                    UNION ALL
                   SELECT 'partner ' || sent.res_partner_id, sent.res_partner_id, 'out', ours.id, 'email'
                     FROM mail_notification sent
                    WHERE ours.id IS NOT NULL
                      AND sent.mail_message_id = m.id
                      AND sent.notification_type = 'email'
                      AND NOT EXISTS (SELECT FROM res_users u
                                       WHERE u.partner_id = sent.res_partner_id AND NOT u.share)
                   ) AS said
             WHERE m.id IN %(ids)s
               AND m.message_type IN %(said)s
               AND m.is_internal IS NOT TRUE
               AND m.model IS NOT NULL
            """,
            reminder=self.env["ir.model.data"]._xmlid_to_res_id(
                "crm_core.mt_payment_reminder", raise_if_not_found=False
            )
            or None,
            late=self._interaction_late_sql(ids),
            ids=ids,
            said=SAID,
        )

    def _interaction_late_sql(self, ids):
        """Whether the invoice of a message is late; where none of them is about one, nobody needs to look.

        :rtype: SQL
        """
        known = self._fields["model"]._get_cache(self.env)
        if all(known.get(id_, "account.move") != "account.move" for id_ in ids):
            return SQL("FALSE")
        return self.env["account.move"]._crm_was_late_sql(SQL("m.res_id"), SQL("m.date"))

    def _interaction_detail(self):
        return {"text": html2plaintext(self.body or "", include_references=False).strip(), "lines": []}
