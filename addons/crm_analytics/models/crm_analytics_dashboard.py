from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.fields import Domain

from .crm_analytics_fact import MOVED_DAYS
from .crm_analytics_scope import PERIODS

SPARK = 12  # points
RUNS = 26  # last runs that trends of scores are made of


class CrmAnalyticsDashboard(models.AbstractModel):
    """“Who matters, and what changed?”: the answer of the screen Customer Analytics, in one call.

    Whole companies are read from what was summed up at night; parts of them are summed up in the call, by
    the same statements. The number of queries does not depend on the number of customers.
    """

    _name = "crm.analytics.dashboard"
    _inherit = ["crm.analytics.scope"]
    _description = "Customer Analytics"

    @api.model
    @api.readonly
    def crm_dashboard(self, filters: dict | None = None) -> dict:
        """All figures of the screen.

        :param filters: see :meth:`CrmAnalyticsScope._get_scope`
        :return: ``company``, ``as_of``, ``is_empty``, ``basis``, ``filters``, ``choices``, ``model`` (how far
            predictions can be trusted), ``kpis``, ``grid``, ``segments``, ``value``, ``cohorts``, ``months``,
            ``risk``, ``loyalty``; where there is no score yet, those from ``kpis`` on are missing
        """
        scope = self._get_scope(filters)
        result = {
            "company": {
                "id": scope.company.id,
                "name": scope.company.name,
                "currency_id": scope.company.currency_id.id,
            },
            "as_of": fields.Date.to_string(scope.as_of),
            "basis": self._get_basis(scope),
            "is_whole": scope.is_whole,
            "filters": {
                **scope.chosen,
                "company_id": scope.company.id,
                "months": scope.months,
                "moved_days": scope.moved_days,
            },
            "choices": {
                "companies": [{"id": company.id, "name": company.name} for company in self.env.companies],
                "months": list(PERIODS),
                "moved_days": list(MOVED_DAYS),
                "can_export": self.env.user.has_group("base.group_allow_export"),
                "can_manage": self.env.user.has_group("crm_analytics.group_crm_analytics_manager"),
            },
            "model": self._get_model_notes(scope),
        }
        data = self._collect(scope)
        result["is_empty"] = not data["months"]
        return result if result["is_empty"] else {**result, **self._get_parts(scope, data)}

    @api.model
    def _get_parts(self, scope, data):
        """The parts of the screen: {name: data}; extend to add one."""
        return {
            "kpis": self._get_kpis(scope, data),
            "grid": self._get_grid(scope, data),
            "segments": self._get_segments(scope, data),
            "value": self._get_value(scope, data),
            "cohorts": self._get_cohorts(scope, data),
            "months": self._get_months(scope, data),
            "risk": self._get_risk(scope, data),
            "loyalty": self._get_loyalty(scope, data),
        }

    @api.model
    def _get_model_notes(self, scope):
        """How far the predictions can be trusted: learned when, of how many, how well it would have told."""
        model = self.env["crm.analytics.model"].search([("company_id", "=", scope.company.id)], limit=1)
        if not model:
            return {}
        return {
            "as_of": fields.Date.to_string(model.as_of),
            "kind": dict(model._fields["kind"]._description_selection(self.env))[model.kind],
            "status": dict(model._fields["status"]._description_selection(self.env))[model.status],
            "is_reliable": model.status == "ok" and not model.doubts,
            "doubts": model._get_doubts(),
            "customers": model.customer_count,
            "holdout": model.holdout or {},
            "holdout_note": model.holdout_note or "",
        }

    # ------------------------------------------------------------------
    # What was counted, at night or now
    # ------------------------------------------------------------------

    @api.model
    def _collect(self, scope):
        """:return: dict of ``figures``, ``months``, ``triangle``, ``cells``, ``curve``, ``runs``"""
        return self._read_snapshots(scope) if scope.is_whole else self._collect_now(scope)

    @api.model
    def _collect_now(self, scope):
        Fact, Kpi = self.env["crm.analytics.fact"], self.env["crm.analytics.kpi"]
        scores = self._get_scope_scores(scope)
        counters = Fact._get_months_counter(), Fact._get_figures_counter(scope.as_of, scope.months)
        Fact._scan(self._get_scope_events(scope), *counters)
        months, figures = counters[0].result, Fact._name_figures(counters[1])
        cells = Fact._collect_cells(scores)
        return {
            "months": Fact._fold_months(months, scope.as_of),
            "triangle": self._get_triangle_rows(self.env["crm.analytics.cohort"]._fold(months, scope.as_of)),
            "cells": [*cells, *Fact._collect_moves(self._get_scope_history(scope), scope.as_of)],
            "figures": Kpi._get_values(figures, cells),
            "curve": Fact._collect_curve(scores),
            "runs": [],
        }

    @api.model
    def _read_snapshots(self, scope):
        company = Domain("company_id", "=", scope.company.id)
        runs = self.env["crm.analytics.kpi"].search(
            company & Domain("as_of", "<=", scope.as_of), limit=RUNS, order="as_of desc"
        )
        figures = runs[:1].read(load=False)[0] if runs else {}
        if figures and scope.months != 12:
            kept = (figures["periods"] or {}) if figures["as_of"] == scope.as_of else {}
            period = kept.get(str(scope.months)) or self._count_period(scope)
            figures = {**figures, **period, **self.env["crm.analytics.kpi"]._get_ratios(period)}
        return {
            "months": self._read_months(scope),
            "triangle": self._read_triangle(scope),
            "cells": self.env["crm.analytics.cell"].search_read([*company], load=False),
            "figures": figures,
            "curve": figures.get("curve") or [],
            "runs": runs.sorted("as_of"),
        }

    @api.model
    def _count_period(self, scope):
        """The figures of a period that was not counted at night."""
        Fact = self.env["crm.analytics.fact"]
        counter = Fact._get_figures_counter(scope.as_of, scope.months)
        Fact._scan(self._get_scope_events(scope), counter)
        return Fact._name_figures(counter)

    # ------------------------------------------------------------------
    # The row of figures
    # ------------------------------------------------------------------

    @api.model
    def _get_kpis(self, scope, data):
        """The figures on top: value, trend, sparkline, and the customers behind."""
        figures, complete = data["figures"], [row for row in data["months"] if not row["is_partial"]]

        def by_month(name):
            return [row[name] for row in complete[-SPARK:]]

        def by_run(name):
            return [run[name] for run in data["runs"][-SPARK:]]

        repeat_before = _share(figures["repeater_before"], figures["customer_before"])
        value_before = _share(figures["revenue_before"], figures["purchase_before"])
        tiles = [
            self._get_kpi("revenue", "monetary", figures["revenue"], figures["revenue_before"])
            | {"spark": by_month("revenue"), "what": {"kind": "period"}},
            self._get_kpi("customers", "integer", figures["customer_count"], figures["customer_before"])
            | {"spark": by_month("customer_count"), "what": {"kind": "period"}},
            self._get_kpi("new", "integer", figures["new_count"], figures["new_before"])
            | {"spark": by_month("new_count"), "what": {"kind": "first"}},
            self._get_kpi("repeat", "percentage", figures["repeat_rate"], repeat_before)
            | {"spark": [row["repeat_rate"] for row in complete[-SPARK:]], "what": {"kind": "repeaters"}},
            self._get_kpi("average", "monetary", figures["average_value"], value_before)
            | {
                "spark": [_share(row["revenue"], row["purchase_count"]) for row in complete[-SPARK:]],
                "what": {"kind": "period"},
            },
            self._get_kpi("kept", "percentage", figures["net_retention"], None)
            | {"spark": by_run("net_retention"), "what": {"kind": "before"}},
            self._get_kpi("stake", "monetary", figures["money_at_stake"], None, more_is_good=False)
            | {"spark": by_run("money_at_stake"), "what": {"kind": "risk", "key": "high"}},
            self._get_kpi("expected", "monetary", figures["expected_revenue"], None)
            | {"spark": by_run("expected_revenue"), "what": {"kind": "all"}},
        ]
        self._add_run_trends(data["runs"], tiles)
        return tiles

    @api.model
    def _add_run_trends(self, runs, tiles):
        """Figures of scores are compared with the last run that is a month old or older."""
        before = (
            runs
            and runs.filtered(lambda run: run.as_of <= runs[-1].as_of - relativedelta(months=1)).sorted(
                "as_of"
            )[-1:]
        )
        names = {"kept": "net_retention", "stake": "money_at_stake", "expected": "expected_revenue"}
        for tile in tiles:
            if before and tile["key"] in names:
                tile["before"] = before[names[tile["key"]]]
                tile["trend"] = _trend(tile["type"], tile["value"], tile["before"])
                tile["since"] = fields.Date.to_string(before.as_of)

    @api.model
    def _get_kpi(self, key, type_, value, before, more_is_good=True):
        return {
            "key": key,
            "type": type_,
            "value": value,
            "before": before,
            "trend": _trend(type_, value, before),
            "more_is_good": more_is_good,
        }


def _trend(type_, value, before):
    """By how much it changed, as a ratio; of shares the difference; None where nothing was before."""
    if before is None or (type_ != "percentage" and before <= 0):
        return None
    return value - before if type_ == "percentage" else value / before - 1


def _share(part, whole):
    return part / whole if whole else 0.0
