from odoo import api, models


class MailBlacklist(models.Model):
    """An address on the blacklist: no advertising by e-mail any more, in every company."""

    _inherit = "mail.blacklist"

    @api.model_create_multi
    def create(self, vals_list):
        entries = super().create(vals_list)
        entries.filtered("active")._crm_withdraw()
        return entries

    def write(self, vals):
        added = self.filtered(lambda entry: not entry.active) if vals.get("active") else self.browse()
        result = super().write(vals)
        added._crm_withdraw()
        return result

    def _crm_withdraw(self):
        if not self:
            return
        # sudo: events follow from the blacklist, whoever fills it
        purposes = self.env["crm.consent.purpose"].sudo()
        purposes = purposes.search([("is_advertising", "=", True), ("use_email", "=", True)])
        for entry in self.sudo():
            for person in self.env["res.partner"].sudo()._crm_with_address(entry.email):
                refused = {purpose for purpose in purposes if person._crm_refused_batch("email", purpose)}
                for purpose in purposes.filtered(lambda row, done=refused: row not in done):
                    person._crm_record_consent(
                        purpose,
                        "withdrawn",
                        "email",
                        source="opt_out",
                        company_id=purpose.company_id.id,
                    )
