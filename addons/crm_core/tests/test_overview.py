import json

from odoo import Command
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

    def test_history_is_one_list_newest_first(self):
        rows = self.customer.crm_history(20)["rows"]
        dates = [row["date"] for row in rows]
        self.assertEqual(dates, sorted(dates, reverse=True))
        kinds = [row["kind"] for row in rows]
        self.assertEqual(
            {kind: kinds.count(kind) for kind in set(kinds)},
            {"quotation": 1, "order": 2, "delivery": 2, "invoice": 1},
        )

    def test_history_pages_join_without_gap_or_double(self):
        for number in range(7):
            self.bill(self.customer, self.paper, 10.0 + number, days_ago=30)
            self.order(self.customer, [(self.training, 1)], days_ago=30)
        whole = [row["key"] for row in self.customer.crm_history(100)["rows"]]
        self.assertEqual(len(whole), len(set(whole)))
        for size in (1, 2, 3, 5):
            pages, cursor = [], None
            while True:
                page = self.customer.crm_history(size, before=cursor)
                pages += [row["key"] for row in page["rows"]]
                cursor = page["next"]
                if not cursor:
                    break
            self.assertEqual(pages, whole, size)

    def test_history_pages_join_in_any_time_zone(self):
        self.bill(self.customer, self.paper, 10.0, days_ago=20)
        for zone in ("Pacific/Auckland", "America/Los_Angeles"):
            self.company.crm_timezone = zone
            whole = [row["key"] for row in self.customer.crm_history(100)["rows"]]
            pages, cursor = [], None
            while True:
                page = self.customer.crm_history(1, before=cursor)
                pages += [row["key"] for row in page["rows"]]
                cursor = page["next"]
                if not cursor:
                    break
            self.assertEqual(pages, whole, zone)

    def test_history_filters_by_kind_and_text(self):
        rows = self.customer.crm_history(20, kinds=["invoice"])["rows"]
        self.assertEqual([row["name"] for row in rows], [self.bill_of_first.name])
        rows = self.customer.crm_history(20, search=self.first.name)["rows"]
        self.assertIn(self.first.name, [row["name"] for row in rows])
        self.assertNotIn(self.second.name, [row["name"] for row in rows])
        rows = self.customer.crm_history(20, search="toner")["rows"]
        self.assertEqual([row["id"] for row in rows], [self.quotation.id])

    def test_history_refuses_nonsense(self):
        for kwargs in ({"before": "yesterday"}, {"kinds": ["rumour"]}):
            with self.assertRaises(UserError):
                self.customer.crm_history(**kwargs)

    def test_history_lines_unfold_and_belong_to_the_customer(self):
        lines = self.customer.crm_history_lines("sale.order", self.first.id)
        self.assertEqual(next((line["product"], line["quantity"]) for line in lines)[1], 10.0)
        self.assertEqual(len(self.customer.crm_history_lines("account.move", self.bill_of_first.id)), 2)
        self.assertEqual(self.customer.crm_history_lines("stock.picking", self.picking.id)[0]["amount"], None)
        with self.assertRaises(UserError):
            self.make_customer("Other").crm_history_lines("sale.order", self.first.id)
        with self.assertRaises(UserError):
            self.customer.crm_history_lines("res.users", self.env.uid)

    def test_return_shows_as_return(self):
        self.send_back(self.picking, 2)
        kinds = [row["kind"] for row in self.customer.crm_history(20)["rows"]]
        self.assertEqual(kinds.count("return"), 1)

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
        rows = self.customer.crm_history(20, kinds=["order"])["rows"]
        self.assertEqual([row["level"] for row in rows if row["id"] == order.id], ["muted"])
        tiles = {tile["key"]: tile["value"] for tile in self.customer.crm_overview()["tiles"]}
        self.assertEqual(tiles["orders"], 2)
