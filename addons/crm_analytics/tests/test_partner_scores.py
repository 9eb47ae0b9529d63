from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import AnalyticsCommon


@tagged("post_install", "-at_install")
class TestPartnerScores(AnalyticsCommon):
    """Scores as columns and conditions of contacts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Partner = cls.env["res.partner"]
        cls.segment = cls.env.ref("crm_analytics.segment_champion")
        cls.model = cls.env["crm.analytics.model"].create(
            {
                "company_id": cls.company.id,
                "as_of": cls.today,
                "kind": "mbg_nbd",
                "status": "ok",
                "value_status": "ok",
            }
        )
        cls.unscored = cls.make_customer("Unscored")
        cls.score = cls.env["crm.analytics.customer"].create(
            {
                "company_id": cls.company.id,
                "partner_id": cls.customer.id,
                "model_id": cls.model.id,
                "as_of": cls.today,
                "segment_id": cls.segment.id,
                "risk": "high",
                "abc_class": "a",
                "money_at_stake": 120,
                "next_day": cls.today,
            }
        )
        cls.env["crm.analytics.pyramid"].create(
            {
                "company_id": cls.company.id,
                "partner_id": cls.customer.id,
                "as_of": cls.today,
                "relationship": 60,
                "lift_part": "repeat",
            }
        )

    def found(self, *condition, user=None):
        ours = self.customer | self.contact | self.unscored
        return self.Partner.with_user(user or self.env.user).search([condition, ("id", "in", ours.ids)])

    def test_contact_has_the_scores_of_the_customer(self):
        both = self.customer | self.contact
        self.assertEqual(both.mapped("crm_risk"), ["high", "high"])
        self.assertEqual(self.contact.crm_segment_id, self.segment)
        self.assertEqual(self.contact.crm_relationship, 60)
        self.assertFalse(self.unscored.crm_risk)

    def test_columns_of_a_list_cost_few_queries(self):
        partners = (self.customer | self.contact | self.unscored).with_prefetch()
        partners.mapped("commercial_partner_id")
        partners.fetch(["commercial_partner_id"])
        with self.assertQueryCount(5):
            partners.mapped("crm_risk")

    def test_conditions(self):
        both = self.customer | self.contact
        for condition in (
            ("crm_risk", "=", "high"),
            ("crm_segment_id", "=", self.segment.id),
            ("crm_segment_id.name", "ilike", self.segment.name),
            ("crm_money_at_stake", ">", 100),
            ("crm_next_purchase_date", "<=", "today"),
            ("crm_lift_part", "=", "repeat"),
            ("crm_relationship", ">=", 60),
        ):
            with self.subTest(condition=condition):
                self.assertEqual(self.found(*condition), both)
        self.assertEqual(self.found("crm_risk", "=", False), self.unscored)
        self.assertEqual(self.found("crm_risk", "!=", "high"), self.unscored)

    def test_list_of_customers_filters_by_risk(self):
        self.order(self.customer, [(self.training, 1)])
        self.fold()
        stats = self.Stat.search([("risk", "=", "high"), ("partner_id", "=", self.customer.id)])
        self.assertEqual((stats.segment_id, stats.money_at_stake), (self.segment, 120))

    def test_another_company_and_portal(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        self.assertFalse(self.customer.with_company(elsewhere).crm_risk)
        portal = new_test_user(self.env, "scores.portal", groups="base.group_portal")
        with self.assertRaises(AccessError):
            self.customer.with_user(portal).read(["crm_risk"])

    def test_conditions_are_profiling(self):
        self.assertTrue(self.env["crm.target.group"]._is_profiling([("crm_risk", "=", "high")]))
