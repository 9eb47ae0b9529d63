from odoo import api, models
from odoo.fields import Domain

PREPAID = ("gift_card", "ewallet")


class CrmOffer(models.Model):
    _inherit = "crm.offer"

    @api.model
    def _get_sellable_domain(self, company):
        return super()._get_sellable_domain(company) & Domain(
            "id", "not in", self._get_loyalty_products().ids
        )

    @api.model
    def _get_loyalty_products(self):
        """Products that stand for a discount or for money paid in advance, of archived programs as well.

        A reward that gives away an ordinary product leaves that product to be offered.
        """
        programs = (
            self.env["loyalty.program"].sudo().with_context(active_test=False)
        )  # sudo: product ids only
        discounts = programs.env["loyalty.reward"].search([]).discount_line_product_id
        return discounts | programs.search([("program_type", "in", PREPAID)]).rule_ids.product_ids
