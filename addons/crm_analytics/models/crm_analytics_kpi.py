from odoo import api, fields, models

from .crm_analytics_scope import PERIODS

# Figures that can be watched and sent: field, whether more of it is good.
WATCHED = {
    "revenue": True,
    "customer_count": True,
    "new_count": True,
    "repeat_rate": True,
    "average_value": True,
    "net_retention": True,
    "money_at_stake": False,
    "high_risk_count": False,
    "expected_revenue": True,
    "lifetime_value": True,
}


class CrmAnalyticsKpi(models.Model):
    """The figures of a company as of one day, a row for each day of scoring: what trends are made of.

    Figures without another period are of the last 12 months; ``_before`` of the 12 months before.
    """

    _name = "crm.analytics.kpi"
    _description = "Figures of Customers"
    _order = "as_of desc"
    _rec_name = "as_of"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    as_of = fields.Date(required=True, readonly=True)

    # All customers, those who want no profile as well
    ever_count = fields.Integer("Customers Ever", readonly=True, aggregator=None)
    customer_count = fields.Integer("Customers", readonly=True, aggregator=None)
    customer_before = fields.Integer("Customers Before", readonly=True, aggregator=None)
    revenue = fields.Monetary(readonly=True, aggregator=None)
    revenue_before = fields.Monetary(readonly=True, aggregator=None)
    purchase_count = fields.Integer("Days of Purchase", readonly=True, aggregator=None)
    purchase_before = fields.Integer("Days of Purchase Before", readonly=True, aggregator=None)
    repeater_count = fields.Integer("Bought More Than Once", readonly=True, aggregator=None)
    repeater_before = fields.Integer("Bought More Than Once Before", readonly=True, aggregator=None)
    new_count = fields.Integer("New Customers", readonly=True, aggregator=None)
    new_before = fields.Integer("New Customers Before", readonly=True, aggregator=None)
    kept_from = fields.Monetary("Revenue Before of Who Bought Then", readonly=True, aggregator=None)
    kept = fields.Monetary("Revenue Now of Who Bought Before", readonly=True, aggregator=None)
    repeat_rate = fields.Float(
        readonly=True,
        aggregator="avg",
        help="Share of the customers who bought on more than one day until now.",
    )
    average_value = fields.Monetary("Value of a Purchase", readonly=True, aggregator="avg")
    net_retention = fields.Float(
        "Revenue Kept",
        readonly=True,
        aggregator="avg",
        help="What those who bought in the 12 months before brought since, as a share of what they brought.",
    )

    # Those with a score
    scored_count = fields.Integer("Customers Scored", readonly=True, aggregator=None)
    unscored_count = fields.Integer(
        "Without a Score", readonly=True, aggregator=None, help="They want no profile."
    )
    high_risk_count = fields.Integer("High Risk", readonly=True, aggregator=None)
    money_at_stake = fields.Monetary(readonly=True, aggregator=None)
    expected_revenue = fields.Monetary("Revenue Expected", readonly=True, aggregator=None)
    lifetime_value = fields.Monetary("Customer Value", readonly=True, aggregator=None)
    curve = fields.Json(readonly=True, export_string_translation=False, help="Pareto curve of the revenue.")
    periods = fields.Json(
        readonly=True,
        export_string_translation=False,
        help="The same sums of other periods, by their months.",
    )

    _day_uniq = models.UniqueIndex("(company_id, as_of)")

    @api.model
    def _get_values(self, figures, cells):
        """:param dict figures: of ``crm.analytics.fact._name_figures``, :param list cells: of its cells"""
        risks = [row for row in cells if row["kind"] == "risk"]
        total = {
            name: sum(row[name] for row in risks)
            for name in ("customer_count", "money_at_stake", "expected_revenue", "lifetime_value")
        }
        return {
            **figures,
            **self._get_ratios(figures),
            "scored_count": total.pop("customer_count"),
            "unscored_count": figures["ever_count"] - sum(row["customer_count"] for row in risks),
            "high_risk_count": sum(row["customer_count"] for row in risks if row["key"] == "high"),
            **total,
        }

    @api.model
    def _get_ratios(self, figures):
        """Shares and means of sums, 0 where there is nothing to divide by."""
        parts = {
            "repeat_rate": ("repeater_count", "customer_count"),
            "average_value": ("revenue", "purchase_count"),
            "net_retention": ("kept", "kept_from"),
        }
        return {
            name: figures[part] / figures[whole] if figures[whole] else 0.0
            for name, (part, whole) in parts.items()
        }

    @api.model
    def _get_counters(self, as_of):
        """What :meth:`_refresh` wants counted of the days of purchase of a company: its months, its figures,
        and those of each other period that screens show.
        """
        Fact = self.env["crm.analytics.fact"]
        periods = (12, *(months for months in PERIODS if months != 12))
        return Fact._get_months_counter(), {
            months: Fact._get_figures_counter(as_of, months) for months in periods
        }

    @api.model
    def _list_counters(self, counters):
        months, figures = counters
        return (months, *figures.values())

    @api.model
    def _refresh(self, company, as_of, counters=None):
        """Write what the screens read: figures, cells, cohorts and months of a company as of a day.

        With the scoring of that day and in its transaction; the same again gives the same rows.

        :param counters: of :meth:`_get_counters` that have seen the days of purchase until that day; empty:
            they are read here
        """
        Fact, Cohort = self.env["crm.analytics.fact"], self.env["crm.analytics.cohort"]
        if not counters:
            counters = self._get_counters(as_of)
            Fact._scan(Fact._get_events(company, as_of), *self._list_counters(counters))
        scores = Fact._get_scores(company)
        months, figures = (
            counters[0].result,
            {many: Fact._name_figures(counter) for many, counter in counters[1].items()},
        )
        Cohort._store(company, as_of, Cohort._fold(months, as_of))
        self.env["crm.analytics.month"]._store(company, as_of, Fact._fold_months(months, as_of))
        cells = Fact._collect_cells(scores)
        moves = Fact._collect_moves(Fact._get_history(company), as_of)
        self.env["crm.analytics.cell"]._store(company, as_of, [*cells, *moves])
        values = self._get_values(figures.pop(12), cells)
        values["curve"], values["periods"] = Fact._collect_curve(scores), figures
        return self._store(company, as_of, values)

    @api.model
    def _store(self, company, as_of, values):
        """Write the row of a day, in place of the one before of the same day."""
        known = self.search([("company_id", "=", company.id), ("as_of", "=", as_of)])
        counts = {name for name, field in self._fields.items() if field.type == "integer"}
        values = {name: int(value) if name in counts else value for name, value in values.items()}
        if known:
            known.write(values)
            return known
        return self.create({"company_id": company.id, "as_of": as_of, **values})
