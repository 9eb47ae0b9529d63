from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo.tests import HttpCase, new_test_user, tagged


@tagged("post_install", "-at_install")
class TestForecastTour(HttpCase):
    """A manager goes through the forecast: parts, adjustment, what changed, the deals behind it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Tour Forecast Ltd", "crm_timezone": "UTC"})
        cls.manager = new_test_user(
            cls.env,
            "tour.forecast",
            "crm_analytics.group_crm_analytics_manager,sales_team.group_sale_manager",
            company_id=cls.company.id,
            company_ids=[(6, 0, cls.company.ids)],
        )
        today = cls.company._crm_today()
        cls.month = today.replace(day=1)
        team = cls.env["crm.team"].create({"name": "Tour Forecast Team", "company_id": cls.company.id})
        deals = {
            "type": "opportunity",
            "company_id": cls.company.id,
            "team_id": team.id,
            "user_id": cls.manager.id,
        }
        raised, _new = cls.env["crm.lead"].create(
            [
                {**deals, "name": "Tour Deal Raised", "expected_revenue": 900, "date_deadline": today},
                {**deals, "name": "Tour Deal New", "expected_revenue": 500, "date_deadline": today},
            ]
        )
        Snapshot, Forecast = cls.env["crm.analytics.pipeline.snapshot"], cls.env["crm.analytics.forecast"]
        Snapshot.create(
            {
                "company_id": cls.company.id,
                "date": Snapshot._get_week(today) - timedelta(weeks=4),
                "lead_id": raised.id,
                "team_id": team.id,
                "expected_revenue": 700,
                "probability": 40,
                "date_deadline": today,
                "category": "pipeline",
            }
        )
        cls.env["crm.analytics.sales"].create(
            [
                {
                    "company_id": cls.company.id,
                    "month": cls.month - relativedelta(months=number),
                    "team_id": team.id,
                    "amount": 1000 + 10 * number,
                    "from_deal": False,
                }
                for number in range(30)
            ]
        )
        for as_of in (cls.month - relativedelta(months=2), today):
            Forecast._make(cls.company, as_of)
        cls.env["crm.analytics.forecast.line"]._fill_actual(cls.company)

    def test_forecast_is_reviewed(self):
        self.start_tour("/odoo/sales-forecast", "analytics_forecast_review", login="tour.forecast")
        made = self.env["crm.analytics.forecast.adjustment"].search([("company_id", "=", self.company.id)])
        self.assertEqual(
            (made.after, made.user_id, made.reason), (4321, self.manager, "Trade fair in spring")
        )


@tagged("post_install", "-at_install")
class TestForecastTourPhone(TestForecastTour):
    browser_size = "390x844"
    touch_enabled = True

    def test_forecast_is_reviewed(self):
        self.start_tour("/odoo/sales-forecast", "analytics_forecast_review_phone", login="tour.forecast")
        self.assertTrue(
            self.env["crm.analytics.forecast.adjustment"].search([("company_id", "=", self.company.id)])
        )
