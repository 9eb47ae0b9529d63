import json

from odoo import http
from odoo.exceptions import AccessError, MissingError, UserError
from odoo.http import content_disposition, request

from odoo.addons.portal.controllers.portal import CustomerPortal, pager

PAGE = 20
ADDRESS_MAX = 200  # characters in a field of the own data
PRIVATE = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}


class CustomerRelationsPortal(CustomerPortal):
    """The customer's own view: offers, data, consents, messages. What may be is decided by the person
    who is signed in (``res_partner_portal.py``).
    """

    def _prepare_home_portal_values(self, counters):
        values = super()._prepare_home_portal_values(counters)
        # The page itself asks without counters: the card comes with its number, not by another request.
        if not counters or "crm_offer_count" in counters:
            person = self._person()
            domain = person._crm_portal_offers_domain()
            found = dict(person.env["crm.offer"]._read_group(domain, ["state"], ["__count"]))
            values["crm_offer_count"] = found.get("proposed", 0)
            values["crm_has_offers"] = bool(found)
        return values

    def _person(self):
        return request.env["res.partner"]._crm_portal_person()

    def _page(self, template, page_name, **values):
        response = request.render(
            template, {**self._prepare_portal_layout_values(), "page_name": page_name, **values}
        )
        response.headers.update(PRIVATE)
        return response

    def _validate_address_values(self, address_values, *args, **kwargs):
        """As the ERP, and no endless names: they would end up on every document."""
        invalid, missing, errors = super()._validate_address_values(address_values, *args, **kwargs)
        if too_long := {name for name, value in address_values.items() if len(str(value)) > ADDRESS_MAX}:
            invalid |= too_long
            errors.append(request.env._("Up to %s characters in each field, please.", ADDRESS_MAX))
        return invalid, missing, errors

    def _try(self, work, done):
        """Do what a form asks; what came of it is told in the section of the page the form is in.

        :param work: function without arguments
        :param str done: address of the page to show then, its fragment is the section
        """
        request.session["crm_portal_section"] = done.partition("#")[2]
        try:
            with request.env.cr.savepoint():
                work()
        except (UserError, AccessError) as error:
            request.session["crm_portal_error"] = str(error)
        else:
            request.session["crm_portal_saved"] = True
        return request.redirect(done)

    def _outcome(self):
        return {
            "error": request.session.pop("crm_portal_error", None),
            "is_saved": request.session.pop("crm_portal_saved", None),
            "section": request.session.pop("crm_portal_section", None) or "",
        }

    # Offers -----------------------------------------------------------

    @http.route(["/my/offers", "/my/offers/page/<int:page>"], type="http", auth="user", website=True)
    def portal_my_offers(self, page=1, **_kwargs):
        person = self._person()
        Offer, domain = person.env["crm.offer"], person._crm_portal_offers_domain()
        pages = pager(url="/my/offers", total=Offer.search_count(domain), page=page, step=PAGE)
        offers = Offer.search(domain, order="id desc", limit=PAGE, offset=pages["offset"])
        return self._page("crm_core.portal_my_offers", "crm_offers", offers=offers, pager=pages)

    def _get_offer(self, offer_id, access_token=None):
        """The offer, if the person or the token may see it.

        :raise AccessError: neither
        """
        if not request.env.user._is_public():
            person = self._person()
            domain = [*person._crm_portal_offers_domain(), ("id", "=", offer_id)]
            if offer := person.env["crm.offer"].search(domain):
                return offer
        offer = self._document_check_access("crm.offer", offer_id, access_token)
        if not offer.is_in_portal or offer.state == "draft":
            raise AccessError(request.env._("This offer is not open to customers."))
        return offer

    @http.route("/my/offers/<int:offer_id>", type="http", auth="public", website=True)
    def portal_my_offer(self, offer_id, access_token=None, **_kwargs):
        try:
            offer = self._get_offer(offer_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        return self._page(
            "crm_core.portal_my_offer",
            "crm_offer",
            offer=offer,
            access_token=access_token,
            **self._outcome(),
        )

    @http.route(
        "/my/offers/<int:offer_id>/accept", type="http", auth="public", methods=["POST"], website=True
    )
    def portal_accept_offer(self, offer_id, access_token=None, **_kwargs):
        """The offer becomes a quotation, to be signed and paid as any other."""
        try:
            offer = self._get_offer(offer_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        try:
            with request.env.cr.savepoint():
                order = offer._accept_in_portal(self._who(offer))
        except UserError as error:
            request.session["crm_portal_error"] = str(error)
            return request.redirect(offer.get_portal_url() if access_token else f"/my/offers/{offer_id}")
        return request.redirect(order.get_portal_url())

    @http.route(
        "/my/offers/<int:offer_id>/decline", type="http", auth="public", methods=["POST"], website=True
    )
    def portal_decline_offer(self, offer_id, access_token=None, reason=None, **_kwargs):
        try:
            offer = self._get_offer(offer_id, access_token)
        except (AccessError, MissingError):
            return request.redirect("/my")
        done = offer.get_portal_url() if access_token else f"/my/offers/{offer_id}"
        reason = (reason or "").replace("\0", "").strip()[:ADDRESS_MAX]
        return self._try(lambda: offer._decline_in_portal(self._who(offer), reason), done)

    def _who(self, offer):
        """The person who answers: who is signed in, or, by the token, whom the offer was made to."""
        return offer.partner_id if request.env.user._is_public() else self._person()

    # Own data, wishes, consents ---------------------------------------

    @http.route("/my/relations", type="http", auth="user", methods=["GET"], website=True)
    def portal_my_relations(self, **_kwargs):
        person = self._person()
        values = {
            "person": person,
            "wishes": person._crm_portal_wishes(),
            "channels": person.env["crm.contact.preference"]
            ._fields["first_channel"]
            ._description_selection(request.env),
            "topics": person.env["crm.contact.topic"].search([]),
            "consents": person._crm_portal_consents(),
            "events": person.env["crm.consent.event"].search([("partner_id", "=", person.id)], limit=50),
            "colleagues": person._crm_portal_colleagues() if person._crm_portal_is_main_contact() else None,
            "is_alone": person == person.commercial_partner_id and not person.is_company,
            **self._outcome(),
        }
        return self._page("crm_core.portal_my_relations", "crm_relations", **values)

    @http.route("/my/relations/wishes", type="http", auth="user", methods=["POST"], website=True)
    def portal_save_wishes(self, first_channel="", contact_limit="", contact_limit_days="", **_kwargs):
        topics = [int(id_) for id_ in request.httprequest.form.getlist("topic_ids") if id_.isdecimal()]
        person = self._person()
        return self._try(
            lambda: person._crm_portal_save_wishes(first_channel, contact_limit, contact_limit_days, topics),
            "/my/relations#wishes",
        )

    @http.route("/my/relations/consent", type="http", auth="user", methods=["POST"], website=True)
    def portal_set_consent(self, purpose_id="", channel="", allowed="", **_kwargs):
        person = self._person()
        purpose = int(purpose_id) if purpose_id.isdecimal() else 0
        return self._try(
            lambda: person._crm_portal_set_consent(purpose, channel, allowed == "1"), "/my/relations#consents"
        )

    @http.route("/my/relations/people", type="http", auth="user", methods=["POST"], website=True)
    def portal_allow_people(self, **_kwargs):
        person = self._person()
        ids = {int(id_) for id_ in request.httprequest.form.getlist("allowed") if id_.isdecimal()}
        return self._try(lambda: person._crm_portal_allow(ids), "/my/relations#people")

    @http.route("/my/relations/data.json", type="http", auth="user", methods=["GET"], website=True)
    def portal_my_data(self, **_kwargs):
        data = self._person()._crm_portal_data()
        headers = [
            ("Content-Type", "application/json; charset=utf-8"),
            ("Content-Disposition", content_disposition("my-data.json")),
            *PRIVATE.items(),
        ]
        return request.make_response(json.dumps(data, indent=2, ensure_ascii=False, default=str), headers)

    # Message ----------------------------------------------------------

    @http.route("/my/message", type="http", auth="user", methods=["GET"], website=True)
    def portal_message(self, **_kwargs):
        return self._page("crm_core.portal_message", "crm_message", **self._outcome())

    @http.route("/my/message", type="http", auth="user", methods=["POST"], website=True)
    def portal_send_message(self, subject="", body="", **_kwargs):
        person = self._person()
        done = self._try(lambda: person._crm_portal_message(subject, body), "/my/message")
        if "crm_portal_error" not in request.session:
            return done
        # Not by another request: nobody likes to write a message twice.
        return self._page(
            "crm_core.portal_message", "crm_message", subject=subject, body=body, **self._outcome()
        )
