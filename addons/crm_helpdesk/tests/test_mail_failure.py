from contextlib import contextmanager
from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..models.helpdesk_ticket import HelpdeskTicket
from .mail_common import HelpdeskMailCommon

BROKEN = (
    b"From: Iris <iris@alma.example>\r\nTo: %s\r\nSubject: =?no-such?b?####?=\r\n"
    b"Message-ID: <broken@alma.example>\r\n"
    b'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="cut"\r\n\r\n'
    b"--cut\r\nContent-Type: text/plain; charset=no-such-charset\r\n\r\nH\xff\xfello\r\n--cut\r\n"
    b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n###not base64"
)


@tagged("post_install", "-at_install")
class TestMailFailure(HelpdeskMailCommon):
    """No mail to the helpdesk is lost, whatever is wrong with it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.make_user("manager", "crm_helpdesk.group_crm_helpdesk_manager")
        cls.Failure = cls.env["helpdesk.mail.failure"]
        cls.Failure.search([]).unlink()  # those of the demo data

    def setUp(self):
        super().setUp()
        # What is kept is kept by another cursor: it sees what the test has made.
        mode = self.enter_registry_test_mode()
        mode.__enter__()
        self.addCleanup(mode.__exit__, None, None, None)

    @contextmanager
    def trouble(self, error):
        def raise_it(*_args, **_kwargs):
            raise error

        with patch.object(HelpdeskTicket, "create", raise_it), mute_logger("odoo.sql_db"):
            yield

    def fail(self, error=None, **values):
        """A mail that fails, and what is kept of it."""
        with self.trouble(error or ValueError("iris@alma.example")):
            self.assertFalse(self.receive(**values))
        return self.Failure.search([], limit=1)

    # Keeping ------------------------------------------------------------------------------

    def test_failed_mail_is_kept_with_its_source(self):
        failure = self.fail(subject="Toner leaks", message_id="<lost@alma.example>")
        self.assertRecordValues(
            failure,
            [
                {
                    "subject": "Toner leaks",
                    "email_from": "Iris <iris@alma.example>",
                    "message_id": "<lost@alma.example>",
                    "team_id": self.team.id,
                    "company_id": self.team.company_id.id,
                    "reason": "error",
                    "state": "waiting",
                    "tries": 1,
                }
            ],
        )
        self.assertIn(b"Please help", failure.raw_id.raw)

    def test_error_quotes_nothing_of_the_mail(self):
        failure = self.fail(ValueError("iris@alma.example has no toner"))
        self.assertIn("ValueError", failure.error)
        self.assertNotIn("iris", failure.error)

    def test_sender_is_not_told_that_his_mail_was_refused(self):
        with self.mock_mail_gateway():
            self.fail()
        self.assertFalse(self._new_mails)
        self.assertNotEqual(self.team.alias_id.alias_status, "invalid")

    def test_error_of_the_database_is_kept_and_ends_there(self):
        real = HelpdeskTicket.create

        def create(tickets, vals_list):
            tickets.env.cr.execute("INSERT INTO helpdesk_ticket (name) VALUES (NULL)")
            return real(tickets, vals_list)

        with patch.object(HelpdeskTicket, "create", create), mute_logger("odoo.sql_db"):
            self.assertFalse(self.receive())
        failure = self.Failure.search([], limit=1)
        self.assertIn("NotNullViolation", failure.error)
        self.assertIn("helpdesk_ticket", failure.error)
        # The transaction goes on.
        self.assertTrue(self.receive())

    def test_broken_mail_is_a_ticket_or_is_kept(self):
        with mute_logger("odoo.addons.mail.models.mail_thread"):
            ticket = self.process_bytes(BROKEN % self.address.encode())
        kept = self.Failure.search([("message_id", "=", "<broken@alma.example>")])
        self.assertTrue(ticket or kept)
        self.assertFalse(ticket and kept)

    def process_bytes(self, raw):
        return self.env["helpdesk.ticket"].browse(
            self.env["mail.thread"].message_process("helpdesk.ticket", raw)
        )

    def test_mail_that_cannot_be_parsed_is_kept(self):
        def raise_it(*_args, **_kwargs):
            raise LookupError("unknown encoding")

        with patch.object(self.registry["mail.thread"], "message_parse", raise_it):
            self.assertFalse(self.process_bytes(BROKEN % self.address.encode()))
        self.assertEqual(self.Failure.search([], limit=1).message_id, "<broken@alma.example>")

    def test_mail_that_is_too_large_is_kept_unread(self):
        self.env["ir.config_parameter"].set_param("crm_helpdesk.mail_megabytes", 1)
        self.assertFalse(self.receive(body="x" * (1024**2 + 1)))
        failure = self.Failure.search([], limit=1)
        self.assertEqual((failure.reason, failure.error), ("too_large", False))
        failure.with_user(self.manager).action_replay()
        self.assertEqual(failure.ticket_id.partner_id, self.contact)

    def test_mail_to_others_is_none_of_our_business(self):
        mail = self.compose(to="nobody@nowhere.example")
        with self.assertRaises(ValueError):
            self.env["mail.thread"].message_process(False, mail)
        self.assertFalse(self.Failure.search([]))

    def test_answer_to_a_ticket_is_ours_wherever_it_was_written_to(self):
        ticket = self.receive()
        sent = ticket.message_post(body="Tried it?", message_type="comment")

        def raise_it(*_args, **_kwargs):
            raise ValueError

        headers = {"In-Reply-To": sent.message_id}
        with patch.object(HelpdeskTicket, "write", raise_it):
            mail = self.compose(to="somebody@nowhere.example", cc="x@nowhere.example", headers=headers)
            self.assertFalse(self.env["mail.thread"].message_process(False, mail))
        self.assertEqual(self.Failure.search([], limit=1).team_id, self.team)

    def test_customer_hands_nothing_over(self):
        portal = new_test_user(self.env, "helpdesk_portal_mail", groups="base.group_portal")
        with self.trouble(ValueError("x")), self.assertRaises(AccessError):
            self.env["mail.thread"].with_user(portal).message_process("helpdesk.ticket", self.compose())
        self.assertFalse(self.Failure.search([]))

    def test_values_of_who_may_not_choose_them_are_not_kept(self):
        with self.trouble(ValueError("x")):
            self.env["mail.thread"].with_user(self.anna).message_process(
                "helpdesk.ticket", self.compose(), custom_values={"priority": "3"}
            )
        self.assertEqual(self.Failure.search([], limit=1).arguments["values"], {})

    # Collisions ---------------------------------------------------------------------------

    def collide(self, mail):
        """The mail fails, and what tries again learns of it."""
        with self.trouble(SerializationFailure()):
            try:
                self.process(mail)
            except SerializationFailure:
                return  # assertRaises would roll back what is kept: here all cursors are one
        raise AssertionError("The collision went no further.")

    def test_collision_goes_on_to_whom_tries_again(self):
        mail = self.compose()
        self.collide(mail)
        failure = self.Failure.search([], limit=1)
        self.assertEqual(failure.reason, "conflict")
        self.process(mail)
        self.assertEqual((failure.state, failure.ticket_id.partner_id), ("done", self.contact))

    def test_collision_is_tried_again_by_itself(self):
        self.collide(self.compose())
        failure = self.Failure._get_collided()
        self.assertTrue(failure._replay())
        self.assertEqual(failure.ticket_id.partner_id, self.contact)

    def test_collision_without_end_is_left_to_a_manager(self):
        mail = self.compose()
        for _turn in range(5):
            self.collide(mail)
        self.assertFalse(self.Failure._get_collided())
        self.Failure._tell_managers()
        self.assertTrue(self.Failure.search([], limit=1).activity_ids)

    # Deciding -----------------------------------------------------------------------------

    def test_replay_opens_the_ticket_once(self):
        failure = self.fail().with_user(self.manager)
        action = failure.action_replay()
        self.assertEqual((action["res_model"], action["res_id"]), ("helpdesk.ticket", failure.ticket_id.id))
        self.assertEqual((failure.state, failure.ticket_id.team_id), ("done", self.team))
        before = self.env["helpdesk.ticket"].search_count([])
        failure.action_replay()
        self.assertEqual(self.env["helpdesk.ticket"].search_count([]), before)

    def test_replay_of_what_came_in_meanwhile_opens_no_second_ticket(self):
        failure = self.fail(message_id="<again@alma.example>", subject="First")
        ticket = self.receive(message_id="<again@alma.example>", subject="Delivered again")
        failure.action_replay()
        self.assertEqual((failure.state, failure.ticket_id), ("done", ticket))

    def test_replay_that_fails_again_counts(self):
        failure = self.fail().with_user(self.manager)
        with self.trouble(KeyError("iris")):
            failure.action_replay()
        self.assertEqual((failure.state, failure.tries), ("waiting", 2))
        self.assertIn("KeyError", failure.error)

    def test_replay_of_many_goes_past_the_one_that_fails(self):
        failures = self.fail(subject="One") | self.fail(subject="Two")
        real = HelpdeskTicket.create

        def create(tickets, vals_list):
            if vals_list["name"] == "One":
                raise KeyError
            return real(tickets, vals_list)

        with patch.object(HelpdeskTicket, "create", create):
            action = failures.action_replay()
        self.assertEqual(failures.mapped("state"), ["waiting", "done"])
        self.assertEqual(action["tag"], "display_notification")

    def test_replay_that_the_gateway_refuses_stays(self):
        failure = self.fail(sender="Max <max@nowhere.example>")
        self.team.alias_contact = "partners"
        failure.action_replay()
        self.assertEqual(failure.state, "waiting")
        self.assertIn("refused", failure.error)

    def test_mail_without_message_id_is_replayed(self):
        mail = self.compose().replace("Message-ID: <mail1@alma.example>\n", "")
        with self.trouble(ValueError("x")):
            self.process(mail)
        failure = self.Failure.search([], limit=1)
        self.assertFalse(failure.message_id)
        failure.action_replay()
        self.assertEqual((failure.state, failure.ticket_id.partner_id), ("done", self.contact))

    def test_guard_against_loops_does_not_stop_a_person(self):
        failure = self.fail()
        self.env["ir.config_parameter"].set_param("mail.gateway.loop.threshold", 1)
        self.receive()
        failure.action_replay()
        self.assertEqual(failure.state, "done")

    def test_answer_of_a_machine_is_set_aside_and_may_be_wanted(self):
        self.assertFalse(self.receive(headers={"Auto-Submitted": "auto-replied"}))
        failure = self.Failure.search([], limit=1)
        self.assertEqual((failure.reason, failure.state, failure.error), ("machine", "discarded", False))
        self.Failure._tell_managers()
        self.assertFalse(failure.activity_ids)
        failure.with_user(self.manager).action_replay()
        self.assertEqual(failure.ticket_id.partner_id, self.contact)

    def test_discarded_is_discarded(self):
        failure = self.fail()
        self.Failure._tell_managers()
        failure.with_user(self.manager).action_discard()
        self.assertEqual(failure.state, "discarded")
        self.assertFalse(failure.activity_ids)

    def test_source_that_is_gone_is_said(self):
        failure = self.fail()
        failure.raw_id.unlink()
        with self.assertRaises(UserError):
            failure.with_user(self.manager).action_replay()

    def test_leader_who_may_decide_is_told_once(self):
        self.team.user_id = self.manager
        failures = self.fail() | self.fail()
        self.Failure._tell_managers()
        self.Failure._tell_managers()
        self.assertEqual(failures.activity_ids.user_id, self.manager)
        self.assertEqual(len(failures.activity_ids), 1)
        self.assertIn("2", failures.activity_ids.summary)

    def test_leader_who_may_not_decide_is_not_told(self):
        failure = self.fail()
        self.Failure._tell_managers()
        self.assertTrue(failure.activity_ids.user_id.has_group("crm_helpdesk.group_crm_helpdesk_manager"))
        self.assertNotEqual(failure.activity_ids.user_id, self.lead)

    # Keeping, not forever -----------------------------------------------------------------

    def test_what_is_decided_is_deleted_with_its_source_in_time(self):
        waiting, discarded = self.fail(), self.fail()
        discarded.action_discard()
        source = discarded.raw_id
        self.Failure._gc_settled()
        self.assertTrue(discarded.exists())
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE helpdesk_mail_failure SET write_date = %s",
            [fields.Datetime.subtract(fields.Datetime.now(), days=31)],
        )
        self.env.invalidate_all()
        self.Failure._gc_settled()
        self.assertFalse(discarded.exists() or source.exists())
        self.assertTrue(waiting.exists())

    # Who may ------------------------------------------------------------------------------

    def test_managers_alone_see_and_decide(self):
        failure = self.fail()
        self.assertEqual(failure.with_user(self.manager).subject, failure.subject)
        self.assertEqual(failure.with_user(self.manager).raw_file, failure.raw_file)
        for user in (self.anna, self.lead):
            with self.assertRaises(AccessError):
                failure.with_user(user).read(["subject"])
            with self.assertRaises(AccessError):
                failure.with_user(user).action_replay()
            with self.assertRaises(AccessError):
                failure.raw_id.with_user(user).read(["raw"])

    def test_nobody_changes_what_was_kept(self):
        failure = self.fail()
        with self.assertRaises(AccessError):
            failure.with_user(self.manager).write({"raw_id": False})
        with self.assertRaises(AccessError):
            self.Failure.with_user(self.manager).create({"digest": "x", "reason": "error"})

    def test_manager_of_another_company_sees_nothing(self):
        failure = self.fail()
        other = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = self.make_user(
            "stranger",
            "crm_helpdesk.group_crm_helpdesk_manager",
            company_id=other.id,
            company_ids=[(6, 0, other.ids)],
        )
        self.assertFalse(self.Failure.with_user(stranger).search([("id", "=", failure.id)]))
        with self.assertRaises(AccessError):
            failure.with_user(stranger).action_discard()
