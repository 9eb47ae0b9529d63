from odoo import api, models

# Subject of the ticket: kind, why, whether it is carried out at once.
REQUESTS = {
    "Toner leaks on the second floor": (
        "exchange",
        "The cartridge leaks. They keep the old one for us.",
        False,
    ),
    "Invoice names the wrong department": (
        "refund",
        "Credit it and write it again for Real Estate.",
        False,
    ),
    "Two chairs squeak": ("opportunity", "The whole floor gets new chairs in spring.", True),
    "Order came without the binders": ("quotation", "They want the binders as a standing order.", True),
}


class HelpdeskDemoAfterSales(models.AbstractModel):
    """What the tickets of the law office ask of accounting, stock and sales. Demo data only."""

    _name = "helpdesk.demo.after.sales"
    _description = "Demo after-sales requests"

    @api.model
    def _create_requests(self):
        agent = self.env.ref("base.user_demo")
        tickets = self.env["helpdesk.ticket"].search([("name", "in", list(REQUESTS))])
        for ticket in tickets:
            kind, why, is_done = REQUESTS[ticket.name]
            ticket.sale_order_id = ticket.sale_order_id or self._find_order(ticket)
            request = (
                self.env["helpdesk.request"]
                .with_user(agent)
                .create({"ticket_id": ticket.id, "kind": kind, "note": why})
            )
            if is_done:
                request.sudo().action_carry_out()  # sudo: as somebody from sales
            else:
                request.action_request()

    def _find_order(self, ticket):
        """The customer's last order that was delivered and invoiced."""
        return self.env["sale.order"].search(
            [
                ("partner_id", "child_of", ticket.commercial_partner_id.id),
                ("company_id", "=", ticket.company_id.id),
                ("invoice_ids.state", "=", "posted"),
                ("picking_ids.state", "=", "done"),
            ],
            limit=1,
        )
