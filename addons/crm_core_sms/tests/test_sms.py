from odoo.tests import new_test_user, tagged

from odoo.addons.crm_core.tests.common import CrmCoreCommon
from odoo.addons.crm_core_sms import SOURCE, post_init_hook, uninstall_hook


@tagged("post_install", "-at_install")
class TestSms(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.contact.phone = "+1 650 555 0111"

    def text(self, record=None, partner=None):
        """A text message that waits to be sent."""
        return (record or self.contact)._message_sms(
            body="Your secret order is ready", partner_ids=(partner or self.contact).ids
        )

    def rows(self, user=None):
        customer = self.customer.with_user(user) if user else self.customer
        return customer.crm_timeline(kinds=["sms"])["rows"]

    def state(self, message, status):
        self.env["mail.notification"].search([("mail_message_id", "=", message.id)]).write(
            {"notification_status": status}
        )

    def test_message_on_its_way_is_one_row_without_text(self):
        message = self.text()
        self.assertFalse(self.rows())
        for status in ("process", "pending", "sent"):
            self.state(message, status)
            (row,) = self.rows()
            self.assertEqual(
                (row["res_id"], row["channel"], row["direction"]), (message.id, "message", "out")
            )
            self.assertNotIn("secret", str(row))

    def test_message_that_failed_has_none(self):
        message = self.text()
        self.state(message, "pending")
        self.assertTrue(self.rows())
        self.state(message, "exception")
        self.assertFalse(self.rows())

    def test_mails_stay_as_they_were(self):
        self.contact.message_post(
            body="Hello", subject="Hello", message_type="comment", partner_ids=self.contact.ids
        )
        self.state(self.text(), "sent")
        kinds = sorted(row["kind"] for row in self.customer.crm_timeline()["rows"])
        self.assertEqual(kinds.count("sms"), 1)

    def test_who_may_not_read_the_message_does_not_see_it(self):
        order = self.quote(self.contact, [(self.paper, 1)])
        message = self.text(record=order)
        self.state(message, "sent")
        user = new_test_user(self.env, "sms_reader", groups="crm_core.group_crm_core_all")
        self.assertFalse(self.rows(user))
        user.group_ids |= self.env.ref("sales_team.group_sale_salesman_all_leads")
        self.assertTrue(self.rows(user))

    def test_anonymizing_forgets_the_number(self):
        self.text(record=self.quote(self.contact, [(self.paper, 1)]))
        waiting = self.env["sms.sms"].search([("partner_id", "=", self.contact.id)])
        self.assertTrue(waiting)
        self.assert_anonymizing_forgets(self.contact, "6505550111")
        self.assertFalse(waiting.exists(), "what waits is sent no more")

    def test_earlier_messages_join_and_go_with_the_addon(self):
        self.state(self.text(), "sent")
        self.assertTrue(self.rows())
        self.assert_timeline_follows_the_addon(SOURCE, post_init_hook, uninstall_hook, self.rows)
