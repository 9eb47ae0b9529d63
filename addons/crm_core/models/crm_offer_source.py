from odoo import api, models
from odoo.tools import SQL, format_date


class CrmOfferSource(models.AbstractModel):
    """A way to find products worth offering. Inherit it under a new name to add one.

    Each source scores between 0 and 1; the engine in ``crm.offer`` weighs the sources, adds the
    scores up and applies the business filters last.
    """

    _name = "crm.offer.source"
    _description = "Source of offer suggestions"

    # Key stored on the offer line and the field of ``res.company`` with the weight.
    _source_code = None
    _weight_field = None

    @api.model
    def _get_sources(self):
        """All sources with a weight in the current company.

        :return: list of (model, weight)
        """
        names = sorted(self.env.registry[self._name]._inherit_children)
        models_ = [self.env[name] for name in names if self.env[name]._source_code]
        return [(model, weight) for model in models_ if (weight := model._get_weight(self.env.company)) > 0]

    @api.model
    def _get_weight(self, company):
        return company[self._weight_field]

    @api.model
    def _suggest(self, partners, limit, baskets=None):
        """Score products for customers, in one query for all of them.

        :param partners: ``res.partner`` records that are commercial entities
        :param int limit: how many products per customer at most
        :param dict baskets: products at hand, {partner id: [product id]}; empty: the customer's usual ones
        :return: {partner id: [(product id, score from 0 to 1, facts for :meth:`_explain`)]}
        """
        raise NotImplementedError

    @api.model
    def _explain(self, facts):
        """The reason in words of the trade, from the facts of one suggestion.

        :rtype: str
        """
        raise NotImplementedError

    @api.model
    def _collect(self, query):
        """Run a query of (partner id, product id, score, *facts) rows and group it by customer."""
        suggestions = {}
        for partner_id, product_id, score, *facts in self.env.execute_query(query):
            suggestions.setdefault(partner_id, []).append((product_id, float(score), facts))
        return suggestions


class CrmOfferSourceRepeat(models.AbstractModel):
    """What the customer orders again and again, recent orders counting more."""

    _name = "crm.offer.source.repeat"
    _inherit = ["crm.offer.source"]
    _description = "Repeat purchases"
    _source_code = "repeat"
    _weight_field = "crm_weight_repeat"

    @api.model
    def _suggest(self, partners, limit, baskets=None):
        return self._collect(
            SQL(
                """
                SELECT partner_id, product_id, repeat_score, day_count, purchase_day_count
                  FROM (SELECT fact.partner_id, fact.product_id, fact.repeat_score, fact.day_count,
                               stat.purchase_day_count,
                               row_number() OVER (PARTITION BY fact.partner_id
                                                  ORDER BY fact.repeat_score DESC, fact.amount DESC,
                                                           fact.product_id) AS place
                          FROM crm_customer_product fact
                          JOIN crm_customer_stat stat ON stat.company_id = fact.company_id
                                                     AND stat.partner_id = fact.partner_id
                         WHERE fact.company_id = %s
                           AND fact.partner_id = ANY(%s)) AS ranked
                 WHERE place <= %s
                """,
                self.env.company.id,
                partners.ids,
                limit,
            )
        )

    @api.model
    def _explain(self, facts):
        times, orders = facts
        if times == 1:
            return self.env._("Bought once")
        return self.env._("Bought %(times)s of %(orders)s times", times=times, orders=orders)


class CrmOfferSourcePopular(models.AbstractModel):
    """What other customers of the company buy: breaks ties and fills the list of new customers."""

    _name = "crm.offer.source.popular"
    _inherit = ["crm.offer.source"]
    _description = "Popular products"
    _source_code = "popular"
    _weight_field = "crm_weight_popular"

    @api.model
    def _suggest(self, partners, limit, baskets=None):
        rows = self.env.execute_query(
            SQL(
                """
                SELECT product_id, popularity, customer_count
                  FROM crm_product_stat
                 WHERE company_id = %s AND popularity > 0
                 ORDER BY popularity DESC, product_id
                 LIMIT %s
                """,
                self.env.company.id,
                limit,
            )
        )
        popular = [(product_id, popularity, (count,)) for product_id, popularity, count in rows]
        return dict.fromkeys(partners.ids, popular)

    @api.model
    def _explain(self, facts):
        (count,) = facts
        return self.env._("Bought by %(count)s customers", count=count)


