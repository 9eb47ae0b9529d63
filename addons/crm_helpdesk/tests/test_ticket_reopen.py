from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from .mail_common import HelpdeskMailCommon
from .portal_common import HelpdeskPortalCase

AUTOMATIC = {"Auto-Submitted": "auto-replied"}


@tagged("post_install", "-at_install")
class TestTicketReopenMail(HelpdeskMailCommon):
    """What an answer by mail does to a ticket that is solved, or waits for it."""

    def setUp(self):
        super().setUp()
        self.ours = self.receive("Toner leaks", message_id="<first@alma.example>")
        self.progress = self.env.ref("crm_helpdesk.helpdesk_stage_progress")
        self.ours.stage_id = self.progress
        self.answer = self.ours.with_user(self.anna).message_post(
            body="Does it still leak?", message_type="comment", subtype_xmlid="mail.mt_comment"
        )
        self.ours.stage_id = self.solved

    def reply(self, body, subject="Re: Toner leaks", headers=None, **values):
        """The customer answers; the tickets there are afterwards, but the first one."""
        before = self.env["helpdesk.ticket"].search([])
        headers = {"In-Reply-To": self.answer.message_id, **(headers or {})}
        self.receive(subject, body=body, headers=headers, **values)
        return self.env["helpdesk.ticket"].search([]) - before

    def closed_days_ago(self, days):
        self.ours.closed_at = fields.Datetime.now() - timedelta(days=days)

    def test_answer_reopens_the_ticket(self):
        self.assertFalse(self.reply("It leaks again"))
        self.assertEqual((self.ours.stage_id, self.ours.closed_at), (self.new, False))
        self.assertTrue(self.ours.customer_waits_since)
        self.assertIn("It leaks again", self.ours.message_ids.filtered("email_from")[0].body)

    def test_thank_you_is_kept_and_wakes_nobody(self):
        self.assertFalse(self.reply("Thank you very much, anna!\n\nOn Monday helpdesk wrote:\n> Still?"))
        self.assertEqual(self.ours.stage_id, self.solved)
        self.assertFalse(self.ours.customer_waits_since)
        self.assertIn("Thank you", "".join(self.ours.message_ids.mapped("body")))

    def test_thank_you_starts_no_clock_on_an_open_ticket(self):
        self.ours.action_reopen()
        self.reply("Thanks!")
        self.assertFalse(self.ours.customer_waits_since)
        self.reply("Thanks! And when does he come?")
        self.assertTrue(self.ours.customer_waits_since)

    def test_team_may_take_every_answer_seriously(self):
        self.team.ignore_thanks = False
        self.reply("Thank you")
        self.assertEqual(self.ours.stage_id, self.new)

    def test_case_36_machine_neither_reopens_nor_opens(self):
        for days in (1, 30):
            self.closed_days_ago(days)
            self.assertFalse(self.reply("I am away until Monday", headers=AUTOMATIC))
            self.assertEqual(self.ours.stage_id, self.solved)
            self.assertFalse(self.ours.customer_waits_since)
        self.assertIn("I am away", "".join(self.ours.message_ids.mapped("body")))

    def test_late_answer_is_a_new_ticket_linked_to_the_old_one(self):
        self.closed_days_ago(15)
        new = self.reply("It leaks again")
        self.assertEqual((new.follows_id, new.team_id, new.partner_id), (self.ours, self.team, self.contact))
        self.assertEqual((self.ours.stage_id, new.stage_id), (self.solved, self.new))
        self.assertIn("It leaks again", "".join(new.message_ids.mapped("body")))
        self.assertNotIn("It leaks again", "".join(self.ours.message_ids.mapped("body")))
        self.assertFalse(self.reply("And the tray is full of powder"), "into the new one")
        self.assertIn("full of powder", "".join(new.message_ids.mapped("body")))

    def test_late_thank_you_is_no_new_ticket(self):
        self.closed_days_ago(15)
        self.assertFalse(self.reply("Thank you!"))
        self.assertIn("Thank you", "".join(self.ours.message_ids.mapped("body")))

    def test_days_are_the_teams(self):
        self.team.reopen_days = 30
        self.closed_days_ago(15)
        self.assertFalse(self.reply("It leaks again"))
        self.assertEqual(self.ours.stage_id, self.new)

    def test_employee_may_write_into_a_closed_ticket(self):
        self.closed_days_ago(30)
        self.assertFalse(self.reply("For the record", sender="anna <anna@desk.example>"))
        self.assertEqual(self.ours.stage_id, self.solved)

    def test_answer_ends_waiting(self):
        self.ours.stage_id = self.waiting
        self.reply("Thanks")
        self.assertEqual(self.ours.stage_id, self.waiting)
        self.reply("The serial number is 4711")
        self.assertEqual(self.ours.stage_id, self.progress, "where it was worked on before")
        self.team.resume_on_reply = False
        self.ours.stage_id = self.waiting
        self.reply("And 4712")
        self.assertEqual(self.ours.stage_id, self.waiting)

    def test_answer_to_a_merged_ticket_reopens_its_target(self):
        target = self.ticket("Target")
        self.ours.merge_into(target.id)
        target.stage_id = self.solved
        self.reply("It leaks again")
        self.assertEqual(target.stage_id, self.new)
        target.stage_id = self.solved
        target.closed_at = fields.Datetime.now() - timedelta(days=15)
        self.assertEqual(self.reply("Again").follows_id, target)


