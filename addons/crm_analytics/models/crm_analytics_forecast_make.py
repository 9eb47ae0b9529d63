import time
from calendar import monthrange
from dataclasses import dataclass

import numpy as np
from dateutil.relativedelta import relativedelta

from odoo import api, models

from ..lib import calibration, forecast, pipeline
from .crm_analytics_forecast import HORIZON, LEVEL
from .crm_analytics_forecast_facts import ORDERS_MONTHS, PRIOR_DEALS

SEASON = 12
SETTLED_SHARE = 0.9  # of deals that are closed by then what was said of them can be judged
MEMBERS_MONTHS = 24  # who has neither sold nor a deal since then gets no forecast


@dataclass
class Ground:
    """What a forecast stands on: sales and deals as of a day; ``now`` in months, ``passed`` of it."""

    company: object
    as_of: object
    sales: dict
    deals: dict

    @property
    def now(self):
        return _month_of(self.as_of)

    @property
    def passed(self):
        return (self.as_of.day - 1) / monthrange(self.as_of.year, self.as_of.month)[1]

    def series(self, sales=None):
        """Sales by month up to the running one: (without deals, from deals), of the same length.

        :param dict sales: those of a member, all where empty
        """
        sales = sales or self.sales
        first = int(sales["month"].min()) if len(sales["month"]) else self.now
        place = (sales["month"] - first).astype(int)
        size = self.now - first + 1
        parts = pipeline.split_history(sales["amount"], sales["from_deal"])
        return tuple(np.bincount(place, weights=part, minlength=size)[:size] for part in parts)

    def carry_on(self, series, method=None):
        """Forecast of a series whose last month is the running one."""
        return forecast.forecast(
            series, HORIZON - 1, SEASON, last_share=self.passed, partial="drop", method=method, level=LEVEL
        )


@dataclass
class Learned:
    """What the deals of a company taught: see ``lib.pipeline``; ``order_share``: ordered of what was won."""

    calibration: pipeline.Calibration
    slip: pipeline.Slip
    curve: pipeline.CycleCurve
    order_share: float
    mean_amount: float
    amount_variance: float


