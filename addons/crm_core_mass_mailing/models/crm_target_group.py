from odoo import fields, models


class CrmTargetGroup(models.Model):
    _inherit = "crm.target.group"

    mailing_count = fields.Integer("Mailings", compute="_compute_mailing_count")

    def _compute_mailing_count(self):
        Mailing = self.env["mailing.mailing"]
        grouped = {}
        if Mailing.has_access("read"):
            found = Mailing._read_group(
                [("crm_target_group_ids", "in", self.ids)], ["crm_target_group_ids"], ["__count"]
            )
            grouped = {group.id: count for group, count in found}
        for group in self:
            group.mailing_count = grouped.get(group.id, 0)

    def action_new_mailing(self):
        """Write a mailing to the members; who did not agree gets none."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Mailing to %s", self.name),
            "res_model": "mailing.mailing",
            "views": [[False, "form"]],
            "context": {
                "default_mailing_type": "mail",
                "default_mailing_model_id": self.env["ir.model"]._get("res.partner").id,
                "default_mailing_domain": "[]",
                "default_crm_target_group_ids": self.ids,
                "default_subject": self.name,
            },
        }

    def action_view_mailings(self):
        """Mailings to this group."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("mass_mailing.mailing_mailing_action_mail")
        return {**action, "domain": [("crm_target_group_ids", "in", self.ids)], "context": {}}
