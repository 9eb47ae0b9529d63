from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

# What the ERP makes by hand for one customer, with a code.
PROGRAM_TYPES = ("coupons", "gift_card")


class HelpdeskRequest(models.Model):
    _inherit = "helpdesk.request"

    kind = fields.Selection(
        selection_add=[("coupon", "Coupon"), ("quotation",)], ondelete={"coupon": "cascade"}
    )
    coupon_program_id = fields.Many2one(
        "loyalty.program",
        string="Program",
        index="btree_not_null",
        domain="[('program_type', 'in', ('coupons', 'gift_card')), "
        "'|', ('company_id', '=', False), ('company_id', 'parent_of', company_id)]",
    )
    coupon_points = fields.Float(
        string="Value",
        default=1.0,
        help="Points of a coupon, money of a gift card: what the program calls them stands beside.",
    )
    coupon_point_name = fields.Char(related="coupon_program_id.portal_point_name", related_sudo=True)
    coupon_valid_until = fields.Date(string="Valid until")
    coupon_send = fields.Boolean(
        string="Send by E-Mail", help="The customer gets the mail of the program, with the code."
    )
    coupon_can_mail = fields.Boolean(compute="_compute_coupon_can_mail", compute_sudo=True)
    coupon_code = fields.Char(
        string="Code", compute="_compute_coupon_code", help="For those who may read coupons."
    )

    @api.depends("coupon_program_id")
    def _compute_coupon_can_mail(self):
        for request in self:
            plans = request.coupon_program_id.communication_plan_ids
            request.coupon_can_mail = "create" in plans.mapped("trigger")

    @api.depends("res_model", "res_id")
    @api.depends_context("uid")
    def _compute_coupon_code(self):
        """The code is money: the rights of the reader on the card decide."""
        for request in self:
            card = request._get_document() if request.res_model == "loyalty.card" else None
            request.coupon_code = card.code if card and card.has_access("read") else False

    @api.constrains("coupon_program_id", "coupon_points", "company_id", "kind")
    def _check_coupon(self):
        for request in self.filtered(lambda request: request.kind == "coupon"):
            program = request.coupon_program_id
            if program.company_id and program.company_id not in request.company_id.parent_ids:
                raise ValidationError(self.env._("%s belongs to another company.", program.name))
            if program and program.program_type not in PROGRAM_TYPES:
                raise ValidationError(self.env._("Of %s no single coupons are made.", program.name))
            if request.coupon_points <= 0:
                raise ValidationError(self.env._("The value must be more than nothing."))

    @api.model
    def _get_document_models(self):
        return {**super()._get_document_models(), "coupon": "loyalty.card"}

    @api.model
    def _get_tools(self):
        return {**super()._get_tools(), "coupon": "loyalty.generate.wizard"}

    @api.model
    def _get_choices(self):
        coupon = {"coupon_program_id", "coupon_points", "coupon_valid_until", "coupon_send"}
        return super()._get_choices() | coupon

    def _describe_document(self, document):
        """Never the code: its name and state are for everybody who sees the ticket."""
        if document._name != "loyalty.card":
            return super()._describe_document(document)
        return document.program_id.display_name, self._describe_coupon(document)

    def _describe_coupon(self, card):
        """As the ERP decides when somebody types the code.

        :return: state in words
        """
        needed = min(card.program_id.reward_ids.mapped("required_points"), default=0)
        if not card.active:
            return self.env._("Archived")
        if card.points <= 0 or card.points < needed:
            return self.env._("Used")
        if card.expiration_date and card.expiration_date < fields.Date.context_today(self):
            return self.env._("Expired")
        if any(card.history_ids.mapped("used")):
            return self.env._("%s left", card.points_display)
        return self.env._("Unused")

    # Carrying it out ----------------------------------------------------------

    def _carry_out_coupon(self):
        """The ERP's own wizard makes it, with the rights of the user."""
        customer = self._get_customer()
        self._check_coupon_ready(customer)
        wizard = (
            self.env["loyalty.generate.wizard"]
            .with_company(self.company_id)
            .create(self._prepare_coupon_wizard_values(customer))
        )
        # A customer the wizard doesn't find, archived or out of sight, means everybody to it.
        if wizard._get_partners() != customer:
            raise UserError(
                self.env._("%s is archived, or you have no access to him.", customer.display_name)
            )
        card = wizard.with_context(loyalty_no_mail=not self.coupon_send).generate_coupons()
        self._link_document(card)
        return self.action_open_document()

    def _check_coupon_ready(self, customer):
        """
        :raise UserError: what is missing
        """
        if not self.coupon_program_id:
            raise UserError(self.env._("Choose the program."))
        if self.coupon_valid_until and self.coupon_valid_until < fields.Date.context_today(self):
            raise UserError(self.env._("The coupon would have expired already."))
        if not self.coupon_send:
            return
        if not self.coupon_can_mail:
            raise UserError(
                self.env._("%s has no mail for new coupons: don't send it.", self.coupon_program_id.name)
            )
        if not customer.email:
            raise UserError(self.env._("%s has no e-mail address.", customer.display_name))
        allowed, reason = customer.with_company(self.company_id)._crm_may_contact("email", "service")
        if not allowed:
            raise UserError(self.env._("No e-mail to %(name)s: %(why)s", name=customer.name, why=reason))

    def _prepare_coupon_wizard_values(self, customer):
        """:return: values of the wizard"""
        return {
            "program_id": self.coupon_program_id.id,
            "mode": "selected",
            "customer_ids": customer.ids,
            "points_granted": self.coupon_points,
            "valid_until": self.coupon_valid_until,
            # sudo: the number alone; the customer reads it beside his points
            "description": self.env._("Ticket %s", self.sudo().ticket_id.number),
        }
