from odoo import api, fields, models


class HelpdeskTicketSolve(models.TransientModel):
    """Asks whether the open parts of a ticket are solved with it."""

    _name = "helpdesk.ticket.solve"
    _description = "Solve Tickets with Their Parts"

    ticket_ids = fields.Many2many("helpdesk.ticket", string="Tickets", required=True)
    part_ids = fields.Many2many(
        "helpdesk.ticket", string="Open Parts", compute="_compute_part_ids", compute_sudo=False
    )

    is_solved = fields.Boolean(compute="_compute_part_ids", help="Only the parts are left.")

    @api.depends("ticket_ids")
    def _compute_part_ids(self):
        for wizard in self:
            wizard.part_ids = wizard.ticket_ids._origin._get_open_parts()
            wizard.is_solved = all(wizard.ticket_ids.mapped("is_closed"))

    def action_solve_all(self):
        """Solve the tickets and their open parts."""
        (self.ticket_ids | self.part_ids).with_context(helpdesk_parts_decided=True).action_close()
        return {"type": "ir.actions.act_window_close"}

    def action_solve_alone(self):
        """Solve the tickets; their parts stay open."""
        self.ticket_ids.with_context(helpdesk_parts_decided=True).action_close()
        return {"type": "ir.actions.act_window_close"}
