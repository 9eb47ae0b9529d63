from odoo import api, models
from odoo.fields import Domain

PREPAID = ("gift_card", "ewallet")


class CrmOffer(models.Model):
    _inherit = "crm.offer"

    @api.model
    def _get_sellable_domain(self, company):
        left_out = self._get_loyalty_products().ids
        return super()._get_sellable_domain(company) & Domain("id", "not in", left_out)

    @api.model
    def _get_loyalty_products(self):
        """Products that stand for a discount or for money paid in advance, of archived programs as well.

        A reward that gives away an ordinary product leaves that product to be offered.
        """
        env = self.sudo().with_context(active_test=False).env  # sudo: ids of products only
        rewards = env["loyalty.reward"].search([("discount_line_product_id", "!=", False)])
        programs = env["loyalty.program"].search([("program_type", "in", PREPAID)])
        return rewards.discount_line_product_id | programs.rule_ids.product_ids
