from datetime import datetime, timedelta

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from .dashboard_common import DashboardCommon


@tagged("post_install", "-at_install")
class TestAnalyticsAlert(DashboardCommon):
    """Figures that are watched, and figures in the digest."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Alert = cls.env["crm.analytics.alert"]
        cls.reader = cls.make_user("alert_reader", "crm_analytics.group_crm_analytics_reader")
        cls.other = cls.make_user("alert_other", "crm_analytics.group_crm_analytics_reader")
        cls.manager = cls.make_user("alert_manager", "crm_analytics.group_crm_analytics_manager")

    def alert(self, **values):
        return self.Alert.create({"company_id": self.company.id, "user_id": self.reader.id, **values})

    def test_threshold_tells_once_for_each_breach(self):
        alert = self.alert(kpi="customer_count", condition="above", threshold=40)
        self.score()
        self.assertTrue(alert.is_breached)
        self.assertEqual(alert.activity_ids.user_id, self.reader)
        self.score()
        self.assertEqual(len(alert.activity_ids), 1)
        alert.threshold = 4000
        self.score()
        self.assertFalse(alert.is_breached or alert.breached_on)
        alert.threshold = 40
        self.score()
        self.assertEqual(len(alert.activity_ids), 2)
        self.assertIn("Customers, 12 months is 4", alert.message_ids[0].body)

    def test_share_is_compared_in_percent(self):
        below = self.alert(kpi="repeat_rate", condition="below", threshold=99)
        fine = self.alert(kpi="repeat_rate", condition="below", threshold=1)
        self.score()
        self.assertEqual((below.is_breached, fine.is_breached), (True, False))
        self.assertIn("99 %", below.name)

    def test_unusual_change_is_told_and_a_usual_one_is_not(self):
        alert = self.alert(kpi="revenue", condition="unusual", deviations=4)
        self.score()
        today = self.Kpi.search([("company_id", "=", self.company.id)])
        for week in range(1, 15):
            today.copy({"as_of": self.today - timedelta(weeks=week), "revenue": today.revenue - 10 * week})
        self.score()
        self.assertFalse(alert.is_breached)
        self.bought(self.single, [1], 100000)
        self.score()
        self.assertTrue(alert.is_breached)
        self.assertIn("100,0", alert.message_ids[0].body)

    def test_little_past_is_never_unusual(self):
        alert = self.alert(kpi="revenue", condition="unusual", deviations=1)
        self.score(days_ago=7)
        self.bought(self.single, [1], 100000)
        self.score()
        self.assertFalse(alert.is_breached)

    def test_looking_back_alerts_nobody(self):
        alert = self.alert(kpi="customer_count", condition="above", threshold=1)
        self.score(days_ago=30)
        self.assertFalse(alert.is_breached)

    def test_other_company_breaches_nothing_here(self):
        alert = self.alert(kpi="average_value", condition="above", threshold=5000)
        self.score()
        self.make_company()
        self.assertFalse(alert.is_breached)

    def test_only_who_sees_all_customers_is_told(self):
        seller = self.make_user("alert_seller", "sales_team.group_sale_salesman")
        with self.assertRaises(ValidationError):
            self.alert(kpi="revenue", condition="below", threshold=1, user_id=seller.id)
        other = self.env["res.company"].create({"name": "Other Ltd"})
        with self.assertRaises(ValidationError):
            self.alert(kpi="revenue", condition="below", threshold=1, company_id=other.id)

    def test_readers_have_alerts_of_their_own(self):
        values = {"kpi": "revenue", "condition": "below", "threshold": 1}
        mine = self.Alert.with_user(self.reader).create(values)
        self.assertEqual(mine.user_id, self.reader)
        with self.assertRaises(AccessError):
            self.Alert.with_user(self.reader).create({**values, "user_id": self.other.id})
        with self.assertRaises(AccessError):
            mine.with_user(self.other).write({"threshold": 2})
        mine.with_user(self.manager).threshold = 2
        for group in ("sales_team.group_sale_salesman", "base.group_portal"):
            with self.assertRaises(AccessError):
                self.Alert.with_user(self.make_user(f"alert{group[-9:]}", group)).search([])

    def test_digest_tells_who_came_and_what_is_at_stake(self):
        self.score()
        digest = self.env["digest.digest"].create(
            {
                "name": "Digest",
                "company_id": self.company.id,
                "user_ids": [(6, 0, self.reader.ids)],
                "kpi_crm_customers_new": True,
                "kpi_crm_customers_again": True,
                "kpi_crm_customers_risk": True,
                "kpi_crm_money_at_stake": True,
            }
        )
        noon = datetime(self.today.year, self.today.month, self.today.day, 12)
        here = digest.with_user(self.reader).with_company(self.company)
        here = here.with_context(start_datetime=noon - timedelta(days=30), end_datetime=noon)
        kpi = self.Kpi.search([("company_id", "=", self.company.id)])
        self.assertEqual(here.kpi_crm_customers_new_value, 1)  # the single one, 20 days ago
        bought = self.Event.search(
            [("company_id", "=", self.company.id), ("day", ">", self.today - timedelta(days=30))]
        )
        self.assertEqual(here.kpi_crm_customers_again_value, len(bought.partner_id) - 1)
        self.assertEqual(here.kpi_crm_customers_risk_value, kpi.high_risk_count)
        self.assertAlmostEqual(here.kpi_crm_money_at_stake_value, kpi.money_at_stake, 2)
        seller = self.make_user("digest_seller", "sales_team.group_sale_salesman")
        names = {row["kpi_name"] for row in digest._compute_kpis(self.company, self.reader)}
        self.assertIn("kpi_crm_money_at_stake", names)
        self.assertFalse(digest._compute_kpis(self.company, seller))
