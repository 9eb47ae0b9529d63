from odoo import models
from odoo.exceptions import AccessError, UserError


class CrmTargetGroup(models.Model):
    """What can be done with the members of a target group."""

    _inherit = "crm.target.group"

    def action_snapshot(self):
        """Freeze the members as of now in a group of their own; open it."""
        self.ensure_one()
        snapshot = self._take_snapshot()
        return {
            "type": "ir.actions.act_window",
            "name": snapshot.name,
            "res_model": self._name,
            "res_id": snapshot.id,
            "views": [[False, "form"]],
        }

    def action_view_snapshots(self):
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Snapshots of %s", self.name),
            "res_model": self._name,
            "views": [[False, "list"], [False, "kanban"], [False, "form"]],
            "domain": [("origin_id", "=", self.id)],
        }

    def action_view_members(self):
        """The members with their facts."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_core.crm_target_group_member_action")
        title = self.env._("Members of %s", self.name)
        action.update(
            name=title,
            display_name=title,
            domain=[("group_id", "=", self.id)],
            context={
                "default_group_id": self.id,
                "create": self.kind == "static",
                "delete": self.kind == "static",
            },
        )
        return action

    def action_import(self):
        """Import a list of references or e-mail addresses into a group picked by hand."""
        self.ensure_one()
        self.check_access("write")
        self._check_static()
        if "base_import.import" not in self.env:
            raise UserError(self.env._("Please install “Base import” to import lists."))
        return {
            "type": "ir.actions.client",
            "tag": "import",
            "name": self.env._("Import Members of %s", self.name),
            "params": {
                "active_model": "crm.target.group.member",
                "context": {"default_group_id": self.id},
            },
        }

    def action_view_facts(self):
        """The facts of the members as a list, pivot and graph."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_core.crm_customer_stat_action")
        title = self.env._("Facts of %s", self.name)
        action.update(
            name=title,
            display_name=title,
            path=False,
            domain=[
                ("company_id", "=", self.company_id.id),
                ("partner_id.crm_target_group_ids", "in", self.ids),
            ],
            context={},
        )
        return action

    def action_make_offers(self):
        """A selection for offers with all members but those in the control group."""
        self.ensure_one()
        partners = self._member_partners()
        if not partners:
            raise UserError(self.env._("“%s” has no member to make an offer to.", self.name))
        Batch = self.env["crm.offer.batch"].with_company(self.company_id)
        batch = Batch.create({"name": self.env._("Offers for %s", self.name)})
        batch._add_customers(partners)
        return {
            "type": "ir.actions.act_window",
            "name": batch.name,
            "res_model": "crm.offer.batch",
            "res_id": batch.id,
            "views": [[False, "form"]],
        }

    def action_schedule_activities(self):
        """Ask what is to be done with every member."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Schedule Activity for %s", self.name),
            "res_model": "crm.target.group.activity",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"default_group_id": self.id},
        }

    def action_export(self):
        """Write the members into a spreadsheet, in the background."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("base.group_allow_export"):
            raise AccessError(self.env._("You may not export data. Ask your administrator."))
        return self.env["crm.target.group.job"]._start(self, {"kind": "export"})
