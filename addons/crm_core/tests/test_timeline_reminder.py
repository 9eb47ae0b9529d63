from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import SQL

from .common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestTimelineReminder(CrmCoreCommon):
    """What we write about an invoice that is late, is a reminder: found as such, whenever it is read."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.email = "office@alma.example.com"
        cls.late = cls.bill(cls.customer, cls.training, 100, days_ago=30)

    def write_to(self, record, days_ago=0, **values):
        """An e-mail of ours to the customer about a record, sent that many days ago."""
        return record.message_post(
            body="We miss your payment",
            subject="Your invoice",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.customer.ids,
            author_id=self.env.ref("base.user_admin").partner_id.id,
            date=fields.Datetime.now() - timedelta(days=days_ago),
            **values,
        )

    def kinds(self, **filters):
        page = self.customer.crm_timeline(100, channels=["email", "portal"], **filters)
        kinds = [row["kind"] for row in page["rows"]]
        self.assertEqual(self.refilled(), self.known(), "the first fill tells the same")
        return kinds

    def known(self):
        rows = self.env["crm.interaction"].search(
            [("res_model", "=", "mail.message"), ("commercial_partner_id", "=", self.customer.id)]
        )
        return sorted((row.res_id, row.event, row.kind, row.direction) for row in rows)

    def refilled(self):
        """The rows of messages as a first fill makes them, and nothing else."""
        before = self.known()
        with self.env.cr.savepoint() as savepoint:
            self.env.cr.execute("DELETE FROM crm_interaction WHERE res_model = 'mail.message'")
            fill = self.env["crm.interaction.fill"]
            fill.search([("model_id.model", "=", "mail.message")]).unlink()
            fill._request_missing()
            fill = fill.search([("model_id.model", "=", "mail.message")])
            fill._do_batch(limit=100_000)
            self.env["crm.interaction"].invalidate_model()
            rows = self.known()
            savepoint.rollback()
        self.env.invalidate_all()
        self.assertEqual(self.known(), before)
        return rows

    def test_mail_about_a_late_invoice_is_a_reminder(self):
        self.write_to(self.late)
        self.assertEqual(self.kinds(), ["reminder"])
        (row,) = self.customer.crm_timeline(kinds=["reminder"])["rows"]
        self.assertEqual((row["kind_label"], row["direction"]), ("Payment Reminder", "out"))
        self.assertEqual((row["model"], row["res_id"]), ("mail.message", row["res_id"]))

    def test_mail_before_the_due_date_and_answers_are_none(self):
        self.write_to(self.late, days_ago=35)
        self.late.message_post(
            body="I paid", message_type="email", subtype_xmlid="mail.mt_comment", author_id=self.customer.id
        )
        self.assertEqual(self.kinds(), ["email", "email"])

    def test_mail_on_the_due_date_itself_is_none(self):
        today = self.bill(self.customer, self.training, 50)
        self.write_to(today)
        self.assertEqual(self.kinds(), ["email"])

    def test_reminder_stays_one_after_the_payment(self):
        self.write_to(self.late, days_ago=3)
        self.assertEqual(self.kinds(), ["reminder"])
        self.pay(self.late)
        self.assertIn(self.late.payment_state, ("paid", "in_payment"))
        self.assertEqual(self.kinds(), ["reminder"])

    def test_mail_after_the_payment_is_none(self):
        self.pay(self.late, days_ago=5)
        self.env.flush_all()
        # Paid in an earlier transaction, as in life.
        for table in ("account_partial_reconcile", "account_payment"):
            self.env.cr.execute(
                SQL(
                    "UPDATE %s SET create_date = create_date - interval '5 days'",
                    SQL.identifier(table),
                )
            )
        self.write_to(self.late)
        self.assertEqual(self.kinds(), ["email"])

    def test_partly_paid_is_still_late(self):
        self.pay(self.late, days_ago=5, amount=10)
        self.write_to(self.late)
        self.assertEqual(self.kinds(), ["reminder"])

    def test_refunds_and_drafts_remind_of_nothing(self):
        refund = self.bill(self.customer, self.training, 10, move_type="out_refund", days_ago=30)
        self.write_to(refund)
        self.write_to(self.late)
        self.late.button_draft()
        self.assertEqual(self.kinds(), ["email", "email"])
        self.late.action_post()
        self.assertEqual(sorted(self.kinds()), ["email", "reminder"])

    def test_later_due_date_is_followed(self):
        self.write_to(self.late)
        self.assertEqual(self.kinds(), ["reminder"])
        self.late.invoice_date_due = fields.Date.add(fields.Date.today(), days=10)
        self.assertEqual(self.kinds(), ["email"], "there was time left, after all")
        self.late.invoice_date_due = fields.Date.subtract(fields.Date.today(), days=10)
        self.assertEqual(self.kinds(), ["reminder"])

    def remind_by_rule(self, **values):
        template = self.env["mail.template"].create(
            {
                "name": "Reminder",
                "model_id": self.env["ir.model"]._get_id("res.partner"),
                "subject": "Your open invoices",
                "body_html": "<p>Please have a look.</p>",
            }
        )
        rule = self.env["crm.action.rule"].create(
            {
                "name": "Remind",
                "domain": [("id", "=", self.customer.id)],
                "reason": "Please write.",
                "action_kind": "mail",
                "mail_template_id": template.id,
                "channel": "email",
                "purpose_id": self.env.ref("crm_core.consent_purpose_service").id,
                "is_profiling": False,
                "user_id": self.env.ref("base.user_admin").id,
                "company_id": self.company.id,
                **values,
            }
        )
        rule._run()
        action = self.env["crm.next.action"].search([("rule_id", "=", rule.id)])
        action._run_mail()
        return action

    def test_rule_about_what_is_overdue_sends_a_reminder(self):
        self.assertEqual(self.stat(self.customer).overdue, 100)
        self.remind_by_rule(score_formula="overdue")
        self.assertEqual(self.kinds(), ["reminder"])

    def test_rule_about_something_else_sends_an_email(self):
        self.remind_by_rule(score_formula="1 + days")
        self.assertEqual(self.kinds(), ["email"])

    def test_rule_for_those_who_owe_nothing_sends_an_email(self):
        self.pay(self.late)
        self.assertEqual(self.stat(self.customer).overdue, 0)
        self.remind_by_rule(score_formula="1 if overdue == 0 else 0")
        self.assertEqual(self.kinds(), ["email"])

    def test_reminders_have_a_button_of_their_own_and_are_emails_too(self):
        groups = {group["key"]: group["kinds"] for group in self.customer._crm_overview_history()["groups"]}
        self.assertEqual(groups["reminders"], ["reminder"])
        self.assertIn("reminder", groups["emails"])
        self.assertNotIn("reminder", groups["other"])

    def test_paying_what_is_not_late_costs_no_query_on_messages(self):
        # Tomorrow: past UTC's midnight it is later already where the user is.
        due = self.bill(self.customer, self.training, 50, days_ago=-1)
        self.env.flush_all()
        with self.assertQueryCount(0):
            due._crm_follow_reminders()
