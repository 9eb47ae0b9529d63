from datetime import date

import numpy as np

from odoo import api, fields, models
from odoo.tools import SQL

from ..lib import cohort
from .crm_analytics_fact import is_month_end, month_number

SMALL = 30  # customers: a share of fewer is marked
COLUMNS = {
    **dict.fromkeys(("cohort", "month"), "date"),
    **dict.fromkeys(("offset_months", "size", "customer_count"), "int4"),
    **dict.fromkeys(("revenue", "cumulative"), "numeric"),
    **dict.fromkeys(("retention", "low", "high"), "float8"),
    **dict.fromkeys(("is_partial", "is_small"), "bool"),
}


def first_day(number):
    """The first day of a month as of ``month_number``."""
    return date(int(number) // 12, int(number) % 12 + 1, 1)


class CrmAnalyticsCohort(models.Model):
    """What the customers of one month of first purchase did so many months later. Written at night, whole.

    All customers are counted, those who want no profile as well: nobody is told apart here.
    """

    _name = "crm.analytics.cohort"
    _description = "Customers by First Purchase"
    _order = "cohort desc, offset_months"
    _rec_name = "cohort"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    as_of = fields.Date(required=True, readonly=True)
    cohort = fields.Date("First Purchase", required=True, readonly=True, help="First day of the month.")
    month = fields.Date(required=True, readonly=True)
    offset_months = fields.Integer("Months Later", readonly=True, aggregator=None)
    size = fields.Integer("Customers at First", readonly=True, aggregator=None)
    customer_count = fields.Integer("Customers", readonly=True)
    retention = fields.Float("Came Again", readonly=True, aggregator="avg")
    low = fields.Float(
        "At Least", readonly=True, aggregator=None, help="Lower end of Wilson's interval, 95 %."
    )
    high = fields.Float(
        "At Most", readonly=True, aggregator=None, help="Upper end of Wilson's interval, 95 %."
    )
    revenue = fields.Monetary(readonly=True)
    cumulative = fields.Monetary("Revenue So Far", readonly=True, aggregator=None)
    is_partial = fields.Boolean("Still Runs", readonly=True)
    is_small = fields.Boolean("Few Customers", readonly=True, help="Fewer than 30: the share says little.")

    _cell_uniq = models.UniqueIndex("(company_id, cohort, offset_months)")

    @api.model
    def _fold(self, months, as_of):
        """The triangle of cohorts out of what the database counted.

        :param dict months: of a :class:`..lib.history.Months`
        :rtype: cohort.Triangle
        """
        known = months["cohort"] >= 0
        first, month, customers, revenue = (
            months[name][known] for name in ("cohort", "month", "customers", "revenue")
        )
        return cohort.triangle(
            (first, month - first, customers, revenue),
            month_number(as_of),
            complete=is_month_end(as_of),
            small=SMALL,
        )

    @api.model
    def _store(self, company, as_of, triangle):
        """Write the cells that are known, in place of those before."""
        rows, offsets = np.nonzero(~np.isnan(triangle.customers))
        cells = {
            "cohort": [first_day(number) for number in triangle.cohorts[rows]],
            "month": [first_day(number) for number in triangle.cohorts[rows] + offsets],
            "offset_months": offsets.tolist(),
            "size": triangle.size[rows].astype(int).tolist(),
            "customer_count": triangle.customers[rows, offsets].astype(int).tolist(),
            "is_small": triangle.small[rows].tolist(),
            "is_partial": triangle.partial[rows, offsets].tolist(),
            **{
                name: getattr(triangle, name)[rows, offsets].tolist()
                for name in ("revenue", "cumulative", "retention", "low", "high")
            },
        }
        replace_rows(self, company, as_of, COLUMNS, cells)


def replace_rows(model, company, as_of, types, columns):
    """Write a company's rows of a small table in place of those before.

    :param dict types: {column: type in the database}, :param dict columns: {column: list of values}
    """
    model.flush_model()
    model.env.cr.execute(
        SQL("DELETE FROM %s WHERE company_id = %s", SQL.identifier(model._table), company.id)
    )
    names = SQL(", ").join(map(SQL.identifier, types))
    model.env.cr.execute(
        SQL(
            """
            INSERT INTO %(table)s (company_id, as_of, %(names)s)
            SELECT %(company)s, %(as_of)s, %(names)s FROM unnest(%(arrays)s) AS given (%(names)s)
            """,
            table=SQL.identifier(model._table),
            names=names,
            company=company.id,
            as_of=as_of,
            arrays=SQL(", ").join(
                SQL("%s::%s[]", columns[name], SQL.identifier(type_)) for name, type_ in types.items()
            ),
        )
    )
    model.invalidate_model()
