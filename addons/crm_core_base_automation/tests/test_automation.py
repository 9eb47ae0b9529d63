import json
from unittest.mock import patch

import requests

from odoo import Command
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.crm_core.tests.common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestAutomation(CrmCoreCommon):
    """Other software hears of contacts and proposals by webhooks of the ERP's automation rules."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.action.rule"].search([]).active = False
        cls.env.cr.flush()

    def automate(self, model, state="webhook", **values):
        model_id = self.env["ir.model"]._get_id(model)
        names = values.pop("field_names", ())
        told = self.env["ir.model.fields"].search([("model", "=", model), ("name", "in", names)])
        action = {
            "name": "Tell",
            "model_id": model_id,
            "state": state,
            "usage": "base_automation",
            "code": values.pop("code", False),
            **(
                {"webhook_url": "http://127.0.0.1/hook", "webhook_field_ids": [Command.set(told.ids)]}
                if state == "webhook"
                else {}
            ),
        }
        return self.env["base.automation"].create(
            {
                "name": "Tell",
                "model_id": model_id,
                "trigger": "on_create",
                "action_server_ids": [Command.create(action)],
                **values,
            }
        )

    def commit(self):
        """What a commit runs.

        :return: what was posted to the webhook
        """
        with patch.object(requests, "post") as post:
            self.env.cr.flush()
            self.env.cr.postcommit.run()
        return [json.loads(call.kwargs["data"]) for call in post.call_args_list]

    def log(self, **values):
        return self.env["crm.contact.log"].create(
            {"partner_id": self.contact.id, "channel": "phone", "subject": "Asked for toner", **values}
        )

    def test_new_contact_is_posted_once_when_it_is_committed(self):
        self.automate("crm.interaction", field_names=["kind", "channel", "subject", "commercial_partner_id"])
        log = self.log()
        (told,) = self.commit()
        self.assertEqual(told["_model"], "crm.interaction")
        self.assertEqual((told["channel"], told["subject"]), ("phone", "Asked for toner"))
        self.assertEqual(told["commercial_partner_id"], self.customer.id)
        log.subject = "Asked for paper"
        self.assertEqual(self.commit(), [], "it is the same contact")
        row = self.env["crm.interaction"].search([("res_model", "=", log._name), ("res_id", "=", log.id)])
        self.assertEqual(row.subject, "Asked for paper")

    def test_contact_read_before_the_commit_is_posted_too(self):
        self.automate("crm.interaction")
        self.log()
        self.assertTrue(self.customer.crm_timeline()["rows"])
        self.assertEqual(len(self.commit()), 1)

    def test_contact_that_went_before_the_commit_is_not(self):
        self.automate("crm.interaction")
        log = self.log()
        self.customer.crm_timeline()
        log.unlink()
        self.assertEqual(self.commit(), [])

    def test_condition_of_the_rule(self):
        self.automate("crm.interaction", filter_domain="[('channel', '=', 'email')]")
        self.log()
        self.assertEqual(self.commit(), [])
        self.log(channel="email")
        self.assertEqual(len(self.commit()), 1)

    def test_salesperson_needs_no_right_to_the_rule(self):
        seller = new_test_user(self.env, "hook_seller", groups="sales_team.group_sale_salesman_all_leads")
        self.automate("crm.interaction", field_names=["subject"])
        self.env["crm.contact.log"].with_user(seller).create(
            {"partner_id": self.contact.id, "channel": "phone", "subject": "By the seller"}
        )
        self.assertEqual([told["subject"] for told in self.commit()], ["By the seller"])

    def test_history_is_not_posted(self):
        log = self.log()
        self.commit()
        self.env["crm.interaction"].search([]).unlink()
        self.automate("crm.interaction")
        fill = self.env["crm.interaction.fill"]
        fill._fill_again(log._name)
        fill = fill.search([("model_id.model", "=", log._name)])
        while not fill.is_done:
            fill._do_batch()
        self.assertEqual(self.env["crm.interaction"].search_count([("res_model", "=", log._name)]), 1)
        self.assertEqual(self.commit(), [])

    def test_rule_that_makes_contacts_goes_in_no_circle(self):
        code = (
            "env['crm.contact.log'].create({'partner_id': record.partner_id.id, 'channel': 'phone',"
            " 'subject': 'Call back'})"
        )
        self.automate("crm.interaction", state="code", code=code)
        self.log()
        self.commit()
        subjects = [row["subject"] for row in self.customer.crm_timeline()["rows"]]
        self.assertEqual(sorted(subjects), ["Asked for toner", "Call back"])
        self.assertEqual(self.commit(), [])

    def test_rule_that_fails_stops_nothing(self):
        self.automate("crm.interaction", state="code", code="raise UserError('no')")
        self.automate("crm.interaction")
        self.log()
        with mute_logger("odoo.addons.crm_core_base_automation.models.crm_interaction"):
            self.assertEqual(len(self.commit()), 1)
        self.assertEqual(len(self.customer.crm_timeline()["rows"]), 1)

    def test_proposals_and_their_answers(self):
        state = self.env["ir.model.fields"]._get("crm.next.action", "state")
        names = ["state", "reason", "partner_id"]
        self.automate("crm.next.action", field_names=names)
        self.automate(
            "crm.next.action",
            field_names=names,
            trigger="on_create_or_write",
            trigger_field_ids=[Command.set(state.ids)],
            filter_domain="[('state', '=', 'rejected')]",
        )
        rule = self.env["crm.action.rule"].create(
            {"name": "Call", "domain": repr([("id", "=", self.customer.id)]), "reason": "Silent for long"}
        )
        rule._run()
        (told,) = self.commit()
        self.assertEqual((told["state"], told["reason"]), ("proposed", "Silent for long"))
        rule.next_action_ids.action_reject("not_now")
        (told,) = self.commit()
        self.assertEqual((told["state"], told["partner_id"]), ("rejected", self.customer.id))

    def test_acts_in_the_portal(self):
        self.automate("crm.portal.act", field_names=["act"])
        self.env["crm.portal.act"]._record(self.contact, "wishes")
        self.assertEqual([told["act"] for told in self.commit()], ["wishes"])
