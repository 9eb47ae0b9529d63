from odoo import fields, models
from odoo.tools import html2plaintext

TICKETS_PER_CHAT = 5
SUBJECT_MAX = 100


class ChatbotScriptStep(models.Model):
    """A step of a chatbot that opens a ticket."""

    _inherit = "chatbot.script.step"

    step_type = fields.Selection(
        selection_add=[("create_ticket", "Open Ticket")], ondelete={"create_ticket": "cascade"}
    )
    helpdesk_team_id = fields.Many2one(
        "helpdesk.team",
        index="btree_not_null",
        ondelete="set null",
        help="Who gets the tickets of this step; empty: the first team.",
    )

    def _process_step(self, discuss_channel):
        posted = super()._process_step(discuss_channel)
        if self.step_type == "create_ticket":
            self._open_ticket(discuss_channel)
        return posted

    def _open_ticket(self, channel):
        """Open a ticket about a visitor's chat; endless restarts of the chatbot open no more of them.

        :rtype: helpdesk.ticket
        """
        # sudo: visitors create no tickets but by this step, whose values come from the chat alone
        tickets = self.env["helpdesk.ticket"].sudo()
        team = self.sudo().helpdesk_team_id or self.env["helpdesk.team"].sudo().search([], limit=1)
        if not team or tickets.search_count([("livechat_id", "=", channel.id)]) >= TICKETS_PER_CHAT:
            return tickets
        person = self._chatbot_prepare_customer_values(channel, create_partner=False, update_partner=True)
        values = channel._helpdesk_ticket_values()
        if person["partner"]:
            values["partner_id"] = person["partner"].id
        ticket = tickets.create(
            {
                **values,
                "name": self._get_ticket_subject(channel),
                "team_id": team.id,
                "user_id": False,
                "livechat_id": channel.id,
            }
        )
        ticket._acknowledge()
        return ticket

    def _get_ticket_subject(self, channel):
        first = self._find_first_user_free_input(channel)
        words = " ".join(html2plaintext(first.body or "").split())
        return words[:SUBJECT_MAX] or self.env._("Chat with %s", self.chatbot_script_id.title)
