from odoo import fields, models


class MailingList(models.Model):
    _inherit = "mailing.list"

    crm_purpose_id = fields.Many2one(
        "crm.consent.purpose",
        "Consent Purpose",
        default=lambda self: self.env.ref("crm_core.consent_purpose_offers", raise_if_not_found=False),
        domain="[('use_email', '=', True)]",
        ondelete="restrict",
        index="btree_not_null",
        help="Whoever unsubscribes takes back the consent to it.",
    )
