import base64
import io
from datetime import timedelta
from unittest.mock import patch

import openpyxl

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from ..lib.workbook import Book
from .dashboard_common import DashboardCommon

FORMULA = '=HYPERLINK("http://example.com","x")'

LOGGER = "odoo.addons.crm_analytics.models.crm_analytics_workbook"


@tagged("post_install", "-at_install")
class TestAnalyticsWorkbook(DashboardCommon):
    """Everything the screen shows as a spreadsheet, made in the background."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Workbook = cls.env["crm.analytics.workbook"]
        cls.gone.name = FORMULA
        cls.score()
        cls.reader = cls.make_user(
            "book_reader", "crm_analytics.group_crm_analytics_reader,base.group_allow_export"
        )
        cls.seller = cls.make_user("book_seller", "sales_team.group_sale_salesman,base.group_allow_export")
        cls.other = cls.make_user("book_other", "sales_team.group_sale_salesman")
        (cls.regular | cls.gone | cls.single | cls.others[2:]).user_id = cls.other
        cls.others[:2].user_id = cls.seller

    def setUp(self):
        super().setUp()
        # The transaction of a test is not committed.
        self.patch(type(self.env["ir.cron"]), "_commit_progress", lambda *_args, **_options: 1)

    def make(self, user, filters=None):
        action = self.Workbook.with_user(user).crm_request(filters or {})
        job = self.Workbook.browse(action["res_id"])
        self.Workbook._cron_work()
        return job

    def open(self, job):
        self.assertEqual(job.state, "done", job.message)
        return openpyxl.load_workbook(io.BytesIO(base64.b64decode(job.file)))

    def texts(self, book):
        return {
            str(cell.value)
            for sheet in book
            for row in sheet.iter_rows()
            for cell in row
            if cell.value is not None
        }

    def test_workbook_has_all_sheets_and_customers_with_why(self):
        job = self.make(self.reader)
        book = self.open(job)
        self.assertEqual(
            book.sheetnames[:6], ["Read Me", "Figures", "Segments", "RFM Grid", "Customers", "Cohorts"]
        )
        self.assertEqual(book["Customers"].max_row, 44)
        rows = {row[0].value: row for row in book["Customers"].iter_rows()}
        self.assertIn("14 purchases, usually every 30 days", rows["Regular"][-1].value)
        self.assertEqual(rows["Regular"][12].data_type, "n")
        self.assertTrue(rows["Regular"][8].is_date)
        board = self.dashboard(self.reader)
        revenue = next(tile["value"] for tile in board["kpis"] if tile["key"] == "revenue")
        figures = {row[0].value: row[1].value for row in book["Figures"].iter_rows()}
        self.assertAlmostEqual(figures["Revenue"], revenue, 2)
        self.assertTrue(book["Cohorts %"].conditional_formatting)
        readme = {row[0].value: row[1].value for row in book["Read Me"].iter_rows() if len(row) > 1}
        self.assertEqual(readme["As of"], str(self.today))
        self.assertEqual(readme["Currency"], self.company.currency_id.name)
        self.assertEqual((job.progress, job.as_of), (100, self.today))

    def test_sheets_of_what_is_sold(self):
        Line = self.env["crm.analytics.forecast.line"]
        self.env["crm.analytics.forecast"]._forecast(self.company)
        here = [("company_id", "=", self.company.id), ("dimension", "=", "company")]
        lines = Line.search([*here, ("as_of", "=", self.today)])
        self.assertTrue(lines)
        self.env["crm.analytics.basket"].search([("company_id", "=", self.company.id)]).unlink()
        look = self.env["crm.analytics.basket"].create(
            {"company_id": self.company.id, "as_of": self.today, "kind": "order"}
        )
        pair = {
            "basket_id": look.id,
            "company_id": self.company.id,
            "kind": "order",
            "product_id": self.paper.id,
            "other_product_id": self.toner.id,
            "basket_count": 7,
            "lift": 2.5,
        }
        self.env["crm.analytics.pair"].create(pair)
        book = self.open(self.make(self.reader))
        (row,) = list(book["Baskets"].iter_rows(min_row=2, values_only=True))
        self.assertEqual((row[0], row[1], row[3]), ("Paper A4", "Toner XL", 7))
        months = [row[2] for row in book["Forecast"].iter_rows(min_row=2, values_only=True)]
        self.assertEqual([day.date() for day in months[:2]], lines.sorted("month")[:2].mapped("month"))
        self.assertTrue(book["Forecast"]._charts)
        self.assertIn("Campaigns", book.sheetnames)
        self.assertNotIn("Campaigns", self.open(self.make(self.seller)).sheetnames)

    def test_t24_formula_in_a_name_stays_a_text(self):
        book = self.open(self.make(self.reader))
        (cell,) = (row[0] for row in book["Customers"].iter_rows() if row[0].value == FORMULA)
        self.assertEqual(cell.data_type, "s")

    def test_t24_every_kind_of_dangerous_text(self):
        target = io.BytesIO()
        texts = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "http://x", "mailto:x", "{=1}"]
        with Book(target) as book:
            book.sheet("=a[1]").table([("=b", "text", 5)], [[text] for text in texts])
        sheet = openpyxl.load_workbook(target).worksheets[0]
        cells = [row[0] for row in sheet.iter_rows()]
        self.assertEqual([cell.value for cell in cells], ["=b", *texts])
        self.assertEqual({cell.data_type for cell in cells}, {"s"})
        self.assertFalse(sheet._hyperlinks)

    def test_t23_no_line_of_another_company(self):
        self.make_company()
        texts = self.texts(self.open(self.make(self.reader)))
        self.assertIn("Regular", texts)
        self.assertNotIn("Stranger", texts)
        self.assertFalse({text for text in texts if "Other Ltd" in text})
        # Nor any sum of what he brought, 7,777 each time.
        self.assertFalse(texts & {str(7777 * count) for count in range(1, 13)})

    def test_everybody_gets_what_he_may_see(self):
        book = self.open(self.make(self.seller))
        names = {row[0].value for row in book["Customers"].iter_rows(min_row=2)}
        self.assertEqual(names, set(self.others[:2].mapped("name")))
        self.assertNotIn("Regular", self.texts(book))

    def test_filters_count_in_the_workbook_as_on_the_screen(self):
        book = self.open(self.make(self.reader, {"user_id": self.seller.id, "months": 24}))
        self.assertEqual(book["Customers"].max_row, 3)
        readme = {row[0].value: row[1].value for row in book["Read Me"].iter_rows() if len(row) > 1}
        self.assertIn("24", readme["Period"])
        self.assertIn(self.seller.name, readme.values())

    def test_asked_twice_is_made_once(self):
        first = self.Workbook.with_user(self.reader).crm_request({})
        again = self.Workbook.with_user(self.reader).crm_request({})
        other = self.Workbook.with_user(self.reader).crm_request({"months": 24})
        self.assertEqual(first["res_id"], again["res_id"])
        self.assertNotEqual(first["res_id"], other["res_id"])

    def test_workbook_is_ones_own(self):
        job = self.make(self.reader)
        self.assertTrue(job.with_user(self.reader).read(["state"]))
        with self.assertRaises(AccessError):
            job.with_user(self.seller).read(["state"])
        with self.assertRaises(AccessError):
            job.with_user(self.reader).write({"user_id": self.seller.id})
        with self.assertRaises(AccessError):
            self.Workbook.with_user(self.other).crm_request({})  # he may not export
        portal = self.make_user("book_portal", "base.group_portal")
        with self.assertRaises(AccessError):
            self.Workbook.with_user(portal).search([])

    def test_failure_is_told_and_stops_no_other(self):
        first = self.Workbook.with_user(self.reader).crm_request({})
        second = self.Workbook.with_user(self.seller).crm_request({})
        write = type(self.Workbook)._write_months

        def fail_once(job, *args):
            if job.user_id == self.reader:
                raise ValueError("something")
            return write(job, *args)

        with (
            patch.object(type(self.Workbook), "_write_months", fail_once),
            self.assertLogs(LOGGER, level="WARNING"),
        ):
            self.Workbook._cron_work()
        failed, done = (self.Workbook.browse(action["res_id"]) for action in (first, second))
        self.assertEqual((failed.state, failed.message, done.state), ("failed", "ValueError", "done"))
        failed.with_user(self.reader).action_retry()
        self.Workbook._cron_work()
        self.assertEqual(failed.state, "done")

    def test_what_was_left_half_way_is_begun_anew_a_few_times(self):
        job = self.Workbook.browse(self.Workbook.with_user(self.reader).crm_request({})["res_id"])
        job.write({"state": "running", "tries": 1})
        self.Workbook._cron_work()
        self.assertEqual((job.state, job.tries), ("done", 2))
        job.write({"state": "running", "tries": 3})
        self.Workbook._cron_work()
        self.assertEqual(job.state, "failed")

    def test_stopped_job_stays_stopped(self):
        job = self.Workbook.browse(self.Workbook.with_user(self.reader).crm_request({})["res_id"])
        stop = type(self.Workbook)._write_segments

        def stop_meanwhile(book, *args):
            book.sudo().state = "cancelled"
            return stop(book, *args)

        with patch.object(type(self.Workbook), "_write_segments", stop_meanwhile):
            self.Workbook._cron_work()
        self.assertEqual(job.state, "cancelled")
        self.assertFalse(job.file)

    def test_who_left_the_company_gets_nothing(self):
        job = self.Workbook.browse(self.Workbook.with_user(self.reader).crm_request({})["res_id"])
        self.reader.active = False
        with self.assertLogs(LOGGER, level="WARNING"):
            self.Workbook._cron_work()
        self.assertEqual(job.state, "failed")

    def test_sent_each_week_to_everybody_his_own(self):
        mailing = self.env["crm.analytics.mailing"].create(
            {
                "name": "Weekly",
                "company_id": self.company.id,
                "user_ids": [(6, 0, (self.reader | self.seller).ids)],
                "next_date": self.today - timedelta(days=9),
            }
        )
        self.env["crm.analytics.mailing"]._cron_send()
        self.assertGreater(mailing.next_date, self.today)
        sent = []
        with patch.object(
            type(self.env["mail.mail"]), "send", lambda mails, *_args, **_options: sent.extend(mails)
        ):
            self.Workbook._cron_work()
        self.assertEqual(
            {mail.recipient_ids for mail in sent}, {self.reader.partner_id, self.seller.partner_id}
        )
        for mail in sent:
            content = io.BytesIO(base64.b64decode(mail.attachment_ids.datas))
            rows = openpyxl.load_workbook(content)["Customers"].max_row
            self.assertEqual(rows, 44 if mail.recipient_ids == self.reader.partner_id else 3)
        self.env["crm.analytics.mailing"]._cron_send()
        self.assertEqual(len(mailing.workbook_ids), 2)

    def test_what_could_not_be_mailed_is_said_on_the_job(self):
        mailing = self.env["crm.analytics.mailing"].create(
            {
                "name": "Weekly",
                "company_id": self.company.id,
                "user_ids": [(6, 0, (self.reader | self.seller).ids)],
                "next_date": self.today,
            }
        )
        self.seller.email = False
        mailing.action_send_now()

        def refuse(mails, *_args, **_options):
            mails.write({"state": "exception", "failure_reason": "No route to the mail server."})

        with patch.object(type(self.env["mail.mail"]), "send", refuse):
            self.Workbook._cron_work()
        jobs = {job.user_id: job for job in mailing.workbook_ids}
        self.assertEqual(jobs[self.reader].message, "It could not be mailed: No route to the mail server.")
        self.assertIn("has no e-mail address", jobs[self.seller].message)
        self.assertEqual(set(mailing.workbook_ids.mapped("state")), {"done"})
        self.assertTrue(all(mailing.workbook_ids.mapped("file")))

    def test_scheduled_for_who_sees_customers_of_the_company(self):
        nobody = self.make_user("book_nobody", "base.group_user")
        values = {"name": "W", "company_id": self.company.id, "user_ids": [(6, 0, nobody.ids)]}
        with self.assertRaises(ValidationError):
            self.env["crm.analytics.mailing"].create(values)
        with self.assertRaises(AccessError):
            self.env["crm.analytics.mailing"].with_user(self.reader).create(
                {**values, "user_ids": [(6, 0, self.reader.ids)]}
            )
        manager = self.make_user("book_manager", "crm_analytics.group_crm_analytics_manager")
        other = self.make_company()
        mailing = self.env["crm.analytics.mailing"].create({**values, "user_ids": [(6, 0, self.reader.ids)]})
        self.assertTrue(mailing.with_user(manager).read(["name"]))
        far = self.make_user("book_far", "crm_analytics.group_crm_analytics_manager", other)
        with self.assertRaises(AccessError):
            mailing.with_user(far).read(["name"])

    def test_company_with_nothing_gets_a_workbook_that_says_so(self):
        empty = self.env["res.company"].create({"name": "Empty Ltd"})
        user = self.make_user(
            "book_empty", "crm_analytics.group_crm_analytics_reader,base.group_allow_export", empty
        )
        book = self.open(self.make(user))
        self.assertEqual(book["Figures"]["A1"].value, "Nothing to tell yet.")
