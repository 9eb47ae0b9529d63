import time
from datetime import date

import numpy as np
from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..lib import btyd, gamma_gamma, rfm
from ..lib.abc import classify

STATUSES = [
    ("ok", "Good"),
    ("empty", "Nothing to learn from"),
    ("insufficient", "Too little to learn from"),
    ("prior_dominated", "Rests on what is usual elsewhere"),
    ("not_converged", "Best answer so far"),
]
FIT_EVERY = 7  # days
HOLD_OUT_MIN = 50  # customers, fewer tell nothing
HOLD_OUT = 180  # days kept back to see how well the model would have done
EPOCH = date(1970, 1, 1)  # days are counted from here, as numpy does


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
        Customer = self.env["crm.analytics.customer"]
        found = Customer._summarize(company, as_of)
        model = self._get_current(company, as_of) or self._fit(company, as_of, found)
        Customer._store(model, as_of, model._evaluate(found, as_of))
        self.env["crm.analytics.pyramid"]._refresh(company, as_of)
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
    def _fit(self, company, as_of, found):
        """Learn from the customers; see :meth:`CrmAnalyticsCustomer._summarize`."""
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
                "holdout": self._hold_out(company, as_of),
                "seconds": time.monotonic() - started,
            }
        )

    @api.model
    def _hold_out(self, company, as_of):
        """How well a model of a while ago would have told what came since."""
        Customer = self.env["crm.analytics.customer"]
        then = as_of - relativedelta(days=HOLD_OUT)
        known = Customer._summarize(company, then)
        if len(known["partner"]) < HOLD_OUT_MIN:
            return None
        parameters = btyd.fit(btyd.group(known["x"], known["t_x"], known["T"])).parameters
        expected = btyd.expected_orders(parameters, HOLD_OUT, known["x"], known["t_x"], known["T"])
        came, revenue = Customer._count_between(company, then, as_of, known["partner"])
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

    # Telling -----------------------------------------------------------------------

    def _evaluate(self, found, as_of):
        """Scores of the customers by this model: {column: array or list}."""
        self.ensure_one()
        parameters = self._get_parameters()
        history = found["x"], found["t_x"], found["T"]
        scores = rfm.score(_limits(self.thresholds), found["silence"], found["days"], found["revenue"])
        segments = self.env["crm.analytics.segment"].search([("active", "=", True)])
        ids = np.array([*segments.ids, 0])  # the last for who fits in none
        value = gamma_gamma.expected_value(_value_fit(self.value_fit), found["x"], found["z"])
        discount = gamma_gamma.annual_to_monthly(self.company_id.crm_analytics_discount / 100)
        no_order = btyd.probability_no_order(parameters, 90, *history)
        orders = btyd.expected_orders(parameters, 365.25, *history)
        return {
            "recency": scores.recency,
            "frequency": scores.frequency,
            "monetary": scores.monetary,
            "rfm": [str(cell) for cell in scores.cell.tolist()],
            "segment_id": [id_ or None for id_ in ids[rfm.assign(scores, segments._as_ranges())].tolist()],
            "abc_class": _abc(found["revenue_12m"]),
            "p_alive": btyd.probability_alive(parameters, *history),
            "p_no_order": no_order,
            "risk": np.array(["low", "medium", "high"])[np.digitize(no_order, (0.33, 0.66))].tolist(),
            "expected_orders": orders,
            "expected_value": value,
            "expected_revenue": orders * value,
            "lifetime_value": gamma_gamma.lifetime_value(
                parameters,
                history,
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
            "first_day": found["first"],
            "last_day": found["last"],
            "mean_gap": np.divide(found["t_x"], found["x"], out=np.zeros(len(value)), where=found["x"] > 0),
            "average_value": found["average"],
            "refund_rate": found["refund_rate"],
        }


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


def _abc(amounts):
    return np.array(["a", "b", "c"])[classify(amounts)].tolist()


def _next_days(found, gaps, as_of):
    """When each is to be expected next; who is late, from now on."""
    days = found["last"] + np.ceil(np.minimum(gaps, 3650)).astype(int)
    return np.maximum(days, (as_of - EPOCH).days + 1)
