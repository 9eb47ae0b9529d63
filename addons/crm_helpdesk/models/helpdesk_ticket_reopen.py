from lxml import html

from odoo import api, fields, models
from odoo.tools import html2plaintext

from ..lib.polite_reply import is_thanks

# What a customer's words do to a ticket.
NOTHING, KEEP, RESUME, REOPEN, FOLLOW_UP = "nothing", "keep", "resume", "reopen", "follow_up"
# How the gateway marks what a mail repeats.
QUOTES = ".//blockquote | .//*[@data-o-mail-quote='1' or @data-o-mail-quote-container='1']"


class HelpdeskTicket(models.Model):
    """What becomes of a ticket when the customer writes, by mail or in the portal: decided here alone."""

    _inherit = "helpdesk.ticket"

    def _get_reply_effect(self, body):
        """What the customer's words mean for the ticket.

        :param body: HTML of the message
        :return: ``nothing`` (a machine, or a mere thank you), ``keep`` (it is open, the words are a
            question), ``resume`` (we waited for them), ``reopen``, or ``follow_up`` (closed too long ago:
            a new ticket)
        :rtype: str
        """
        self.ensure_one()
        if self._is_automatic() or (self.team_id.ignore_thanks and self._is_thanks(body)):
            return NOTHING
        if not self.is_closed:
            waiting = self.stage_kind == "waiting" and self.team_id.resume_on_reply
            return RESUME if waiting else KEEP
        return REOPEN if self._portal_may_reopen() else FOLLOW_UP

    def _is_thanks(self, body):
        self.user_id.fetch(("partner_id",))  # of him no more is needed than his name
        people = self.partner_id | self.user_id.partner_id | self.message_partner_ids
        names = [*people.mapped("name"), self.partner_name, self.team_id.name]
        return is_thanks(get_own_text(body), filter(None, names))

    # In the conversation -----------------------------------------------------------

    def _note_question(self, message, moved=False):
        """The customer wrote: clocks, stage, or a new ticket."""
        if self.env.context.get("helpdesk_reply_decided"):
            return super()._note_question(message, moved)
        effect = self._get_reply_effect(message.body)
        if effect == NOTHING:
            return None
        if effect == FOLLOW_UP:
            self._open_follow_up(message)
            return None
        # The clocks look once, at the new stage and at what is owed to the customer now.
        ticket = self.with_context(helpdesk_clocks_later=True)
        if effect == REOPEN:
            ticket.action_reopen()
        elif effect == RESUME:
            ticket._resume()
        return super()._note_question(message, moved=effect in (REOPEN, RESUME))

    def _resume(self):
        """Back to the stage in which it was worked on before we asked the customer."""
        stages = self.team_id.stage_ids.filtered(lambda stage: stage.kind == "open")
        logs = self.env["helpdesk.stage.log"].search_fetch([("ticket_id", "=", self.id)], ["stage_id"])
        before = logs.sorted("id", reverse=True).stage_id.filtered(lambda stage: stage in stages)
        self.stage_id = before[:1] or stages[-1:]

    # By mail -------------------------------------------------------------------------

    @api.model
    def _route_mail(self, route, message_dict):
        """Where a mail to a ticket goes: to where that was merged, or into a new ticket.

        :param tuple route: (model, id, values, user id, alias) as the gateway found it
        :param dict message_dict: the mail as the gateway parsed it
        :rtype: tuple
        """
        model, thread_id, custom_values, user_id, alias = route
        # sudo: the gateway, whoever writes; it has looked whether the ticket is there
        ticket = self.sudo().browse(thread_id)._get_merge_target()
        author = self.env["res.partner"].sudo().browse(message_dict.get("author_id") or [])
        if message_dict.get("is_internal") or ticket._is_from_employee(author):
            return model, ticket.id, custom_values, user_id, alias
        if ticket.is_closed and ticket._get_reply_effect(message_dict.get("body")) == FOLLOW_UP:
            later = ticket._get_open_follow_up()
            if not later:
                return model, False, ticket._prepare_follow_up_values(), user_id, alias
            ticket = later
        return model, ticket.id, custom_values, user_id, alias

    def _get_open_follow_up(self):
        """The ticket that takes this one up already.

        :rtype: helpdesk.ticket
        """
        later = self.follow_up_ids.filtered(lambda ticket: not ticket.is_closed)
        return later.sorted("id")[-1:]

    def _prepare_follow_up_values(self):
        """Values of the ticket that takes up a closed one."""
        self.ensure_one()
        return {
            "team_id": self.team_id.id,
            "follows_id": self.id,
            "type_id": self.type_id.id,
            "product_id": self.product_id.id,
            "lot_id": self.lot_id.id,
            "sale_order_id": self.sale_order_id.id,
            "user_id": False,
        }

    def _open_follow_up(self, message):
        """What was written into a ticket closed long ago becomes a ticket of its own.

        :rtype: helpdesk.ticket
        """
        if later := self._get_open_follow_up():
            message.res_id = later.id
            later._note_question(message)
            return later
        ticket = self.create(
            {
                **self._prepare_follow_up_values(),
                "name": self.name,
                "partner_id": message.author_id.id or self.partner_id.id,
                "partner_email": message.email_from or self.partner_email,
            }
        )
        message.res_id = ticket.id
        message.attachment_ids.filtered(lambda file: file.res_model == self._name).res_id = ticket.id
        ticket.message_subscribe(message.author_id.ids)
        return ticket


class HelpdeskTeam(models.Model):
    """What a customer's answer does to a ticket."""

    _inherit = "helpdesk.team"

    ignore_thanks = fields.Boolean(
        string="A Thank You Changes Nothing",
        default=True,
        help="A short answer that only says thank you is kept, but neither reopens the ticket nor starts a"
        " clock. Understood in the larger languages of Europe.",
    )
    resume_on_reply = fields.Boolean(
        string="Answers End Waiting",
        default=True,
        help="When the customer answers a ticket that waits for him, it goes back to where it was worked on.",
    )


def get_own_text(body):
    """The text of a message without what it repeats of earlier mails."""
    if not body:
        return ""
    tree = html.fragment_fromstring(str(body), create_parent="div")
    for quote in tree.xpath(QUOTES):
        quote.drop_tree()
    return html2plaintext(html.tostring(tree, encoding="unicode"))
