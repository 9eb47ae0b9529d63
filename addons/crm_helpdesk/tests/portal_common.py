import re

from odoo.addons.crm_core.tests.test_portal import PortalCase

from .common import HelpdeskCommon


class HelpdeskPortalCase(PortalCase, HelpdeskCommon):
    """The customer of the portal tests with a ticket of each of its people, and one of a stranger."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.mine = cls.ticket("Ticket of main", partner_id=cls.main.partner_id.id, user_id=cls.anna.id)
        cls.colleagues = cls.ticket("Ticket of colleague", partner_id=cls.colleague.partner_id.id)
        cls.strange = cls.ticket("Ticket of stranger", partner_id=cls.stranger.partner_id.id)
        cls.all = cls.mine | cls.colleagues | cls.strange
        cls.env["ir.config_parameter"].set_param("mail.catchall.domain", "desk.example")

    def seen(self, user):
        """The tickets a user finds, each way of reading giving the same."""
        self.env.invalidate_all()
        Ticket = self.env["helpdesk.ticket"].with_user(user)
        found = Ticket.search([("id", "in", self.all.ids)])
        self.assertEqual(found, Ticket.browse(sorted(self.all.ids, reverse=True))._filtered_access("read"))
        self.assertEqual(Ticket.search_count([("id", "in", self.all.ids)]), len(found))
        return {ticket.name.removeprefix("Ticket of ") for ticket in found.sudo()}

    def token(self, ticket):
        return ticket._portal_ensure_token()

    def act(self, ticket, act, user=None, **data):
        """Send one of the forms on the page of a ticket, as the browser does."""
        return self.post(f"/my/tickets/{ticket.id}/{act}", user, page="/web/login", **data)

    def form(self, user, page="/my/tickets/new"):
        """The hidden mark of a fresh form."""
        text = self.get(page, user).text
        return re.search(r'name="form" value="([0-9a-f]{32})"', text).group(1)

    def call(self, model, method, *args, user, **kwargs):
        """What the web client answers to a call of an ORM method."""
        url = f"/web/dataset/call_kw/{model}/{method}"
        return self.rpc(url, user, model=model, method=method, args=list(args), kwargs=kwargs)
