from odoo import fields, models
from odoo.exceptions import AccessError


class ResPartner(models.Model):
    """Possible doubles of a partner."""

    _inherit = "res.partner"

    crm_duplicate_count = fields.Integer(
        "Possible Duplicates",
        compute="_compute_crm_duplicate_count",
        groups="crm_core.group_crm_core_user",
    )

    def _compute_crm_duplicate_count(self):
        Candidate = self.env["crm.duplicate.candidate"]
        counts = {}
        for fname in ("partner_id", "other_id"):
            found = Candidate._read_group(
                [("state", "=", "open"), (fname, "in", self.ids)], [fname], ["__count"]
            )
            for partner, count in found:
                counts[partner] = counts.get(partner, 0) + count
        for partner in self:
            partner.crm_duplicate_count = counts.get(partner, 0)

    def unlink(self):
        ids = self._ids
        result = super().unlink()
        if ids:
            self.env["crm.duplicate.candidate"].sudo()._forget_partners(ids)  # sudo: of deleted partners
        return result

    def action_crm_duplicates(self):
        """The possible doubles of this partner."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_core.crm_duplicate_candidate_action")
        action.update(
            domain=["|", ("partner_id", "=", self.id), ("other_id", "=", self.id)],
            context={"search_default_open": 1},
            path=False,
        )
        return action

    def action_crm_find_duplicates(self):
        """Look for doubles of these partners now."""
        if not self.env.user.has_group("crm_core.group_crm_core_manager"):
            raise AccessError(self.env._("Only a manager of Customer Relations looks for duplicates."))
        self.env["crm.duplicate.candidate"].sudo()._find(self.ids)  # sudo: rows that no role may create
        if len(self) == 1:
            return self.action_crm_duplicates()
        return self.env["ir.actions.act_window"]._for_xml_id("crm_core.crm_duplicate_candidate_action")