class CrmOfferSourceDue(models.AbstractModel):
    """What the customer has used up, by the customer's own interval for the product.

    With interval m and deviation s the product is due from m - s on. Past m + 2s the suggestion
    fades: then the question is why the customer stopped buying it, not how much is wanted. An interval
    seen n times counts (n + 0.1) / (n + 1): most of what was bought once is not bought again, whatever
    the rhythm of those who do.
    """

    _name = "crm.offer.source.due"
    _inherit = ["crm.offer.source"]
    _description = "Due for replenishment"
    _source_code = "due"
    _weight_field = "crm_weight_due"

    @api.model
    def _suggest(self, partners, limit, baskets=None):
        return self._collect(
            SQL(
                """
                WITH fact AS (
                    SELECT partner_id, product_id, next_due_date, expected_interval, day_count,
                           (%(today)s - next_due_date)::float AS overdue,
                           GREATEST(COALESCE(interval_deviation, expected_interval / 4),
                                    expected_interval / 10, 1)
                               AS spread
                      FROM crm_customer_product
                     WHERE company_id = %(company)s
                       AND partner_id = ANY(%(partners)s)
                       AND next_due_date IS NOT NULL
                ), scored AS (
                    SELECT *,
                           (day_count - 0.9)::float / day_count *
                           CASE WHEN overdue < -spread THEN 0
                                WHEN overdue <= 2 * spread THEN 1
                                ELSE exp(-(overdue - 2 * spread) / GREATEST(expected_interval, 1))
                           END AS score
                      FROM fact
                ), ranked AS (
                    SELECT *, row_number() OVER (PARTITION BY partner_id
                                                 ORDER BY score DESC, next_due_date, product_id) AS place
                      FROM scored
                     WHERE score > 0.05
                )
                SELECT partner_id, product_id, score, next_due_date, expected_interval
                  FROM ranked
                 WHERE place <= %(limit)s
                """,
                today=self.env.company._crm_today(),
                company=self.env.company.id,
                partners=partners.ids,
                limit=limit,
            )
        )

    @api.model
    def _explain(self, facts):
        due_date, interval = facts
        days = (self.env.company._crm_today() - due_date).days
        if days > 0:
            return self.env._(
                "Due %(days)s days ago, usually every %(interval)s days",
                days=days,
                interval=round(interval),
            )
        return self.env._(
            "Due %(date)s, usually every %(interval)s days",
            date=format_date(self.env, due_date),
            interval=round(interval),
        )


class CrmOfferSourceTogether(models.AbstractModel):
    """What others order along with the products at hand, and this customer does not buy yet."""

    _name = "crm.offer.source.together"
    _inherit = ["crm.offer.source"]
    _description = "Bought together"
    _source_code = "together"
    _weight_field = "crm_weight_together"

    # Products of a customer that stand for his basket when none is at hand.
    _usual_basket_size = 10

    @api.model
    def _suggest(self, partners, limit, baskets=None):
        return self._collect(
            SQL(
                """
                WITH basket AS (%(basket)s), candidate AS (
                    SELECT basket.partner_id, pair.other_product_id AS product_id,
                           basket.product_id AS because,
                           basket.weight * pair.confidence * (1 - 1 / pair.lift) AS score,
                           row_number() OVER (PARTITION BY basket.partner_id, pair.other_product_id
                                              ORDER BY basket.weight * pair.confidence DESC,
                                                       basket.product_id)
                               AS place
                      FROM basket
                      JOIN crm_product_pair pair ON pair.company_id = %(company)s
                                                AND pair.product_id = basket.product_id
                     WHERE NOT EXISTS (SELECT FROM basket at_hand
                                        WHERE at_hand.partner_id = basket.partner_id
                                          AND at_hand.product_id = pair.other_product_id)
                       AND NOT EXISTS (SELECT FROM crm_customer_product own
                                        WHERE own.company_id = %(company)s
                                          AND own.partner_id = basket.partner_id
                                          AND own.product_id = pair.other_product_id)
                ), ranked AS (
                    SELECT *, row_number() OVER (PARTITION BY partner_id ORDER BY score DESC, product_id)
                               AS rank
                      FROM candidate
                     WHERE place = 1
                )
                SELECT partner_id, product_id, score, because FROM ranked WHERE rank <= %(limit)s
                """,
                basket=self._get_basket_query(partners, baskets),
                company=self.env.company.id,
                limit=limit,
            )
        )

    @api.model
    def _get_basket_query(self, partners, baskets):
        pairs = [
            (partner_id, product_id) for partner_id, ids in (baskets or {}).items() for product_id in ids
        ]
        if pairs:
            return SQL(
                "SELECT *, 1.0 AS weight FROM unnest(%s, %s) AS b (partner_id, product_id)",
                [partner_id for partner_id, _product_id in pairs],
                [product_id for _partner_id, product_id in pairs],
            )
        return SQL(
            """
            SELECT partner_id, product_id, weight
              FROM (SELECT partner_id, product_id, repeat_score AS weight,
                           row_number() OVER (PARTITION BY partner_id
                                              ORDER BY repeat_score DESC, product_id) AS place
                      FROM crm_customer_product
                     WHERE company_id = %s AND partner_id = ANY(%s)) AS usual
             WHERE place <= %s
            """,
            self.env.company.id,
            partners.ids,
            self._usual_basket_size,
        )

    @api.model
    def _explain(self, facts):
        (because,) = facts
        product = self.env["product.product"].browse(because)
        return self.env._("Often ordered with %(product)s", product=product.name)
