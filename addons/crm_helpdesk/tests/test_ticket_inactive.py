from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tests import tagged

from .sla_common import SlaCommon

CRON = "crm_helpdesk.ir_cron_ticket_inactive"


@tagged("post_install", "-at_install")
class TestTicketInactive(SlaCommon):
    """Customers who do not answer are reminded, then their tickets are closed. 2026-03-02 is a Monday."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["helpdesk.team"].search([("id", "!=", cls.team.id)]).auto_close = False
        cls.team.write({"auto_close": True, "auto_close_warn_hours": 8, "auto_close_hours": 4})
        cls.Ticket = cls.env["helpdesk.ticket"]

    def waiting_since(self, text, **values):
        ticket = self.opened(text, **values)
        self.move(ticket, text, self.waiting)
        return ticket

    def run_job(self, text, limit=100):
        with self.moment(text):
            done = 0
            while count := self.Ticket._close_inactive(limit):
                done += count
            return done

    def reminders(self, ticket):
        return ticket.message_ids.filtered(lambda m: "Do you still need us?" in (m.subject or ""))

    def test_stages_that_wait_are_chosen_by_default(self):
        self.assertEqual(self.team.auto_close_stage_ids, self.waiting)
        self.assertTrue(self.team.auto_close_template_id)

    def test_reminded_then_closed_in_working_time(self):
        ticket = self.waiting_since("03-05 15:00")  # a Thursday: 8 hours are over on Friday at 15:00
        self.run_job("03-06 14:59")
        self.assertFalse(self.reminders(ticket))
        self.run_job("03-06 15:00")
        reminder = self.reminders(ticket)
        self.assertEqual(len(reminder), 1)
        self.assertIn(self.contact, reminder.notified_partner_ids | reminder.partner_ids)
        self.run_job("03-06 16:00")
        self.run_job("03-08 12:00")  # a Sunday
        self.run_job("03-09 09:59")
        self.assertEqual((ticket.stage_id, len(self.reminders(ticket))), (self.waiting, 1))
        self.run_job("03-09 10:00")
        self.assertEqual(ticket.stage_id, self.solved)
        self.assertIn("nobody has written", ticket.message_ids[0].body or ticket.message_ids[1].body)
        self.assertEqual(self.run_job("03-20 10:00"), 0)

    def test_stranger_known_by_address_alone_is_reminded(self):
        ticket = self.waiting_since("03-02 09:00", partner_id=False, partner_email="max@nowhere.example")
        self.run_job("03-03 09:00")
        mail = self.env["mail.mail"].search([("mail_message_id", "in", self.reminders(ticket).ids)])
        sent_to = f"{mail.mapped('email_to')} {mail.recipient_ids.mapped('email')}"
        self.assertIn("max@nowhere.example", sent_to)

    def test_reminder_is_neither_answer_nor_question(self):
        ticket = self.waiting_since("03-02 09:00")
        self.run_job("03-03 09:00")
        self.assertTrue(self.reminders(ticket))
        self.assertFalse(ticket.first_response_at)
        self.assertFalse(ticket.last_message_at)

    def test_message_of_either_side_begins_it_anew(self):
        self.team.resume_on_reply = False
        for say in (self.say, self.ask):
            ticket = self.waiting_since("03-02 09:00")
            self.run_job("03-03 09:00")
            self.assertEqual(len(self.reminders(ticket)), 1)
            say(ticket, "03-03 10:00", body="I look for it")
            self.run_job("03-03 15:00")
            self.assertEqual(ticket.stage_id, self.waiting)
            self.run_job("03-04 09:59")
            self.assertEqual(len(self.reminders(ticket)), 1)
            self.run_job("03-04 10:00")
            self.assertEqual(len(self.reminders(ticket)), 2)
            self.run_job("03-04 15:00")
            self.assertEqual(ticket.stage_id, self.solved)

    def test_notes_and_machines_reset_nothing(self):
        ticket = self.waiting_since("03-02 09:00")
        self.say(ticket, "03-02 16:00", subtype_xmlid="mail.mt_note", body="Called, nobody there")
        automatic = ticket.with_context(helpdesk_automatic_mail=True)
        self.ask(automatic, "03-02 16:30", body="I am away")
        self.run_job("03-03 09:00")
        self.assertEqual(len(self.reminders(ticket)), 1)

    def test_other_stages_teams_and_switched_off(self):
        active = self.opened("03-02 09:00")
        self.run_job("03-20 09:00")
        self.assertFalse(self.reminders(active))
        ticket = self.waiting_since("03-02 09:00")
        self.team.auto_close = False
        self.assertEqual(self.run_job("03-20 09:00"), 0)
        self.team.auto_close = True
        other = self.make_team("Others", self.ben)
        foreign = self.opened("03-02 09:00", team_id=other.id, stage_id=self.waiting.id)
        self.run_job("03-20 09:00")
        self.assertEqual((len(self.reminders(ticket)), len(self.reminders(foreign))), (1, 0))

    def test_leaving_the_stage_begins_it_anew(self):
        ticket = self.waiting_since("03-02 09:00")
        self.move(ticket, "03-02 16:00", self.progress)
        self.move(ticket, "03-03 09:00", self.waiting)
        self.run_job("03-04 08:59")
        self.assertFalse(self.reminders(ticket))
        self.run_job("03-04 09:00")
        self.assertTrue(self.reminders(ticket))

    def test_holiday_counts_also_when_it_is_added_later(self):
        ticket = self.waiting_since("03-02 09:00")
        self.run_job("03-02 10:00")
        self.holiday("03-02 12:00", "03-03 23:00")
        self.run_job("03-04 12:59")
        self.assertFalse(self.reminders(ticket))
        self.run_job("03-04 14:00")
        self.assertTrue(self.reminders(ticket))

    def test_shorter_time_counts_at_once(self):
        ticket = self.waiting_since("03-02 09:00")
        self.run_job("03-02 10:00")
        self.team.auto_close_warn_hours = 1
        self.run_job("03-02 10:01")
        self.assertTrue(self.reminders(ticket))

    def test_in_batches_and_resumable(self):
        tickets = self.Ticket.browse()
        for _number in range(5):
            tickets |= self.waiting_since("03-02 09:00")
        with self.moment("03-03 09:00"):
            self.assertEqual(self.Ticket._close_inactive(2), 2)
            self.assertEqual(len(tickets.filtered("inactive_warned_at")), 2)
            self.assertEqual(self.Ticket._close_inactive(100), 3)
            self.assertEqual(self.Ticket._close_inactive(100), 0)
        self.assertEqual([len(self.reminders(ticket)) for ticket in tickets], [1] * 5)

    def test_one_that_refuses_holds_nobody_up(self):
        refusing, other = self.waiting_since("03-02 09:00"), self.waiting_since("03-02 09:00")
        inner = type(refusing)._remind_customer

        def remind(ticket):
            if ticket == refusing:
                raise UserError(self.env._("No mail server"))
            return inner(ticket)

        with (
            patch.object(type(refusing), "_remind_customer", remind),
            self.assertLogs("odoo.addons.crm_helpdesk", "WARNING"),
        ):
            self.run_job("03-03 09:00")
        self.assertFalse(refusing.inactive_warned_at)
        self.assertTrue(other.inactive_warned_at)

    def test_two_workers_never_take_the_same_ticket(self):
        registry = Registry(self.env.cr.dbname)
        with registry._db.cursor() as first, registry._db.cursor() as second:
            mine, theirs = (self.Ticket.with_env(self.env(cr=cr)) for cr in (first, second))
            team = mine.env["helpdesk.team"].create(
                {"name": "Two workers", "auto_close": True, "auto_close_stage_ids": [self.waiting.id]}
            )
            values = {"name": "Waiting", "team_id": team.id, "stage_id": self.waiting.id}
            tickets = mine.with_context(tracking_disable=True).create([values] * 3)
            first.commit()
            try:
                own = mine._claim_inactive(2)
                other = theirs._claim_inactive(100)
                self.assertEqual(len(own), 2)
                self.assertFalse(set(own.ids) & set(other.ids))
                self.assertIn(tickets.ids[2], own.ids + other.ids)
            finally:
                first.rollback()
                second.rollback()
                tickets.unlink()
                team.unlink()
                first.commit()

    def test_job_is_listed_in_the_settings(self):
        self.assertIn(self.env.ref(CRON), self.env["res.config.settings"]._crm_get_crons())
