import json
import os
from datetime import timedelta
from unittest.mock import patch

import psycopg2
from cryptography.fernet import Fernet

from odoo import Command, fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, HttpCase, new_test_user, tagged
from odoo.tools import mute_logger

from .test_consent_event import ConsentCommon

NAME, MAIL = "Zyxwanna Quibbleby", "zyxwanna.quibbleby@example.com"


@tagged("post_install", "-at_install")
class TestPrivacy(ConsentCommon, HttpCase):
    """A person asks: what do you hold, correct it, use it no more, forget me."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.startClassPatcher(patch.dict(os.environ, {"CRM_SENSITIVE_KEYS": Fernet.generate_key().decode()}))
        cls.officer = new_test_user(
            cls.env,
            "privacy_officer",
            groups="crm_core.group_crm_core_manager",
            password="privacy_officer",
        )
        cls.person = cls.env["res.partner"].create(
            {
                "name": NAME,
                "email": MAIL,
                "phone": "+32 485 99 88 77",
                "street": "Quibbleby Lane 7",
                "city": "Brussels",
                "comment": "Plays the Quibbleby organ",
                "category_id": [Command.create({"name": "Organist"})],
            }
        )
        cls.paid = cls.order(cls.person, [(cls.training, 1)], days_ago=9)
        cls.bill_of_person = cls.invoice(cls.paid)
        cls.lead = cls.env["crm.lead"].create(
            {"name": f"Organ of {NAME}", "partner_id": cls.person.id, "description": "Quibbleby"}
        )
        cls.lead.message_post(body=f"Called {NAME}")
        cls.env["crm.contact.log"].create(
            {"partner_id": cls.person.id, "subject": f"About {NAME}", "note": "Quibbleby was kind"}
        )
        cls.env["calendar.event"].with_context(dont_notify=True).create(
            {
                "name": "Meeting",
                "start": "2026-01-01 10:00",
                "stop": "2026-01-01 11:00",
                "partner_ids": [Command.link(cls.person.id)],
            }
        )
        cls.env["crm.contact.preference"].create({"partner_id": cls.person.id, "first_channel": "phone"})
        cls.env["crm.sensitive.data"].create(
            {
                "partner_id": cls.person.id,
                "kind_id": cls.env.ref("crm_core.sensitive_kind_birth").id,
                "purpose": "Age check",
                "new_value": "1970-03-04",
            }
        )
        cls.person.message_post(body=f"Letter of {NAME}", message_type="comment")
        cls.person._crm_record_consent("offers", "granted", "email")

    def wizard(self, user=None):
        Wizard = self.env["crm.privacy.wizard"].with_user(user or self.officer)
        return Wizard.create({"partner_id": self.person.id, "reference": "R-17"})

    # What is held -----------------------------------------------------

    def test_wizard_shows_what_is_held(self):
        Wizard = self.env["crm.privacy.wizard"].with_user(self.officer)
        form = Form(Wizard.with_context(default_partner_id=self.person.id))
        self.assertGreater(len(form.line_ids), 5, "before anything is saved")
        counts = {line.model: line.count for line in self.wizard().line_ids}
        expected = {
            "sale.order": 1,
            "account.move": 1,
            "crm.lead": 1,
            "crm.contact.log": 1,
            "crm.contact.preference": 1,
            "crm.sensitive.data": 1,
            "crm.consent.event": 1,
        }
        self.assertEqual({model: counts.get(model) for model in expected}, expected)
        self.assertGreater(counts["mail.message"], 0)

    def test_file_for_machines_holds_it_and_the_download_is_logged(self):
        self.env.flush_all()
        self.authenticate("privacy_officer", "privacy_officer")
        answer = self.url_open(f"/crm/privacy/{self.person.id}/data.json?reference=R-17")
        self.assertEqual(answer.status_code, 200)
        self.assertIn("attachment", answer.headers["Content-Disposition"])
        held = json.loads(answer.text)
        self.assertEqual((held["person"]["name"], held["person"]["email"]), (NAME, MAIL))
        sections = {section["model"]: section for section in held["sections"]}
        self.assertEqual(sections["sale.order"]["records"][0]["name"], self.paid.name)
        self.assertEqual(sections["crm.consent.event"]["records"][0]["action"], "granted")
        self.assertNotIn("token", " ".join(key for s in held["sections"] for r in s["records"] for key in r))
        self.assertEqual([entry["value"] for entry in held["sensitive"]], [None], "the officer is no reader")
        log = self.env["crm.privacy.log"].search([("partner_id", "=", self.person.id)])
        self.assertEqual((log.action, log.reference, log.user_id), ("gathered", "R-17", self.officer))
        self.assertNotIn("Quibbleby", log.details)

    def test_reader_hands_over_sensitive_values_and_that_is_logged(self):
        self.officer.group_ids += self.env.ref("crm_core.group_crm_core_sensitive")
        held = self.person.with_user(self.officer)._crm_gather()
        self.assertEqual(held["sensitive"][0]["value"], "1970-03-04")
        access = self.env["crm.sensitive.access"].search([("partner_id", "=", self.person.id)], limit=1)
        self.assertEqual((access.action, access.user_id), ("handed_over", self.officer))

    def test_person_of_the_same_name_is_left_out(self):
        twin = self.env["res.partner"].create({"name": NAME, "email": "other@example.com"})
        self.order(twin, [(self.paper, 1)])
        held = self.person.with_user(self.officer)._crm_gather()
        self.assertNotIn("other@example.com", json.dumps(held, default=str))
        sections = {section["model"]: section["count"] for section in held["sections"]}
        self.assertEqual(sections["sale.order"], 1)

    def test_report_for_the_person(self):
        Report = self.env["ir.actions.report"].with_user(self.officer)
        html = Report._render_qweb_html("crm_core.report_privacy", self.person.ids)[0].decode()
        self.assertIn(MAIL, html)
        self.assertIn("What we hold about you", html)
        self.assertEqual(self.wizard().action_report()["report_name"], "crm_core.report_privacy")

    def test_others_get_nothing(self):
        seller = new_test_user(
            self.env,
            "privacy_seller",
            groups="crm_core.group_crm_core_all",
            password="privacy_seller",
        )
        for action in (
            lambda: self.wizard(seller),
            lambda: self.person.with_user(seller)._crm_gather(),
            lambda: self.person.with_user(seller)._crm_anonymize(),
            lambda: self.person.with_user(seller)._crm_set_restricted(True),
            lambda: (
                self.env["ir.actions.report"]
                .with_user(seller)
                ._render_qweb_html("crm_core.report_privacy", self.person.ids)
            ),
        ):
            with self.assertRaises(AccessError):
                action()
        self.env.flush_all()
        self.authenticate("privacy_seller", "privacy_seller")
        with mute_logger("odoo.http"):
            answer = self.url_open(f"/crm/privacy/{self.person.id}/data.json")
        self.assertEqual(answer.status_code, 403)
        self.assertNotIn(MAIL, answer.text)
        for user in (seller, new_test_user(self.env, "privacy_portal", groups="base.group_portal")):
            for model in ("crm.privacy.log", "crm.privacy.wizard", "crm.privacy.wizard.line"):
                self.assertFalse(self.env[model].with_user(user).has_access("read"), model)

    # Restrict ---------------------------------------------------------

    def test_restricted_means_no_contact_and_no_profile(self):
        self.order(self.person, [(self.paper, 2)], days_ago=30)
        self.assertTrue(self.may()[0])
        self.assertTrue(self.person.crm_suggest_offer(3))
        wizard = self.wizard()
        wizard.action_restrict()
        self.assertFalse(self.may()[0])
        self.assertFalse(self.may(purpose="service")[0])
        self.assertEqual(self.person.crm_suggest_offer(3), [])
        wizard.action_lift()
        self.assertTrue(self.may()[0])
        self.assertEqual([log.action for log in wizard.log_ids.sorted("id")], ["restricted", "lifted"])

    def test_no_to_profiles_stops_suggestions_alone(self):
        self.order(self.person, [(self.paper, 2)], days_ago=30)
        self.say("objected", purpose="profiling", channel=None)
        self.assertEqual(self.person.crm_suggest_offer(3), [])
        self.assertTrue(self.may()[0])
        self.say("granted", purpose="profiling", channel=None)
        self.assertTrue(self.person.crm_suggest_offer(3))
        purpose = self.env.ref("crm_core.consent_purpose_profiling")
        purpose.legal_basis = "consent"
        self.assertEqual((self.person | self.contact)._crm_may_profile(), self.person)

    def test_correcting_opens_the_contact_and_is_logged(self):
        self.assertEqual(self.wizard().action_correct()["res_id"], self.person.id)
        self.assertEqual(self.env["crm.privacy.log"].search([], limit=1).action, "corrected")
        look_up = self.wizard().action_look_up()
        with Form(self.env[look_up["res_model"]].with_context(**look_up["context"])) as form:
            self.assertEqual(form.email, MAIL)

    # Forget -----------------------------------------------------------

    @tagged("post_install", "-at_install", "thorough")
    def test_nothing_names_the_person_any_more(self):
        self.pay(self.bill_of_person)
        self.person.name = f"{NAME} II"  # tracked in the chatter or not: the old name has to go, too
        self.person.message_post(body="Quibbleby", attachments=[("Quibbleby.txt", b"passport")])
        self.assertGreater(len(self.places("Quibbleby")), 8)
        wizard = self.wizard()
        wizard.action_anonymize()
        left = self.places("Quibbleby")
        # The invoice and its entries say whom they were made out to; that is what the law wants kept.
        allowed = {
            "account_move.invoice_partner_display_name",
            "account_move_line.name",
            "account_payment.memo",
            "ir_attachment.index_content",
        }
        self.assertFalse(left - allowed)
        self.assertFalse(self.places("485998877") | self.places("485 99 88 77"))

        self.assertEqual(self.person.name, f"Anonymized {self.person.id}")
        self.assertFalse(self.person.active)
        self.assertEqual(self.paid.partner_id, self.person)
        self.assertEqual((self.bill_of_person.state, self.bill_of_person.amount_total), ("posted", 100.0))
        recipient = self.env["ir.attachment"].search(
            [("res_model", "=", "account.move"), ("res_id", "=", self.bill_of_person.id)]
        )
        # The text as indexed: the file itself may be collected as long as nothing is committed.
        kept = recipient.filtered(lambda attachment: "Recipient" in attachment.name)
        self.assertIn("Quibbleby Lane 7", kept.index_content)
        self.assertEqual(len(self.person.crm_consent_event_ids), 1, "the proof stays, without text")
        self.assertFalse(self.may(purpose="service")[0])
        log = self.env["crm.privacy.log"].search([("partner_id", "=", self.person.id)], limit=1)
        self.assertEqual((log.action, log.reference), ("anonymized", "R-17"))
        erp_log = self.env["privacy.log"].search([], limit=1, order="id desc")
        self.assertEqual(erp_log.user_id, self.officer)

    def test_facts_of_the_customer_stay(self):
        self.pay(self.bill_of_person)
        before = self.stat(self.person).ordered_total
        self.person.with_user(self.officer)._crm_anonymize()
        self.assertEqual(self.stat(self.person).ordered_total, before)

    def test_portal_account_is_closed(self):
        self.pay(self.bill_of_person)
        portal = new_test_user(self.env, MAIL, groups="base.group_portal", partner_id=self.person.id)
        self.person.with_user(self.officer)._crm_anonymize()
        self.assertFalse(portal.active)
        self.assertNotIn("@", portal.login)

    def test_what_must_not_be_anonymized(self):
        with self.assertRaisesRegex(UserError, "not paid"):
            self.person.with_user(self.officer)._crm_anonymize()
        with self.assertRaisesRegex(UserError, "employee"):
            self.officer.partner_id.with_user(self.officer)._crm_anonymize()
        with self.assertRaisesRegex(UserError, "your companies"):
            self.company.partner_id.with_user(self.officer)._crm_anonymize()
        self.assertEqual(self.person.name, NAME)

    # Log and retention ------------------------------------------------

    def test_log_is_never_changed(self):
        self.wizard().action_restrict()
        log = self.env["crm.privacy.log"].search([("partner_id", "=", self.person.id)])
        for change in (lambda: log.write({"reference": "X"}), log.unlink):
            with self.assertRaises(UserError):
                change()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.RaiseException),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute("DELETE FROM crm_privacy_log")
        with self.assertRaises(UserError):
            self.person.unlink()

    def test_contacts_go_when_their_time_is_over(self):
        Log = self.env["crm.contact.log"]
        now = fields.Datetime.now()
        old, young = Log.create(
            [
                {"partner_id": self.person.id, "date": now - timedelta(days=days), "subject": str(days)}
                for days in (400, 200)
            ]
        )
        self.env.flush_all()
        Interaction = self.env["crm.interaction"]
        rows = [("res_model", "=", "crm.contact.log"), ("res_id", "in", (old | young).ids)]
        self.env.cr.precommit.run()
        self.assertEqual(Interaction.search_count(rows), 2)
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *args, **kwargs: 60):
            Interaction._cron_retention()
            self.assertTrue(old.exists(), "kept, as nothing else is set")
            self.company.crm_contact_months = 12
            Interaction._cron_retention()
        self.assertEqual((old | young).exists(), young)
        self.assertEqual(Interaction.search(rows).res_id, young.id)
