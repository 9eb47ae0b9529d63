import time

import numpy as np

from odoo import api, fields, models
from odoo.tools import SQL

from ..lib import basket

KINDS = [("order", "Orders"), ("customer", "Customers")]
LIFT_MIN, Q_MAX = 1.2, 0.05  # what a pair must reach to be kept
KEPT = 50_000  # pairs of one kind and company
NODES, EDGES = 40, 80  # of the picture


class CrmAnalyticsBasket(models.Model):
    """One look at what is bought together in a company: how many baskets, and what was left out."""

    _name = "crm.analytics.basket"
    _description = "Look at Baskets"
    _order = "as_of desc, id desc"
    _rec_name = "as_of"

    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="cascade")
    as_of = fields.Date(required=True, readonly=True)
    kind = fields.Selection(KINDS, "Baskets Are", required=True, readonly=True)
    basket_count = fields.Integer("Baskets", readonly=True)
    product_count = fields.Integer("Products", readonly=True)
    pair_count = fields.Integer("Pairs Kept", readonly=True)
    skipped_count = fields.Integer(
        "Baskets Left Out",
        readonly=True,
        help="With more than 50 products: these tie everything to everything.",
    )
    seconds = fields.Float("Took (Seconds)", readonly=True, digits=(10, 2), aggregator=None)
    pair_ids = fields.One2many("crm.analytics.pair", "basket_id", "Pairs", readonly=True)

    _company_kind_uniq = models.UniqueIndex("(company_id, kind)")

    @api.model
    def _cron_look(self):
        """Look at the baskets of all companies, each in a transaction of its own."""

        def work(company):
            self._look(company)
            self.env["crm.analytics.white.spot"]._find(company)

        self.env["res.company"]._crm_analytics_for_each(work, "Baskets")

    @api.model
    def _look(self, company):
        """Learn anew what is bought together: in one order, and by one customer over time.

        :return: the two looks
        :rtype: crm.analytics.basket
        """
        self.env.flush_all()
        looks = self.browse()
        for kind, lines in (
            ("order", self._get_basket_lines(company)),
            ("customer", self._get_customer_lines(company)),
        ):
            started = time.monotonic()
            counts = self._count(lines, company.crm_pair_min_orders)
            found = basket.rules(counts)
            self.search([("company_id", "=", company.id), ("kind", "=", kind)]).unlink()
            look = self.create(
                {
                    "company_id": company.id,
                    "as_of": company._crm_today(),
                    "kind": kind,
                    "basket_count": counts.baskets,
                    "product_count": len(counts.products),
                    "skipped_count": counts.skipped_baskets,
                }
            )
            look.pair_count = look._store(found)
            look.seconds = time.monotonic() - started
            looks |= look
        return looks

    @api.model
    def _get_basket_lines(self, company):
        """(basket, product) of all that was bought at a time: in an order, or as other apps tell."""
        queries = [self._get_order_lines(company), *self._get_more_lines(company)]
        if company.crm_has_past_sales:
            queries.append(self._get_past_lines(company))
        # Each source numbers its baskets by itself.
        return SQL(" UNION ALL ").join(
            SQL(
                "SELECT basket::bigint * %(count)s + %(number)s AS basket, product FROM (%(lines)s) AS line",
                count=len(queries),
                number=number,
                lines=lines,
            )
            for number, lines in enumerate(queries)
        )

    @api.model
    def _get_more_lines(self, company):
        """Baskets of other apps: queries of ``basket`` (a number) and ``product``, each pair once.

        :rtype: list[SQL]
        """
        return []

    @api.model
    def _get_past_lines(self, company):
        """(basket, product) of imported past sales."""
        return SQL(
            """
            SELECT DISTINCT past.order_id AS basket, past.product_id AS product
              FROM (%s) AS past
              JOIN product_product product ON product.id = past.product_id
              JOIN product_template t ON t.id = product.product_tmpl_id
             WHERE past.day >= %s AND %s
            """,
            self.env["crm.past.sale"]._lines_sql(company),
            self.env["crm.product.pair"]._learning_since(company),
            self._get_product_condition(company, SQL("t")),
        )

    @api.model
    def _get_order_lines(self, company):
        """(basket, product) of the confirmed orders that are learned from."""
        return SQL(
            "SELECT DISTINCT l.order_id AS basket, l.product_id AS product FROM %s WHERE %s",
            self.env["sale.order.line"]._crm_bought_lines_sql(
                SQL(
                    "(SELECT id FROM sale_order"
                    " WHERE company_id = %s AND state = 'sale' AND date_order >= %s)",
                    company.id,
                    self.env["crm.product.pair"]._learning_since(company),
                ),
                company,
            ),
            self._get_product_condition(company, SQL("t")),
        )

    @api.model
    def _get_customer_lines(self, company):
        """(basket, product) of all that customers bought since we learn from it."""
        return SQL(
            """
            SELECT fact.partner_id AS basket, fact.product_id AS product
              FROM crm_customer_product fact
              JOIN product_product product ON product.id = fact.product_id
              JOIN product_template t ON t.id = product.product_tmpl_id
             WHERE fact.company_id = %s
               AND fact.last_date >= %s
               AND NOT (fact.returned_quantity > 0 AND fact.net_quantity <= 0)
               AND %s
            """,
            company.id,
            self.env["crm.product.pair"]._learning_since(company),
            self._get_product_condition(company, SQL("t")),
        )

    @api.model
    def _get_product_condition(self, company, template):
        """Products that baskets are made of: no services, and none of the categories left out."""
        return SQL(
            "%(template)s.type != 'service' AND %(template)s.categ_id != ALL(%(excluded)s::int[])",
            template=template,
            excluded=company._crm_analytics_get_excluded(),
        )

    @api.model
    def _set_aside(self, name, query):
        """Keep the rows of a query until the end of the transaction, where the planner knows how many."""
        table = SQL.identifier(name)
        self.env.cr.execute(SQL("DROP TABLE IF EXISTS %s", table))
        self.env.cr.execute(SQL("CREATE TEMPORARY TABLE %s ON COMMIT DROP AS %s", table, query))
        self.env.cr.execute(SQL("ANALYZE %s", table))

    @api.model
    def _count(self, lines, least):
        """Count products and pairs in the database.

        :param SQL lines: query of ``basket`` and ``product``, each once
        :rtype: basket.Counts
        """
        self.env["crm.customer.stat"]._prepare_planner()
        self._set_aside(
            "crm_analytics_baskets",
            SQL(
                "SELECT basket, array_agg(product) AS products, count(*) AS size"
                " FROM (%s) AS line GROUP BY basket",
                lines,
            ),
        )
        ((baskets, skipped, skipped_lines),) = self.env.execute_query(
            SQL(
                """
                SELECT count(*) FILTER (WHERE size <= %(cap)s), count(*) FILTER (WHERE size > %(cap)s),
                       COALESCE(sum(size) FILTER (WHERE size > %(cap)s), 0)::int
                  FROM crm_analytics_baskets
                """,
                cap=basket.BASKET_CAP,
            )
        )
        singles = self.env.execute_query(
            SQL(
                """
                SELECT product, count(*) FROM crm_analytics_baskets, unnest(products) AS product
                 WHERE size <= %s GROUP BY product HAVING count(*) >= %s ORDER BY product
                """,
                basket.BASKET_CAP,
                least,
            )
        )
        pairs = self.env.execute_query(
            SQL(
                """
                SELECT one, two, count(*)
                  FROM crm_analytics_baskets, unnest(products) AS one, unnest(products) AS two
                 WHERE size <= %s AND one < two
                 GROUP BY one, two
                HAVING count(*) >= %s
                """,
                basket.BASKET_CAP,
                least,
            )
        )
        products = np.array(singles, dtype=np.int64).reshape(-1, 2).T
        return basket.Counts(
            baskets, *products, *np.array(pairs, dtype=np.int64).reshape(-1, 3).T, skipped, skipped_lines
        )

    def _store(self, found):
        """Write the pairs that are no mere luck, both ways round.

        :param found: ``lib.basket.Rules``
        :return: how many pairs
        """
        self.ensure_one()
        good = np.flatnonzero((found.lift >= LIFT_MIN) & (found.q_value <= Q_MAX))[:KEPT]
        there = (found.left, found.right, found.confidence, found.conviction)
        back = (found.right, found.left, found.confidence_back, found.conviction_back)
        for one, two, confidence, conviction in (there, back):
            columns = [
                ("int4", one.astype(int)),
                ("int4", two.astype(int)),
                ("int4", found.count.astype(int)),
                ("float8", found.support),
                ("float8", confidence),
                ("float8", found.lift),
                ("float8", found.leverage),
                # No number stands for “never failed yet”.
                ("float8", np.where(np.isfinite(conviction), conviction, 0.0)),
                ("float8", found.q_value),
            ]
            self.env.cr.execute(
                SQL(
                    """
                    INSERT INTO crm_analytics_pair
                           (basket_id, company_id, kind, product_id, other_product_id, basket_count, support,
                            confidence, lift, leverage, conviction, q_value)
                    SELECT %s, %s, %s, row.*
                      FROM unnest(%s) AS row (one, two)
                      JOIN product_product left_ ON left_.id = row.one
                      JOIN product_product right_ ON right_.id = row.two
                    """,
                    self.id,
                    self.company_id.id,
                    self.kind,
                    SQL(", ").join(
                        SQL("%s::%s[]", column[good].tolist(), SQL.identifier(type_))
                        for type_, column in columns
                    ),
                )
            )
        self.env["crm.analytics.pair"].invalidate_model()
        return len(good)


