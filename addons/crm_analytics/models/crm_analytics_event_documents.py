from odoo import api, models
from odoo.tools import SQL


class CrmAnalyticsEvent(models.Model):
    """Where the days come from: one query per kind of document."""

    _inherit = "crm.analytics.event"

    @api.model
    def _list_documents(self, company):
        """SELECTs from ``member``, as of :meth:`_get_more_documents`: those of which there are most first."""
        if company.crm_analytics_source == "invoices":
            documents = [self._get_invoices_query(company)]
        else:
            documents = [self._get_orders_query(company), self._get_order_refunds_query(company)]
        documents += self._get_more_documents(company)
        if company.crm_has_past_sales:
            documents.append(SQL("SELECT partner_id, day, amount, amount < 0, NULL::date FROM past"))
        return documents

    @api.model
    def _get_sources(self, company, customers, documents, are_many=False):
        """Common table expressions that end with ``document``: partner_id, amount, is_refund, and day, for a
        refund the one it takes back, where that is known.

        :param SQL customers: condition on ``commercial_partner_id``
        :param list documents: of :meth:`_list_documents`
        :param bool are_many: each kind of document is read with its customers, side by side if need be
        """
        member = SQL(
            """
            member AS %s (
                SELECT id AS member_id, commercial_partner_id AS partner_id
                  FROM res_partner
                 WHERE %s
                   -- What companies of ours buy of each other is no business with customers.
                   AND commercial_partner_id NOT IN (SELECT partner_id FROM res_company)
            )
            """,
            SQL("NOT MATERIALIZED") if are_many else SQL(),
            customers,
        )
        past = [self.env["crm.past.sale"]._orders_sql(company)] if company.crm_has_past_sales else []
        since = company.crm_analytics_since
        return [
            member,
            *past,
            SQL(
                """
                document AS (
                    SELECT partner_id, amount, is_refund, COALESCE(of_day, day) AS day
                      FROM (%s) AS found (partner_id, day, amount, is_refund, of_day)
                     WHERE %s)
                """,
                SQL(" UNION ALL ").join(documents),
                SQL("COALESCE(of_day, day) >= %s", since) if since else SQL("TRUE"),
            ),
        ]

    @api.model
    def _get_more_documents(self, company):
        """Purchases of other apps: SELECTs from ``member`` of partner_id, local day, amount in company
        currency, whether it takes something back, and the day it takes it back from, where that is known.

        :rtype: list[SQL]
        """
        return []

    @api.model
    def _get_orders_query(self, company):
        amount = SQL("o.amount_untaxed")
        if excluded := company._crm_analytics_get_excluded():
            amount = SQL(
                """
                (SELECT COALESCE(sum(line.price_subtotal), 0)
                   FROM sale_order_line line
                   LEFT JOIN product_product product ON product.id = line.product_id
                   LEFT JOIN product_template template ON template.id = product.product_tmpl_id
                  WHERE line.order_id = o.id
                    AND line.display_type IS NULL
                    AND (template.categ_id IS NULL OR template.categ_id != ALL(%s)))
                """,
                excluded,
            )
        return SQL(
            """
            SELECT member.partner_id, (o.date_order AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date,
                   CASE WHEN o.currency_rate = 1 THEN %(amount)s
                        ELSE %(amount)s / COALESCE(NULLIF(o.currency_rate, 0), 1)::numeric END,
                   o.amount_untaxed < 0, NULL::date
              FROM member
              JOIN sale_order o ON o.partner_id = member.member_id
             WHERE o.company_id = %(company)s AND o.state = 'sale'
            """,
            amount=amount,
            company=company.id,
            tz=company._crm_timezone(),
        )

    @api.model
    def _get_order_refunds_query(self, company):
        """Credit notes for what was ordered, each back on the day of its order."""
        return SQL(
            """
            SELECT member.partner_id, m.invoice_date, %(amount)s, TRUE,
                   (min(o.date_order) AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date
              FROM member
              JOIN account_move m ON m.commercial_partner_id = member.member_id
              JOIN account_move_line line ON line.move_id = m.id
              JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
              JOIN sale_order_line sold ON sold.id = rel.order_line_id
              JOIN sale_order o ON o.id = sold.order_id
              %(category)s
             WHERE m.company_id = %(company)s
               AND m.move_type = 'out_refund'
               AND m.state = 'posted'
               AND line.display_type = 'product'
               AND line.is_downpayment IS NOT TRUE
               AND o.state = 'sale'
               %(wanted)s
             GROUP BY member.partner_id, m.id, m.invoice_date
            """,
            amount=SQL("sum(-line.balance)"),
            company=company.id,
            tz=company._crm_timezone(),
            **self._get_category_condition(company),
        )

    @api.model
    def _get_invoices_query(self, company):
        """Posted invoices and receipts without down payments, and credit notes back on the day of their
        invoice; in company currency by the rate of their own day.
        """
        return SQL(
            """
            SELECT member.partner_id, m.invoice_date, sum(-line.balance), sum(-line.balance) < 0,
                   CASE WHEN sum(-line.balance) < 0 THEN min(reversed.invoice_date) END
              FROM member
              JOIN account_move m ON m.commercial_partner_id = member.member_id
              JOIN account_move_line line ON line.move_id = m.id
              LEFT JOIN account_move reversed ON reversed.id = m.reversed_entry_id
              %(category)s
             WHERE m.company_id = %(company)s
               AND m.move_type IN ('out_invoice', 'out_receipt', 'out_refund')
               AND m.state = 'posted'
               AND line.display_type = 'product'
               AND line.is_downpayment IS NOT TRUE
               %(wanted)s
             GROUP BY member.partner_id, m.id, m.invoice_date
            """,
            company=company.id,
            **self._get_category_condition(company),
        )

    @api.model
    def _get_category_condition(self, company):
        excluded = company._crm_analytics_get_excluded()
        if not excluded:
            return {"category": SQL(), "wanted": SQL()}
        return {
            "category": SQL(
                "LEFT JOIN product_product product ON product.id = line.product_id"
                " LEFT JOIN product_template template ON template.id = product.product_tmpl_id"
            ),
            "wanted": SQL("AND (template.categ_id IS NULL OR template.categ_id != ALL(%s))", excluded),
        }
