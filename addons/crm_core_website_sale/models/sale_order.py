from odoo import models
from odoo.fields import Domain
from odoo.tools import SQL


class SaleOrder(models.Model):
    """A cart is a draft order of a website. Once sent, by the shop or a salesperson, it is a quotation."""

    _inherit = "sale.order"

    _crm_fact_fields = frozenset({"website_id"})

    def _crm_is_cart_condition(self):
        return SQL(
            "(%s OR (o.website_id IS NOT NULL AND o.state = 'draft'))", super()._crm_is_cart_condition()
        )

    def _crm_not_a_cart_domain(self):
        quotation = Domain("website_id", "=", False) | Domain("state", "!=", "draft")
        return super()._crm_not_a_cart_domain() & quotation
