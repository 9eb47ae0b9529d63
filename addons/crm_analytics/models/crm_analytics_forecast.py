from datetime import timedelta

from odoo import api, fields, models
from odoo.tools import SQL

HORIZON = 12  # months, the running one included
LEVEL = 0.8
DIMENSIONS = [
    ("company", "Company"),
    ("team", "Sales Team"),
    ("user", "Salesperson"),
    ("country", "Territory: Country"),
    ("state", "Territory: Region"),
    ("category", "Product Category"),
]
STATUSES = [
    ("ok", "Good"),
    ("empty", "Nothing to learn from"),
    ("insufficient", "Too little to learn from"),
]


class CrmAnalyticsForecast(models.Model):
    """One forecast of a company's sales: when, by what, and how sure; its months are lines.

    Each night the forecast of the day before is replaced; the first one of each week stays, so that it
    can be seen later how right it was.
    """

    _name = "crm.analytics.forecast"
    _description = "Sales Forecast"
    _order = "as_of desc, id desc"
    _rec_name = "as_of"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="cascade")
    as_of = fields.Date(required=True, readonly=True)
    status = fields.Selection(STATUSES, required=True, readonly=True, help="Of the sales without deals.")
    method = fields.Char(readonly=True, help="By which the sales without deals are carried on.")
    mase = fields.Float(
        "Error against Last Year",
        readonly=True,
        digits=(16, 3),
        aggregator=None,
        help="Below 1: closer than “as in the same month a year before”, looking back.",
    )
    origins = fields.Integer("Looks Back", readonly=True, aggregator=None)
    deal_count = fields.Integer("Open Deals", readonly=True)
    closed_count = fields.Integer("Deals Learned from", readonly=True)
    win_rate = fields.Float(readonly=True, aggregator=None)
    cycle_months = fields.Float(
        "Months to Win", readonly=True, digits=(10, 1), aggregator=None, help="Of those won, on average."
    )
    late_share = fields.Float(
        "Won Later than Said", readonly=True, aggregator=None, help="In a later month than expected."
    )
    order_share = fields.Float(
        "Ordered of What Was Won",
        readonly=True,
        aggregator=None,
        help="Confirmed orders linked to won opportunities, against what was expected of these. What comes"
        " as an order without link is in the usual sales already, and in no deal.",
    )
    calibration = fields.Selection(
        [
            ("none", "As given"),
            ("shift", "Shifted to the share won"),
            ("platt", "Logistic curve"),
            ("isotonic", "Steps of shares won"),
        ],
        required=True,
        readonly=True,
    )
    calibration_count = fields.Integer("Deals Compared", readonly=True, aggregator=None)
    brier_before = fields.Float("Error of Chances as Given", readonly=True, digits=(16, 3), aggregator=None)
    brier_after = fields.Float("Error of Chances as Used", readonly=True, digits=(16, 3), aggregator=None)
    seconds = fields.Float("Took (Seconds)", readonly=True, digits=(10, 2), aggregator=None)
    line_ids = fields.One2many("crm.analytics.forecast.line", "forecast_id", "Months", readonly=True)
    weakness = fields.Text(compute="_compute_weakness")

    _company_day_uniq = models.UniqueIndex("(company_id, as_of)")

    @api.depends("status", "closed_count", "calibration", "order_share", "late_share")
    def _compute_weakness(self):
        for forecast in self:
            forecast.weakness = " ".join(forecast._get_weaknesses())

    def _get_weaknesses(self):
        """What to be careful about, sentence by sentence."""
        self.ensure_one()
        said = []
        if self.status != "ok":
            said.append(
                self.env._("There are not two years of sales yet: usual sales are little more than a guess.")
            )
        if self.closed_count < 20:
            said.append(
                self.env._("Fewer than 20 deals were won or lost: delays and chances are what is usual.")
            )
        if self.calibration == "none":
            said.append(
                self.env._(
                    "Chances are taken as given: no deal was closed since it was first kept in a snapshot."
                )
            )
        elif self.calibration == "shift":
            said.append(
                self.env._(
                    "Only %s closed deals can be compared with what was said of them: chances are only"
                    " shifted to the share won.",
                    self.calibration_count,
                )
            )
        if self.order_share < 0.8 and self.deal_count:
            said.append(
                self.env._(
                    "Of what was won, only %s %% came as orders linked to the opportunity; the rest is"
                    " counted among the usual sales.",
                    round(100 * self.order_share),
                )
            )
        if self.late_share > 0.5:
            said.append(
                self.env._("More than half of the deals close later than said; the forecast allows for it.")
            )
        said.append(self.env._("Nothing here knows of a price rise, a strike or a campaign to come."))
        return said

    # The job ------------------------------------------------------------------

    @api.model
    def _cron_forecast(self):
        """Forecast the sales of all companies, each in a transaction of its own."""
        self.env["res.company"]._crm_analytics_for_each(self._forecast, "Forecast")

    @api.model
    def _forecast(self, company, as_of=None):
        """Forecast the sales of a company by what is known on a day.

        :param company: one ``res.company``
        :param date as_of: today when empty; of a day that is over, opportunities count as they were in the
            last snapshot before it
        :return: the forecast, none where another worker is at it
        :rtype: crm.analytics.forecast
        """
        ((locked,),) = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(hashtext('crm_analytics_forecast'), %s)", company.id)
        )
        if not locked:
            return self.browse()
        as_of = as_of or company._crm_today()
        Sales = self.env["crm.analytics.sales"]
        Sales._refresh(company, as_of)
        self.search([("company_id", "=", company.id), ("as_of", "=", as_of)]).unlink()
        forecast = self._make(company, as_of)
        if as_of < company._crm_today():
            Sales._refresh(company)
        self.env["crm.analytics.forecast.line"]._fill_actual(company)
        self._forget_days(company)
        return forecast

    @api.model
    def _forget_days(self, company):
        """Of each week the first forecast stays, and the newest of all."""
        forecasts = self.search([("company_id", "=", company.id)], order="as_of")
        first = {}
        for forecast in forecasts:
            first.setdefault(forecast.as_of - timedelta(days=forecast.as_of.weekday()), forecast)
        kept = self.concat(*first.values(), forecasts[-1:])
        (forecasts - kept).unlink()

    @api.model
    def _get_dimensions(self):
        """By what sales are forecast, beside the whole company; other addons add theirs.

        A territory is where the customer is; an addon that knows territories of another kind adds them.

        :return: {key of ``crm.analytics.forecast.line.dimension``: column of ``crm.analytics.sales`` and
            of the lines; the same name in what :meth:`_get_deals` gives, where deals have it}
        """
        return {
            "team": "team_id",
            "user": "user_id",
            "country": "country_id",
            "state": "state_id",
            "category": "categ_id",
        }
