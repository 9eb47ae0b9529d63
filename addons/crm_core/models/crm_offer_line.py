from odoo import api, fields, models


class CrmOfferLine(models.Model):
    _name = "crm.offer.line"
    _description = "Product of a Customer Offer"
    _order = "offer_id, sequence, id"
    _check_company_auto = True

    offer_id = fields.Many2one("crm.offer", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="offer_id.company_id", store=True, index=True)
    currency_id = fields.Many2one(related="offer_id.currency_id")
    sequence = fields.Integer(default=10)
    product_id = fields.Many2one(
        "product.product",
        required=True,
        index=True,
        check_company=True,
        domain=[("sale_ok", "=", True), ("type", "!=", "combo")],
    )
    product_uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")
    quantity = fields.Float(default=1.0, required=True, digits="Product Unit")
    price_unit = fields.Float(
        "Price",
        compute="_compute_price_unit",
        store=True,
        readonly=False,
        digits="Product Price",
        help="Untaxed price of one unit from the customer's pricelist.",
    )
    price_subtotal = fields.Monetary("Subtotal", compute="_compute_price_subtotal", store=True)

    # Why
    reason = fields.Char()
    source = fields.Char(readonly=True, help="The way the product was found.")
    score = fields.Float(readonly=True, digits=(6, 4), aggregator=None)

    _quantity_positive = models.Constraint("CHECK(quantity > 0)", "The quantity must be above 0.")
    _price_not_negative = models.Constraint("CHECK(price_unit >= 0)", "The price can't be negative.")

    @api.depends("product_id", "quantity", "offer_id.partner_id", "offer_id.pricelist_id")
    def _compute_price_unit(self):
        for line in self:
            if not line.product_id:
                line.price_unit = 0.0
                continue
            offer = line.offer_id
            pricelist = offer.pricelist_id.with_company(offer.company_id)
            line.price_unit = pricelist._get_product_price(
                line.product_id, line.quantity or 1.0, currency=offer.currency_id
            )

    @api.depends("quantity", "price_unit", "currency_id")
    def _compute_price_subtotal(self):
        for line in self:
            subtotal = line.quantity * line.price_unit
            line.price_subtotal = line.currency_id.round(subtotal) if line.currency_id else subtotal
