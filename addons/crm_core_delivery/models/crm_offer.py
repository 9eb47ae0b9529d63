from odoo import api, models
from odoo.fields import Domain


class CrmOffer(models.Model):
    _inherit = "crm.offer"

    @api.model
    def _get_sellable_domain(self, company):
        carriers = self.env["delivery.carrier"].sudo()  # sudo: which products are fees, nothing else
        # Also of methods no longer offered: their fee is no product either. No query of its own.
        fees = carriers.with_context(active_test=False)._search([("product_id", "!=", False)])
        return super()._get_sellable_domain(company) & Domain("id", "not in", fees.subselect("product_id"))
