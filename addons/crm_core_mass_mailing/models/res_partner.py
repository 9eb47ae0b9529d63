from odoo import api, models
from odoo.tools import SQL, email_normalize


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.model
    def _crm_with_address(self, email):
        """Everybody with this address, archived ones too.

        :rtype: res.partner
        """
        address = email_normalize(email or "")
        if not address:
            return self.browse()
        return self.with_context(active_test=False).search([("email_normalized", "=", address)])

    def _crm_contact_obstacles(self, answers, channel, purpose):
        """Who left a list of this purpose, is on no other of it, and said nothing since."""
        obstacles = super()._crm_contact_obstacles(answers, channel, purpose)
        allowed = [id_ for id_, (may, _reason) in answers.items() if may]
        if channel != "email" or not purpose.is_advertising or not allowed:
            return obstacles
        self.env["mailing.subscription"].flush_model()
        self.env["mailing.contact"].flush_model()
        self.env["mailing.list"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT person.id, MAX(list.name)
                  FROM res_partner person
                  JOIN mailing_contact contact ON contact.email_normalized = person.email_normalized
                  JOIN mailing_subscription subscription ON subscription.contact_id = contact.id
                  JOIN mailing_list list ON list.id = subscription.list_id
                 WHERE person.id = ANY(%(ids)s)
                   AND list.crm_purpose_id = %(purpose)s
                 GROUP BY person.id
                HAVING bool_and(subscription.opt_out)
                   AND NOT EXISTS (SELECT FROM crm_consent_event said
                                    WHERE said.partner_id = person.id
                                      AND said.purpose_id = %(purpose)s
                                      AND said.action IN ('granted', 'confirmed')
                                      AND (said.channel IS NULL OR said.channel = 'email')
                                      AND said.occurred_at > MAX(subscription.opt_out_datetime))
                """,
                ids=allowed,
                purpose=purpose.id,
            )
        )
        for id_, name in rows:
            obstacles[id_] = self.env._("Unsubscribed from the mailing list “%s”", name)
        return obstacles

    def _crm_anonymize_steps(self):
        steps = super()._crm_anonymize_steps()
        return [*steps[:-1], "_crm_forget_mailings", steps[-1]]

    def _crm_forget_mailings(self):
        """Subscriptions by the address, unless somebody else has it, too; the address on traces."""
        traces = self.env["mailing.trace"].search([("model", "=", "res.partner"), ("res_id", "=", self.id)])
        traces.write({"email": False})
        if self._crm_with_address(self.email) - self:
            return len(traces)
        Contact = self.env["mailing.contact"]
        address = self.email_normalized
        contacts = Contact.search([("email_normalized", "=", address)]) if address else Contact
        count = len(traces) + len(contacts)
        contacts.unlink()
        return count
