from datetime import timedelta
from itertools import pairwise

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_amount, format_date

from ..lib.stats import unusual
from .crm_analytics_scope import ALL_CUSTOMERS

WEEKS = 52  # of the past a change is compared with
MONEY = {"revenue", "average_value", "money_at_stake", "expected_revenue", "lifetime_value"}
SHARES = {"repeat_rate", "net_retention"}


class CrmAnalyticsAlert(models.Model):
    """A figure that is watched: who is told, once, when it leaves its limits or changes as never before."""

    _name = "crm.analytics.alert"
    _description = "Alert on a Figure"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "is_breached desc, id"
    _check_company_auto = True

    name = fields.Char(compute="_compute_name", store=True, readonly=False, required=True, precompute=True)
    active = fields.Boolean(default=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company, ondelete="cascade"
    )
    currency_id = fields.Many2one(related="company_id.currency_id")
    kpi = fields.Selection("_get_kpis", "Figure", required=True, default="money_at_stake")
    condition = fields.Selection(
        [("above", "Is above"), ("below", "Is below"), ("unusual", "Changes as it never did")],
        required=True,
        default="above",
    )
    threshold = fields.Float("Limit", help="An amount, a number, or of rates a percentage.")
    deviations = fields.Float(
        "Sensitivity",
        default=3.0,
        help="How many times the usual spread of weekly changes: 3 tells seldom, 2 tells often.",
    )
    user_id = fields.Many2one(
        "res.users", "Tell", required=True, default=lambda self: self.env.user, index=True, tracking=True
    )
    note = fields.Text("What To Do Then")

    is_breached = fields.Boolean("Breached Now", readonly=True, copy=False)
    breached_on = fields.Date("Since", readonly=True, copy=False)
    checked_on = fields.Date(readonly=True, copy=False)
    last_value = fields.Float(readonly=True, copy=False)

    _deviations_positive = models.Constraint(
        "CHECK (deviations >= 1)", "The sensitivity is 1 at least: below that every day would be unusual."
    )

    @api.model
    def _get_kpis(self):
        labels = {
            "revenue": self.env._("Revenue, 12 months"),
            "customer_count": self.env._("Customers, 12 months"),
            "new_count": self.env._("New customers, 12 months"),
            "repeat_rate": self.env._("Repeat rate"),
            "average_value": self.env._("Value of a purchase"),
            "net_retention": self.env._("Revenue kept"),
            "money_at_stake": self.env._("Money at stake"),
            "high_risk_count": self.env._("Customers at high risk"),
            "expected_revenue": self.env._("Revenue expected, 12 months"),
            "lifetime_value": self.env._("Customer value, 36 months"),
        }
        return list(labels.items())

    @api.depends("kpi", "condition", "threshold")
    def _compute_name(self):
        kpis = dict(self._get_kpis())
        conditions = dict(self._fields["condition"]._description_selection(self.env))
        for alert in self:
            limit = "" if alert.condition == "unusual" else alert._format(alert._get_limit())
            alert.name = " ".join(
                filter(None, (kpis.get(alert.kpi), (conditions.get(alert.condition) or "").lower(), limit))
            )

    @api.constrains("user_id", "company_id")
    def _check_user(self):
        for alert in self:
            user = alert.user_id
            if alert.company_id not in user.company_ids or not user.has_group(ALL_CUSTOMERS):
                raise ValidationError(
                    self.env._(
                        "%(user)s does not see all customers of %(company)s, whose sums this figure tells.",
                        user=user.name,
                        company=alert.company_id.name,
                    )
                )

    # ------------------------------------------------------------------
    # Watching
    # ------------------------------------------------------------------

    @api.model
    def _check_all(self, kpi):
        """Compare the figures of a day with the limits; after the nightly scoring.

        :param kpi: the ``crm.analytics.kpi`` of the day
        """
        alerts = self.search([("company_id", "=", kpi.company_id.id)])
        runs = self._get_runs(kpi) if "unusual" in alerts.mapped("condition") else kpi
        for alert in alerts:
            alert._check(kpi, runs)

    @api.model
    def _get_runs(self, kpi):
        """The figures of the last year, the latest first."""
        return self.env["crm.analytics.kpi"].search(
            [
                ("company_id", "=", kpi.company_id.id),
                ("as_of", "<=", kpi.as_of),
                ("as_of", ">", kpi.as_of - timedelta(weeks=WEEKS + 1)),
            ],
            order="as_of desc",
        )

    def _check(self, kpi, runs):
        """Tell once when a limit is left; when it is held again, the next time counts anew."""
        self.ensure_one()
        breach = self._find_breach(kpi, runs)
        values = {"checked_on": kpi.as_of, "last_value": kpi[self.kpi], "is_breached": bool(breach)}
        if breach and not self.is_breached:
            values["breached_on"] = kpi.as_of
        elif not breach:
            values["breached_on"] = False
        was_breached = self.is_breached
        self.write(values)
        if breach and not was_breached:
            self._tell(breach)

    def _find_breach(self, kpi, runs):
        """What is wrong, in words of who is told; empty while it is within its limits."""
        alert = self.with_context(lang=self.user_id.lang)
        value = kpi[self.kpi]
        figure = dict(alert._get_kpis())[self.kpi]
        if self.condition == "unusual":
            change, deviations = self._get_change(kpi, runs)
            if abs(deviations) < self.deviations:
                return ""
            return alert.env._(
                "%(figure)s changed by %(change)s within a week, to %(value)s: as unusual as %(count)s times"
                " the usual spread.",
                figure=figure,
                change=alert._format(change),
                value=alert._format(value),
                count=round(abs(deviations), 1),
            )
        limit = self._get_limit()
        if (value > limit) if self.condition == "above" else (value < limit):
            words = {
                "above": alert.env._("%(figure)s is %(value)s: above %(limit)s."),
                "below": alert.env._("%(figure)s is %(value)s: below %(limit)s."),
            }[self.condition]
            return words % {
                "figure": figure,
                "value": alert._format(value),
                "limit": alert._format(limit),
            }
        return ""

    def _get_change(self, kpi, runs):
        """The change within the last week, and how unusual it is among those of the weeks before."""
        values, wanted = [], kpi.as_of
        for run in runs:
            if run.as_of <= wanted:
                values.append(run[self.kpi])
                wanted = run.as_of - timedelta(weeks=1)
        changes = [now - before for now, before in pairwise(values)]
        return (changes[0], unusual(changes[0], changes[1:])) if changes else (0.0, 0.0)

    def _tell(self, breach):
        """An activity for who is to know, on the alert."""
        alert = self.with_context(lang=self.user_id.lang)
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.name,
            note=self.note or "",
            user_id=self.user_id.id,
            date_deadline=fields.Date.context_today(self),
        )
        self.message_post(body=breach + (f" {alert.note}" if alert.note else ""))

    # ------------------------------------------------------------------
    # Showing
    # ------------------------------------------------------------------

    def _get_limit(self):
        return self.threshold / 100 if self.kpi in SHARES else self.threshold

    def _format(self, value):
        """A value of the figure as people read it."""
        if self.kpi in MONEY:
            return format_amount(self.env, value, self.company_id.currency_id, trailing_zeroes=False)
        return f"{round(100 * value, 1):g} %" if self.kpi in SHARES else f"{value:,.0f}"

    def action_open_dashboard(self):
        """The screen with the figure."""
        self.ensure_one()
        return self.env["ir.actions.act_window"]._for_xml_id("crm_analytics.crm_analytics_kpi_action") | {
            "domain": [("company_id", "=", self.company_id.id)],
            "name": self.env._(
                "%(figure)s until %(day)s",
                figure=dict(self._get_kpis())[self.kpi],
                day=format_date(self.env, self.checked_on) if self.checked_on else self.env._("now"),
            ),
        }


class CrmAnalyticsKpi(models.Model):
    _inherit = "crm.analytics.kpi"

    @api.model
    def _refresh(self, company, as_of, counters=None):
        kpi = super()._refresh(company, as_of, counters)
        # Looking back at a day of the past alerts nobody.
        if as_of == company._crm_today():
            self.env["crm.analytics.alert"]._check_all(kpi)
        return kpi
