from datetime import datetime
from zoneinfo import ZoneInfo

from odoo import Command
from odoo.tests import freeze_time

from .common import HelpdeskCommon

BRUSSELS, NEW_YORK, UTC = (ZoneInfo(name) for name in ("Europe/Brussels", "America/New_York", "UTC"))
HOUR = 3600
OFFICE = dict.fromkeys("01234", ((8, 12), (13, 17)))
OFFICE_SHORT_FRIDAY = {**OFFICE, "4": ((8, 12),)}
NINE_TO_FIVE = dict.fromkeys("01234", ((9, 17),))
ALL_DAY = dict.fromkeys("0123456", ((0, 24),))


def at(text, zone=BRUSSELS):
    """ "03-02 09:00" of 2026 on the wall of that zone, as the ERP stores it."""
    form = "%Y-%m-%d %H:%M:%S" if text.count(":") == 2 else "%Y-%m-%d %H:%M"
    moment = datetime.strptime(f"2026-{text}", form).replace(tzinfo=zone)
    return moment.astimezone(UTC).replace(tzinfo=None)


class SlaCommon(HelpdeskCommon):
    """A team with office hours in Brussels, policies and moments as short verbs."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["helpdesk.sla"].search([]).active = False
        cls.office = cls.make_calendar("Office", OFFICE)
        cls.team.resource_calendar_id = cls.office
        cls.env["helpdesk.sla.change"].search([]).unlink()
        cls.progress = cls.env.ref("crm_helpdesk.helpdesk_stage_progress")

    @classmethod
    def make_calendar(cls, name, week, zone="Europe/Brussels", **values):
        lines = [
            {"name": f"{day} {begin}", "dayofweek": day, "hour_from": begin, "hour_to": end}
            for day, slots in week.items()
            for begin, end in slots
        ]
        return cls.env["resource.calendar"].create(
            {
                "name": name,
                "tz": zone,
                "attendance_ids": [Command.clear(), *map(Command.create, lines)],
                **values,
            }
        )

    @classmethod
    def holiday(cls, begin, end, calendar=None, **values):
        return cls.env["resource.calendar.leaves"].create(
            {
                "name": "Holiday",
                "calendar_id": (calendar or cls.office).id,
                "date_from": at(begin),
                "date_to": at(end),
                **values,
            }
        )

    @classmethod
    def policy(cls, hours=4, metric="stage", **values):
        if metric == "stage":
            values.setdefault("stage_id", cls.solved.id)
        return cls.env["helpdesk.sla"].create(
            {
                "name": f"{metric} {hours}",
                "metric": metric,
                "target_seconds": round(hours * HOUR),
                "team_ids": cls.team.ids,
                **values,
            }
        )

    def moment(self, text, zone=BRUSSELS):
        """At that moment of 2026."""
        return freeze_time(at(text, zone))

    def opened(self, text, zone=BRUSSELS, **values):
        with self.moment(text, zone):
            return self.ticket(**values)

    def move(self, tickets, text, stage):
        with self.moment(text):
            tickets.stage_id = stage

    def say(self, ticket, text, user=None, body="We look into it", **values):
        """Somebody writes to the customer, or he to us."""
        values = {"message_type": "comment", "subtype_xmlid": "mail.mt_comment", **values}
        with self.moment(text):
            return ticket.with_user(user or self.anna).message_post(body=body, **values)

    def ask(self, ticket, text, **values):
        """The customer writes."""
        return self.say(
            ticket,
            text,
            user=self.env.ref("base.user_root"),
            author_id=self.contact.id,
            message_type="email",
            **values,
        )

    def work_out(self, text):
        """The background job after a change."""
        with self.moment(text):
            for change in self.env["helpdesk.sla.change"].search([]):
                while change.exists() and change._work(2):
                    pass

    def watch(self, text):
        """The background job that warns and tells; how many rows it dealt with."""
        Status = self.env["helpdesk.sla.status"]
        with self.moment(text):
            return sum(step() for step in (Status._fail_due, Status._warn_due, Status._tell_missed))

    def row(self, ticket, policy):
        return ticket.sla_status_ids.filtered(lambda row: row.policy_id == policy)

    def is_late(self, ticket, text):
        """Whether the ticket is found by the filter of late ones at that moment."""
        with self.moment(text):
            late = self.env["helpdesk.ticket"].search(
                [("sla_deadline", "<", "now"), ("id", "in", ticket.ids)]
            )
        return bool(late)

    def assertDeadline(self, ticket, text, zone=BRUSSELS):  # noqa: N802 - named as unittest does
        self.assertEqual(ticket.sla_deadline, at(text, zone))
