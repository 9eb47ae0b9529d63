from odoo import api, models
from odoo.tools import SQL


class CrmAnalyticsSales(models.Model):
    _inherit = "crm.analytics.sales"

    @api.model
    def _get_more_documents(self, company):
        """Receipts of known customers; a refund counts in its own month, as a credit note does."""
        Receipt = self.env["pos.order"]
        receipts = SQL(
            """
            SELECT %(day)s, %(amount)s, NULL::int, %(team)s, receipt.user_id, template.categ_id,
                   person.commercial_partner_id
              FROM pos_order receipt
              JOIN res_partner person ON person.id = receipt.partner_id
              %(lines)s
               AND person.commercial_partner_id NOT IN (SELECT partner_id FROM res_company)
            """,
            # With the app that brings orders into the shop.
            team=SQL("receipt.crm_team_id") if "crm_team_id" in Receipt._fields else SQL("NULL::int"),
            **Receipt._crm_analytics_sql(company),
        )
        return [*super()._get_more_documents(company), receipts]


class CrmAnalyticsBasket(models.Model):
    _inherit = "crm.analytics.basket"

    @api.model
    def _get_more_lines(self, company):
        """What went over the counter together, whoever bought it."""
        receipts = SQL(
            """
            SELECT DISTINCT receipt.id AS basket, line.product_id AS product
              FROM pos_order receipt
              %(lines)s
               AND receipt.date_order >= %(since)s
               AND line.qty > 0
               AND %(wanted)s
            """,
            since=self.env["crm.product.pair"]._learning_since(company),
            wanted=self._get_product_condition(company, SQL("template")),
            lines=self.env["pos.order"]._crm_analytics_sql(company)["lines"],
        )
        return [*super()._get_more_lines(company), receipts]
