from odoo import http
from odoo.http import request


class ConsentController(http.Controller):
    """The page behind the link of a confirmation mail."""

    @http.route(
        "/crm/consent/<string:token>",
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        sitemap=False,
    )
    def show(self, token, **_kwargs):
        """Ask; programs that follow every link of a mail must not confirm by that."""
        return self._page(token, "ask")

    @http.route(
        "/crm/consent/<string:token>",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        sitemap=False,
    )
    def confirm(self, token, **_kwargs):
        """Record the confirmation."""
        asked = request.env["crm.consent.event"]._from_confirm_token(token)
        return self._page(token, "done" if asked and asked._confirm() else "ask")

    def _page(self, token, step):
        """:param step: ``ask`` or ``done``"""
        asked = request.env["crm.consent.event"]._from_confirm_token(token)
        if not asked or not asked._is_open():
            step = "gone"
        elif asked._is_confirmed():
            step = "done"
        values = {"asked": asked, "token": token, "step": step}
        headers = {"X-Robots-Tag": "noindex", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
        response = request.render("crm_core.consent_confirm_page", values)
        response.headers.update(headers)
        return response
