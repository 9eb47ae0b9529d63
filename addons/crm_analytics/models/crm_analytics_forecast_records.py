from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL

# Of a document, as ``crm.analytics.sales`` counts it
PLACES = {name: f"partner_id.commercial_partner_id.{name}" for name in ("country_id", "state_id")}
PARTS = ("booked", "last_year", "history", "pipeline", "future")


class CrmAnalyticsForecast(models.Model):
    """What can be done on the screen: forecast now, and open the records behind each figure."""

    _inherit = "crm.analytics.forecast"

    @api.model
    def crm_forecast_now(self) -> bool:
        """Forecast the current company's sales now, and keep its pipeline, without waiting for the night."""
        if not self.env.user.has_group("crm_analytics.group_crm_analytics_manager"):
            raise AccessError(self.env._("Only a manager of analytics starts a forecast."))
        company = self.env.company
        # sudo: what the nightly job does, for the company the manager works for
        self.env["crm.analytics.pipeline.snapshot"].sudo()._take(company)
        return bool(self.sudo()._forecast(company))

    @api.model
    def crm_forecast_records(self, part: str, dimension: str, member_id: int = 0, month: str = "") -> dict:
        """The records behind a figure, as the reader may see them.

        :param part: booked, last_year (documents of the month), history (of a year, without
            opportunities), pipeline (open opportunities) or future (those made within a year)
        :param month: ISO day, the first of the month
        :return: an action
        """
        if part not in PARTS or (dimension != "company" and dimension not in self._get_dimensions()):
            raise UserError(self.env._("There is no such figure."))
        first = self._parse_day(month) if month else self.env.company._crm_today().replace(day=1)
        chosen = {"dimension": dimension, "member_id": member_id}
        if part == "last_year":
            first -= relativedelta(years=1)
        if part in ("pipeline", "future"):
            return self._get_leads_action(part, chosen)
        last = first + relativedelta(months=1)
        if part == "history":
            last = self.env.company._crm_today() + relativedelta(days=1)
            first = last - relativedelta(years=1)
        return self._get_documents_action(chosen, first, last, part == "history")

    @api.model
    def crm_forecast_category_leads(
        self, category: str, months: list, dimension: str, member_id: int = 0
    ) -> dict:
        """The open opportunities of a forecast category, as the reader may see them.

        :param months: in which months they are due, 0 the running one, 3 all after the next two
        :return: an action
        """
        chosen = self._check_slice(dimension, member_id)
        self.env["crm.lead"].flush_model()
        company = self.env.company
        as_of = self.search([("company_id", "=", company.id)], limit=1).as_of or company._crm_today()
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM (%s) AS lead WHERE COALESCE(category, 'pipeline') = %s AND %s = ANY(%s)",
                self._get_open_leads_sql(company, chosen),
                category,
                self._get_due_sql(as_of),
                [int(month) for month in months],
            )
        )
        labels = dict(self.env["crm.lead"]._fields["crm_forecast_category"]._description_selection(self.env))
        return self._prepare_leads_action(labels.get(category, category), [id_ for (id_,) in rows])

    @api.model
    def crm_forecast_changed_leads(self, kind: str, since: str, dimension: str, member_id: int = 0) -> dict:
        """The opportunities of a kind of change since a snapshot, as the reader may see them.

        :param kind: see ``_get_changes`` of ``crm.analytics.pipeline.snapshot``
        :return: an action
        """
        chosen = self._check_slice(dimension, member_id)
        ids = self.env["crm.analytics.pipeline.snapshot"]._get_changed_leads(
            self.env.company, self._parse_day(since), self._get_slice_sql("lead", chosen), kind
        )
        return self._prepare_leads_action(self.env._("What Changed"), ids)

    @api.model
    def _check_slice(self, dimension, member_id):
        """:raise AccessError: the reader may see no forecast of it"""
        forecast = self.search([("company_id", "=", self.env.company.id)], limit=1)
        return self._choose(forecast._get_choices() if forecast else [], dimension, member_id)

    @api.model
    def _prepare_leads_action(self, name, ids):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "crm.lead",
            "views": [[False, name] for name in ("list", "kanban", "form", "pivot", "graph")],
            "domain": [("id", "in", ids)],
            "context": {"active_test": False},
        }

    @api.model
    def _get_leads_action(self, part, chosen):
        if not self._has_deals(chosen):
            chosen = {"dimension": "company", "member_id": 0}
        domain = Domain("type", "=", "opportunity") & self._get_slice_domain(chosen)
        domain &= self.env["crm.lead"]._crm_company_domain(self.env.company)
        if part == "pipeline":
            domain &= Domain("won_status", "=", "pending") & Domain("crm_forecast_category", "!=", "omitted")
            name = self.env._("Open Deals")
        else:
            domain &= Domain("create_date", ">=", "today -1y")
            name = self.env._("Deals of the Last 12 Months")
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": "crm.lead",
            "views": [
                [False, "list"],
                [False, "kanban"],
                [False, "form"],
                [False, "pivot"],
                [False, "graph"],
            ],
            "domain": list(domain),
            "context": {"active_test": part == "pipeline"},
        }

    @api.model
    def _get_slice_domain(self, chosen):
        column = self._get_dimensions().get(chosen["dimension"])
        return Domain(column, "=", chosen["member_id"] or False) if column else Domain.TRUE

    @api.model
    def _get_documents_action(self, chosen, first, last, direct_only):
        company = self.env.company
        if company.crm_analytics_source == "invoices":
            model, day, lines = "account.move", "invoice_date", "invoice_line_ids"
            domain = Domain("move_type", "in", ("out_invoice", "out_receipt", "out_refund"))
            domain &= Domain("state", "=", "posted")
            columns = {"user_id": "invoice_user_id", **PLACES}
            limits = first, last
            deal = "invoice_line_ids.sale_line_ids.order_id.opportunity_id"
        else:
            model, day, lines, columns = "sale.order", "date_order", "order_line", PLACES
            domain = Domain("state", "=", "sale")
            # Local days of the company, in UTC.
            limits = [company._crm_end_of_day(limit - relativedelta(days=1)) for limit in (first, last)]
            deal = "opportunity_id"
        domain &= Domain("company_id", "=", company.id)
        domain &= Domain(day, ">=" if model == "account.move" else ">", limits[0])
        domain &= Domain(day, "<" if model == "account.move" else "<=", limits[1])
        if direct_only:
            # Also what has no order at all
            domain &= ~Domain(deal, "!=", False)
        if column := self._get_dimensions().get(chosen["dimension"]):
            name = columns.get(column, column)
            if name.partition(".")[0] not in self.env[model]._fields:
                name = f"{lines}.product_id.{column}"
            domain &= Domain(name, "=", chosen["member_id"] or False)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Sales without Deals") if direct_only else self.env._("Sales"),
            "res_model": model,
            "views": [[False, name] for name in ("list", "form", "pivot", "graph")],
            "domain": list(domain),
            "context": {"create": False},
        }
