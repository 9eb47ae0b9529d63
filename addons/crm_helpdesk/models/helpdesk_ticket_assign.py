from collections import defaultdict
from datetime import timedelta

from pytz import UTC

from odoo import fields, models
from odoo.fields import Domain
from odoo.tools.intervals import Intervals

# Who is at work within the first hour that the team works gets what came in before.
AT_WORK_WITHIN = timedelta(hours=1)
# How far ahead the team's next working hour is looked for.
HORIZON = timedelta(days=14)


def _get_holiday_domain(company):
    """Holidays that count: those of that company, whoever asks."""
    return [
        ("time_type", "=", "leave"),
        ("resource_id", "=", False),
        ("company_id", "in", [False, company.id]),
    ]


class HelpdeskTicket(models.Model):
    """Who gets a ticket that nobody took."""

    _inherit = "helpdesk.ticket"

    def _assign(self):
        """Give each ticket to somebody of its team as the team's rules say.

        Nobody eligible: the ticket stays unassigned and the leader gets an activity.
        """
        for team, tickets in self.grouped("team_id").items():
            if team.assignment == "manual":
                continue
            present = team._get_members_at_work()
            load = team._get_load(present.user_id)
            for ticket in tickets:
                member = ticket._choose_member(present, load)
                if member:
                    ticket.user_id = member.user_id
                    load[member.user_id].add(ticket)
                else:
                    ticket._alert_leader()

    def _choose_member(self, present, load):
        """The member of those at work whose turn it is.

        :param present: ``helpdesk.team.member`` records
        :param load: :meth:`HelpdeskTeam._get_load`
        :rtype: helpdesk.team.member
        """
        self.ensure_one()
        candidates = present
        if self.team_id.assign_by_tags and self.tag_ids:
            candidates = present.filtered(lambda member: member.tag_ids & self.tag_ids) or present
        return min(
            candidates,
            key=lambda member: (load[member.user_id].rank, member.sequence, member.id),
            default=None,
        )

    def _alert_leader(self):
        """Tell the team's leader that nobody could be given the ticket."""
        leader = self.team_id.user_id
        if leader:
            self.activity_schedule(
                "crm_helpdesk.mail_activity_type_unassigned",
                user_id=leader.id,
                summary=self.env._("Nobody is at work to take this ticket"),
            )


class HelpdeskTeam(models.Model):
    _inherit = "helpdesk.team"

    def _get_members_at_work(self):
        """Members that take tickets and are at work when the team works next.

        :rtype: helpdesk.team.member
        """
        self.ensure_one()
        members = self.member_ids.filtered(lambda member: member.takes_tickets and member.user_id.active)
        start = self._get_next_working_moment(fields.Datetime.now().replace(tzinfo=UTC))
        if not start or not members:
            return members.browse()
        return members._filter_at_work(start, start + AT_WORK_WITHIN)

    def _get_next_working_moment(self, moment):
        """The moment itself during working hours, else when they begin; None: not within two weeks."""
        self.ensure_one()
        calendar = self.resource_calendar_id
        if not calendar:
            return moment
        holidays = _get_holiday_domain(self.company_id)
        intervals = calendar._work_intervals_batch(moment, moment + HORIZON, domain=holidays)[False]
        return next((start.astimezone(UTC) for start, _stop, _records in intervals), None)

    def _get_load(self, users):
        """What each of the users has: how many open tickets, or when he got the last one.

        :rtype: dict[res.users, Load]
        """
        self.ensure_one()
        by_count = self.assignment == "balanced"
        wanted = Domain("user_id", "in", users.ids) & Domain("team_id", "=", self.id)
        if by_count:
            wanted &= Domain("is_closed", "=", False)
        # sudo: colleagues' tickets that the one who opens this ticket may not see count as well
        rows = (
            self.env["helpdesk.ticket"]
            .sudo()
            .with_context(active_test=by_count)
            ._read_group(wanted, ["user_id"], ["__count", "assigned_at:max"])
        )
        load = defaultdict(lambda: Load(by_count))
        for user, count, last in rows:
            load[user.sudo(False)] = Load(by_count, count, last)
        return load


class HelpdeskTeamMember(models.Model):
    _inherit = "helpdesk.team.member"

    def _filter_at_work(self, start, stop):
        """Those who work at some time between the two instants, holidays and absences left out.

        :rtype: helpdesk.team.member
        """
        # sudo: working hours and absences of colleagues decide, nobody sees them
        members = self.sudo()
        members.user_id.resource_ids.fetch(["company_id", "calendar_id", "tz"])  # of all of them at once
        resource_of = {member: member._get_resource() for member in members}
        resources = self.env["resource.resource"].sudo().union(*resource_of.values())
        away = resources._get_absences(start, stop)
        around_the_clock = defaultdict(lambda: Intervals([(start, stop, self.env["resource.calendar"])]))
        at_work = set()
        for (calendar, company), group in members.grouped(
            lambda member: member._get_hours(resource_of[member])
        ).items():
            if calendar:
                own = resources.browse(resource_of[member].id for member in group if resource_of[member])
                work = calendar._work_intervals_batch(
                    start, stop, resources=own, domain=_get_holiday_domain(company)
                )
            else:  # around the clock
                work = around_the_clock
            for member in group:
                key = resource_of[member].id
                if work[key] - away[key]:
                    at_work.add(member.id)
        return self.filtered(lambda member: member.id in at_work)

    def _get_resource(self):
        """The member as somebody with working hours and absences: in the team's company, else in another.

        :rtype: resource.resource
        """
        self.ensure_one()
        company = self.team_id.company_id
        return self.user_id.resource_ids.sorted(lambda resource: resource.company_id != company)[:1]

    def _get_hours(self, resource):
        """By which calendar the member works, and holidays of which company he has."""
        self.ensure_one()
        team = self.team_id
        return resource.calendar_id or team.resource_calendar_id, resource.company_id or team.company_id


class ResourceResource(models.Model):
    _inherit = "resource.resource"

    def _get_absences(self, start, stop):
        """When people are away, as whoever plans absences has written it down.

        An absence counts by whatever calendar and company it was entered: approved time off carries those
        of the contract and of whoever approved it.

        :return: by id of the resource, nothing for any other key
        :rtype: defaultdict[int, Intervals]
        """
        domain = [("time_type", "=", "leave"), ("resource_id", "in", self.ids)]
        away = defaultdict(Intervals)
        if self:
            away.update(
                self.env["resource.calendar"]._leave_intervals_batch(start, stop, self, domain=domain)
            )
        return away


class Load:
    """How much somebody has, so that the one with the least comes next."""

    def __init__(self, by_count, count=0, last=None):
        self.by_count = by_count
        self.count = count
        self.last = last or fields.Datetime.to_datetime("1970-01-01")
        self.turn = 0

    def add(self, ticket):
        """Count a ticket just given."""
        self.count += 1
        self.last = ticket.assigned_at
        self.turn += 1

    @property
    def rank(self):
        """What is compared, the smallest first."""
        return (self.count,) if self.by_count else (self.last, self.turn)
