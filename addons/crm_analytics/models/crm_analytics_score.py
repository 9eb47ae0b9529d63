import numpy as np
from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL

from .crm_analytics_model import EPOCH

ROWS = 20_000  # written at a time
DATES = frozenset({"first_day", "last_day", "next_day"})
# Columns of a score and their types in the database.
COLUMNS = {
    "partner_id": "int4",
    **dict.fromkeys(("first_day", "last_day", "next_day"), "date"),
    **dict.fromkeys(("purchase_days", "recency", "frequency", "monetary"), "int4"),
    **dict.fromkeys(("revenue", "revenue_12m", "average_value", "expected_value"), "numeric"),
    **dict.fromkeys(("expected_revenue", "lifetime_value", "money_at_stake"), "numeric"),
    **dict.fromkeys(("mean_gap", "refund_rate", "p_alive", "p_no_order", "expected_orders"), "float8"),
    **dict.fromkeys(("rfm", "abc_class", "risk"), "varchar"),
    "segment_id": "int4",
}
NUMBERS = ("partner", "first", "last", "days")


class CrmAnalyticsCustomer(models.Model):
    """How scores come out of the database and go back: a set at a time, never record by record."""

    _inherit = "crm.analytics.customer"

    @api.model
    def _summarize(self, company, as_of):
        """The customers who had bought by a day, without those who want no profile.

        :return: arrays by name: ``partner``, ``first``, ``last`` (days since 1970), ``days`` of purchase;
            ``x``, ``t_x``, ``T`` (days, see :mod:`..lib.btyd_score`), ``z`` (mean of the repeat days);
            ``silence`` (days), ``revenue``, ``revenue_12m``, ``average``, ``refund_rate``
        """
        self.env["crm.analytics.event"].flush_model()
        may_profile = self.env["res.partner"].with_company(company)._crm_may_profile_sql(SQL("TRUE"))
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id, min(day) FILTER (WHERE is_purchase) - DATE '1970-01-01',
                       max(day) FILTER (WHERE is_purchase) - DATE '1970-01-01',
                       count(*) FILTER (WHERE is_purchase),
                       sum(revenue)::float, COALESCE(sum(revenue) FILTER (WHERE day > %(year)s), 0)::float,
                       (sum(revenue) FILTER (WHERE is_purchase))::float,
                       (min(first_revenue))::float, sum(refunded)::float
                  FROM (SELECT *, CASE WHEN is_purchase
                                        AND day = min(day) FILTER (WHERE is_purchase)
                                                  OVER (PARTITION BY partner_id)
                                       THEN revenue END AS first_revenue
                          FROM crm_analytics_event
                         WHERE company_id = %(company)s AND day <= %(as_of)s) AS event
                 WHERE partner_id IN (%(may_profile)s)
                 GROUP BY partner_id
                HAVING bool_or(is_purchase)
                 ORDER BY partner_id
                """,
                company=company.id,
                as_of=as_of,
                year=as_of - relativedelta(years=1),
                may_profile=may_profile,
            )
        )
        table = np.array(rows, dtype=float).reshape(-1, 9).T
        _partner, first, last, days, revenue, revenue_12m, bought, first_revenue, refunded = table
        today = (as_of - EPOCH).days
        x = days - 1
        return {
            **{name: column.astype(int) for name, column in zip(NUMBERS, table[:4], strict=True)},
            "x": x,
            "t_x": last - first,
            "T": today - first,
            "silence": today - last,
            "z": np.divide(bought - first_revenue, x, out=np.zeros(len(x)), where=x > 0),
            "revenue": revenue,
            "revenue_12m": revenue_12m,
            "average": bought / np.maximum(days, 1),
            "refund_rate": np.divide(
                refunded, revenue + refunded, out=np.zeros(len(x)), where=revenue + refunded > 0
            ),
        }

    @api.model
    def _count_between(self, company, after, until, partners):
        """Days of purchase and revenue of customers after one day and until another: two arrays."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT partner_id, count(*) FILTER (WHERE is_purchase), sum(revenue)::float
                  FROM crm_analytics_event
                 WHERE company_id = %s AND day > %s AND day <= %s
                 GROUP BY partner_id
                """,
                company.id,
                after,
                until,
            )
        )
        came = {partner_id: (count, revenue) for partner_id, count, revenue in rows}
        found = np.array([came.get(partner_id, (0, 0.0)) for partner_id in partners.tolist()], dtype=float)
        return found.reshape(-1, 2).T

    @api.model
    def _store(self, model, as_of, scores):
        """Write the scores of all customers of a company; who has none any more loses his row.

        :param model: ``crm.analytics.model``
        :param dict scores: {column: values}, all of the same length
        """
        self.env.flush_all()
        count = len(scores["partner_id"])
        for start in range(0, count, ROWS):
            part = {name: _listed(name, scores[name][start : start + ROWS]) for name in COLUMNS}
            self.env.cr.execute(self._get_store_query(model, as_of, part))
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_analytics_customer WHERE company_id = %s AND NOT partner_id = ANY(%s)",
                model.company_id.id,
                _listed("partner_id", scores["partner_id"]),
            )
        )
        # The database knows little of what was just written: without this, the first night of many customers
        # compares each of them with each other.
        self._analyze(self, self.env["crm.analytics.segment.history"])
        self._remember_segments(model.company_id, as_of)
        self.invalidate_model()

    @api.model
    def _analyze(self, *tables):
        """Let the database look at how many rows tables have now."""
        for table in tables:
            self.env.cr.execute(SQL("ANALYZE %s", SQL.identifier(table._table)))

    @api.model
    def _get_store_query(self, model, as_of, part):
        names = list(COLUMNS)
        own = [*names, "model_id", "as_of", "is_reliable"]
        return SQL(
            """
            INSERT INTO crm_analytics_customer (company_id, %(own)s)
            SELECT %(company)s, %(names)s, %(model)s, %(as_of)s, %(reliable)s
              FROM unnest(%(arrays)s) AS score (%(names)s)
            ON CONFLICT (company_id, partner_id) DO UPDATE SET %(assignments)s
            """,
            own=SQL(", ").join(map(SQL.identifier, own)),
            names=SQL(", ").join(map(SQL.identifier, names)),
            company=model.company_id.id,
            model=model.id,
            as_of=as_of,
            reliable=not model.doubts and model.status == "ok",
            arrays=SQL(", ").join(
                SQL("%s::%s[]", part[name], SQL.identifier(type_)) for name, type_ in COLUMNS.items()
            ),
            assignments=SQL(", ").join(
                SQL("%s = excluded.%s", SQL.identifier(name), SQL.identifier(name)) for name in own
            ),
        )

    @api.model
    def _remember_segments(self, company, as_of):
        """A row for each customer who has come into another segment; those without a score are forgotten."""
        self.env["crm.analytics.segment.history"].flush_model()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_analytics_segment_history history
                 WHERE history.company_id = %(company)s
                   AND NOT EXISTS (SELECT FROM crm_analytics_customer score
                                    WHERE score.company_id = history.company_id
                                      AND score.partner_id = history.partner_id);
                WITH ended AS (
                    UPDATE crm_analytics_segment_history history
                       SET date_to = %(as_of)s
                      FROM crm_analytics_customer score
                     WHERE history.company_id = %(company)s
                       AND history.date_to IS NULL
                       AND score.company_id = history.company_id
                       AND score.partner_id = history.partner_id
                       AND score.segment_id IS DISTINCT FROM history.segment_id
                 RETURNING history.partner_id, history.segment_id
                )
                INSERT INTO crm_analytics_segment_history
                       (company_id, partner_id, segment_id, previous_id, date_from)
                SELECT score.company_id, score.partner_id, score.segment_id, ended.segment_id, %(as_of)s
                  FROM crm_analytics_customer score
                  LEFT JOIN ended ON ended.partner_id = score.partner_id
                  LEFT JOIN crm_analytics_segment_history open
                         ON open.company_id = score.company_id AND open.partner_id = score.partner_id
                        AND open.date_to IS NULL
                 WHERE score.company_id = %(company)s
                   AND score.segment_id IS NOT NULL
                   AND (open.id IS NULL OR ended.partner_id IS NOT NULL);
                ANALYZE crm_analytics_segment_history;
                UPDATE crm_analytics_customer score
                   SET segment_since = history.date_from
                  FROM crm_analytics_segment_history history
                 WHERE score.company_id = %(company)s
                   AND history.company_id = score.company_id
                   AND history.partner_id = score.partner_id
                   AND history.date_to IS NULL
                   AND score.segment_since IS DISTINCT FROM history.date_from
                """,
                company=company.id,
                as_of=as_of,
            )
        )
        self.env["crm.analytics.segment.history"].invalidate_model()


def _listed(name, values):
    """Values as the database takes them."""
    if name in DATES:
        return (np.datetime64(EPOCH) + np.asarray(values).astype("timedelta64[D]")).astype(object).tolist()
    return values.tolist() if hasattr(values, "tolist") else list(values)
