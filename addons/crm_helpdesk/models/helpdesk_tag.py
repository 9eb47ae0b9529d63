from random import randint

from odoo import fields, models


class HelpdeskTag(models.Model):
    """A word by which tickets are found, and by which the right person gets them."""

    _name = "helpdesk.tag"
    _description = "Ticket Tag"
    _order = "name"

    name = fields.Char(required=True, translate=True)
    color = fields.Integer(default=lambda self: randint(1, 11))

    _name_uniq = models.Constraint("UNIQUE (name)", "There is a tag of that name already.")
