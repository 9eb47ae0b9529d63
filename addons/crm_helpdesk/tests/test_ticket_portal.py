import json
from datetime import timedelta

from odoo import fields
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .portal_common import HelpdeskPortalCase


@tagged("post_install", "-at_install")
class TestTicketPortalPages(HelpdeskPortalCase):
    """List, card, and the forms on the page of a ticket."""

    def test_home_shows_the_open_tickets(self):
        home = self.get("/my", self.main).text
        self.assertIn('href="/my/tickets"', home)
        answer = self.rpc("/my/counters", self.main, counters=["helpdesk_ticket_count"])
        self.assertEqual(json.loads(answer)["result"]["helpdesk_ticket_count"], 2)
        self.mine.stage_id = self.solved
        answer = self.rpc("/my/counters", self.main, counters=["helpdesk_ticket_count"])
        self.assertEqual(json.loads(answer)["result"]["helpdesk_ticket_count"], 1)
        employee = new_test_user(self.env, "portal.employee", groups="base.group_user")
        self.assertNotIn("/my/tickets", self.get("/my", employee).text)
        self.assertEqual(self.get("/my/tickets", employee).status_code, 200)

    def test_list_filters_sorts_groups_and_searches(self):
        self.mine.stage_id = self.waiting
        done = self.ticket("Ticket of old", partner_id=self.main.partner_id.id, stage_id=self.solved.id)
        text = self.get("/my/tickets", self.main).text
        self.assertLess(text.index("Ticket of main"), text.index("Ticket of colleague"))
        self.assertIn("We are working on it", text)
        for query, shown, hidden in (
            ("?filterby=closed", ["old"], ["main", "colleague"]),
            ("?filterby=waiting", ["main"], ["old", "colleague"]),
            ("?filterby=all", ["main", "colleague", "old"], ["stranger"]),
            (f"?filterby=all&search={done.number}", ["old"], ["main", "colleague"]),
            ("?search=COLLEAGUE", ["colleague"], ["main"]),
            ("?search=%00", ["main"], []),
            ("?search=no%25such", [], ["main"]),
            ("?filterby=x&sortby=y&groupby=z&page=-1", ["main"], ["old"]),
            ("?sortby=subject&groupby=none", ["colleague", "main"], []),
        ):
            with self.subTest(query=query):
                text = self.get(f"/my/tickets{query}", self.main).text
                places = [text.find(f"Ticket of {name}") for name in shown]
                self.assertNotIn(-1, places)
                self.assertFalse([name for name in hidden if f"Ticket of {name}" in text])
        text = self.get("/my/tickets?sortby=subject&groupby=none", self.main).text
        self.assertLess(text.index("Ticket of colleague"), text.index("Ticket of main"))

    def test_list_has_pages_and_a_constant_number_of_queries(self):
        vals = {"team_id": self.team.id, "partner_id": self.main.partner_id.id, "user_id": self.ben.id}
        self.env["helpdesk.ticket"].create([{**vals, "name": f"Many {n}"} for n in range(10)])
        counts = []
        for more in (0, 50):
            self.env["helpdesk.ticket"].create([{**vals, "name": f"More {n}"} for n in range(more)])
            self.env.flush_all()
            self.get("/my/tickets", self.main)
            before = self.env.cr.sql_log_count
            text = self.url_open("/my/tickets").text
            counts.append(self.env.cr.sql_log_count - before)
        self.assertIn("/my/tickets/page/2", text)
        # One page: twelve tickets first, twenty then.
        self.assertLessEqual(counts[1], counts[0] + 2, counts)
        self.assertLess(counts[1], 60, counts)
        self.assertIn("Many", self.get("/my/tickets/page/3", self.main).text)

    def test_nobody_without_tickets_is_left_alone(self):
        partner = self.env["res.partner"].create({"name": "Portal Nobody", "email": "nobody@example.com"})
        user = new_test_user(self.env, "portal.nobody", groups="base.group_portal", partner_id=partner.id)
        self.assertIn("No tickets yet", self.get("/my/tickets", user).text)
        self.assertIn("/my/tickets?filterby=all", self.get("/my", user).text)

    def test_state_is_said_in_the_customers_words(self):
        self.assertEqual(self.colleagues.portal_state, "Received")
        self.assertEqual(self.mine.portal_state, "In progress")
        self.mine.stage_id = self.waiting
        self.assertEqual(self.mine.portal_state, "Waiting for you")
        self.waiting.customer_name = "Your turn"
        self.assertIn("Your turn", self.get(f"/my/tickets/{self.mine.id}", self.main).text)
        self.assertIn("Your turn", self.get("/my/tickets", self.main).text)

    # Close and reopen ---------------------------------------------------------------

    def test_customer_closes_and_says_what_helped(self):
        self.act(self.mine, "close", self.main, text="A new <b>drum</b>\0 helped")
        self.assertEqual(self.mine.stage_id, self.solved)
        message = self.mine.message_ids.filtered(lambda message: message.message_type == "comment")[0]
        self.assertEqual(message.author_id, self.main.partner_id)
        self.assertIn("&lt;b&gt;drum", message.body)
        count = len(self.mine.message_ids)
        self.act(self.mine, "close", self.main)
        self.assertEqual(len(self.mine.message_ids), count, "once is enough")

    def test_holder_of_the_link_closes_that_ticket_alone(self):
        token = self.token(self.mine)
        self.act(self.strange, "close", access_token=token)
        self.assertFalse(self.strange.is_closed)
        answer = self.act(self.mine, "close", access_token=token)
        self.assertTrue(self.mine.is_closed)
        self.assertIn("Thank you", answer.text)

    def test_stranger_changes_nothing(self):
        other = self.token(self.strange)
        self.team.use_rating = True
        for user in (self.stranger, self.colleague, None):
            for extra in ({}, {"access_token": other}, {"access_token": "wrong"}):
                if user:
                    self.act(self.mine, "follow", user, follow="1", **extra)
                self.act(self.mine, "close", user, **extra)
        self.assertFalse(self.mine.is_closed)
        self.assertNotIn(self.stranger.partner_id, self.mine.message_partner_ids)
        self.assertNotIn(self.colleague.partner_id, self.mine.message_partner_ids)
        self.mine.stage_id = self.solved
        for user in (self.stranger, self.colleague, None):
            self.act(self.mine, "reopen", user, text="Mine", access_token=other)
            self.act(self.mine, "rate", user, rate="1", access_token=other)
        self.assertTrue(self.mine.is_closed)
        self.assertFalse(self.mine.rating_ids.filtered("consumed"))

    def test_follower_reads_and_does_not_close(self):
        self.mine.message_subscribe(self.stranger.partner_id.ids)
        page = self.get(f"/my/tickets/{self.mine.id}", self.stranger).text
        self.assertNotIn("It is solved", page)
        answer = self.act(self.mine, "close", self.stranger)
        self.assertIn("alert-danger", answer.text)
        self.assertFalse(self.mine.is_closed)
        self.act(self.mine, "follow", self.stranger, follow="0")
        self.assertNotIn(self.stranger.partner_id, self.mine.message_partner_ids)

    @mute_logger("odoo.http")
    def test_forms_need_post_and_the_mark_of_the_page(self):
        self.sign_in(self.main)
        for act in ("close", "reopen", "rate", "follow"):
            url = f"/my/tickets/{self.mine.id}/{act}"
            self.assertEqual(self.url_open(url).status_code, 405, act)
            self.assertEqual(self.url_open(url, data={"csrf_token": "made up"}).status_code, 400, act)
        self.assertEqual(self.url_open("/my/tickets/new", data={"csrf_token": "made up"}).status_code, 400)
        self.assertFalse(self.mine.is_closed)

    def test_team_may_keep_closing_to_itself(self):
        self.team.portal_close = False
        self.assertNotIn("It is solved", self.get(f"/my/tickets/{self.mine.id}", self.main).text)
        self.assertIn("alert-danger", self.act(self.mine, "close", self.main).text)
        self.assertFalse(self.mine.is_closed)

    def test_customer_reopens_within_the_days_of_the_team(self):
        self.mine.stage_id = self.solved
        self.assertIn("It is not solved", self.get(f"/my/tickets/{self.mine.id}", self.main).text)
        self.assertIn("alert-danger", self.act(self.mine, "reopen", self.main, text=" ").text)
        self.assertTrue(self.mine.is_closed)
        self.act(self.mine, "reopen", self.main, text="It leaks again")
        self.assertFalse(self.mine.is_closed)
        self.assertEqual(self.mine.user_id, self.anna)
        self.assertIn("It leaks again", "".join(self.mine.message_ids.mapped("body")))

    def test_what_was_closed_long_ago_is_taken_up_by_a_new_ticket(self):
        self.mine.stage_id = self.solved
        self.mine.closed_at = fields.Datetime.now() - timedelta(days=self.team.reopen_days, minutes=1)
        self.env.flush_all()
        page = self.get(f"/my/tickets/{self.mine.id}", self.main).text
        self.assertNotIn("It is not solved", page)
        self.assertIn(f"/my/tickets/new?follows_id={self.mine.id}", page)
        self.assertIn("alert-danger", self.act(self.mine, "reopen", self.main, text="Again").text)
        self.assertTrue(self.mine.is_closed)

    def test_colleague_who_is_allowed_follows_and_stops(self):
        person = self.colleague.partner_id
        person.crm_sees_business = True
        self.assertIn(
            "Get our answers by e-mail", self.get(f"/my/tickets/{self.mine.id}", self.colleague).text
        )
        self.act(self.mine, "follow", self.colleague, follow="1")
        self.assertIn(person, self.mine.message_partner_ids)
        self.assertIn("Stop e-mails", self.get(f"/my/tickets/{self.mine.id}", self.colleague).text)
        self.act(self.mine, "follow", self.colleague, follow="0")
        self.assertNotIn(person, self.mine.message_partner_ids)

    def test_huge_text_is_refused_in_words(self):
        answer = self.act(self.mine, "close", self.main, text="x" * 10001)
        self.assertIn("alert-danger", answer.text)
        self.assertFalse(self.mine.is_closed)


class TicketPortalTour(HelpdeskPortalCase):
    """The whole way of a ticket, in a browser."""

    def tour(self):
        self.env["helpdesk.team"].search([("id", "!=", self.team.id)]).privacy_visibility = "employees"
        self.team.use_rating = True
        self.start_tour("/my/tickets", "helpdesk_portal_customer", login=self.main.login, timeout=120)
        ticket = self.env["helpdesk.ticket"].search([("name", "=", "The printer leaks")])
        self.assertEqual((ticket.partner_id, ticket.stage_kind), (self.main.partner_id, "open"))
        self.assertEqual((ticket.rating_ids.rating, ticket.rating_ids.feedback), (5, "Quick"))
        self.assertIn("A photo follows.", "".join(ticket.message_ids.mapped("body")))


@tagged("post_install", "-at_install")
class TestTicketPortalTourDesktop(TicketPortalTour):
    def test_customer(self):
        self.tour()


@tagged("post_install", "-at_install")
class TestTicketPortalTourPhone(TicketPortalTour):
    browser_size = "390x844"
    touch_enabled = True

    def test_customer_on_the_phone(self):
        self.tour()
