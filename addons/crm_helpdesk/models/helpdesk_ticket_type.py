from odoo import fields, models


class HelpdeskTicketType(models.Model):
    """What a ticket is about: a question, a complaint, a return."""

    _name = "helpdesk.ticket.type"
    _description = "Ticket Type"
    _order = "sequence, name"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)

    _name_uniq = models.Constraint("UNIQUE (name)", "There is a type of that name already.")
