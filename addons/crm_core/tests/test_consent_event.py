from datetime import timedelta

import psycopg2

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase, freeze_time, new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_core import uninstall_hook
from odoo.addons.mail.tests.common import MailCase

from .common import CrmCoreCommon


class ConsentCommon(CrmCoreCommon):
    """Persons with an address, and the words of the trade."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Event = cls.env["crm.consent.event"]
        cls.offers = cls.env.ref("crm_core.consent_purpose_offers")
        cls.person = cls.make_person("Petra")
        cls.user = new_test_user(cls.env, "consent_user", groups="crm_core.group_crm_core_user")
        cls.manager = new_test_user(cls.env, "consent_manager", groups="crm_core.group_crm_core_manager")

    @classmethod
    def make_person(cls, name, **values):
        return cls.env["res.partner"].create(
            {
                "name": name,
                "email": f"{name.lower()}@example.com",
                "phone": "+32485112233",
                "street": "Main Street 1",
                "city": "Brussels",
                "user_id": False,
                **values,
            }
        )

    def say(self, action, person=None, purpose="offers", channel="email", **values):
        return (person or self.person)._crm_record_consent(purpose, action, channel, **values)

    def may(self, person=None, channel="email", purpose="offers", at=None):
        return (person or self.person)._crm_may_contact(channel, purpose, at)


@tagged("post_install", "-at_install")
class TestConsentEvent(ConsentCommon, MailCase):
    """What was said stays as it was said; states, merging, proof and rights."""

    def test_nobody_changes_or_deletes_an_event(self):
        event = self.say("granted")
        for env in (self.env, self.env(user=self.manager)):
            with self.assertRaises(UserError):
                event.with_env(env).write({"action": "withdrawn"})
            with self.assertRaises(UserError):
                event.with_env(env).unlink()
        with self.assertRaises(UserError):
            event.sudo().valid_until = "2040-01-01"

    def test_database_refuses_what_the_orm_would_not_do(self):
        event = self.say("withdrawn")
        other = self.make_person("Other")
        self.env.flush_all()
        for statement in (
            "UPDATE crm_consent_event SET action = 'granted' WHERE id = %s",
            "UPDATE crm_consent_event SET partner_id = %s, action = 'granted'",
            "UPDATE crm_consent_event SET occurred_at = now() WHERE id = %s",
            "DELETE FROM crm_consent_event WHERE id = %s",
            "TRUNCATE crm_consent_event CASCADE -- %s",
        ):
            with (
                self.subTest(statement),
                mute_logger("odoo.sql_db"),
                self.assertRaises(psycopg2.errors.RaiseException),
                self.env.cr.savepoint(),
            ):
                self.env.cr.execute(statement, [other.id if "partner_id" in statement else event.id])
        self.env.cr.execute(
            "UPDATE crm_consent_event SET partner_id = %s WHERE id = %s", [other.id, event.id]
        )
        event.invalidate_recordset()
        self.assertEqual(event.partner_id, other, "as merging does")

    def test_uninstalling_leaves_no_function_behind(self):
        with self.env.cr.savepoint() as savepoint:
            uninstall_hook(self.env)
            self.env.cr.execute("SELECT proname FROM pg_proc WHERE proname LIKE 'crm\\_core\\_%'")
            self.assertFalse(self.env.cr.fetchall())
            savepoint.rollback()

    def test_person_with_a_history_can_not_be_deleted(self):
        self.say("withdrawn")
        with self.assertRaisesRegex(UserError, "anonymize"):
            self.person.unlink()
        stranger = self.make_person("Stranger")
        self.env["crm.contact.preference"].create({"partner_id": stranger.id})
        stranger.unlink()

    def test_who_recorded_and_when_is_not_chosen(self):
        event = self.Event.with_user(self.user).create(
            {
                "partner_id": self.person.id,
                "purpose_id": self.offers.id,
                "action": "granted",
                "user_id": self.manager.id,
                "recorded_at": "2020-01-01",
            }
        )
        self.assertEqual(event.user_id, self.user)
        self.assertEqual(event.recorded_at.date(), fields.Date.today())
        with self.assertRaises(ValidationError):
            self.say("granted", occurred_at=fields.Datetime.now() + timedelta(days=1))

    def test_users_record_what_they_were_told_and_no_more(self):
        """Whoever may append can't pretend that the person clicked, wrote or confirmed."""
        self.offers.needs_double_opt_in = True
        Event = self.Event.with_user(self.manager)
        values = {"partner_id": self.person.id, "purpose_id": self.offers.id}
        for forged in (
            {"action": "confirmed"},
            {"action": "granted"},
            {"action": "granted", "source": "import"},
            {"action": "granted", "source": "portal"},
            {"action": "withdrawn", "source": "mail_link"},
            {"action": "withdrawn", "source": "merge"},
        ):
            with self.subTest(forged), self.assertRaises(UserError):
                Event.create({**values, **forged})
        Event.create({**values, "action": "granted", "source": "import", "reference": "Form 12"})
        self.assertTrue(self.may()[0])

    def test_archived_purpose_stops_its_contacts_and_breaks_nothing(self):
        self.say("granted")
        self.offers.active = False
        self.assertEqual(self.may(), (False, "Offers: the purpose is archived"))
        self.assertFalse(self.person.with_user(self.user).crm_overview()["consent"]["is_allowed"])

    def test_event_of_the_past_takes_its_place_in_time(self):
        self.say("granted")
        self.say("withdrawn", occurred_at=fields.Datetime.now() - timedelta(days=3))
        self.assertTrue(self.may()[0], "the yes came later")
        earlier = fields.Datetime.now() - timedelta(days=1)
        self.assertFalse(self.may(at=earlier)[0], "as it stood then")

    def test_validity_follows_the_purpose(self):
        self.offers.validity_months = 12
        event = self.say("granted", occurred_at="2026-01-31 10:00:00")
        self.assertEqual(event.valid_until, fields.Date.to_date("2027-01-31"))
        with freeze_time("2027-02-01 12:00:00"):
            allowed, reason = self.may()
        self.assertFalse(allowed)
        self.assertEqual(reason, "Consent for offers by e-mail ended on 31 January 2027")

    def test_company_has_its_own_consents(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        self.say("granted")
        in_branch = self.person.with_company(branch)
        self.assertFalse(in_branch._crm_may_contact("email", "offers")[0])
        self.say("objected", company_id=False)
        self.assertFalse(self.may()[0], "towards every company")

    def test_company_may_have_a_purpose_of_its_own(self):
        Purpose = self.env["crm.consent.purpose"]
        branch = self.env["res.company"].create({"name": "Branch"})
        Purpose.create({"name": "Club", "code": "club", "company_id": branch.id})
        Purpose.create({"name": "Club", "code": "club", "company_id": self.company.id})
        self.assertEqual(Purpose._get("club", branch).company_id, branch)
        with self.assertRaises(ValidationError):
            Purpose.create({"name": "Offers of ours", "code": "offers", "company_id": branch.id})
        self.say("granted")
        with self.assertRaises(UserError):
            self.offers.unlink()

    # Merging ----------------------------------------------------------

    def merge(self, *persons):
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge([person.id for person in persons], persons[0])
        self.env.invalidate_all()

    def test_old_no_of_a_duplicate_beats_the_new_yes(self):
        twin = self.make_person("Twin")
        self.say("withdrawn", twin, occurred_at=fields.Datetime.now() - timedelta(days=300))
        self.say("granted")
        self.assertTrue(self.may()[0])
        self.merge(self.person, twin)
        self.assertFalse(self.may()[0])
        self.assertEqual(len(self.person.crm_consent_event_ids), 3, "both histories and what merging did")
        self.assertEqual(self.person.crm_consent_event_ids[0].source, "merge")

    def test_duplicate_without_a_word_takes_nothing_away(self):
        twin = self.make_person("Twin")
        self.say("granted", twin)
        self.merge(self.person, twin)
        self.assertTrue(self.may()[0])
        self.assertEqual(len(self.person.crm_consent_event_ids), 1)

    # Proof ------------------------------------------------------------

    def test_proof_is_as_fixed_as_the_event(self):
        proof = self.env["ir.attachment"].with_user(self.user).create({"name": "form.pdf", "raw": b"signed"})
        event = self.say("granted", proof_ids=[Command.set(proof.ids)])
        self.assertEqual((proof.res_model, proof.res_id), ("crm.consent.event", event.id))
        with self.assertRaises(AccessError):
            proof.unlink()
        with self.assertRaises(AccessError):
            proof.raw = b"forged"
        self.assertEqual(event.with_user(self.user).proof_ids.raw, b"signed")

    def test_form_records_what_was_said(self):
        context = {"default_partner_id": self.person.id, "default_action": "objected"}
        with Form(self.env["crm.consent.record"].with_user(self.user).with_context(**context)) as form:
            form.channel = "phone"
            form.source = "phone"
        form.record.action_record()
        event = self.person.crm_consent_event_ids
        self.assertEqual(
            (event.action, event.channel, event.source, event.user_id, event.legal_basis),
            ("objected", "phone", "phone", self.user, "consent"),
        )
        matrix = self.person.with_user(self.user).crm_consent_matrix
        self.assertIn("Objected", matrix)

    # Who may ----------------------------------------------------------

    def test_roles(self):
        colleague = new_test_user(self.env, "consent_colleague", groups="crm_core.group_crm_core_user")
        event = self.say("granted")
        self.person.user_id = colleague
        for user, sees in ((self.user, False), (colleague, True), (self.manager, True)):
            with self.subTest(user.login):
                self.assertEqual(event.with_user(user).has_access("read"), sees)
                states = self.env["crm.consent.state"].with_user(user)
                self.assertEqual(bool(states.search([("partner_id", "=", self.person.id)])), sees)
        with self.assertRaises(AccessError):
            self.say("granted", self.person.with_user(self.user))
        with self.assertRaises(AccessError):
            self.person.with_user(self.user).crm_may_contact("email", "offers")
        self.assertFalse(self.offers.with_user(self.user).has_access("write"))
        self.assertTrue(self.offers.with_user(self.manager).has_access("write"))
        for group in ("base.group_user", "base.group_portal"):
            outsider = new_test_user(self.env, f"consent {group}", groups=group)
            for model in (
                "crm.consent.event",
                "crm.consent.state",
                "crm.consent.purpose",
                "crm.contact.preference",
                "crm.contact.window",
                "crm.contact.topic",
            ):
                self.assertFalse(self.env[model].with_user(outsider).has_access("read"), model)

    def test_another_company_sees_nothing(self):
        self.say("granted")
        branch = self.env["res.company"].create({"name": "Branch"})
        outsider = new_test_user(
            self.env,
            "consent_outsider",
            groups="crm_core.group_crm_core_manager",
            company_id=branch.id,
            company_ids=[Command.set(branch.ids)],
        )
        for model in ("crm.consent.event", "crm.consent.state"):
            found = self.env[model].with_user(outsider).search([("partner_id", "=", self.person.id)])
            self.assertFalse(found, model)

    def test_partners_are_found_by_consent(self):
        other = self.make_person("Other")
        self.say("granted")
        self.say("objected", other)
        domain = [
            ("id", "in", (self.person | other).ids),
            (
                "crm_consent_state_ids",
                "any",
                [
                    ("purpose_id.code", "=", "offers"),
                    ("channel", "=", "email"),
                    ("status", "=", "granted"),
                ],
            ),
        ]
        self.assertEqual(self.env["res.partner"].with_user(self.user).search(domain), self.person)


@tagged("post_install", "-at_install")
class TestDoubleOptIn(ConsentCommon, MailCase, HttpCase):
    """A yes that counts only when confirmed by e-mail."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.offers.needs_double_opt_in = True

    def ask(self):
        with self.mock_mail_gateway():
            event = self.say("granted", self.person.with_user(self.user))
        self.assertEqual(event.action, "requested")
        self.assertIn("crm/consent/", self._new_mails.body_html)
        return event, event.get_confirm_url().partition("/crm/")[2]

    def open(self, path, **kwargs):
        self.env.flush_all()
        return self.url_open(f"/crm/{path}", **kwargs)

    def press(self, page, path):
        token = page.text.partition('name="csrf_token" value="')[2].partition('"')[0]
        return self.open(path, data={"csrf_token": token})

    def test_pressing_the_button_confirms_and_looking_does_not(self):
        _event, path = self.ask()
        page = self.open(path)
        self.assertIn("Yes, I agree", page.text)
        self.assertEqual(page.headers["Cache-Control"], "no-store")
        self.assertNotIn("Petra", page.text)
        self.assertNotIn("petra@example.com", page.text)
        allowed, reason = self.may()
        self.assertFalse(allowed)
        self.assertIn("not confirmed yet", reason)
        self.assertIn("Thank you", self.press(page, path).text)
        self.assertTrue(self.may()[0])
        self.press(page, path)
        self.assertEqual(len(self.person.crm_consent_event_ids), 2, "a second click adds nothing")
        self.assertEqual(self.person.crm_consent_event_ids[0].source, "mail_link")

    def test_link_dies_with_a_no_a_new_address_or_time(self):
        event, path = self.ask()
        self.assertEqual(self.Event._from_confirm_token(path.partition("/")[2]), event)
        self.person.email = "new@example.com"
        self.assertIn("no longer valid", self.open(path).text)
        self.person.email = "petra@example.com"
        page = self.open(path)
        self.say("withdrawn", channel=None)
        self.assertIn("no longer valid", self.press(page, path).text)
        self.assertFalse(self.may()[0])
        with freeze_time(fields.Datetime.now() + timedelta(days=8)):
            self.assertFalse(self.Event._from_confirm_token(path.partition("/")[2]))

    def confirmed(self, person, days_ago, channel="email"):
        """A yes that was asked for and confirmed that many days ago."""
        when = fields.Datetime.now() - timedelta(days=days_ago)
        for action in ("requested", "confirmed"):
            self.Event.create(
                {
                    "partner_id": person.id,
                    "purpose_id": self.offers.id,
                    "action": action,
                    "channel": channel,
                    "company_id": self.company.id,
                    "occurred_at": when,
                    "source": "mail_link",
                }
            )

    def status(self, person, channel="email"):
        domain = [("partner_id", "=", person.id), ("channel", "=", channel)]
        return self.env["crm.consent.state"].search(domain).status

    def test_confirmed_yes_does_not_cover_a_new_address(self):
        self.env.flush_all()
        self.confirmed(self.person, days_ago=9)
        self.person.email = "Petra@Example.com "
        self.assertTrue(self.may()[0], "the same address, written otherwise")
        self.person.email = "new@example.com"
        allowed, reason = self.may()
        self.assertFalse(allowed)
        self.assertIn("earlier address", reason)
        self.assertEqual(self.status(self.person), "pending")
        self.person.phone = "+32485112299"
        with freeze_time(fields.Datetime.now() + timedelta(minutes=1)):
            _event, path = self.ask()
            self.assertFalse(self.may()[0])
            self.Event._from_confirm_token(path.partition("/")[2])._confirm()
        self.assertTrue(self.may()[0])
        self.assertEqual(self.status(self.person), "granted")

    def test_new_address_changes_nothing_where_nothing_is_confirmed(self):
        self.offers.needs_double_opt_in = False
        self.env.flush_all()
        self.confirmed(self.person, days_ago=9)
        self.person.email = "new@example.com"
        self.assertTrue(self.may()[0])
        self.assertEqual(self.status(self.person), "granted")

    def test_confirmed_yes_does_not_cover_a_new_number(self):
        self.env.flush_all()
        for channel in ("phone", "sms", "letter"):
            self.confirmed(self.person, days_ago=9, channel=channel)
        self.person.phone = self.person.phone.replace("+32", "0032 ").replace("485", "485 / ")
        self.person.write({"email": "new@example.com", "country_id": self.env.ref("base.be").id})
        for channel in ("phone", "sms"):
            self.assertTrue(self.may(channel=channel)[0], "the same number, written otherwise")
            self.assertEqual(self.status(self.person, channel), "granted")
        self.person.phone = "+32485112299"
        for channel in ("phone", "sms"):
            allowed, reason = self.may(channel=channel)
            self.assertFalse(allowed)
            self.assertIn("earlier number", reason)
            self.assertEqual(self.status(self.person, channel), "pending")
        self.assertEqual(self.status(self.person, "letter"), "granted")
        with freeze_time(fields.Datetime.now() + timedelta(minutes=1)):
            self.confirmed(self.person, days_ago=0, channel="sms")
        self.assertTrue(self.may(channel="sms")[0])
        self.assertFalse(self.may(channel="phone")[0], "each channel was asked for")

    def test_first_number_is_no_new_one_and_the_next_after_none_is(self):
        self.env.flush_all()
        self.person.phone = False
        with freeze_time(fields.Datetime.now() + timedelta(minutes=1)):
            self.confirmed(self.person, days_ago=0, channel="sms")
        with freeze_time(fields.Datetime.now() + timedelta(minutes=2)):
            self.person.phone = "+32485112201"
            self.assertTrue(self.may(channel="sms")[0])
        with freeze_time(fields.Datetime.now() + timedelta(minutes=3)):
            self.person.phone = False
            self.person.phone = "+32485112202"
            self.assertFalse(self.may(channel="sms")[0])

    def test_merging_carries_no_yes_over_to_another_number(self):
        self.env.flush_all()
        other = self.make_person("Other", phone="+32485112277")
        same = self.make_person("Same", phone=self.person.phone)
        for survivor, expected in ((same, "granted"), (other, "pending")):
            with self.subTest(survivor.name), self.env.cr.savepoint() as savepoint:
                self.confirmed(self.person, days_ago=9, channel="sms")
                wizard = self.env["base.partner.merge.automatic.wizard"].create({})
                wizard._merge([self.person.id, survivor.id], survivor)
                self.env.invalidate_all()
                self.assertEqual(self.status(survivor, "sms"), expected)
                savepoint.rollback()
            self.env.invalidate_all()

    def test_merging_carries_no_yes_over_to_another_address(self):
        self.env.flush_all()
        other = self.make_person("Other")
        self.confirmed(self.person, days_ago=9)
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge([self.person.id, other.id], other)
        self.env.invalidate_all()
        self.assertFalse(self.may(other)[0])
        self.assertEqual(self.status(other), "pending")

    def test_two_companies_ask_and_each_needs_its_own_answer(self):
        first, _path = self.ask()
        branch = self.env["res.company"].create({"name": "Branch"})
        second = self.say("granted", company_id=branch.id)
        self.assertTrue(second._confirm())
        self.assertFalse(first._is_confirmed())
        self.assertFalse(self.may()[0])
        self.assertTrue(self.person.with_company(branch)._crm_may_contact("email", "offers")[0])

    def test_asked_again_in_the_second_of_a_no(self):
        with freeze_time("2026-06-01 12:00:00"):
            old = self.say("granted")
            self.say("withdrawn")
            new = self.say("granted")
        self.assertFalse(old._is_open())
        self.assertTrue(new._is_open())

    def test_forged_links(self):
        _event, path = self.ask()
        for forged in ("consent/xyz", path[:-4] + "AAAA", "consent/" + "A" * 80):
            self.assertIn("no longer valid", self.open(forged).text)
        self.assertFalse(self.may()[0])

    def test_written_proof_needs_no_confirmation(self):
        proof = self.env["ir.attachment"].create({"name": "form.pdf", "raw": b"signed"})
        self.assertEqual(self.say("granted", proof_ids=[Command.set(proof.ids)]).action, "granted")
        self.assertEqual(self.say("withdrawn").action, "withdrawn")

    def test_person_without_an_address_can_not_be_asked(self):
        with self.assertRaisesRegex(UserError, "no e-mail address"):
            self.say("granted", self.make_person("Mute", email=False))
