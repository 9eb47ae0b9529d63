from datetime import date

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_analytics_forecast_facts import months_sql
from .crm_lead import FORECAST_CATEGORIES

PAST_MONTHS = 6  # shown before the running one
SNAPSHOTS = 26  # weeks to compare with
AMOUNTS = (
    *("booked", "history", "pipeline", "future", "expected"),
    *("low", "high", "plain", "last_year"),
)


class CrmAnalyticsForecast(models.Model):
    """The screen: the forecast of what the reader may see, what stands behind it, and how right it was."""

    _inherit = "crm.analytics.forecast"

    @api.model
    @api.readonly
    def crm_forecast(
        self, dimension: str | None = None, member_id: int = 0, since: str | None = None
    ) -> dict:
        """The newest forecast of the current company.

        :param dimension: one of ``crm.analytics.forecast.line``; without: the widest the reader may see
        :param member_id: id of the team, salesperson, country, region or category, 0: those without
        :param since: ISO day of the snapshot to compare with; without: the one of about a month ago
        :return: what the screen shows, see the keys below; ``is_empty`` where there is no forecast
        """
        company = self.env.company
        forecast = self.search([("company_id", "=", company.id)], limit=1)
        may_run = self.env.user.has_group("crm_analytics.group_crm_analytics_manager")
        choices = forecast._get_choices() if forecast else []
        if not choices:
            return {"is_empty": True, "has_forecast": bool(forecast), "may_run": may_run}
        chosen = self._choose(choices, dimension, member_id)
        lines = self.env["crm.analytics.forecast.line"].search(
            Domain("forecast_id", "=", forecast.id)
            & Domain("dimension", "=", chosen["dimension"])
            & Domain("member_id", "=", chosen["member_id"]),
            order="month",
        )
        return {
            "is_empty": False,
            "may_adjust": may_run,
            "may_run": may_run,
            "as_of": fields.Date.to_string(forecast.as_of),
            "counts": company.crm_analytics_source,
            "currency_id": company.currency_id.id,
            "choices": choices,
            "chosen": chosen,
            "months": self._get_month_rows(lines, self._get_targets(company, chosen, lines.mapped("month"))),
            "past": self._get_past(company, chosen, forecast.as_of),
            "accuracy": lines._get_accuracy(company, chosen["dimension"], chosen["member_id"]),
            "categories": self._get_categories(company, chosen, forecast.as_of),
            "changes": self._get_change_rows(company, chosen, since),
            "made": forecast._get_words(),
        }

    def _get_choices(self):
        """Of whom the reader may see the forecast: list of dimension, member_id, name."""
        self.ensure_one()
        lines = self.env["crm.analytics.forecast.line"].search(
            [("forecast_id", "=", self.id), ("ahead", "=", 0)], order="dimension, id"
        )
        order = list(dict(lines._fields["dimension"]._description_selection(self.env)))
        found = [
            {"dimension": line.dimension, "member_id": line.member_id, "name": line.member_name}
            for line in lines
        ]
        return sorted(
            found, key=lambda row: (order.index(row["dimension"]), not row["member_id"], row["name"].lower())
        )

    @api.model
    def _choose(self, choices, dimension, member_id):
        if not dimension:
            own = [row for row in choices if row["dimension"] == "user" and row["member_id"] == self.env.uid]
            return choices[0] if choices[0]["dimension"] == "company" or not own else own[0]
        for row in choices:
            if (row["dimension"], row["member_id"]) == (dimension, member_id or 0):
                return row
        raise AccessError(self.env._("There is no forecast of it that you may see."))

    @api.model
    def _get_targets(self, company, chosen, months):
        """What was agreed to be sold; an addon that knows targets overrides this.

        :param dict chosen: ``dimension`` and ``member_id``
        :param list months: first days
        :return: {month: amount in the company's currency}
        """
        return {}

    @api.model
    def _get_month_rows(self, lines, targets):
        Adjustment = self.env["crm.analytics.forecast.adjustment"].sudo()  # sudo: of lines that were read
        adjusted = Adjustment._get_current(
            lines.company_id, lines[:1].dimension, lines[:1].member_id, lines[:1].month
        )
        rows = []
        for line in lines:
            said = adjusted.get(line.month)
            rows.append(
                {
                    "id": line.id,
                    "month": fields.Date.to_string(line.month),
                    "ahead": line.ahead,
                    **{name: line[name] for name in AMOUNTS},
                    "target": targets.get(line.month),
                    "number": said.number if said else 0,
                    "adjustment": said
                    and not said.is_withdrawn
                    and {
                        "amount": said.after,
                        "before": said.before,
                        "reason": said.reason,
                        "user": said.user_id.name,
                        "date": fields.Datetime.to_string(said.date),
                    },
                }
            )
        return rows

    @api.model
    def _parse_day(self, text):
        try:
            return date.fromisoformat(text)
        except (TypeError, ValueError):
            raise UserError(self.env._("“%s” is no day.", text)) from None

    # Slices -------------------------------------------------------------------

    @api.model
    def _get_slice_sql(self, table, chosen):
        """Condition on a table that has the column of the dimension.

        :rtype: SQL
        """
        if chosen["dimension"] == "company":
            return SQL("TRUE")
        column = SQL.identifier(table, self._get_dimensions()[chosen["dimension"]])
        return (
            SQL("%s = %s", column, chosen["member_id"]) if chosen["member_id"] else SQL("%s IS NULL", column)
        )

    @api.model
    def _has_deals(self, chosen):
        """Whether opportunities can be told apart by the dimension."""
        column = self._get_dimensions().get(chosen["dimension"])
        return not column or column in self.env["crm.lead"]._fields

    @api.model
    def _get_past(self, company, chosen, as_of):
        """What was sold in the months before: with and without opportunities, and the year before."""
        first = as_of.replace(day=1) - relativedelta(months=PAST_MONTHS)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT sales.month, sum(amount) FILTER (WHERE NOT from_deal)::float,
                       sum(amount) FILTER (WHERE from_deal)::float
                  FROM crm_analytics_sales sales
                 WHERE company_id = %s AND month >= %s AND month < %s AND %s
                 GROUP BY sales.month
                """,
                company.id,
                first - relativedelta(years=1),
                as_of.replace(day=1),
                self._get_slice_sql("sales", chosen),
            )
        )
        sums = {month: (direct or 0.0, from_deals or 0.0) for month, direct, from_deals in rows}
        months = [first + relativedelta(months=number) for number in range(PAST_MONTHS)]
        return [
            {
                "month": fields.Date.to_string(month),
                "direct": sums.get(month, (0.0, 0.0))[0],
                "from_deals": sums.get(month, (0.0, 0.0))[1],
                "last_year": sum(sums.get(month - relativedelta(years=1), (0.0, 0.0))),
            }
            for month in months
        ]

    @api.model
    def _get_open_leads_sql(self, company, chosen):
        return SQL(
            """
            SELECT lead.id, lead.crm_forecast_category AS category, lead.date_deadline,
                   COALESCE(lead.expected_revenue, 0) AS amount,
                   COALESCE(lead.prorated_revenue, 0) AS weighed
              FROM crm_lead lead
              LEFT JOIN crm_team team ON team.id = lead.team_id
              LEFT JOIN res_users u ON u.id = lead.user_id
             WHERE lead.type = 'opportunity' AND lead.active AND lead.won_status = 'pending'
               AND %s = %s
               AND %s
            """,
            self.env["crm.lead"]._crm_company_sql(),
            company.id,
            self._get_slice_sql("lead", chosen),
        )

    @api.model
    def _get_due_sql(self, as_of):
        """In how many months an opportunity is due: 0 also when overdue or without a day, 3 for all later."""
        due = months_sql(SQL("date_deadline"))
        return SQL(
            "COALESCE(LEAST(GREATEST((%s - %s)::int, 0), 3), 0)", due, as_of.year * 12 + as_of.month - 1
        )

    @api.model
    def _get_categories(self, company, chosen, as_of):
        """What salespeople say of the open opportunities, by category and month of expected closing.

        What is overdue or has no date counts in the running month; ``later``: after the three months shown.
        """
        if not self._has_deals(chosen):
            return []
        self.env["crm.lead"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(category, 'pipeline'),
                       %(month)s,
                       count(*), sum(amount)::float, sum(weighed)::float
                  FROM (%(leads)s) AS lead
                 GROUP BY 1, 2
                """,
                month=self._get_due_sql(as_of),
                leads=self._get_open_leads_sql(company, chosen),
            )
        )
        found = {}
        for category, month, count, amount, weighed in rows:
            found.setdefault(category, {})[month] = {"count": count, "amount": amount, "weighed": weighed}
        labels = dict(self.env["crm.lead"]._fields["crm_forecast_category"]._description_selection(self.env))
        return [
            {"key": key, "name": labels[key], "cells": [found.get(key, {}).get(month) for month in range(4)]}
            for key, _name in FORECAST_CATEGORIES
        ]

    @api.model
    def _get_change_rows(self, company, chosen, since):
        """The snapshots there are, and what changed since one of them."""
        if not self._has_deals(chosen):
            return False
        Snapshot = self.env["crm.analytics.pipeline.snapshot"]
        dates = [
            day
            for (day,) in self.env.execute_query(
                SQL(
                    "SELECT DISTINCT date FROM crm_analytics_pipeline_snapshot WHERE company_id = %s"
                    " ORDER BY date DESC LIMIT %s",
                    company.id,
                    SNAPSHOTS,
                )
            )
        ]
        if not dates:
            return {"dates": [], "since": False, "kinds": {}}
        chosen_date = self._parse_day(since) if since else dates[min(4, len(dates) - 1)]
        if chosen_date not in dates:
            raise UserError(self.env._("There is no snapshot of that week."))
        kinds = Snapshot._get_changes(company, chosen_date, self._get_slice_sql("lead", chosen))
        return {
            "dates": [fields.Date.to_string(day) for day in dates],
            "since": fields.Date.to_string(chosen_date),
            "kinds": {kind: {"count": count, "amount": amount} for kind, (count, amount) in kinds.items()},
        }

    def _get_words(self):
        """How the forecast was made, for those who want to know."""
        self.ensure_one()
        methods = {
            "theta": self.env._("Theta"),
            "damped": self.env._("damped smoothing"),
            "combination": self.env._("the mean of Theta and damped smoothing"),
            "seasonal_naive": self.env._("the same month of last year"),
        }
        chances = dict(self._fields["calibration"]._description_selection(self.env))
        return {
            "id": self.id,
            "method": methods.get(self.method, self.method or ""),
            "mase": self.mase,
            "origins": self.origins,
            "deals": self.deal_count,
            "closed": self.closed_count,
            "win_rate": self.win_rate,
            "cycle_months": self.cycle_months,
            "late_share": self.late_share,
            "order_share": self.order_share,
            "calibration": chances[self.calibration],
            "calibration_count": self.calibration_count,
            "brier_before": self.brier_before,
            "brier_after": self.brier_after,
            "weakness": self._get_weaknesses(),
        }
