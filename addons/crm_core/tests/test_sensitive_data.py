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

from .common import CrmCoreCommon

KEYS = "CRM_SENSITIVE_KEYS"
SECRET = "1980-05-12"


@tagged("post_install", "-at_install")
class TestSensitiveData(CrmCoreCommon, HttpCase):
    """The value comes out by one door, and whoever goes through it is written down."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = Fernet.generate_key().decode()
        cls.startClassPatcher(patch.dict(os.environ, {KEYS: cls.key}))
        new = new_test_user
        cls.reader = new(cls.env, "sensitive_reader", groups="crm_core.group_crm_core_sensitive")
        cls.seller = new(cls.env, "sensitive_seller", groups="crm_core.group_crm_core_all")
        cls.manager = new(cls.env, "sensitive_manager", groups="crm_core.group_crm_core_manager")
        cls.customer.user_id = False
        cls.birth = cls.env.ref("crm_core.sensitive_kind_birth")
        cls.Data = cls.env["crm.sensitive.data"]
        cls.entry = cls.make_entry()

    @classmethod
    def make_entry(cls, value=SECRET, **values):
        return cls.Data.with_user(cls.reader).create(
            {
                "partner_id": cls.contact.id,
                "kind_id": cls.birth.id,
                "purpose": "Age check",
                "new_value": value,
                **values,
            }
        )

    def log(self):
        self.env.flush_all()
        return self.env["crm.sensitive.access"].search([("entry_number", "=", self.entry.id)])

    # The door ---------------------------------------------------------

    def test_reader_sees_the_value_and_is_written_down(self):
        self.assertEqual(self.entry.crm_reveal("Order S00042"), SECRET)
        last = self.log()[0]
        self.assertEqual(
            (last.action, last.user_id, last.reason, last.partner_id),
            ("revealed", self.reader, "Order S00042", self.contact),
        )
        action = self.entry.action_reveal()
        wizard = self.env[action["res_model"]].with_user(self.reader).with_context(**action["context"])
        with Form(wizard) as form:
            form.reason = "Order S00043"
        self.assertEqual(form.record.action_show()["params"]["message"], SECRET)
        self.assertEqual(self.log()[0].reason, "Order S00043")

    def test_without_a_reason_or_a_role_it_stays_shut(self):
        with self.assertRaises(UserError):
            self.entry.crm_reveal("  ")
        for user in (self.seller, self.manager):
            with self.subTest(user.login), self.assertRaises(AccessError):
                self.entry.with_user(user).crm_reveal("Curious")
        stranger = new_test_user(self.env, "sensitive_other", groups="crm_core.group_crm_core_sensitive")
        self.customer.user_id = self.reader
        with self.assertRaises(AccessError):
            self.entry.with_user(stranger).crm_reveal("Another team's customer")
        self.assertNotIn("revealed", self.log().mapped("action"))

    def test_another_company_and_outsiders_see_no_entry(self):
        branch = self.env["res.company"].create({"name": "Branch"})
        outsider = new_test_user(
            self.env,
            "sensitive_branch",
            groups="crm_core.group_crm_core_sensitive,crm_core.group_crm_core_manager",
            company_id=branch.id,
            company_ids=[Command.set(branch.ids)],
        )
        self.assertFalse(self.Data.with_user(outsider).search([("id", "=", self.entry.id)]))
        log = self.env["crm.sensitive.access"].with_user(outsider)
        self.assertFalse(log.search([("entry_number", "=", self.entry.id)]))
        for group in ("base.group_user", "base.group_portal"):
            user = new_test_user(self.env, f"sensitive {group}", groups=group)
            for model in ("crm.sensitive.data", "crm.sensitive.access", "crm.sensitive.kind"):
                self.assertFalse(self.env[model].with_user(user).has_access("read"), model)

    # Every other way --------------------------------------------------

    def assert_nowhere(self, text):
        self.assertNotIn(SECRET, str(text))

    def test_reading_exporting_and_copying_give_nothing(self):
        self.env.invalidate_all()
        self.assert_nowhere(self.entry.read())
        self.assert_nowhere(self.entry.sudo().read())
        self.assert_nowhere(self.entry.sudo().export_data(list(self.Data.fields_get()))["datas"])
        self.assert_nowhere(self.entry.web_read({name: {} for name in self.Data.fields_get()}))
        self.assert_nowhere(self.entry.copy_data())
        self.assert_nowhere(self.entry.display_name)

    def test_searching_and_grouping_find_no_value(self):
        for field in ("new_value", "sealed_value"):
            with self.assertRaises(ValueError), mute_logger("odoo.domains"):
                self.Data.search([(field, "=", SECRET)])
            with self.assertRaises(ValueError):
                self.Data._read_group([], [field], ["__count"])
        self.assertFalse(self.Data.name_search(SECRET))

    def test_templates_show_nothing(self):
        """Not even when a reader sends a mail whose template asks for the value."""
        body = "{{ object.sudo().crm_reveal('mail') }}"
        Mixin = self.env["mail.render.mixin"].with_user(self.env.ref("base.user_admin"))
        with self.assertRaises(Exception) as inline:
            Mixin._render_template(body, "crm.sensitive.data", self.entry.ids)
        self.assert_nowhere(inline.exception)
        view = self.env["ir.ui.view"].create(
            {
                "type": "qweb",
                "key": "crm_core.test_reveal",
                "arch": "<p><t t-out=\"entry.crm_reveal('report')\" /></p>",
            }
        )
        with self.assertRaises(Exception) as qweb:
            self.env["ir.qweb"]._render(view.id, {"entry": self.entry})
        self.assertIn("not for templates", str(qweb.exception))
        self.assertNotIn("revealed", self.log().mapped("action"))

    def test_nothing_in_tracking_messages_or_the_database_in_the_clear(self):
        self.entry.new_value = "1980-05-13"
        self.env.flush_all()
        self.assertNotIn("mail.thread", self.Data._inherit if isinstance(self.Data._inherit, list) else [])
        self.assertFalse(hasattr(self.Data, "message_post"))
        for table, column in (
            ("crm_sensitive_data", "crm_sensitive_data::text"),
            ("crm_sensitive_access", "crm_sensitive_access::text"),
            ("mail_tracking_value", "mail_tracking_value::text"),
        ):
            self.env.cr.execute(
                f"SELECT count(*) FROM {table} WHERE {column} ~ '1980-05-1'"  # noqa: S608 - names of this test
            )
            self.assertEqual(self.env.cr.fetchone(), (0,), table)
        self.assertEqual(self.entry.crm_reveal("Check"), "1980-05-13")

    def test_api_of_others(self):
        tomorrow = fields.Datetime.now() + timedelta(days=1)
        self.env.flush_all()

        def call(user, method, **body):
            keys = self.env["res.users.apikeys"].with_user(user).sudo()
            return self.url_open(
                f"/json/2/crm.sensitive.data/{method}",
                headers={"Authorization": f"bearer {keys._generate('rpc', 'test', tomorrow)}"},
                json=body,
                method="POST",
            )

        for method, body in (
            ("read", {"ids": self.entry.ids}),
            ("search_read", {"domain": []}),
            ("export_data", {"ids": self.entry.ids, "fields_to_export": ["new_value"]}),
            ("crm_reveal", {"ids": self.entry.ids, "reason": "API"}),
        ):
            answer = call(self.seller, method, **body)
            self.assertIn(answer.status_code, (403, 422), method)
            self.assert_nowhere(answer.text)
        self.assert_nowhere(call(self.reader, "read", ids=self.entry.ids).text)
        self.assertEqual(call(self.reader, "_open", ids=self.entry.ids).status_code, 403)
        answer = call(self.reader, "crm_reveal", ids=self.entry.ids, reason="API")
        self.assertEqual(answer.json(), SECRET)
        self.assertEqual(self.log()[0].user_id, self.reader)

    # Keys -------------------------------------------------------------

    def test_clear_words_without_a_key_or_with_a_wrong_one(self):
        other = Fernet.generate_key().decode()
        for keys, words in (("", "no key"), ("abc", "44 characters"), (other, "None of the server's keys")):
            with patch.dict(os.environ, {KEYS: keys}), self.assertRaisesRegex(UserError, words):
                self.entry.crm_reveal("Test")
        with patch.dict(os.environ, {KEYS: ""}), self.assertRaises(UserError):
            self.make_entry()

    def test_key_from_the_configuration_file(self):
        path = self.env["ir.attachment"]._filestore() + ".conf"
        with open(path, "w", encoding="utf-8") as file:
            file.write(f"[options]\n[crm_core]\nsensitive_keys = {self.key}\n")
        self.addCleanup(os.unlink, path)
        module = "odoo.addons.crm_core.models.crm_sensitive_data.config"
        with patch.dict(os.environ, {KEYS: ""}), patch(module, {"config": path}):
            self.assertEqual(self.entry.crm_reveal("Test"), SECRET)

    def test_keys_are_changed_without_losing_a_value(self):
        second = self.make_entry("1990-01-01")
        new = Fernet.generate_key().decode()
        with patch.dict(os.environ, {KEYS: f"{new},{self.key}"}):
            with self.assertRaises(AccessError):
                self.Data.with_user(self.manager).action_renew_seals()
            keys = self.env["crm.sensitive.keys"].create({})
            self.assertGreaterEqual(keys.old_count, 2)
            self.assertEqual(keys.action_renew()["params"]["type"], "success")
            keys.invalidate_recordset()
            self.assertEqual((keys.old_count, keys.problem), (0, False))
            self.assertEqual(self.Data._renew_seals(), 0, "nothing left to do")
        with patch.dict(os.environ, {KEYS: Fernet.generate_key().decode()}):
            notification = self.Data.action_renew_seals()["params"]
        self.assertEqual(notification["type"], "warning")
        self.assertIn("does not know", notification["message"])
        with patch.dict(os.environ, {KEYS: new}):
            self.assertEqual(self.entry.crm_reveal("Test"), SECRET)
            self.assertEqual(second.crm_reveal("Test"), "1990-01-01")

    def test_sealed_value_opens_nowhere_else(self):
        second = self.make_entry("1990-01-01")
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE crm_sensitive_data SET sealed_value = (SELECT sealed_value FROM crm_sensitive_data"
            " WHERE id = %s) WHERE id = %s",
            [self.entry.id, second.id],
        )
        with self.assertRaises(UserError):
            second.crm_reveal("Test")

    # Rules ------------------------------------------------------------

    def test_values_fit_their_kind(self):
        with self.assertRaises(UserError) as refused:
            self.make_entry("last spring")
        self.assertNotIn("last spring", str(refused.exception), "errors are logged")
        income = self.env.ref("crm_core.sensitive_kind_income")
        self.assertEqual(self.make_entry("52000", kind_id=income.id).crm_reveal("Loan"), "52000.0")

    def test_log_is_never_changed(self):
        log = self.log()
        with self.assertRaises(UserError):
            log.sudo().write({"reason": "Nothing"})
        with self.assertRaises(UserError):
            log.sudo().unlink()
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(psycopg2.errors.RaiseException),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute("DELETE FROM crm_sensitive_access")
        self.assertTrue(log.with_user(self.manager).has_access("read"))
        self.assertFalse(log.with_user(self.reader).has_access("read"))

    def test_entries_go_when_their_time_is_over(self):
        kept = self.make_entry()
        self.assertEqual(kept.retain_until, self.birth._get_last_day())
        self.entry.retain_until = fields.Date.today() - timedelta(days=1)
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *args, **kwargs: 60):
            self.Data._cron_retention()
        self.assertFalse(self.entry.exists())
        self.assertTrue(kept.exists())
        self.assertEqual(self.log()[0].action, "deleted")

    def test_merging_moves_entries_and_log(self):
        twin = self.env["res.partner"].create({"name": "Anna K.", "parent_id": self.customer.id})
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge([twin.id, self.contact.id], twin)
        self.env.invalidate_all()
        self.assertEqual(self.entry.partner_id, twin)
        self.assertEqual(self.entry.crm_reveal("Test"), SECRET)
        self.assertEqual(json.dumps(self.log().partner_id.ids), json.dumps(twin.ids))
