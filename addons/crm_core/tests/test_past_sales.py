from datetime import timedelta

from psycopg2.errors import CheckViolation

from odoo import Command
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged
from odoo.tools import file_open, mute_logger

from .common import CrmCoreCommon

COLUMNS = ["id", "date", "customer_key", "reference", "product_key", "quantity", "amount"]


@tagged("post_install", "-at_install")
class TestPastSales(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Past = cls.env["crm.past.sale"]
        cls.customer.ref = "C-1001"
        cls.paper.default_code = "PAP"
        cls.toner.default_code = "TON"

    def day(self, days_ago):
        return (self.today - timedelta(days=days_ago)).isoformat()

    def sell(self, days_ago, product=None, quantity=2.0, amount=60.0, partner=None, **values):
        return self.Past.create(
            {
                "partner_id": (partner or self.customer).id,
                "date": self.day(days_ago),
                "product_id": (product or self.paper).id,
                "quantity": quantity,
                "amount": amount,
                **values,
            }
        )

    def load(self, *rows):
        return self.Past.load(COLUMNS, [list(row) for row in rows])

    # Importing --------------------------------------------------------

    def test_list_is_imported_by_references_and_again_without_doubles(self):
        rows = (
            ("old.l1", self.day(90), "C-1001", "0001", "PAP", "10", "310.0"),
            ("old.l2", self.day(90), "C-1001", "0001", "TON", "2", "178.0"),
        )
        for amount in ("178.0", "180.0"):
            result = self.load(rows[0], (*rows[1][:-1], amount))
            self.assertFalse(result["messages"])
        sales = self.Past.search([("partner_id", "=", self.customer.id)])
        self.assertEqual(sales.product_id, self.paper | self.toner)
        self.assertEqual(sorted(sales.mapped("amount")), [180.0, 310.0])

    @mute_logger("odoo.sql_db")  # the database refuses rows, too
    def test_each_row_that_is_wrong_is_told_and_nothing_is_imported(self):
        result = self.load(
            ("", self.day(90), "C-1001", "1", "PAP", "10", "310.0"),
            ("", self.day(90), "nobody", "1", "PAP", "10", "310.0"),
            ("", self.day(90), "C-1001", "1", "NONE", "10", "310.0"),
            ("", "yesterday", "C-1001", "1", "PAP", "10", "310.0"),
        )
        self.assertFalse(result["ids"])
        told = {message["rows"]["from"] for message in result["messages"]}
        self.assertLessEqual({1, 2, 3}, told)
        self.assertFalse(self.Past.search([("partner_id", "=", self.customer.id)]))

    def test_what_can_not_be_is_refused(self):
        with self.assertRaises(ValidationError):
            self.sell(-2)
        for values in ({"quantity": 0.0}, {"quantity": -1.0}, {"amount": -5.0}):
            with self.assertRaises(CheckViolation), mute_logger("odoo.sql_db"), self.cr.savepoint():
                self.sell(10, **values)

    def test_templates_are_there(self):
        for model, columns in (
            ("crm.past.sale", ("Customer Key", "Product Key", "Net Amount", "Quantity", "Date", "Currency")),
            ("res.partner", ("Name", "Reference", "Salesperson")),
        ):
            template = self.env[model].get_import_templates()[-1]["template"]
            with file_open(template.removeprefix("/")) as file:
                heading = file.readline().strip().split(",")
            self.assertLessEqual(set(columns), set(heading), model)
            labels = {field["string"] for field in self.env[model].fields_get().values()}
            self.assertLessEqual(set(heading) - {"External ID"}, labels, "the ERP finds columns by label")

    # Facts ------------------------------------------------------------

    def test_facts_start_rich(self):
        for days in (125, 95, 65):
            self.sell(days, reference=f"O{days}")
            self.sell(days, self.toner, 1, 90.0, reference=f"O{days}")
        stat = self.stat(self.customer)
        self.assertRecordValues(
            stat,
            [
                {
                    "order_count": 3,
                    "ordered_total": 450.0,
                    "invoiced_net": 450.0,
                    "invoiced_12m": 450.0,
                    "median_interval": 30.0,
                    "first_order_date": self.today - timedelta(days=125),
                    "last_order_date": self.today - timedelta(days=65),
                    "lifecycle": "late",
                    "receivable": 0.0,
                }
            ],
        )
        self.assertRecordValues(
            self.fact(self.customer, self.paper),
            [{"times_bought": 3, "net_quantity": 6, "usual_quantity": 2, "last_price": 30.0, "amount": 180}],
        )
        suggested = [line["product_id"] for line in self.customer.crm_suggest_offer(5)]
        self.assertIn(self.paper.id, suggested)

    def test_past_and_present_are_one_history(self):
        self.sell(95)
        self.sell(65)
        order = self.order(self.customer, [(self.paper, 4)], days_ago=35)
        self.deliver(order, days_ago=34)
        self.invoice(order, days_ago=33)
        stat = self.stat(self.customer)
        self.assertEqual((stat.order_count, stat.median_interval), (3, 30.0))
        self.assertEqual((stat.ordered_total, stat.invoiced_net), (240.0, 240.0))
        fact = self.fact(self.customer, self.paper)
        self.assertEqual((fact.times_bought, fact.net_quantity, fact.interval_mean), (3, 8, 30.0))

    def test_lines_of_one_reference_are_one_order(self):
        self.sell(50, reference="A")
        self.sell(50, self.toner, reference="A")
        self.sell(50, reference="B")
        self.sell(49, reference="A")
        self.assertEqual(self.stat(self.customer).order_count, 3)

    def test_contacts_sales_are_the_customers(self):
        self.sell(50, partner=self.contact)
        self.assertEqual(self.stat(self.customer).order_count, 1)
        other = self.make_customer("Other")
        self.contact.parent_id = other
        self.assertEqual(self.stat(other).order_count, 1)
        self.assertFalse(self.stat(self.customer))

    def test_change_and_deletion_are_followed(self):
        sale = self.sell(50)
        other = self.make_customer("Other")
        self.assertEqual(self.stat(self.customer).ordered_total, 60.0)
        sale.amount = 70.0
        self.assertEqual(self.stat(self.customer).ordered_total, 70.0)
        sale.partner_id = other
        self.assertFalse(self.stat(self.customer))
        self.assertEqual(self.stat(other).ordered_total, 70.0)
        sale.unlink()
        self.assertFalse(self.stat(other))
        self.assertFalse(self.fact(other, self.paper))

    def test_rebuild_and_step_by_step_give_the_same(self):
        other = self.make_customer("Other")
        for days in (130, 100, 100, 71, 40):
            self.sell(days, reference=str(days))
            self.sell(days, self.toner, 3, 250.0, reference=str(days), partner=other)
        order = self.order(self.customer, [(self.paper, 4), (self.stapler, 1)], days_ago=10)
        self.deliver(order, days_ago=9)
        self.order(self.customer, [(self.paper, 1)], days_ago=40)
        self.sell(40, self.stapler, 5, 99.0, partner=self.contact)
        self.assert_rebuild_changes_nothing(self.customer | other)
        learn = self.env["crm.product.stat"]
        learn._refresh_from_orders(self.company)
        fields_read = ["product_id", "customer_count", "popularity", "interval_mean"]
        ours = [("product_id", "in", (self.paper | self.toner | self.stapler).ids)]
        from_orders = learn.search_read(ours, fields_read, order="product_id", load=None)
        learn._refresh(self.company)
        from_facts = learn.search_read(ours, fields_read, order="product_id", load=None)
        for rows in (from_orders, from_facts):
            for row in rows:
                row.pop("id")
        self.assertEqual(from_orders, from_facts)

    def test_check_of_facts_knows_of_them(self):
        company = self.env["res.company"].create({"name": "Fresh", "crm_timezone": "UTC"})
        self.env.user.company_ids |= company
        here = self.Past.with_company(company)
        for reference in ("A", "B"):
            here.create(
                {
                    "company_id": company.id,
                    "partner_id": self.customer.id,
                    "date": self.day(20),
                    "reference": reference,
                    "product_id": self.paper.id,
                    "quantity": 1,
                    "amount": 500.0,
                    "currency_id": company.currency_id.id,
                }
            )
        check = self.env["crm.fact.check"].with_company(company)._check_facts(company)
        self.assertEqual((check.orders_fact, check.orders_report), (2, 2))
        self.assertEqual((check.ordered_fact, check.ordered_report), (1000.0, 1000.0))
        self.assertEqual((check.invoiced_fact, check.invoiced_report), (1000.0, 1000.0))
        self.assertTrue(check.is_equal)

    def test_foreign_currency_counts_by_the_rate_of_the_day(self):
        euro = self.env.ref("base.EUR")
        euro.active = True
        self.env["res.currency.rate"].search([("currency_id", "=", euro.id)]).unlink()
        self.env["res.currency.rate"].create(
            [
                {"currency_id": euro.id, "name": self.day(400), "rate": 0.5},
                {"currency_id": euro.id, "name": self.day(30), "rate": 2.0},
            ]
        )
        if self.company.currency_id == euro:
            self.fail("the test needs a company in another currency")
        self.sell(60, amount=100.0, currency_id=euro.id)
        self.assertEqual(self.stat(self.customer).ordered_total, 200.0)

    def test_merging_takes_past_sales_along(self):
        double = self.make_customer("Double")
        self.sell(50, partner=double)
        self.sell(20)
        self.Dirty._fold()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((double | self.customer).ids, self.customer)
        self.env.invalidate_all()
        self.assertEqual(self.stat(self.customer).order_count, 2)
        self.assert_rebuild_changes_nothing(self.customer)

    # Who ---------------------------------------------------------------

    def test_roles(self):
        seller = new_test_user(self.env, "past_seller", groups="crm_core.group_crm_core_user")
        manager = new_test_user(self.env, "past_manager", groups="crm_core.group_crm_core_manager")
        sale = self.sell(50)
        self.assertTrue(self.Past.with_user(seller).search([("id", "=", sale.id)]))
        for operation in ("write", "create", "unlink"):
            self.assertFalse(self.Past.with_user(seller).has_access(operation))
            self.assertTrue(self.Past.with_user(manager).has_access(operation))
        self.customer.user_id = manager
        self.assertFalse(self.Past.with_user(seller).search([("id", "=", sale.id)]))
        with self.assertRaises(AccessError):
            sale.with_user(seller).read(["amount"])
        for login, group in (("past_employee", "base.group_user"), ("past_portal", "base.group_portal")):
            user = new_test_user(self.env, login, groups=group)
            self.assertFalse(self.Past.with_user(user).has_access("read"))

    def test_companies_are_apart(self):
        sale = self.sell(50)
        other = self.env["res.company"].create({"name": "Elsewhere"})
        outsider = new_test_user(
            self.env,
            "past_outsider",
            groups="crm_core.group_crm_core_manager",
            company_id=other.id,
            company_ids=[Command.set(other.ids)],
        )
        self.assertFalse(self.Past.with_user(outsider).search([("id", "=", sale.id)]))
