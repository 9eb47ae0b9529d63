from psycopg2.errors import UniqueViolation

from odoo import http
from odoo.exceptions import UserError
from odoo.http import request

from odoo.addons.crm_core.controllers.rate_limit import rate_limited
from odoo.addons.crm_helpdesk.controllers.portal import number
from odoo.addons.crm_helpdesk.models.helpdesk_ticket_portal import TEXT_MAX
from odoo.addons.crm_helpdesk.models.helpdesk_ticket_portal_open import SUBJECT_MAX

from ..models.helpdesk_team import PAGE
from ..models.helpdesk_ticket import FILE_BYTES_MAX, FILES_MAX, NAME_MAX

SAID = ("team_id", "type_id", "name", "email", "subject", "body")
SENT, BACK = "crm_helpdesk_website_number", "crm_helpdesk_website_back"
# Per client and hour; an office may share one address.
SENDS, MINUTES = 20, 60
# What captchas call the form; reCAPTCHA and Turnstile of the ERP find it by this name.
CAPTCHA = "helpdesk_contact"


def is_offered(env, rule, query):
    """The page is in the sitemap while there is a team to write to."""
    website = env["website"].get_current_website()
    if env["helpdesk.team"]._get_website_teams(website) and (not query or query in PAGE):
        yield {"loc": PAGE}


class ContactSupport(http.Controller):
    """The form by which visitors of the website open tickets; what may be is decided by the models."""

    @http.route(PAGE, type="http", auth="public", methods=["GET"], website=True, sitemap=is_offered)
    def contact_support(self, team="", **_kwargs):
        return self._page(team_id=team)

    @http.route(PAGE, type="http", auth="public", methods=["POST"], website=True, sitemap=False)
    @rate_limited("helpdesk.website.send", SENDS, MINUTES)
    def contact_support_send(self, mark="", website_url="", **said):
        if website_url:
            # A field that people do not see: who fills it in learns nothing from what happens.
            return request.redirect(f"{PAGE}/thanks")
        said = {name: said.get(name, "").replace("\0", "") for name in SAID}
        ids = {name: number(said[name]) for name in ("team_id", "type_id")}
        try:
            # Here, not by the route: whoever a captcha takes for a machine loses nothing of what he wrote.
            request.env["ir.http"]._verify_request_recaptcha_token(CAPTCHA)
            with request.env.cr.savepoint():
                ticket = request.env["helpdesk.ticket"]._website_open(
                    request.website, self._person(), mark, {**said, **ids}, self._uploaded()
                )
        except UniqueViolation:
            # Sent twice at the same time: the other one tells the number.
            return request.redirect(f"{PAGE}/thanks")
        except UserError as error:
            return self._page(**said, error=str(error))
        request.session[SENT] = ticket.number
        request.session[BACK] = ticket._get_back_text()
        return request.redirect(f"{PAGE}/thanks")

    @http.route(f"{PAGE}/thanks", type="http", auth="public", methods=["GET"], website=True, sitemap=False)
    def contact_support_thanks(self, **_kwargs):
        response = request.render(
            "crm_helpdesk_website.contact_support_thanks",
            {"number": request.session.get(SENT), "back": request.session.get(BACK)},
        )
        response.headers["X-Robots-Tag"] = "noindex"
        return response

    def _page(self, **values):
        """The page with the form; with an error, what was written is still there."""
        values = {name: values.get(name, "") for name in (*SAID, "error")}
        values |= {name: number(values[name]) for name in ("team_id", "type_id")}
        page = {
            "teams": request.env["helpdesk.team"]._get_website_teams(request.website),
            # sudo: names of types, for visitors to choose from
            "types": request.env["helpdesk.ticket.type"].sudo().search([]),
            "person": self._person(),
            "mark": request.env["helpdesk.ticket"]._website_new_form(),
            "page": PAGE,
            "captcha": CAPTCHA,
            "limits": {
                "name": NAME_MAX,
                "subject": SUBJECT_MAX,
                "body": TEXT_MAX,
                "files": FILES_MAX,
                "megabytes": FILE_BYTES_MAX // 1024**2,
            },
        }
        response = request.render("crm_helpdesk_website.contact_support", {**values, **page})
        response.headers["Cache-Control"] = "no-store"
        return response

    def _person(self):
        """Who is signed in, empty for a visitor.

        :rtype: res.partner
        """
        user = request.env.user
        return user.partner_id if not user._is_public() else request.env["res.partner"]

    def _uploaded(self):
        """The files of the form, as (name, bytes): no more is read than may be kept."""
        files = request.httprequest.files.getlist("files")[: FILES_MAX + 1]
        return [
            (file.filename.replace("\0", "")[:255], file.read(FILE_BYTES_MAX + 1))
            for file in files
            if file.filename
        ]
