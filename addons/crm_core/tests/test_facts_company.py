from odoo import Command
from odoo.tests import tagged
from odoo.tools import SQL

from .common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestFactsCompany(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.branch = cls.env["res.company"].create({"name": "Second company", "crm_timezone": "UTC"})
        cls.env.user.company_ids |= cls.branch
        cls.env = cls.env(context=dict(cls.env.context, allowed_company_ids=[cls.company.id, cls.branch.id]))

    def order_in_branch(self):
        here = self.env(context=dict(self.env.context, allowed_company_ids=[self.branch.id]))
        product = here["product.product"].create(
            {
                "name": "Branch goods",
                "type": "service",
                "list_price": 7.0,
                "taxes_id": [Command.clear()],
            }
        )
        order = here["sale.order"].create(
            {
                "partner_id": self.customer.id,
                "order_line": [Command.create({"product_id": product.id})],
            }
        )
        order.action_confirm()
        return order

    def test_each_company_keeps_its_own_facts(self):
        self.order(self.customer, [(self.paper, 1)])
        self.order_in_branch()
        self.assertEqual(self.stat(self.customer).ordered_total, 30.0)
        self.assertEqual(self.stat(self.customer, self.branch).ordered_total, 7.0)
        self.assertFalse(
            self.Fact.search([("company_id", "=", self.branch.id), ("product_id", "=", self.paper.id)])
        )

    def test_overview_shows_the_current_company_alone(self):
        self.order(self.customer, [(self.paper, 1)])
        self.order_in_branch()
        for company, count in ((self.company, 1), (self.branch, 1)):
            overview = self.customer.with_company(company).crm_overview()
            tiles = {tile["key"]: tile["value"] for tile in overview["tiles"]}
            self.assertEqual((overview["company"]["id"], tiles["orders"]), (company.id, count))
            rows = self.customer.with_company(company).crm_timeline(10)["rows"]
            self.assertEqual({row["model"] for row in rows if row["kind"] == "order"}, {"sale.order"})
            self.assertEqual(len([row for row in rows if row["kind"] == "order"]), 1)

    def test_mark_without_company_refreshes_all_companies(self):
        self.order(self.customer, [(self.paper, 1)])
        self.order_in_branch()
        self.Dirty._fold()
        self.Stat.search([("partner_id", "=", self.customer.id)]).unlink()
        self.Dirty._mark(self.customer)
        self.Dirty._fold()
        self.assertEqual(self.Stat.search_count([("partner_id", "=", self.customer.id)]), 2)

    def test_facts_of_a_deleted_product_or_customer_are_gone(self):
        """No foreign key takes them away, see ``Many2oneWithoutKey``."""
        product = self.env["product.product"].create({"name": "Never really sold"})
        partner = self.env["res.partner"].create({"name": "Never really there"})
        self.env.flush_all()
        pairs = [(self.customer, product), (partner, self.paper), (self.customer, self.paper)]
        for customer, bought in pairs:
            self.env.cr.execute(
                "INSERT INTO crm_customer_product (company_id, partner_id, product_id) VALUES (%s, %s, %s)",
                [self.company.id, customer.id, bought.id],
            )
        product.unlink()
        partner.unlink()
        rows = self.Fact.search([("partner_id", "in", (self.customer | partner).ids)])
        self.assertEqual((rows.partner_id, rows.product_id), (self.customer, self.paper))

    def test_zone_of_a_company_follows_what_it_depends_on(self):
        def zone():
            ask = SQL("SELECT %s", self.env["res.company"]._crm_timezone_sql(SQL("%s", self.branch.id)))
            return self.env.execute_query(ask)[0][0]

        self.assertEqual(zone(), "UTC")
        self.branch.crm_timezone = False
        self.branch.resource_calendar_id = self.env["resource.calendar"].create(
            {"name": "Office", "tz": "Asia/Tokyo"}
        )
        self.assertEqual(zone(), "Asia/Tokyo")
        self.branch.resource_calendar_id.tz = "Europe/Paris"
        self.assertEqual(zone(), "Europe/Paris")
        self.branch.resource_calendar_id = False
        self.branch.partner_id.tz = "America/New_York"
        self.assertEqual(zone(), "America/New_York")
        self.branch.crm_timezone = "UTC"
        self.assertEqual(zone(), "UTC")
