from odoo import Command, api, fields, models


class CrmPrivacyWizard(models.TransientModel):
    """A person asks about the own data: what is held, handed over, corrected, restricted, anonymized."""

    _name = "crm.privacy.wizard"
    _description = "Rights of the Person"

    partner_id = fields.Many2one("res.partner", "Person", required=True)
    is_restricted = fields.Boolean(related="partner_id.crm_is_restricted")
    reference = fields.Char(help="Number of the request or of the letter; it goes into the log.")
    line_ids = fields.One2many(
        "crm.privacy.wizard.line", "wizard_id", "What Is Held", compute="_compute_line_ids", store=True
    )
    log_ids = fields.Many2many("crm.privacy.log", compute="_compute_log_ids", string="Done So Far")
    is_sure = fields.Boolean("I know that this can't be undone")

    @api.depends("partner_id")
    def _compute_log_ids(self):
        for wizard in self:
            wizard.log_ids = self.env["crm.privacy.log"].search([("partner_id", "=", wizard.partner_id.id)])

    @api.depends("partner_id")
    def _compute_line_ids(self):
        for wizard in self:
            wizard.line_ids = [Command.clear()]
            if wizard.partner_id:
                wizard.partner_id._crm_check_privacy_officer()
                found = wizard.partner_id._origin._crm_privacy_references()
                wizard.line_ids = [
                    Command.create({"name": self.env[model]._description, "model": model, "count": len(ids)})
                    for model, ids in sorted(found.items(), key=lambda row: self.env[row[0]]._description)
                ]

    def action_report(self):
        """The report for the person, as PDF."""
        self.ensure_one()
        report = self.env.ref("crm_core.privacy_report").with_context(privacy_reference=self.reference)
        return report.report_action(self.partner_id)

    def action_download(self):
        """The same for machines."""
        self.ensure_one()
        self.partner_id._crm_check_privacy_officer()
        url = f"/crm/privacy/{self.partner_id.id}/data.json?reference={self.reference or ''}"
        return {"type": "ir.actions.act_url", "url": url, "target": "download"}

    def action_correct(self):
        """Open the contact to put it right."""
        self.ensure_one()
        self.partner_id._crm_check_privacy_officer()
        self.partner_id._crm_log_request("corrected", self.reference)
        return {
            "type": "ir.actions.act_window",
            "res_model": "res.partner",
            "res_id": self.partner_id.id,
            "views": [[False, "form"]],
        }

    def action_restrict(self):
        """Keep the data and use them no more."""
        self.partner_id._crm_set_restricted(True, self.reference)
        return self._reload()

    def action_lift(self):
        """Use the data again."""
        self.partner_id._crm_set_restricted(False, self.reference)
        return self._reload()

    def action_look_up(self):
        """Other records with the same name or address, by the ERP's own search."""
        self.ensure_one()
        self.partner_id._crm_check_privacy_officer()
        partner = self.partner_id
        action = self.env["ir.actions.act_window"]._for_xml_id("privacy_lookup.action_privacy_lookup_wizard")
        action["context"] = {"default_name": partner.name, "default_email": partner.email}
        return action

    def action_anonymize(self):
        """Make the contact nobody."""
        self.ensure_one()
        self.partner_id._crm_anonymize(self.reference)
        return self.env["ir.actions.act_window"]._for_xml_id("crm_core.crm_privacy_log_action")

    def _reload(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Rights of the Person"),
            "res_model": self._name,
            "res_id": self.id,
            "views": [[False, "form"]],
            "target": "new",
        }


class CrmPrivacyWizardLine(models.TransientModel):
    _name = "crm.privacy.wizard.line"
    _description = "Rights of the Person: What Is Held"

    wizard_id = fields.Many2one("crm.privacy.wizard", required=True, ondelete="cascade")
    name = fields.Char("What")
    model = fields.Char()
    count = fields.Integer("Records")
