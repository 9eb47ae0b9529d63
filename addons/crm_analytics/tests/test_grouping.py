from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .dashboard_common import DashboardCommon


@tagged("post_install", "-at_install")
class TestGrouping(DashboardCommon):
    """Groups of customers who behave alike, found without rules."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company.crm_analytics_since = False
        # Twenty who buy much and lately, beside those who buy little.
        cls.large = cls.env["res.partner"].concat(
            *(cls.make_customer(f"Large {number}") for number in range(20))
        )
        cls.fold()
        for number, customer in enumerate(cls.large):
            cls.bought(customer, range(1, 360, 7), 5000 + 10 * number)
        cls.Model._score(cls.company)
        cls.reader = new_test_user(
            cls.env, "grouping_reader", groups="crm_analytics.group_crm_analytics_reader"
        )

    def find(self, number="0", user=None):
        Grouping = self.env["crm.analytics.grouping"].with_user(user or self.reader)
        grouping = Grouping.browse(Grouping.action_start()["res_id"])
        if number != "0":
            grouping.number = number
            grouping.action_find()
        return grouping

    def test_those_apart_are_found(self):
        grouping = self.find("2")
        self.assertEqual(grouping.customer_count, 63)
        self.assertEqual(sum(grouping.line_ids.mapped("customer_count")), 63)
        best = max(grouping.line_ids, key=lambda line: line.value)
        self.assertEqual(set(best.partner_ids), set(self.large.ids))
        self.assertIn("large purchases", best.name.lower())
        self.assertAlmostEqual(sum(grouping.line_ids.mapped("revenue_share")), 1)
        self.assertGreater(best.revenue_share, 0.9)

    def test_very_unequal_values_do_not_stop_the_night(self):
        model = self.Model.search([("company_id", "=", self.company.id)], limit=1)
        self.assertEqual(model.value_status, "infinite_mean")
        self.assertEqual(self.Score.search_count([("model_id", "=", model.id)]), 63)

    def test_number_is_chosen_by_the_data(self):
        grouping = self.find()
        self.assertGreater(len(grouping.line_ids), 1)
        self.assertIn(grouping.status, ("ok", "unstable"))
        self.assertTrue(grouping.verdict)

    def test_group_opens_and_becomes_a_target_group(self):
        best = max(self.find("2").line_ids, key=lambda line: line.value)
        action = best.action_open_customers()
        self.assertEqual(self.env[action["res_model"]].search_count(action["domain"]), 20)
        group = self.env["crm.target.group"].browse(best.action_make_target_group()["res_id"])
        self.assertEqual(group.member_ids.partner_id, self.large)
        best.sudo().partner_ids = []
        with self.assertRaises(UserError):
            best.action_make_target_group()

    def test_company_without_scores_says_so(self):
        company = self.env["res.company"].create({"name": "Empty Ltd"})
        self.reader.write({"company_ids": [(4, company.id)]})
        Grouping = self.env["crm.analytics.grouping"].with_user(self.reader).with_company(company)
        grouping = Grouping.browse(Grouping.action_start()["res_id"])
        self.assertEqual((grouping.status, grouping.customer_count), ("empty", 0))
        self.assertFalse(grouping.line_ids)

    def test_few_customers_are_no_groups(self):
        self.Score.search([("partner_id", "not in", self.large.ids)]).unlink()
        self.assertEqual(self.find().status, "insufficient")

    def test_roles(self):
        seller = new_test_user(self.env, "grouping_seller", groups="crm_core.group_crm_core_user")
        with self.assertRaises(AccessError):
            self.find(user=seller)
        own = self.find("2")
        other = new_test_user(self.env, "grouping_other", groups="crm_analytics.group_crm_analytics_reader")
        with self.assertRaises(AccessError):
            own.with_user(other).read(["number"])
