from odoo import api, fields, models
from odoo.exceptions import UserError


class HelpdeskTicketMergeWizard(models.TransientModel):
    """Merge the tickets of a list, or the one of a form, into another one."""

    _name = "helpdesk.ticket.merge"
    _description = "Merge Tickets"

    ticket_ids = fields.Many2many(
        "helpdesk.ticket", string="Tickets", default=lambda self: self._default_tickets()
    )
    is_several = fields.Boolean(compute="_compute_is_several")
    company_id = fields.Many2one("res.company", compute="_compute_is_several")
    target_id = fields.Many2one(
        "helpdesk.ticket",
        string="Go on in",
        required=True,
        compute="_compute_target_id",
        compute_sudo=False,  # suggests only what the user may see
        store=True,
        readonly=False,
        precompute=True,
        domain="is_several and [('id', 'in', ticket_ids)] or "
        "[('id', 'not in', ticket_ids), ('company_id', '=', company_id)]",
        help="Gets the messages, files, activities and followers of the others, which are put away.",
    )
    source_ids = fields.Many2many(
        "helpdesk.ticket", string="Put away", compute="_compute_source_ids", compute_sudo=False
    )
    warning = fields.Text(compute="_compute_source_ids", compute_sudo=False)
    is_confirmed = fields.Boolean("Merge nevertheless")

    @api.model
    def _default_tickets(self):
        if self.env.context.get("active_model") != "helpdesk.ticket":
            return False
        tickets = self.env["helpdesk.ticket"].browse(self.env.context.get("active_ids", []))
        return tickets.exists().filtered(lambda ticket: not ticket.merged_into_id)

    @api.depends("ticket_ids")
    def _compute_is_several(self):
        for wizard in self:
            wizard.is_several = len(wizard.ticket_ids) > 1
            wizard.company_id = wizard.ticket_ids[:1].company_id

    @api.depends("ticket_ids")
    def _compute_target_id(self):
        for wizard in self:
            wizard.target_id = self.env["helpdesk.ticket"]._suggest_merge_target(wizard.ticket_ids._origin)

    @api.depends("ticket_ids", "target_id")
    def _compute_source_ids(self):
        for wizard in self:
            sources = wizard.ticket_ids._origin - wizard.target_id
            wizard.source_ids = sources
            warnings = sources._get_merge_warnings(wizard.target_id) if wizard.target_id else []
            wizard.warning = "\n".join(warnings)

    def action_merge(self):
        """Merge, and open what is left."""
        self.ensure_one()
        if not self.source_ids:
            raise UserError(self.env._("Choose at least two tickets, none of them merged already."))
        if self.warning and not self.is_confirmed:
            raise UserError(self.env._("Please confirm first:\n%s", self.warning))
        target_id = self.source_ids.merge_into(self.target_id.id)
        return self.env["helpdesk.ticket"].browse(target_id).get_formview_action()
