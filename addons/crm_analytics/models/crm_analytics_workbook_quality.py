from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_analytics_fact import RHYTHMS


class CrmAnalyticsWorkbook(models.Model):
    """The sheet that tells what in the records bends the figures."""

    _inherit = "crm.analytics.workbook"

    def _write_quality(self, book, title, scope, data):
        rows = self._get_quality_rows(scope)
        columns = [
            (self.env._("What"), "text", 44),
            (self.env._("Customers"), "integer", 12),
            (self.env._("Of"), "integer", 12),
            (self.env._("What It Does, and What to Do"), "wrapped", 100),
        ]
        book.sheet(title).table(columns, rows)

    @api.model
    def _get_quality_rows(self, scope):
        """What in the records bends the figures: rows of name, number, of how many, and what to do.

        Counted of the scores who asked may see.
        """
        Score = self.env["crm.analytics.customer"]
        query = Score._search(Domain(scope.of("partner_id")))
        ids = query.select(SQL.identifier(Score._table, "id"))
        checks = {
            "no_salesperson": SQL("partner.user_id IS NULL"),
            "no_country": SQL("partner.country_id IS NULL"),
            "no_industry": SQL("partner.industry_id IS NULL"),
            "archived": SQL("partner.active IS NOT TRUE"),
            "negative": SQL("score.revenue < 0"),
            "refunds": SQL("score.refund_rate > 0.5"),
            "once": SQL("score.purchase_days < 2"),
            "rarely": SQL("score.purchase_days > 1 AND score.mean_gap > %s", RHYTHMS[-1][1]),
            "no_segment": SQL("score.segment_id IS NULL"),
            "guess": SQL("score.is_reliable IS NOT TRUE"),
        }
        counts = SQL(", ").join(SQL("count(*) FILTER (WHERE %s)", check) for check in checks.values())
        self.env["res.partner"].flush_model()
        ((total, *found),) = self.env.execute_query(
            SQL(
                """
                SELECT count(*), %s
                  FROM crm_analytics_customer score
                  JOIN res_partner partner ON partner.id = score.partner_id
                 WHERE score.id IN (%s)
                """,
                counts,
                ids,
            )
        )
        words = self._get_quality_words()
        return [
            [words[name][0], count, total, words[name][1]] for name, count in zip(checks, found, strict=True)
        ]

    @api.model
    def _get_quality_words(self):
        """{check: (name, what it does and what to do)}"""
        return {
            "no_salesperson": (
                self.env._("Without a salesperson"),
                self.env._("Filters by salesperson and team miss them."),
            ),
            "no_country": (
                self.env._("Without a country"),
                self.env._("Filters and profiles by country miss them."),
            ),
            "no_industry": (self.env._("Without an industry"), self.env._("Profiles by industry miss them.")),
            "archived": (
                self.env._("Archived customers"),
                self.env._("They are scored as long as their documents count; nobody can address them."),
            ),
            "negative": (
                self.env._("Refunded more than bought"),
                self.env._(
                    "Credit notes without the invoice they take back, or history that begins too late."
                ),
            ),
            "refunds": (
                self.env._("More than half refunded"),
                self.env._("Look at what goes wrong with them."),
            ),
            "once": (self.env._("Bought once"), self.env._("Nothing is known of their rhythm yet.")),
            "rarely": (
                self.env._("Usual gap above 400 days"),
                self.env._(
                    "Models of purchases say little about them; subscriptions and projects need another one."
                ),
            ),
            "no_segment": (self.env._("In no segment"), self.env._("Let a segment cover the whole grid.")),
            "guess": (
                self.env._("Scores that are a guess"),
                self.env._("There is too little to learn from yet."),
            ),
        }
