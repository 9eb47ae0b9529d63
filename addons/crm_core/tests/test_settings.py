from lxml import etree

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user, tagged
from odoo.tools import html2plaintext

from .common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestSettings(CrmCoreCommon):
    """Every threshold is on the settings page, explained and within bounds."""

    def own_fields(self):
        """Settings of a company that belong to customer relations."""
        return {
            name: field
            for name, field in self.company._fields.items()
            if name.startswith("crm_") and field.store and not field.readonly
        }

    def test_every_setting_is_on_the_page_with_help(self):
        view = self.env["res.config.settings"].get_view(
            self.env.ref("base.res_config_settings_view_form").id, "form"
        )
        (page,) = etree.fromstring(view["arch"]).xpath("//app[@name='crm_core']")
        shown = {node.get("name") for node in page.iter("field")}
        self.assertEqual(set(self.own_fields()) - shown, set(), "not on the page")
        for name, field in self.own_fields().items():
            self.assertTrue(field.help, f"{name} has no help")
        for setting in page.iter("setting"):
            self.assertTrue(setting.get("help"), setting.get("id"))
            if any(node.get("name") in self.own_fields() for node in setting.iter("field")):
                self.assertEqual(setting.get("company_dependent"), "1", setting.get("id"))

    def test_settings_are_those_of_the_current_company(self):
        second = self.env["res.company"].create({"name": "Second"})
        with Form(self.env["res.config.settings"].with_company(second)) as form:
            form.crm_action_user_cap = 40
        form.record.execute()
        self.assertEqual((second.crm_action_user_cap, self.company.crm_action_user_cap), (40, 15))

    def test_limits_of_proposals(self):
        for fname, bad, good in (
            ("crm_action_user_cap", (0, 201), (1, 200)),
            ("crm_action_customer_cap", (0, 21), (1, 20)),
        ):
            for value in bad:
                with self.assertRaises(ValidationError), self.env.cr.savepoint():
                    self.company[fname] = value
                self.company.invalidate_recordset()
            for value in good:
                self.company[fname] = value

    def test_scheduled_actions_are_ours_and_can_be_switched_off(self):
        action = self.env["res.config.settings"].create({}).action_crm_crons()
        crons = self.env["ir.cron"].with_context(**action["context"])
        ours = crons.search(action["domain"])
        self.assertIn(self.env.ref("crm_core.ir_cron_action_rule"), ours)
        self.assertIn(self.env.ref("crm_core.ir_cron_customer_dirty"), ours)
        self.assertNotIn(self.env.ref("base.autovacuum_job"), ours)
        self.env.ref("crm_core.ir_cron_action_rule").active = False
        self.assertIn(self.env.ref("crm_core.ir_cron_action_rule"), crons.search(action["domain"]))

    def own_crons(self):
        """What the addon installs, found without the code of the settings page."""
        known = self.env["ir.model.data"].search([("module", "=", "crm_core"), ("model", "=", "ir.cron")])
        return self.env["ir.cron"].browse(known.mapped("res_id"))

    def test_each_scheduled_action_has_a_switch_with_help(self):
        shown = self.env["res.config.settings"].create({}).crm_cron_ids
        self.assertFalse(self.own_crons() - shown)
        self.assertNotIn(self.env.ref("base.autovacuum_job"), shown)
        for cron in self.own_crons():
            self.assertGreater(len(html2plaintext(cron.help or "")), 40, cron.cron_name)

    def test_switches_of_the_page_turn_jobs_off_and_on(self):
        rules = self.env.ref("crm_core.ir_cron_action_rule")
        others = self.own_crons() - rules
        for is_on in (False, True):
            # What the page sends: all of them, and the one that was switched.
            links = [Command.link(cron.id) for cron in self.own_crons().with_context(active_test=False)]
            saved = self.env["res.config.settings"].web_save(
                {"crm_cron_ids": [*links, Command.update(rules.id, {"active": is_on})]}, {"crm_cron_ids": {}}
            )
            self.env["res.config.settings"].browse(saved[0]["id"]).execute()
            self.assertEqual(rules.active, is_on)
            self.assertEqual(others.mapped("active"), [True] * len(others))

    def test_saving_another_setting_leaves_the_switches(self):
        rules = self.env.ref("crm_core.ir_cron_action_rule")
        rules.active = False
        with Form(self.env["res.config.settings"]) as form:
            form.crm_action_user_cap = 12
        form.record.execute()
        self.assertFalse(rules.active)
        self.assertIn(rules, form.record.crm_cron_ids)

    def test_only_who_may_change_settings_has_switches(self):
        manager = new_test_user(self.env, "switch_manager", groups="crm_core.group_crm_core_manager")
        settings = self.env["res.config.settings"].with_user(manager)
        self.assertNotIn("crm_cron_ids", settings.fields_get())
        with self.assertRaises(AccessError):
            settings.create({})
        with self.assertRaises(AccessError):
            self.env.ref("crm_core.ir_cron_action_rule").with_user(manager).active = False
