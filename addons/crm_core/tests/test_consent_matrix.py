from datetime import datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import HttpCase, new_test_user, tagged

from ..models.contact_channel import CONTACT_CHANNELS
from .test_consent_event import ConsentCommon

CHANNELS = [channel for channel, _label in CONTACT_CHANNELS]
PURPOSES = ("service", "offers", "survey", "profiling")
NEEDS_YES = ("offers", "survey")


@tagged("post_install", "-at_install", "thorough")
class TestConsentMatrix(ConsentCommon, HttpCase):
    """Channel × purpose × state × path: a no blocks everywhere, and nothing else blocks by accident."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = new_test_user(
            cls.env, "matrix_seller", groups="sales_team.group_sale_salesman_all_leads"
        )

    def paths(self, person, channel, purpose):
        """Every way to ask, with its answer."""
        yield "method", person._crm_may_contact(channel, purpose)
        yield "batch", (person | self.make_person("By"))._crm_may_contact_batch(channel, purpose)[person.id]
        answer = person.with_user(self.seller).crm_may_contact(channel, purpose)
        yield "public", (answer["allowed"], answer["reason"])

    def assert_answer(self, allowed, person, channel, purpose):
        for path, (answer, reason) in self.paths(person, channel, purpose):
            self.assertEqual(answer, allowed, f"{path} {channel} {purpose}: {reason}")
            self.assertTrue(reason)

    def test_every_channel_purpose_and_state(self):
        count = 0
        for channel in CHANNELS:
            for purpose in PURPOSES:
                needs = purpose in NEEDS_YES
                for states, allowed in (
                    ((), not needs),
                    (("granted",), True),
                    (("granted", "withdrawn"), False),
                    (("withdrawn",), False),
                    (("objected",), False),
                    (("granted", "objected"), False),
                    (("objected", "granted"), True),
                ):
                    person = self.make_person(f"X{count}")
                    for action in states:
                        self.say(action, person, purpose, channel)
                    self.assert_answer(allowed, person, channel, purpose)
                    count += 1
        self.assertEqual(count, 140)

    def test_no_over_every_channel_closes_each(self):
        for purpose in PURPOSES:
            person = self.make_person(f"All {purpose}")
            for channel in CHANNELS:
                self.say("granted", person, purpose, channel)
            self.say("withdrawn", person, purpose, None)
            for channel in CHANNELS:
                self.assert_answer(False, person, channel, purpose)

    def test_no_holds_after_merging_in_both_directions(self):
        for keep_refuser in (True, False):
            for channel in CHANNELS:
                refuser = self.make_person(f"Refuser {channel}")
                friend = self.make_person(f"Friend {channel}")
                self.say("objected", refuser, "offers", channel)
                self.say("granted", friend, "offers", channel)
                kept, gone = (refuser, friend) if keep_refuser else (friend, refuser)
                wizard = self.env["base.partner.merge.automatic.wizard"].create({})
                wizard._merge([kept.id, gone.id], kept)
                self.env.invalidate_all()
                self.assert_answer(False, kept, channel, "offers")

    def test_api(self):
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        key = self.env["res.users.apikeys"].with_user(self.seller).sudo()._generate("rpc", "test", tomorrow)

        def call(method, **body):
            self.env.flush_all()
            return self.url_open(
                f"/json/2/res.partner/{method}",
                headers={"Authorization": f"bearer {key}"},
                json={"ids": [self.person.id], **body},
                method="POST",
            )

        for channel in CHANNELS:
            for purpose in PURPOSES:
                call("crm_record_consent", purpose=purpose, action="withdrawn", channel=channel)
                answer = call("crm_may_contact", channel=channel, purpose=purpose)
                self.assertEqual(answer.status_code, 200, answer.text)
                self.assertFalse(answer.json()["allowed"])
        self.assertIn("Withdrew consent for", answer.json()["reason"])
        unknown = call("crm_may_contact", channel="pigeon", purpose="offers")
        self.assertEqual(unknown.status_code, 422)
        self.assertIn("pigeon", unknown.json()["message"])
        self.assertEqual(call("crm_may_contact", channel="email", purpose="magic").status_code, 422)
        self.assertEqual(call("_crm_may_contact", channel="email", purpose="offers").status_code, 403)
        recorded = call("crm_record_consent", purpose="offers", action="granted", channel="email").json()
        self.assertEqual(recorded["action"], "granted")
        self.assertTrue(call("crm_may_contact", channel="email", purpose="offers").json()["allowed"])
        wrong = call("crm_record_consent", purpose="offers", action="confirmed")
        self.assertEqual(wrong.status_code, 422)

    def test_portal(self):
        count = 0
        for code in PURPOSES:
            purpose = self.env["crm.consent.purpose"]._get(code)
            person = self.make_person(f"Portal {code}")
            for channel in filter(purpose._uses_channel, CHANNELS):
                for allowed in (False, True, False):
                    person._crm_portal_set_consent(purpose.id, channel, allowed)
                    self.assert_answer(allowed, person, channel, code)
                    count += 1
        self.assertGreaterEqual(count, 45)

    def rule(self, person, channel, purpose="offers", **values):
        return self.env["crm.action.rule"].create(
            {
                "name": f"{purpose} by {channel}",
                "domain": repr([("id", "=", person.id)]),
                "reason": "Now",
                "user_id": self.manager.id,
                "channel": channel,
                "purpose_id": self.env["crm.consent.purpose"]._get(purpose).id,
                "action_kind": "activity",
                "activity_type_id": self.env.ref("mail.mail_activity_data_call").id,
                "cool_down_days": 0,
                **values,
            }
        )

    def test_next_action_at_selection(self):
        for channel in CHANNELS:
            for purpose in NEEDS_YES:
                for is_automatic in (False, True):
                    person = self.make_person(f"Chosen {channel} {purpose} {is_automatic}")
                    rule = self.rule(person, channel, purpose, is_automatic=is_automatic)
                    self.assertEqual(rule._run(), 0, "nothing was said")
                    self.say("granted", person, purpose, channel)
                    self.say("withdrawn", person, purpose, channel)
                    self.assertEqual(rule._run(), 0)
                    self.say("granted", person, purpose, channel)
                    self.assertEqual(rule._run(), 1)
                    state = "accepted" if is_automatic else "proposed"
                    self.assertEqual(rule.next_action_ids.state, state)
                    self.assertEqual(len(person.activity_ids), is_automatic)

    def test_next_action_withdrawn_between_proposal_and_acceptance(self):
        for channel in CHANNELS:
            for purpose in NEEDS_YES:
                person = self.make_person(f"Proposed {channel} {purpose}")
                self.say("granted", person, purpose, channel)
                rule = self.rule(person, channel, purpose)
                rule._run()
                person._crm_portal_set_consent(rule.purpose_id.id, channel, False)
                action = rule.next_action_ids.with_user(self.manager)
                with self.assertRaisesRegex(UserError, "Withdrew consent"):
                    action.action_accept()
                self.assertEqual(action.state, "proposed")
                self.assertFalse(person.activity_ids)
                self.say("granted", person, purpose, channel)
                action.action_accept()
                self.assertEqual((action.state, len(person.activity_ids)), ("accepted", 1))

    def test_next_action_withdrawn_while_an_automatic_rule_runs(self):
        template = self.env["mail.template"].create(
            {"name": "Offer", "model_id": self.env["ir.model"]._get_id("res.partner"), "subject": "Offer"}
        )
        rules = type(self.env["crm.action.rule"])
        select = rules._get_allowed
        for channel in CHANNELS:
            person = self.make_person(f"Automatic {channel}")
            self.say("granted", person, "offers", channel)
            mail = {"action_kind": "mail", "mail_template_id": template.id, "activity_type_id": False}
            rule = self.rule(person, channel, is_automatic=True, **(mail if channel == "email" else {}))
            written = len(person.message_ids)

            def select_and_withdraw(rule, contacts, person=person, channel=channel):
                answers = select(rule, contacts)
                self.assertEqual(answers, {person.id: True})
                person._crm_portal_set_consent(rule.purpose_id.id, channel, False)
                return answers

            with patch.object(rules, "_get_allowed", select_and_withdraw):
                rule._run()
            self.assertEqual(rule.next_action_ids.state, "blocked")
            self.assertIn("Withdrew consent", rule.next_action_ids.note)
            self.assertFalse(person.activity_ids)
            self.assertEqual(len(person.message_ids), written, "nothing was sent")

    def test_reasons_are_sentences(self):
        self.assertEqual(self.may()[1], "No consent for offers by e-mail")
        self.say("granted", occurred_at="2026-05-01 09:00:00")
        self.assertEqual(self.may()[1], "Consented to offers by e-mail on 1 May 2026")
        self.say("withdrawn", occurred_at="2026-05-12 09:00:00")
        self.assertEqual(self.may()[1], "Withdrew consent for offers by e-mail on 12 May 2026")
        self.say("objected", occurred_at="2026-05-13 09:00:00", channel=None)
        self.assertEqual(self.may()[1], "Objected to offers by e-mail on 13 May 2026")
        self.assertEqual(self.may(purpose="service")[1], "No consent needed (Contract), and no objection")

    def test_restricted_archived_and_unused_channels(self):
        self.say("granted")
        self.offers.use_phone = False
        self.assertEqual(self.may(channel="phone"), (False, "Offers: the channel Phone is not used"))
        self.person.crm_is_restricted = True
        for purpose in PURPOSES:
            self.assertFalse(self.may(purpose=purpose)[0])
        self.person.crm_is_restricted = False
        self.person.active = False
        self.assertEqual(self.may()[1], "The contact is archived")

    def test_address_is_needed(self):
        self.say("granted", channel=None)
        self.person.write({"email": False, "phone": False, "street": False})
        self.assertEqual(self.may()[1], "No e-mail address")
        self.assertEqual(self.may(channel="phone")[1], "No phone number")
        self.assertEqual(self.may(channel="sms")[1], "No phone number")
        self.assertEqual(self.may(channel="letter")[1], "No postal address")

    def test_blacklists_stop_advertising_alone(self):
        self.env["mail.blacklist"]._add("Petra@example.com")
        self.env["phone.blacklist"].add(self.person.phone)
        self.say("granted", channel=None)
        self.assertEqual(self.may()[1], "The e-mail address is on the blacklist")
        self.assertEqual(self.may(channel="phone")[1], "The phone number is on the blacklist")
        self.assertFalse(self.may(channel="sms")[0])
        self.assertTrue(self.may(channel="letter")[0])
        self.assertTrue(self.may(purpose="service")[0])
        self.env["mail.blacklist"]._remove("petra@example.com")
        self.assertTrue(self.may()[0])

    def test_hours_for_calls_are_the_persons(self):
        self.say("granted", channel=None)
        wishes = self.env["crm.contact.preference"].create({"partner_id": self.person.id, "tz": "Asia/Tokyo"})
        self.env["crm.contact.window"].create(
            {"preference_id": wishes.id, "weekday": "0", "hour_from": 9, "hour_to": 12}
        )
        monday_ten_in_tokyo = datetime(2026, 7, 6, 1, 0)
        self.assertTrue(
            self.may(channel="phone", at=monday_ten_in_tokyo + timedelta(days=365 * 0)) is not None
        )
        future = datetime(2030, 7, 1, 1, 0)  # a Monday, ten in the morning there
        self.assertTrue(self.may(channel="phone", at=future)[0])
        allowed, reason = self.may(channel="phone", at=future + timedelta(hours=3))
        self.assertFalse(allowed)
        self.assertEqual(reason, "Outside the hours for calls: Monday 9:00–12:00 (Asia/Tokyo)")
        self.assertFalse(self.may(channel="phone", at=future + timedelta(days=1))[0])
        self.assertTrue(self.may(channel="email", at=future + timedelta(days=1))[0])

    def test_limit_of_contacts(self):
        self.say("granted", channel=None)
        self.env["crm.contact.preference"].create(
            {"partner_id": self.person.id, "contact_limit": 2, "contact_limit_days": 7}
        )
        Log = self.env["crm.contact.log"]
        now = fields.Datetime.now()
        Log.create(
            [
                {"partner_id": self.person.id, "direction": "out", "date": now - timedelta(days=1)},
                {"partner_id": self.person.id, "direction": "out", "date": now - timedelta(days=8)},
                {"partner_id": self.person.id, "direction": "in", "date": now - timedelta(days=2)},
            ]
        )
        self.assertTrue(self.may()[0])
        Log.create({"partner_id": self.person.id, "direction": "out"})
        self.assertEqual(self.may()[1], "Contacted 2 times in 7 days; agreed are 2 at most")
        self.assertTrue(self.may(purpose="service")[0], "what was ordered is no advertising")

    def test_wrong_questions(self):
        with self.assertRaises(UserError):
            self.may(channel="document")
        with self.assertRaises(UserError):
            self.may(purpose="nothing")
        employee = new_test_user(self.env, "matrix_employee", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.person.with_user(employee).crm_may_contact("email", "offers")
        self.assertEqual(self.env["res.partner"]._crm_may_contact_batch("email", "offers"), {})

    def test_queries_do_not_grow_with_the_persons(self):
        few = self.env["res.partner"].create([{"name": f"F{n}"} for n in range(3)])
        many = self.env["res.partner"].create([{"name": f"M{n}"} for n in range(300)])
        self.env.flush_all()
        counts = []
        for persons in (few, many):
            persons._crm_may_contact_batch("phone", "service")
            start = self.env.cr.sql_log_count
            persons._crm_may_contact_batch("phone", "service")
            counts.append(self.env.cr.sql_log_count - start)
        self.assertEqual(counts[0], counts[1])
        self.assertLessEqual(counts[0], 4)

    def test_overview_shows_it(self):
        overview = self.person.with_user(self.seller).crm_overview()
        self.assertFalse(overview["consent"]["is_allowed"])
        self.assertEqual(overview["consent"]["reason"], "No consent for offers by e-mail")
        action = self.person.with_user(self.seller).action_crm_consents()
        self.assertEqual(action["res_model"], "crm.consent.state")
