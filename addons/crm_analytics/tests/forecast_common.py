from dateutil.relativedelta import relativedelta

from odoo.tools import SQL

from .common import AnalyticsCommon


class ForecastCommon(AnalyticsCommon):
    """A company with steady sales, and deals with the dates a test wants."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Forecast Ltd", "crm_timezone": "UTC"})
        cls.env.user.write({"company_ids": [(4, cls.company.id)], "company_id": cls.company.id})
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        cls.Forecast = cls.env["crm.analytics.forecast"]
        cls.Line = cls.env["crm.analytics.forecast.line"]
        cls.Snapshot = cls.env["crm.analytics.pipeline.snapshot"]
        cls.Sales = cls.env["crm.analytics.sales"]
        cls.team = cls.env["crm.team"].create({"name": "Forecast North", "company_id": cls.company.id})
        cls.paper.categ_id = cls.env["product.category"].create({"name": "Forecast Paper"})
        cls.month = cls.today.replace(day=1)

    @classmethod
    def deal(cls, name="Deal", amount=1000.0, created=40, closed=None, won=True, **values):
        """An opportunity made and closed so many days ago."""
        lead = cls.env["crm.lead"].create(
            {
                "name": name,
                "type": "opportunity",
                "partner_id": cls.customer.id,
                "expected_revenue": amount,
                "probability": 40.0,
                "company_id": cls.company.id,
                "team_id": cls.team.id,
                "user_id": cls.env.uid,
                "date_deadline": cls.month + relativedelta(days=27),
                **values,
            }
        )
        if closed is not None:
            if won:
                lead.action_set_won()
            else:
                lead.action_set_lost()
        cls.env.flush_all()
        cls.env.cr.execute(
            SQL(
                "UPDATE crm_lead SET create_date = %s, date_conversion = NULL, date_closed = %s"
                " WHERE id = %s",
                cls.at(created),
                cls.at(closed) if closed is not None else None,
                lead.id,
            )
        )
        lead.invalidate_recordset()
        return lead

    @classmethod
    def seen(cls, lead, days_ago, probability, amount=None, **values):
        """What was said of an opportunity in a week."""
        return cls.Snapshot.create(
            {
                "company_id": cls.company.id,
                "date": cls.Snapshot._get_week(cls.at(days_ago).date()),
                "lead_id": lead.id,
                "team_id": lead.team_id.id,
                "user_id": lead.user_id.id,
                "expected_revenue": lead.expected_revenue if amount is None else amount,
                "probability": probability,
                "date_deadline": lead.date_deadline,
                "category": "pipeline",
                **values,
            }
        )

    @classmethod
    def sold(cls, months, amount, **values):
        """Sales of months ago, as ``_refresh`` would have made them of documents."""
        return cls.Sales.create(
            [
                {
                    "company_id": cls.company.id,
                    "month": cls.month - relativedelta(months=number),
                    "amount": amount,
                    "from_deal": False,
                    **values,
                }
                for number in months
            ]
        )

    def make(self, as_of=None):
        """A forecast of the sales as they stand in the table."""
        forecast = self.Forecast._make(self.company, as_of or self.today)
        self.env.flush_all()
        return forecast

    def months(self, forecast, dimension="company", member=0):
        return self.Line.search(
            [
                ("forecast_id", "=", forecast.id),
                ("dimension", "=", dimension),
                ("member_id", "=", getattr(member, "id", member)),
            ],
            order="month",
        )
