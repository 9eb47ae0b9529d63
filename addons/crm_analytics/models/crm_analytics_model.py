import time

import numpy as np
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..lib import btyd, gamma_gamma, history, rfm
from ..lib.abc import classify
from .crm_analytics_fact import day_number

STATUSES = [
    ("ok", "Good"),
    ("empty", "Nothing to learn from"),
    ("insufficient", "Too little to learn from"),
    ("prior_dominated", "Rests on what is usual elsewhere"),
    ("not_converged", "Best answer so far"),
    ("infinite_mean", "Too unequal: drawn towards the mean of all"),
]
FIT_EVERY = 7  # days
HOLD_OUT_MIN = 50  # customers, fewer tell nothing
HOLD_OUT = 180  # days kept back to see how well the model would have done


class CrmAnalyticsModel(models.Model):
    """One fit of the purchase model of a company: parameters, how good they are, and when."""

    _name = "crm.analytics.model"
    _description = "Model of Purchases"
    _order = "as_of desc, id desc"
    _rec_name = "as_of"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="cascade")
    as_of = fields.Date(required=True, readonly=True)
    kind = fields.Selection([("mbg_nbd", "MBG/NBD"), ("bg_nbd", "BG/NBD")], required=True, readonly=True)
    status = fields.Selection(STATUSES, required=True, readonly=True)
    value_status = fields.Selection(STATUSES, required=True, readonly=True)
    customer_count = fields.Integer("Customers", readonly=True)
    repeater_count = fields.Integer("Customers Who Came Again", readonly=True)
    r = fields.Float(readonly=True, digits=(16, 6))
    alpha = fields.Float(readonly=True, digits=(16, 6), help="In days.")
    a = fields.Float(readonly=True, digits=(16, 6))
    b = fields.Float(readonly=True, digits=(16, 6))
    log_likelihood = fields.Float(readonly=True, digits=(16, 3))
    value_fit = fields.Json(readonly=True, export_string_translation=False)
    thresholds = fields.Json(readonly=True, export_string_translation=False)
    typical = fields.Json(
        readonly=True, export_string_translation=False, help="Medians of the customers who came again."
    )
    doubts = fields.Json(readonly=True, export_string_translation=False)
    holdout = fields.Json(readonly=True, export_string_translation=False)
    holdout_note = fields.Text("How Well It Would Have Done", compute="_compute_holdout_note")
    seconds = fields.Float("Took (Seconds)", readonly=True, digits=(10, 2))
    score_ids = fields.One2many("crm.analytics.customer", "model_id", "Customers Scored", readonly=True)

    @api.depends("holdout")
    def _compute_holdout_note(self):
        for model in self:
            found = model.holdout or {}
            model.holdout_note = bool(found) and self.env._(
                "Of the %(days)s days kept back: %(expected)s purchases expected, %(actual)s came; off by"
                " %(error)s per customer on average (correlation %(correlation)s). The best fifth by the"
                " model brought %(by_model)s %% of the revenue, the one by past revenue %(by_past)s %%:"
                " to rank customers, what they spent is as good; the model tells how much, and who is gone.",
                **found,
            )

    def _get_parameters(self):
        """:rtype: btyd.Parameters, None where nothing was learned"""
        self.ensure_one()
        return btyd.Parameters(self.kind, self.r, self.alpha, self.a, self.b) if self.r else None

    def _get_doubts(self):
        """Why the figures are little more than a guess, in words."""
        self.ensure_one()
        words = {
            "customers": self.env._("fewer than 500 customers"),
            "history": self.env._("less than 180 days of history"),
            "recent": self.env._("no purchase in the last 30 days"),
            "frequent": self.env._("nobody bought three times"),
        }
        missing = [words[key] for key in self.doubts or ()]
        return (missing and self.env._("Take it as a guess: %s.", ", ".join(missing))) or ""

    def unlink(self):
        ids = list(self._ids)
        result = super().unlink()
        if ids:
            # Of many customers, without a foreign key.
            self.env.cr.execute(SQL("DELETE FROM crm_analytics_customer WHERE model_id = ANY(%s)", ids))
            self.env["crm.analytics.customer"].invalidate_model()
        return result

    # The job ------------------------------------------------------------------

    @api.model
    def _cron_score(self):
        """Score the customers of all companies, each in a transaction of its own."""
        self.env["res.company"]._crm_analytics_for_each(self._score, "Scores")

    @api.model
    def _score(self, company, as_of=None):
        """Score all customers of a company as they are on a day.

        :param company: one ``res.company``
        :param date as_of: later purchases do not count; today when empty
        :return: the model they were scored by, none where another worker is at it
        :rtype: crm.analytics.model
        """
        ((locked,),) = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(hashtext('crm_analytics'), %s)", company.id)
        )
        if not locked:
            return self.browse()
        as_of = as_of or company._crm_today()
        self.env["crm.customer.dirty"]._fold()
        self.env["crm.customer.stat"]._prepare_planner()
        Customer, Kpi = self.env["crm.analytics.customer"], self.env["crm.analytics.kpi"]
        model = self._get_current(company, as_of)
        known = None if model else HoldOut(as_of)
        counters, summary = Kpi._get_counters(as_of), Customer._get_summary(as_of)
        # One pass over the days of purchase, whatever is asked of them.
        Fact = self.env["crm.analytics.fact"]
        Fact._scan(
            Fact._get_events(company, as_of),
            summary,
            *Kpi._list_counters(counters),
            *(known.get_counters() if known else ()),
        )
        may_profile = Customer._get_profiled(company)
        found = _only(summary.result, may_profile)
        model = model or self._fit(company, as_of, found, known.judge(may_profile))
        Customer._store(model, as_of, model._evaluate(found, as_of))
        self.env["crm.analytics.pyramid"]._refresh(company, as_of)
        Kpi._refresh(company, as_of, counters)
        self._forget_old(company)
        return model

    @api.model
    def _forget_old(self, company):
        """Delete former segments and models that are older than the company keeps them."""
        months = company.crm_analytics_keep_months
        if not months:
            return
        before = company._crm_today() - relativedelta(months=months)
        own = Domain("company_id", "=", company.id)
        self.env["crm.analytics.segment.history"].search(own & Domain("date_to", "<", before)).unlink()
        self.search(own & Domain("as_of", "<", before) & Domain("score_ids", "=", False)).unlink()

    @api.model
    def _get_current(self, company, as_of):
        """The model that is still good: of this week, as seen from that day."""
        recent = as_of - relativedelta(days=FIT_EVERY)
        return self.search(
            [("company_id", "=", company.id), ("as_of", "<=", as_of), ("as_of", ">", recent)], limit=1
        )

    # Learning --------------------------------------------------------------------

    @api.model
    def _fit(self, company, as_of, found, holdout):
        """Learn from the customers.

        :param dict found: of a :class:`..lib.history.Summary`, :param holdout: of :meth:`HoldOut.judge`
        """
        started = time.monotonic()
        customers = btyd.group(found["x"], found["t_x"], found["T"])
        purchases = btyd.fit(customers)
        value = gamma_gamma.fit_value(found["x"], found["z"], winsorized=0.995)
        limits = rfm.thresholds(found["silence"], found["days"], found["revenue"])
        came_again = found["x"] > 0
        return self.create(
            {
                "company_id": company.id,
                "as_of": as_of,
                "kind": purchases.parameters.kind,
                "status": purchases.status,
                "value_status": value.status,
                "customer_count": int(purchases.customers),
                "repeater_count": int(purchases.repeaters),
                **{name: float(getattr(purchases.parameters, name)) for name in ("r", "alpha", "a", "b")},
                "log_likelihood": float(purchases.log_likelihood),
                "value_fit": _plain(value),
                "thresholds": _plain(limits),
                "typical": [float(np.median(found[name][came_again])) for name in ("x", "t_x", "T")]
                if came_again.any()
                else None,
                "doubts": list(btyd.unmet_gates(customers)),
                "holdout": holdout,
                "seconds": time.monotonic() - started,
            }
        )

    # Telling -----------------------------------------------------------------------

    def _evaluate(self, found, as_of):
        """Scores of the customers by this model: {column: array}, see ``COLUMNS`` of the scores."""
        self.ensure_one()
        parameters = self._get_parameters()
        times = found["x"], found["t_x"], found["T"]
        scores = rfm.score(_limits(self.thresholds), found["silence"], found["days"], found["revenue"])
        segments = self.env["crm.analytics.segment"].search([("active", "=", True)])
        ids = np.array([*segments.ids, 0])  # the last for who fits in none
        value = gamma_gamma.expected_value(_value_fit(self.value_fit), found["x"], found["z"])
        discount = gamma_gamma.annual_to_monthly(self.company_id.crm_analytics_discount / 100)
        no_order = btyd.probability_no_order(parameters, 90, *times)
        orders = btyd.expected_orders(parameters, 365.25, *times)
        return {
            "recency": scores.recency,
            "frequency": scores.frequency,
            "monetary": scores.monetary,
            "rfm": scores.cell,
            "segment_id": ids[rfm.assign(scores, segments._as_ranges())],
            "abc_class": classify(found["revenue_12m"]),
            "p_alive": btyd.probability_alive(parameters, *times),
            "p_no_order": no_order,
            "risk": np.digitize(no_order, (0.33, 0.66)),
            "expected_orders": orders,
            "expected_value": value,
            "expected_revenue": orders * value,
            "lifetime_value": gamma_gamma.lifetime_value(
                parameters,
                times,
                value,
                months=36,
                margin=self.company_id.crm_analytics_margin / 100,
                monthly_discount=discount,
            ),
            "money_at_stake": no_order * np.maximum(found["revenue_12m"], 0),
            "next_day": _next_days(found, btyd.usual_gap(parameters, found["x"], found["t_x"]), as_of),
            **{name: found[name] for name in ("revenue", "revenue_12m")},
            "partner_id": found["partner"],
            "purchase_days": found["days"],
            "active_quarters": found["quarters"],
            "first_day": found["first"],
            "last_day": found["last"],
            "mean_gap": np.divide(found["t_x"], found["x"], out=np.zeros(len(value)), where=found["x"] > 0),
            "average_value": found["average"],
            "refund_rate": found["refund_rate"],
        }


