from dateutil.relativedelta import relativedelta

from odoo import models
from odoo.tools import formatLang

LEVELS = {
    "late": "warning",
    "lost": "danger",
    "new": "info",
    "active": "success",
    "prospect": "info",
}


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
            ``hint``, ``level`` ("", "warning", "danger"), ``records`` (kind for ``crm_open_records``),
            and ``more`` where part of the figure is elsewhere (``label`` and ``records``)
        """
        previous = self.invoiced_previous_12m
        trend = self.invoiced_12m / previous - 1 if previous > 0 else None
        rhythm = (
            self.env._("every %s days", round(self.median_interval)) if self.purchase_day_count >= 3 else ""
        )
        return [
            self._tile(
                ("turnover", self.env._("Turnover 12 months"), "monetary", "invoices"),
                self.invoiced_12m,
                trend=trend,
                hint=self.env._("Invoiced less refunds"),
            ),
            self._tile(
                ("orders", self.env._("Orders"), "integer", "orders"),
                self.order_count,
                hint=rhythm if self.order_count else "",
            ),
            self._tile(
                ("last_order", self.env._("Last order"), "days_ago", "orders"),
                self.days_since_purchase if self.last_order_date else None,
                hint=self.env._("Average %s", self._format_money(self.average_order_value))
                if self.order_count
                else "",
                level={"late": "warning", "lost": "danger"}.get(self.lifecycle, ""),
            ),
            self._tile(
                ("overdue", self.env._("Overdue"), "monetary", "overdue"),
                self.overdue,
                hint=self.env._("Open %s", self._format_money(self.receivable)) if self.receivable else "",
                level="danger" if self.overdue else "",
            ),
            self._tile(
                ("quotations", self.env._("Open quotations"), "monetary", "quotations"),
                self.quotation_amount,
                hint=self.env._("%s open", self.quotation_count) if self.quotation_count else "",
            ),
            self._tile(
                ("opportunities", self.env._("Opportunities"), "monetary", "opportunities"),
                self.opportunity_amount,
                hint=self.env._("%s open", self.opportunity_count) if self.opportunity_count else "",
            ),
            self._tile(
                ("on_time", self.env._("Delivered on time"), "percentage", "deliveries"),
                self.on_time_rate if self.delivery_count else None,
            ),
            self._tile(
                ("returned", self.env._("Returned"), "percentage", "returns"),
                self.return_rate if self.delivery_count else None,
                hint=self.env._("Pays after %s days", round(self.days_to_pay))
                if self.paid_invoice_count
                else "",
            ),
        ]

    def _tile(self, figure, value, *, trend=None, hint="", level=""):
        """One tile; without facts its value is unknown, not zero.

        :param tuple figure: key, label, type and kind of records behind it
        """
        key, label, kind, records = figure
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

    def _format_money(self, amount):
        return formatLang(self.env, amount, currency_obj=self.currency_id)

    def _get_overview_todo(self):
        """What to do for this customer now, most pressing first; extend to add some.

        :return: list of dicts: ``key``, ``level``, ``text``, ``records`` (kind to open) or ``act``
        """
        todo = []
        if self.lifecycle in ("late", "lost"):
            todo.append(
                {
                    "key": "late",
                    "level": LEVELS[self.lifecycle],
                    "text": self.lifecycle_reason,
                    "records": "orders",
                }
            )
        if self.overdue:
            amount = self._format_money(self.overdue)
            todo.append(
                {
                    "key": "overdue",
                    "level": "danger",
                    "text": self.env._("%s is overdue", amount),
                    "records": "overdue",
                }
            )
        if self.quotation_count:
            amount = self._format_money(self.quotation_amount)
            todo.append(
                {
                    "key": "quotations",
                    "level": "info",
                    "text": self.env._(
                        "%(count)s open quotations over %(amount)s",
                        count=self.quotation_count,
                        amount=amount,
                    )
                    if self.quotation_count > 1
                    else self.env._("An open quotation over %s", amount),
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
        if not self or not (self.invoiced_12m or self.invoiced_previous_12m):
            return self.env._("No turnover yet")
        if self.invoiced_previous_12m <= 0:
            return self.env._("Turnover by month")
        percent = round(100 * (self.invoiced_12m / self.invoiced_previous_12m - 1))
        if percent > 0:
            return self.env._("Turnover is up %s %% on the year before", percent)
        if percent < 0:
            return self.env._("Turnover is down %s %% on the year before", -percent)
        return self.env._("Turnover is as in the year before")

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
            amount = self._format_money(self.overdue)
            tags.append(
                {
                    "iconClass": "fa-exclamation-triangle",
                    "value": amount,
                    "label": self.env._("Overdue"),
                    "tagClass": "o_tag_color_1",
                }
            )
        return tags
