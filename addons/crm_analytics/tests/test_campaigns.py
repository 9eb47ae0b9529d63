from datetime import timedelta

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import AnalyticsCommon


@tagged("post_install", "-at_install")
class TestCampaigns(AnalyticsCommon):
    """What a campaign cost and brought, and how much of it would have come anyway."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Result = cls.env["crm.analytics.campaign"]
        cls.company.crm_analytics_margin = 50
        cls.campaign = cls.plan("Spring", days_ago=20)

    @classmethod
    def plan(cls, name, days_ago=20, **values):
        return cls.env["utm.campaign"].create(
            {
                "title": name,
                "company_id": cls.company.id,
                "crm_date_start": cls.today - timedelta(days=days_ago),
                "crm_response_days": 10,
                **values,
            }
        )

    def count(self, campaign=None):
        campaign = campaign or self.campaign
        self.fold()
        self.Result._refresh(self.company, campaign)
        return self.Result.search([("campaign_id", "=", campaign.id)])

    def address(self, treated, control, campaign=None):
        """(number, how many of them bought), of those addressed and of those left alone."""
        group = self.env["crm.target.group"].create({"name": "Addressed", "kind": "static"})
        days = []
        members = self.env["crm.target.group.member"]
        for is_control, (number, bought) in ((False, treated), (True, control)):
            customers = self.env["res.partner"].create(
                [{"name": f"Member {is_control} {place}", "is_company": True} for place in range(number)]
            )
            added = group._add_partners(customers)
            added.is_control = is_control
            members |= added
            days += [(customer, 100.0) for customer in customers[:bought]]
        (campaign or self.campaign).crm_target_group_ids |= group
        self.fold()
        self.Event.create(
            [
                {
                    "company_id": self.company.id,
                    "partner_id": customer.id,
                    "day": self.today - timedelta(days=15),
                    "document_count": 1,
                    "revenue": revenue,
                    "is_purchase": True,
                }
                for customer, revenue in days
            ]
        )
        return members

    def test_effect_is_what_the_control_group_did_not(self):
        self.campaign.crm_cost = 1000
        self.address((100, 40), (100, 10))
        result = self.count()
        self.assertEqual((result.reach, result.control_count, result.response_count), (100, 100, 40))
        self.assertAlmostEqual(result.uplift, 0.3)
        self.assertTrue(0 < result.uplift_low < 0.3 < result.uplift_high)
        self.assertAlmostEqual(result.extra_revenue, 3000)
        self.assertTrue(result.is_proven)
        self.assertEqual((result.basis, result.margin, result.profit, result.roi), ("extra", 1500, 500, 0.5))
        self.assertIn("It worked: 40.0 % bought", result.verdict)

    def test_small_difference_may_be_luck(self):
        self.address((100, 12), (100, 10))
        result = self.count()
        self.assertFalse(result.is_proven)
        self.assertGreater(result.needed, 1000)
        self.assertIn("may be luck", result.verdict)

    def test_too_few_prove_nothing_however_different(self):
        self.address((10, 10), (10, 0))
        result = self.count()
        self.assertEqual((result.status, result.basis), ("insufficient", "revenue"))
        self.assertFalse(result.is_proven)
        self.assertIn("Fewer than 30", result.verdict)

    def test_without_control_group_it_says_so(self):
        self.campaign.crm_cost = 10
        self.address((50, 20), (0, 0))
        result = self.count()
        self.assertEqual(result.status, "empty")
        self.assertIn("would have come anyway", result.verdict)
        self.assertIn("too good", result.verdict)

    def test_who_was_addressed_somewhere_was_not_left_alone(self):
        members = self.address((40, 0), (40, 0))
        other = self.env["crm.target.group"].create({"name": "Other", "kind": "static"})
        other._add_partners(members.filtered("is_control")[:5].partner_id)
        self.campaign.crm_target_group_ids |= other
        result = self.count()
        self.assertEqual((result.reach, result.control_count), (45, 35))

    def test_purchases_outside_of_the_time_do_not_count(self):
        self.campaign.crm_date_start = self.today - timedelta(days=60)
        self.address((40, 10), (40, 10))
        result = self.count()
        self.assertEqual(result.response_count, 0)
        self.assertFalse(result.is_running)

    def test_revenue_is_invoiced_less_refunds(self):
        order = self.order(self.customer, [(self.paper, 10)], days_ago=12, campaign_id=self.campaign.id)
        self.deliver(order, days_ago=11)
        invoice = self.invoice(order, days_ago=10)
        self.assertEqual(invoice.campaign_id, self.campaign)
        self.assertAlmostEqual(self.count().revenue, 300)
        note = self.refund(invoice, days_ago=5, quantity=4)
        note.campaign_id = self.campaign
        self.campaign.crm_cost = 100
        result = self.count()
        self.assertAlmostEqual(result.revenue, 180)
        self.assertEqual((result.order_count, result.won_count), (1, 1))
        self.assertAlmostEqual(result.cost_per_customer, 100)
        self.assertAlmostEqual(result.profit, 180 * 0.5 - 100)
        self.assertGreater(result.payback, 0)

    def test_credit_is_divided_among_the_campaigns_before(self):
        """Three campaigns touched a customer before an order of 300: each rule divides it its own way."""
        first, middle, last = (
            self.plan(name, days_ago=days) for name, days in (("F", 60), ("M", 40), ("L", 12))
        )
        late = self.plan("Too long ago", days_ago=200)
        for campaign in (first, middle, last, late):
            group = self.env["crm.target.group"].create({"name": campaign.title, "kind": "static"})
            group._add_partners(self.customer)
            campaign.crm_target_group_ids = group
        self.order(self.contact, [(self.paper, 10)], days_ago=5)
        self.env.flush_all()
        found = self.Result._get_credits(self.company)

        def amounts(method):
            return [round(found[method].get(campaign.id, 0.0), 2) for campaign in (first, middle, last, late)]

        self.assertEqual(amounts("first"), [300, 0, 0, 0])
        self.assertEqual(amounts("last"), [0, 0, 300, 0])
        self.assertEqual(amounts("linear"), [100, 100, 100, 0])
        self.assertEqual(amounts("position"), [120, 60, 120, 0])
        self.assertAlmostEqual(self.count(middle).credit_position, 60)

    def test_merged_customers_are_one(self):
        self.address((31, 31), (31, 0))
        members = self.env["res.partner"].search([("name", "in", ("Member False 0", "Member False 1"))])
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge(members.ids, members[0])
        self.assertEqual(self.count().reach, 30)

    def test_counting_again_keeps_one_row(self):
        one, two = self.count(), self.count()
        self.assertEqual(one, two)
        found = self.campaign.action_crm_results()
        self.assertEqual(found["res_id"], one.id)
        self.campaign.unlink()
        self.assertFalse(one.exists())

    def test_nonsense_is_refused(self):
        for values in (
            {"crm_date_end": self.today - timedelta(days=100)},
            {"crm_cost": -1},
            {"crm_response_days": -1},
        ):
            with self.assertRaises(ValidationError), self.cr.savepoint():
                self.campaign.write(values)

    def test_no_start_no_effect(self):
        campaign = self.env["utm.campaign"].create({"title": "Unplanned", "company_id": self.company.id})
        self.assertIn("Say when it ran", self.count(campaign).verdict)

    def test_roles_and_companies(self):
        result = self.count()
        seller = new_test_user(self.env, "ca.seller", "sales_team.group_sale_salesman")
        reader = new_test_user(self.env, "ca.reader", "crm_analytics.group_crm_analytics_reader")
        portal = new_test_user(self.env, "ca.portal", "base.group_portal")
        for user in (seller, portal):
            with self.assertRaises(AccessError):
                self.Result.with_user(user).search([])
        with self.assertRaises(AccessError):
            self.campaign.with_user(seller).read(["crm_cost"])
        self.assertEqual(self.Result.with_user(reader).search([("id", "=", result.id)]), result)
        self.assertEqual(self.campaign.with_user(reader).action_crm_results()["res_id"], result.id)
        for right in ("create", "write", "unlink"):
            self.assertFalse(self.Result.with_user(reader).has_access(right))
        company = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "ca.stranger",
            "crm_analytics.group_crm_analytics_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        here = self.Result.with_user(stranger).with_context(allowed_company_ids=company.ids)
        self.assertFalse(here.search([("id", "=", result.id)]))
