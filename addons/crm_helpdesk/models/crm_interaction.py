from odoo import fields, models


class CrmInteraction(models.Model):
    _inherit = "crm.interaction"

    kind = fields.Selection(
        selection_add=[("ticket", "Ticket"), ("ticket_closed", "Ticket Solved")],
        ondelete={"ticket": "cascade", "ticket_closed": "cascade"},
    )
