from odoo import api, fields, models
from odoo.tools import is_html_empty

from .helpdesk_ticket import PRIORITIES

# Taken over as they are, where the template says something.
FILLED = ("team_id", "type_id", "priority", "tag_ids", "ticket_properties")


class HelpdeskTicketTemplate(models.Model):
    """What is always the same in tickets of one kind, filled in by one choice."""

    _name = "helpdesk.ticket.template"
    _description = "Ticket Template"
    _order = "sequence, name, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company", compute="_compute_company_id", store=True, readonly=False, index=True
    )
    team_id = fields.Many2one("helpdesk.team", index="btree_not_null", help="None: the team stays as it is.")
    type_id = fields.Many2one("helpdesk.ticket.type")
    tag_ids = fields.Many2many("helpdesk.tag", string="Tags")
    priority = fields.Selection(PRIORITIES)
    subject = fields.Char(translate=True, help="Filled in where the ticket has no subject yet.")
    description = fields.Html(
        translate=True,
        help="Questions to ask the customer, or steps to go through; filled in where the ticket has no"
        " description yet.",
    )
    ticket_properties = fields.Properties(
        "Properties", definition="team_id.ticket_properties_definition", copy=True
    )

    @api.depends("team_id")
    def _compute_company_id(self):
        for template in self.filtered("team_id"):
            template.company_id = template.team_id.company_id


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    template_id = fields.Many2one(
        "helpdesk.ticket.template",
        copy=False,
        index="btree_not_null",
        domain="['|', ('company_id', '=', False), ('company_id', '=', company_id)]",
        help="Fills in what such tickets have in common; everything can be changed afterwards.",
    )

    @api.onchange("template_id")
    def _onchange_template_id(self):
        template = self.template_id
        for name in FILLED:
            if template[name]:
                self[name] = template[name]
        if template.subject and not self.name:
            self.name = template.subject
        if not is_html_empty(template.description) and is_html_empty(self.description):
            self.description = template.description
