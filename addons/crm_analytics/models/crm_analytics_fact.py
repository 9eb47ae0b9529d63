from datetime import timedelta

import numpy as np
from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL

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
            SELECT partner_id, day, revenue, is_purchase
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
    # Months
    # ------------------------------------------------------------------

    @api.model
    def _collect_months(self, events):
        """What the customers of each month of first purchase did in each month; one pass.

        :param SQL events: SELECT of partner_id, day, revenue, is_purchase
        :return: arrays by name: ``cohort`` (-1: of those who never bought), ``month``, ``customers``,
            ``revenue``, ``days`` of purchase, ``back`` (came again after :data:`PATIENCE` months), ``gone``
            (did not come again within those). Months as of :func:`month_number`.
        """
        number = SQL("(date_part('year', day) * 12 + date_part('month', day) - 1)::int")
        rows = self.env.execute_query(
            SQL(
                """
                WITH monthly AS (
                    SELECT partner_id, %(number)s AS month, sum(revenue)::float8 AS revenue,
                           count(*) FILTER (WHERE is_purchase) AS days
                      FROM (%(events)s) AS event
                     GROUP BY 1, 2
                    HAVING bool_or(is_purchase)
                ), placed AS (
                    SELECT month, revenue, days, first_value(month) OVER turn AS cohort,
                           month - lag(month) OVER turn AS since, lead(month) OVER turn - month AS until
                      FROM monthly
                    WINDOW turn AS (PARTITION BY partner_id ORDER BY month)
                )
                SELECT cohort, month, count(*), sum(revenue), sum(days)::float8,
                       count(*) FILTER (WHERE since > %(patience)s),
                       count(*) FILTER (WHERE COALESCE(until, %(patience)s + 1) > %(patience)s)
                  FROM placed
                 GROUP BY 1, 2
                UNION ALL
                SELECT COALESCE(cohort, -1), month, 0, sum(revenue), 0, 0, 0
                  FROM (%(unbought)s) AS unbought
                 GROUP BY 1, 2
                """,
                number=number,
                events=events,
                patience=PATIENCE,
                unbought=self._get_unbought_query(events, number),
            )
        )
        names = ("cohort", "month", "customers", "revenue", "days", "back", "gone")
        return dict(zip(names, np.array(rows, dtype=float).reshape(-1, len(names)).T, strict=True))

    @api.model
    def _get_unbought_query(self, events, number):
        """SELECT of the months in which customers have revenue, or gave it back, without any purchase."""
        return SQL(
            """
            SELECT idle.month, idle.revenue,
                   (SELECT min(%(number)s) FROM (%(events)s) AS event
                     WHERE is_purchase AND event.partner_id = idle.partner_id) AS cohort
              FROM (SELECT partner_id, %(number)s AS month, sum(revenue)::float8 AS revenue
                      FROM (%(events)s) AS event
                     WHERE NOT is_purchase
                     GROUP BY 1, 2) AS idle
             WHERE NOT EXISTS (SELECT FROM (%(events)s) AS event
                                WHERE is_purchase
                                  AND event.partner_id = idle.partner_id
                                  AND %(number)s = idle.month)
            """,
            events=events,
            number=number,
        )

    @api.model
    def _fold_months(self, months, as_of):
        """Month by month: who came first, again, back, and who is lost.

        :param dict months: of :meth:`_collect_months`
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
    # A period beside the one before
    # ------------------------------------------------------------------

    @api.model
    def _collect_figures(self, events, as_of, months=12):
        """Sums of the last months and of as many before; see :data:`FIGURES`.

        ``repeater`` of the customers are those who had bought on more than one day by the end of the period;
        ``kept_from`` is the revenue before, ``kept`` the one now, of those who bought before.

        :rtype: dict
        """
        query = SQL(
            """
            SELECT count(*) FILTER (WHERE first_day IS NOT NULL),
                   count(*) FILTER (WHERE days > 0), count(*) FILTER (WHERE days_before > 0),
                   COALESCE(sum(revenue), 0), COALESCE(sum(revenue_before), 0),
                   COALESCE(sum(days), 0), COALESCE(sum(days_before), 0),
                   count(*) FILTER (WHERE days > 0 AND days_ever > 1),
                   count(*) FILTER (WHERE days_before > 0 AND days_then > 1),
                   count(*) FILTER (WHERE first_day > %(middle)s),
                   count(*) FILTER (WHERE first_day > %(start)s AND first_day <= %(middle)s),
                   COALESCE(sum(revenue_before) FILTER (WHERE revenue_before > 0), 0),
                   COALESCE(sum(GREATEST(revenue, 0)) FILTER (WHERE revenue_before > 0), 0)
              FROM (SELECT min(day) FILTER (WHERE is_purchase) AS first_day,
                           count(*) FILTER (WHERE is_purchase AND day > %(middle)s) AS days,
                           count(*) FILTER (WHERE is_purchase AND day > %(start)s AND day <= %(middle)s)
                               AS days_before,
                           count(*) FILTER (WHERE is_purchase) AS days_ever,
                           count(*) FILTER (WHERE is_purchase AND day <= %(middle)s) AS days_then,
                           COALESCE(sum(revenue) FILTER (WHERE day > %(middle)s), 0) AS revenue,
                           COALESCE(sum(revenue) FILTER (WHERE day > %(start)s AND day <= %(middle)s), 0)
                               AS revenue_before
                      FROM (%(events)s) AS event
                     GROUP BY partner_id) AS customer
            """,
            events=events,
            middle=as_of - relativedelta(months=months),
            start=as_of - relativedelta(months=2 * months),
        )
        (row,) = self.env.execute_query(query)
        return {name: float(value) for name, value in zip(FIGURES, row, strict=True)}

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
