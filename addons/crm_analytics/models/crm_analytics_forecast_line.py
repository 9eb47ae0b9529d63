from odoo import api, fields, models
from odoo.tools import SQL

from .crm_analytics_forecast import DIMENSIONS

COMPARED = ("forecast", "plain", "naive")


class CrmAnalyticsForecastLine(models.Model):
    """A month of a forecast, for the company or one of its teams, salespeople, territories or product
    categories.

    ``expected`` is the sum of four parts of which none holds anything of another: what is sold already,
    usual sales without deals, open deals, and deals nobody has made yet.
    """

    _name = "crm.analytics.forecast.line"
    _description = "Forecast Month"
    _order = "as_of desc, dimension, month, id"
    _rec_name = "month"
    _log_access = False

    forecast_id = fields.Many2one(
        "crm.analytics.forecast", "Made by", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    as_of = fields.Date("Made on", required=True, readonly=True)
    dimension = fields.Selection(DIMENSIONS, "By", required=True, readonly=True)
    member_id = fields.Integer(
        readonly=True,
        aggregator=None,
        help="Id of the team, salesperson, country, region or category; 0: none.",
    )
    team_id = fields.Many2one(
        "crm.team", "Sales Team", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    user_id = fields.Many2one(
        "res.users", "Salesperson", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    country_id = fields.Many2one("res.country", readonly=True, index="btree_not_null", ondelete="cascade")
    state_id = fields.Many2one(
        "res.country.state", "Region", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    categ_id = fields.Many2one(
        "product.category", "Product Category", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    member_name = fields.Char("Of", compute="_compute_member_name", help="Whose months they are.")
    month = fields.Date(required=True, readonly=True, help="Its first day.")
    ahead = fields.Integer("Months Ahead", readonly=True, aggregator=None, help="0: the running month.")

    booked = fields.Monetary("Sold Already", readonly=True)
    history = fields.Monetary("Usual Sales", readonly=True, help="Without opportunities.")
    pipeline = fields.Monetary("Open Deals", readonly=True)
    future = fields.Monetary("Deals to Come", readonly=True, help="That nobody has made yet.")
    expected = fields.Monetary("Forecast", readonly=True)
    low = fields.Monetary(
        readonly=True, aggregator=None, help="In four of five months sales lie between low and high."
    )
    high = fields.Monetary(readonly=True, aggregator=None)
    plain = fields.Monetary(
        "Plain Pipeline",
        readonly=True,
        help="What is sold already and the prorated revenue of the opportunities due in the month.",
    )
    last_year = fields.Monetary("Year Before", readonly=True)
    actual = fields.Monetary("Came", readonly=True, help="Known when the month is over.")
    is_over = fields.Boolean("Month Is Over", readonly=True)
    error = fields.Monetary(compute="_compute_error", store=True, help="Forecast less what came.")

    _member_idx = models.Index("(company_id, dimension, member_id, month)")

    @api.depends("dimension", "member_id")
    def _compute_member_name(self):
        columns = self.env["crm.analytics.forecast"]._get_dimensions()
        for line in self:
            # sudo: the name alone, of what a line could be read of
            member = line[columns.get(line.dimension, "company_id")].sudo()
            line.member_name = member.display_name or self.env._("None")

    @api.depends("expected", "actual", "is_over")
    def _compute_error(self):
        for line in self:
            line.error = line.expected - line.actual if line.is_over else 0.0

    @api.model
    def _fill_actual(self, company):
        """What came in the months that are over, into all forecasts of them."""
        self.env.flush_all()
        this_month = company._crm_today().replace(day=1)
        columns = {"company": SQL("0")}
        for dimension, column in self.env["crm.analytics.forecast"]._get_dimensions().items():
            columns[dimension] = SQL("COALESCE(%s, 0)", SQL.identifier(column))
        for dimension, member in columns.items():
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE crm_analytics_forecast_line line
                       SET is_over = TRUE, actual = came.amount, error = line.expected - came.amount
                      FROM (SELECT old.id, COALESCE(sum(sales.amount), 0) AS amount
                              FROM crm_analytics_forecast_line old
                              LEFT JOIN (SELECT month, %(member)s AS member_id, sum(amount) AS amount
                                           FROM crm_analytics_sales
                                          WHERE company_id = %(company)s
                                          GROUP BY 1, 2) AS sales
                                     ON sales.month = old.month AND sales.member_id = old.member_id
                             WHERE old.company_id = %(company)s
                               AND old.dimension = %(dimension)s
                               AND old.month < %(this_month)s
                             GROUP BY old.id) AS came
                     WHERE line.id = came.id
                       AND (NOT COALESCE(line.is_over, FALSE) OR line.actual IS DISTINCT FROM came.amount)
                    """,
                    company=company.id,
                    dimension=dimension,
                    member=member,
                    this_month=this_month,
                )
            )
        self.invalidate_model()

    @api.model
    def _get_accuracy(self, company, dimension, member_id):
        """How far off forecasts of months that are over were, by months ahead.

        :return: list of dicts: ``ahead``, ``count`` of months; ``wape`` and ``bias`` of ``forecast``,
            ``plain`` and ``naive`` as shares of what came
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT ahead, count(DISTINCT month), sum(abs(actual))::float,
                       sum(abs(expected - actual))::float, sum(expected - actual)::float,
                       sum(abs(plain - actual))::float, sum(plain - actual)::float,
                       sum(abs(last_year - actual))::float, sum(last_year - actual)::float
                  FROM crm_analytics_forecast_line
                 WHERE company_id = %s AND dimension = %s AND member_id = %s AND is_over
                 GROUP BY ahead
                HAVING sum(abs(actual)) > 0
                 ORDER BY ahead
                """,
                company.id,
                dimension,
                member_id,
            )
        )
        return [
            {
                "ahead": ahead,
                "count": count,
                **{
                    name: {"wape": off / ground, "bias": bias / ground}
                    for name, off, bias in zip(
                        ("forecast", "plain", "naive"), rest[::2], rest[1::2], strict=True
                    )
                },
            }
            for ahead, count, ground, *rest in rows
        ]
