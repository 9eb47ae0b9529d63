from unittest.mock import patch

from odoo.tests import tagged

from ..models.mail_gateway_memory import GATEWAY
from .mail_common import HelpdeskMailCommon


@tagged("post_install", "-at_install")
class TestMailGatewayMemory(HelpdeskMailCommon):
    """What one mail has asked for once is not asked again, and what changes meanwhile is seen."""

    def setUp(self):
        super().setUp()
        self.addCleanup(self.env.cr.cache.pop, GATEWAY, None)

    def begin(self):
        """As while a mail is taken in."""
        self.env.cr.cache[GATEWAY] = {}

    def find(self, address):
        return self.env["res.partner"].search([("email_normalized", "=", address)], order="id ASC")

    # A mail takes so many queries ---------------------------------------------------------

    def test_new_mail_takes_few_queries(self):
        self.assertLessEqual(self.queries(self.receive), 40)

    def test_answer_that_ends_waiting_takes_few_queries(self):
        ticket = self.receive()
        waiting = self.env.ref("crm_helpdesk.helpdesk_stage_waiting")
        mails = []
        for _turn in range(2):
            sent = ticket.with_user(self.anna).message_post(
                body="Have you tried it?", message_type="comment", subtype_xmlid="mail.mt_comment"
            )
            mails.append(self.compose("Re: Toner leaks", headers={"In-Reply-To": sent.message_id}))
        for mail in mails:
            ticket.stage_id = waiting
            self.env.cr.flush()
            self.env.invalidate_all()
            before = self.env.cr.sql_log_count
            self.process(mail)
            self.env.cr.flush()
            taken = self.env.cr.sql_log_count - before
            self.assertEqual(ticket.stage_kind, "open")
        self.assertLessEqual(taken, 64)

    def test_nothing_is_remembered_after_the_mail(self):
        self.receive()
        self.assertNotIn(GATEWAY, self.env.cr.cache)

    # What changes meanwhile is seen -----------------------------------------------------------

    def test_contacts_made_changed_and_deleted_meanwhile_are_seen(self):
        self.begin()
        self.assertFalse(self.find("new@alma.example"))
        partner = self.env["res.partner"].create({"name": "New", "email": "new@alma.example"})
        self.assertEqual(self.find("new@alma.example"), partner)
        with self.assertQueryCount(0):
            self.assertEqual(self.find("new@alma.example"), partner)
        partner.email = "other@alma.example"
        self.assertFalse(self.find("new@alma.example"))
        self.assertEqual(self.find("other@alma.example"), partner)
        partner.active = False
        self.assertFalse(self.find("other@alma.example"))
        self.assertEqual(
            self.env["res.partner"]
            .with_context(active_test=False)
            .search([("email_normalized", "=", "other@alma.example")], order="id ASC"),
            partner,
        )
        self.assertEqual(partner.exists(), partner)
        partner.unlink()
        self.assertFalse(partner.exists())

    def test_rules_decide_what_others_find(self):
        """The system's answer is none of the customer's."""
        self.begin()
        self.assertTrue(self.find("iris@alma.example"))
        portal = self.env["res.users"].create(
            {
                "name": "Somebody",
                "login": "somebody.else",
                "group_ids": [(6, 0, self.env.ref("base.group_portal").ids)],
            }
        )
        partners = self.env["res.partner"].with_user(portal)
        self.assertFalse(partners.search([("email_normalized", "=", "iris@alma.example")], order="id ASC"))

    def test_who_has_left_meanwhile_may_follow_again(self):
        ticket = self.receive()
        person = self.env["res.partner"].create({"name": "Reader", "email": "reader@alma.example"})
        self.begin()
        ticket = ticket.sudo()
        ticket.message_subscribe(person.ids)
        self.assertIn(person, ticket.message_partner_ids)
        with self.assertQueryCount(0):
            ticket.message_subscribe(person.ids)
        ticket.message_unsubscribe(person.ids)
        self.assertNotIn(person, ticket.message_partner_ids)
        ticket.message_subscribe(person.ids)
        self.assertIn(person, ticket.message_partner_ids)

    def test_domains_added_and_deleted_meanwhile_are_seen(self):
        self.begin()
        domains = self.env["mail.alias.domain"]
        before = domains.search([])
        with self.assertQueryCount(0):
            self.assertEqual(domains.search([]), before)
            self.assertEqual(domains.search([], limit=1), before[:1])
        added = domains.create({"name": "added.example"})
        self.assertEqual(domains.search([]), before | added)
        self.assertEqual(domains.search([("name", "=", "added.example")]), added)
        added.unlink()
        self.assertEqual(domains.search([]), before)

    # Core does what it did ----------------------------------------------------------------------

    def test_mail_of_an_address_that_bounced_resets_the_count(self):
        self.contact.message_bounce = 3
        lead = self.env["crm.lead"].create(
            {"name": "Iris asks", "email_from": "iris@alma.example", "message_bounce": 2}
        )
        other = self.env["res.partner"].create(
            {"name": "Other", "email": "other@alma.example", "message_bounce": 4}
        )
        self.receive()
        self.assertFalse(self.contact.message_bounce or lead.message_bounce)
        self.assertEqual(other.message_bounce, 4)

    def test_first_mail_begins_the_conversation_and_notes_are_its_parents(self):
        """As the ERP threads them: what a mail finds on its ticket is what it answers to."""
        ticket = self.receive()
        self.assertFalse(self.mails_of(ticket).parent_id)
        self.env["res.partner"].create({"name": "Second Iris", "email": "iris@alma.example"})
        self.contact.name = "Somebody else"
        doubtful = self.receive()
        self.assertIn("Several contacts", self.notes_of(doubtful))
        note = doubtful.message_ids - self.mails_of(doubtful)
        self.assertEqual(self.mails_of(doubtful).parent_id, note)

    def test_what_is_said_while_a_ticket_is_opened_is_the_parent_of_the_mail(self):
        """As automation rules do."""
        Ticket = self.env.registry["helpdesk.ticket"]
        find_customer = Ticket._find_customer

        def say(tickets):
            find_customer(tickets)
            tickets.message_post(body="Sorted by a rule")

        with patch.object(Ticket, "_find_customer", say):
            ticket = self.receive()
        self.assertIn("Sorted by a rule", self.mails_of(ticket).parent_id.body)

    def test_new_ticket_is_to_be_confirmed_unless_a_machine_wrote(self):
        self.assertTrue(self.receive().is_acknowledgement_due)
        self.assertFalse(self.receive(headers={"Precedence": "list"}).is_acknowledgement_due)
        self.team.use_acknowledgement = False
        self.assertFalse(self.receive().is_acknowledgement_due)

    def test_address_of_the_sender_is_kept_without_his_name(self):
        ticket = self.receive(sender='"New, Person" <New.Person@Elsewhere.Example>')
        self.assertEqual(ticket.partner_email, "new.person@elsewhere.example")
        self.assertEqual(ticket.partner_name, "New, Person")
