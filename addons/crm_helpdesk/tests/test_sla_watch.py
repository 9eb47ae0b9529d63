from unittest.mock import patch

from psycopg2.errors import SerializationFailure

from odoo.exceptions import UserError
from odoo.modules.registry import Registry
from odoo.tests import tagged
from odoo.tools import mute_logger

from .sla_common import HOUR, SlaCommon, at


@tagged("post_install", "-at_install")
class TestSlaWatch(SlaCommon):
    """Warnings and escalations, each once."""

    def told(self, ticket):
        return ticket.message_ids.filtered(lambda message: message.message_type == "notification").filtered(
            lambda message: message.notified_partner_ids
        )

    def test_warned_once_at_the_share(self):
        policy = self.policy(8, warn_percent=80)
        ticket = self.opened("03-02 09:00", user_id=self.anna.id)
        self.assertEqual(self.row(ticket, policy).warn_at, at("03-02 16:24"))
        self.assertFalse(self.watch("03-02 16:23:59"))
        for _run in range(2):
            self.watch("03-02 16:24")
        self.assertEqual(self.row(ticket, policy).warned_at, at("03-02 16:24"))
        message = self.told(ticket)
        self.assertEqual(len(message), 1)
        self.assertEqual(message.notified_partner_ids, (self.anna | self.lead).partner_id)
        self.assertTrue(message.subtype_id.internal)
        self.assertFalse(ticket.first_response_at)

    def test_told_once_when_missed(self):
        policy = self.policy(4, warn_percent=0, notify_assigned=False)
        ticket = self.opened("03-02 09:00", user_id=self.anna.id)
        for _run in range(2):
            self.watch("03-02 15:00")
        row = self.row(ticket, policy)
        self.assertEqual((row.state, row.failed_at), ("failed", at("03-02 14:00")))
        self.assertEqual(self.told(ticket).notified_partner_ids, self.lead.partner_id)
        self.assertEqual(len(self.told(ticket)), 1)

    def test_job_that_comes_late_tells_of_the_miss_only(self):
        self.policy(4)
        ticket = self.opened("03-02 09:00", user_id=self.anna.id)
        self.watch("03-03 15:00")
        self.watch("03-03 15:01")
        self.assertEqual(len(self.told(ticket)), 1)

    def test_solved_in_between_is_told_to_nobody(self):
        policy = self.policy(4)
        ticket = self.opened("03-02 09:00", user_id=self.anna.id)
        self.move(ticket, "03-02 15:00", self.solved)
        self.assertFalse(self.watch("03-02 15:01"))
        self.assertEqual(self.row(ticket, policy).state, "failed")
        self.assertFalse(self.told(ticket))

    def test_escalation_hands_over_and_raises_the_priority_once(self):
        policy = self.policy(8, reassign_user_id=self.lead.id, raise_priority=True)
        urgent = self.policy(9, for_medium=True)
        ticket = self.opened("03-02 09:00", user_id=self.anna.id)
        for _run in range(2):
            self.watch("03-02 16:30")
        self.assertEqual((ticket.user_id, ticket.priority), (self.lead, "1"))
        self.assertEqual(self.row(ticket, policy).escalated_at, at("03-02 16:30"))
        self.assertTrue(self.row(ticket, urgent), "the new priority brings its own promise")
        self.watch("03-03 12:00")
        self.assertEqual(ticket.priority, "1", "missing it escalates no second time")

    def test_escalation_only_when_missed(self):
        self.policy(8, raise_priority=True, escalate_on="missed")
        ticket = self.opened("03-02 09:00")
        self.watch("03-02 16:30")
        self.assertEqual(ticket.priority, "0")
        self.watch("03-03 09:30")
        self.assertEqual(ticket.priority, "1")

    def test_ticket_that_refuses_holds_nobody_up(self):
        self.policy(8, reassign_user_id=self.lead.id)
        refusing, other = self.opened("03-02 09:00"), self.opened("03-02 09:00")
        Ticket = type(self.env["helpdesk.ticket"])
        write = Ticket.write

        def refuse(tickets, vals):
            if tickets == refusing and "user_id" in vals:
                raise UserError(self.env._("Not this one"))
            return write(tickets, vals)

        with patch.object(Ticket, "write", refuse), self.assertLogs("odoo.addons.crm_helpdesk", "WARNING"):
            self.watch("03-02 16:30")
        self.assertEqual((refusing.user_id.id, other.user_id), (False, self.lead))
        self.assertFalse(self.row(refusing, refusing.sla_status_ids.policy_id).escalated_at)
        self.assertEqual(self.told(refusing).notified_partner_ids, self.lead.partner_id, "told all the same")
        self.assertFalse(self.watch("03-02 16:31"))

    def test_cron_goes_on_in_batches_and_commits_each(self):
        self.policy(4)
        tickets = self.env["helpdesk.ticket"]
        for _number in range(5):
            tickets |= self.opened("03-02 09:00")
        done = []
        Cron = type(self.env["ir.cron"])
        with (
            self.moment("03-02 13:30"),
            patch.object(Cron, "_commit_progress", lambda cron, count=0, **kw: done.append(count) or 10),
        ):
            self.env["helpdesk.sla.status"]._cron_watch(limit=2)
        self.assertEqual(done, [2, 2, 1])
        self.assertEqual(len(tickets.sla_status_ids.filtered("warned_at")), 5)
        with (
            self.moment("03-02 14:30"),
            patch.object(Cron, "_commit_progress", lambda cron, count=0, **kw: done.append(count)),
        ):
            self.env["helpdesk.sla.status"]._cron_watch(limit=2)
        self.assertEqual(
            len(tickets.sla_status_ids.filtered("failed_at")), 2, "time was up; the next run goes on"
        )

    def test_causes_of_misses(self):
        self.policy(4)
        nobody = self.opened("03-02 09:00")
        worked = self.opened("03-02 09:00", user_id=self.anna.id)
        late = self.opened("03-02 09:00")
        again = self.opened("03-02 09:00", user_id=self.anna.id)
        with self.moment("03-02 13:30"):
            late.user_id = self.anna
        self.move(again, "03-02 10:00", self.solved)
        self.move(again, "03-02 10:00", self.new)
        self.watch("03-02 16:00")
        for ticket, cause in (
            (nobody, "unassigned"),
            (worked, "work"),
            (late, "handed_over"),
            (again, "reopened"),
        ):
            self.assertEqual(ticket.sla_status_ids.cause, cause)


