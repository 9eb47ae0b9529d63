from odoo import models

from ..lib.automatic_mail import is_automatic


class MailThread(models.AbstractModel):
    _inherit = "mail.thread"

    def _message_route_process(self, message, message_dict, routes):
        """Let records know that nobody wrote the mail by hand."""
        gateway = self
        if is_automatic(message):
            gateway = self.with_context(helpdesk_automatic_mail=True)
        return super(MailThread, gateway)._message_route_process(message, message_dict, routes)
