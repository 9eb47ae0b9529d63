from odoo import fields, models


class HelpdeskStage(models.Model):
    _inherit = "helpdesk.stage"

    customer_name = fields.Char(
        string="Name for Customers",
        translate=True,
        help="How the portal calls this stage; empty: in words that follow from its kind.",
    )
