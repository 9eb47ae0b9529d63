from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .next_action_common import NextActionCommon


@tagged("post_install", "-at_install")
class TestNextAction(NextActionCommon):
    """Answers of the employee, what is made of them and what came of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.late = cls.rule()

    def action(self, partner=None, rule=None):
        rule = rule or self.late
        rule._run()
        partner = partner or self.customer
        return (
            self.proposals(rule).filtered(lambda action: action.partner_id == partner).with_user(self.seller)
        )

    def test_talk_is_done_when_it_was_logged(self):
        action = self.action()
        window = action.action_accept()
        self.assertEqual(window["res_model"], "crm.contact.log")
        self.assertEqual(action.state, "proposed", "the form may still be discarded")
        log = self.env["crm.contact.log"].with_user(self.seller).with_context(**window["context"]).create({})
        self.assertEqual((log.partner_id, log.subject), (self.contact, "Late"))
        self.assertEqual((action.state, action.answered_by_id), ("accepted", self.seller))
        self.assertEqual((action.res_model, action.res_id), ("crm.contact.log", log.id))

    def test_log_does_not_answer_anothers_proposal(self):
        action = self.action()
        self.customer.user_id = self.colleague
        action.sudo().user_id = self.colleague
        with self.assertRaises(AccessError):
            self.env["crm.contact.log"].with_user(self.seller).create(
                {"partner_id": self.other.id, "next_action_id": action.id}
            )

    def test_offer_is_made_of_the_suggestions(self):
        rule = self.rule(name="Offer", action_kind="offer")
        window = self.action(rule=rule).action_accept()
        offer = self.env["crm.offer"].browse(window["res_id"])
        self.assertEqual((offer.partner_id, offer.user_id), (self.customer, self.seller))
        self.assertIn(self.paper, offer.line_ids.product_id)

    def test_activity_is_planned_for_the_employee(self):
        call = self.env.ref("mail.mail_activity_data_call")
        rule = self.rule(name="Plan", action_kind="activity", activity_type_id=call.id)
        self.action(rule=rule).action_accept()
        activity = self.contact.activity_ids
        self.assertEqual((activity.activity_type_id, activity.user_id), (call, self.seller))

    def mail_rule(self, **values):
        template = self.env["mail.template"].create(
            {
                "name": "We miss you",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "subject": "We miss you",
                "body_html": "<p>Hello</p>",
            }
        )
        return self.rule(
            name="Mail",
            action_kind="mail",
            mail_template_id=template.id,
            channel="email",
            purpose_id=self.service.id,
            **values,
        )

    def test_mail_goes_out_and_is_in_the_timeline(self):
        self.action(rule=self.mail_rule()).action_accept()
        message = self.contact.message_ids.filtered(lambda message: message.subject == "We miss you")
        self.assertEqual(message.notified_partner_ids, self.contact)
        kinds = [row["subject"] for row in self.customer.crm_timeline(10, kinds=["email"])["rows"]]
        self.assertIn("We miss you", kinds)

    def test_objection_between_proposal_and_sending_blocks(self):
        action = self.action(rule=self.mail_rule())
        self.contact._crm_record_consent(self.service, "objected", "email", source="staff")
        with self.assertRaises(UserError):
            action.action_accept()
        self.assertEqual(action.state, "proposed")
        self.assertFalse(self.contact.message_ids.filtered(lambda m: m.subject == "We miss you"))

    def test_automatic_rule_sends_and_blocks_by_itself(self):
        rule = self.mail_rule(is_automatic=True)
        self.other.email = False
        rule._run()
        states = {action.partner_id: action.state for action in self.proposals(rule)}
        self.assertEqual(states, {self.customer: "accepted"}, "nobody is asked who has no address")

    def test_automatic_failure_stops_no_other(self):
        server = self.env["ir.actions.server"].create(
            {
                "name": "Only one",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "state": "code",
                "code": f"if record.id == {self.customer.id}: raise UserError('No')",
            }
        )
        rule = self.rule(name="Server", action_kind="server", server_action_id=server.id, is_automatic=True)
        rule._run()
        states = {action.partner_id: (action.state, action.note) for action in self.proposals(rule)}
        self.assertEqual(states, {self.customer: ("failed", "No"), self.other: ("accepted", False)})

    def test_server_action_has_the_rights_of_the_employee(self):
        server = self.env["ir.actions.server"].create(
            {
                "name": "Who am I",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "state": "code",
                "code": "raise UserError(f'{env.user.login} {env.su}')",
            }
        )
        rule = self.rule(name="Server", action_kind="server", server_action_id=server.id)
        with self.assertRaisesRegex(UserError, "next_seller False"):
            self.action(rule=rule).action_accept()

    def test_later_comes_again_and_no_is_kept(self):
        action = self.action()
        action.action_later(3)
        self.assertEqual(action.state, "later")
        mine = self.Action.with_user(self.seller)
        self.assertNotIn(action.id, [item["id"] for item in mine.crm_my_day()["items"]])
        action.sudo().later_on = fields.Date.context_today(action)
        self.assertIn(action.id, [item["id"] for item in mine.crm_my_day()["items"]])
        action.action_reject("not_fitting", "Closed for the season")
        self.assertEqual((action.state, action.reject_reason), ("rejected", "not_fitting"))
        action.action_reopen()
        self.assertEqual(action.state, "proposed")

    def test_nonsense_and_second_answers_are_refused(self):
        action = self.action()
        for call in (
            lambda: action.action_later(0),
            lambda: action.action_later(1000),
            lambda: action.action_reject("because"),
            action.action_reopen,
        ):
            with self.assertRaises(UserError):
                call()
        action.action_reject("done")
        with self.assertRaises(UserError):
            action.action_reject("done")
        with self.assertRaises(UserError):
            action.action_accept()

    def test_what_came_of_it_is_measured_on_both_sides(self):
        action = self.action().sudo()
        control = self.proposals(self.late) - action
        control.write({"is_control": True, "state": "control"})
        (action | control).flush_recordset()
        self.env.cr.execute(
            "UPDATE crm_next_action SET create_date = now() at time zone 'utc' - interval '20 days'"
            " WHERE id = ANY(%s)",
            [(action | control).ids],
        )
        self.order(self.contact, [(self.paper, 2)], days_ago=10)
        self.Action._cron_follow()
        self.assertEqual((action.result, action.result_amount), ("order", 60.0))
        self.assertEqual(control.result, "none")
        self.assertEqual((self.late.treated_rate, self.late.control_rate), (1.0, 0.0))
        self.assertIn("Too few", self.late.worth)

    def test_answer_waits_for_the_order_that_may_follow(self):
        action = self.action().sudo()
        log = self.env["crm.contact.log"].create(
            {"partner_id": self.contact.id, "direction": "in", "date": fields.Datetime.now()}
        )
        self.env.flush_all()
        self.customer._crm_sync_pending_interactions()
        self.Action._cron_follow()
        self.assertFalse(action.result)
        self.env.cr.execute(
            "UPDATE crm_next_action SET create_date = create_date - interval '20 days' WHERE id = %s",
            [action.id],
        )
        log.date = fields.Datetime.now() - timedelta(days=15)
        self.customer._crm_sync_pending_interactions()
        self.Action._cron_follow()
        self.assertEqual(action.result, "answer")

    def test_proposals_expire(self):
        action = self.action().sudo()
        action.valid_until = self.company._crm_today() - timedelta(days=1)
        self.Action._cron_follow()
        self.assertEqual(action.state, "expired")

    def test_merging_keeps_one_open_proposal(self):
        best = self.action().sudo()
        weaker = self.action(self.other).sudo()
        self.env["base.partner.merge.automatic.wizard"]._merge(
            [self.customer.id, self.other.id], self.other, extra_checks=False
        )
        self.assertEqual((best.state, best.partner_id), ("proposed", self.other))
        self.assertEqual((weaker.state, weaker.partner_id), ("expired", self.other))

    def test_proposals_go_with_their_customer(self):
        rule = self.rule(score_formula="1")
        loner = self.env["res.partner"].create({"name": "Loner", "user_id": self.seller.id})
        rule.domain = repr([("id", "=", loner.id)])
        rule._run()
        loner.unlink()
        self.assertFalse(self.proposals(rule))

    # Who may ----------------------------------------------------------

    def test_colleague_of_another_team_sees_and_answers_nothing(self):
        action = self.action()
        theirs = action.with_user(self.colleague)
        self.assertFalse(self.Action.with_user(self.colleague).search([("id", "=", action.id)]))
        for call in (theirs.action_accept, theirs.action_later, theirs.action_reject):
            with self.assertRaises(AccessError):
                call()

    def test_employee_writes_neither_proposals_nor_rules(self):
        action = self.action()
        with self.assertRaises(AccessError):
            action.write({"score": 99})
        with self.assertRaises(AccessError):
            self.late.with_user(self.seller).write({"name": "Mine"})
        with self.assertRaises(AccessError):
            self.late.with_user(self.seller).action_run()
        self.assertEqual(self.late.with_user(self.manager).action_run()["type"], "ir.actions.client")

    def test_portal_user_and_employee_without_role_see_nothing(self):
        for login, groups in (("next_portal", "base.group_portal"), ("next_nobody", "base.group_user")):
            user = new_test_user(self.env, login, groups=groups)
            with self.assertRaises(AccessError):
                self.Action.with_user(user).search([])

    def test_company_keeps_its_own(self):
        action = self.action()
        branch = self.env["res.company"].create({"name": "Branch"})
        self.seller.company_ids |= branch
        abroad = self.Action.with_user(self.seller).with_context(allowed_company_ids=branch.ids)
        self.assertFalse(abroad.search([("id", "=", action.id)]))

    # My day -----------------------------------------------------------

    def test_day_has_meetings_late_activities_proposals_and_todays(self):
        self.action()
        now = fields.Datetime.now()
        here = self.env(user=self.seller)
        for days, summary in ((-2, "Late one"), (0, "Of today")):
            self.contact.with_user(self.manager).activity_schedule(
                "mail.mail_activity_data_todo",
                date_deadline=self.today + timedelta(days=days),
                summary=summary,
                user_id=self.seller.id,
            )
        items = here["crm.next.action"].crm_my_day()["items"]
        whys = [item["why"] for item in items if item["type"] != "meeting"]
        self.assertEqual(whys[0], "Late one")
        self.assertEqual(whys[-1], "Of today")
        self.assertEqual([item["type"] for item in items].count("recommendation"), 2)
        late = items[0]
        self.assertEqual((late["partner_id"], late["is_late"]), (self.customer.id, True))
        self.env["calendar.event"].create(
            {
                "name": "Price talk",
                "start": now + timedelta(minutes=1),
                "stop": now + timedelta(minutes=2),
                "partner_ids": [Command.set((self.seller.partner_id | self.contact).ids)],
            }
        )
        day = here["crm.next.action"].crm_my_day()
        begin, end = here["crm.next.action"]._get_day_bounds()
        if begin <= now + timedelta(minutes=1) < end:
            self.assertEqual((day["items"][0]["type"], day["items"][0]["why"]), ("meeting", "Price talk"))

    def test_done_is_counted_and_an_empty_day_offers_the_late(self):
        mine = self.Action.with_user(self.seller)
        self.action()
        for item in mine.crm_my_day()["items"]:
            mine.browse(item["id"]).action_reject("done")
        day = mine.crm_my_day()
        self.assertEqual((day["items"], day["done"], day["total"]), ([], 2, 2))
        self.assertEqual(
            [late["partner_id"] for late in day["win_back"] if late["partner_id"] == self.customer.id],
            [self.customer.id],
        )

    def test_overview_names_the_proposal(self):
        action = self.action()
        (row,) = self.customer.with_user(self.seller).crm_overview()["next_actions"]["rows"]
        self.assertEqual((row["id"], row["why"]), (action.id, action.reason))

    def test_day_costs_the_same_whatever_is_in_it(self):
        self.action()
        mine = self.Action.with_user(self.seller)
        mine.crm_my_day()
        self.env.invalidate_all()
        with self.assertQueryCount(15):
            mine.crm_my_day()
        customers = self.env["res.partner"].create(
            [{"name": f"More {n}", "is_company": True, "user_id": self.seller.id} for n in range(10)]
        )
        rule = self.rule(name="More", score_formula="1", domain=repr([("id", "in", customers.ids)]))
        rule._run()
        self.env.flush_all()
        self.env.invalidate_all()
        with self.assertQueryCount(15):
            mine.crm_my_day()
