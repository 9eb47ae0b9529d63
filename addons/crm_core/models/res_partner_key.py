from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.tools import email_normalize


class ResPartner(models.Model):
    """Naming customers in lists that come from elsewhere."""

    _inherit = "res.partner"

    # The ERP asks whose an address is three times for each mail that comes in, by reading all partners.
    _crm_email_idx = models.Index("(email_normalized) WHERE email_normalized IS NOT NULL")

    @api.model
    def _crm_find_by_key(self, keys):
        """Partners by what a list names them by; a reference goes before a tax ID, that before an address.

        :param keys: references, tax IDs or e-mail addresses
        :return: function of a key that gives its partner, or raises a ValidationError that says why not
        """
        keys = {key.strip() for key in keys if key}
        found = {}
        for fname, normalize in (("email_normalized", email_normalize), ("vat", str), ("ref", str)):
            key_of = {value: key for key in keys if (value := normalize(key))}
            partners = self.search([(fname, "in", list(key_of))])
            for value, same in partners.grouped(fname).items():
                found[key_of[value]] = same

        def get(key):
            partners = found.get(key.strip(), self.browse())
            # A company and its people may share an address: the company is meant.
            customers = partners.commercial_partner_id if len(partners) > 1 else partners
            if len(customers) == 1:
                return customers
            raise ValidationError(
                self.env._("“%s” names several customers; use a reference that only one has.", key)
                if customers
                else self.env._("No customer has the reference, e-mail address or tax ID “%s”.", key)
            )

        return get
