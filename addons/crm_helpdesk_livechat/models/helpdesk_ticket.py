from odoo import api, fields, models

from odoo.addons.mail.tools.discuss import Store


class HelpdeskTicket(models.Model):
    """The chat a ticket was opened in."""

    _inherit = "helpdesk.ticket"

    livechat_id = fields.Many2one(
        "discuss.channel", string="Live Chat", readonly=True, copy=False, index="btree_not_null"
    )
    may_open_livechat = fields.Boolean(compute="_compute_may_open_livechat")

    @api.depends("livechat_id")
    @api.depends_context("uid")
    def _compute_may_open_livechat(self):
        # sudo: whether there is a chat; the user's own rights then say which he may see
        chats = self.sudo().livechat_id.sudo(self.env.su)
        visible = set(chats._filtered_access("read").ids)
        for ticket in self:
            ticket.may_open_livechat = ticket.sudo().livechat_id.id in visible

    def _has_field_access(self, field, operation):
        # The chat is the one the ticket was opened in, and nobody's choice.
        if field.name == "livechat_id" and operation == "write" and not self.env.su:
            return False
        return super()._has_field_access(field, operation)

    def action_open_livechat(self):
        """Open the chat in a window, for who may see it."""
        self.ensure_one()
        chat = self.livechat_id
        chat.check_access("read")
        Store(bus_channel=self.env.user).add(chat, extra_fields={"open_chat_window": True}).bus_send()
