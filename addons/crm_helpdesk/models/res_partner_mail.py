from odoo import models


class ResPartner(models.Model):
    """Which of several contacts with one address a mail is from."""

    _inherit = "res.partner"

    def _choose_contact(self, name=""):
        """The one of contacts with the same address that is meant, empty where nobody can tell.

        The one who can sign in, else the one of that name, else the company whose people share its address.

        :param str name: as the sender gives it
        :rtype: res.partner
        """
        if len(self) <= 1:
            return self
        wanted = (name or "").strip().casefold()
        owner = self.commercial_partner_id
        choices = (
            # sudo: whether a contact has a login
            self.sudo().filtered("user_ids").sudo(self.env.su),
            self.filtered(lambda partner: wanted and (partner.name or "").strip().casefold() == wanted),
            self & owner if len(owner) == 1 else self.browse(),
        )
        return next((found for found in choices if len(found) == 1), self.browse())
