from odoo import api, fields, models

from .crm_analytics_cohort import replace_rows
from .crm_analytics_fact import MEASURES

COLUMNS = {
    **dict.fromkeys(("kind", "key"), "varchar"),
    **dict.fromkeys(("recency", "frequency", "segment_id", "customer_count"), "int4"),
    "from_segment_id": "int4",
    **dict.fromkeys(MEASURES, "numeric"),
}


class CrmAnalyticsCell(models.Model):
    """How many customers have which scores, and what they bring. Written at night, whole.

    ``grid``: by recency, frequency and segment; ``moved``: in another segment than so many days (``key``)
    ago; the other kinds by one property alone.
    """

    _name = "crm.analytics.cell"
    _description = "Customers by Score"
    _order = "kind, id"
    _rec_name = "kind"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    as_of = fields.Date(required=True, readonly=True)
    kind = fields.Selection(
        [
            ("grid", "Recency and Frequency"),
            ("abc", "ABC"),
            ("risk", "Risk"),
            ("rhythm", "Rhythm"),
            ("moved", "Moved"),
        ],
        required=True,
        readonly=True,
    )
    recency = fields.Integer(readonly=True, aggregator=None)
    frequency = fields.Integer(readonly=True, aggregator=None)
    segment_id = fields.Many2one("crm.analytics.segment", readonly=True, ondelete="set null")
    from_segment_id = fields.Many2one("crm.analytics.segment", "Before", readonly=True, ondelete="set null")
    key = fields.Char(readonly=True)
    customer_count = fields.Integer("Customers", readonly=True)
    revenue_12m = fields.Monetary("Revenue 12 Months", readonly=True)
    expected_revenue = fields.Monetary("Revenue Expected", readonly=True)
    money_at_stake = fields.Monetary(readonly=True)
    lifetime_value = fields.Monetary("Customer Value", readonly=True)

    @api.model
    def _store(self, company, as_of, rows):
        """:param rows: of ``crm.analytics.fact._collect_cells`` and ``_collect_moves``"""
        replace_rows(self, company, as_of, COLUMNS, {name: [row[name] for row in rows] for name in COLUMNS})
