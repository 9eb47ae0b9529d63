import json
from datetime import timedelta

from odoo import Command, fields
from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestOverview(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.first = cls.order(cls.customer, [(cls.paper, 10), (cls.training, 1)], days_ago=60)
        cls.picking = cls.deliver(cls.first, days_ago=58)
        cls.bill_of_first = cls.invoice(cls.first, days_ago=57)
        cls.second = cls.order(cls.contact, [(cls.paper, 4)], days_ago=20)
        cls.quotation = cls.quote(cls.customer, [(cls.toner, 1)])
        cls.Dirty._fold()

    def test_overview_is_plain_json_of_the_whole_business(self):
        overview = self.customer.crm_overview()
        self.assertEqual(json.loads(json.dumps(overview)), overview)
        self.assertEqual(overview["partner"]["contacts"][0]["name"], "Anna")
        tiles = {tile["key"]: tile for tile in overview["tiles"]}
        self.assertEqual(tiles["orders"]["value"], 2)
        self.assertEqual(tiles["turnover"]["value"], 400.0)
        self.assertEqual(tiles["quotations"]["value"], 90.0)
        self.assertEqual(overview["products"]["count"], 2)
        self.assertEqual(len(overview["turnover"]["months"]), 12)
        self.assertEqual(sum(overview["turnover"]["current"]), 400.0)

    def test_contact_shows_its_company(self):
        self.assertEqual(self.contact.crm_overview()["partner"]["id"], self.customer.id)
        self.assertEqual(self.contact.action_crm_overview()["context"]["active_id"], self.customer.id)

    def test_unknown_values_are_none_and_not_zero(self):
        newcomer = self.make_customer("Newcomer")
        overview = newcomer.crm_overview()
        self.assertEqual(overview["lifecycle"]["state"], "prospect")
        self.assertEqual({tile["value"] for tile in overview["tiles"]}, {None})
        self.assertEqual(overview["todo"], [])
        self.assertEqual(overview["products"], {"count": 0, "rows": []})

    def test_tiles_open_the_records_they_count(self):
        for kind, model, count in (
            ("orders", "sale.order", 2),
            ("quotations", "sale.order", 1),
            ("invoices", "account.move", 1),
            ("deliveries", "stock.picking", 2),
            ("products", "crm.customer.product", 2),
            ("contacts", "res.partner", 1),
            ("overdue", "account.move", None),
            ("opportunities", "crm.lead", 0),
            ("returns", "stock.picking", 0),
            ("offers", "crm.offer", 0),
        ):
            action = self.customer.crm_open_records(kind)
            self.assertEqual(action["res_model"], model)
            found = self.env[model].search_count(action["domain"])
            if count is not None:
                self.assertEqual(found, count, kind)
        with self.assertRaises(UserError):
            self.customer.crm_open_records("salaries")

    def test_overdue_tile_is_the_sum_of_the_invoices_it_opens(self):
        self.bill(self.customer, self.paper, 80.0, days_ago=40)
        tiles = {tile["key"]: tile for tile in self.customer.crm_overview()["tiles"]}
        action = self.customer.crm_open_records("overdue")
        invoices = self.env["account.move"].search(action["domain"])
        self.assertEqual(tiles["overdue"]["value"], sum(invoices.mapped("amount_residual_signed")))

    def pages(self, size):
        pages, cursor = [], None
        while True:
            page = self.customer.crm_timeline(size, before=cursor)
            pages += [row["id"] for row in page["rows"]]
            cursor = page["next"]
            if not cursor:
                return pages

    def test_history_is_one_list_newest_first(self):
        rows = self.customer.crm_timeline(20, channels=["document"])["rows"]
        dates = [row["date"] for row in rows]
        self.assertEqual(dates, sorted(dates, reverse=True))
        kinds = [row["kind"] for row in rows]
        self.assertEqual(
            {kind: kinds.count(kind) for kind in set(kinds)}, {"order": 2, "delivery": 1, "invoice": 1}
        )
        invoice = next(row for row in rows if row["kind"] == "invoice")
        self.assertEqual(invoice["amount"], self.bill_of_first.amount_untaxed)
        self.assertEqual(invoice["day"], self.bill_of_first.invoice_date.isoformat())
        order = next(row for row in rows if row["kind"] == "order")
        self.assertEqual((order["state"], order["level"], order["day"]), ("Sales Order", "success", None))

    def test_history_pages_join_without_gap_or_double(self):
        for number in range(7):
            self.bill(self.customer, self.paper, 10.0 + number, days_ago=30)
            self.order(self.customer, [(self.training, 1)], days_ago=30)
        whole = [row["id"] for row in self.customer.crm_timeline(100)["rows"]]
        self.assertEqual(len(whole), len(set(whole)))
        for size in (1, 2, 3, 5):
            self.assertEqual(self.pages(size), whole, size)

    def test_day_of_a_document_is_one_in_any_time_zone(self):
        for zone in ("Pacific/Auckland", "America/Los_Angeles"):
            self.company.crm_timezone = zone
            bill = self.bill(self.customer, self.paper, 10.0, days_ago=20)
            rows = self.customer.crm_timeline(100, kinds=["invoice"])["rows"]
            days = {row["res_id"]: row["day"] for row in rows}
            self.assertEqual(days[bill.id], bill.invoice_date.isoformat(), zone)

    def test_invoice_of_today_is_there_at_once(self):
        bill = self.bill(self.customer, self.paper, 10.0)
        rows = self.customer.crm_timeline(20, kinds=["invoice"])["rows"]
        self.assertEqual(rows[0]["res_id"], bill.id)

    def test_history_filters_by_kind_and_text(self):
        rows = self.customer.crm_timeline(20, kinds=["invoice"])["rows"]
        self.assertEqual([row["res_id"] for row in rows], [self.bill_of_first.id])
        rows = self.customer.crm_timeline(20, search=self.first.name)["rows"]
        found = {(row["model"], row["res_id"]) for row in rows}
        self.assertIn(("sale.order", self.first.id), found)
        self.assertNotIn(("sale.order", self.second.id), found)

    def test_history_finds_the_documents_of_a_product(self):
        self.order(self.customer, [(self.toner, 3)], days_ago=2)
        rows = self.customer.crm_timeline(20, search="toner")["rows"]
        self.assertEqual([row["kind"] for row in rows], ["order"])
        paper = self.customer.crm_timeline(20, search="Paper A4", channels=["document"])["rows"]
        self.assertEqual({row["kind"] for row in paper}, {"order", "delivery", "invoice"})

    def test_order_is_found_by_the_number_of_the_customer(self):
        self.second.client_order_ref = "PO 4711"
        rows = self.customer.crm_timeline(20, search="4711")["rows"]
        self.assertEqual(
            [(row["res_id"], row["subject"]) for row in rows],
            [(self.second.id, f"{self.second.name} · PO 4711")],
        )

    def test_rows_unfold_and_belong_to_the_customer(self):
        ids = {
            (row["model"], row["res_id"]): row["id"]
            for row in self.customer.crm_timeline(100, channels=["document"])["rows"]
        }
        order = self.customer.crm_timeline_detail(ids["sale.order", self.first.id])
        self.assertEqual(order["lines"][0]["quantity"], 10.0)
        bill = self.customer.crm_timeline_detail(ids["account.move", self.bill_of_first.id])
        self.assertEqual(len(bill["lines"]), 2)
        picking = self.customer.crm_timeline_detail(ids["stock.picking", self.picking.id])
        self.assertEqual(picking["lines"][0]["amount"], None)
        for stranger, id_ in (
            (self.make_customer("Other"), ids["sale.order", self.first.id]),
            (self.customer, 0),
        ):
            with self.assertRaises(UserError):
                stranger.crm_timeline_detail(id_)

    def test_return_shows_as_return(self):
        self.send_back(self.picking, 2)
        kinds = [row["kind"] for row in self.customer.crm_timeline(20)["rows"]]
        self.assertEqual(kinds.count("return"), 1)

    def test_what_is_to_come_stands_apart(self):
        before = {(row["kind"], row["res_id"]) for row in self.customer.crm_upcoming(10)["rows"]}
        under_way = self.second.picking_ids
        self.assertEqual(before, {("quotation", self.quotation.id), ("delivery", under_way.id)})
        order = self.order(self.customer, [(self.paper, 1)])
        now = fields.Datetime.now()
        meeting = self.env["calendar.event"].create(
            {
                "name": "Yearly talk",
                "partner_ids": [Command.link(self.contact.id)],
                "start": now + timedelta(days=9),
                "stop": now + timedelta(days=9, hours=1),
            }
        )
        activity = self.contact.activity_schedule(
            "mail.mail_activity_data_todo", date_deadline=self.today + timedelta(days=4), summary="Ask"
        )
        found = {(row["model"], row["res_id"]) for row in self.customer.crm_upcoming(10)["rows"]}
        self.assertEqual(
            found,
            {
                ("sale.order", self.quotation.id),
                ("stock.picking", under_way.id),
                ("stock.picking", order.picking_ids.id),
                ("calendar.event", meeting.id),
                ("mail.activity", activity.id),
            },
        )
        page = self.customer.crm_upcoming(2)
        self.assertEqual((len(page["rows"]), page["more"]), (2, True))

    def test_todo_names_what_presses_most(self):
        self.bill(self.customer, self.paper, 80.0, days_ago=40)
        todo = self.customer.crm_overview()["todo"]
        self.assertIn("overdue", [entry["key"] for entry in todo])
        self.assertIn("quotations", [entry["key"] for entry in todo])

    def test_contact_cards_show_late_and_overdue_in_one_query(self):
        self.bill(self.customer, self.paper, 80.0, days_ago=40)
        self.Dirty._fold()
        tags = self.customer._compute_application_statistics_hook()[self.customer.id]
        self.assertIn("fa-exclamation-triangle", [tag["iconClass"] for tag in tags])
        partners = self.env["res.partner"].browse(
            [self.make_customer(f"Card {number}").id for number in range(20)]
        )
        partners.mapped("commercial_partner_id")
        self.env.flush_all()
        with self.assertQueryCount(1):
            partners._crm_get_stats()

    def test_overview_costs_few_queries_whatever_the_history(self):
        self.customer.crm_overview()
        self.env.invalidate_all()
        self.env.flush_all()
        with self.assertQueryCount(30):
            self.customer.crm_overview()
        for days_ago in range(5, 15):
            self.order(self.customer, [(self.training, 1)], days_ago=days_ago)
        self.customer.crm_overview()
        self.env.invalidate_all()
        with self.assertQueryCount(30):
            self.customer.crm_overview()

    def test_another_addon_adds_its_section(self):
        Partner = type(self.env["res.partner"])
        original = Partner._crm_overview

        def with_section(partner):
            return {**original(partner), "tickets": {"open": 3}}

        self.patch(Partner, "_crm_overview", with_section)
        self.assertEqual(self.customer.crm_overview()["tickets"], {"open": 3})

    def test_more_products_on_demand(self):
        page = self.customer.crm_overview_products(limit=1, offset=1)
        self.assertEqual((page["count"], len(page["rows"])), (2, 1))

    def test_cancelled_order_stays_in_history_but_not_in_figures(self):
        order = self.order(self.customer, [(self.training, 1)], order_line=[Command.clear()])
        order.order_line = [Command.create({"product_id": self.training.id})]
        order._action_cancel()
        rows = self.customer.crm_timeline(20, kinds=["order"])["rows"]
        self.assertEqual([row["level"] for row in rows if row["res_id"] == order.id], ["muted"])
        tiles = {tile["key"]: tile["value"] for tile in self.customer.crm_overview()["tiles"]}
        self.assertEqual(tiles["orders"], 2)
