from markupsafe import Markup

from odoo import fields, models
from odoo.exceptions import AccessError
from odoo.tools import html2plaintext

COMMAND = "/ticket"
SUBJECT_MAX = 200


class DiscussChannel(models.Model):
    """A live chat becomes a ticket."""

    _inherit = "discuss.channel"

    helpdesk_ticket_ids = fields.One2many(
        "helpdesk.ticket", "livechat_id", string="Tickets", groups="crm_helpdesk.group_crm_helpdesk_agent"
    )

    def execute_command_ticket(self, **kwargs):
        """What an employee writes as ``/ticket Subject``; only he sees what came of it.

        :param str body: what was written, command and all
        """
        self.ensure_one()
        self.check_access("read")
        subject = self._helpdesk_get_subject(kwargs.get("body"))
        if self.channel_type != "livechat":
            told = self.env._("Tickets are opened in live chats alone.")
        elif not self.env["helpdesk.ticket"].has_access("create"):
            told = self.env._("You need a role in the helpdesk to open tickets.")
        elif not subject:
            told = self.env._("Open a ticket with %s", Markup("<b>/ticket</b> <i>Subject</i>"))
        else:
            ticket = self._helpdesk_open_ticket(subject)
            told = self.env._("Ticket opened: %s", ticket._get_html_link(title=ticket.display_name))
        self.env.user._bus_send_transient_message(self, told)

    def _helpdesk_get_subject(self, body):
        words = " ".join(html2plaintext(body or "").split())
        return words.removeprefix(COMMAND).strip()[:SUBJECT_MAX]

    def _helpdesk_open_ticket(self, subject):
        """Open a ticket about a live chat, by whoever may open tickets.

        :rtype: helpdesk.ticket
        :raise AccessError: the user may see no such chat
        """
        self.ensure_one()
        if not self.has_access("read"):
            raise AccessError(self.env._("You may not see this chat."))
        ticket = self.env["helpdesk.ticket"].create(
            {"name": subject, "user_id": False, **self._helpdesk_ticket_values()}
        )
        # sudo: the chat is set by this method alone, after the user's rights to it were checked
        ticket.sudo().livechat_id = self
        ticket.sudo()._acknowledge()
        return ticket

    def _helpdesk_ticket_values(self):
        """Who the visitor is, and what was said; other addons may add to it.

        :return: values of a ticket
        """
        # sudo: who takes part and what was said, in a chat that the caller may read or takes part in
        chat = self.sudo()
        visitors = chat.livechat_customer_partner_ids
        known = visitors.filtered(lambda partner: partner.partner_share and not partner.is_public)
        said = chat._chatbot_find_customer_values_in_messages(
            {"question_email": "email", "question_phone": "phone"}
        )
        values = {"description": chat._get_channel_history()}
        # Of several nobody knows whose matter it is.
        if len(known) == 1 and len(visitors) == 1:
            return {**values, "partner_id": known.id}
        return {
            **values,
            "partner_name": chat.livechat_customer_guest_ids[:1].name,
            "partner_email": said.get("email"),
            "partner_phone": said.get("phone"),
        }
