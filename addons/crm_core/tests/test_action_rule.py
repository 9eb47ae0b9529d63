from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo import Command
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .next_action_common import NextActionCommon

READY = ("due", "late", "quotation", "thanks", "overdue", "birthday", "silent")


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
        counts = []
        for ids in (customers.ids[:1], customers.ids):
            before = self.env.cr.sql_log_count
            facts._collect(ids, self.company, names)
            counts.append(self.env.cr.sql_log_count - before)
        self.assertEqual(counts[0], counts[1])

    def test_reason_is_read_once_for_all_customers(self):
        rule = self.rule(reason="{days} days")
        customers = sum((self.make_customer(f"Reader {n}") for n in range(3)), self.env["res.partner"])
        for customer in customers:
            self.order(customer, [(self.paper, 1)])
        self.Dirty._fold()
        rule.write({"domain": [("id", "in", customers.ids)], "score_formula": "1"})
        original = type(rule)._get_reason_names
        calls = []

        def count(rule):
            calls.append(rule)
            return original(rule)

        with patch.object(type(rule), "_get_reason_names", count):
            rule._run()
        self.assertEqual(len(self.proposals(rule)), 3)
        self.assertEqual(len(calls), 1)
