import base64

from odoo import Command
from odoo.tests import tagged
from odoo.tools import SQL

from .mail_common import HelpdeskMailCommon

WITH_FILE = """From: Iris <iris@alma.example>
To: {to}
Subject: Toner leaks
Message-ID: <{id}@alma.example>
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="cut"

--cut
Content-Type: text/html; charset=utf-8

{html}
--cut
Content-Type: application/pdf
Content-Disposition: attachment; filename="photo.pdf"
Content-Transfer-Encoding: base64

{file}
--cut--
"""
BOUNCE = """From: MAILER-DAEMON <MAILER-DAEMON@mx.alma.example>
To: bounce@{domain}
Subject: Undelivered Mail Returned to Sender
Message-ID: <bounce1@mx.alma.example>
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="cut"

--cut
Content-Type: text/plain

It did not work.
--cut
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.alma.example

Final-Recipient: rfc822; iris@alma.example
Action: failed
Status: 5.1.1

--cut
Content-Type: message/rfc822

Message-ID: {message_id}
From: printers@{domain}
To: iris@alma.example
Subject: Re: Toner leaks

Have you tried it?
--cut--
"""


@tagged("post_install", "-at_install")
class TestTicketMail(HelpdeskMailCommon):
    """Tickets by e-mail, through the ERP's gateway."""

    def other_team(self, name="Invoices", alias="invoices", leader=None):
        team = self.make_team(name, self.ben, user_id=(leader or self.ben).id)
        team.write({"alias_name": alias, "alias_domain_id": self.mail_alias_domain.id})
        return team

    def with_file(self, size=10, html="<p>See the photo</p>"):
        self.counter = getattr(self, "counter", 0) + 1
        file = base64.encodebytes(b"x" * size).decode()
        return WITH_FILE.format(to=self.address, id=f"file{self.counter}", html=html, file=file)

    # A new ticket -----------------------------------------------------------------------

    def test_mail_opens_a_ticket_of_the_contact(self):
        ticket = self.receive()
        self.assertEqual((ticket.name, ticket.team_id, ticket.stage_id), ("Toner leaks", self.team, self.new))
        self.assertEqual((ticket.partner_id, ticket.partner_email), (self.contact, "iris@alma.example"))
        self.assertEqual(self.mails_of(ticket).author_id, self.contact)
        self.assertIn("Please help", self.mails_of(ticket).body)
        self.assertFalse(ticket.user_id)

    def test_stranger_is_kept_by_address_and_name(self):
        ticket = self.receive(sender="Max Unknown <max@nowhere.example>")
        self.assertFalse(ticket.partner_id)
        self.assertEqual((ticket.partner_email, ticket.partner_name), ("max@nowhere.example", "Max Unknown"))

    def test_address_is_compared_normalized(self):
        ticket = self.receive(sender='"Iris" <IRIS@Alma.Example>')
        self.assertEqual(
            (ticket.partner_id, ticket.partner_email_normalized), (self.contact, "iris@alma.example")
        )

    def test_of_two_contacts_with_one_address_nobody_is_guessed(self):
        other = self.env["res.partner"].create({"name": "Ida", "email": "iris@alma.example"})
        ticket = self.receive(sender="Sales <iris@alma.example>")
        self.assertFalse(ticket.partner_id)
        self.assertFalse(self.mails_of(ticket).author_id)
        self.assertEqual(ticket.partner_email, "iris@alma.example")
        self.assertFalse((self.contact | other) & ticket.message_partner_ids)
        self.assertIn("Several contacts have this address", self.notes_of(ticket))

    def test_of_two_contacts_with_one_address_the_name_tells(self):
        self.env["res.partner"].create({"name": "Ida", "email": "iris@alma.example"})
        self.assertEqual(self.receive(sender="iris <iris@alma.example>").partner_id, self.contact)

    def test_company_that_shares_its_address_with_its_people(self):
        self.customer.email = "iris@alma.example"
        self.assertEqual(self.receive(sender="Office <iris@alma.example>").partner_id, self.customer)

    def test_contact_of_another_company_is_nobody(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        self.contact.company_id = other
        ticket = self.receive()
        self.assertFalse(ticket.partner_id)
        self.assertEqual(ticket.company_id, self.team.company_id)

    def test_team_of_another_company_gets_its_own_number(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        team = self.other_team("Elsewhere's", "elsewhere")
        team.write({"user_id": False, "member_ids": [Command.clear()]})
        team.company_id = other
        number = self.next_number(other)
        ticket = self.receive(to=f"elsewhere@{self.alias_domain}")
        self.assertEqual((ticket.company_id, ticket.number), (other, number))

    def test_no_subject_is_said(self):
        self.assertEqual(self.receive(subject="").name, "No subject")

    def test_script_in_a_mail_is_gone_from_the_ticket(self):
        html = '<p onclick="evil()">Hello</p><script>evil()</script><img src="x" onerror="evil()"/>'
        ticket = self.process(self.with_file(html=html))
        for text in (ticket.description, self.mails_of(ticket).body):
            self.assertIn("Hello", text)
            self.assertNotIn("evil", text)

    # Who reads along -------------------------------------------------------------------

    def test_who_was_copied_and_is_known_follows(self):
        colleague = self.env["res.partner"].create({"name": "Otto", "email": "otto@alma.example"})
        ticket = self.receive(cc="Otto <otto@alma.example>, Zoe <zoe@nowhere.example>")
        self.assertIn(colleague, ticket.message_partner_ids)
        self.assertFalse(self.env["res.partner"].search([("email", "ilike", "zoe@nowhere.example")]))
        self.assertIn("zoe@nowhere.example", ticket.email_cc)

    def test_follower_of_another_company_is_none(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.env["res.partner"].create(
            {"name": "Otto", "email": "otto@alma.example", "company_id": other.id}
        )
        self.assertNotIn(stranger, self.receive(cc="otto@alma.example").message_partner_ids)

    def test_own_addresses_are_never_copied(self):
        team = self.other_team()
        ticket = self.receive(
            cc=f"{team.alias_email}, catchall.test@{self.alias_domain}, zoe@nowhere.example"
        )
        self.assertEqual(ticket.email_cc, "zoe@nowhere.example")

    def test_mail_to_half_the_world_makes_no_followers(self):
        colleague = self.env["res.partner"].create({"name": "Otto", "email": "otto@alma.example"})
        crowd = ", ".join(f"p{number}@nowhere.example" for number in range(30))
        ticket = self.receive(cc=f"otto@alma.example, {crowd}")
        self.assertNotIn(colleague, ticket.message_partner_ids)
        self.assertFalse(ticket.email_cc)
        self.assertIn("31 addresses", self.notes_of(ticket))

    def test_copies_do_not_grow_answer_by_answer(self):
        ticket = self.receive(cc=", ".join(f"a{number}@nowhere.example" for number in range(15)))
        self.answer(ticket, cc=", ".join(f"b{number}@nowhere.example" for number in range(15)))
        self.assertEqual(ticket.email_cc.count("@"), 15)

    # Answers ------------------------------------------------------------------------------

    def test_answer_comes_to_its_ticket(self):
        ticket = self.receive(message_id="<first@alma.example>")
        same = self.answer(ticket)
        self.assertEqual(same, ticket)
        self.assertEqual(len(self.mails_of(ticket)), 2)

    def test_agents_answer_asks_to_reply_to_the_team(self):
        ticket = self.receive()
        sent = ticket.with_user(self.anna).message_post(body="Hello", message_type="comment")
        self.assertIn(self.address, sent.reply_to)

    def test_number_in_the_subject_leads_the_customer_to_his_ticket(self):
        ticket = self.receive()
        self.assertEqual(self.receive(f"Again: [{ticket.number}] still leaks"), ticket)
        self.assertEqual(self.receive(f"again {ticket.number.lower()}"), ticket)

    def test_number_in_the_subject_leads_a_follower_there(self):
        self.env["res.partner"].create({"name": "Otto", "email": "otto@alma.example"})
        ticket = self.receive(cc="otto@alma.example")
        self.assertEqual(self.receive(f"{ticket.number}: me too", sender="otto@alma.example"), ticket)

    def test_strangers_number_opens_a_ticket_of_his_own(self):
        ticket = self.receive()
        other = self.receive(f"Re: {ticket.number}: Toner leaks", sender="Eve <eve@nowhere.example>")
        self.assertNotEqual(other, ticket)
        self.assertEqual(len(self.mails_of(ticket)), 1)

    def test_number_of_another_team_opens_a_new_ticket(self):
        ticket = self.receive()
        team = self.other_team()
        other = self.receive(f"{ticket.number}: the invoice", to=team.alias_email)
        self.assertEqual(other.team_id, team)

    # Several addresses ------------------------------------------------------------------

    def test_mail_to_two_teams_is_one_ticket_of_the_first(self):
        team = self.other_team()
        before = self.env["helpdesk.ticket"].search_count([])
        ticket = self.receive(to=f"{team.alias_email}, {self.address}")
        self.assertEqual(ticket.team_id, team)
        self.assertEqual(self.env["helpdesk.ticket"].search_count([]), before + 1)
        note = ticket.message_ids.filtered(lambda message: "also written to" in message.body)
        self.assertEqual(note.partner_ids, self.lead.partner_id)
        self.assertIn("Printers", note.body)

    def test_order_of_the_addresses_decides(self):
        team = self.other_team()
        self.assertEqual(self.receive(to=f"{self.address}, {team.alias_email}").team_id, self.team)
        self.assertEqual(self.receive(to=self.address, cc=team.alias_email).team_id, self.team)

    # Once ---------------------------------------------------------------------------------

    def test_same_mail_twice_is_one_ticket(self):
        first = self.receive(message_id="<twice@alma.example>")
        again = self.receive(message_id="<twice@alma.example>")
        self.assertTrue(first)
        self.assertFalse(again)

    def test_mail_without_message_id_twice_is_one_ticket(self):
        mail = self.compose().replace("Message-ID: <mail1@alma.example>\n", "")
        self.assertTrue(self.process(mail))
        self.assertFalse(self.process(mail))

    # Machines -------------------------------------------------------------------------------

    def test_alarm_of_a_machine_opens_a_ticket(self):
        ticket = self.receive("Disk full", headers={"Auto-Submitted": "auto-generated"})
        self.assertEqual(ticket.name, "Disk full")
        self.assertFalse(ticket.acknowledged_at)

    def test_answer_of_a_machine_opens_none(self):
        for headers in (
            {"Auto-Submitted": "auto-replied"},
            {"X-Autoreply": "yes"},
            {"Precedence": "auto_reply"},
            {"Return-Path": "<>"},
        ):
            with self.subTest(headers=headers), self.enter_registry_test_mode():
                self.assertFalse(self.receive(headers=headers))

    def test_absence_notice_is_logged_and_asks_for_nothing(self):
        ticket = self.receive()
        same = self.answer(ticket, headers={"Auto-Submitted": "auto-replied"}, body="I am away")
        self.assertEqual(same, ticket)
        self.assertIn("I am away", "".join(self.mails_of(ticket).mapped("body")))
        self.assertFalse(ticket.customer_waits_since)

    def test_mail_from_an_address_of_ours_opens_none(self):
        with self.enter_registry_test_mode():
            self.assertFalse(self.receive(sender=f"Printers <{self.address}>"))
            self.assertFalse(self.receive(sender=f"bounce.test@{self.alias_domain}"))

    def test_bounce_is_noted_on_the_ticket_and_opens_none(self):
        ticket = self.receive()
        ticket.user_id = self.anna
        sent = ticket.with_user(self.anna).message_post(body="Tried it?", message_type="comment")
        before = self.env["helpdesk.ticket"].search_count([])
        bounce = BOUNCE.format(domain=self.alias_domain, message_id=sent.message_id)
        self.assertFalse(self.process(bounce))
        self.assertEqual(self.env["helpdesk.ticket"].search_count([]), before)
        self.assertEqual(ticket.bounced_email, "iris@alma.example")
        note = ticket.message_ids.filtered(lambda message: "could not be delivered" in message.body)
        self.assertEqual(note.partner_ids, self.anna.partner_id)
        self.answer(ticket)
        self.assertFalse(ticket.bounced_email)

    def test_blocked_address_is_shown(self):
        ticket = self.receive()
        self.assertFalse(ticket.is_email_blocked)
        self.env["mail.blacklist"]._add("iris@alma.example")
        ticket.invalidate_recordset(["is_email_blocked"])
        self.assertTrue(ticket.with_user(self.anna).is_email_blocked)

    def test_sender_who_writes_without_end_is_stopped(self):
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", 3)
        tickets = [self.receive(f"Number {number}") for number in range(5)]
        self.assertEqual([bool(ticket) for ticket in tickets], [True, True, True, False, False])
        self.assertTrue(self.receive(sender="somebody.else@alma.example"))

    def test_guard_against_loops_reads_an_index(self):
        domain = self.env["helpdesk.ticket"]._detect_loop_sender_domain("iris@alma.example")
        query = self.env["helpdesk.ticket"]._search([*domain, ("create_date", ">=", "2020-01-01")])
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.env.cr.execute("SET LOCAL enable_bitmapscan = off")
        plan = self.env.execute_query(SQL("EXPLAIN %s", query.select()))
        self.assertIn("sender_idx", str(plan))

    # Files ----------------------------------------------------------------------------------

    def test_attachment_is_kept_with_the_ticket(self):
        ticket = self.process(self.with_file())
        self.assertEqual(self.mails_of(ticket).attachment_ids.name, "photo.pdf")

    def test_attachment_that_is_too_large_is_left_out_and_named(self):
        self.env["ir.config_parameter"].set_param("crm_helpdesk.attachment_megabytes", 1)
        ticket = self.process(self.with_file(size=1024**2 + 1))
        self.assertFalse(self.mails_of(ticket).attachment_ids)
        self.assertIn("photo.pdf", self.notes_of(ticket))
        self.assertIn("See the photo", self.mails_of(ticket).body)