class CrmAnalyticsForecast(models.Model):
    """How a forecast is made: facts from the database, models from ``lib``, months back."""

    _inherit = "crm.analytics.forecast"

    @api.model
    def _make(self, company, as_of):
        """Forecast by what is known on a day, and store it; see :meth:`_forecast`."""
        started = time.monotonic()
        ground = Ground(company, as_of, self._get_sales(company, as_of), self._get_deals(company, as_of))
        learned = self._learn(company, as_of, ground.deals)
        series = ground.series()
        direct = ground.carry_on(series[0])
        parts = self._get_company_parts(ground, learned, direct, series)
        stored = self.create(self._prepare_forecast_values(ground, learned, direct))
        rows = [("company", 0, parts)]
        for dimension, column in self._get_dimensions().items():
            members = self._get_members(ground, dimension, column)
            if set(members) == {0}:
                continue  # nothing is told apart by it
            rows += self._split(ground, dimension, members, parts, direct.method)
        stored._store_lines(rows, as_of)
        stored.seconds = time.monotonic() - started
        return stored

    # Learning -----------------------------------------------------------------

    @api.model
    def _learn(self, company, as_of, deals):
        """:rtype: Learned"""
        won = deals["outcome"] == pipeline.WON
        curve = pipeline.cycle_curve(deals["age"], deals["outcome"])
        closed = np.cumsum(curve.won + curve.lost)
        months = int(np.searchsorted(closed, SETTLED_SHARE * closed[-1])) if closed[-1] > 0 else 0
        settled = as_of - relativedelta(months=min(max(months, 3), 12))
        recent = won & (deals["ended"] > _month_of(as_of) - ORDERS_MONTHS)
        expected, ordered = deals["amount"][recent], deals["ordered"][recent]
        usual = expected.mean() if len(expected) else 0.0
        ground = expected.sum() + PRIOR_DEALS * usual
        share = min((ordered.sum() + PRIOR_DEALS * usual) / ground, 2.0) if ground > 0 else 1.0
        return Learned(
            calibration=calibration.calibrate(*self._get_given_chances(company, as_of, settled)),
            slip=pipeline.slip_distribution(deals["due"][won], deals["ended"][won]),
            curve=curve,
            order_share=float(share),
            mean_amount=float(usual * share),
            amount_variance=float(expected.var() * share**2) if len(expected) else 0.0,
        )

    @api.model
    def _prepare_forecast_values(self, ground, learned, direct):
        slip, deals = learned.slip, ground.deals
        by_hand = learned.calibration

        def known(value):
            return float(value) if np.isfinite(value) else 0.0

        return {
            "company_id": ground.company.id,
            "as_of": ground.as_of,
            "status": direct.status,
            "method": direct.method,
            "mase": known(direct.mase.get(direct.method, 0.0)),
            "origins": direct.origins,
            "deal_count": int(((deals["outcome"] == pipeline.OPEN) & (deals["omitted"] == 0)).sum()),
            "closed_count": int((deals["outcome"] != pipeline.OPEN).sum()),
            "win_rate": learned.curve.win_rate,
            "cycle_months": _cycle_months(learned.curve),
            "late_share": float(slip.share[slip.months > 0].sum()) if slip.deals else 0.0,
            "order_share": learned.order_share,
            "calibration": by_hand.method,
            "calibration_count": by_hand.deals,
            "brier_before": known(by_hand.brier_before),
            "brier_after": known(by_hand.brier_after),
        }

    # The company ----------------------------------------------------------------

    @api.model
    def _get_company_parts(self, ground, learned, direct, series):
        """The parts of the whole company by month.

        :return: dict of arrays by month: ``booked``, ``history``, ``spread`` of history, ``future`` and its
            variance, ``last_year``; and for :meth:`_get_open_part` ``open`` (columns of the open deals),
            ``slip``, ``now``, ``passed``
        """
        deals, now, passed = ground.deals, ground.now, ground.passed
        created = ground.carry_on(_counts(deals, now))
        inflow = pipeline.inflow_so_far(np.r_[created.current or 0.0, created.mean], passed)
        future = pipeline.future_deals(
            inflow, learned.curve, learned.mean_amount, HORIZON, learned.amount_variance
        )
        is_open = (deals["outcome"] == pipeline.OPEN) & (deals["omitted"] == 0)
        live = {name: column[is_open] for name, column in deals.items()}
        live["expected"] = np.maximum(live["amount"] - live["ordered"], 0.0) * learned.order_share
        live["given"] = np.nan_to_num(live["probability"])
        live["chance"] = learned.calibration.apply(live["probability"])
        # Who names no day takes as long as others did.
        usual = live["created"] + round(_cycle_months(learned.curve))
        live["ahead"] = np.where(np.isnan(live["due"]), np.maximum(usual, now), live["due"]) - now
        return {
            **_history(direct, series, passed),
            "future": future.mean,
            "future_variance": future.variance,
            "last_year": _last_year(series[0] + series[1]),
            "open": live,
            "now": now,
            "slip": learned.slip,
            "passed": passed,
        }

    @api.model
    def _get_open_part(self, parts, share=1.0):
        """What the open deals, or a share of each, bring by month.

        :return: (:class:`..lib.pipeline.Part`, array: prorated revenue by expected closing)
        """
        live = parts["open"]
        amount = live["expected"] * share
        found = pipeline.open_deals(
            live["chance"], amount, live["ahead"], parts["slip"], HORIZON, parts["passed"]
        )
        due = live["due"] - parts["now"]
        inside = (due >= 0) & (due < HORIZON)
        plain = np.bincount(
            due[inside].astype(int),
            weights=(live["given"] * live["amount"] * share)[inside],
            minlength=HORIZON,
        )
        return found, plain

    # Teams, salespeople, territories, categories ------------------------------------------------

    @api.model
    def _get_members(self, ground, dimension, column):
        """Who of a dimension is forecast.

        :return: {id, 0 for none: (series of sales without and from deals, share of each open deal, weight
            in the deals to come)}
        """
        sales, deals = self._get_sales(ground.company, ground.as_of, column), ground.deals
        recent = sales["month"] > ground.now - MEMBERS_MONTHS
        shares = self._get_deal_shares(ground, dimension, column, sales)
        won = deals["outcome"] == pipeline.WON
        members = np.union1d(sales["member"][recent], list(shares)).astype(int)
        found = {}
        for member in members.tolist():
            own = sales["member"] == member
            series = ground.series({name: values[own] for name, values in sales.items()})
            if column in deals:
                weight = float(deals["amount"][won & (deals[column] == member)].sum())
            else:
                weight = float(series[1][-MEMBERS_MONTHS:].sum())
            found[member] = (series, shares.get(member, 0.0), max(weight, 0.0))
        return found

    @api.model
    def _get_deal_shares(self, ground, dimension, column, sales):
        """Which part of each open deal is a member's: {id: array over the open deals}.

        Opportunities have a team, a salesperson and an address; categories are those quoted, and where
        nothing is quoted those that deals brought so far.
        """
        deals = ground.deals
        live = (deals["outcome"] == pipeline.OPEN) & (deals["omitted"] == 0)
        if column in deals:
            owner = deals[column][live].astype(int)
            return {member: (owner == member).astype(float) for member in np.unique(owner).tolist()}
        ids = deals["id"][live].astype(int).tolist()
        quoted = self._get_quoted_shares(ground.company, ids) if dimension == "category" else {}
        unknown = np.array([id_ not in quoted for id_ in ids], dtype=float)
        found = {member: unknown * part for member, part in _mix(sales).items()}
        for place, id_ in enumerate(ids):
            for member, part in quoted.get(id_, {}).items():
                found.setdefault(member, np.zeros(len(ids)))[place] = part
        return found

    @api.model
    def _split(self, ground, dimension, members, parts, method):
        """The months of each member of a dimension, so that together they are the company's.

        Usual sales are forecast for each alone and drawn to the company's sum (top-down by the shares of
        the forecasts: Athanasopoulos, Ahmed & Hyndman, IJF 25 (2009) 146-166); deals to come are shared
        out by what each won so far; open deals are each one's own.
        """
        each = {}
        for member, (series, share, weight) in members.items():
            own = ground.carry_on(series[0], method)
            each[member] = _history(own, series, ground.passed), series, share, weight
        total = sum((found[0]["history"] for found in each.values()), np.zeros(HORIZON))
        factor = np.where(total > 0, parts["history"] / np.where(total > 0, total, 1.0), 0.0)
        weights = sum(found[3] for found in each.values())
        rows = []
        for member, (history, series, share, weight) in each.items():
            part = weight / weights if weights > 0 else 1 / len(each)
            rows.append(
                (
                    dimension,
                    member,
                    {
                        **parts,
                        **history,
                        "history": history["history"] * factor,
                        "future": parts["future"] * part,
                        "future_variance": parts["future_variance"] * part,
                        "last_year": _last_year(series[0] + series[1]),
                        "share": share,
                    },
                )
            )
        return rows

    # Storing ------------------------------------------------------------------------

    def _store_lines(self, rows, as_of):
        """Write the months; ``rows``: (dimension, member id, parts)."""
        columns = self._get_dimensions()
        known = self._get_known_members(rows)
        vals_list = []
        for dimension, member, parts in rows:
            if member and member not in known[dimension]:
                continue
            owner = {columns[dimension]: member or False} if dimension in columns else {}
            for ahead, values in enumerate(self._get_months(parts)):
                vals_list.append(
                    {
                        "forecast_id": self.id,
                        "company_id": self.company_id.id,
                        "as_of": as_of,
                        "dimension": dimension,
                        "member_id": member,
                        **owner,
                        "month": as_of.replace(day=1) + relativedelta(months=ahead),
                        "ahead": ahead,
                        **values,
                    }
                )
        self.env["crm.analytics.forecast.line"].create(vals_list)

    @api.model
    def _get_known_members(self, rows):
        """Those that still exist: {dimension: set of ids}."""
        Line, found = self.env["crm.analytics.forecast.line"], {}
        for dimension, column in self._get_dimensions().items():
            ids = [member for name, member, _parts in rows if name == dimension and member]
            found[dimension] = set(self.env[Line._fields[column].comodel_name].browse(ids).exists().ids)
        return found

    @api.model
    def _get_months(self, parts):
        """Values of the lines of one member, month by month."""
        sure, plain = self._get_open_part(parts, parts.get("share", 1.0))
        usual = parts["history"]
        history = forecast.Forecast("ok", "", usual, usual, usual, parts["spread"], LEVEL, None, "", {}, 0)
        future = pipeline.Part(parts["future"], parts["future_variance"], 0.0, 0.0)
        joint = pipeline.join(history, sure, future, LEVEL)
        booked = parts["booked"]
        table = {
            "booked": booked,
            "history": parts["history"],
            "pipeline": sure.mean,
            "future": parts["future"],
            "expected": booked + joint.mean,
            "low": booked + joint.low,
            "high": booked + joint.high,
            "plain": booked + plain,
            "last_year": parts["last_year"],
        }
        return [
            dict(zip(table, map(float, month), strict=True)) for month in zip(*table.values(), strict=True)
        ]


