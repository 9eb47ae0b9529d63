import re
from datetime import timedelta
from unittest.mock import patch

from psycopg2.errors import UniqueViolation

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from ..models import helpdesk_ticket_portal_open as opening
from .portal_common import HelpdeskPortalCase


@tagged("post_install", "-at_install")
class TestTicketPortalOpen(HelpdeskPortalCase):
    """A customer opens a ticket."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.own = cls.order(cls.main.partner_id, [(cls.paper, 2), (cls.toner, 1)])
        cls.alien = cls.order(cls.stranger.partner_id, [(cls.stapler, 1)])

    def send(self, user, files=(), form=None, **data):
        form = form or self.form(user)
        page = self.get("/my/tickets/new", user).text
        data = {
            "csrf_token": re.search(r'csrf_token: "([^"]+)"', page).group(1),
            "form": form,
            "team_id": str(self.team.id),
            "subject": "Paper is wet",
            "body": "All of it.",
            **data,
        }
        return self.url_open(
            "/my/tickets/new", data=data, files=[("files", (name, raw, "text/plain")) for name, raw in files]
        )

    def opened(self, user=None):
        partner = (user or self.main).partner_id
        return self.env["helpdesk.ticket"].search([("partner_id", "=", partner.id)]) - self.all

    def test_colleagues_in_copy_follow_and_others_are_the_team_s_to_decide_on(self):
        copies = (
            f"{self.colleague.partner_id.email}; <{self.stranger.partner_id.email}>,"
            f" New.One@Elsewhere.example new.one@elsewhere.example {self.anna.email}"
        )
        self.send(self.main, copies=copies)
        ticket = self.opened()
        followers = ticket.message_partner_ids
        self.assertIn(self.main.partner_id, followers)
        self.assertIn(self.colleague.partner_id, followers)
        self.assertFalse(followers & (self.stranger.partner_id | self.anna.partner_id))
        self.assertFalse(
            self.env["res.partner"].search([("email_normalized", "=", "new.one@elsewhere.example")])
        )
        self.assertEqual(
            ticket.email_cc.split(", "),
            [
                self.colleague.partner_id.email_normalized,
                self.stranger.partner_id.email_normalized,
                "new.one@elsewhere.example",
                self.anna.email_normalized,
            ],
        )

    def test_copies_that_are_no_addresses_or_too_many_are_told(self):
        for copies, word in (
            ("colleague", "no e-mail address"),
            (" ".join(f"p{number}@elsewhere.example" for number in range(21)), "Up to 20 addresses"),
        ):
            with self.subTest(copies=copies[:10]):
                answer = self.send(self.main, copies=copies)
                self.assertIn(word, answer.text)
                self.assertIn(copies, answer.text)
        self.assertFalse(self.opened())

    def test_ticket_is_the_own_one_with_what_was_said(self):
        answer = self.send(
            self.main,
            [("photo.txt", b"wet"), ("bill.txt", b"dear")],
            about=f"{self.own.id}-{self.paper.id}",
            body="<b>All</b> of it\0.",
            priority="3",
            user_id=str(self.ben.id),
            partner_id=str(self.stranger.partner_id.id),
            stage_id=str(self.solved.id),
        )
        ticket = self.opened()
        self.assertEqual(len(ticket), 1)
        self.assertIn(f"/my/tickets/{ticket.id}", answer.url)
        self.assertIn("Thank you", answer.text)
        self.assertRecordValues(
            ticket,
            [
                {
                    "name": "Paper is wet",
                    "team_id": self.team.id,
                    "partner_id": self.main.partner_id.id,
                    "sale_order_id": self.own.id,
                    "product_id": self.paper.id,
                    "priority": "0",
                    "user_id": False,
                    "stage_id": self.new.id,
                }
            ],
        )
        self.assertIn("&lt;b&gt;All", ticket.description)
        self.assertIn(self.main.partner_id, ticket.message_partner_ids)
        files = ticket.message_ids.attachment_ids
        self.assertEqual(sorted(files.mapped("name")), ["bill.txt", "photo.txt"])
        self.assertEqual(set(files.mapped("res_id")), {ticket.id})
        where = {"thread_model": "helpdesk.ticket", "thread_id": ticket.id}
        self.assertIn("photo.txt", self.rpc("/mail/chatter_fetch", self.main, **where))
        self.assertNotIn("photo.txt", self.rpc("/mail/chatter_fetch", self.stranger, **where))

    @mute_logger("odoo.sql_db")
    def test_sent_twice_is_one_ticket(self):
        form = self.form(self.main)
        first = self.send(self.main, [("photo.txt", b"wet")], form=form)
        again = self.send(self.main, [("photo.txt", b"wet")], form=form, subject="Changed")
        self.assertEqual(first.url, again.url)
        self.assertEqual(len(self.opened()), 1)
        self.assertEqual(len(self.opened().message_ids.attachment_ids), 1)
        self.send(self.stranger, form=form)
        self.assertFalse(self.opened(self.stranger), "a form is of one person")

    def test_ticket_is_confirmed_once_as_one_from_a_mail(self):
        def confirmations(ticket):
            return ticket.message_ids.filtered(lambda message: message.message_type == "auto_comment")

        form = self.form(self.main)
        for _time in range(2):
            self.send(self.main, [("photo.txt", b"wet")], form=form)
        ticket = self.opened()
        message = confirmations(ticket)
        self.assertEqual(len(message), 1)
        self.assertEqual(message.notified_partner_ids, self.main.partner_id)
        self.assertIn(ticket.number, message.subject)
        self.assertTrue(ticket.acknowledged_at)
        self.assertFalse(ticket.first_response_at)
        self.team.use_acknowledgement = False
        self.send(self.main, subject="Another one")
        another = self.opened() - ticket
        self.assertTrue(another)
        self.assertFalse(confirmations(another))

    @mute_logger("odoo.sql_db")
    def test_two_at_the_same_time_are_one_ticket(self):
        """The other request has stored the ticket already, this one does not see it yet."""
        form = self.form(self.main)
        first = self.send(self.main, form=form)
        Ticket = self.env.registry["helpdesk.ticket"]
        seen = []

        def blind(self, person, form):
            seen.append(form)
            return self.browse() if len(seen) < 3 else original(self, person, form)

        original = Ticket._portal_find_form
        with patch.object(Ticket, "_portal_find_form", blind):
            second = self.send(self.main, form=form)
        self.assertEqual(len(seen), 3)
        self.assertEqual(first.url, second.url)
        self.assertEqual(len(self.opened()), 1)
        with self.assertRaises(UniqueViolation), self.env.cr.savepoint():
            self.mine.portal_form = form
            self.env.flush_all()

    def test_bad_forms_are_refused_and_nothing_is_lost(self):
        kept = self.make_team("Secret", self.anna, privacy_visibility="employees")
        for bad in (
            {"subject": " "},
            {"body": "\0"},
            {"subject": "s" * 201},
            {"body": "b" * 10001},
            {"team_id": str(kept.id)},
            {"team_id": "x"},
            {"team_id": "9" * 30},
            {"about": str(self.alien.id)},
            {"about": f"{self.own.id}-{self.stapler.id}"},
            {"about": "'; DROP"},
            {"form": "made up"},
        ):
            with self.subTest(bad=str(bad)[:40]):
                answer = self.send(self.main, **bad)
                self.assertEqual(answer.status_code, 200)
                self.assertIn("alert-danger", answer.text)
                if "body" not in bad:
                    self.assertIn("All of it.", answer.text)
                self.assertFalse(self.opened())
        text = self.send(self.main, subject='"><script>alert(1)</script>', body="").text
        self.assertNotIn("<script>alert(1)", text)

    def test_files_stay_with_a_form_that_has_an_error(self):
        answer = self.send(self.main, [("photo.txt", b"wet"), ("bill.txt", b"dear")], body=" ")
        drafts = self.env["ir.attachment"].search(
            [("create_uid", "=", self.main.id), ("res_model", "=", "helpdesk.ticket"), ("res_id", "=", False)]
        )
        self.assertEqual(sorted(drafts.mapped("name")), ["bill.txt", "photo.txt"])
        for draft in drafts:
            self.assertIn(f'value="{draft.id}"', answer.text)
            self.assertNotEqual(self.get(f"/web/content/{draft.id}", self.stranger).text, "wet")
        photo = drafts.filtered(lambda draft: draft.name == "photo.txt")
        stolen = self.send(self.stranger, drafts=str(photo.id))
        self.assertIn("/my/tickets/", stolen.url)
        self.assertFalse(self.opened(self.stranger).message_ids.attachment_ids)
        self.send(self.main, drafts=str(photo.id))
        self.assertEqual(self.opened().message_ids.attachment_ids, photo)
        rest = drafts - photo
        self.env["helpdesk.ticket"]._gc_portal_drafts()
        self.assertTrue(rest.exists())
        self.env.cr.execute(
            "UPDATE ir_attachment SET create_date = create_date - interval '25 hours' WHERE id IN %s",
            [tuple(drafts.ids)],
        )
        self.env.invalidate_all()
        self.env["helpdesk.ticket"]._gc_portal_drafts()
        self.assertFalse(rest.exists())
        self.assertTrue(photo.exists())

    def test_files_have_limits(self):
        with patch.object(opening, "FILE_BYTES_MAX", 10):
            answer = self.send(self.main, [("big.txt", b"x" * 11)])
            self.assertIn("big.txt", answer.text)
            self.assertIn("alert-danger", answer.text)
        answer = self.send(self.main, [(f"{n}.txt", b"x") for n in range(11)])
        self.assertIn("alert-danger", answer.text)
        with patch.object(opening, "DRAFTS_PER_PERSON", 1):
            answer = self.send(self.main, [(f"{n}.txt", b"x") for n in range(2)])
            self.assertIn("alert-danger", answer.text)
        self.assertFalse(self.opened())
        self.assertFalse(self.env["ir.attachment"].search([("create_uid", "=", self.main.id)]))

    def test_page_from_the_internet_is_no_page_of_ours(self):
        self.send(
            self.main, [("evil.html", b"<script>alert(1)</script>"), ("evil.svg", b"<svg onload='x'/>")]
        )
        files = self.opened().message_ids.attachment_ids
        self.assertEqual(len(files), 2)
        self.assertFalse(set(files.mapped("mimetype")) & {"text/html", "image/svg+xml"})

    def test_choice_holds_the_own_orders(self):
        page = self.get("/my/tickets/new", self.main).text
        self.assertIn(f'value="{self.own.id}-{self.toner.id}"', page)
        self.assertNotIn(self.alien.name, page)
        page = self.get("/my/tickets/new", self.colleague).text
        self.assertNotIn(self.own.name, page)
        self.send(self.colleague, about=str(self.own.id))
        self.assertFalse(self.opened(self.colleague))
        self.colleague.partner_id.crm_sees_business = True
        self.send(self.colleague, about=str(self.own.id))
        self.assertEqual(self.opened(self.colleague).sale_order_id, self.own)

    def test_follow_up_is_linked_to_a_ticket_of_ones_own(self):
        (self.mine | self.strange).stage_id = self.solved
        for follows, expected in (
            (self.mine.id, self.mine),
            (self.strange.id, self.env["helpdesk.ticket"]),
            (self.colleagues.id, self.env["helpdesk.ticket"]),  # still open
            ("x", self.env["helpdesk.ticket"]),
        ):
            with self.subTest(follows=follows):
                self.send(self.main, follows_id=str(follows))
                ticket = self.opened().sorted("id")[-1]
                self.assertEqual(ticket.follows_id, expected)
        page = self.get(f"/my/tickets/new?follows_id={self.mine.id}", self.main).text
        self.assertIn("Ticket of main", page)
        page = self.get(f"/my/tickets/new?follows_id={self.strange.id}", self.main).text
        self.assertNotIn("Ticket of stranger", page)

    def test_without_a_team_in_the_portal_nothing_is_opened(self):
        self.env["helpdesk.team"].search([]).privacy_visibility = "employees"
        self.env.flush_all()
        page = self.get("/my/tickets/new", self.main).text
        self.assertIn("cannot be opened here", page)
        self.assertNotIn('href="/my/tickets"', self.get("/my", self.main).text)

    def test_flood_is_stopped(self):
        vals = {"name": "Flood", "team_id": self.team.id, "partner_id": self.main.partner_id.id}
        Ticket = self.env["helpdesk.ticket"]
        flood = Ticket.create(
            [{**vals, "portal_form": Ticket._portal_new_form()} for _n in range(opening.TICKETS_PER_HOUR)]
        )
        self.all |= flood
        self.assertIn("in a short time", self.send(self.main).text)
        self.assertFalse(self.opened())
        self.env.cr.execute(
            "UPDATE helpdesk_ticket SET create_date = %s WHERE id IN %s",
            [fields.Datetime.now() - timedelta(hours=2), tuple(flood.ids)],
        )
        self.send(self.main)
        self.assertEqual(len(self.opened()), 1)

    def test_visitor_opens_nothing(self):
        self.sign_in(None)
        answer = self.url_open("/my/tickets/new", data={"subject": "x"})
        self.assertNotIn("/my/tickets/", answer.url.replace("/my/tickets/new", ""))
        self.assertFalse(self.opened())
