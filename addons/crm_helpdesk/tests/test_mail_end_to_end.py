import email
import email.policy
import smtplib
import subprocess
import sys
import threading
from unittest.mock import patch

from odoo import api
from odoo.tests import HttpCase, get_db_name, new_test_user, tagged
from odoo.tools import mute_logger
from odoo.tools.misc import file_path

from .mail_common import HelpdeskMailCommon
from .mail_servers import HOST, PASSWORD, ImapServer, SmtpServer

CUSTOMER = "iris@alma.example"


@tagged("post_install", "-at_install")
class TestMailEndToEnd(HelpdeskMailCommon, HttpCase):
    """Mail from the customer's program to the ticket and back, by real servers."""

    def setUp(self):
        super().setUp()
        # The mail server of the world outside: what we send arrives here.
        self.world = self.serve(SmtpServer())
        self.env["ir.mail_server"].search([]).active = False
        self.env["ir.mail_server"].create(
            {"name": "World", "smtp_host": HOST, "smtp_port": self.world.port, "smtp_encryption": "none"}
        )

    def serve(self, server):
        server.start()
        self.addCleanup(server.stop)
        return server

    def send(self, server, text, recipients):
        """What the customer's program does."""
        with smtplib.SMTP(HOST, server.port, timeout=30) as connection:
            connection.sendmail(CUSTOMER, recipients, text.encode())

    def push_out(self):
        """Send what waits, really."""
        server = self.registry["ir.mail_server"]
        with patch.object(server, "_disable_send", return_value=False):
            self.env["mail.mail"].search([("state", "=", "outgoing")]).send(raise_exception=True)

    def get_arrived(self):
        """The mails that arrived in the world since the last look."""
        arrived, self.world.mails = self.world.mails, []
        return [email.message_from_bytes(raw, policy=email.policy.default) for raw in arrived]

    def tickets(self):
        return self.env["helpdesk.ticket"].search([("team_id", "=", self.team.id)])

    def answer_to(self, mail, text, message_id):
        """A customer's program answers to a mail."""
        return self.compose(
            subject=f"Re: {mail['Subject']}",
            body=text,
            message_id=message_id,
            to=str(mail["Reply-To"]),
            headers={"In-Reply-To": mail["Message-Id"], "References": mail["Message-Id"]},
        )

    # Fetched ----------------------------------------------------------------------------

    def make_fetcher(self, imap, **values):
        server = self.env["fetchmail.server"].create(
            {
                "name": "Printers",
                "server_type": "imap",
                "server": HOST,
                "port": imap.port,
                "user": "printers",
                "password": PASSWORD,
                **values,
            }
        )
        server.button_confirm_login()
        return server

    def fetch(self, server):
        """The ERP fetches as it does by its cron; it commits, so not with the test's own cursor."""
        self.env.flush_all()
        with self.registry.cursor() as cr:
            api.Environment(cr, self.env.uid, {})["fetchmail.server"].browse(server.id).fetch_mail()
        self.env.invalidate_all()

    def test_customer_and_agent_talk_by_mail(self):
        imap = self.serve(ImapServer())
        ours = self.serve(SmtpServer(lambda raw, _recipients: imap.deliver("printers", raw)))
        fetcher = self.make_fetcher(imap)

        # The customer writes, the ERP fetches, and says the number.
        self.send(ours, self.compose(message_id="<e2e-1@alma.example>"), [self.address])
        self.fetch(fetcher)
        ticket = self.tickets()
        self.assertRecordValues(ticket, [{"name": "Toner leaks", "partner_id": self.contact.id}])
        self.env["helpdesk.ticket"]._acknowledge_due()
        self.push_out()
        (confirmation,) = [mail for mail in self.get_arrived() if CUSTOMER in mail["To"]]
        self.assertIn(ticket.number, confirmation["Subject"])
        self.assertEqual(confirmation["Auto-Submitted"], "auto-replied")

        # The agent answers, and the customer answers to that.
        ticket.with_user(self.anna).message_post(
            body="Have you tried it?",
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
            partner_ids=self.contact.ids,
        )
        self.push_out()
        (answer,) = [mail for mail in self.get_arrived() if CUSTOMER in mail["To"]]
        self.assertIn("Have you tried it?", answer.get_body(("plain",)).get_content())
        self.assertIn(self.address, answer["Reply-To"])
        self.send(ours, self.answer_to(answer, "It helped", "<e2e-2@alma.example>"), [self.address])
        self.fetch(fetcher)
        self.assertEqual(self.tickets(), ticket)
        self.assertIn("It helped", "".join(self.mails_of(ticket).mapped("body")))
        self.assertTrue(ticket.first_response_at)

        # What was fetched is not fetched again, nor taken in twice when the server gives it again.
        before = len(ticket.message_ids)
        self.fetch(fetcher)
        self.send(ours, self.compose(message_id="<e2e-1@alma.example>"), [self.address])
        self.fetch(fetcher)
        self.assertEqual((self.tickets(), len(ticket.message_ids)), (ticket, before))

    def test_encrypted_mailbox_and_a_mail_that_fails(self):
        imap = self.serve(ImapServer())
        fetcher = self.make_fetcher(imap, is_ssl=True, port=imap.tls_port)
        imap.deliver("printers", self.compose(subject="Breaks", message_id="<bad@a.example>").encode())
        imap.deliver("printers", self.compose(subject="Works", message_id="<good@a.example>").encode())
        real = self.registry["helpdesk.ticket"].message_new

        def message_new(tickets, said, values=None):
            if said["subject"] == "Breaks":
                raise ValueError("something")
            return real(tickets, said, values)

        with patch.object(self.registry["helpdesk.ticket"], "message_new", message_new):
            self.fetch(fetcher)
        self.assertEqual(self.tickets().mapped("name"), ["Works"])
        failure = self.env["helpdesk.mail.failure"].search([("message_id", "=", "<bad@a.example>")])
        self.assertEqual(failure.state, "waiting")
        failure.action_replay()
        self.assertEqual(failure.ticket_id.name, "Breaks")

    # Handed over ------------------------------------------------------------------------

    @mute_logger("odoo.addons.rpc.controllers.xmlrpc")  # that it is deprecated
    def test_mail_server_hands_mail_over_by_the_erps_own_program(self):
        gate = new_test_user(self.env, "helpdesk_gate", groups="base.group_system")
        program = [sys.executable, file_path("mail/static/scripts/odoo-mailgate.py")]
        program += [f"--host={HOST}", f"--port={self.http_port()}", f"--database={get_db_name()}"]
        program += [f"--userid={gate.id}", "--password=helpdesk_gate"]
        results = []

        def hand_over(raw, _recipients):
            done = subprocess.run(program, input=raw, capture_output=True, check=False, timeout=60)
            results.append((done.returncode, done.stderr.decode()))
            done.check_returncode()

        server = self.serve(SmtpServer(hand_over))
        text = self.compose(message_id="<gate@alma.example>")
        with self.allow_requests(all_requests=True):
            customer = threading.Thread(target=self.send, args=(server, text, [self.address]))
            customer.start()
            customer.join(60)
        self.assertEqual(results, [(0, "")])
        self.env.invalidate_all()
        self.assertRecordValues(self.tickets(), [{"name": "Toner leaks", "partner_id": self.contact.id}])
