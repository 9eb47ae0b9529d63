from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import CrmCoreCommon


class NextActionCommon(CrmCoreCommon):
    """Two customers of one salesperson, of whom one is late against her own rhythm."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        new = new_test_user
        sales = "sales_team.group_sale_salesman,crm_core.group_crm_core_user"
        cls.seller = new(cls.env, "next_seller", groups=sales)
        cls.colleague = new(cls.env, "next_colleague", groups=sales)
        cls.manager = new(
            cls.env, "next_manager", groups="sales_team.group_sale_manager,crm_core.group_crm_core_manager"
        )
        cls.customer.write({"user_id": cls.seller.id, "phone": "+1 555 0199", "email": "alma@example.com"})
        cls.contact.write({"phone": "+1 555 0198", "email": "anna@example.com"})
        cls.other = cls.make_customer("Boreal", user_id=cls.seller.id, phone="+1 555 0197")
        for days_ago in (100, 80, 60):
            cls.order(cls.contact, [(cls.paper, 5)], days_ago=days_ago)
            cls.order(cls.other, [(cls.paper, 1)], days_ago=days_ago - 55)
        cls.Dirty._fold()
        cls.service = cls.env.ref("crm_core.consent_purpose_service")
        cls.offers = cls.env.ref("crm_core.consent_purpose_offers")
        cls.env["crm.action.rule"].search([]).active = False
        cls.Action = cls.env["crm.next.action"]

    @classmethod
    def rule(cls, **values):
        return cls.env["crm.action.rule"].create(
            {
                "name": "Late",
                "domain": repr([("id", "in", (cls.customer | cls.other).ids)]),
                "score_formula": "lateness",
                "reason": "Orders every {interval} days; {days} days since the last order.",
                "user_id": cls.manager.id,
                "control_seed": 7,
                **values,
            }
        )

    def proposals(self, rule):
        return self.Action.search([("rule_id", "=", rule.id)])


@tagged("post_install", "-at_install")
class TestActionRule(NextActionCommon):
    """Rules: whom they find, how they rank, and that they never ask too much."""

    def test_late_customer_is_proposed_with_the_reason_in_words(self):
        rule = self.rule(score_formula="lateness if lateness > 1.5 else 0")
        self.assertEqual(rule._run(), 1)
        action = self.proposals(rule)
        self.assertEqual((action.partner_id, action.user_id), (self.customer, self.seller))
        self.assertEqual(action.contact_id, self.contact, "who ordered last")
        self.assertEqual(action.reason, "Orders every 20 days; 60 days since the last order.")
        self.assertEqual(action.score, 3.0)

    def test_again_proposes_nothing_new(self):
        rule = self.rule()
        self.assertEqual((rule._run(), rule._run()), (2, 0))
        self.proposals(rule)._close("rejected")
        self.assertEqual(rule._run(), 0, "not again for the days of the rule")
        rule.cool_down_days = 0
        self.assertEqual(rule._run(), 2)

    def test_database_refuses_a_second_open_proposal(self):
        rule = self.rule()
        rule._run()
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint(), mute_logger("odoo.sql_db"):
            self.proposals(rule)[0].copy()

    def test_day_of_an_employee_is_full(self):
        self.company.crm_action_user_cap = 1
        rule = self.rule()
        self.assertEqual(rule._run(), 1)
        self.assertEqual(self.proposals(rule).partner_id, self.customer, "the best comes first")
        self.assertEqual(self.rule(name="Second")._run(), 0)

    def test_customer_is_asked_for_so_much_at_once(self):
        self.company.crm_action_customer_cap = 1
        self.assertEqual(self.rule()._run(), 2)
        self.assertEqual(self.rule(name="Second")._run(), 0)

    def test_what_is_done_without_asking_takes_no_room(self):
        self.company.crm_action_user_cap = 1
        automatic = self.rule(
            name="At once",
            is_automatic=True,
            action_kind="activity",
            activity_type_id=self.env.ref("mail.mail_activity_data_todo").id,
        )
        self.assertEqual(automatic._run(), 2)
        automatic.active = False
        self.assertEqual(self.rule()._run(), 1, "the day still holds one")

    def test_limit_of_one_rule(self):
        self.assertEqual(self.rule(daily_limit=1)._run(), 1)

    def test_consent_is_asked_at_selection(self):
        rule = self.rule(channel="phone", purpose_id=self.offers.id)
        self.assertEqual(rule._run(), 0, "nobody agreed to offers by phone")
        self.contact._crm_record_consent(self.offers, "granted", "phone", source="phone")
        self.assertEqual(rule._run(), 1)

    def test_objectors_to_profiles_are_left_out(self):
        self.other._crm_record_consent("profiling", "objected", None)
        rule = self.rule()
        self.assertEqual(rule._run(), 1)
        self.assertEqual(self.proposals(rule).partner_id, self.customer)
        self.contact._crm_record_consent("profiling", "objected", None)
        self.assertEqual(self.rule(name="Again")._run(), 0, "nor is it proposed to talk to an objector")
        self.assertEqual(self.rule(name="Contract", is_profiling=False)._run(), 2)
        self.other.crm_is_restricted = True
        self.other._crm_record_consent("profiling", "granted", None)
        self.assertFalse(self.rule(name="Restricted")._leave_out_objectors(self.other.ids))

    def test_ready_made_rules_that_serve_a_contract_use_no_profile(self):
        codes = {"due": 1, "late": 1, "silent": 1, "quotation": 0, "thanks": 0, "overdue": 0, "birthday": 0}
        for code, uses in codes.items():
            rule = self.env.ref(f"crm_core.crm_action_rule_{code}")
            self.assertEqual(rule.is_profiling, bool(uses), code)

    def test_only_members_of_a_group(self):
        group = self.env["crm.target.group"].create(
            {"name": "Some", "domain": repr([("id", "=", self.other.id)]), "user_id": self.manager.id}
        )
        group.action_refresh()
        rule = self.rule(target_group_id=group.id)
        rule._run()
        self.assertEqual(self.proposals(rule).partner_id, self.other)

    def test_rule_sees_what_its_responsible_sees(self):
        self.other.user_id = self.colleague
        rule = self.rule(user_id=self.seller.id)
        rule._run()
        self.assertEqual(self.proposals(rule).partner_id, self.customer)

    def test_team_takes_its_own_and_the_leader_those_of_nobody(self):
        team = self.env["crm.team"].create(
            {"name": "North", "user_id": self.manager.id, "member_ids": [Command.link(self.colleague.id)]}
        )
        self.other.user_id = False
        rule = self.rule(team_id=team.id)
        rule._run()
        action = self.proposals(rule)
        self.assertEqual((action.partner_id, action.user_id), (self.other, self.manager))

    def test_control_group_is_stable_and_unseen(self):
        rule = self.rule(control_share=50.0, score_formula="1")
        customers = self.env["res.partner"].create(
            [{"name": f"Drawn {n}", "is_company": True, "user_id": self.seller.id} for n in range(40)]
        )
        rule.domain = repr([("id", "in", customers.ids)])
        self.company.crm_action_user_cap = 100
        made = rule._run()
        control = self.proposals(rule).filtered("is_control")
        self.assertEqual(made + len(control), 40)
        self.assertTrue(8 < len(control) < 32)
        self.assertEqual(rule._get_control_ids(customers.ids), set(control.partner_id.ids))
        seen = self.Action.with_user(self.seller).search([("rule_id", "=", rule.id)])
        self.assertFalse(seen & control)
        self.assertEqual(len(self.Action.with_user(self.manager).search([("rule_id", "=", rule.id)])), 40)

    def test_formula_and_reason_are_checked_when_saved(self):
        for values in (
            {"score_formula": "lateness *"},
            {"score_formula": "salary"},
            {"reason": "He has {salary}"},
            {"reason": "Open { brace"},
            {"reason": "{days!r}"},
            {"domain": "[('no_such_field', '=', 1)]"},
            {"domain": "nonsense("},
            {"action_kind": "activity"},
            {"action_kind": "mail", "channel": "phone", "purpose_id": self.service.id},
            {"channel": "phone"},
            {"is_automatic": True},
        ):
            with self.subTest(values), self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.rule(**values)

    def test_failing_rule_says_so_and_stops_no_other(self):
        broken, fine = self.rule(name="Broken"), self.rule(name="Fine")
        Rule = type(self.env["crm.action.rule"])
        run = Rule._run

        def fail(rule):
            if rule == broken:
                raise ZeroDivisionError
            return run(rule)

        with patch.object(Rule, "_run", fail), mute_logger("odoo.addons.crm_core.models.crm_action_rule_run"):
            (broken | fine)[0]._run_safely()
            fine._run_safely()
        self.assertIn("ZeroDivisionError", broken.last_error)
        self.assertEqual(fine.last_count, 2)

    def test_ready_made_rules_run(self):
        rules = (
            self.env["crm.action.rule"]
            .with_context(active_test=False)
            .search([("id", "in", [self.env.ref(f"crm_core.crm_action_rule_{name}").id for name in READY])])
        )
        rules.write({"active": True, "company_id": self.company.id, "user_id": self.manager.id})
        self.company.write({"crm_action_user_cap": 200, "crm_action_customer_cap": 20})
        for rule in rules:
            rule._run()
            self.assertFalse(rule.last_error)
        late = self.proposals(self.env.ref("crm_core.crm_action_rule_late"))
        self.assertIn(self.customer, late.partner_id)

    def test_congratulation_knows_day_and_month_alone(self):
        today = self.company._crm_today()
        self.env["crm.contact.preference"].create(
            {"partner_id": self.contact.id, "greeting_month": str(today.month), "greeting_day": today.day}
        )
        rule = self.rule(score_formula="greeting", reason="Congratulate {greeting_name} today.")
        self.assertEqual(rule._run(), 1)
        self.assertEqual(self.proposals(rule).reason, "Congratulate Anna today.")

    def test_facts_of_a_batch_cost_the_same_whatever_its_size(self):
        numbers, texts = self.env["crm.action.fact"]._get_labels()
        names = {*numbers, *texts}
        customers = self.env["res.partner"].create([{"name": f"Row {n}"} for n in range(60)])
        self.env.flush_all()
        facts = self.env["crm.action.fact"]
        facts._collect(customers.ids, self.company, names)
        for ids in (customers.ids[:1], customers.ids):
            with self.assertQueryCount(5):
                facts._collect(ids, self.company, names)


READY = ("due", "late", "quotation", "thanks", "overdue", "birthday", "silent")


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
