from collections import defaultdict

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import SQL

# Candidates each source brings per line wanted: enough for the filters to take some away.
POOL_FACTOR = 4
POOL_MINIMUM = 20
# Customers scored in one set of queries.
SUGGEST_BATCH = 1000


class CrmOffer(models.Model):
    """Products we want to offer a customer, why, at which price, and what became of it."""

    _name = "crm.offer"
    _description = "Customer Offer"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(default=lambda self: self.env._("New"), readonly=True, copy=False)
    partner_id = fields.Many2one(
        "res.partner",
        "Customer",
        required=True,
        index=True,
        ondelete="restrict",
        check_company=True,
    )
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        store=True,
        index=True,
        string="Commercial Entity",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users", "Salesperson", default=lambda self: self.env.user, index=True, tracking=True
    )
    state = fields.Selection(
        [
            ("draft", "Draft"),
            ("proposed", "Proposed"),
            ("accepted", "Accepted"),
            ("declined", "Declined"),
            ("expired", "Expired"),
        ],
        default="draft",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        tracking=True,
    )

    # What is offered
    line_ids = fields.One2many("crm.offer.line", "offer_id", "Products", copy=True)
    pricelist_id = fields.Many2one(
        "product.pricelist",
        compute="_compute_pricelist_id",
        store=True,
        readonly=False,
        check_company=True,
    )
    currency_id = fields.Many2one("res.currency", compute="_compute_currency_id", store=True)
    amount_untaxed = fields.Monetary("Total", compute="_compute_amount_untaxed", store=True)
    valid_until = fields.Date(default=lambda self: self._default_valid_until(), copy=False)

    # What became of it
    opportunity_id = fields.Many2one("crm.lead", index="btree_not_null", check_company=True, copy=False)
    sale_order_id = fields.Many2one(
        "sale.order",
        "Quotation",
        readonly=True,
        copy=False,
        index="btree_not_null",
        check_company=True,
    )
    proposed_by_id = fields.Many2one("res.users", readonly=True, copy=False)
    proposed_at = fields.Datetime(readonly=True, copy=False)
    closed_at = fields.Datetime("Answered", readonly=True, copy=False)
    decline_reason = fields.Char(copy=False)
    batch_id = fields.Many2one(
        "crm.offer.batch", readonly=True, copy=False, index="btree_not_null", ondelete="set null"
    )
    # Given by the screen that asked for it: the same click twice makes one offer.
    request_key = fields.Char(readonly=True, copy=False)

    _request_key_uniq = models.UniqueIndex("(request_key) WHERE request_key IS NOT NULL")

    # ------------------------------------------------------------------
    # Defaults, computes, constraints
    # ------------------------------------------------------------------

    @api.model
    def _default_valid_until(self):
        company = self.env.company
        return company._crm_today() + relativedelta(days=company.crm_offer_validity_days)

    @api.depends("partner_id", "company_id")
    def _compute_pricelist_id(self):
        for offer in self:
            partner = offer.partner_id.with_company(offer.company_id)
            offer.pricelist_id = partner.property_product_pricelist

    @api.depends("pricelist_id", "company_id")
    def _compute_currency_id(self):
        for offer in self:
            offer.currency_id = offer.pricelist_id.currency_id or offer.company_id.currency_id

    @api.depends("line_ids.price_subtotal")
    def _compute_amount_untaxed(self):
        for offer in self:
            offer.amount_untaxed = sum(offer.line_ids.mapped("price_subtotal"))

    @api.constrains("partner_id", "opportunity_id")
    def _check_opportunity(self):
        for offer in self.filtered("opportunity_id"):
            lead_customer = offer.opportunity_id.partner_id.commercial_partner_id
            if lead_customer and lead_customer != offer.partner_id.commercial_partner_id:
                raise ValidationError(
                    self.env._(
                        "The opportunity “%(opportunity)s” belongs to another customer.",
                        opportunity=offer.opportunity_id.name,
                    )
                )

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            if "name" not in vals:
                company = self.env["res.company"].browse(vals.get("company_id")) or self.env.company
                sequence = self.env["ir.sequence"].with_company(company)
                vals["name"] = sequence.next_by_code("crm.offer") or self.env._("New")
        return super().create(vals_list)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_answered(self):
        if self.filtered(lambda offer: offer.state in ("proposed", "accepted")):
            raise UserError(
                self.env._("An offer that became a quotation can't be deleted. Cancel its quotation instead.")
            )

    # ------------------------------------------------------------------
    # From offer to quotation
    # ------------------------------------------------------------------

    def action_create_quotation(self) -> dict:
        """Turn the offer into an ordinary quotation, or open the one it already became.

        Idempotent: the offer's row is locked, a second call returns the same quotation.

        :return: the action that opens the quotation, ``res_id`` is its id
        :raise UserError: no lines, expired, declined, or a product that can't be sold any more
        """
        self.ensure_one()
        self._make_quotation()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Quotation"),
            "res_model": "sale.order",
            "res_id": self.sale_order_id.id,
            "views": [[False, "form"]],
            "view_mode": "form",
        }

    def _make_quotation(self):
        """:return: the quotation, new or existing"""
        self.check_access("write")
        self.lock_for_update()
        self.invalidate_recordset(["sale_order_id", "state"])
        if self.sale_order_id:
            return self.sale_order_id
        self._check_can_be_proposed()
        order = self.env["sale.order"].with_company(self.company_id).create(self._prepare_order_values())
        # The customer was shown these prices; a pricelist that changed since must not break the word.
        for offer_line, order_line in zip(self.line_ids, order.order_line, strict=True):
            if order.currency_id.compare_amounts(order_line.price_unit, offer_line.price_unit):
                order_line.price_unit = offer_line.price_unit
        self.sale_order_id = order
        self._set_proposed()
        return order

    def _check_can_be_proposed(self):
        if self.state not in ("draft", "proposed"):
            states = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "The offer %(offer)s is %(state)s. Make a new one.",
                    offer=self.name,
                    state=states[self.state].lower(),
                )
            )
        if not self.line_ids:
            raise UserError(self.env._("The offer %s has no products. Add one first.", self.name))
        blocked = self.line_ids.product_id.filtered(lambda product: not (product.active and product.sale_ok))
        if blocked:
            raise UserError(
                self.env._(
                    "No longer sold: %s. Remove it from the offer.",
                    ", ".join(blocked.mapped("display_name")),
                )
            )

    def _prepare_order_values(self):
        """Values of the quotation; all else (terms, taxes, addresses) is the ERP's own default."""
        self.ensure_one()
        values = {
            "partner_id": self.partner_id.id,
            "company_id": self.company_id.id,
            "user_id": self.user_id.id,
            "origin": self.name,
            "validity_date": self.valid_until,
            "opportunity_id": self.opportunity_id.id,
            "crm_offer_id": self.id,
            "order_line": [
                Command.create({"product_id": line.product_id.id, "product_uom_qty": line.quantity})
                for line in self.line_ids
            ],
        }
        if self.pricelist_id:
            values["pricelist_id"] = self.pricelist_id.id
        team = self.opportunity_id.team_id
        if team:
            values["team_id"] = team.id
        return values

    def action_decline(self, reason: str | None = None) -> bool:
        """The customer said no; its products stay silent for the days set in Settings.

        :param reason: why, in the customer's words
        """
        self.check_access("write")
        self._set_declined(reason or self.decline_reason)
        return True

    def action_reset(self):
        """Back to draft, to be offered anew."""
        if self.filtered("sale_order_id"):
            raise UserError(self.env._("This offer became a quotation; work on that one."))
        self.write(
            {
                "state": "draft",
                "closed_at": False,
                "decline_reason": False,
                "valid_until": self._default_valid_until(),
            }
        )
        return True

    def _set_proposed(self):
        self.write(
            {
                "state": "proposed",
                "closed_at": False,
                "decline_reason": False,
                "proposed_by_id": self.env.uid,
                "proposed_at": fields.Datetime.now(),
            }
        )

    def _set_accepted(self):
        self.write({"state": "accepted", "closed_at": fields.Datetime.now(), "decline_reason": False})

    def _set_declined(self, reason):
        self.write({"state": "declined", "closed_at": fields.Datetime.now(), "decline_reason": reason})

    @api.model
    def _cron_expire(self):
        """Close offers past their day, company by company in its own days."""
        for company in self.env["res.company"]._crm_all():
            self.search(
                [
                    ("company_id", "=", company.id),
                    ("state", "in", ("draft", "proposed")),
                    ("valid_until", "<", company._crm_today()),
                ]
            ).write({"state": "expired", "closed_at": fields.Datetime.now()})

    # ------------------------------------------------------------------
    # The engine: what to offer
    # ------------------------------------------------------------------

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
        candidates = self._collect_candidates(partners, max(limit * POOL_FACTOR, POOL_MINIMUM), baskets)
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
        products = (
            self.env["product.product"]
            .sudo()
            .search(  # sudo: ids only; the caller reads as himself
                self._get_sellable_domain(company) & Domain("id", "in", list(product_ids))
            )
        )
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
        partner = partner.with_company(self.env.company)
        pricelist = partner.property_product_pricelist
        by_quantity = defaultdict(lambda: self.env["product.product"])
        for product, quantity in quantities:
            by_quantity[quantity] |= product
        prices = {}
        for quantity, products in by_quantity.items():
            prices.update(
                pricelist._get_products_price(
                    products,
                    quantity,
                    currency=pricelist.currency_id or self.env.company.currency_id,
                )
            )
        return prices
