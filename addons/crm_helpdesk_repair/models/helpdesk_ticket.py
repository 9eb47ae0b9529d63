from odoo import models


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    def _get_after_sales_defaults(self):
        """The lot or serial number comes along, and says what the product is where nothing else does."""
        values = super()._get_after_sales_defaults()
        # sudo: ids of what the ticket is about, which the user sees
        ticket = self.sudo()
        product = ticket.product_id or ticket.lot_id.product_id
        if self and ticket.lot_id and ticket.lot_id.product_id == product:
            values |= {"product_id": product.id, "lot_id": ticket.lot_id.id}
        return values
