from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from .contact_channel import CONTACT_CHANNELS

LEGAL_BASES = [
    ("consent", "Consent"),
    ("contract", "Contract"),
    ("legitimate_interest", "Legitimate Interest"),
    ("legal_obligation", "Legal Obligation"),
]


class CrmConsentPurpose(models.Model):
    """What we use a person's data for, on which legal basis, and over which channels."""

    _name = "crm.consent.purpose"
    _description = "Consent Purpose"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="How other software names the purpose, such as “offers”.")
    sequence = fields.Integer(default=10)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one("res.company", index=True, help="Empty: every company uses it.")
    customer_text = fields.Text(
        "Text for the Customer",
        translate=True,
        help="What the person agrees to or objects to, in the words of your privacy notice.",
    )

    # The law
    legal_basis = fields.Selection(
        LEGAL_BASES,
        required=True,
        default="consent",
        help="Consent: nothing is sent without a yes. Any other basis: allowed until the person says no.",
    )
    is_advertising = fields.Boolean(
        "Advertising",
        default=True,
        help="Blacklists, opt-outs of mailing lists and the person's limit of contacts count.",
    )
    needs_double_opt_in = fields.Boolean(
        "Confirm by E-mail",
        help="A yes counts when the person has confirmed it by a link sent to the e-mail address, unless"
        " there is written proof.",
    )
    validity_months = fields.Integer("Valid For (Months)", help="How long a yes lasts; 0: until withdrawn.")

    # Over which channels
    use_email = fields.Boolean("E-mail", default=True)
    use_phone = fields.Boolean("Phone", default=True)
    use_sms = fields.Boolean("Text Message", default=True)
    use_message = fields.Boolean("Message", default=True)
    use_letter = fields.Boolean("Letter", default=True)

    _validity_not_negative = models.Constraint("CHECK(validity_months >= 0)", "A validity can't be negative.")
    _code_uniq = models.UniqueIndex(
        "(code, COALESCE(company_id, 0))", "There is a purpose with this code already."
    )

    @api.constrains("code", "company_id")
    def _check_code_names_one_purpose(self):
        """A code means one purpose in each company: a shared one can't be redefined."""
        # sudo: a code must be unique over all companies; of a purpose the writer can't see, only the name
        # is told, which is no data of a person
        known = self.sudo().with_context(active_test=False).search([("code", "in", self.mapped("code"))])
        for purpose in self:
            for other in known.filtered(lambda o, p=purpose: o.code == p.code and o != p):
                if not (other.company_id and purpose.company_id):
                    raise ValidationError(
                        self.env._(
                            "The code “%(code)s” belongs to “%(other)s”, too. Choose another one.",
                            code=purpose.code,
                            other=other.name,
                        )
                    )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        # sudo: whether anybody ever stated something, whoever may see it
        event = self.env["crm.consent.event"].sudo().search([("purpose_id", "in", self.ids)], limit=1)
        if event:
            raise UserError(
                self.env._("“%s” has been answered by customers. Archive it.", event.purpose_id.name)
            )

    @api.model
    def _get(self, purpose, company=None):
        """The purpose with this code in a company, also an archived one.

        :param purpose: code or record
        :raise UserError: no such purpose
        """
        if not isinstance(purpose, str):
            return purpose.sudo()  # sudo: what a purpose means, no data of a person
        company = company or self.env.company
        found = self.sudo().with_context(active_test=False)  # sudo: as above
        found = found.search([("code", "=", purpose), ("company_id", "in", [company.id, False])], limit=1)
        if not found:
            raise UserError(self.env._("There is no purpose “%s” in Consent Purposes.", purpose))
        return found

    def _uses_channel(self, channel):
        """Whether the purpose makes use of a channel.

        :raise UserError: no channel to address a person by
        """
        if channel not in dict(CONTACT_CHANNELS):
            raise UserError(
                self.env._(
                    "“%(channel)s” is no way to contact a person. Known: %(known)s.",
                    channel=channel,
                    known=", ".join(dict(CONTACT_CHANNELS)),
                )
            )
        return self[f"use_{channel}"]

    def _get_channels(self):
        """:return: the channels the purpose makes use of"""
        return [channel for channel, _label in CONTACT_CHANNELS if self[f"use_{channel}"]]

    def _name_in_sentence(self):
        """The name inside a sentence; English writes it small there."""
        name = self.name
        return name[:1].lower() + name[1:] if (self.env.lang or "en").startswith("en") else name
