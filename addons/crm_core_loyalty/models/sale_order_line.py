from odoo import models
from odoo.tools import SQL


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    _crm_fact_fields = frozenset({"reward_id"})

    def _crm_not_a_product_conditions(self):
        return [*super()._crm_not_a_product_conditions(), SQL("l.reward_id IS NOT NULL")]
