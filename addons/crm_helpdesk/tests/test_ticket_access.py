from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import HelpdeskCommon


@tagged("post_install", "-at_install")
class TestTicketAccess(HelpdeskCommon):
    """Who sees and changes which tickets."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.outsider = cls.make_user("outsider")
        cls.private = cls.make_team("Legal", cls.anna, privacy_visibility="followers", user_id=cls.lead.id)
        cls.manager = cls.make_user("manager", "crm_helpdesk.group_crm_helpdesk_manager")

    def sees(self, user, ticket):
        return bool(self.env["helpdesk.ticket"].with_user(user).search_count([("id", "=", ticket.id)]))

    def test_team_open_to_all(self):
        ticket = self.ticket()
        for user in (self.anna, self.outsider, self.lead, self.manager):
            self.assertTrue(self.sees(user, ticket), user.login)

    def test_private_team(self):
        ticket = self.ticket(team_id=self.private.id)
        for user, expected in (
            (self.anna, True),  # member
            (self.ben, False),
            (self.outsider, False),
            (self.lead, True),  # sees all
            (self.manager, True),
        ):
            self.assertEqual(self.sees(user, ticket), expected, user.login)
        with self.assertRaises(AccessError):
            ticket.with_user(self.outsider).name = "Mine"
        self.assertFalse(
            self.env["helpdesk.team"].with_user(self.outsider).search([("id", "=", self.private.id)])
        )

    def test_team_of_invited_employees_and_customers(self):
        self.private.privacy_visibility = "invited_users"
        ticket = self.ticket(team_id=self.private.id)
        self.assertTrue(ticket._is_in_portal())
        self.assertEqual(
            [self.sees(user, ticket) for user in (self.anna, self.ben, self.outsider, self.lead)],
            [True, False, False, True],
        )

    def test_who_is_invited_or_assigned_sees_a_private_ticket(self):
        followed = self.ticket(team_id=self.private.id)
        followed.message_subscribe(self.outsider.partner_id.ids)
        assigned = self.ticket(team_id=self.private.id, user_id=self.ben.id)
        self.assertTrue(self.sees(self.outsider, followed))
        self.assertTrue(self.sees(self.ben, assigned))
        self.assertFalse(self.sees(self.outsider, assigned))

    def test_agent_works_but_neither_deletes_nor_configures(self):
        ticket = self.ticket().with_user(self.anna)
        ticket.write({"priority": "2", "stage_id": self.waiting.id})
        for act in (
            ticket.unlink,
            lambda: self.team.with_user(self.anna).write({"name": "Mine"}),
            lambda: self.new.with_user(self.anna).write({"name": "Mine"}),
            lambda: self.env["helpdesk.ticket.type"].with_user(self.anna).create({"name": "Praise"}),
            lambda: self.team.member_ids.with_user(self.anna).unlink(),
        ):
            with self.assertRaises(AccessError):
                act()

    def test_manager_configures_and_deletes(self):
        ticket = self.ticket().with_user(self.manager)
        self.team.with_user(self.manager).name = "Printers and scanners"
        self.env["helpdesk.stage"].with_user(self.manager).create({"name": "Third line"})
        self.env["helpdesk.tag"].with_user(self.manager).create({"name": "Fuser"}).unlink()
        ticket.unlink()
        self.assertFalse(ticket.exists())

    def test_companies_are_apart(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        elsewhere = self.make_user(
            "branch", "crm_helpdesk.group_crm_helpdesk_manager", company_id=branch.id, company_ids=[branch.id]
        )
        team = self.make_team("Branch support", elsewhere, company_id=branch.id)
        ticket, other = self.ticket(), self.ticket(team_id=team.id)
        self.assertEqual((self.sees(elsewhere, ticket), self.sees(elsewhere, other)), (False, True))
        self.assertEqual((self.sees(self.manager, ticket), self.sees(self.manager, other)), (True, False))
        Team = self.env["helpdesk.team"].with_user(elsewhere)
        self.assertEqual(Team.search([("id", "in", (self.team | team).ids)]), team)
        members = self.env["helpdesk.team.member"].with_user(elsewhere).search([])
        self.assertEqual(members.team_id, team)

    def test_others_see_nothing(self):
        ticket = self.ticket()
        employee = new_test_user(self.env, "helpdesk_employee", groups="base.group_user")
        portal = new_test_user(self.env, "helpdesk_portal", groups="base.group_portal")
        for user in (employee, portal):
            for record in (ticket, self.team, self.new, self.team.member_ids[:1]):
                with self.assertRaises(AccessError):
                    record.with_user(user).read(["display_name"])
