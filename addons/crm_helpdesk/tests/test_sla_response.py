from odoo.tests import tagged

from .sla_common import HOUR, SlaCommon, at


@tagged("post_install", "-at_install")
class TestSlaResponse(SlaCommon):
    """First and next answers."""

    def test_public_message_of_an_employee_is_the_answer(self):
        policy = self.policy(2, "first_response")
        ticket = self.opened("03-02 09:00")
        self.say(ticket, "03-02 10:30")
        row = self.row(ticket, policy)
        self.assertEqual(
            (row.state, row.reached_at, row.elapsed_seconds), ("reached", at("03-02 10:30"), 5400)
        )
        self.assertEqual(ticket.first_response_at, at("03-02 10:30"))

    def test_what_is_no_answer(self):
        policy = self.policy(2, "first_response")
        ticket = self.opened("03-02 09:00")
        robot = self.env.ref("base.user_root")
        for what, user, values in (
            ("a note", self.anna, {"subtype_xmlid": "mail.mt_note"}),
            ("an absence notice under the employee's name", self.anna, {"message_type": "out_of_office"}),
            ("an acknowledgment", self.anna, {"message_type": "auto_comment"}),
            ("a system message", self.anna, {"message_type": "notification"}),
            ("the robot", robot, {}),
            ("the customer", robot, {"author_id": self.contact.id, "message_type": "email"}),
        ):
            with self.subTest(what):
                self.say(ticket, "03-02 10:00", user=user, **values)
                self.assertEqual(self.row(ticket, policy).state, "running")
        self.assertFalse(ticket.first_response_at)

    def test_mail_of_a_stage_is_no_answer(self):
        policy = self.policy(2, "first_response")
        self.progress.template_id = self.env["mail.template"].create(
            {
                "name": "We are at it",
                "model_id": self.env["ir.model"]._get_id("helpdesk.ticket"),
                "subject": "We are at it",
                "body_html": "<p>Soon</p>",
                "partner_to": "{{ object.partner_id.id }}",
            }
        )
        ticket = self.opened("03-02 09:00")
        self.env.cr.precommit.run()  # else it is still being created
        with self.moment("03-02 10:00"):
            ticket.with_user(self.anna).with_context(
                tracking_disable=False, mail_notrack=False
            ).stage_id = self.progress
            self.env.flush_all()
            self.env.cr.precommit.run()
        ticket.invalidate_recordset(["message_ids"])
        self.assertIn("We are at it", ticket.message_ids.mapped("subject"))
        self.assertEqual(self.row(ticket, policy).state, "running")

    def test_answer_stays_given_when_reopened(self):
        policy = self.policy(2, "first_response")
        ticket = self.opened("03-02 09:00")
        self.say(ticket, "03-02 10:00")
        self.move(ticket, "03-02 11:00", self.solved)
        self.move(ticket, "03-04 11:00", self.new)
        row = self.row(ticket, policy)
        self.assertEqual((row.state, row.reached_at), ("reached", at("03-02 10:00")))

    def test_solved_without_an_answer_stands_still(self):
        policy = self.policy(2, "first_response")
        ticket = self.opened("03-02 09:00")
        self.move(ticket, "03-02 10:00", self.solved)
        self.assertFalse(self.watch("03-04 10:00"))
        self.assertEqual(self.row(ticket, policy).state, "paused")
        self.move(ticket, "03-04 10:00", self.new)
        self.assertDeadline(ticket, "03-04 11:00")

    def test_answered_too_late(self):
        policy = self.policy(2, "first_response")
        ticket = self.opened("03-02 09:00")
        self.say(ticket, "03-02 11:30")
        row = self.row(ticket, policy)
        self.assertEqual(
            (row.state, row.failed_at, row.reached_at), ("failed", at("03-02 11:00"), at("03-02 11:30"))
        )
        self.assertEqual(row.exceeded_seconds, HOUR / 2)
        self.assertFalse(self.is_late(ticket, "03-02 12:00"))

    def test_policy_that_comes_after_the_answer_knows_of_it(self):
        ticket = self.opened("03-02 09:00")
        self.say(ticket, "03-02 10:00")
        policy = self.policy(2, "first_response")
        self.work_out("03-05 10:00")
        self.assertEqual(self.row(ticket, policy).state, "reached")

    def test_each_question_starts_a_next_answer(self):
        policy = self.policy(2, "next_response")
        ticket = self.opened("03-02 09:00")
        self.ask(ticket, "03-02 09:30")
        self.assertFalse(self.row(ticket, policy), "the first answer is still owed")
        self.say(ticket, "03-02 10:00")
        self.ask(ticket, "03-02 11:00")
        self.assertDeadline(ticket, "03-02 14:00")
        self.ask(ticket, "03-02 13:30")
        self.assertDeadline(ticket, "03-02 14:00")
        self.say(ticket, "03-02 13:45")
        self.assertEqual((self.row(ticket, policy).state, ticket.sla_deadline), ("reached", False))
        self.ask(ticket, "03-03 09:00")
        self.assertDeadline(ticket, "03-03 11:00")
        self.assertCountEqual(self.row(ticket, policy).mapped("state"), ["running", "reached"])

    def test_next_answer_is_owed_also_in_a_waiting_stage(self):
        self.policy(2, "next_response")
        ticket = self.opened("03-02 09:00")
        self.say(ticket, "03-02 10:00")
        self.move(ticket, "03-02 10:01", self.waiting)
        self.ask(ticket, "03-02 11:00")
        self.assertDeadline(ticket, "03-02 14:00")

    def test_solved_ticket_owes_no_next_answer(self):
        policy = self.policy(2, "next_response")
        ticket = self.opened("03-02 09:00")
        self.say(ticket, "03-02 10:00")
        self.ask(ticket, "03-02 11:00")
        self.move(ticket, "03-02 11:30", self.solved)
        self.assertEqual(self.row(ticket, policy).state, "cancelled")
        self.ask(ticket, "03-03 09:00", body="Thank you")
        self.assertEqual((len(self.row(ticket, policy)), ticket.sla_deadline), (1, False))

    def test_automatic_mail_asks_nothing(self):
        self.policy(2, "next_response")
        ticket = self.opened("03-02 09:00")
        self.say(ticket, "03-02 10:00")
        self.move(ticket, "03-02 10:30", self.solved)
        mail = (
            "From: Iris <iris@alma.example>\nTo: desk@example.com\nSubject: Out of office\n"
            "Message-ID: <away@alma.example>\nIn-Reply-To: {reference}\nReferences: {reference}\n"
            "{header}Content-Type: text/plain\n\nI am away\n"
        )
        reference = ticket.message_ids.filtered(lambda m: m.message_type == "comment").message_id
        with self.moment("03-03 09:00"):
            for number, header in enumerate(("Auto-Submitted: auto-replied\n", "")):
                text = mail.format(reference=reference, header=header).replace("away@", f"away{number}@")
                self.env["mail.thread"].message_process("helpdesk.ticket", text)
                self.assertEqual(bool(ticket.customer_waits_since), bool(number), header)
                self.assertEqual(ticket.is_closed, not number, "only a person reopens it")

    def test_employee_who_asks_for_himself_is_a_customer(self):
        policy = self.policy(2, "first_response")
        ticket = self.opened("03-02 09:00", partner_id=self.ben.partner_id.id)
        self.say(ticket, "03-02 10:00", user=self.ben)
        self.assertEqual(self.row(ticket, policy).state, "running")
        self.say(ticket, "03-02 10:30", user=self.anna)
        self.assertEqual(self.row(ticket, policy).state, "reached")
