from datetime import date, timedelta

import numpy as np
from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL

from ..lib import history
from .table_copy import copy_out

EPOCH = date(1970, 1, 1)  # days are counted from here, as numpy does
PATIENCE = 12  # whole months without a purchase, then a customer counts as lost
# How often somebody buys: name, and the longest usual gap in days.
RHYTHMS = (("weekly", 10), ("monthly", 45), ("quarterly", 135), ("yearly", 400))
MOVED_DAYS = (30, 90, 180, 365)  # spans over which movement between segments is told
MEASURES = ("revenue_12m", "expected_revenue", "money_at_stake", "lifetime_value")
FIGURES = (
    *("ever_count", "customer_count", "customer_before", "revenue", "revenue_before"),
    *("purchase_count", "purchase_before", "repeater_count", "repeater_before"),
    *("new_count", "new_before", "kept_from", "kept"),
)


def month_number(day):
    """Months counted from the year 0, so that they rise by one."""
    return day.year * 12 + day.month - 1


def day_number(day):
    """Days since 1970."""
    return (day - EPOCH).days


class CrmAnalyticsFact(models.AbstractModel):
    """What the days of purchase and the scores of many customers come to, in a few rows.

    The same questions are put at night, for whole companies, and to whoever looks at a part of them: what is
    asked of is a SELECT, so that both give the same figures.
    """

    _name = "crm.analytics.fact"
    _description = "Sums of Customers"

    @api.model
    def _get_events(self, company, as_of):
        """SELECT of all days of purchase of a company until a day."""
        self.env["crm.analytics.event"].flush_model()
        return SQL(
            """
            SELECT partner_id, day, revenue, refunded, is_purchase
              FROM crm_analytics_event
             WHERE company_id = %s AND day <= %s
            """,
            company.id,
            as_of,
        )

    @api.model
    def _get_scores(self, company):
        """SELECT of all scores of a company."""
        self.env["crm.analytics.customer"].flush_model()
        return SQL("SELECT * FROM crm_analytics_customer WHERE company_id = %s", company.id)

    # ------------------------------------------------------------------
    # Days of purchase
    # ------------------------------------------------------------------

    @api.model
    def _scan(self, events, *counters):
        """Show days of purchase to counters of :mod:`..lib.history`, all in one pass.

        :param SQL events: SELECT of partner_id, day, revenue, refunded, is_purchase
        """
        splitter = history.Splitter(counters)
        query = SQL(
            """
            SELECT partner_id, day, COALESCE(revenue, 0)::float8,
                   CASE WHEN refunded != 0 THEN refunded::float8 ELSE 0 END, COALESCE(is_purchase, FALSE)
              FROM (%s) AS event
             ORDER BY partner_id, day
            """,
            events,
        )
        copy_out(self.env, query, ("int", "date", "float", "float", "bool"), splitter.take)
        splitter.close()

    @api.model
    def _get_months_counter(self):
        return history.Months(PATIENCE)

    @api.model
    def _get_figures_counter(self, as_of, months=12):
        """Sums of the last months and of as many before, see :data:`FIGURES`."""
        start, middle = (as_of - relativedelta(months=many * months) for many in (2, 1))
        return history.Figures(day_number(start), day_number(middle))

    @api.model
    def _name_figures(self, counter):
        """:return: {name: number} of what such a counter counted"""
        return dict(zip(FIGURES, counter.result.tolist(), strict=True))

    @api.model
    def _fold_months(self, months, as_of):
        """Month by month: who came first, again, back, and who is lost.

        :param dict months: of a :class:`..lib.history.Months`
        :return: list of dicts, a row for each month from the first to that of ``as_of``
        """
        if not len(months["month"]):
            return []
        start, last = int(months["month"].min()), month_number(as_of)
        size = last - start + 1

        def total(name, which, shift=0):
            place = (months["month"][which] - start + shift).astype(int)
            return np.bincount(place, weights=months[name][which], minlength=size)[:size]

        everything = np.ones(len(months["month"]), dtype=bool)
        customers, new = (
            total("customers", everything),
            total("customers", months["cohort"] == months["month"]),
        )
        back = total("back", everything)
        columns = {
            "customer_count": customers,
            "new_count": new,
            "returning_count": customers - new - back,
            "reactivated_count": back,
            "lost_count": total("gone", everything, PATIENCE + 1),
            "purchase_count": total("days", everything),
        }
        revenue = total("revenue", everything)
        return [
            {
                "month": start + place,
                "is_partial": start + place == last and not is_month_end(as_of),
                "revenue": float(revenue[place]),
                "repeat_rate": float(1 - new[place] / customers[place]) if customers[place] else 0.0,
                **{name: int(column[place]) for name, column in columns.items()},
            }
            for place in range(size)
        ]

    # ------------------------------------------------------------------
    # Scores
    # ------------------------------------------------------------------

    @api.model
    def _collect_cells(self, scores):
        """Customers and what they bring by recency, frequency and segment; by class, by risk, by rhythm.

        :param SQL scores: SELECT of columns of ``crm_analytics_customer``
        :return: list of dicts: ``kind``, ``recency``, ``frequency``, ``segment_id``, ``key``,
            ``customer_count`` and :data:`MEASURES`
        """
        rhythm = SQL(
            "CASE WHEN purchase_days < 2 THEN 'once' %s ELSE 'rarer' END",
            SQL(" ").join(SQL("WHEN mean_gap <= %s THEN %s", days, name) for name, days in RHYTHMS),
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT CASE WHEN GROUPING(recency) = 0 THEN 'grid' WHEN GROUPING(abc_class) = 0 THEN 'abc'
                            WHEN GROUPING(risk) = 0 THEN 'risk' ELSE 'rhythm' END,
                       COALESCE(recency, 0), COALESCE(frequency, 0), segment_id,
                       COALESCE(abc_class, risk, rhythm), count(*), %(sums)s
                  FROM (SELECT *, %(rhythm)s AS rhythm FROM (%(scores)s) AS scored) AS score
                 GROUP BY GROUPING SETS ((recency, frequency, segment_id), (abc_class), (risk), (rhythm))
                """,
                scores=scores,
                rhythm=rhythm,
                sums=SQL(", ").join(
                    SQL("COALESCE(sum(%s), 0)::float8", SQL.identifier(name)) for name in MEASURES
                ),
            )
        )
        names = ("kind", "recency", "frequency", "segment_id", "key", "customer_count", *MEASURES)
        return [{**dict(zip(names, row, strict=True)), "from_segment_id": None} for row in rows]

    @api.model
    def _get_history(self, company):
        """SELECT of the segments customers of a company were in, from when to when."""
        self.env["crm.analytics.segment.history"].flush_model()
        return SQL(
            """
            SELECT partner_id, segment_id, date_from, date_to
              FROM crm_analytics_segment_history
             WHERE company_id = %s
            """,
            company.id,
        )

    @api.model
    def _collect_moves(self, history, as_of):
        """Customers who are in another segment than so many days ago, for each of :data:`MOVED_DAYS`.

        Who came back meanwhile has not moved, and who was in none has not either.

        :param SQL history: SELECT of partner_id, segment_id, date_from, date_to
        :return: list of dicts, to be kept as cells: ``key``: the days, ``from_segment_id``, ``segment_id``
        """
        spans = [(days, f"past_{days}", as_of - timedelta(days=days)) for days in MOVED_DAYS]
        past = SQL(", ").join(
            SQL(
                "max(segment_id) FILTER (WHERE date_from <= %s AND COALESCE(date_to, 'infinity') > %s) AS %s",
                day,
                day,
                SQL.identifier(name),
            )
            for _days, name, day in spans
        )
        values = SQL(", ").join(
            SQL("(%s, %s)", str(days), SQL.identifier(name)) for days, name, _day in spans
        )
        rows = self.env.execute_query(
            SQL(
                """
                SELECT days, past, now, count(*)
                  FROM (SELECT max(segment_id) FILTER (WHERE date_to IS NULL) AS now, %s
                          FROM (%s) AS history
                         GROUP BY partner_id) AS customer
                 CROSS JOIN LATERAL (VALUES %s) AS span (days, past)
                 WHERE past != now
                 GROUP BY 1, 2, 3
                """,
                past,
                history,
                values,
            )
        )
        return [
            {
                "kind": "moved",
                "key": days,
                "from_segment_id": from_id,
                "segment_id": to_id,
                "customer_count": count,
                **dict.fromkeys(("recency", "frequency"), 0),
                **dict.fromkeys(MEASURES, 0.0),
            }
            for days, from_id, to_id, count in rows
        ]

    @api.model
    def _collect_curve(self, scores):
        """The Pareto curve of the revenue of 12 months, in a hundredth of the customers at a time.

        :return: [[share of the customers, share of the revenue], ...], from 0 to 1; empty without revenue
        """
        rows = self.env.execute_query(
            SQL(
                """
                SELECT count(*), sum(amount)::float8
                  FROM (SELECT GREATEST(revenue_12m, 0) AS amount,
                               ntile(100) OVER (ORDER BY revenue_12m DESC) AS part
                          FROM (%s) AS scored) AS score
                 GROUP BY part
                 ORDER BY part
                """,
                scores,
            )
        )
        customers, amounts = np.cumsum(np.array(rows, dtype=float).reshape(-1, 2).T, axis=1)
        if not len(amounts) or amounts[-1] <= 0:
            return []
        shares = zip(customers / customers[-1], amounts / amounts[-1], strict=True)
        return [[0.0, 0.0], *([round(float(left), 4), round(float(right), 4)] for left, right in shares)]


def is_month_end(day):
    """Whether a month is over with this day."""
    return (day + timedelta(days=1)).day == 1
