from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import Form, new_test_user, tagged

from .common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestContactLog(CrmCoreCommon):
    """Contacts logged by hand: in the timeline, with a next step, and by whom they may be seen."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        new = new_test_user
        cls.user = new(cls.env, "log_user", groups="crm_core.group_crm_core_user")
        cls.colleague = new(cls.env, "log_colleague", groups="crm_core.group_crm_core_user")
        cls.all = new(cls.env, "log_all", groups="crm_core.group_crm_core_all")
        cls.manager = new(cls.env, "log_manager", groups="crm_core.group_crm_core_manager")
        cls.customer.user_id = cls.user

    def log(self, user=None, **values):
        Log = self.env["crm.contact.log"].with_user(user or self.user)
        return Log.create({"partner_id": self.contact.id, "subject": "Price of paper", **values})

    def timeline(self, **filters):
        return self.customer.with_user(self.user).crm_timeline(20, **filters)["rows"]

    def test_call_of_yesterday_is_in_the_timeline(self):
        yesterday = fields.Datetime.now() - timedelta(days=1)
        log = self.log(date=yesterday, outcome="interested", note="Wife is ill", direction="in")
        (row,) = self.timeline()
        self.assertEqual(
            (row["model"], row["res_id"], row["kind"], row["channel"], row["direction"]),
            ("crm.contact.log", log.id, "call", "phone", "in"),
        )
        self.assertEqual((row["subject"], row["outcome"]), ("Price of paper", "Interested"))
        self.assertEqual(row["date"], yesterday.replace(microsecond=0).isoformat())
        self.assertNotIn("ill", str(row), "the note stays in the log")
        log.channel = "letter"
        self.assertEqual([row["kind"] for row in self.timeline(channels=["letter"])], ["contact"])

    def test_each_reader_is_told_in_his_language(self):
        self.log(outcome="interested", subject=False)
        self.translate_choice("crm.contact.log", "channel", "phone", "Téléphone")
        customer = self.translate_choice("crm.contact.log", "outcome", "interested", "Intéressé")
        (row,) = customer.with_user(self.user).crm_timeline()["rows"]
        self.assertEqual((row["subject"], row["outcome"]), ("Téléphone", "Intéressé"))
        (row,) = self.timeline()
        self.assertEqual((row["subject"], row["outcome"]), ("Phone", "Interested"))

    def test_acts_in_the_portal_are_told_in_the_language_of_the_reader(self):
        self.env["crm.portal.act"]._record(self.contact, "offer_accepted", "OF0007")
        customer = self.translate_choice("crm.portal.act", "act", "offer_accepted", "A accepté une offre")
        (row,) = customer.crm_timeline(kinds=["portal"])["rows"]
        self.assertEqual(row["subject"], "A accepté une offre: OF0007")
        (row,) = self.customer.crm_timeline(kinds=["portal"])["rows"]
        self.assertEqual(row["subject"], "Accepted an offer: OF0007")

    def test_next_step_becomes_an_activity(self):
        tomorrow = fields.Date.context_today(self.customer) + timedelta(days=1)
        self.log(next_step="Send a sample", next_date=tomorrow)
        activity = self.contact.activity_ids
        self.assertEqual(
            (activity.summary, activity.date_deadline, activity.user_id),
            ("Send a sample", tomorrow, self.user),
        )

    def test_form_needs_no_more_than_the_contact(self):
        with Form(self.env["crm.contact.log"].with_user(self.user)) as form:
            form.partner_id = self.contact
        self.assertEqual((form.record.channel, form.record.user_id), ("phone", self.user))

    def test_order_and_lead_know_whom_it_was_with(self):
        order = self.quote(self.contact, [(self.paper, 1)])
        lead = self.env["crm.lead"].create({"name": "New office", "partner_id": self.contact.id})
        seller = new_test_user(self.env, "log_seller", groups="sales_team.group_sale_salesman_all_leads")
        for record, fname in ((order, "order_id"), (lead, "lead_id")):
            button = f"'default_partner_id': partner_id, 'default_{fname}': id"
            arch = record.with_user(seller).get_view(view_type="form")["arch"]
            self.assertTrue(button in arch, fname)
            log = self.log(**{fname: record.id})
            self.assertEqual(log[fname], record)

    def test_who_may_see_and_change(self):
        log = self.log()
        for user, sees in (
            (self.user, True),
            (self.colleague, False),
            (self.all, True),
            (self.manager, True),
        ):
            with self.subTest(user.login):
                self.assertEqual(log.with_user(user).has_access("read"), sees)
        with self.assertRaises(AccessError):
            log.with_user(self.colleague).subject = "Mine"
        with self.assertRaises(AccessError):
            self.log(user=self.colleague)
        with self.assertRaises(AccessError):
            log.with_user(self.all).unlink()
        for group in ("base.group_user", "base.group_portal"):
            outsider = new_test_user(self.env, f"log {group}", groups=group)
            self.assertFalse(self.env["crm.contact.log"].with_user(outsider).has_access("read"))
        log.with_user(self.manager).unlink()
        self.assertEqual(self.timeline(), [])

    def test_another_company_does_not_see_it(self):
        log = self.log()
        branch = self.env["res.company"].create({"name": "Branch"})
        user = new_test_user(
            self.env,
            "log_branch",
            groups="crm_core.group_crm_core_all",
            company_id=branch.id,
            company_ids=[(6, 0, branch.ids)],
        )
        self.assertFalse(self.env["crm.contact.log"].with_user(user).search([("id", "=", log.id)]))