@tagged("post_install", "-at_install")
class TestSlaWatchTwice(SlaCommon):
    """Two jobs at the same time, each with a connection of its own."""

    def setUp(self):
        super().setUp()
        registry = Registry(self.env.cr.dbname)
        first, second = (self.enterContext(registry._db.cursor()) for _number in range(2))
        self.one, self.other = self.env(cr=first), self.env(cr=second)
        with self.moment("03-02 09:00"):
            self.leave = self.prepare(self.one(context={"tracking_disable": True}))
        first.commit()
        self.addCleanup(self.clean_up)

    def prepare(self, env):
        """A ticket with a promise of eight hours that is really in the database."""
        user = env.ref("base.user_admin")
        team = env["helpdesk.team"].create(
            {"name": "Two jobs", "user_id": user.id, "resource_calendar_id": False}
        )
        policy = env["helpdesk.sla"].create(
            {
                "name": "Eight hours",
                "metric": "stage",
                "stage_id": self.solved.id,
                "target_seconds": 8 * HOUR,
                "team_ids": team.ids,
                "raise_priority": True,
            }
        )
        self.ticket_id = env["helpdesk.ticket"].create({"name": "Toner leaks", "team_id": team.id}).id
        return lambda: (
            env["helpdesk.ticket"].browse(self.ticket_id).unlink(),
            policy.unlink(),
            team.unlink(),
        )

    def clean_up(self):
        self.one.cr.rollback()
        self.other.cr.rollback()
        self.leave()
        self.one.cr.commit()

    def step(self, env, name, text):
        """One step of the job, for the ticket of this test alone."""
        Status = type(env["helpdesk.sla.status"])
        search = Status.search

        def own(model, domain, **kw):
            return search(model, [*domain, ("ticket_id", "=", self.ticket_id)], **kw)

        with self.moment(text), patch.object(Status, "search", own):
            return getattr(env["helpdesk.sla.status"], name)()

    def notices(self):
        self.other.cr.rollback()
        self.other.invalidate_all()
        ticket = self.other["helpdesk.ticket"].browse(self.ticket_id)
        notices = ticket.message_ids.filtered("notified_partner_ids")
        return len(notices), ticket.priority

    def test_warning_and_escalation_of_two_jobs_at_once(self):
        warn = ("_warn_due", "03-02 16:00")
        self.assertEqual(self.step(self.one, *warn), 1)
        self.assertEqual(self.step(self.other, *warn), 0, "the first one has it, nobody waits")
        self.one.cr.commit()
        self.other.cr.rollback()
        self.assertEqual(self.step(self.other, *warn), 0, "it was told before")
        self.assertEqual(self.notices(), (1, "1"))

    def test_miss_of_two_jobs_at_once(self):
        for name in ("_fail_due", "_tell_missed"):
            self.assertEqual(self.step(self.one, name, "03-02 18:00"), 1)
            self.assertEqual(self.step(self.other, name, "03-02 18:00"), 0)
            self.one.cr.commit()
            self.other.cr.rollback()
            self.assertEqual(self.step(self.other, name, "03-02 18:00"), 0)
        self.assertEqual(self.notices(), (1, "1"))

    def test_job_that_read_before_the_other_one_was_done_gives_way(self):
        """What it has read is old: the database refuses it, and its next run finds nothing to do."""
        self.other["helpdesk.ticket"].search_count([])  # from here on it sees what was there at this moment
        self.assertEqual(self.step(self.one, "_warn_due", "03-02 16:00"), 1)
        self.one.cr.commit()
        with mute_logger("odoo.sql_db"), self.assertRaises(SerializationFailure):
            self.step(self.other, "_warn_due", "03-02 16:00")
        self.other.cr.rollback()
        self.assertEqual(self.step(self.other, "_warn_due", "03-02 16:00"), 0)
        self.assertEqual(self.notices(), (1, "1"))