def _month_of(day):
    """Months since the year 0."""
    return day.year * 12 + day.month - 1


def _cycle_months(curve):
    """Months from creation to winning, on average."""
    total = curve.won.sum()
    return float(curve.won @ np.arange(len(curve.won)) / total) if total > 0 else 0.0


def _counts(deals, now):
    """Deals created by month up to the running one."""
    if not len(deals["created"]):
        return np.zeros(0)
    # Those closed long ago are left out, and with them whole months: start where all are there.
    first = max(int(deals["created"].min()), now - 36)
    created = deals["created"][deals["created"] >= first]
    return np.bincount((created - first).astype(int), minlength=now - first + 1)[: now - first + 1]


def _history(direct, series, passed):
    """What is sold already, usual sales still to come and their spread, by month."""
    booked = np.zeros(HORIZON)
    booked[0] = series[0][-1] + series[1][-1] if len(series[0]) else 0.0
    rest = max((direct.current or 0.0) - (series[0][-1] if len(series[0]) else 0.0), 0.0)
    spread = direct.spread[:1] * np.sqrt(max(1 - passed, 0.0))
    return {"booked": booked, "history": np.r_[rest, direct.mean], "spread": np.r_[spread, direct.spread]}


def _last_year(series):
    """Sales of the same month a year before, of the running month and those after it."""
    past = np.r_[np.zeros(SEASON), series][-SEASON - 1 :]
    return np.r_[past, np.zeros(HORIZON)][:HORIZON]


def _mix(sales):
    """Of which members what deals brought is: {id: share}; of all sales where they brought nothing."""
    for chosen in (sales["from_deal"] > 0, np.ones(len(sales["month"]), dtype=bool)):
        members, place = np.unique(sales["member"][chosen].astype(int), return_inverse=True)
        sums = np.bincount(place.reshape(-1), weights=sales["amount"][chosen], minlength=len(members))
        rows = zip(members.tolist(), sums.tolist(), strict=True)
        amounts = {member: amount for member, amount in rows if amount > 0}
        if amounts:
            total = sum(amounts.values())
            return {member: amount / total for member, amount in amounts.items()}
    return {0: 1.0}
