from datetime import datetime, time, timedelta, timezone

from odoo.fields import Datetime
from odoo.tools import SQL
from odoo.tools.lru import LRU

from ..lib.sla_clock import WorkingTime

# A deadline that isn't found within so much time from now on does not exist.
HORIZON = timedelta(days=100 * 14)
FIRST_STEP = timedelta(days=28)


def aware(moment):
    """The stored instant with its time zone; None stays None."""
    return moment.replace(tzinfo=timezone.utc) if moment else None


def naive(moment):
    """The instant as it is stored; no instant is False."""
    return moment.astimezone(timezone.utc).replace(tzinfo=None) if moment else False


class CalendarTime(WorkingTime):
    """Working time of a calendar in a company, read as far as it is asked for.

    Holidays of other companies do not count, whoever asks: the cron and the mail gateway see all of them.

    :param datetime start: (aware) the first instant that is read at once
    :param datetime stop: (aware) the last one
    :param list pieces: intervals between these two, where they are known
    """

    def __init__(self, calendar, company, start, stop, pieces=None):
        self._calendar = calendar
        self._domain = [("time_type", "=", "leave"), ("company_id", "in", [False, company.id])]
        self._start, self._stop = start, stop
        self._limit = max(aware(Datetime.now()), start) + HORIZON
        self.pieces = self._read(start, stop) if pieces is None else pieces
        super().__init__(self.pieces)

    def _read(self, start, stop):
        work = self._calendar._work_intervals_batch(start, stop, domain=self._domain)[False]
        return [(begin, end) for begin, end, _records in work]

    def _extend(self, start, stop):
        if start < self._start:
            self.pieces = self.pieces + self._read(start, self._start)
            self._start = start
        if stop > self._stop:
            self.pieces = self.pieces + self._read(self._stop, stop)
            self._stop = stop
        self._load(self.pieces)

    def elapsed(self, start, stop):
        if start < self._start or stop > self._stop:
            self._extend(min(start, self._start), max(stop, self._stop))
        return super().elapsed(start, stop)

    def plan(self, start, seconds):
        if start < self._start:
            self._extend(start, self._stop)
        step = FIRST_STEP
        while (moment := super().plan(start, seconds)) is None and self._stop < self._limit:
            self._extend(self._start, min(self._stop + step, self._limit))
            step *= 2
        return moment


class WorkingTimes:
    """The working times that one piece of work asks for, each read once.

    :param datetime start: the earliest (naive) instant that will be asked for
    """

    def __init__(self, start):
        now = Datetime.now()
        # Whole weeks and days, so that the next piece of work asks for the same.
        first = datetime.combine(min(start or now, now), time.min)
        self._start = aware(first - timedelta(days=first.weekday()))
        self._stop = aware(datetime.combine(now, time.min)) + FIRST_STEP
        self._known = {}

    def of(self, calendar, company):
        """Working time of a calendar in a company; no calendar or a flexible one: around the clock.

        :rtype: WorkingTime
        """
        key = calendar, company
        if key not in self._known:
            # sudo: holidays count for everybody's deadlines, nobody sees them here
            self._known[key] = self._make(calendar.sudo(), company)
        return self._known[key]

    def _make(self, calendar, company):
        if not calendar:
            return WorkingTime()
        key = _get_contents(calendar), company.id, self._start, self._stop
        pieces = _remembered.get(key)
        if pieces is None:
            if calendar.flexible_hours:
                return WorkingTime()
            if not calendar.attendance_ids:
                return WorkingTime([])
        found = CalendarTime(calendar, company, self._start, self._stop, pieces)
        if pieces is None:
            _remembered[key] = found.pieces
        return found


# Intervals by what a calendar holds, not by its id: whatever is changed is another key, so that nothing
# needs to be forgotten in time, neither by other workers nor when a transaction is taken back.
_remembered = LRU(64)


def _get_contents(calendar):
    """All that the working time of a calendar comes from, as a short text."""
    for model in ("resource.calendar", "resource.calendar.attendance", "resource.calendar.leaves"):
        calendar.env[model].flush_model()
    ((contents,),) = calendar.env.execute_query(
        SQL(
            """
            SELECT md5(concat_ws('|', calendar::text,
                       (SELECT string_agg(attendance::text, '' ORDER BY attendance.id)
                          FROM resource_calendar_attendance attendance
                         WHERE attendance.calendar_id = calendar.id),
                       (SELECT string_agg(holiday::text, '' ORDER BY holiday.id)
                          FROM resource_calendar_leaves holiday
                         WHERE holiday.resource_id IS NULL
                           AND (holiday.calendar_id = calendar.id OR holiday.calendar_id IS NULL))))
              FROM resource_calendar calendar
             WHERE calendar.id = %s
            """,
            calendar.id,
        )
    )
    return contents


def is_working(time, moment):
    """Whether work goes on at this instant.

    :param datetime moment: aware
    """
    return bool(time.elapsed(moment, moment + timedelta(seconds=1)))