class HoldOut:
    """How well a model of a while ago would have told what came since.

    :param date as_of: the day until which it is known what came
    """

    def __init__(self, as_of):
        then = as_of - relativedelta(days=HOLD_OUT)
        self.then = history.Summary(day_number(then), day_number(then - relativedelta(years=1)))
        self.since = history.Between(day_number(then), day_number(as_of))

    def get_counters(self):
        """What has to see the days of purchase first."""
        return self.then, self.since

    def judge(self, may_profile):
        """:param may_profile: ids of the customers who may be looked at
        :return: dict of figures, None where too few were known then
        """
        known = _only(self.then.result, may_profile)
        if len(known["partner"]) < HOLD_OUT_MIN:
            return None
        parameters = btyd.fit(btyd.group(known["x"], known["t_x"], known["T"])).parameters
        expected = btyd.expected_orders(parameters, HOLD_OUT, known["x"], known["t_x"], known["T"])
        came, revenue = self.since.of(known["partner"])
        top = max(1, len(expected) // 5)
        total = revenue.sum() or 1.0
        value = gamma_gamma.fit_value(known["x"], known["z"], winsorized=0.995)
        by_model = expected * gamma_gamma.expected_value(value, known["x"], known["z"])
        varies = came.std() > 0 and expected.std() > 0
        return {
            "days": HOLD_OUT,
            "expected": round(float(expected.sum())),
            "actual": round(float(came.sum())),
            "error": round(float(np.abs(expected - came).mean()), 2),
            "correlation": round(float(np.corrcoef(expected, came)[0, 1]), 2) if varies else 0.0,
            "by_model": round(100 * float(revenue[np.argsort(-by_model)[:top]].sum() / total)),
            "by_past": round(100 * float(revenue[np.argsort(-known["revenue"])[:top]].sum() / total)),
        }


def _only(found, ids):
    """Those of the customers of a summary whose ids are among these."""
    which = np.isin(found["partner"], ids)
    return {name: column[which] for name, column in found.items()}


def _plain(result):
    """A result of the library as JSON: numbers, texts, lists; what is no finite number is left out."""
    plain = {}
    for name, value in vars(result).items():
        if isinstance(value, tuple):
            plain[name] = list(value)
        elif isinstance(value, str) or (np.isscalar(value) and np.isfinite(value)):
            plain[name] = value.item() if hasattr(value, "item") else value
    return plain


def _limits(plain):
    return rfm.Thresholds(
        **{key: tuple(value) if isinstance(value, list) else value for key, value in plain.items()}
    )


def _value_fit(plain):
    numbers = ("p", "q", "v", "mean", "credibility", "correlation", "log_likelihood")
    unknown = {**dict.fromkeys(numbers, 0.0), "limit": np.inf, "errors": np.zeros(3)}
    return gamma_gamma.ValueFit(**{**unknown, **plain})


def _next_days(found, gaps, as_of):
    """When each is to be expected next; who is late, from now on."""
    days = found["last"] + np.ceil(np.minimum(gaps, 3650)).astype(int)
    return np.maximum(days, day_number(as_of) + 1)
