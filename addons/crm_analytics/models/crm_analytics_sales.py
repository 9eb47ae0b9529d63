from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

HISTORY_MONTHS = 60


class CrmAnalyticsSales(models.Model):
    """What was sold in a month, told apart by whether it came from an opportunity.

    The history a forecast learns from. Written by ``_refresh`` alone, each night. It counts what the company
    counts as a purchase: confirmed orders (before later credit notes) or posted invoices less credit notes,
    imported past sales and what other apps add, in company currency by the rate of the document's own day.
    """

    _name = "crm.analytics.sales"
    _description = "Sales by Month"
    _order = "month desc, id"
    _rec_name = "month"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    month = fields.Date(required=True, readonly=True, help="Its first day.")
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True, index=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True, index=True, ondelete="cascade")
    country_id = fields.Many2one(
        "res.country",
        readonly=True,
        index="btree_not_null",
        ondelete="set null",
        help="Where the customer is: by the address of the company, not of the contact.",
    )
    state_id = fields.Many2one(
        "res.country.state", "Region", readonly=True, index="btree_not_null", ondelete="set null"
    )
    categ_id = fields.Many2one(
        "product.category", "Product Category", readonly=True, index=True, ondelete="cascade"
    )
    from_deal = fields.Boolean("From an Opportunity", readonly=True)
    amount = fields.Monetary(readonly=True, help="Without taxes.")

    _company_month_idx = models.Index("(company_id, month)")

    @api.model
    def _refresh(self, company, as_of=None):
        """Sum the documents of a company up anew.

        :param company: one ``res.company``
        :param date as_of: later documents do not count; today when empty
        """
        as_of = as_of or company._crm_today()
        self.env.flush_all()
        columns = self._get_columns()
        self.env.cr.execute(SQL("DELETE FROM crm_analytics_sales WHERE company_id = %s", company.id))
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_analytics_sales (company_id, month, from_deal, amount, %(names)s)
                SELECT %(company)s, date_trunc('month', sold.day)::date, sold.opportunity_id IS NOT NULL,
                       round(sum(sold.amount), %(digits)s), %(values)s
                  FROM (%(documents)s) AS sold
                  LEFT JOIN res_partner customer ON customer.id = sold.partner_id
                 WHERE sold.day >= %(since)s AND sold.day <= %(as_of)s
                 GROUP BY 2, 3, %(values)s
                """,
                company=company.id,
                digits=company.currency_id.decimal_places,
                names=SQL(", ").join(map(SQL.identifier, columns)),
                values=SQL(", ").join(columns.values()),
                documents=self._get_documents_query(company),
                since=self._get_first_day(company, as_of),
                as_of=as_of,
            )
        )
        self.invalidate_model()

    @api.model
    def _get_columns(self):
        """What sales are told apart by, beside the month: {column: where it comes from}.

        :return: dict of SQL expressions over ``sold``: day, amount, opportunity_id, team_id, user_id,
            categ_id, partner_id; and over ``customer``, the partner
        """
        own = {name: SQL.identifier("sold", name) for name in ("team_id", "user_id", "categ_id")}
        return {**own, **{name: SQL.identifier("customer", name) for name in ("country_id", "state_id")}}

    @api.model
    def _get_first_day(self, company, as_of):
        first = as_of.replace(day=1) - relativedelta(months=HISTORY_MONTHS)
        return max(first, company.crm_analytics_since or first)

    @api.model
    def _get_documents_query(self, company):
        """Lines of orders or invoices, of imported sales, and of what other apps add."""
        queries = [self._get_own_documents_query(company), *self._get_more_documents(company)]
        if company.crm_has_past_sales:
            queries.append(self._get_past_query(company))
        return SQL(" UNION ALL ").join(queries)

    @api.model
    def _get_more_documents(self, company):
        """Sales of other apps: SELECTs of local day, amount in company currency, opportunity_id, team_id,
        user_id, categ_id, partner_id (commercial), in this order.

        :rtype: list[SQL]
        """
        return []

    @api.model
    def _get_past_query(self, company):
        """What was sold before the ERP was there."""
        return SQL(
            """
            SELECT past.day, past.amount, NULL::int, NULL::int, NULL::int, template.categ_id, past.partner_id
              FROM (%s) AS past
              LEFT JOIN product_product product ON product.id = past.product_id
              LEFT JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE %s
            """,
            self.env["crm.past.sale"]._lines_sql(company),
            self._get_category_condition(company),
        )

    @api.model
    def _get_category_condition(self, company):
        excluded = company._crm_analytics_get_excluded()
        if not excluded:
            return SQL("TRUE")
        return SQL("(template.categ_id IS NULL OR template.categ_id != ALL(%s))", excluded)

    @api.model
    def _get_own_documents_query(self, company):
        """Lines of orders or invoices, with the columns that :meth:`_get_columns` names."""
        rest = {
            "company": company.id,
            "wanted": self._get_category_condition(company),
            # What companies of ours buy of each other is no business with customers.
            "outside": SQL(
                "partner.commercial_partner_id NOT IN (SELECT partner_id FROM res_company)",
            ),
        }
        if company.crm_analytics_source == "invoices":
            return self._get_invoices_query(rest)
        return SQL(
            """
            SELECT (o.date_order AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS day,
                   line.price_subtotal / COALESCE(NULLIF(o.currency_rate, 0), 1)::numeric AS amount,
                   o.opportunity_id, o.team_id, o.user_id, template.categ_id, partner.commercial_partner_id
                       AS partner_id
              FROM sale_order o
              JOIN sale_order_line line ON line.order_id = o.id
              JOIN res_partner partner ON partner.id = o.partner_id
              LEFT JOIN product_product product ON product.id = line.product_id
              LEFT JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE o.company_id = %(company)s
               AND o.state = 'sale'
               AND line.display_type IS NULL
               AND line.is_downpayment IS NOT TRUE
               AND %(wanted)s
               AND %(outside)s
            """,
            tz=company._crm_timezone(),
            **rest,
        )

    @api.model
    def _get_invoices_query(self, rest):
        return SQL(
            """
            SELECT m.invoice_date AS day, -line.balance AS amount,
                   (SELECT o.opportunity_id
                      FROM sale_order_line_invoice_rel rel
                      JOIN sale_order_line sold ON sold.id = rel.order_line_id
                      JOIN sale_order o ON o.id = sold.order_id
                     WHERE rel.invoice_line_id = line.id
                     ORDER BY o.opportunity_id LIMIT 1) AS opportunity_id,
                   m.team_id, m.invoice_user_id AS user_id, template.categ_id,
                   partner.commercial_partner_id AS partner_id
              FROM account_move m
              JOIN account_move_line line ON line.move_id = m.id
              JOIN res_partner partner ON partner.id = m.partner_id
              LEFT JOIN product_product product ON product.id = line.product_id
              LEFT JOIN product_template template ON template.id = product.product_tmpl_id
             WHERE m.company_id = %(company)s
               AND m.move_type IN ('out_invoice', 'out_receipt', 'out_refund')
               AND m.state = 'posted'
               AND line.display_type = 'product'
               AND line.is_downpayment IS NOT TRUE
               AND %(wanted)s
               AND %(outside)s
            """,
            **rest,
        )