@tagged("post_install", "-at_install")
class TestTicketReopenPortal(HelpdeskPortalCase):
    """The same rules in the portal, and pages of tickets that were merged."""

    def say(self, body, user):
        return self.rpc(
            "/mail/message/post",
            user,
            thread_model="helpdesk.ticket",
            thread_id=self.mine.id,
            post_data={"body": body, "message_type": "comment", "subtype_xmlid": "mail.mt_comment"},
        )

    def test_words_in_the_conversation_reopen(self):
        self.mine.stage_id = self.solved
        self.say("Thank you!", self.main)
        self.assertEqual(self.mine.stage_id, self.solved)
        self.say("It does not work", self.main)
        self.assertEqual(self.mine.stage_id, self.new)

    def test_late_words_are_a_new_ticket(self):
        self.mine.stage_id = self.solved
        self.mine.closed_at = fields.Datetime.now() - timedelta(days=30)
        self.say("It does not work", self.main)
        self.assertEqual(self.mine.stage_id, self.solved)
        new = self.mine.follow_up_ids
        self.assertEqual((new.partner_id, new.team_id), (self.main.partner_id, self.team))
        self.assertIn("It does not work", "".join(new.message_ids.mapped("body")))
        self.assertNotIn("It does not work", "".join(self.mine.message_ids.mapped("body")))

    def test_closing_by_the_button_is_no_answer(self):
        self.mine.stage_id = self.waiting
        self.act(self.mine, "close", self.main, text="It was the cable")
        self.assertEqual(self.mine.stage_id, self.solved)
        self.assertEqual(self.mine.stage_log_ids.stage_id & self.new, self.new)

    def test_page_of_a_merged_ticket_leads_to_the_target(self):
        source = self.ticket("Ticket of before", partner_id=self.main.partner_id.id)
        token, url = self.token(source), f"/my/tickets/{source.id}"
        source.merge_into(self.mine.id)
        for user, address in ((self.main, url), (None, f"{url}?access_token={token}")):
            page = self.get(address, user)
            self.assertIn("Ticket of main", page.text)
            self.assertIn(f"/my/tickets/{self.mine.id}", page.url)
        for user, address in (
            (self.stranger, url),
            (self.colleague, url),
            (None, url),
            (None, f"{url}?access_token=wrong"),
        ):
            self.assertNotIn("Ticket of main", self.get(address, user).text)

    def test_token_does_not_lead_to_the_ticket_of_another_person(self):
        source = self.ticket("Ticket of before", partner_id=self.colleague.partner_id.id)
        token = self.token(source)
        source.merge_into(self.mine.id)
        page = self.get(f"/my/tickets/{source.id}?access_token={token}")
        self.assertNotIn("Ticket of main", page.text)
