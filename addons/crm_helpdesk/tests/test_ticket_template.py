from odoo import Command
from odoo.exceptions import AccessError
from odoo.tests import Form, tagged

from .common import HelpdeskCommon


@tagged("post_install", "-at_install")
class TestTicketTemplate(HelpdeskCommon):
    """A choice on a new ticket fills in what such tickets have in common."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.other = cls.make_team("Chairs", cls.anna)
        cls.other.ticket_properties_definition = [
            {"name": "floor", "string": "Floor", "type": "integer"},
            {"name": "color", "string": "Color", "type": "char"},
        ]
        cls.kind = cls.env.ref("crm_helpdesk.helpdesk_ticket_type_return")
        cls.tag = cls.env["helpdesk.tag"].create({"name": "Template tag"})
        cls.template = cls.env["helpdesk.ticket.template"].create(
            {
                "name": "Damaged",
                "team_id": cls.other.id,
                "type_id": cls.kind.id,
                "tag_ids": [Command.link(cls.tag.id)],
                "priority": "2",
                "subject": "Goods arrived damaged",
                "description": "<p>Which delivery?</p>",
                "ticket_properties": {"floor": 3},
            }
        )

    def form(self, user=None):
        return Form(self.env["helpdesk.ticket"].with_user(user or self.anna))

    def test_everything_is_filled_in_and_can_be_changed(self):
        form = self.form()
        form.template_id = self.template
        self.assertEqual((form.team_id, form.type_id, form.priority), (self.other, self.kind, "2"))
        form.partner_id = self.contact
        form.priority = "0"
        ticket = form.save()
        self.assertEqual((ticket.name, ticket.priority), ("Goods arrived damaged", "0"))
        self.assertIn("Which delivery?", ticket.description)
        self.assertEqual(ticket.tag_ids, self.tag)
        self.assertEqual(ticket.ticket_properties["floor"], 3)
        self.assertEqual(ticket.stage_id, self.new)

    def test_what_was_written_stays(self):
        form = self.form()
        form.name = "Two chairs broken"
        form.description = "<p>Both legs</p>"
        form.template_id = self.template
        ticket = form.save()
        self.assertEqual(ticket.name, "Two chairs broken")
        self.assertIn("Both legs", ticket.description)

    def test_template_without_team_leaves_the_team(self):
        self.template.write({"team_id": False, "priority": False})
        form = self.form()
        form.team_id = self.team
        form.template_id = self.template
        self.assertEqual((form.team_id, form.priority), (self.team, "0"))

    def test_agents_use_managers_write(self):
        manager = self.make_user("manager", "crm_helpdesk.group_crm_helpdesk_manager")
        self.template.with_user(manager).name = "Broken"
        self.assertEqual(self.template.with_user(self.ben).name, "Broken")
        for act in (
            lambda: self.template.with_user(self.ben).write({"name": "Mine"}),
            lambda: self.env["helpdesk.ticket.template"].with_user(self.ben).create({"name": "Mine"}),
            self.template.with_user(self.ben).unlink,
        ):
            with self.assertRaises(AccessError):
                act()

    def test_templates_of_closed_teams_and_other_companies_are_not_seen(self):
        Template = self.env["helpdesk.ticket.template"]
        private = self.make_team("Legal", self.anna, privacy_visibility="followers")
        secret = Template.create({"name": "Contract", "team_id": private.id})
        branch = self.env["res.company"].create({"name": "Branch"})
        team = self.make_team("Branch support", self.env["res.users"], company_id=branch.id)
        foreign = Template.create({"name": "Branch", "team_id": team.id})
        self.assertEqual(foreign.company_id, branch)
        both = (secret | foreign).ids
        self.assertEqual(Template.with_user(self.anna).search([("id", "in", both)]), secret)
        self.assertFalse(Template.with_user(self.ben).search([("id", "in", both)]))
        self.assertEqual(Template.with_user(self.lead).search([("id", "in", both)]), secret)
