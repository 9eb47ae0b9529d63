from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

# Candidates each source brings per line wanted: enough for the filters to take some away.
POOL_FACTOR = 4
POOL_MINIMUM = 20
# Customers scored in one set of queries.
SUGGEST_BATCH = 1000


class CrmOffer(models.Model):
    """What to offer: the sources score, the weights of the company add up, business sense filters last."""

    _inherit = "crm.offer"

    @api.model
    def _suggest(self, partners, limit=None, baskets=None):
        """The products worth offering, best first, in the current company.

        :param partners: ``res.partner`` records that are commercial entities
        :param int limit: products per customer; None: as set in Settings
        :param dict baskets: products at hand, {partner id: [product id]}
        :return: {partner id: [(product id, score, source model, facts)]}
        """
        limit = limit or self.env.company.crm_offer_lines
        self.env.flush_all()  # the sources read by SQL
        result = {}
        for start in range(0, len(partners), SUGGEST_BATCH):
            batch = partners[start : start + SUGGEST_BATCH]
            result.update(self._suggest_batch(batch, limit, baskets))
        return result

    @api.model
    def _suggest_batch(self, partners, limit, baskets):
        allowed_partners = partners._crm_may_profile()
        candidates = self._collect_candidates(
            allowed_partners, max(limit * POOL_FACTOR, POOL_MINIMUM), baskets
        )
        blocked = self._get_blocked_pairs(partners)
        sellable = self._get_sellable_ids({pid for scores in candidates.values() for pid in scores})
        result = {}
        for partner_id in partners.ids:
            scores = candidates.get(partner_id, {})
            at_hand = set((baskets or {}).get(partner_id, ()))
            allowed = [
                (product_id, total, best[1], best[2])
                for product_id, (total, best) in scores.items()
                if product_id in sellable
                and product_id not in at_hand
                and (partner_id, product_id) not in blocked
            ]
            allowed.sort(key=lambda row: (-row[1], row[0]))
            result[partner_id] = allowed[:limit]
        return result

    @api.model
    def _collect_candidates(self, partners, pool, baskets):
        """Weighted sum over the sources.

        :return: {partner id: {product id: [total score, (best part, source, facts)]}}
        """
        candidates = defaultdict(dict)
        for source, weight in self.env["crm.offer.source"]._get_sources():
            for partner_id, rows in source._suggest(partners, pool, baskets).items():
                scores = candidates[partner_id]
                for product_id, score, facts in rows:
                    part = score * weight
                    known = scores.get(product_id)
                    if known is None:
                        scores[product_id] = [part, (part, source, facts)]
                    else:
                        known[0] += part
                        if part > known[1][0]:
                            known[1] = (part, source, facts)
        return candidates

    @api.model
    def _get_blocked_pairs(self, partners):
        """Customer and product pairs that business sense forbids: declined lately, sent back whole,
        a durable already owned.

        :return: set of (partner id, product id)
        """
        company = self.env.company
        declined_since = company._crm_today() - relativedelta(days=company.crm_offer_declined_days)
        return set(
            self.env.execute_query(
                SQL(
                    """
                    SELECT offer.commercial_partner_id, line.product_id
                      FROM crm_offer offer
                      JOIN crm_offer_line line ON line.offer_id = offer.id
                     WHERE offer.company_id = %(company)s
                       AND offer.commercial_partner_id = ANY(%(partners)s)
                       AND offer.state = 'declined'
                       AND offer.closed_at >= %(declined_since)s
                     UNION
                    SELECT fact.partner_id, fact.product_id
                      FROM crm_customer_product fact
                      JOIN product_product product ON product.id = fact.product_id
                      JOIN product_template template ON template.id = product.product_tmpl_id
                     WHERE fact.company_id = %(company)s
                       AND fact.partner_id = ANY(%(partners)s)
                       AND ((fact.returned_quantity > 0 AND fact.net_quantity <= 0)
                            OR (template.crm_is_durable AND fact.returned_quantity < fact.usual_quantity))
                    """,
                    company=company.id,
                    partners=partners.ids,
                    declined_since=declined_since,
                )
            )
        )

    @api.model
    def _get_sellable_ids(self, product_ids):
        """Those of the products that may be sold by the current company now.

        :rtype: set
        """
        company = self.env.company
        Product = self.env["product.product"].sudo()  # sudo: ids only; the caller reads as himself
        products = Product.search(self._get_sellable_domain(company) & Domain("id", "in", list(product_ids)))
        if company.crm_offer_stock_policy == "available":
            products = products.with_company(company).filtered(
                lambda product: not product.is_storable or product.free_qty > 0
            )
        return set(products.ids)

    @api.model
    def _get_sellable_domain(self, company):
        return (
            Domain("sale_ok", "=", True)
            & Domain("active", "=", True)
            & Domain("type", "!=", "combo")
            & Domain("id", "!=", company.sale_discount_product_id.id)
            & Domain("company_id", "in", [False, company.id])
        )

    @api.model
    def _prepare_suggested_lines(self, partner, suggestions):
        """Values of offer lines for one customer's suggestions, with quantity, price and reason.

        :param partner: the contact the offer is for
        :param suggestions: rows of :meth:`_suggest` for its commercial entity
        :return: list of dicts of ``crm.offer.line`` values
        """
        products = self.env["product.product"].browse([row[0] for row in suggestions])
        usual = self._get_usual_quantities(partner.commercial_partner_id, products)
        prices = self._get_prices(partner, [(product, usual.get(product.id, 1.0)) for product in products])
        return [
            {
                "product_id": product_id,
                "quantity": usual.get(product_id, 1.0),
                "price_unit": prices[product_id],
                "score": score,
                "source": source._source_code,
                "reason": source._explain(facts),
            }
            for product_id, score, source, facts in suggestions
        ]

    @api.model
    def _get_usual_quantities(self, commercial_partner, products):
        rows = (
            self.env["crm.customer.product"]
            .sudo()
            .search_fetch(  # sudo: quantities of a checked customer
                [
                    ("company_id", "=", self.env.company.id),
                    ("partner_id", "=", commercial_partner.id),
                    ("product_id", "in", products.ids),
                ],
                ["product_id", "usual_quantity"],
            )
        )
        return {row.product_id.id: row.usual_quantity for row in rows if row.usual_quantity > 0}

    @api.model
    def _get_prices(self, partner, quantities):
        """Unit prices from the customer's pricelist, one pricelist call per different quantity.

        :param quantities: list of (product record, quantity in the product's unit)
        :return: {product id: price in the pricelist's currency}
        """
        pricelist, currency = partner._crm_get_pricelist()
        by_quantity = defaultdict(list)
        for product, quantity in quantities:
            by_quantity[quantity].append(product.id)
        # Read together, whatever the quantities.
        every = self.env["product.product"].browse([product.id for product, _quantity in quantities])
        prices = {}
        for quantity, ids in by_quantity.items():
            products = every.browse(ids).with_prefetch(every._prefetch_ids)
            prices.update(pricelist._get_products_price(products, quantity, currency=currency))
        return prices
