import re
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

CHANNEL = re.compile(r"helpdesk\.ticket_([0-9]{1,10})")
NOTIFICATION = "helpdesk.ticket/presence"
TAB = re.compile(r"[0-9a-f-]{8,40}")
# An entry that nothing ended, as after a crash of the server.
FORGOTTEN_AFTER = timedelta(hours=4)


class HelpdeskTicketPresence(models.Model):
    """Which employee has which ticket open in which tab of his browser, and whether he is writing."""

    _name = "helpdesk.ticket.presence"
    _description = "Person at a Ticket"
    _log_access = False

    ticket_id = fields.Many2one("helpdesk.ticket", required=True, ondelete="cascade")
    user_id = fields.Many2one("res.users", required=True, ondelete="cascade", index=True)
    tab = fields.Char(required=True)
    is_writing = fields.Boolean()
    seen_at = fields.Datetime(required=True)

    _tab_uniq = models.UniqueIndex("(ticket_id, user_id, tab)")

    def _announce(self, is_there):
        """Tell who has the same tickets open; changes alone, so that two at the same time lose nothing."""
        for row in self:
            self.env["bus.bus"]._sendone(
                (row.ticket_id, "presence"), NOTIFICATION, {**row._to_client(), "is_there": is_there}
            )

    def _to_client(self):
        return {
            "ticket_id": self.ticket_id.id,
            "tab": self.tab,
            "user_id": self.user_id.id,
            "name": self.user_id.name,
            "is_writing": self.is_writing,
        }

    def _end(self):
        """These people left."""
        self._announce(False)
        self.unlink()

    @api.autovacuum
    def _gc_forgotten(self):
        self.search([("seen_at", "<", fields.Datetime.now() - FORGOTTEN_AFTER)], limit=1000)._end()


class HelpdeskTicket(models.Model):
    _inherit = "helpdesk.ticket"

    def presence_enter(self, tab, is_writing=False):
        """The user has the ticket open in a tab of his browser, or begins or ends writing there.

        :param str tab: the tab's own mark, a UUID
        :param bool is_writing: whether he is writing an answer
        :return: who else has it open: dicts ``ticket_id``, ``tab``, ``user_id``, ``name``, ``is_writing``
        :rtype: list[dict]
        """
        self.ensure_one()
        self.check_access("read")
        if self.env.user.share:
            return []
        if not TAB.fullmatch(tab or ""):
            raise UserError(self.env._("The mark of the tab is not one."))
        now = fields.Datetime.now()
        # sudo: who has a ticket open that the user may read, and nothing else, is told and stored
        Presence = self.env["helpdesk.ticket.presence"].sudo()
        Presence.flush_model()
        [(row_id,)] = self.env.execute_query(
            SQL(
                """
                INSERT INTO helpdesk_ticket_presence AS known (ticket_id, user_id, tab, is_writing, seen_at)
                VALUES (%(ticket)s, %(user)s, %(tab)s, %(writing)s, %(now)s)
                    ON CONFLICT (ticket_id, user_id, tab)
                    DO UPDATE SET is_writing = excluded.is_writing, seen_at = excluded.seen_at
             RETURNING id
                """,
                ticket=self.id,
                user=self.env.uid,
                tab=tab,
                writing=bool(is_writing),
                now=now,
            )
        )
        Presence.invalidate_model(flush=False)
        Presence.browse(row_id)._announce(True)
        others = [
            ("ticket_id", "=", self.id),
            ("user_id", "!=", self.env.uid),
            ("seen_at", ">", now - FORGOTTEN_AFTER),
        ]
        return [row._to_client() for row in Presence.search(others, order="id")]

    @api.model
    def presence_leave(self, tab):
        """The user has closed the ticket that a tab of his browser showed; of others nothing ends.

        :param str tab: as given to :meth:`presence_enter`
        """
        mine = [("user_id", "=", self.env.uid), ("tab", "=", tab)]
        self.env["helpdesk.ticket.presence"].sudo().search(mine)._end()  # sudo: the user's own rows
        return True


class IrWebsocket(models.AbstractModel):
    _inherit = "ir.websocket"

    def _build_bus_channel_list(self, channels):
        """Who may read a ticket hears who else is at it; never by the text a browser sends."""
        asked = {name: CHANNEL.fullmatch(name) for name in channels if isinstance(name, str)}
        ids = [int(match[1]) for match in asked.values() if match]
        channels = [name for name in channels if not (isinstance(name, str) and asked[name])]
        if ids and self.env.user._is_internal() and self.env["helpdesk.ticket"].has_access("read"):
            tickets = self.env["helpdesk.ticket"].with_context(active_test=False).search([("id", "in", ids)])
            channels += [(ticket, "presence") for ticket in tickets]
        return super()._build_bus_channel_list(channels)

    def _on_websocket_closed(self, cookies):
        """A browser was closed, or died: its tabs show no ticket any more.

        Another browser of the same person hears that its own tab left, and enters again.
        """
        result = super()._on_websocket_closed(cookies)
        if self.env.user._is_internal():
            # sudo: the user's own rows
            self.env["helpdesk.ticket.presence"].sudo().search([("user_id", "=", self.env.uid)])._end()
        return result