class CrmAnalyticsPair(models.Model):
    """Who buys one product buys the other more often than luck would have it; a row for each way round."""

    _name = "crm.analytics.pair"
    _description = "Bought Together"
    _order = "lift desc, basket_count desc, id"
    _rec_name = "product_id"
    _log_access = False

    basket_id = fields.Many2one(
        "crm.analytics.basket", "Look", required=True, readonly=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    kind = fields.Selection(KINDS, "In", required=True, readonly=True)
    product_id = fields.Many2one(
        "product.product", "With", required=True, readonly=True, index=True, ondelete="cascade"
    )
    other_product_id = fields.Many2one(
        "product.product", "Also", required=True, readonly=True, index=True, ondelete="cascade"
    )
    product_categ_id = fields.Many2one(related="product_id.categ_id")
    basket_count = fields.Integer("Times Together", readonly=True, aggregator="max")
    support = fields.Float(readonly=True, aggregator="max", help="Share of all baskets that hold both.")
    confidence = fields.Float(
        readonly=True,
        aggregator="max",
        help="Of the baskets with the first product, the share with the second.",
    )
    lift = fields.Float(
        readonly=True,
        aggregator="max",
        digits=(16, 2),
        help="How many times more often together than by luck.",
    )
    leverage = fields.Float(
        readonly=True,
        aggregator="max",
        digits=(16, 4),
        help="Share of baskets with both, beyond that of luck.",
    )
    conviction = fields.Float(
        readonly=True,
        aggregator="max",
        digits=(16, 2),
        help="How many times more often the rule would fail by luck than it does; 0: it never failed yet.",
    )
    q_value = fields.Float(
        "Chance of Luck",
        readonly=True,
        aggregator="max",
        digits=(16, 4),
        help="Adjusted for the number of pairs looked at (Benjamini and Hochberg). Kept up to 0.05.",
    )
    meaning = fields.Char(compute="_compute_meaning")

    _company_kind_idx = models.Index("(company_id, kind, product_id)")

    @api.depends("confidence", "lift", "kind")
    def _compute_meaning(self):
        for pair in self:
            facts = {
                "share": round(100 * pair.confidence),
                "one": pair.product_id.name,
                "other": pair.other_product_id.name,
                "lift": round(pair.lift, 1),
            }
            if pair.kind == "order":
                pair.meaning = self.env._(
                    "%(share)s %% of the orders with %(one)s hold %(other)s, %(lift)s times luck", **facts
                )
            else:
                pair.meaning = self.env._(
                    "%(share)s %% of those who buy %(one)s buy %(other)s, %(lift)s times luck", **facts
                )

    @api.model
    @api.readonly
    def crm_affinity(self, kind: str = "order") -> dict:
        """The strongest ties between products of the current company, as a picture.

        :param kind: order or customer
        :return: ``nodes``: id, name, weight; ``edges``: from, to, lift, confidence, count; ``look``
        """
        look = self.env["crm.analytics.basket"].search(
            [("company_id", "=", self.env.company.id), ("kind", "=", kind)], limit=1
        )
        pairs = self.search([("basket_id", "=", look.id)], limit=8 * EDGES) if look else self.browse()
        edges, weights = [], {}
        for pair in pairs:
            ends = pair.product_id, pair.other_product_id
            if pair.product_id.id > pair.other_product_id.id or len(edges) >= EDGES:
                continue
            if len({*weights, *ends}) > NODES:
                continue
            for end in ends:
                weights[end] = weights.get(end, 0) + pair.basket_count
            edges.append(
                {
                    "id": pair.id,
                    "from": ends[0].id,
                    "to": ends[1].id,
                    "lift": pair.lift,
                    "count": pair.basket_count,
                    "meaning": pair.meaning,
                }
            )
        return {
            "kind": kind,
            "nodes": [
                {"id": product.id, "name": product.name, "weight": weight}
                for product, weight in weights.items()
            ],
            "edges": edges,
            "look": look
            and {
                "as_of": fields.Date.to_string(look.as_of),
                "baskets": look.basket_count,
                "skipped": look.skipped_count,
                "pairs": look.pair_count,
            },
        }
