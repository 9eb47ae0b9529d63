from psycopg2.errors import ForeignKeyViolation

from odoo.tests import tagged
from odoo.tools import mute_logger

from .sla_common import SlaCommon


@tagged("post_install", "-at_install")
class TestSlaTerms(SlaCommon):
    """What the engine reads of policies and calendars is what they hold now, however often it was read."""

    def deadline(self):
        return self.opened("03-02 09:00").sla_deadline

    def test_working_hours_are_those_of_now(self):
        self.policy(4)
        before = self.deadline()
        with self.env.cr.savepoint() as savepoint:
            holiday = self.holiday("03-02 10:00", "03-02 12:00")
            self.assertGreater(self.deadline(), before)
            # Changed again within the transaction, at the same second.
            holiday.date_to = holiday.date_from
            self.assertEqual(self.deadline(), before)
            holiday.unlink()
            self.office.attendance_ids.filtered(lambda line: line.hour_from == 13).hour_to = 13.5
            self.assertGreater(self.deadline(), before)
            self.office.tz = "America/New_York"
            self.assertNotEqual(self.deadline(), before)
            savepoint.rollback()
        self.assertEqual(self.deadline(), before)

    def test_policies_are_those_of_now(self):
        policy = self.policy(4)
        before = self.deadline()
        with self.env.cr.savepoint() as savepoint:
            policy.target_hours = 2
            self.assertLess(self.deadline(), before)
            policy.active = False
            self.assertFalse(self.deadline())
            savepoint.rollback()
        self.assertEqual(self.deadline(), before)

    def test_what_a_policy_asks_for_is_not_deleted(self):
        """Else it would be promised to everybody."""
        fuser = self.env["helpdesk.tag"].create({"name": "Fuser"})
        self.policy(4, tag_ids=fuser.ids)
        with (
            mute_logger("odoo.sql_db"),
            self.assertRaises(ForeignKeyViolation),
            self.env.cr.savepoint(),
        ):
            fuser.unlink()
        self.assertFalse(self.deadline())

    def test_archived_type_still_counts(self):
        complaint = self.env["helpdesk.ticket.type"].create({"name": "Broken on arrival"})
        policy = self.policy(4, type_ids=complaint.ids)
        complaint.active = False
        self.assertFalse(self.deadline())
        ticket = self.opened("03-02 09:00", type_id=complaint.id)
        self.assertEqual(ticket.sla_status_ids.policy_id, policy)
