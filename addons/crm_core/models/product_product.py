from odoo import models


class ProductProduct(models.Model):
    _inherit = "product.product"

    def unlink(self):
        result = super().unlink()
        if self:
            self.env["crm.customer.product"]._forget("product_id", self)
        return result
