from odoo import api, fields, models


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    has_coupon = fields.Boolean(compute="_compute_has_coupon")

    @api.depends("request_ids.kind")
    def _compute_has_coupon(self):
        for ticket in self:
            ticket.has_coupon = "coupon" in ticket.request_ids.mapped("kind")
