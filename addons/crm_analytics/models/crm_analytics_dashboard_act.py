from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import format_date

from .crm_analytics_fact import PATIENCE, RHYTHMS

FEW = 200  # customers: up to here an activity is planned at once, from there in the background
OFFERS_MAX = 5000


class CrmAnalyticsDashboard(models.AbstractModel):
    """From a cell of the screen to its customers, and to what is done with them."""

    _inherit = "crm.analytics.dashboard"

    @api.model
    def crm_dashboard_act(self, what: dict, act: str, filters: dict | None = None, name: str = "") -> dict:
        """Do something with the customers behind a figure.

        :param what: the cell as the screen got it
        :param act: ``open`` the customers, make a ``target_group``, prepare ``offers``, plan an ``activity``
        :param filters: those of the screen
        :param name: what the cell is called, for the heading and the group
        :return: window action
        :raise UserError: no such cell or act, or nobody in it
        """
        scope = self._get_scope(filters)
        acts = {
            "open": self._act_open,
            "target_group": self._act_target_group,
            "offers": self._act_offers,
            "activity": self._act_activity,
        }
        if act not in acts:
            raise UserError(self.env._("There is no such act: %s.", act))
        domain = [*scope.of("partner_id"), *self._get_what_domain(scope, what)]
        return acts[act](scope, domain, name or self.env._("Customers"))

    @api.model
    def crm_score_now(self) -> bool:
        """Ask for the nightly scoring now; it runs in the background.

        :raise AccessError: not a manager of analytics
        """
        if not self.env.su and not self.env.user.has_group("crm_analytics.group_crm_analytics_manager"):
            raise AccessError(self.env._("Only a manager of Customer Analytics starts the scoring."))
        self.env.ref("crm_analytics.ir_cron_score").sudo()._trigger()  # sudo: wakes the job, no more
        return True

    @api.model
    def _act_open(self, scope, domain, name):
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_analytics.crm_analytics_customer_action")
        return {**action, "name": name, "display_name": name, "path": False, "domain": domain, "context": {}}

    @api.model
    def _act_target_group(self, scope, domain, name):
        """A group that follows the condition, filled and open."""
        group = self._create_group(scope, domain, name)
        return {
            "type": "ir.actions.act_window",
            "name": group.name,
            "res_model": "crm.target.group",
            "res_id": group.id,
            "views": [[False, "form"]],
        }

    @api.model
    def _create_group(self, scope, domain, name):
        group = (
            self.env["crm.target.group"]
            .with_company(scope.company)
            .create(
                {
                    "name": name,
                    "company_id": scope.company.id,
                    "domain": repr([("crm_analytics_score_ids", "any", domain)]),
                    "note": self.env._(
                        "From Customer Analytics, as of %s.", format_date(self.env, scope.as_of)
                    ),
                }
            )
        )
        group.action_refresh()
        return group

    @api.model
    def _act_offers(self, scope, domain, name):
        customers = self._get_customers(domain, OFFERS_MAX)
        if len(customers) > OFFERS_MAX:
            return self._create_group(scope, domain, name).action_make_offers()
        action = self.env["crm.customer.stat"].with_company(scope.company)
        return action._action_prepare_offers(customers.partner_id)

    @api.model
    def _act_activity(self, scope, domain, name):
        customers = self._get_customers(domain, FEW)
        if len(customers) > FEW:
            return self._create_group(scope, domain, name).action_schedule_activities()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Schedule Activity for %s", name),
            "res_model": "mail.activity.schedule",
            "views": [[False, "form"]],
            "target": "new",
            "context": {"active_model": "res.partner", "active_ids": customers.partner_id.ids},
        }

    @api.model
    def _get_customers(self, domain, limit):
        """Up to one more than a number, so that the caller sees that there are more."""
        customers = self.env["crm.analytics.customer"].search(domain, limit=limit + 1)
        if not customers:
            raise UserError(self.env._("Nobody is in there who has a score and whom you may see."))
        return customers

    # ------------------------------------------------------------------
    # Conditions on the scores, one method for each kind of cell
    # ------------------------------------------------------------------

    @api.model
    def _get_what_domain(self, scope, what):
        """Conditions on ``crm.analytics.customer`` for a cell; plain lists that the client can send back."""
        kind = what.get("kind") if isinstance(what, dict) else None
        method = isinstance(kind, str) and getattr(self, f"_what_{kind}", None)
        if not method:
            raise UserError(self.env._("There are no customers behind this figure."))
        try:
            return method(scope, what)
        except (KeyError, ValueError, TypeError, OverflowError):
            raise UserError(self.env._("There are no customers behind this figure.")) from None

    @api.model
    def _what_all(self, scope, what):
        return []

    @api.model
    def _what_period(self, scope, what):
        return [("last_day", ">", _day(scope.as_of - relativedelta(months=scope.months)))]

    @api.model
    def _what_first(self, scope, what):
        return [("first_day", ">", _day(scope.as_of - relativedelta(months=scope.months)))]

    @api.model
    def _what_repeaters(self, scope, what):
        return [*self._what_period(scope, what), ("purchase_days", ">", 1)]

    @api.model
    def _what_before(self, scope, what):
        middle = scope.as_of - relativedelta(months=scope.months)
        start = scope.as_of - relativedelta(months=2 * scope.months)
        one = relativedelta(days=1)
        return [self._bought(scope, start + one, middle + one)]

    @api.model
    def _what_rfm(self, scope, what):
        return [("recency", "=", int(what["recency"])), ("frequency", "=", int(what["frequency"]))]

    @api.model
    def _what_segment(self, scope, what):
        return [("segment_id", "=", int(what["id"]))]

    @api.model
    def _what_abc(self, scope, what):
        return [("abc_class", "=", str(what["key"]))]

    @api.model
    def _what_risk(self, scope, what):
        return [("risk", "=", str(what["key"])), ("money_at_stake", ">", 0)]

    @api.model
    def _what_customer(self, scope, what):
        return [("id", "=", int(what["id"]))]

    @api.model
    def _what_rhythm(self, scope, what):
        key = what["key"]
        if key == "once":
            return [("purchase_days", "<", 2)]
        low = 0
        for name, days in RHYTHMS:
            if name == key:
                return [("purchase_days", ">", 1), ("mean_gap", ">", low), ("mean_gap", "<=", days)]
            low = days
        return [("purchase_days", ">", 1), ("mean_gap", ">", low)]

    @api.model
    def _what_moved(self, scope, what):
        since = _day(scope.as_of - relativedelta(days=scope.moved_days))
        past = [
            ("company_id", "=", scope.company.id),
            ("segment_id", "=", int(what["from_id"])),
            ("date_from", "<=", since),
            ("date_to", ">", since),
        ]
        return [
            ("segment_id", "=", int(what["id"])),
            ("partner_id.crm_analytics_segment_ids", "any", past),
        ]

    @api.model
    def _what_cohort(self, scope, what):
        month, offset = fields.Date.to_date(what["month"]), int(what["offset"])
        one = relativedelta(months=1)
        conditions = [("first_day", ">=", _day(month)), ("first_day", "<", _day(month + one))]
        if offset:
            later = month + relativedelta(months=offset)
            conditions.append(self._bought(scope, later, later + one))
        return conditions

    @api.model
    def _what_month(self, scope, what):
        """Who bought in a month, by what it was to them; ``lost``: who stopped a year before."""
        month, which = fields.Date.to_date(what["month"]), what["which"]
        one = relativedelta(months=1)
        rest = month - relativedelta(months=PATIENCE)
        bought = self._bought(scope, month, month + one)
        if which == "lost":
            return [self._bought(scope, rest - one, rest), "!", self._bought(scope, rest, month)]
        if which == "new":
            return [("first_day", ">=", _day(month)), ("first_day", "<", _day(month + one))]
        before = [bought, ("first_day", "<", _day(month))]
        since = self._bought(scope, rest, month)
        return {
            "customer": [bought],
            "returning": [*before, since],
            "reactivated": [*before, "!", since],
        }[which]

    @api.model
    def _bought(self, scope, start, end):
        """Condition: bought from one day until before another."""
        return (
            "partner_id.crm_analytics_event_ids",
            "any",
            [
                ("company_id", "=", scope.company.id),
                ("is_purchase", "=", True),
                ("day", ">=", _day(start)),
                ("day", "<", _day(min(end, scope.as_of + relativedelta(days=1)))),
            ],
        )


def _day(day):
    return fields.Date.to_string(day)
