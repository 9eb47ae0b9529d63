from odoo import api, models


class StockReturnPicking(models.TransientModel):
    _inherit = "stock.return.picking"

    def _create_return(self):
        """A return made for a ticket shows on the ticket."""
        picking = super()._create_return()
        self.env["helpdesk.request"]._link_from_context(picking)
        return picking

    @api.model
    def _prepare_stock_return_picking_line_vals_from_move(self, stock_move):
        """What the request names is filled in."""
        values = super()._prepare_stock_return_picking_line_vals_from_move(stock_move)
        request = self.env["helpdesk.request"].browse(self.env.context.get("helpdesk_request_id"))
        if request.product_id == stock_move.product_id:
            values["quantity"] = min(request.quantity, stock_move.quantity)
        return values
