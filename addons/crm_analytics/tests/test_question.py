from datetime import timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, new_test_user, tagged

from .common import AnalyticsCommon


@tagged("post_install", "-at_install")
class TestQuestion(AnalyticsCommon):
    """Who, what, when, by what: answered from the facts, with the rights of who reads it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Question = cls.env["crm.analytics.question"]
        cls.Event.search([]).unlink()
        cls.other = cls.make_customer("Other Trade", country_id=cls.env.ref("base.fr").id)
        cls.customer.country_id = cls.env.ref("base.be")
        cls.fold()
        for customer, days, revenue in (
            (cls.customer, 5, 100),
            (cls.customer, 10, 40),
            (cls.other, 8, 60),
            (cls.other, 370, 30),
        ):
            cls.Event.create(
                {
                    "company_id": cls.company.id,
                    "partner_id": customer.id,
                    "day": cls.today - timedelta(days=days),
                    "document_count": 1,
                    "revenue": revenue,
                    "is_purchase": True,
                }
            )
        cls.reader = new_test_user(
            cls.env, "question.reader", groups="crm_analytics.group_crm_analytics_reader"
        )

    @classmethod
    def ref(cls, name):
        return cls.env.ref(f"crm_analytics.{name}").id

    def ask(self, measure="revenue", by="country", subject="purchase", **values):
        return self.Question.create(
            {
                "name": "Question",
                "subject_id": self.ref(f"subject_{subject}"),
                "measure_id": self.ref(f"measure_{subject}_{measure}"),
                "dimension_id": by and self.ref(f"dimension_{subject}_{by}"),
                **values,
            }
        )

    def rows(self, question):
        return [(row["label"], *row["values"]) for row in question.answer["rows"]]

    def test_revenue_by_country_of_a_year(self):
        question = self.ask()
        self.assertEqual(self.rows(question), [("Belgium", 140), ("France", 60)])
        self.assertIn("200", question.answer["total"])
        self.assertEqual(question.answer["sentence"], "Revenue, purchases, by country, the last 12 months")
        self.assertEqual(question.answer["chart"], "bar")

    def test_compared_with_the_year_before(self):
        question = self.ask(compare="year")
        self.assertEqual(self.rows(question), [("Belgium", 140, 0), ("France", 60, 30)])
        week_ago = self.today - timedelta(days=7)
        before = self.ask(compare="before", period="custom", date_from=week_ago, date_to=self.today)
        with self.assertRaises(ValidationError), self.env.cr.savepoint():
            before.date_to = week_ago - timedelta(days=2)
        self.assertEqual(self.rows(before), [("Belgium", 100, 40)])

    def test_second_dimension_becomes_columns(self):
        question = self.ask(
            by="customer", second_dimension_id=self.ref("dimension_purchase_year"), period="all"
        )
        answer = question.answer
        self.assertEqual(sum(sum(row["values"]) for row in answer["rows"]), 230)
        by_name = {row["label"]: row for row in answer["rows"]}
        self.assertEqual(sum(by_name["Other Trade"]["values"]), 90)
        shown = self.Event.search(by_name["Other Trade"]["domain"])
        self.assertEqual(shown.partner_id, self.other)
        self.assertEqual(len(shown), 2)

    def test_many_columns_are_drawn_together(self):
        for number in range(8):
            customer = self.make_customer(f"Small {number}")
            self.Event.create(
                {
                    "company_id": self.company.id,
                    "partner_id": customer.id,
                    "day": self.today,
                    "revenue": 1,
                    "is_purchase": True,
                }
            )
        question = self.ask(
            by="year", second_dimension_id=self.ref("dimension_purchase_customer"), period="all"
        )
        self.assertEqual(len(question.answer["columns"]), 6)
        self.assertEqual(question.answer["columns"][-1], "Others")
        total = sum(sum(row["values"]) for row in question.answer["rows"])
        self.assertEqual(total, 238)

    def test_who_limits_the_customers(self):
        question = self.ask(by=False, customer_domain="[('country_id.code', '=', 'FR')]")
        self.assertEqual(self.rows(question), [("Total", 60)])
        for nonsense in ("[('no_such_field', '=', 1)]", "import os", "[("):
            with self.subTest(domain=nonsense), self.assertRaises(ValidationError), self.env.cr.savepoint():
                question.customer_domain = nonsense

    def test_averages_have_no_total(self):
        question = self.ask("value", "customer")
        self.assertEqual(self.rows(question), [("Alma Wholesale", 70), ("Other Trade", 60)])
        self.assertEqual(question.answer["total"], "")

    def test_every_measure_by_every_dimension(self):
        subjects = self.env["crm.analytics.subject"].search([])
        self.assertGreater(len(subjects), 5)
        for subject in subjects:
            for dimension in subject.dimension_ids:
                question = self.Question.create(
                    {
                        "name": "All",
                        "subject_id": subject.id,
                        "measure_id": subject.measure_ids[0].id,
                        "dimension_id": dimension.id,
                    }
                )
                for measure in subject.measure_ids:
                    with self.subTest(subject=subject.name, measure=measure.name, by=dimension.name):
                        question.measure_id = measure
                        self.assertNotIn("problem", question.answer)

    def test_form_answers_while_it_is_filled_in(self):
        form = Form(self.Question.with_user(self.reader))
        form.name = "Live"
        form.subject_id = self.env["crm.analytics.subject"].browse(self.ref("subject_purchase"))
        form.dimension_id = self.env["crm.analytics.dimension"].browse(self.ref("dimension_purchase_country"))
        self.assertEqual(form.answer["rows"][0]["label"], "Belgium")
        form.subject_id = self.env["crm.analytics.subject"].browse(self.ref("subject_customer"))
        self.assertEqual(form.measure_id.subject_id, form.subject_id)
        self.assertEqual(form.save().user_id, self.reader)

    def test_parts_of_another_subject_are_refused(self):
        question = self.ask()
        with self.assertRaises(ValidationError):
            question.dimension_id = self.ref("dimension_customer_segment")

    def test_answer_has_the_rights_of_the_reader(self):
        self.customer.user_id = self.env.ref("base.user_admin")
        self.env.flush_all()
        own = new_test_user(self.env, "question.own", groups="base.group_user,crm_core.group_crm_core_user")
        question = self.ask(is_shared=True)
        self.assertEqual(self.rows(question.with_user(own)), [("France", 60)])
        self.assertEqual(len(self.rows(question.with_user(self.reader))), 2)
        row = question.answer["rows"][0]
        opened = self.Question.with_user(own).crm_open_rows(question.subject_id.id, row["domain"])
        self.assertFalse(self.Event.with_user(own).search(opened["domain"]))

    def test_customers_behind_a_row(self):
        question = self.ask()
        row = question.answer["rows"][1]
        opened = self.Question.crm_open_customers(question.subject_id.id, row["domain"], row["label"])
        self.assertEqual(opened["domain"], [("partner_id", "in", self.other.ids)])

    def test_no_access_to_the_subject(self):
        portal = new_test_user(self.env, "question.portal", groups="base.group_portal")
        with self.assertRaises(AccessError):
            self.Question.with_user(portal).crm_open_rows(self.ref("subject_purchase"), [])
        user = new_test_user(self.env, "question.plain", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.Question.with_user(user).search([])

    def test_owner_changes_and_others_read_what_is_shared(self):
        owner = new_test_user(
            self.env, "question.owner", groups="base.group_user,crm_core.group_crm_core_user"
        )
        question = self.ask(user_id=owner.id)
        self.assertFalse(self.Question.with_user(self.reader).search([("id", "=", question.id)]))
        question.with_user(owner).is_shared = True
        self.env.flush_all()
        self.assertTrue(self.Question.with_user(self.reader).search([("id", "=", question.id)]))
        with self.assertRaises(AccessError):
            question.with_user(self.reader).name = "Mine now"
        with self.assertRaises(AccessError):
            self.env["crm.analytics.measure"].with_user(owner).create(
                {"name": "x", "subject_id": self.ref("subject_purchase"), "aggregate": "__count"}
            )

    def test_another_company_sees_nothing(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        question = self.ask(company_id=company.id, period="all")
        self.assertEqual(question.with_context(allowed_company_ids=company.ids).answer["rows"], [])

    def test_answer_by_mail_as_each_would_see_it(self):
        own = new_test_user(self.env, "question.mail", groups="base.group_user,crm_core.group_crm_core_user")
        self.customer.user_id = self.env.ref("base.user_admin")
        question = self.ask(
            interval="weekly", next_date=self.today, recipient_ids=(own | self.reader).ids, compare="year"
        )
        sent = []
        with (
            patch.object(type(self.env["mail.mail"]), "send", lambda mails, **_kw: sent.append(mails)),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *_args, **_kw: 1),
        ):
            self.Question._cron_send()
            self.Question._cron_send()
        bodies = {mail.recipient_ids: mail.body_html for mail in sent}
        self.assertEqual(len(sent), 2, "once each, whatever runs twice")
        self.assertNotIn("Belgium", bodies[own.partner_id])
        self.assertIn("Belgium", bodies[self.reader.partner_id])
        self.assertEqual(question.next_date, self.today + relativedelta(weeks=1))

    def test_one_that_fails_stops_no_other(self):
        values = {"interval": "weekly", "next_date": self.today, "recipient_ids": self.reader.ids}
        broken, fine = self.ask(**values), self.ask(**values)
        sent = []

        def send(question):
            if question == broken:
                raise ValueError("something")
            sent.append(question)

        with (
            patch.object(type(self.Question), "_send", send),
            patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *_args, **_kw: 1),
            self.assertLogs("odoo.addons.crm_analytics.models.crm_analytics_question", level="ERROR"),
        ):
            self.Question._cron_send()
        self.assertIn(fine, sent)
        self.assertGreater(broken.next_date, self.today)

    def test_recipients_need_the_role(self):
        plain = new_test_user(self.env, "question.norole", groups="base.group_user")
        with self.assertRaises(ValidationError):
            self.ask(interval="weekly", recipient_ids=plain.ids)
