from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.tools import SQL

from .crm_analytics_scope import ALL_CUSTOMERS


class DigestDigest(models.Model):
    """Who came first, who came again, and what is at stake, in the mail that tells how business goes."""

    _inherit = "digest.digest"

    kpi_crm_customers_new = fields.Boolean("New Customers")
    kpi_crm_customers_new_value = fields.Integer(compute="_compute_kpi_crm_customers_new_value")
    kpi_crm_customers_again = fields.Boolean("Customers Who Bought Again")
    kpi_crm_customers_again_value = fields.Integer(compute="_compute_kpi_crm_customers_again_value")
    kpi_crm_customers_risk = fields.Boolean("Customers at High Risk")
    kpi_crm_customers_risk_value = fields.Integer(compute="_compute_kpi_crm_customers_risk_value")
    kpi_crm_money_at_stake = fields.Boolean("Money at Stake")
    kpi_crm_money_at_stake_value = fields.Monetary(compute="_compute_kpi_crm_money_at_stake_value")

    def _compute_kpi_crm_customers_new_value(self):
        self._crm_count_buyers("kpi_crm_customers_new_value", SQL("NOT EXISTS"))

    def _compute_kpi_crm_customers_again_value(self):
        self._crm_count_buyers("kpi_crm_customers_again_value", SQL("EXISTS"))

    def _compute_kpi_crm_customers_risk_value(self):
        self._crm_read_figure("kpi_crm_customers_risk_value", "high_risk_count")

    def _compute_kpi_crm_money_at_stake_value(self):
        self._crm_read_figure("kpi_crm_money_at_stake_value", "money_at_stake")

    def _crm_check_all_customers(self):
        """:raise AccessError: does not see all customers; the figure is left out of his mail"""
        if not self.env.user.has_group(ALL_CUSTOMERS):
            raise AccessError(self.env._("Do not have access, skip this data for user's digest email"))

    def _crm_count_buyers(self, fname, had_bought):
        """Customers who bought in the days of the mail.

        :param SQL had_bought: whether days of purchase before have to exist
        """
        self._crm_check_all_customers()
        start, end, companies = self._get_kpi_compute_parameters()
        self.env["crm.analytics.event"].flush_model()
        rows = self.env.execute_query(
            SQL(
                """
                SELECT company_id, count(DISTINCT partner_id)
                  FROM crm_analytics_event event
                 WHERE company_id = ANY(%(companies)s)
                   AND is_purchase
                   AND day > %(start)s::timestamp::date AND day <= %(end)s::timestamp::date
                   AND %(had_bought)s (SELECT FROM crm_analytics_event earlier
                                        WHERE earlier.company_id = event.company_id
                                          AND earlier.partner_id = event.partner_id
                                          AND earlier.is_purchase
                                          AND earlier.day <= %(start)s::timestamp::date)
                 GROUP BY company_id
                """,
                companies=companies.ids,
                start=start,
                end=end,
                had_bought=had_bought,
            )
        )
        counts = dict(rows)
        for digest in self:
            digest[fname] = counts.get((digest.company_id or self.env.company).id, 0)

    def _crm_read_figure(self, fname, kpi):
        """A figure as it was on the last day of the mail."""
        self._crm_check_all_customers()
        _start, end, companies = self._get_kpi_compute_parameters()
        runs = self.env["crm.analytics.kpi"].search_read(
            [("company_id", "in", companies.ids), ("as_of", "<=", end[:10])],
            ["company_id", kpi],
            order="as_of",
            load=False,
        )
        values = {run["company_id"]: run[kpi] for run in runs}
        for digest in self:
            digest[fname] = values.get((digest.company_id or self.env.company).id, 0)

    def _compute_kpis_actions(self, company, user):
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("crm_core.crm_core_menu_root").id
        window = f"crm_analytics.crm_analytics_dashboard_action?menu_id={menu}"
        names = ("kpi_crm_customers_new", "kpi_crm_customers_again", "kpi_crm_customers_risk")
        return {**actions, **dict.fromkeys((*names, "kpi_crm_money_at_stake"), window)}
