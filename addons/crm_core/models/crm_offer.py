from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command


class CrmOffer(models.Model):
    """Products we want to offer a customer, why, at which price, and what became of it."""

    _name = "crm.offer"
    _description = "Customer Offer"
    _inherit = ["portal.mixin", "mail.thread", "mail.activity.mixin"]
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

    is_in_portal = fields.Boolean(
        "Open to the Customer",
        readonly=True,
        copy=False,
        help="The customer sees it in the portal, and may accept or decline it.",
    )

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

    # ------------------------------------------------------------------
    # In the portal
    # ------------------------------------------------------------------

    def _compute_access_url(self):
        result = super()._compute_access_url()
        for offer in self:
            offer.access_url = f"/my/offers/{offer.id}"
        return result

    def action_show_to_customer(self) -> bool:
        """Open the offer to the customer in the portal, where it can be accepted or declined.

        :raise UserError: no lines, expired, declined, or a product that can't be sold any more
        """
        self.check_access("write")
        for offer in self:
            offer._check_can_be_proposed()
            offer._portal_ensure_token()
            if offer.state == "draft":
                offer._set_proposed()
        self.is_in_portal = True
        return True

    def action_preview_in_portal(self):
        """Open the page the customer sees."""
        self.ensure_one()
        return {"type": "ir.actions.act_url", "target": "self", "url": self.get_portal_url()}

    def _accept_in_portal(self, person):
        """The customer accepts: the quotation is made as if the salesperson had, ready to sign and pay.

        :param person: who accepts, checked by the controller
        :return: the quotation
        :raise UserError: the offer is not open any more
        """
        self.ensure_one()
        maker = self.user_id.filtered("active") or self.env.ref("base.user_admin")
        # sudo: the customer may have this offer made into his quotation, and nothing else
        offer = self.with_user(maker).sudo().with_company(self.company_id)
        order = offer._make_quotation()
        if order.state == "draft":
            order.action_quotation_sent()
        self.env["crm.portal.act"]._record(person, "offer_accepted", offer.name)
        return order

    def _decline_in_portal(self, person, reason=None):
        """The customer declines.

        :raise UserError: the offer is not open any more, or is a quotation already
        """
        self.ensure_one()
        offer = self.sudo()  # sudo: the answer of the customer, checked by the controller
        offer.lock_for_update()
        offer.invalidate_recordset(["state", "sale_order_id"])
        if offer.state != "proposed" or offer.sale_order_id:
            raise UserError(self.env._("This offer is not open any more."))
        offer._set_declined((reason or "").strip()[:200] or self.env._("Declined in the portal"))
        self.env["crm.portal.act"]._record(person, "offer_declined", offer.name)

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
