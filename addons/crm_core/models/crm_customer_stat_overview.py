from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.tools import formatLang

LEVELS = {"late": "warning", "lost": "danger", "new": "info", "active": "success", "prospect": "info"}


class CrmCustomerStat(models.Model):
    """How the facts of a customer are shown: tiles, chart, what to do, tags on the contact card."""

    _inherit = "crm.customer.stat"

    def _get_overview_lifecycle(self):
        """:return: state, label, reason and level; a customer without facts is a prospect"""
        labels = dict(self._fields["lifecycle"]._description_selection(self.env))
        state = self.lifecycle or "prospect"
        return {
            "state": state,
            "label": labels[state],
            "reason": self.lifecycle_reason or self.env._("No confirmed order yet."),
            "level": LEVELS[state],
            "computed_at": self.computed_at.isoformat() if self.computed_at else None,
        }

    def _get_overview_tiles(self):
        """The figures on top of the 360 screen; extend to add some.

        :return: list of dicts: ``key``, ``label``, ``type`` (monetary, integer, percentage, days,
            days_ago), ``value`` (None: unknown), ``trend`` (ratio to the year before, or None),
            ``hint``, ``level`` ("", "warning", "danger"), ``records`` (kind for ``crm_open_records``)
        """
        _ = self.env._
        previous = self.invoiced_previous_12m
        trend = self.invoiced_12m / previous - 1 if previous > 0 else None
        rhythm = (
            _("every %s days", round(self.median_interval))
            if self.purchase_day_count >= 3
            else ""
        )
        return [
            self._tile(
                "turnover", _("Turnover 12 months"), "monetary", self.invoiced_12m, "invoices",
                trend=trend, hint=_("Invoiced less refunds"),
            ),
            self._tile(
                "orders", _("Orders"), "integer", self.order_count, "orders", hint=rhythm if self.order_count else ""
            ),
            self._tile(
                "last_order", _("Last order"), "days_ago",
                self.days_since_purchase if self.last_order_date else None, "orders",
                hint=_("Average %s", formatLang(self.env, self.average_order_value, currency_obj=self.currency_id))
                if self.order_count else "",
                level={"late": "warning", "lost": "danger"}.get(self.lifecycle, ""),
            ),
            self._tile(
                "overdue", _("Overdue"), "monetary", self.overdue, "overdue",
                hint=_("Open %s", formatLang(self.env, self.receivable, currency_obj=self.currency_id))
                if self.receivable else "",
                level="danger" if self.overdue else "",
            ),
            self._tile(
                "quotations", _("Open quotations"), "monetary", self.quotation_amount, "quotations",
                hint=_("%s open", self.quotation_count) if self.quotation_count else "",
            ),
            self._tile(
                "opportunities", _("Opportunities"), "monetary", self.opportunity_amount, "opportunities",
                hint=_("%s open", self.opportunity_count) if self.opportunity_count else "",
            ),
            self._tile(
                "on_time", _("Delivered on time"), "percentage",
                self.on_time_rate if self.delivery_count else None, "deliveries",
            ),
            self._tile(
                "returned", _("Returned"), "percentage",
                self.return_rate if self.delivery_count else None, "returns",
                hint=_("Pays after %s days", round(self.days_to_pay)) if self.paid_invoice_count else "",
            ),
        ]

    def _tile(self, key, label, kind, value, records, trend=None, hint="", level=""):
        return {
            "key": key,
            "label": label,
            "type": kind,
            "value": value if self else None,
            "records": records,
            "trend": trend,
            "hint": hint,
            "level": level,
        }

    def _get_overview_todo(self):
        """What to do for this customer now, most pressing first; extend to add some.

        :return: list of dicts: ``key``, ``level``, ``text``, ``records`` (kind to open) or ``act``
        """
        _ = self.env._
        todo = []
        if self.lifecycle in ("late", "lost"):
            todo.append(
                {"key": "late", "level": LEVELS[self.lifecycle], "text": self.lifecycle_reason, "records": "orders"}
            )
        if self.overdue:
            amount = formatLang(self.env, self.overdue, currency_obj=self.currency_id)
            todo.append(
                {"key": "overdue", "level": "danger", "text": _("%s is overdue", amount), "records": "overdue"}
            )
        if self.quotation_count:
            amount = formatLang(self.env, self.quotation_amount, currency_obj=self.currency_id)
            todo.append(
                {
                    "key": "quotations",
                    "level": "info",
                    "text": _("%(count)s open quotations over %(amount)s", count=self.quotation_count, amount=amount)
                    if self.quotation_count > 1
                    else _("An open quotation over %s", amount),
                    "records": "quotations",
                }
            )
        return todo

    def _get_overview_turnover(self):
        """Invoiced net per month of the last twelve, beside the same months a year before.

        :return: ``months`` ("2026-01"), ``current`` and ``previous`` amounts, ``title`` (the finding)
        """
        today = self.env.company._crm_today()
        by_month = self.monthly_turnover or {}
        months = [today.replace(day=1) - relativedelta(months=ago) for ago in range(11, -1, -1)]
        current = [by_month.get(f"{month:%Y-%m}", 0.0) for month in months]
        previous = [by_month.get(f"{month - relativedelta(years=1):%Y-%m}", 0.0) for month in months]
        return {
            "months": [f"{month:%Y-%m}" for month in months],
            "current": current,
            "previous": previous,
            "title": self._get_turnover_finding(),
        }

    def _get_turnover_finding(self):
        _ = self.env._
        if not self or not (self.invoiced_12m or self.invoiced_previous_12m):
            return _("No turnover yet")
        if self.invoiced_previous_12m <= 0:
            return _("Turnover by month")
        percent = round(100 * (self.invoiced_12m / self.invoiced_previous_12m - 1))
        if percent > 0:
            return _("Turnover is up %s %% on the year before", percent)
        if percent < 0:
            return _("Turnover is down %s %% on the year before", -percent)
        return _("Turnover is as in the year before")

    def _get_contact_card_tags(self):
        """Tags on the cards of contacts, from the facts alone: this runs for every card."""
        self.ensure_one()
        tags = []
        if self.lifecycle in ("late", "lost"):
            labels = dict(self._fields["lifecycle"]._description_selection(self.env))
            tags.append(
                {
                    "iconClass": "fa-clock-o",
                    "value": labels[self.lifecycle],
                    "label": self.lifecycle_reason,
                    "tagClass": "o_tag_color_1" if self.lifecycle == "lost" else "o_tag_color_2",
                }
            )
        if self.overdue:
            amount = formatLang(self.env, self.overdue, currency_obj=self.currency_id)
            tags.append(
                {
                    "iconClass": "fa-exclamation-triangle",
                    "value": amount,
                    "label": self.env._("Overdue"),
                    "tagClass": "o_tag_color_1",
                }
            )
        return tags
