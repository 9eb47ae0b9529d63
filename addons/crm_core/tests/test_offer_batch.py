from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import new_test_user, tagged

from odoo.addons.mail.tests.common import MailCase

from .common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestOfferBatch(CrmCoreCommon, MailCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesman = new_test_user(
            cls.env,
            "batch_salesman",
            groups="sales_team.group_sale_salesman_all_leads",
            email="sm@example.com",
        )
        cls.good = cls.make_customer("Good", email="good@example.com")
        cls.mute = cls.make_customer("Without mail")
        cls.bad = cls.make_customer("Bad", email="bad@example.com")
        cls.customers = cls.good | cls.mute | cls.bad
        for customer in cls.customers:
            customer._crm_record_consent("offers", "granted", "email")
            cls.order(customer, [(cls.paper, 3)], days_ago=10)
        cls.Dirty._fold()
        cls.batch = cls.env["crm.offer.batch"].with_user(cls.salesman)._create_for(cls.customers)

    def process(self):
        with patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *args, **kwargs: 60):
            self.env["crm.offer.batch"]._cron_process()
        self.batch.invalidate_recordset()

    def line(self, customer):
        return self.batch.line_ids.filtered(lambda line: line.partner_id == customer)

    def test_preview_shows_products_and_makes_nothing(self):
        self.batch.action_preview()
        self.assertIn("Paper A4", self.line(self.good).preview)
        self.assertFalse(self.batch.offer_ids)

    def test_contacts_of_one_customer_are_one_line(self):
        contact = self.env["res.partner"].create({"name": "Gina", "parent_id": self.good.id})
        batch = self.env["crm.offer.batch"]._create_for(contact | self.good)
        self.assertEqual(batch.line_ids.partner_id, self.good)
        with self.assertRaises(UserError):
            self.env["crm.offer.batch"]._create_for(self.env["res.partner"])

    def test_generating_makes_quotations_in_the_salesmans_name(self):
        self.batch.action_generate()
        self.process()
        self.assertEqual(self.batch.state, "done")
        self.assertEqual((self.batch.done_count, self.batch.progress), (3, 100.0))
        orders = self.batch.line_ids.sale_order_id
        self.assertEqual(orders.partner_id, self.customers)
        self.assertEqual(orders.user_id, self.salesman)
        self.process()
        self.assertEqual(len(self.batch.offer_ids), 3, "a second run makes nothing twice")

    def test_failing_customer_is_listed_and_stops_nobody(self):
        original = type(self.env["crm.offer"])._make_quotation

        message = "No price list for this customer"

        def fail_for_bad(offer):
            if offer.partner_id == self.bad:
                raise UserError(message)
            return original(offer)

        self.batch.action_generate()
        with patch.object(type(self.env["crm.offer"]), "_make_quotation", fail_for_bad):
            self.process()
        self.assertEqual(self.line(self.bad).state, "failed")
        self.assertEqual(self.line(self.bad).message, message)
        self.assertEqual(self.line(self.good).state, "quotation")
        self.assertEqual((self.batch.state, self.batch.failed_count), ("done", 1))
        self.assertFalse(self.env["crm.offer"].search([("partner_id", "=", self.bad.id)]))
        self.batch.action_retry()
        self.process()
        self.assertEqual(self.line(self.bad).state, "quotation")
        self.assertEqual(self.batch.state, "done")

    def test_unexpected_error_shows_its_kind_and_no_details(self):
        self.batch.action_generate()
        with (
            patch.object(
                type(self.env["crm.offer"]), "_make_quotation", side_effect=ZeroDivisionError("secret")
            ),
            self.assertLogs("odoo.addons.crm_core.models.crm_offer_batch", "WARNING"),
        ):
            self.process()
        self.assertEqual(set(self.batch.line_ids.mapped("state")), {"failed"})
        self.assertEqual(self.line(self.good).message, "Unexpected error: ZeroDivisionError")

    def test_sending_all_uses_the_quotations_mail_and_lists_who_has_no_address(self):
        self.batch.action_generate()
        self.process()
        with self.mock_mail_gateway():
            self.batch.action_send()
            self.process()
        self.assertTrue(self.line(self.good).is_sent)
        self.assertEqual(self.line(self.good).sale_order_id.state, "sent")
        self.assertFalse(self.line(self.mute).is_sent)
        self.assertEqual(self.line(self.mute).message, "No e-mail address")
        self.assertEqual(self.line(self.mute).state, "quotation")
        message = self.line(self.good).sale_order_id.message_ids.filtered("partner_ids")
        self.assertEqual(message.partner_ids, self.good)

    def test_without_consent_nothing_is_sent_and_the_reason_is_said(self):
        self.bad._crm_record_consent("offers", "withdrawn")
        self.batch.action_generate()
        self.process()
        self.assertIn("Withdrew consent for offers by e-mail", self.line(self.bad).message)
        with self.mock_mail_gateway():
            notification = self.batch.action_send()
            self.process()
        self.assertIn("2 may not be sent", notification["params"]["message"])
        self.assertTrue(self.line(self.good).is_sent)
        self.assertFalse(self.line(self.bad).is_sent)
        self.assertEqual(self.line(self.bad).sale_order_id.state, "draft")

    def test_no_between_selection_and_sending(self):
        self.batch.action_generate()
        self.process()
        with self.mock_mail_gateway():
            self.batch.action_send()
            self.assertTrue(self.line(self.good).is_sending)
            self.good._crm_record_consent("offers", "objected", "email")
            self.process()
        self.assertFalse(self.line(self.good).is_sent)
        self.assertIn("Objected to offers by e-mail", self.line(self.good).message)
        self.assertNotIn("good@example.com", str([mail["email_to"] for mail in self._mails]))

    def test_quotations_are_sent_at_once_even_where_the_erp_defers_mails(self):
        self.env["ir.config_parameter"].sudo().set_param("sale.async_emails", "True")
        self.batch.action_generate()
        self.process()
        with self.mock_mail_gateway():
            self.batch.action_send()
            self.process()
        self.assertTrue(self.line(self.good).is_sent)
        self.assertFalse(self.line(self.good).sale_order_id.pending_email_template_id)

    def test_sending_one_by_one(self):
        self.batch.action_generate()
        self.process()
        with self.mock_mail_gateway():
            self.line(self.good).with_user(self.salesman).action_send()
        self.assertTrue(self.line(self.good).is_sent)
        self.assertFalse(self.line(self.bad).is_sent)
        with self.assertRaises(UserError):
            self.line(self.good).action_send()

    def test_stopped_batch_goes_no_further(self):
        self.batch.action_generate()
        self.batch.action_cancel()
        self.process()
        self.assertEqual(set(self.batch.line_ids.mapped("state")), {"waiting"})
        with self.assertRaises(UserError):
            self.batch.action_generate()

    def test_customer_of_another_team_fails_by_access(self):
        stranger = new_test_user(self.env, "batch_stranger", groups="sales_team.group_sale_salesman")
        self.customers.user_id = self.salesman
        batch = self.env["crm.offer.batch"].with_user(stranger)._create_for(self.good)
        batch.action_generate()
        self.process()
        line = batch.sudo().line_ids
        self.assertEqual(line.state, "failed")
        self.assertIn("looked after by another team", line.message)

    def test_customer_with_nothing_to_offer_is_said(self):
        self.paper.sale_ok = False
        self.company.write({"crm_weight_popular": 0})
        self.batch.action_generate()
        self.process()
        self.assertEqual(set(self.batch.line_ids.mapped("state")), {"empty"})
