from datetime import timedelta

from odoo import Command
from odoo.tests import new_test_user

from .common import AnalyticsCommon


class DashboardCommon(AnalyticsCommon):
    """Customers with days of purchase, and people of several roles."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Model = cls.env["crm.analytics.model"]
        cls.Score = cls.env["crm.analytics.customer"]
        cls.Kpi = cls.env["crm.analytics.kpi"]
        cls.Dashboard = cls.env["crm.analytics.dashboard"]
        # Nothing of a demo story is counted.
        cls.fold()
        cls.Event.search([]).unlink()
        for model in (cls.Model, cls.Kpi, cls.env["crm.analytics.segment.history"]):
            model.search([]).unlink()
        cls.regular, cls.gone, cls.single = (
            cls.make_customer(name) for name in ("Regular", "Gone", "Single")
        )
        cls.others = cls.env["res.partner"].concat(
            *(cls.make_customer(f"Customer {number}") for number in range(40))
        )
        cls.fold()
        cls.bought(cls.regular, range(5, 400, 30), 100)
        cls.bought(cls.gone, range(300, 700, 30), 200)
        cls.bought(cls.single, [20], 50)
        for number, customer in enumerate(cls.others):
            cls.bought(customer, range(10 + number, 30 * (number % 9) + 211 + number, 30), 50 + number)

    @classmethod
    def bought(cls, customer, days_ago, revenue, company=None):
        """Days of purchase as ``_refresh`` would have made them of orders."""
        company = company or cls.company
        cls.Event.create(
            [
                {
                    "company_id": company.id,
                    "partner_id": customer.id,
                    "day": company._crm_today() - timedelta(days=days),
                    "document_count": 1,
                    "revenue": revenue,
                    "is_purchase": True,
                }
                for days in days_ago
            ]
        )

    @classmethod
    def score(cls, company=None, days_ago=0):
        company = company or cls.company
        return cls.Model._score(company, as_of=company._crm_today() - timedelta(days=days_ago))

    @classmethod
    def make_user(cls, login, group, company=None):
        company = company or cls.company
        return new_test_user(
            cls.env,
            login,
            groups=group,
            company_id=company.id,
            company_ids=[Command.set(company.ids)],
            email=f"{login}@example.com",
        )

    @classmethod
    def make_company(cls, name="Other Ltd"):
        """A company with customers of its own, scored."""
        company = cls.env["res.company"].create({"name": name})
        cls.stranger = cls.make_customer("Stranger", company_id=company.id)
        cls.fold()
        cls.bought(cls.stranger, range(3, 300, 25), 7777, company)
        cls.score(company)
        return company

    def dashboard(self, user=None, **filters):
        board = self.Dashboard.with_user(user) if user else self.Dashboard
        return board.crm_dashboard(filters)

    def behind(self, what, user=None, **filters):
        """Scores behind a cell."""
        board = self.Dashboard.with_user(user) if user else self.Dashboard
        action = board.crm_dashboard_act(what, "open", filters, "Some")
        return self.Score.with_user(user or self.env.user).search(action["domain"])
