from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command, Domain
from odoo.tools import html2plaintext

from ..models.helpdesk_ticket_merge import SAID

PREVIEW = 120


class HelpdeskTicketSplit(models.TransientModel):
    """Open a ticket of its own from some messages of another one.

    Everything is computed with the rights of the user: he sees nothing here that he does not see elsewhere.
    """

    _name = "helpdesk.ticket.split"
    _description = "Split a Ticket"

    ticket_id = fields.Many2one(
        "helpdesk.ticket", string="From", required=True, default=lambda self: self._default_ticket()
    )
    company_id = fields.Many2one(related="ticket_id.company_id")
    name = fields.Char(
        string="Subject",
        required=True,
        compute="_compute_from_ticket",
        compute_sudo=False,
        precompute=True,
        store=True,
        readonly=False,
    )
    team_id = fields.Many2one(
        "helpdesk.team",
        required=True,
        compute="_compute_from_ticket",
        compute_sudo=False,
        precompute=True,
        store=True,
        readonly=False,
        domain="[('company_id', '=', company_id)]",
    )
    user_id = fields.Many2one(
        "res.users",
        string="Assigned to",
        compute="_compute_from_ticket",
        compute_sudo=False,
        precompute=True,
        store=True,
        readonly=False,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    mode = fields.Selection(
        [("move", "Move them into the new ticket"), ("copy", "Copy them, and keep them here as well")],
        string="The Messages",
        required=True,
        default="move",
    )
    line_ids = fields.One2many(
        "helpdesk.ticket.split.line",
        "wizard_id",
        string="Messages",
        compute="_compute_line_ids",
        compute_sudo=False,
        store=True,
        readonly=False,
    )

    @api.model
    def _default_ticket(self):
        if self.env.context.get("active_model") == "helpdesk.ticket":
            return self.env.context.get("active_id")
        return False

    @api.depends("ticket_id")
    def _compute_from_ticket(self):
        for wizard in self:
            ticket = wizard.ticket_id
            wizard.name, wizard.team_id, wizard.user_id = ticket.name, ticket.team_id, ticket.user_id

    @api.depends("ticket_id")
    def _compute_line_ids(self):
        for wizard in self:
            messages = wizard._get_messages()
            wizard.line_ids = [
                Command.clear(),
                *(Command.create({"message_id": message.id}) for message in messages),
            ]

    def _get_messages(self):
        """What was said in the ticket, the newest first."""
        said = Domain("model", "=", "helpdesk.ticket") & Domain("res_id", "=", self.ticket_id.id)
        return self.env["mail.message"].search(said & Domain("message_type", "in", SAID), order="id desc")

    def action_split(self):
        """Open the new ticket with the chosen messages."""
        self.ensure_one()
        messages = self.line_ids.filtered("is_taken").message_id & self._get_messages()
        if not messages:
            raise UserError(self.env._("Choose the messages that the new ticket is about."))
        ticket = self.ticket_id._split(
            messages, self.mode, {"name": self.name, "team_id": self.team_id.id, "user_id": self.user_id.id}
        )
        return ticket.get_formview_action()


class HelpdeskTicketSplitLine(models.TransientModel):
    """A message of the ticket that is split."""

    _name = "helpdesk.ticket.split.line"
    _description = "Message of a Ticket to Split"
    _order = "message_id desc"

    wizard_id = fields.Many2one("helpdesk.ticket.split", required=True, ondelete="cascade")
    is_taken = fields.Boolean("Take")
    message_id = fields.Many2one("mail.message", required=True, readonly=True, ondelete="cascade")
    date = fields.Datetime(related="message_id.date")
    author = fields.Char(compute="_compute_look", compute_sudo=False)
    preview = fields.Char("What Was Said", compute="_compute_look", compute_sudo=False)

    @api.depends("message_id")
    def _compute_look(self):
        for line in self:
            message = line.message_id
            words = " ".join(html2plaintext(message.body or "").split())
            line.author = message.author_id.name or message.email_from
            line.preview = words if len(words) <= PREVIEW else f"{words[:PREVIEW]}…"
