from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

# A basket with more products says little about which of them belong together, and costs the square.
BASKET_CAP = 50
NEIGHBOURS_KEPT = 50


class CrmProductPair(models.Model):
    """Two products found in the same orders more often than chance would have it."""

    _name = "crm.product.pair"
    _description = "Products bought together"
    _rec_name = "other_product_id"
    _order = "product_id, lift desc, id"

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    product_id = fields.Many2one("product.product", required=True, readonly=True, ondelete="cascade")
    other_product_id = fields.Many2one(
        "product.product",
        "Bought Together With",
        required=True,
        readonly=True,
        index=True,
        ondelete="cascade",
    )
    order_count = fields.Integer("Orders With Both", readonly=True, aggregator=None)
    confidence = fields.Float(
        readonly=True,
        aggregator=None,
        help="Share of the orders with the first product that hold the second.",
    )
    lift = fields.Float(
        readonly=True,
        aggregator=None,
        help="How many times more often both are ordered together than if customers chose by chance.",
    )

    _company_product_idx = models.Index("(company_id, product_id)")

    @api.model
    def _learning_since(self, company):
        """First day of the orders that popularity and pairs are learned from."""
        return company._crm_today() - relativedelta(months=company.crm_history_months)

    @api.model
    def _refresh(self, company):
        """Count the pairs of a company anew.

        lift(a, b) = n(a and b) * n / (n(a) * n(b)) over the confirmed orders looked at (Brin, Motwani,
        Ullman, Tsur: "Dynamic itemset counting", SIGMOD 1997, under the name of interest).
        """
        self.env.flush_all()
        self.env["crm.customer.stat"]._prepare_planner()
        self.env.cr.execute(SQL("DELETE FROM crm_product_pair WHERE company_id = %s", company.id))
        self.env.cr.execute(
            SQL(
                """
                WITH bought AS (
                    SELECT DISTINCT l.order_id, l.product_id FROM %(bought_lines)s
                ), basket AS (
                    SELECT order_id, array_agg(product_id) AS products
                      FROM bought
                     GROUP BY order_id
                    HAVING count(*) <= %(cap)s
                ), total AS (
                    SELECT count(*)::float AS orders FROM basket
                ), single AS (
                    SELECT product_id, count(*)::float AS orders
                      FROM basket, unnest(products) AS product_id
                     GROUP BY product_id
                ), half AS (
                    SELECT one, two, count(*) AS orders
                      FROM basket, unnest(products) AS one, unnest(products) AS two
                     WHERE one < two
                     GROUP BY one, two
                    HAVING count(*) >= %(support)s
                ), pair AS (
                    SELECT one AS product_id, two AS other_product_id, orders FROM half
                     UNION ALL
                    SELECT two, one, orders FROM half
                ), scored AS (
                    SELECT pair.*,
                           pair.orders / one.orders AS confidence,
                           pair.orders * total.orders / (one.orders * two.orders) AS lift
                      FROM pair
                      JOIN single one ON one.product_id = pair.product_id
                      JOIN single two ON two.product_id = pair.other_product_id
                     CROSS JOIN total
                ), ranked AS (
                    SELECT *, row_number() OVER (PARTITION BY product_id
                                                 ORDER BY lift DESC, orders DESC, other_product_id) AS place
                      FROM scored
                     WHERE lift > 1
                )
                INSERT INTO crm_product_pair
                       (company_id, product_id, other_product_id, order_count, confidence, lift,
                        create_uid, create_date, write_uid, write_date)
                SELECT %(company)s, product_id, other_product_id, orders, confidence, lift,
                       %(uid)s, now() AT TIME ZONE 'UTC', %(uid)s, now() AT TIME ZONE 'UTC'
                  FROM ranked
                 WHERE place <= %(kept)s
                """,
                company=company.id,
                bought_lines=self.env["sale.order.line"]._crm_bought_lines_sql(
                    SQL(
                        """
                        (SELECT id FROM sale_order
                          WHERE company_id = %s AND state = 'sale' AND date_order >= %s)
                        """,
                        company.id,
                        self._learning_since(company),
                    ),
                    company,
                ),
                cap=BASKET_CAP,
                support=company.crm_pair_min_orders,
                kept=NEIGHBOURS_KEPT,
                uid=self.env.uid,
            )
        )
        self.invalidate_model()
