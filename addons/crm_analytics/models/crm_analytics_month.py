from odoo import api, fields, models

from .crm_analytics_cohort import first_day, replace_rows

COUNTS = (
    *("customer_count", "new_count", "returning_count", "reactivated_count", "lost_count"),
    "purchase_count",
)
COLUMNS = {
    "month": "date",
    **dict.fromkeys(COUNTS, "int4"),
    "revenue": "numeric",
    "repeat_rate": "float8",
    "is_partial": "bool",
}


class CrmAnalyticsMonth(models.Model):
    """Who bought in a month, who came first, again or back, and who is lost. Written at night, whole."""

    _name = "crm.analytics.month"
    _description = "Customers by Month"
    _order = "month desc"
    _rec_name = "month"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    as_of = fields.Date(required=True, readonly=True)
    month = fields.Date(required=True, readonly=True)
    customer_count = fields.Integer("Customers", readonly=True)
    new_count = fields.Integer("New", readonly=True, help="Bought for the first time.")
    returning_count = fields.Integer(
        "Returning", readonly=True, help="Bought before, within the last 12 months."
    )
    reactivated_count = fields.Integer(
        "Reactivated", readonly=True, help="Bought again after more than 12 months without a purchase."
    )
    lost_count = fields.Integer(
        "Lost", readonly=True, help="Did not buy in the 12 months that ended with the month before."
    )
    purchase_count = fields.Integer("Days of Purchase", readonly=True)
    revenue = fields.Monetary(readonly=True)
    repeat_rate = fields.Float(
        readonly=True, aggregator="avg", help="Share of the customers of the month who had bought before."
    )
    is_partial = fields.Boolean("Still Runs", readonly=True)

    _month_uniq = models.UniqueIndex("(company_id, month)")

    @api.model
    def _store(self, company, as_of, rows):
        """:param rows: of ``crm.analytics.fact._fold_months``"""
        columns = {name: [row[name] for row in rows] for name in COLUMNS}
        columns["month"] = [first_day(number) for number in columns["month"]]
        replace_rows(self, company, as_of, COLUMNS, columns)
