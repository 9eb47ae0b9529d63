from odoo import api, models
from odoo.tools import SQL


class PosOrder(models.Model):
    _name = "pos.order"
    _inherit = ["pos.order", "crm.fact.source"]

    _crm_fact_fields = frozenset(
        {"state", "partner_id", "company_id", "date_order", "amount_total", "amount_tax", "account_move"}
    )
    _crm_owner_fields = frozenset({"partner_id", "company_id"})

    def _crm_owner_query(self, ids):
        return SQL(
            """
            SELECT receipt.company_id, person.commercial_partner_id
              FROM pos_order receipt
              JOIN res_partner person ON person.id = receipt.partner_id
             WHERE receipt.id IN %s
            """,
            ids,
        )

    @api.model
    def _crm_analytics_sql(self, company):
        """What analytics reads of receipts paid, without what another document tells: an invoice, where those
        count, or an order.

        :return: {"lines": joins and condition that follow ``pos_order receipt``, with ``line`` and
            ``template``; "day": local day; "amount": of a line, untaxed, in company currency}
        """
        Line = self.env["pos.order.line"]
        excluded = company._crm_analytics_get_excluded()
        lines = SQL(
            """
            JOIN pos_order_line line ON line.order_id = receipt.id
            LEFT JOIN product_product product ON product.id = line.product_id
            LEFT JOIN product_template template ON template.id = product.product_tmpl_id
            WHERE receipt.company_id = %(company)s
              AND receipt.state IN ('paid', 'done')
              AND %(not_invoiced)s
              AND %(not_ordered)s
              AND %(wanted)s
            """,
            company=company.id,
            not_invoiced=SQL("receipt.account_move IS NULL")
            if company.crm_analytics_source == "invoices"
            else SQL("TRUE"),
            # With the app that pays orders in the shop.
            not_ordered=SQL("line.sale_order_origin_id IS NULL")
            if "sale_order_origin_id" in Line._fields
            else SQL("TRUE"),
            wanted=SQL("(template.categ_id IS NULL OR template.categ_id != ALL(%s))", excluded)
            if excluded
            else SQL("TRUE"),
        )
        return {
            "lines": lines,
            "day": SQL(
                "(receipt.date_order AT TIME ZONE 'UTC' AT TIME ZONE %s)::date", company._crm_timezone()
            ),
            "amount": SQL("line.price_subtotal / COALESCE(NULLIF(receipt.currency_rate, 0), 1)::numeric"),
        }
