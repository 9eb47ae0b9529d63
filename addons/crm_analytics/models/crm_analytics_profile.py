from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..lib.stats import wilson_interval

SAMPLE = 20_000  # customers looked at, at most about twice as many
FEW = 5  # customers: below that nothing is clear
ROWS = 5  # of each side of a profile


class CrmAnalyticsDashboard(models.AbstractModel):
    """What sets some customers apart from the rest: where they are, what they buy, how they pay."""

    _inherit = "crm.analytics.dashboard"

    @api.model
    @api.readonly
    def crm_dashboard_profile(self, what: dict, filters: dict | None = None) -> dict:
        """The profile of the customers behind a cell against all others of the screen.

        :param what: the cell as the screen got it, :param filters: those of the screen
        :return: ``customers``, ``rest``: how many were looked at; ``sampled``: one in so many; ``sides``:
            list of ``key``, ``label`` and ``rows``: ``name``, ``count``, ``share``, ``rest_share``,
            ``is_clear`` (more than chance); ``habits``: list of ``key``, ``label``, ``type``, ``value``,
            ``rest``
        """
        scope = self._get_scope(filters)
        domain = Domain(self._get_what_domain(scope, what))
        Score = self.env["crm.analytics.customer"]
        count = Score.search_count(scope.of("partner_id"))
        every = max(1, count // SAMPLE)
        members = self._get_members_query(scope, domain, every)
        sizes = dict(self.env.execute_query(SQL("SELECT is_in, count(*) FROM (%s) AS m GROUP BY 1", members)))
        inside, rest = sizes.get(True, 0), sizes.get(False, 0)
        return {
            "customers": inside,
            "rest": rest,
            "sampled": every,
            "sides": self._get_sides(scope, members, inside, rest) if inside else [],
            "habits": self._get_habits(scope, members) if inside else [],
        }

    @api.model
    def _get_members_query(self, scope, domain, every):
        """SELECT of partner_id and is_in, of one customer in so many."""
        Score = self.env["crm.analytics.customer"]
        everybody = Score._search(Domain(scope.of("partner_id")))
        inside = Score._search(Domain("company_id", "=", scope.company.id) & domain)
        partner = Score._field_to_sql(Score._table, "partner_id", everybody)
        if every > 1:
            everybody.add_where(SQL("%s %% %s = 0", partner, every))
        return everybody.select(
            SQL("%s AS partner_id", partner),
            SQL("%s IN %s AS is_in", SQL.identifier(Score._table, "id"), inside.subselect()),
        )

    @api.model
    def _get_side_queries(self, scope):
        """{key: (label, model of what is counted, SELECT of partner_id and its id)}; extend to add a side."""
        year_ago = scope.as_of - relativedelta(years=1)
        partner = "SELECT id AS partner_id, %s AS key FROM res_partner"
        return {
            "country": (self.env._("Country"), "res.country", SQL(partner, SQL("country_id"))),
            "state": (self.env._("Region"), "res.country.state", SQL(partner, SQL("state_id"))),
            "industry": (self.env._("Industry"), "res.partner.industry", SQL(partner, SQL("industry_id"))),
            "category": (
                self.env._("Products bought"),
                "product.category",
                SQL(
                    """
                    SELECT DISTINCT bought.partner_id, template.categ_id AS key
                      FROM crm_customer_product bought
                      JOIN product_product product ON product.id = bought.product_id
                      JOIN product_template template ON template.id = product.product_tmpl_id
                     WHERE bought.company_id = %s
                    """,
                    scope.company.id,
                ),
            ),
            "team": (
                self.env._("Sold by, in 12 months"),
                "crm.team",
                SQL(
                    """
                    SELECT DISTINCT buyer.commercial_partner_id AS partner_id, o.team_id AS key
                      FROM sale_order o
                      JOIN res_partner buyer ON buyer.id = o.partner_id
                     WHERE o.company_id = %s AND o.state = 'sale' AND o.date_order >= %s
                    """,
                    scope.company.id,
                    year_ago,
                ),
            ),
        }

    @api.model
    def _get_sides(self, scope, members, inside, rest):
        """How often each value is found among them and among the rest, the clearest differences first."""
        for model in ("res.partner", "crm.customer.product", "product.template", "sale.order"):
            self.env[model].flush_model()
        sides = []
        for key, (label, model, query) in self._get_side_queries(scope).items():
            rows = self.env.execute_query(
                SQL(
                    """
                    SELECT side.key, count(*) FILTER (WHERE is_in), count(*) FILTER (WHERE NOT is_in)
                      FROM (%s) AS member
                      JOIN (%s) AS side ON side.partner_id = member.partner_id
                     WHERE side.key IS NOT NULL
                     GROUP BY 1
                    """,
                    members,
                    query,
                )
            )
            if found := self._compare(model, rows, inside, rest):
                sides.append({"key": key, "label": label, "rows": found})
        return sides

    @api.model
    def _compare(self, model, rows, inside, rest):
        compared = [_compare_shares(id_, count, inside, other, rest) for id_, count, other in rows]
        compared.sort(key=lambda row: (-row["is_clear"], -abs(row["share"] - row["rest_share"]), row["id"]))
        shown = compared[:ROWS]
        # sudo: names of countries, categories and teams, whatever the reader may open
        records = self.env[model].sudo().browse([row["id"] for row in shown])
        names = {record.id: record.display_name for record in records}
        return [{**row, "name": names[row["id"]]} for row in shown]

    @api.model
    def _get_habits(self, scope, members):
        """Means of how they pay and what they send back, beside those of the rest."""
        self.env["crm.customer.stat"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT is_in, avg(stat.days_to_pay) FILTER (WHERE stat.paid_invoice_count > 0),
                       avg((COALESCE(stat.overdue, 0) > 0)::int), avg(score.refund_rate),
                       avg(score.average_value)::float8, avg(score.mean_gap) FILTER (WHERE purchase_days > 1)
                  FROM (%(members)s) AS member
                  JOIN crm_analytics_customer score
                    ON score.partner_id = member.partner_id AND score.company_id = %(company)s
                  LEFT JOIN crm_customer_stat stat
                    ON stat.partner_id = member.partner_id AND stat.company_id = %(company)s
                 GROUP BY 1
                """,
                members=members,
                company=scope.company.id,
            )
        )
        found = {
            is_in: [None if value is None else float(value) for value in values] for is_in, *values in rows
        }
        labels = (
            ("days_to_pay", self.env._("Days to pay an invoice"), "days"),
            ("overdue", self.env._("With overdue invoices"), "percentage"),
            ("refunded", self.env._("Of revenue refunded"), "percentage"),
            ("average", self.env._("Value of a purchase"), "monetary"),
            ("gap", self.env._("Days between purchases"), "days"),
        )
        none = [None] * len(labels)
        pairs = zip(labels, found.get(True, none), found.get(False, none), strict=True)
        return [
            {"key": key, "label": label, "type": type_, "value": value, "rest": rest}
            for (key, label, type_), value, rest in pairs
        ]


def _compare_shares(id_, count, inside, other, rest):
    """Two shares, and whether they differ by more than chance: their intervals do not meet."""
    low, high = wilson_interval([count, other], [inside, rest])
    return {
        "id": id_,
        "count": count,
        "share": count / inside,
        "rest_share": other / rest if rest else 0.0,
        "is_clear": bool(min(inside, rest) >= FEW and (low[0] > high[1] or high[0] < low[1])),
    }
