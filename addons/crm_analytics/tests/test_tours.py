from datetime import timedelta

from odoo.tests import HttpCase, new_test_user, tagged


class DashboardTourCase(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        company, Event = cls.env.company, cls.env["crm.analytics.event"]
        Event.search([]).unlink()
        cls.env["crm.analytics.model"].search([]).unlink()
        today, germany = company._crm_today(), cls.env.ref("base.de")
        for number in range(12):
            name = "Tour Regular" if not number else f"Tour Customer {number}"
            customer = cls.env["res.partner"].create(
                {"name": name, "is_company": True, "country_id": germany.id if number < 6 else False}
            )
            cls.env["crm.customer.dirty"]._fold()
            Event.create(
                [
                    {
                        "company_id": company.id,
                        "partner_id": customer.id,
                        "day": today - timedelta(days=days),
                        "document_count": 1,
                        "revenue": 1000 - 10 * number,
                        "is_purchase": True,
                    }
                    for days in range(2 + 5 * number, 400 - 20 * number, 20 + 4 * number)
                ]
            )
        cls.env["crm.analytics.model"]._score(company, as_of=today)
        cls.reader = new_test_user(
            cls.env,
            "tour.analyst",
            groups="crm_analytics.group_crm_analytics_reader",
            name="Tour Analyst",
            email="tour.analyst@example.com",
        )

    def _make_target_group(self, tour):
        self.start_tour("/odoo/customer-analytics", tour, login="tour.analyst")
        group = self.env["crm.target.group"].search([("user_id", "=", self.reader.id)])
        self.assertEqual(len(group), 1)
        self.assertIn("Tour Regular", group.member_ids.partner_id.mapped("name"))


@tagged("post_install", "-at_install")
class TestAnalyticsTours(DashboardTourCase):
    def test_analytics_dashboard_to_target_group(self):
        self._make_target_group("analytics_dashboard_to_target_group")


@tagged("post_install", "-at_install")
class TestAnalyticsToursPhone(DashboardTourCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_analytics_dashboard_to_target_group_on_the_phone(self):
        self._make_target_group("analytics_dashboard_to_target_group_phone")
