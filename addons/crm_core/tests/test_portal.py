import json
import re
from datetime import timedelta

from odoo import Command, fields
from odoo.tests import HttpCase, new_test_user, tagged

from .common import CrmCoreCommon


class PortalCase(HttpCase, CrmCoreCommon):
    """A customer with a main contact and a colleague, a stranger, and an offer to each."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson = new_test_user(cls.env, "portal.seller", groups="sales_team.group_sale_salesman")
        cls.customer.user_id = cls.salesperson
        cls.stranger_customer = cls.make_customer("Stranger Ltd")
        cls.main = cls.person("main", cls.customer)
        cls.colleague = cls.person("colleague", cls.customer)
        cls.stranger = cls.person("stranger", cls.stranger_customer)
        cls.customer.crm_main_contact_id = cls.main.partner_id
        cls.offer = cls.make_offer(cls.main.partner_id)
        cls.colleagues_offer = cls.make_offer(cls.colleague.partner_id)
        cls.strange_offer = cls.make_offer(cls.stranger.partner_id)
        cls.offers_purpose = cls.env.ref("crm_core.consent_purpose_offers")

    @classmethod
    def person(cls, login, customer):
        partner = cls.env["res.partner"].create(
            {"name": f"Portal {login}", "parent_id": customer.id, "email": f"{login}@example.com"}
        )
        return new_test_user(
            cls.env, f"portal.{login}", groups="base.group_portal", partner_id=partner.id, email=partner.email
        )

    @classmethod
    def make_offer(cls, partner, **values):
        offer = cls.env["crm.offer"].create(
            {
                "partner_id": partner.id,
                "user_id": cls.salesperson.id,
                "line_ids": [Command.create({"product_id": cls.paper.id, "quantity": 3, "price_unit": 30})],
                **values,
            }
        )
        offer.action_show_to_customer()
        return offer

    def get(self, url, user=None):
        self.sign_in(user)
        return self.url_open(url)

    def post(self, url, user=None, page=None, **data):
        self.sign_in(user)
        token = re.search(r'csrf_token: "([^"]+)"', self.url_open(page or "/my").text)
        return self.url_open(url, data={"csrf_token": token and token.group(1), **data})

    def sign_in(self, user):
        if user:
            self.authenticate(user.login, user.login)
        elif self.session:
            self.logout(keep_db=True)

    def rpc(self, url, user, **params):
        self.sign_in(user)
        answer = self.url_open(
            url,
            data=json.dumps({"jsonrpc": "2.0", "params": params}),
            headers={"Content-Type": "application/json"},
        )
        return json.dumps(answer.json())


@tagged("post_install", "-at_install", "thorough")
class TestPortal(PortalCase):
    """The customer's own view: each page with a stranger, a colleague, a wrong token and a visitor."""

    # Offers -----------------------------------------------------------

    def test_offer_is_seen_by_whom_it_concerns(self):
        url = f"/my/offers/{self.colleagues_offer.id}"
        for user, seen in ((self.colleague, True), (self.main, True), (self.stranger, False), (None, False)):
            with self.subTest(user=user and user.login):
                answer = self.get(url, user)
                self.assertEqual(self.colleagues_offer.name in answer.text, seen)
        self.assertNotIn(self.offer.name, self.get(f"/my/offers/{self.offer.id}", self.colleague).text)

    def test_list_holds_the_own_offers_and_the_whole_business_only_where_allowed(self):
        mine = self.get("/my/offers", self.colleague).text
        self.assertIn(self.colleagues_offer.name, mine)
        self.assertNotIn(self.offer.name, mine)
        self.colleague.partner_id.crm_sees_business = True
        self.assertIn(self.offer.name, self.get("/my/offers", self.colleague).text)
        self.assertNotIn(self.strange_offer.name, self.get("/my/offers", self.main).text)

    def test_draft_is_nobodys_business(self):
        draft = self.env["crm.offer"].create({"partner_id": self.main.partner_id.id})
        self.assertNotIn(draft.name, self.get("/my/offers", self.main).text)
        token = draft._portal_ensure_token()
        self.assertNotIn(draft.name, self.get(f"/my/offers/{draft.id}?access_token={token}").text)

    def test_token_opens_its_own_offer_alone(self):
        token = self.offer.access_token
        self.assertIn(self.offer.name, self.get(f"/my/offers/{self.offer.id}?access_token={token}").text)
        for url in (
            f"/my/offers/{self.strange_offer.id}?access_token={token}",
            f"/my/offers/{self.offer.id}?access_token=wrong",
            f"/my/offers/{self.offer.id}",
            "/my/offers/999999999",
        ):
            answer = self.get(url)
            self.assertNotIn(self.strange_offer.name, answer.text, url)
            self.assertNotIn(f"Offer {self.offer.name}", answer.text, url)

    def test_accepted_offer_is_a_quotation_to_sign(self):
        answer = self.post(f"/my/offers/{self.offer.id}/accept", self.main)
        self.assertIn("/my/orders/", answer.url)
        order = self.offer.sale_order_id
        self.assertEqual((order.state, order.user_id), ("sent", self.salesperson))
        self.assertEqual(order.order_line.price_unit, 30)
        self.assertEqual(self.offer.state, "proposed", "until the quotation is signed")
        self.post(f"/my/offers/{self.offer.id}/accept", self.main)
        self.assertEqual(self.env["sale.order"].search_count([("crm_offer_id", "=", self.offer.id)]), 1)

    def test_declined_offer_keeps_the_reason(self):
        self.post(f"/my/offers/{self.offer.id}/decline", self.main, reason="Too dear")
        self.assertEqual((self.offer.state, self.offer.decline_reason), ("declined", "Too dear"))
        self.post(f"/my/offers/{self.offer.id}/accept", self.main)
        self.assertFalse(self.offer.sale_order_id)

    def test_stranger_answers_nothing(self):
        for user in (self.stranger, self.colleague, None):
            for answer in ("accept", "decline"):
                self.post(f"/my/offers/{self.offer.id}/{answer}", user, page="/web/login")
        self.assertEqual((self.offer.state, self.offer.sale_order_id.id), ("proposed", False))

    def test_answer_needs_the_token_of_the_page(self):
        self.sign_in(self.main)
        answer = self.url_open(f"/my/offers/{self.offer.id}/accept", data={"csrf_token": "made up"})
        self.assertEqual(answer.status_code, 400)
        self.assertEqual(self.url_open(f"/my/offers/{self.offer.id}/accept").status_code, 405)
        self.assertFalse(self.offer.sale_order_id)

    def test_expired_offer_says_so(self):
        self.offer.valid_until = self.today - timedelta(days=1)
        self.env["crm.offer"]._cron_expire()
        answer = self.post(f"/my/offers/{self.offer.id}/accept", self.main)
        self.assertIn("is expired", answer.text)

    # Consents and wishes ----------------------------------------------

    def consent(self, user, allowed, channel="phone"):
        return self.post(
            "/my/relations/consent",
            user,
            purpose_id=self.offers_purpose.id,
            channel=channel,
            allowed="1" if allowed else "0",
        )

    def test_consent_changes_at_once_and_is_the_own(self):
        person = self.main.partner_id
        person.phone = "+1 555 0150"
        self.assertFalse(person._crm_may_contact("phone", "offers")[0])
        self.consent(self.main, True)
        self.assertTrue(person._crm_may_contact("phone", "offers")[0])
        self.consent(self.main, False)
        self.assertFalse(person._crm_may_contact("phone", "offers")[0])
        events = self.env["crm.consent.event"].search([("partner_id", "=", person.id)])
        self.assertEqual(events.mapped("source"), ["portal", "portal"])
        page = self.get("/my/relations", self.main).text
        self.assertIn("Withdrawn", page)
        self.assertNotIn("Withdrawn", self.get("/my/relations", self.colleague).text)

    def test_nobody_consents_for_another(self):
        self.post(
            "/my/relations/consent",
            self.stranger,
            purpose_id=self.offers_purpose.id,
            channel="phone",
            allowed="1",
            partner_id=self.main.partner_id.id,
        )
        events = self.env["crm.consent.event"].search([("purpose_id", "=", self.offers_purpose.id)])
        self.assertFalse(events.filtered(lambda event: event.partner_id == self.main.partner_id))

    def test_nonsense_is_refused_in_words(self):
        for data in (
            {"purpose_id": "0", "channel": "phone"},
            {"purpose_id": "x", "channel": "phone"},
            {"purpose_id": str(self.offers_purpose.id), "channel": "pigeon"},
        ):
            answer = self.post("/my/relations/consent", self.main, allowed="1", **data)
            self.assertIn("alert-danger", answer.text, data)

    def test_wishes_are_saved_and_checked(self):
        topic = self.env["crm.contact.topic"].create({"name": "Portal topic"})
        self.post(
            "/my/relations/wishes",
            self.main,
            first_channel="email",
            contact_limit="2",
            contact_limit_days="14",
            topic_ids=str(topic.id),
        )
        wishes = self.main.partner_id.crm_preference_ids
        self.assertEqual((wishes.first_channel, wishes.contact_limit, wishes.topic_ids), ("email", 2, topic))
        for bad in ({"contact_limit": "many"}, {"contact_limit": "-1"}, {"first_channel": "pigeon"}):
            self.assertIn("alert-danger", self.post("/my/relations/wishes", self.main, **bad).text)
        self.assertEqual(wishes.contact_limit, 2)

    def test_main_contact_decides_who_sees_the_business(self):
        self.assertIn('id="people"', self.get("/my/relations", self.main).text)
        self.assertNotIn('id="people"', self.get("/my/relations", self.colleague).text)
        self.post("/my/relations/people", self.main, allowed=str(self.colleague.partner_id.id))
        self.assertTrue(self.colleague.partner_id.crm_sees_business)
        self.post("/my/relations/people", self.colleague, allowed=str(self.colleague.partner_id.id))
        self.post("/my/relations/people", self.main, allowed=str(self.stranger.partner_id.id))
        self.assertFalse(self.colleague.partner_id.crm_sees_business)
        self.assertFalse(self.stranger.partner_id.crm_sees_business)

    # Data and messages ------------------------------------------------

    def test_download_holds_the_own_data_alone(self):
        self.consent(self.colleague, True)
        self.env["crm.contact.log"].create(
            {"partner_id": self.colleague.partner_id.id, "subject": "Of the colleague", "note": "Secret note"}
        )
        self.env.cr.flush()
        data = json.loads(self.get("/my/relations/data.json", self.colleague).text)
        self.assertEqual(data["person"]["email"], "colleague@example.com")
        self.assertEqual(data["consents"][0]["action"], "granted")
        self.assertIn("Of the colleague", [row["subject"] for row in data["contacts"]])
        self.assertNotIn("Secret note", json.dumps(data))
        self.assertEqual([offer["number"] for offer in data["offers"]], [self.colleagues_offer.name])
        other = self.get("/my/relations/data.json", self.main).text
        self.assertNotIn("Of the colleague", other)

    def test_message_reaches_timeline_and_salesperson(self):
        self.post("/my/message", self.main, subject="A question", body="Do you have <b>blue</b> paper?")
        person = self.main.partner_id
        self.env.cr.flush()
        rows = self.customer.crm_timeline(20, channels=["portal"])["rows"]
        self.assertIn(
            ("email", "in", "A question"), [(r["kind"], r["direction"], r["subject"]) for r in rows]
        )
        activity = person.activity_ids
        self.assertEqual((activity.user_id, activity.summary), (self.salesperson, "Answer: A question"))
        body = person.message_ids.filtered(lambda message: message.subject == "A question").body
        self.assertIn("&lt;b&gt;", body)

    def test_message_empty_too_long_or_too_often_is_refused(self):
        self.assertIn("alert-danger", self.post("/my/message", self.main, body=" ").text)
        self.assertIn("alert-danger", self.post("/my/message", self.main, body="x" * 6000).text)
        for number in range(10):
            self.main.partner_id._crm_portal_message("Again", f"Message {number}")
        self.assertIn("many messages", self.post("/my/message", self.main, body="One more").text)

    def test_message_that_is_refused_is_not_lost(self):
        answer = self.post("/my/message", self.main, subject="Kept subject", body="y" * 5001)
        self.assertIn("alert-danger", answer.text)
        self.assertIn('value="Kept subject"', answer.text)
        self.assertIn("y" * 5001, answer.text)
        self.assertNotIn("alert-danger", self.get("/my/message", self.main).text)
        answer = self.post(
            "/my/message", self.main, subject="<b>Bold", body="</textarea><script>alert(1)</script>" * 200
        )
        self.assertNotIn("<script>alert(1)", answer.text)
        self.post("/my/message", self.main, body="With a \0 in it")
        self.assertIn("With a  in it", self.main.partner_id.message_ids[0].body)

    def test_what_came_of_a_form_is_told_in_its_section(self):
        for page, data, section in (
            ("/my/relations/wishes", {"contact_limit": "many"}, "wishes"),
            ("/my/relations/consent", {"purpose_id": "9" * 30, "channel": "phone"}, "consents"),
            ("/my/relations/people", {}, "people"),
        ):
            text = self.post(page, self.main, **data).text
            begin = text.index(f'id="{section}"')
            self.assertIn('class="alert', text[begin : text.index("<form", begin)], section)
            self.assertEqual(text.count('class="alert'), 1)

    def test_own_data_take_no_endless_or_broken_values(self):
        person = self.main.partner_id
        name = person.name
        values = {
            "partner_id": str(person.id),
            "name": "Main Contact",
            "email": "main@example.com",
            "phone": "+1 555 0150",
            "street": "1 Quay",
            "city": "Boston",
            "zip": "02110",
            "country_id": str(self.env.ref("base.us").id),
            "state_id": str(self.env.ref("base.state_us_22").id),
        }
        for bad in ({"name": "N" * 201}, {"email": "no address"}, {"street": "S" * 5000}):
            answer = self.post("/my/address/submit", self.main, **{**values, **bad})
            self.assertEqual(answer.json()["invalid_fields"], list(bad))
        self.assertEqual(person.name, name)
        # What decides who sees what is not among the own data.
        extra = {"crm_sees_business": "1", "crm_main_contact_id": str(self.colleague.partner_id.id)}
        answer = self.post("/my/address/submit", self.colleague, **{**values, "partner_id": "", **extra})
        self.assertFalse(self.colleague.partner_id.crm_sees_business)
        self.post("/my/address/submit", self.main, **values)
        self.assertEqual((person.name, person.city), ("Main Contact", "Boston"))

    def test_customer_without_anything_is_told_so(self):
        nobody = self.env["res.partner"].create({"name": "Portal Nobody", "email": "nobody@example.com"})
        user = new_test_user(self.env, "portal.nobody", groups="base.group_portal", partner_id=nobody.id)
        home = self.get("/my", user).text
        self.assertNotIn('href="/my/offers"', home)
        self.assertIn('href="/my/message"', home)
        self.assertIn("no offer for you", self.get("/my/offers", user).text)
        self.assertNotIn('id="people"', self.get("/my/relations", user).text)

    def test_answered_offers_stay_within_reach(self):
        self.offer._decline_in_portal(self.main.partner_id, "Too dear")
        self.colleagues_offer._decline_in_portal(self.colleague.partner_id, None)
        home = self.get("/my", self.main).text
        self.assertNotIn("Offers for you", home)
        self.assertIn('href="/my/offers"', home)
        self.assertIn("Too dear", self.get(f"/my/offers/{self.offer.id}", self.main).text)

    def test_deleted_account_leaves_no_acts(self):
        partner = self.env["res.partner"].create({"name": "Portal Leaving", "email": "leaving@example.com"})
        user = new_test_user(self.env, "portal.leaving", groups="base.group_portal", partner_id=partner.id)
        self.env["crm.portal.act"]._record(partner, "sign_in")
        self.env.cr.flush()
        user._deactivate_portal_user(request_blacklist=False)
        user.unlink()
        partner.unlink()
        self.assertFalse(partner.exists())
        self.assertFalse(self.env["crm.portal.act"].search([("partner_id", "=", partner.id)]))
        rows = self.env["crm.interaction"].search([("owner_id", "=", partner.id)])
        self.assertFalse(rows)

    def test_visitor_is_asked_to_sign_in(self):
        for url in ("/my/offers", "/my/relations", "/my/relations/data.json", "/my/message"):
            self.assertIn("/web/login", self.get(url).url, url)

    def test_signing_in_and_acts_are_in_the_timeline(self):
        person = self.main.partner_id
        for _again in range(2):
            self.env(user=self.main)["res.users"].browse(self.main.id)._update_last_login()
        self.post(f"/my/offers/{self.offer.id}/decline", self.main)
        acts = self.env["crm.portal.act"].search([("partner_id", "=", person.id)])
        self.assertEqual(sorted(acts.mapped("act")), ["offer_declined", "sign_in"])
        rows = self.customer.crm_timeline(20, kinds=["portal"])["rows"]
        self.assertEqual(
            sorted(row["subject"] for row in rows), [f"Declined an offer: {self.offer.name}", "Signed in"]
        )
        employee = self.env["crm.portal.act"].search_count(
            [("partner_id", "=", self.salesperson.partner_id.id)]
        )
        self.assertEqual(employee, 0)

    def test_home_counts_the_open_offers(self):
        self.sign_in(self.main)
        answer = self.url_open(
            "/my/counters",
            data=json.dumps({"jsonrpc": "2.0", "params": {"counters": ["crm_offer_count"]}}),
            headers={"Content-Type": "application/json"},
        )
        self.assertEqual(answer.json()["result"]["crm_offer_count"], 2)
        self.assertIn("/my/relations", self.url_open("/my").text)

    def test_customer_reads_no_model_of_ours(self):
        for model in ("crm.offer", "crm.portal.act", "crm.consent.event", "crm.contact.preference"):
            self.assertFalse(self.env[model].with_user(self.main).has_access("read"), model)

    def test_time_of_the_first_sign_in_stays(self):
        act = self.env["crm.portal.act"]
        act._record(self.main.partner_id, "sign_in")
        first = act.search([("partner_id", "=", self.main.partner_id.id)])
        first.date = fields.Datetime.now() - timedelta(days=1)
        act._record(self.main.partner_id, "sign_in")
        self.assertEqual(act.search_count([("partner_id", "=", self.main.partner_id.id)]), 2)


@tagged("post_install", "-at_install")
class TestPortalTours(PortalCase):
    def test_consent_in_the_portal(self):
        self.start_tour("/my/relations", "crm_core_consent", login=self.main.login)


@tagged("post_install", "-at_install")
class TestPortalToursPhone(PortalCase):
    browser_size = "390x844"
    touch_enabled = True

    def test_consent_on_the_phone(self):
        self.start_tour("/my/relations", "crm_core_consent_phone", login=self.main.login)
