from psycopg2.errors import UniqueViolation

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.fields import Domain
from odoo.http import request

from odoo.addons.crm_core.controllers.portal import PAGE, CustomerRelationsPortal
from odoo.addons.crm_core.controllers.rate_limit import rate_limited
from odoo.addons.portal.controllers.portal import pager

from ..models.helpdesk_ticket_portal import TEXT_MAX
from ..models.helpdesk_ticket_portal_open import FILE_BYTES_MAX, FILES_MAX, SUBJECT_MAX
from ..models.helpdesk_ticket_rating import FEEDBACK_MAX

SEARCH_MAX = 100
# Pages open to all, per client and ten minutes: more than an office behind one address clicks.
LOOKS, ACTS, MINUTES = 300, 60, 10
SAID = ("team_id", "subject", "body", "about", "follows_id", "copies")  # what the form for a new ticket asks
# Within a list grouped by state: what waits for the customer first, what is closed last.
BY_STATE = "is_closed, stage_kind desc"


def number(text):
    """The number a form or an address gives, 0 for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 10 else 0


class HelpdeskPortal(CustomerRelationsPortal):
    """Tickets as the customer sees them; what may be is decided by the models."""

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        if not counters or "helpdesk_ticket_count" in counters:
            Ticket = request.env["helpdesk.ticket"]
            is_reader = Ticket.has_access("read")
            mine = Ticket._get_portal_domain(self._person()) & Domain("is_closed", "=", False)
            values["helpdesk_ticket_count"] = Ticket.search_count(mine) if is_reader else 0
            values["helpdesk_has_portal"] = is_reader and bool(
                values["helpdesk_ticket_count"] or request.env["helpdesk.team"]._get_portal_teams()
            )
        return values

    # List -----------------------------------------------------------------------

    def _ticket_filters(self):
        return {
            "open": {"label": request.env._("Open"), "domain": [("is_closed", "=", False)]},
            "waiting": {
                "label": request.env._("Waiting for you"),
                "domain": [("stage_kind", "=", "waiting")],
            },
            "closed": {"label": request.env._("Closed"), "domain": [("is_closed", "=", True)]},
            "all": {"label": request.env._("All"), "domain": []},
        }

    def _ticket_sortings(self):
        return {
            "newest": {"label": request.env._("Newest"), "order": "id desc"},
            "oldest": {"label": request.env._("Oldest"), "order": "id"},
            "subject": {"label": request.env._("Subject"), "order": "name, id desc"},
        }

    def _ticket_groups(self):
        return {
            "state": {"label": request.env._("State")},
            "none": {"label": request.env._("None")},
        }

    def _group_tickets(self, tickets, by):
        """:return: list of (heading or None, tickets)"""
        if by == "none":
            return [(None, tickets)] if tickets else []
        words = {
            "waiting": request.env._("Waiting for you"),
            "open": request.env._("We are working on it"),
            "closed": request.env._("Solved"),
            "cancelled": request.env._("Closed"),
        }
        return [(words[kind], rows) for kind, rows in tickets.grouped("stage_kind").items()]

    @http.route(["/my/tickets", "/my/tickets/page/<int:page>"], type="http", auth="user", website=True)
    def portal_my_tickets(self, page=1, sortby="", filterby="", groupby="", search="", **_kwargs):
        filters, sortings, groups = self._ticket_filters(), self._ticket_sortings(), self._ticket_groups()
        sortby = sortby if sortby in sortings else "newest"
        filterby = filterby if filterby in filters else "open"
        groupby = groupby if groupby in groups else "state"
        search = search.replace("\0", "").strip()[:SEARCH_MAX]
        Ticket = request.env["helpdesk.ticket"]
        if not Ticket.has_access("read"):
            return request.redirect("/my")
        mine = Ticket._get_portal_domain(self._person())
        domain = mine & Domain(filters[filterby]["domain"])
        if search:
            domain &= Domain("number", "ilike", search) | Domain("name", "ilike", search)
        args = {"sortby": sortby, "filterby": filterby, "groupby": groupby, "search": search}
        total = Ticket.search_count(domain)
        pages = pager(url="/my/tickets", url_args=args, total=total, page=page, step=PAGE)
        order = sortings[sortby]["order"] if groupby == "none" else f"{BY_STATE}, {sortings[sortby]['order']}"
        tickets = Ticket.search(domain, order=order, limit=PAGE, offset=pages["offset"])
        request.session["my_tickets_history"] = tickets.ids
        return self._page(
            "crm_helpdesk.portal_my_tickets",
            "crm_tickets",
            # sudo: names of teams and people of the tickets that the user's own rights have found
            groups=self._group_tickets(tickets.sudo(), groupby),
            has_any=bool(total or Ticket.search_count(mine, limit=1)),
            may_open=bool(request.env["helpdesk.team"]._get_portal_teams()),
            pager=pages,
            default_url="/my/tickets",
            search=search,
            search_in="all",
            searchbar_inputs={
                "all": {"input": "all", "label": request.env._("Search in number and subject")}
            },
            searchbar_filters=filters,
            filterby=filterby,
            searchbar_sortings=sortings,
            sortby=sortby,
            searchbar_groupby=groups,
            groupby=groupby,
        )

    # One ticket -----------------------------------------------------------------

    def _get_ticket(self, ticket_id, access_token=None):
        """The ticket, with ``sudo``, if who is signed in or the token may see it.

        :raise AccessError: neither
        :raise MissingError: no such ticket
        """
        ticket = self._document_check_access("helpdesk.ticket", ticket_id, access_token)
        if request.env.user.share and not ticket._is_in_portal():
            raise AccessError(request.env._("This ticket is not shown to customers."))
        return ticket

    def _who(self, document):
        """As for offers: of a token's holder nothing is known but that the ticket is his."""
        return document.partner_id if request.env.user._is_public() else self._person()

    @http.route("/my/tickets/<int:ticket_id>", type="http", auth="public", methods=["GET"], website=True)
    @rate_limited("helpdesk.ticket.look", LOOKS, MINUTES)
    def portal_my_ticket(self, ticket_id, access_token=None, **kwargs):
        if moved := request.env["helpdesk.ticket"]._portal_get_moved(ticket_id, access_token):
            return request.redirect(moved)
        try:
            ticket = self._get_ticket(ticket_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        if request.env["helpdesk.ticket"].browse(ticket_id).has_access("read"):
            # Who is signed in speaks for himself, whoever the link was sent to.
            access_token = None
            kwargs = {}
        person = self._who(ticket)
        may_act = ticket._portal_may_act(person)
        values = {
            "ticket": ticket,
            "description": ticket._get_portal_description(),
            "facts": ticket._get_portal_facts(),
            "text_max": TEXT_MAX,
            "feedback_max": FEEDBACK_MAX,
            "may_close": may_act and ticket._portal_may_close(),
            "may_reopen": may_act and ticket._portal_may_reopen(),
            "may_rate": may_act and ticket._portal_may_rate(),
            "may_open": not request.env.user._is_public(),
            "may_follow": may_act and not request.env.user._is_public(),
            "is_follower": not request.env.user._is_public() and person in ticket.message_partner_ids,
            "rating": ticket._get_portal_rating(person),
        }
        values = self._get_page_view_values(
            ticket, access_token, values, "my_tickets_history", False, **kwargs
        )
        values.update(self._outcome())
        return self._page("crm_helpdesk.portal_my_ticket", "crm_ticket", **values)

    def _act(self, ticket_id, access_token, work, section="state"):
        """Do what a form on the page of a ticket asks.

        :param work: function of the ticket and the person
        """
        try:
            ticket = self._get_ticket(ticket_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        by_token = access_token and not request.env["helpdesk.ticket"].browse(ticket_id).has_access("read")
        address = ticket.get_portal_url(anchor=section) if by_token else f"/my/tickets/{ticket_id}#{section}"
        return self._try(lambda: work(ticket, self._who(ticket)), address)

    @http.route(
        "/my/tickets/<int:ticket_id>/close", type="http", auth="public", methods=["POST"], website=True
    )
    @rate_limited("helpdesk.ticket.act", ACTS, MINUTES)
    def portal_close_ticket(self, ticket_id, access_token=None, text="", **_kwargs):
        return self._act(
            ticket_id, access_token, lambda ticket, person: ticket._portal_close(person, text), "state"
        )

    @http.route(
        "/my/tickets/<int:ticket_id>/reopen", type="http", auth="public", methods=["POST"], website=True
    )
    @rate_limited("helpdesk.ticket.act", ACTS, MINUTES)
    def portal_reopen_ticket(self, ticket_id, access_token=None, text="", **_kwargs):
        return self._act(
            ticket_id, access_token, lambda ticket, person: ticket._portal_reopen(person, text), "state"
        )

    @http.route(
        "/my/tickets/<int:ticket_id>/rate", type="http", auth="public", methods=["POST"], website=True
    )
    @rate_limited("helpdesk.ticket.act", ACTS, MINUTES)
    def portal_rate_ticket(self, ticket_id, access_token=None, rate="", feedback="", **_kwargs):
        return self._act(
            ticket_id,
            access_token,
            lambda ticket, person: ticket._portal_rate(person, number(rate), feedback),
            "rating",
        )

    @http.route(
        "/my/tickets/<int:ticket_id>/follow", type="http", auth="user", methods=["POST"], website=True
    )
    def portal_follow_ticket(self, ticket_id, follow="", **_kwargs):
        return self._act(
            ticket_id, None, lambda ticket, person: ticket._portal_follow(person, follow == "1"), "follow"
        )

    # A new one ------------------------------------------------------------------

    def _ticket_form(self, **values):
        """The page with the form; with an error, what was written and the files are still there."""
        Ticket = request.env["helpdesk.ticket"]
        page = {
            "teams": request.env["helpdesk.team"]._get_portal_teams(),
            "subjects": Ticket._get_portal_subjects(),
            # sudo: the number of a ticket that the user's own rights have found
            "follows": Ticket._portal_get_followed(number(values["follows_id"])).sudo(),
            "form": Ticket._portal_new_form(),
            "limits": {
                "subject": SUBJECT_MAX,
                "body": TEXT_MAX,
                "files": FILES_MAX,
                "megabytes": FILE_BYTES_MAX // 1024**2,
            },
        }
        values["team_id"] = number(values["team_id"])
        return self._page("crm_helpdesk.portal_new_ticket", "crm_ticket_new", **{**values, **page})

    @http.route("/my/tickets/new", type="http", auth="user", methods=["GET"], website=True)
    def portal_new_ticket(self, team_id="", about="", follows_id="", **_kwargs):
        return self._ticket_form(team_id=team_id, about=about, follows_id=follows_id)

    @http.route("/my/tickets/new", type="http", auth="user", methods=["POST"], website=True)
    @rate_limited("helpdesk.ticket.act", ACTS, MINUTES)
    def portal_open_ticket(self, form="", **said):
        Ticket, person = request.env["helpdesk.ticket"], self._person()
        if Ticket._portal_find_form(person, form.replace("\0", "")):
            return request.redirect(f"/my/tickets/sent/{form}")
        said = {name: said.get(name, "").replace("\0", "") for name in SAID}
        kept = [number(id_) for id_ in request.httprequest.form.getlist("drafts")][:FILES_MAX]
        drafts = Ticket._portal_get_drafts(kept)
        try:
            drafts |= Ticket._portal_keep_files(self._uploaded())
            if len(drafts) > FILES_MAX:
                raise UserError(request.env._("Up to %s files, please.", FILES_MAX))
            with request.env.cr.savepoint():
                ticket = Ticket._portal_open(
                    person,
                    form,
                    {**said, "team_id": number(said["team_id"]), "follows_id": number(said["follows_id"])},
                    drafts,
                )
        except UniqueViolation:
            # Sent twice at the same time: the other request's ticket is seen by the next one only.
            return request.redirect(f"/my/tickets/sent/{form}")
        except UserError as error:
            return self._ticket_form(**said, error=str(error), drafts=drafts)
        request.session["crm_portal_section"] = "opened"
        request.session["crm_portal_saved"] = True
        return request.redirect(f"/my/tickets/{ticket.id}")

    @http.route("/my/tickets/sent/<string:form>", type="http", auth="user", methods=["GET"], website=True)
    def portal_sent_ticket(self, form, **_kwargs):
        """The ticket that a form became; the list where it became none."""
        ticket = request.env["helpdesk.ticket"]._portal_find_form(self._person(), form.replace("\0", ""))
        return request.redirect(f"/my/tickets/{ticket.id}" if ticket else "/my/tickets")

    def _uploaded(self):
        """The files of the form, as (name, bytes): no more is read than may be kept."""
        files = request.httprequest.files.getlist("files")[: FILES_MAX + 1]
        return [(file.filename, file.read(FILE_BYTES_MAX + 1)) for file in files if file.filename]
