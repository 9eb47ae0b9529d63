from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain


class AccountAnalyticLine(models.Model):
    _inherit = "account.analytic.line"

    helpdesk_ticket_id = fields.Many2one(
        "helpdesk.ticket",
        string="Ticket",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('company_id', '=?', company_id)]",
    )

    # Computes of the ERP ------------------------------------------------------

    @api.depends("helpdesk_ticket_id.partner_id")
    def _compute_partner_id(self):
        result = super()._compute_partner_id()
        for line in self._get_of_tickets():
            if line._is_not_billed():
                line.partner_id = line.helpdesk_ticket_id.partner_id or line.partner_id
        return result

    @api.depends("helpdesk_ticket_id.commercial_partner_id")
    def _compute_commercial_partner(self):
        result = super()._compute_commercial_partner()
        for line in self._get_of_tickets():
            # sudo: as the ERP does for the customer of a task
            customer = line.helpdesk_ticket_id.sudo().commercial_partner_id
            line.commercial_partner_id = customer or line.commercial_partner_id
        return result

    @api.depends("helpdesk_ticket_id.sale_line_id", "helpdesk_ticket_id.commercial_partner_id")
    def _compute_so_line(self):
        return super()._compute_so_line()

    def _timesheet_determine_sale_line(self):
        """What the ticket was bought with; what the project sells only to the same customer."""
        line = super()._timesheet_determine_sale_line()
        if self not in self._get_of_tickets():
            return line
        ticket = self.helpdesk_ticket_id
        if ticket.sale_line_id:
            return ticket.sale_line_id
        customer = line and line.order_partner_id.commercial_partner_id
        return line if customer and customer == ticket.commercial_partner_id else False

    def _get_of_tickets(self):
        """Time of a task is the task's, whatever ticket it names.

        :rtype: account.analytic.line
        """
        return self.filtered(lambda line: line.helpdesk_ticket_id and line.project_id and not line.task_id)

    # Constraints --------------------------------------------------------------

    @api.constrains("helpdesk_ticket_id", "project_id", "company_id")
    def _check_helpdesk_ticket(self):
        for line in self.filtered("helpdesk_ticket_id"):
            if not line.project_id:
                raise ValidationError(self.env._("Time of a ticket needs a project."))
            if line.company_id != line.helpdesk_ticket_id.company_id:
                raise ValidationError(
                    self.env._(
                        "%s belongs to another company than the time.", line.helpdesk_ticket_id.display_name
                    )
                )

    # Create and write ---------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        default = self.env.context.get("default_helpdesk_ticket_id")
        tickets = self.env["helpdesk.ticket"]
        return super().create(
            [
                self._fill_in_of_ticket(vals, tickets.browse(vals.get("helpdesk_ticket_id", default)))
                for vals in vals_list
            ]
        )

    def write(self, vals):
        if vals.get("helpdesk_ticket_id"):
            self.env["helpdesk.ticket"].browse(vals["helpdesk_ticket_id"]).check_access("read")
        return super().write(vals)

    @api.model
    def _fill_in_of_ticket(self, vals, ticket):
        """:return: values with the project and the company of the ticket, where they name none"""
        if not ticket:
            return vals
        ticket.check_access("read")
        # sudo: the ids of team, project and company of a ticket the user sees
        own = ticket.sudo()
        project = own.project_id or own.team_id.project_id
        project_id = self.env.context.get("default_project_id") or project.id
        named = vals.get("project_id") or vals.get("task_id")
        if not named and not project_id:
            raise UserError(
                self.env._(
                    "The team %s has no project to book time in: a manager names one.", own.team_id.name
                )
            )
        filled = {**vals, "company_id": vals.get("company_id") or own.company_id.id}
        return filled if named else {**filled, "project_id": project_id}

    # Portal -------------------------------------------------------------------

    def _timesheet_get_portal_domain(self):
        """Customers see no time of tickets: the pages of the ERP read as superuser."""
        domain = Domain(super()._timesheet_get_portal_domain())
        if self.env.user._is_internal():
            return domain
        return domain & Domain("helpdesk_ticket_id", "=", False)
