from datetime import timedelta

from odoo import api, models
from odoo.fields import Command

# Subject of the ticket: what was done (text, hours).
TIMES = {
    "Toner leaks in the printer": [("Cleaned the tray, new cartridge", 1.0)],
    "Scanner does not scan both sides": [("Settings, with the customer", 0.5), ("New rollers", 1.5)],
    "Smell of burning from the shredder": [("Called back, shredder unplugged", 0.25)],
    "Desk lamp flickers": [("Asked the maker", 0.5)],
    "Wrong VAT number on the invoice": [("Compared orders and invoices of the year", 1.25)],
    "Paper jam after changing the drum": [("On the phone", 0.75), ("Drum fitted anew", 2.0)],
}
# Subject of the ticket: hours that its customer has paid in advance.
PREPAID = {"Desk lamp flickers": 5, "Paper jam after changing the drum": 2}


class HelpdeskDemoTimesheet(models.AbstractModel):
    """Time that the service desk of the story has spent, part of it paid in advance. Demo data only."""

    _name = "helpdesk.demo.timesheet"
    _description = "Demo time spent on tickets"

    @api.model
    def _create_times(self):
        team = self.env.ref("crm_helpdesk.helpdesk_team_support", raise_if_not_found=False)
        tickets = self.env["helpdesk.ticket"].search([("name", "in", list(TIMES)), ("team_id", "=", team.id)])
        project = self.env["project.project"].create(
            {
                "name": "Customer Support",
                "allow_timesheets": True,
                "allow_billable": True,
                "company_id": team.company_id.id,
            }
        )
        team.project_id = project
        tickets.project_id = project
        product = self._create_product()
        for ticket in tickets.filtered(lambda ticket: ticket.name in PREPAID):
            ticket.sale_line_id = self._sell(ticket, product, PREPAID[ticket.name])
        self._book(tickets)

    def _create_product(self):
        hour = self.env.ref("uom.product_uom_hour")
        return self.env["product.product"].create(
            {
                "name": "Support, paid in advance",
                "type": "service",
                "service_policy": "ordered_prepaid",
                "service_tracking": "no",
                "uom_id": hour.id,
                "list_price": 85.0,
            }
        )

    def _sell(self, ticket, product, hours):
        order = self.env["sale.order"].create(
            {
                "partner_id": ticket.partner_id.id,
                "company_id": ticket.company_id.id,
                "order_line": [Command.create({"product_id": product.id, "product_uom_qty": hours})],
            }
        )
        order.action_confirm()
        return order.order_line

    def _book(self, tickets):
        employees = self.env["hr.employee"].search(
            [("company_id", "=", tickets.company_id.id), ("user_id", "in", tickets.user_id.ids)]
        )
        employee_of = {employee.user_id: employee for employee in employees}
        self.env["account.analytic.line"].create(
            [
                {
                    "helpdesk_ticket_id": ticket.id,
                    "project_id": ticket.project_id.id,
                    "employee_id": employee_of[ticket.user_id].id,
                    "date": ticket.create_date + timedelta(hours=2),
                    "name": text,
                    "unit_amount": hours,
                }
                for ticket in tickets
                if ticket.user_id in employee_of
                for text, hours in TIMES[ticket.name]
            ]
        )
