import hashlib
import logging
import re

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL, email_normalize, email_normalize_all

from ..lib.automatic_mail import Headers, is_machine_answer
from ..lib.raw_mail import addresses_in_order

_logger = logging.getLogger(__name__)

TICKET = "helpdesk.ticket"
SEPARATORS = re.compile(r"[\s\[\](){}<>:;,#\"'|]+")
NUMBER_MAX = 30  # characters
NUMBERS_TRIED = 10


class SetAside(Exception):
    """A mail out of which no ticket is made by itself; it is kept, so that a person may decide otherwise."""

    def __init__(self, reason):
        super().__init__(reason)
        self.reason = reason


class HelpdeskMailRouter(models.AbstractModel):
    """Where a mail to the helpdesk goes: into which ticket, or into none.

    Works on the routes that the ERP's gateway found, each ``(model, id or 0, values, user id, alias)``.
    """

    _name = "helpdesk.mail.router"
    _description = "Routing of the helpdesk's mail"

    @api.model
    def _route(self, message, said, routes):
        """Leave at most one route to a ticket; those to other models stay as they are.

        :param email.message.EmailMessage message: the mail
        :param dict said: what the gateway read in it
        :param list routes: of the gateway
        :raise SetAside: nothing but a ticket could come of it, and no ticket should
        """
        others = [route for route in routes if route[0] != TICKET]
        ours = [route for route in routes if route[0] == TICKET]
        reason = self._get_objection(message, said, ours)
        if reason:
            _logger.info("Mail with Message-Id %s opens no ticket: %s", said.get("message_id"), reason)
            if others:
                return others
            raise SetAside(reason)
        if not self._claim(said.get("message_id") if message.get("Message-Id") else None):
            _logger.info("Mail with Message-Id %s is taken in already", said.get("message_id"))
            return others
        return [*others, self._choose(message, said, ours)]

    @api.model
    def _get_objection(self, message, said, routes):
        """Why no ticket should come of a mail: a key of the kept mails' reasons, or None."""
        if self.env.context.get("helpdesk_replay"):
            return None
        if self._is_own_address(email_normalize(said.get("email_from"))):
            return "own"
        if not any(route[1] for route in routes) and is_machine_answer(Headers(message)):
            return "machine"
        return None

    @api.model
    def _is_own_address(self, address):
        """Whether mail to this address comes back to us: an alias, the catchall, the address for bounces.

        :param str address: normalized
        :rtype: bool
        """
        if not address:
            return False
        # sudo: addresses of ours are compared, not shown
        Domains = self.env["mail.alias.domain"].sudo()
        # The ERP knows by now who may be one of ours, by the name before the @ alone.
        if address not in Domains._find_aliases([address]):
            return False
        domains = Domains.search([("name", "!=", False)])
        own = {*domains.mapped("bounce_email"), *domains.mapped("catchall_email")}
        aliases = self.env["mail.alias"].sudo()
        return address in own or bool(aliases.search_count([("alias_full_name", "=", address)], limit=1))

    @api.model
    def _claim(self, message_id):
        """Take a mail for this transaction: a second one of the same Message-Id waits for it, and fails.

        :param message_id: None: the mail has none, its bytes tell it from others
        :return: whether nobody had it before
        :rtype: bool
        """
        key = hashlib.sha256(message_id.encode()).hexdigest() if message_id else None
        key = key or self.env.context.get("helpdesk_mail_digest")
        if not key:
            return True
        claimed = self.env.execute_query(
            SQL(
                """INSERT INTO helpdesk_mail_receipt (key, create_date) VALUES (%s, now() AT TIME ZONE 'UTC')
                ON CONFLICT (key) DO NOTHING RETURNING id""",
                key,
            )
        )
        return bool(claimed)

    # Which ticket ---------------------------------------------------------------------

    @api.model
    def _choose(self, message, said, routes):
        """The one route that is taken; who leads the other teams is told later."""
        by_id = [route for route in routes if route[1]]
        if by_id:
            return by_id[0]
        routes = self._sort_as_addressed(message, routes)
        teams = self.env["helpdesk.team"].browse(
            team for route in routes if (team := (route[2] or {}).get("team_id"))
        )
        model, _thread_id, values, user_id, alias = routes[0]
        if ticket := self._find_by_number(said, teams):
            return (model, ticket.id, values, user_id, alias)
        said["helpdesk_other_teams"] = (teams - teams[:1]).ids
        return routes[0]

    @api.model
    def _sort_as_addressed(self, message, routes):
        written = addresses_in_order(
            [text for name in ("To", "Cc", "Delivered-To") for text in message.get_all(name, [])]
        )
        places = {address: place for place, address in enumerate(written)}
        local = {address.partition("@")[0]: place for address, place in reversed(places.items())}

        def place_of(route):
            alias = route[4]
            if not alias:
                return len(places)
            found = places.get(alias.alias_full_name)
            return local.get(alias.alias_name, len(places)) if found is None else found

        return sorted(routes, key=place_of)

    @api.model
    def _find_by_number(self, said, teams):
        """The ticket whose number the subject names, if who writes has to do with it and wrote to its team.

        Everybody can write a number into a subject: that alone opens nobody's ticket.

        :rtype: helpdesk.ticket
        """
        ticket = self.env[TICKET].sudo()  # sudo: the gateway looks, nothing of it is shown
        words = [word for word in SEPARATORS.split(said.get("subject") or "") if word]
        numbers = [word for word in words if len(word) <= NUMBER_MAX and any(map(str.isdigit, word))]
        sender = email_normalize(said.get("email_from"))
        if not numbers or not teams or not sender:
            return ticket
        numbers = numbers[:NUMBERS_TRIED]
        wanted = Domain("number", "in", [*numbers, *map(str.upper, numbers)])
        found = ticket.search(wanted & Domain("team_id", "in", teams.ids), limit=NUMBERS_TRIED)
        return found.filtered(lambda ticket: sender in self._get_people(ticket))[:1]

    @api.model
    def _get_people(self, ticket):
        """Addresses of those who have to do with a ticket.

        :rtype: set[str]
        """
        return {
            ticket.partner_email_normalized,
            *ticket.message_partner_ids.mapped("email_normalized"),
            *email_normalize_all(ticket.email_cc or ""),
        } - {False}
