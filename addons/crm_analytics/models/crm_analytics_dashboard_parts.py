from datetime import timedelta

import numpy as np

from odoo import api, fields, models
from odoo.fields import Domain

from .crm_analytics_cohort import SMALL, first_day
from .crm_analytics_fact import RHYTHMS, month_number

LEVELS = range(5, 0, -1)
COHORTS_MIN = 12  # rows of the heat map, and months of the chart, however short the period
RISKS_SHOWN = 6
MOVES_SHOWN = 6
TOP = (0.01, 0.05, 0.1, 0.2, 0.5)  # best customers
MEASURES = ("customer_count", "revenue_12m", "money_at_stake", "expected_revenue")


class CrmAnalyticsDashboard(models.AbstractModel):
    """The parts of the screen, out of what was counted."""

    _inherit = "crm.analytics.dashboard"

    @api.model
    def _get_grid(self, scope, data):
        """Customers by recency and frequency, 5 the best: 5 rows of 5 cells, best recency first."""
        cells = [row for row in data["cells"] if row["kind"] == "grid"]
        total = sum(row["customer_count"] for row in cells)
        found = {(recency, frequency): _zero() for recency in LEVELS for frequency in LEVELS}
        for row in cells:
            _add(found[row["recency"], row["frequency"]], row)
        rows = [
            {
                "recency": recency,
                "cells": [
                    {
                        "frequency": frequency,
                        **found[recency, frequency],
                        "share": found[recency, frequency]["customer_count"] / total if total else 0.0,
                        "what": {"kind": "rfm", "recency": recency, "frequency": frequency},
                    }
                    for frequency in reversed(LEVELS)
                ],
            }
            for recency in LEVELS
        ]
        return {"rows": rows, "customer_count": total, "unscored_count": data["figures"]["unscored_count"]}

    # ------------------------------------------------------------------
    # Segments, and who moved
    # ------------------------------------------------------------------

    @api.model
    def _get_segments(self, scope, data):
        """Segments with customers and money, who came and left since, and the largest moves."""
        segments = self.env["crm.analytics.segment"].with_context(active_test=False).search(Domain.TRUE)
        totals = {segment.id: _zero() for segment in segments}
        for row in data["cells"]:
            if row["kind"] == "grid" and row["segment_id"]:
                _add(totals[row["segment_id"]], row)
        since = scope.as_of - timedelta(days=scope.moved_days)
        moves = {
            (row["from_segment_id"], row["segment_id"]): row["customer_count"]
            for row in data["cells"]
            if row["kind"] == "moved" and row["key"] == str(scope.moved_days)
        }
        count = sum(total["customer_count"] for total in totals.values())
        names = {segment.id: segment.name for segment in segments}
        rows = [
            {
                "id": segment.id,
                "name": segment.name,
                "description": segment.description or "",
                "advice": segment.advice or "",
                "color": segment.color,
                **totals[segment.id],
                "share": totals[segment.id]["customer_count"] / count if count else 0.0,
                "joined": sum(number for (_from, to), number in moves.items() if to == segment.id),
                "left": sum(number for (from_, _to), number in moves.items() if from_ == segment.id),
                "what": {"kind": "segment", "id": segment.id},
            }
            for segment in segments
            if segment.active or totals[segment.id]["customer_count"]
        ]
        largest = sorted(moves.items(), key=lambda item: (-item[1], item[0]))[:MOVES_SHOWN]
        return {
            "rows": rows,
            "since": fields.Date.to_string(since),
            "moved": sum(moves.values()),
            "moves": [
                {
                    "from": names.get(from_, ""),
                    "to": names.get(to, ""),
                    "count": number,
                    "what": {"kind": "moved", "from_id": from_, "id": to},
                }
                for (from_, to), number in largest
            ],
        }

    # ------------------------------------------------------------------
    # How unevenly the revenue is spread
    # ------------------------------------------------------------------

    @api.model
    def _get_value(self, scope, data):
        """The value pyramid: classes of customers, and the Pareto curve."""
        rows = {row["key"]: row for row in data["cells"] if row["kind"] == "abc"}
        customers = sum(row["customer_count"] for row in rows.values())
        revenue = sum(max(row["revenue_12m"], 0.0) for row in rows.values())
        classes = [
            {
                "key": key,
                "customer_count": row["customer_count"],
                "revenue_12m": row["revenue_12m"],
                "lifetime_value": row["lifetime_value"],
                "customer_share": row["customer_count"] / customers,
                "revenue_share": max(row["revenue_12m"], 0.0) / revenue if revenue else 0.0,
                "what": {"kind": "abc", "key": key},
            }
            for key in "abc"
            if (row := rows.get(key)) and customers
        ]
        curve = data["curve"]
        return {
            "classes": classes,
            "curve": curve,
            "top_fifth": _read_curve(curve, 0.2),
            "top": [[share, _read_curve(curve, share)] for share in TOP] if curve else [],
        }

    # ------------------------------------------------------------------
    # Cohorts and months
    # ------------------------------------------------------------------

    @api.model
    def _get_triangle_rows(self, triangle):
        """A triangle as rows for the screen; what is not known yet is left out."""
        rows = []
        for place, number in enumerate(triangle.cohorts.tolist()):
            known = int((~np.isnan(triangle.customers[place])).sum())
            tables = (triangle.customers, triangle.revenue, triangle.cumulative)
            shares = (triangle.retention, triangle.low, triangle.high)
            columns = [table[place, :known].tolist() for table in (*tables, *shares)]
            rows.append(
                {
                    "cohort": int(number),
                    "size": int(triangle.size[place]),
                    "is_small": bool(triangle.small[place]),
                    "cells": [
                        (int(customers), *values, bool(triangle.partial[place, offset]))
                        for offset, (customers, *values) in enumerate(zip(*columns, strict=True))
                    ],
                }
            )
        return rows

    @api.model
    def _read_triangle(self, scope):
        """The same rows out of what was written at night, of the cohorts that are shown."""
        since = first_day(month_number(scope.as_of) - max(scope.months, COHORTS_MIN))
        names = ("customer_count", "revenue", "cumulative", "retention", "low", "high", "is_partial")
        rows = {}
        for cell in self.env["crm.analytics.cohort"].search_read(
            [("company_id", "=", scope.company.id), ("cohort", ">=", since)],
            ["cohort", "size", "is_small", *names],
            order="cohort, offset_months",
            load=False,
        ):
            row = rows.setdefault(
                cell["cohort"],
                {
                    "cohort": month_number(cell["cohort"]),
                    "size": cell["size"],
                    "is_small": cell["is_small"],
                    "cells": [],
                },
            )
            row["cells"].append(tuple(cell[name] for name in names))
        return list(rows.values())

    @api.model
    def _get_cohorts(self, scope, data):
        """The heat map: a row for each month of first purchase, a cell for each month since.

        Cells are ``customers``, ``revenue``, ``cumulative``, ``retention`` with its interval ``low`` and
        ``high``, and whether the month still runs. ``average`` leaves those out.
        """
        first = month_number(scope.as_of) - max(scope.months, COHORTS_MIN)
        names = ("customers", "revenue", "cumulative", "retention", "low", "high", "is_partial")
        rows = [
            {
                "cohort": fields.Date.to_string(first_day(row["cohort"])),
                "size": row["size"],
                "is_small": row["is_small"],
                "cells": [
                    {
                        **dict(zip(names, cell, strict=True)),
                        "what": {
                            "kind": "cohort",
                            "month": fields.Date.to_string(first_day(row["cohort"])),
                            "offset": offset,
                        },
                    }
                    for offset, cell in enumerate(row["cells"])
                ],
            }
            for row in data["triangle"]
            if row["cohort"] >= first
        ]
        width = max((len(row["cells"]) for row in rows), default=0)
        return {
            "rows": rows,
            "width": width,
            "small": SMALL,
            "average": [_average_retention(rows, offset) for offset in range(width)],
        }

    @api.model
    def _read_months(self, scope):
        """What was written at night, as ``crm.analytics.fact`` tells it."""
        names = ("customer_count", "new_count", "returning_count", "reactivated_count", "lost_count")
        return [
            {**row, "month": month_number(row["month"])}
            for row in self.env["crm.analytics.month"].search_read(
                [("company_id", "=", scope.company.id)],
                ["month", "is_partial", "revenue", "purchase_count", "repeat_rate", *names],
                order="month",
                load=False,
            )
        ]

    @api.model
    def _get_months(self, scope, data):
        """New, returning, reactivated and lost customers of each month."""
        shown = data["months"][-max(scope.months, COHORTS_MIN) - 1 :]
        return {
            "rows": [
                {
                    **{name: value for name, value in row.items() if name != "id"},
                    "month": fields.Date.to_string(first_day(row["month"])),
                }
                for row in shown
            ]
        }

    # ------------------------------------------------------------------
    # Risk and loyalty
    # ------------------------------------------------------------------

    @api.model
    def _get_risk(self, scope, data):
        """Money at stake by risk, and the customers with the most of it."""
        order = {"high": 0, "medium": 1, "low": 2}
        levels = sorted(
            (row for row in data["cells"] if row["kind"] == "risk"), key=lambda row: order[row["key"]]
        )
        wanted = Domain(scope.of("partner_id")) & Domain("money_at_stake", ">", 0)
        customers = self.env["crm.analytics.customer"].search(
            wanted & Domain("risk", "in", ("high", "medium")),
            order="money_at_stake desc, id",
            limit=RISKS_SHOWN,
        )
        return {
            "levels": [
                {
                    "key": row["key"],
                    "customer_count": row["customer_count"],
                    "money_at_stake": row["money_at_stake"],
                    "what": {"kind": "risk", "key": row["key"]},
                }
                for row in levels
            ],
            "rows": [
                {
                    "partner_id": customer.partner_id.id,
                    "name": customer.partner_id.display_name,
                    "segment": customer.segment_id.name or "",
                    "risk": customer.risk,
                    "no_order": customer.p_no_order,
                    "at_stake": customer.money_at_stake,
                    "revenue_12m": customer.revenue_12m,
                    # What holds for all of them is said once, on top of the screen.
                    "why": customer.why.removesuffix(customer.model_id._get_doubts()).strip(),
                    "what": {"kind": "customer", "id": customer.id},
                }
                for customer in customers
            ],
        }

    @api.model
    def _get_loyalty(self, scope, data):
        """How many buy again, and how often; a bridge adds figures of its own to ``more``.

        :return: ``repeat_rate``, ``rhythm``: list of ``key``, ``customer_count``, ``share``; ``more``: list
            of ``label``, ``value``, ``type`` and ``hint``
        """
        rows = {row["key"]: row for row in data["cells"] if row["kind"] == "rhythm"}
        total = sum(row["customer_count"] for row in rows.values())
        return {
            "repeat_rate": data["figures"]["repeat_rate"],
            "rhythm": [
                {
                    "key": key,
                    "customer_count": rows[key]["customer_count"],
                    "revenue_12m": rows[key]["revenue_12m"],
                    "share": rows[key]["customer_count"] / total,
                    "what": {"kind": "rhythm", "key": key},
                }
                for key in (*(name for name, _days in RHYTHMS), "rarer", "once")
                if key in rows
            ],
            "more": self._get_loyalty_figures(scope),
        }

    @api.model
    def _get_loyalty_figures(self, scope):
        """Further figures of loyalty, of programs for instance; see :meth:`_get_loyalty`.

        :rtype: list
        """
        return []


def _zero():
    return dict.fromkeys(MEASURES, 0)


def _add(total, row):
    for name in MEASURES:
        total[name] += row[name]


def _read_curve(curve, share):
    """Which share of the revenue the best share of the customers brings; None without a curve."""
    if not curve:
        return None
    customers, revenue = np.array(curve).T
    return float(np.interp(share, customers, revenue))


def _average_retention(rows, offset):
    """Retention of all cohorts that have this month behind them, weighted by their size."""
    known = [
        (row["cells"][offset]["customers"], row["size"])
        for row in rows
        if offset < len(row["cells"]) and not row["cells"][offset]["is_partial"]
    ]
    size = sum(number for _customers, number in known)
    return sum(customers for customers, _size in known) / size if size else None
