from odoo import models


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # The margins and costs of the lines arrive here.
    _crm_fact_fields = frozenset({"margin"})
