from odoo import fields, models


class ProductTemplate(models.Model):
    _inherit = "product.template"

    crm_is_durable = fields.Boolean(
        "Bought Once",
        help="A durable: a customer who owns one is not offered another.",
    )
