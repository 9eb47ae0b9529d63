from odoo import api, fields, models
from odoo.fields import Domain

CHANNEL = "email"
LIST_MODELS = ("mailing.contact", "mailing.list")


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    crm_purpose_id = fields.Many2one(
        "crm.consent.purpose",
        "Consent Purpose",
        default=lambda self: self._crm_default_purpose(),
        domain="[('use_email', '=', True)]",
        ondelete="restrict",
        index="btree_not_null",
        help="Who may not be contacted for it gets nothing; the reason stands in the traces.",
    )

    crm_target_group_ids = fields.Many2many(
        "crm.target.group",
        "crm_core_mailing_target_group_rel",
        "mailing_id",
        "group_id",
        "Target Groups",
        groups="crm_core.group_crm_core_user",
        help="The members get it, except those of the control group; the conditions narrow them down.",
    )
    crm_is_to_contacts = fields.Boolean(compute="_compute_crm_is_to_contacts")

    @api.depends("mailing_model_real")
    def _compute_crm_is_to_contacts(self):
        for mailing in self:
            mailing.crm_is_to_contacts = mailing.mailing_model_real == "res.partner"

    def _get_recipients_domain(self):
        domain = super()._get_recipients_domain()
        # sudo: the field; whom the mailing reaches is decided by the rights of its responsible, below
        groups = self.sudo().crm_target_group_ids
        if not groups or self.mailing_model_real != "res.partner":
            return domain
        members = groups.with_user(self.user_id or self.env.user)._member_partners()
        return Domain(domain) & Domain("id", "in", members.ids)

    def _crm_default_purpose(self):
        return self.env.ref("crm_core.consent_purpose_offers", raise_if_not_found=False)

    def _crm_get_purpose(self):
        """The purpose of a mailing; of one that names none: offers, the strictest."""
        return self.crm_purpose_id or self._crm_default_purpose() or "offers"

    def _crm_get_persons(self, model_name, res_ids):
        """Who stands behind each recipient of a mailing.

        :return: {res_id: res.partner}, empty where only an address is known
        """
        # sudo: whose record it is, no content
        records = self.env[model_name].sudo().browse(res_ids).exists()
        none = self.env["res.partner"].sudo()
        if model_name == "res.partner":
            return {record.id: record for record in records}
        if "partner_id" not in records._fields:
            return dict.fromkeys(records.ids, none)
        return {record.id: record.partner_id or none for record in records}

    def _crm_find_refusals(self, model_name, emails):
        """Recipients who must not get this mailing, as it stands now.

        :param dict emails: {res_id: normalized addresses}
        :return: {res_id: reason in words}
        """
        # A mailing has no company of its own: that of its responsible asks.
        self = self.with_company((self.user_id or self.env.user).company_id)  # noqa: PLW0642
        purpose = self._crm_get_purpose()
        persons = self._crm_get_persons(model_name, list(emails))
        addresses = {address for found in emails.values() for address in found}
        # sudo: who else has the address, whoever sends; archived contacts can have said no, too
        Partner = self.env["res.partner"].sudo().with_context(active_test=False)
        sharing = Partner.search([("email_normalized", "in", list(addresses))])
        by_address = sharing.grouped("email_normalized")
        refused = sharing._crm_refused_batch(CHANNEL, purpose)
        concerned = Partner.concat(*persons.values()) | sharing
        answers = concerned._crm_may_contact_batch(CHANNEL, purpose)
        reasons = {}
        for res_id, found in emails.items():
            others = Partner.concat(*(by_address.get(address, Partner) for address in found))
            reason = next((refused[other.id] for other in others if other.id in refused), None)
            if not reason and model_name not in LIST_MODELS:
                reason = self._crm_missing_consent(persons.get(res_id) or others, answers, purpose)
            if reason:
                reasons[res_id] = reason
        return reasons

    def _crm_missing_consent(self, persons, answers, purpose):
        """:return: why none of these may be contacted, or None"""
        if not persons:
            basis = self.env["crm.consent.purpose"]._get(purpose).legal_basis
            return self.env._("Nobody known by this address agreed") if basis == "consent" else None
        if any(answers[person.id][0] for person in persons):
            return None
        return answers[persons[:1].id][1]

    def action_crm_check_consent(self):
        """Say how many of the recipients would get it, before anything is sent."""
        self.ensure_one()
        model_name = self.mailing_model_real
        recipients = self.env[model_name].browse(self._get_recipients())
        emails = {
            record.id: [address for address in [self._crm_get_address(record)] if address]
            for record in recipients
        }
        refused = self._crm_find_refusals(model_name, emails)
        reasons = sorted(set(refused.values()))
        message = self.env._(
            "%(allowed)s of %(total)s recipients may get it.",
            allowed=len(emails) - len(refused),
            total=len(emails),
        )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "warning" if refused else "success",
                "message": "\n".join([message, *reasons[:3]]),
                "sticky": bool(refused),
            },
        }

    def _crm_get_address(self, record):
        for fname in ("email_normalized", "email"):
            if fname in record._fields:
                return record[fname]
        return record.partner_id.email_normalized if "partner_id" in record._fields else False
