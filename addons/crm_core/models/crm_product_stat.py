from odoo import api, fields, models
from odoo.tools import SQL


class CrmProductStat(models.Model):
    """How a product sells in one company: the fallback for customers we know little about."""

    _name = "crm.product.stat"
    _description = "Product rhythm and popularity"
    _rec_name = "product_id"
    _order = "popularity desc, id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    product_id = fields.Many2one(
        "product.product", required=True, readonly=True, index=True, ondelete="cascade"
    )
    customer_count = fields.Integer(
        "Customers", readonly=True, help="Customers who bought it within the months looked at."
    )
    popularity = fields.Float(
        readonly=True,
        digits=(6, 5),
        help="Share of the company's buying customers who bought it within the months looked at, 0 to 1.",
    )
    interval_mean = fields.Float(
        "Usual Interval (Days)",
        readonly=True,
        help="Middle interval between two purchases by the same customer, over all customers who"
        " bought it at least twice.",
    )

    _company_product_uniq = models.UniqueIndex("(company_id, product_id)")
    _company_popularity_idx = models.Index("(company_id, popularity DESC)")

    @api.model
    def _refresh(self, company):
        """Learn anew from the product facts of the company, then move the due dates that rest on it.

        :param company: one ``res.company``
        """
        self._learn_from(
            company,
            SQL(
                """
                SELECT partner_id, product_id, last_date, interval_mean
                  FROM crm_customer_product
                 WHERE company_id = %s
                """,
                company.id,
            ),
        )
        self.env["crm.customer.product"]._refresh_due_dates(company)

    @api.model
    def _refresh_from_orders(self, company):
        """The same, before there are product facts: those to come need their due dates but once."""
        Past = self.env["crm.past.sale"]
        self._learn_from(
            company,
            SQL(
                """
                SELECT partner_id, product_id, max(day) AS last_date,
                       (max(day) - min(day))::float / NULLIF(count(*) - 1, 0) AS interval_mean
                  FROM (SELECT DISTINCT o.partner_id, l.product_id, o.day FROM %(bought_lines)s
                        %(past)s) AS purchase
                 GROUP BY partner_id, product_id
                """,
                past=SQL(
                    "UNION SELECT partner_id, product_id, day FROM (%s) AS past", Past._lines_sql(company)
                )
                if Past._is_used(company)
                else SQL(),
                bought_lines=self.env["sale.order.line"]._crm_bought_lines_sql(
                    SQL(
                        """
                        (SELECT sale_order.id, commercial_partner_id AS partner_id,
                                (date_order AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS day
                           FROM sale_order
                           JOIN res_partner ON res_partner.id = sale_order.partner_id
                          WHERE sale_order.company_id = %(company)s
                            AND sale_order.state = 'sale')
                        """,
                        company=company.id,
                        tz=company._crm_timezone(),
                    ),
                    company,
                ),
            ),
        )

    @api.model
    def _learn_from(self, company, facts):
        """:param SQL facts: SELECT of partner_id, product_id, last_date and interval_mean, a row per pair"""
        self.env.flush_all()
        self.env["crm.customer.stat"]._prepare_planner()
        self.env.cr.execute(
            SQL(
                """
                WITH fact AS MATERIALIZED (
                    %(facts)s
                ), buyers AS (
                    SELECT count(DISTINCT partner_id) AS total FROM fact WHERE last_date >= %(since)s
                ), fresh AS (
                    SELECT product_id,
                           count(*) FILTER (WHERE last_date >= %(since)s) AS customer_count,
                           -- To the hundredth of a day: learned from orders or from facts, it is the same.
                           round((percentile_cont(0.5) WITHIN GROUP (ORDER BY interval_mean)
                               FILTER (WHERE interval_mean > 0))::numeric, 2) AS interval_mean
                      FROM fact
                     GROUP BY product_id
                ), upserted AS (
                    INSERT INTO crm_product_stat AS stat
                           (company_id, product_id, customer_count, popularity, interval_mean,
                            create_uid, create_date, write_uid, write_date)
                    SELECT %(company)s, product_id, customer_count,
                           round(customer_count::numeric / GREATEST(buyers.total, 1), 5),
                           interval_mean, %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                      FROM fresh, buyers
                    ON CONFLICT (company_id, product_id) DO UPDATE
                       SET customer_count = excluded.customer_count,
                           popularity = excluded.popularity,
                           interval_mean = excluded.interval_mean,
                           write_date = excluded.write_date
                )
                DELETE FROM crm_product_stat
                 WHERE company_id = %(company)s
                   AND product_id NOT IN (SELECT product_id FROM fresh)
                """,
                facts=facts,
                company=company.id,
                since=self.env["crm.product.pair"]._learning_since(company),
                uid=self.env.uid,
            )
        )
        self.invalidate_model()

    @api.model
    def _cron_refresh(self):
        """Nightly: popularity, rhythm and pairs of every company, one transaction each."""
        companies = self.env["res.company"]._crm_all()
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(companies))
        for company in companies:
            self.env["crm.customer.dirty"]._try_again(lambda company=company: self._learn(company))
            cron._commit_progress(1)

    @api.model
    def _learn(self, company):
        self._refresh(company)
        self.env["crm.product.pair"]._refresh(company)
