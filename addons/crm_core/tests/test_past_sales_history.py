from datetime import timedelta

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestPastSalesHistory(CrmCoreCommon):
    """Whoever asks where a figure comes from finds the orders that were imported, too."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Past = cls.env["crm.past.sale"]

    def sell(self, days_ago, product=None, partner=None, amount=60.0, **values):
        return self.Past.create(
            {
                "partner_id": (partner or self.customer).id,
                "date": self.today - timedelta(days=days_ago),
                "product_id": (product or self.paper).id,
                "quantity": 2,
                "amount": amount,
                **values,
            }
        )

    def rows(self, partner=None, **filters):
        return (partner or self.customer).crm_timeline(100, kinds=["past_order"], **filters)["rows"]

    def heads(self, partner=None):
        """Rows of the timeline; those of a first fill are the same."""
        told = [(row["res_id"], row["subject"]) for row in self.rows(partner)]
        self.env.cr.execute("DELETE FROM crm_interaction WHERE res_model = 'crm.past.sale'")
        self.env["crm.interaction"].invalidate_model()
        self.env["crm.interaction"]._sync("crm.past.sale", self.Past.search([]).ids)
        self.assertEqual([(row["res_id"], row["subject"]) for row in self.rows(partner)], told)
        return [res_id for res_id, _subject in told]

    # Timeline ---------------------------------------------------------

    def test_order_of_several_lines_is_one_row_with_its_sum(self):
        first = self.sell(50, reference="A")
        self.sell(50, self.toner, reference="A", amount=40)
        other = self.sell(49, reference="B")
        newest, older = self.rows()
        self.assertEqual((newest["res_id"], older["res_id"]), (other.id, first.id))
        self.assertEqual((older["subject"], older["amount"], older["state"]), ("A", 100.0, "Imported"))
        self.assertEqual(older["day"], (self.today - timedelta(days=50)).isoformat())
        detail = self.customer.crm_timeline_detail(older["id"])
        self.assertEqual([line["amount"] for line in detail["lines"]], [60.0, 40.0])
        self.assertEqual([row["res_id"] for row in self.rows(search=self.toner.name)], [first.id])

    def test_rows_follow_the_lines(self):
        first = self.sell(50, reference="A")
        second = self.sell(50, self.toner, reference="A")
        third = self.sell(50, self.training, reference="A")
        self.assertEqual(self.heads(), [first.id])
        first.reference = "Z"
        self.assertEqual(self.heads(), [second.id, first.id])
        second.date = self.today - timedelta(days=10)
        self.assertEqual(self.heads(), [second.id, third.id, first.id])
        second.write({"date": third.date, "reference": "A"})
        self.assertEqual(self.heads(), [second.id, first.id])
        second.unlink()
        self.assertEqual(self.heads(), [third.id, first.id])
        (first | third).unlink()
        self.assertEqual(self.heads(), [])

    def test_merged_customers_have_one_order(self):
        double = self.make_customer("Alma (old)")
        first = self.sell(50, reference="A", partner=double)
        second = self.sell(50, reference="A")
        self.assertEqual(len(self.rows()), 1)
        self.env["base.partner.merge.automatic.wizard"].create({})._merge(
            (double | self.customer).ids, self.customer
        )
        self.assertEqual(second.partner_id, self.customer)
        self.assertEqual(self.heads(), [first.id])

    def test_who_may_not_see_the_customer_sees_no_old_order(self):
        self.sell(50, reference="A")
        stranger = new_test_user(self.env, "past_employee", groups="base.group_user")
        with self.assertRaises(AccessError):
            self.rows(self.customer.with_user(stranger))
        branch = self.env["res.company"].create({"name": "Branch"})
        self.assertFalse(self.rows(self.customer.with_context(allowed_company_ids=branch.ids)))

    # Behind the figures -----------------------------------------------

    def test_figures_say_what_was_imported_and_open_it(self):
        lines = self.sell(500, reference="A") | self.sell(50, reference="B", partner=self.contact)
        lines |= self.sell(50, self.toner, reference="B", partner=self.contact)
        self.order(self.customer, [(self.paper, 1)])
        overview = self.customer.crm_overview()
        tiles = {tile["key"]: tile for tile in overview["tiles"]}
        self.assertEqual(tiles["orders"]["more"], {"label": "2 imported", "records": "past_sales"})
        self.assertEqual(tiles["turnover"]["more"]["label"], "1 imported")
        self.assertTrue(overview["has_past_sales"])
        action = self.customer.crm_open_records(tiles["orders"]["more"]["records"])
        self.assertEqual(self.env[action["res_model"]].search(action["domain"]), lines)
        orders = self.customer.crm_open_records("orders")
        shown = len(self.env["sale.order"].search(orders["domain"])) + int(
            tiles["orders"]["more"]["label"][0]
        )
        self.assertEqual(shown, tiles["orders"]["value"], "both lists together are the figure")

    def test_without_imported_orders_nothing_is_said(self):
        self.sell(50, partner=self.make_customer("Other"))
        self.order(self.customer, [(self.paper, 1)])
        overview = self.customer.crm_overview()
        self.assertFalse(overview["has_past_sales"])
        self.assertFalse(any(tile.get("more") for tile in overview["tiles"]))


@tagged("post_install", "-at_install", "thorough")
class TestPastSalesImport(CrmCoreCommon):
    """The import dialog sends a long file in parts; of past sales all of it comes in, or nothing."""

    COLUMNS = ("id", "date", "customer_key", "reference", "product_key", "quantity", "amount")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.customer.ref = "C-1001"
        cls.paper.default_code = "PAP"

    def dialog(self, count, wrong_row=None, model="crm.past.sale", limit=2000):
        """What the dialog of the web client does: calls with a limit, until there is no next row.

        :return: (number of calls, messages)
        """
        lines = [",".join(self.COLUMNS)]
        for number in range(1, count + 1):
            day = (self.today - timedelta(days=number % 900 + 1)).isoformat()
            key = "NOBODY" if number == wrong_row else "C-1001"
            lines.append(f"old.bulk{number},{day},{key},R{number},PAP,1,10.5")
        wizard = self.env["base_import.import"].create(
            {
                "res_model": model,
                "file": "\n".join(lines).encode(),
                "file_type": "text/csv",
                "file_name": "p.csv",
            }
        )
        options = {
            "quoting": '"',
            "separator": ",",
            "has_headers": True,
            "encoding": "utf-8",
            "date_format": "%Y-%m-%d",
            "float_decimal_separator": ".",
            "float_thousand_separator": ",",
        }
        calls, skip = 0, 0
        while True:
            result = wizard.execute_import(
                list(self.COLUMNS), list(self.COLUMNS), {**options, "limit": limit, "skip": skip}
            )
            calls += 1
            skip = result["nextrow"]
            if result["messages"] or not skip:
                return calls, result["messages"]

    def count(self):
        return self.env["crm.past.sale"].search_count([("partner_id", "=", self.customer.id)])

    @mute_logger("odoo.sql_db")
    def test_an_error_in_row_4500_of_5000_leaves_nothing_behind(self):
        calls, messages = self.dialog(5000, wrong_row=4500)
        self.assertEqual(calls, 1)
        self.assertEqual([message["rows"] for message in messages], [{"from": 4499, "to": 4499}])
        self.assertIn("NOBODY", messages[0]["message"])
        self.assertEqual(self.count(), 0)
        self.assertFalse(
            self.env["ir.model.data"].search([("name", "=like", "bulk%"), ("module", "=", "old")])
        )

    def test_a_file_without_errors_comes_in_whole(self):
        calls, messages = self.dialog(450, limit=100)
        self.assertEqual((calls, messages), (1, []))
        self.assertEqual(self.count(), 450)
