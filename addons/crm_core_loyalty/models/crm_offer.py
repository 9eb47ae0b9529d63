from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

PREPAID = ("gift_card", "ewallet")


class CrmOffer(models.Model):
    _inherit = "crm.offer"

    @api.model
    def _get_sellable_domain(self, company):
        domain = super()._get_sellable_domain(company)
        for products in self._get_loyalty_products():
            domain &= Domain("id", "not in", products)
        return domain

    @api.model
    def _get_loyalty_products(self):
        """Products that stand for a discount or for money paid in advance, of archived programs as well.

        A reward that gives away an ordinary product leaves that product to be offered.

        :return: sub-selects of ids, which cost no query of their own
        :rtype: list[SQL]
        """
        env = self.sudo().with_context(active_test=False).env  # sudo: ids of products only
        rewards = env["loyalty.reward"]._search([("discount_line_product_id", "!=", False)])
        rules = env["loyalty.rule"]._search([("program_id.program_type", "in", PREPAID)])
        link = env["loyalty.rule"]._fields["product_ids"]
        prepaid = SQL(
            "(SELECT %s FROM %s WHERE %s IN %s)",
            SQL.identifier(link.column2),
            SQL.identifier(link.relation),
            SQL.identifier(link.column1),
            rules.subselect(),
        )
        return [rewards.subselect("discount_line_product_id"), prepaid]
