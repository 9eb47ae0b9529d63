import numpy as np
from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL

from ..lib import history
from .crm_analytics_fact import day_number
from .table_copy import copy_in, copy_out, filled_at_once

SCORED = SQL.identifier("crm_analytics_scored")
# Columns of a score as they come from the model: their kinds, see :mod:`..lib.table_copy`.
COLUMNS = {
    "partner_id": "int",
    **dict.fromkeys(("first_day", "last_day", "next_day"), "date"),
    **dict.fromkeys(("purchase_days", "active_quarters", "recency", "frequency", "monetary"), "int"),
    **dict.fromkeys(("revenue", "revenue_12m", "average_value", "expected_value"), "money"),
    **dict.fromkeys(("expected_revenue", "lifetime_value", "money_at_stake"), "money"),
    **dict.fromkeys(("mean_gap", "refund_rate", "p_alive", "p_no_order", "expected_orders"), "float"),
    **dict.fromkeys(("rfm", "abc_class", "risk", "segment_id"), "int"),
}
# What is a number there and something else in the table.
CODED = {
    "rfm": SQL("rfm::varchar"),
    "abc_class": SQL("('{a,b,c}'::varchar[])[abc_class + 1]"),
    "risk": SQL("('{low,medium,high}'::varchar[])[risk + 1]"),
    "segment_id": SQL("NULLIF(segment_id, 0)"),
    # Fields with digits are numeric: what is kept has to equal what comes next.
    "expected_orders": SQL("expected_orders::numeric"),
    "mean_gap": SQL("mean_gap::numeric"),
}


class CrmAnalyticsCustomer(models.Model):
    """How scores come out of the database and go back: a set at a time, never record by record."""

    _inherit = "crm.analytics.customer"

    @api.model
    def _get_summary(self, as_of):
        """What counts the days of purchase per customer: :class:`..lib.history.Summary`."""
        return history.Summary(day_number(as_of), day_number(as_of - relativedelta(years=1)))

    @api.model
    def _get_profiled(self, company):
        """Ids of the partners who may be looked at: not of those who want no profile."""
        found = [np.zeros(0, dtype=np.int64)]
        query = self.env["res.partner"].with_company(company)._crm_may_profile_sql(SQL("TRUE"))
        copy_out(self.env, query, ["int"], lambda columns: found.append(columns[0]))
        return np.concatenate(found)

    @api.model
    def _store(self, model, as_of, scores):
        """Write the scores of all customers of a company; who has none any more loses his row.

        :param model: ``crm.analytics.model``
        :param dict scores: {column: array}, all of the same length; see :data:`COLUMNS`
        """
        self.env.flush_all()
        company = model.company_id
        copy_in(self.env, "crm_analytics_scored", COLUMNS, scores, company.currency_id.decimal_places)
        self._forget_unscored(company)
        with filled_at_once(self.env["crm.analytics.segment.history"]):
            self._remember_segments(company, as_of)
        with filled_at_once(self):
            self.env.cr.execute(self._get_store_query(model, as_of))
        self.env.cr.execute(SQL("DROP TABLE %s", SCORED))
        self.invalidate_model()

    @api.model
    def _forget_unscored(self, company):
        """Those without a score are forgotten, with the segments they were in."""
        for table in (self._table, self.env["crm.analytics.segment.history"]._table):
            self.env.cr.execute(
                SQL(
                    """
                    DELETE FROM %s old
                     WHERE old.company_id = %s
                       AND NOT EXISTS (SELECT FROM %s fresh WHERE fresh.partner_id = old.partner_id)
                    """,
                    SQL.identifier(table),
                    company.id,
                    SCORED,
                )
            )

    @api.model
    def _get_store_query(self, model, as_of):
        """Rows that are there are written anew, the others added."""
        values = {
            **{name: CODED.get(name, SQL("fresh.%s", SQL.identifier(name))) for name in COLUMNS},
            "segment_since": SQL("segment.date_from"),
            "model_id": SQL("%s", model.id),
            "as_of": SQL("%s::date", as_of),
            "is_reliable": SQL("%s", not model.doubts and model.status == "ok"),
        }
        return SQL(
            """
            UPDATE crm_analytics_customer score
               SET (%(names)s) = ROW(%(new)s)
              FROM (%(fresh)s) AS new
             WHERE score.company_id = %(company)s AND score.partner_id = new.partner_id
               -- The same again on the same day writes nothing.
               AND (%(own)s) IS DISTINCT FROM (%(new)s);
            INSERT INTO crm_analytics_customer (company_id, %(names)s)
            SELECT %(company)s, %(names)s
              FROM (%(fresh)s) AS new
             WHERE NOT EXISTS (SELECT FROM crm_analytics_customer old
                                WHERE old.company_id = %(company)s AND old.partner_id = new.partner_id)
             ORDER BY partner_id
            """,
            names=SQL(", ").join(map(SQL.identifier, values)),
            own=SQL(", ").join(SQL.identifier("score", name) for name in values),
            new=SQL(", ").join(SQL.identifier("new", name) for name in values),
            fresh=SQL(
                """
                SELECT %s
                  FROM %s fresh
                  LEFT JOIN (SELECT partner_id AS customer_id, date_from
                               FROM crm_analytics_segment_history
                              WHERE company_id = %s AND date_to IS NULL) AS segment
                         ON segment.customer_id = fresh.partner_id
                """,
                SQL(", ").join(
                    SQL("%s AS %s", value, SQL.identifier(name)) for name, value in values.items()
                ),
                SCORED,
                model.company_id.id,
            ),
            company=model.company_id.id,
        )

    @api.model
    def _remember_segments(self, company, as_of):
        """A row for each customer who has come into another segment."""
        self.env["crm.analytics.segment.history"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                WITH ended AS (
                    UPDATE crm_analytics_segment_history history
                       SET date_to = %(as_of)s
                      FROM %(scored)s fresh
                     WHERE history.company_id = %(company)s
                       AND history.date_to IS NULL
                       AND history.partner_id = fresh.partner_id
                       AND history.segment_id != fresh.segment_id
                 RETURNING history.partner_id, history.segment_id
                )
                INSERT INTO crm_analytics_segment_history
                       (company_id, partner_id, segment_id, previous_id, date_from)
                SELECT %(company)s, fresh.partner_id, fresh.segment_id, ended.segment_id, %(as_of)s
                  FROM %(scored)s fresh
                  LEFT JOIN ended ON ended.partner_id = fresh.partner_id
                  LEFT JOIN crm_analytics_segment_history open
                         ON open.company_id = %(company)s AND open.partner_id = fresh.partner_id
                        AND open.date_to IS NULL
                 WHERE fresh.segment_id > 0
                   AND (open.id IS NULL OR ended.partner_id IS NOT NULL)
                 ORDER BY fresh.partner_id
                """,
                company=company.id,
                as_of=as_of,
                scored=SCORED,
            )
        )
        # Whatever comes next learns how many there are now.
        self.env.cr.execute("ANALYZE crm_analytics_segment_history")
        self.env["crm.analytics.segment.history"].invalidate_model()
