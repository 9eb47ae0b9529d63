from odoo import models


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def _message_route_process(self, message, message_dict, routes):
        """Answers go where their ticket went; see :meth:`HelpdeskTicket._route_mail`."""
        Ticket = self.env["helpdesk.ticket"]
        routes = [
            Ticket._route_mail(route, message_dict) if route[0] == Ticket._name and route[1] else route
            for route in routes or ()
        ]
        return super()._message_route_process(message, message_dict, routes)
