from odoo import api, models
from odoo.tools import SQL


class CrmAnalyticsEvent(models.Model):
    _inherit = "crm.analytics.event"

    @api.model
    def _get_more_documents(self, company):
        return [*super()._get_more_documents(company), self._get_receipts_query(company)]

    @api.model
    def _get_receipts_query(self, company):
        """Receipts paid, without what another document tells: an invoice, where those count, or an order."""
        Line = self.env["pos.order.line"]
        ordered = "sale_order_origin_id" in Line._fields  # with the app that pays orders in the shop
        excluded = company._crm_analytics_get_excluded()
        return SQL(
            """
            SELECT member.partner_id,
                   (receipt.date_order AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date,
                   sum(line.price_subtotal)::numeric
                       / COALESCE(NULLIF(receipt.currency_rate, 0), 1)::numeric,
                   sum(line.price_subtotal) < 0, NULL::date
              FROM member
              JOIN pos_order receipt ON receipt.partner_id = member.member_id
              JOIN pos_order_line line ON line.order_id = receipt.id
              LEFT JOIN product_product product ON product.id = line.product_id
              LEFT JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE receipt.company_id = %(company)s
               AND receipt.state IN ('paid', 'done')
               AND %(not_invoiced)s
               AND %(not_ordered)s
               AND %(wanted)s
             GROUP BY member.partner_id, receipt.id
            """,
            tz=company._crm_timezone(),
            company=company.id,
            not_invoiced=SQL("receipt.account_move IS NULL")
            if company.crm_analytics_source == "invoices"
            else SQL("TRUE"),
            not_ordered=SQL("line.sale_order_origin_id IS NULL") if ordered else SQL("TRUE"),
            wanted=SQL("(template.categ_id IS NULL OR template.categ_id != ALL(%s))", excluded)
            if excluded
            else SQL("TRUE"),
        )
