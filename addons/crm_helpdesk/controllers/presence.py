from odoo import http
from odoo.http import request


class HelpdeskPresence(http.Controller):
    """What a browser says while it closes a tab; there is no time for an answer."""

    # No CSRF token: a stranger's page could at most end a hint about a tab whose mark it does not know.
    @http.route("/helpdesk/presence/leave", type="http", auth="user", methods=["POST"], csrf=False)
    def leave(self, tab="", **_kwargs):
        request.env["helpdesk.ticket"].presence_leave(tab)
        return request.make_response("", status=204)
