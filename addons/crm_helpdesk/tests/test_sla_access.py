from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .sla_common import SlaCommon


@tagged("post_install", "-at_install")
class TestSlaAccess(SlaCommon):
    """Who sees promises and their results, and who makes them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_user("manager", "crm_helpdesk.group_crm_helpdesk_manager")
        cls.outsider = cls.make_user("outsider")
        cls.rule = cls.policy(4, team_ids=False)

    def visible(self, user, ticket):
        """Which of the records about a ticket the user finds."""
        found = set()
        for model in ("helpdesk.sla.status", "helpdesk.stage.log", "helpdesk.sla.report"):
            self.env.flush_all()
            if self.env[model].with_user(user).search([("ticket_id", "=", ticket.id)]):
                found.add(model)
        return found

    def test_results_are_seen_with_the_ticket(self):
        private = self.make_team("Legal", self.anna, privacy_visibility="followers", user_id=self.lead.id)
        ticket, secret = self.opened("03-02 09:00"), self.opened("03-02 09:00", team_id=private.id)
        everything = {"helpdesk.sla.status", "helpdesk.stage.log", "helpdesk.sla.report"}
        for user, sees_secret in (
            (self.anna, True),
            (self.outsider, False),
            (self.lead, True),
            (self.manager, True),
        ):
            with self.subTest(user.login):
                self.assertEqual(self.visible(user, ticket), everything)
                self.assertEqual(self.visible(user, secret), everything if sees_secret else set())

    def test_results_are_written_by_nobody(self):
        ticket = self.opened("03-02 09:00")
        for user in (self.anna, self.lead, self.manager):
            for record in (ticket.sla_status_ids, ticket.stage_log_ids):
                with self.assertRaises(AccessError):
                    record.with_user(user).write({"ticket_id": ticket.id})
                with self.assertRaises(AccessError):
                    record.with_user(user).unlink()

    def test_agent_works_on_tickets_with_promises(self):
        ticket = self.opened("03-02 09:00").with_user(self.anna)
        with self.moment("03-02 10:00"):
            ticket.write({"stage_id": self.progress.id, "priority": "2"})
            ticket.action_close()
        self.assertEqual(ticket.sla_status_ids.state, "reached")
        self.assertTrue(
            self.env["helpdesk.ticket"].with_user(self.anna).create({"name": "Mine", "team_id": self.team.id})
        )

    def test_agent_reads_policies_and_manager_makes_them(self):
        self.assertEqual(self.rule.with_user(self.anna).name, self.rule.name)
        for act in (
            lambda: self.rule.with_user(self.anna).write({"name": "Mine"}),
            lambda: self.rule.with_user(self.lead).unlink(),
            lambda: self.env["helpdesk.sla"].with_user(self.lead).create({"name": "Mine"}),
            lambda: self.env["helpdesk.sla.change"].with_user(self.anna).search([]),
        ):
            with self.assertRaises(AccessError):
                act()
        policy = (
            self.env["helpdesk.sla"]
            .with_user(self.manager)
            .create({"name": "Ours", "stage_id": self.solved.id, "target_hours": 2})
        )
        policy.name = "Ours, better"
        policy.unlink()

    def test_companies_are_apart(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        chief = self.make_user(
            "chief", "crm_helpdesk.group_crm_helpdesk_manager", company_id=branch.id, company_ids=[branch.id]
        )
        team = self.make_team("Branch support", chief, company_id=branch.id)
        own = self.policy(2, company_id=branch.id, team_ids=team.ids)
        ticket, theirs = self.opened("03-02 09:00"), self.opened("03-02 09:00", team_id=team.id)
        self.assertEqual(theirs.sla_status_ids.policy_id, own)
        self.assertEqual(self.env["helpdesk.sla"].with_user(chief).search([]), own)
        self.assertFalse(self.visible(chief, ticket))
        self.assertTrue(self.visible(chief, theirs))
        self.assertFalse(self.visible(self.manager, theirs))

    def test_others_see_nothing(self):
        ticket = self.opened("03-02 09:00")
        employee = new_test_user(self.env, "sla_employee", groups="base.group_user")
        portal = new_test_user(self.env, "sla_portal", groups="base.group_portal")
        for user in (employee, portal):
            for record in (self.rule, ticket.sla_status_ids, ticket.stage_log_ids):
                with self.assertRaises(AccessError):
                    record.with_user(user).read(["display_name"])
            for model in ("helpdesk.sla.report", "helpdesk.sla.change"):
                with self.assertRaises(AccessError):
                    self.env[model].with_user(user).search([])

    def test_customer_in_the_portal_starts_clocks_he_does_not_see(self):
        next_answer = self.policy(2, "next_response")
        portal = new_test_user(self.env, "sla_iris", groups="base.group_portal", email="iris@desk.example")
        ticket = self.opened("03-02 09:00", partner_id=portal.partner_id.id)
        self.say(ticket, "03-02 10:00")
        with self.moment("03-02 11:00"):
            # As the portal posts for him, after checking that the ticket is his.
            ticket.with_user(portal).sudo().message_post(
                body="Not yet", message_type="comment", subtype_xmlid="mail.mt_comment"
            )
        self.assertEqual(self.row(ticket, next_answer).state, "running")

    def test_report_tells_the_share_kept(self):
        kept, missed, running = (self.opened("03-02 09:00") for _number in range(3))
        self.move(kept, "03-02 10:00", self.solved)
        self.move(missed, "03-02 16:00", self.solved)
        self.env.flush_all()
        tickets = kept | missed | running
        rate, used, late = (
            self.env["helpdesk.sla.report"]
            .with_user(self.anna)
            ._read_group(
                [("ticket_id", "in", tickets.ids)],
                [],
                ["kept_rate:avg", "used_hours:avg", "exceeded_hours:avg"],
            )[0]
        )
        self.assertEqual((rate, used, late), (0.5, 3.5, 2.0))
