from odoo import models
from odoo.fields import Domain
from odoo.tools import email_normalize


class ResPartner(models.Model):
    _inherit = "res.partner"

    def _crm_anonymize_steps(self):
        steps = super()._crm_anonymize_steps()
        return [*steps[:-1], "_crm_forget_registrations", steps[-1]]

    def _crm_forget_registrations(self):
        """Name, address and answers of whoever comes; that somebody came stays for the event's figures."""
        booked = self.env["event.registration"].search([("partner_id", "=", self.id)])
        registrations = self._crm_own_registrations()
        # Mails to colleagues say who booked for them.
        self._crm_forget_chatter(booked | registrations)
        registrations.registration_answer_ids.filtered("value_text_box").unlink()
        registrations.write(dict.fromkeys(("name", "email", "phone", "company_name"), False))
        registrations.write({"registration_properties": {}})
        return len(booked | registrations)

    def _crm_own_registrations(self):
        """What the person booked for himself, or somebody else for him: not the colleagues he booked for."""
        Registration = self.env["event.registration"]
        address = self.email_normalized
        wanted = Domain("partner_id", "=", self.id)
        if address:
            wanted |= Domain("email", "=ilike", address)
        return Registration.search(wanted).filtered(
            lambda registration: (
                (registration.email and email_normalize(registration.email) == address)
                or (registration.partner_id == self and (registration.name or self.name) == self.name)
            )
        )
