from datetime import timedelta, timezone

from odoo.fields import Datetime

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
    """

    def __init__(self, calendar, company, start, stop):
        self._calendar = calendar
        self._domain = [("time_type", "=", "leave"), ("company_id", "in", [False, company.id])]
        self._start, self._stop = start, stop
        self._limit = max(aware(Datetime.now()), start) + HORIZON
        self._pieces = self._read(start, stop)
        super().__init__(self._pieces)

    def _read(self, start, stop):
        work = self._calendar._work_intervals_batch(start, stop, domain=self._domain)[False]
        return [(begin, end) for begin, end, _records in work]

    def _extend(self, start, stop):
        if start < self._start:
            self._pieces += self._read(start, self._start)
            self._start = start
        if stop > self._stop:
            self._pieces += self._read(self._stop, stop)
            self._stop = stop
        self._load(self._pieces)

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
        self._now = aware(Datetime.now())
        self._start = min(aware(start), self._now) if start else self._now
        self._known = {}

    def of(self, calendar, company):
        """Working time of a calendar in a company; no calendar or a flexible one: around the clock.

        :rtype: WorkingTime
        """
        key = calendar, company
        if key not in self._known:
            self._known[key] = self._make(calendar, company)
        return self._known[key]

    def _make(self, calendar, company):
        # sudo: holidays count for everybody's deadlines, nobody sees them here
        calendar = calendar.sudo()
        if not calendar or calendar.flexible_hours:
            return WorkingTime()
        if not calendar.attendance_ids:
            return WorkingTime([])
        return CalendarTime(calendar, company, self._start, self._now + FIRST_STEP)


def is_working(time, moment):
    """Whether work goes on at this instant.

    :param datetime moment: aware
    """
    return bool(time.elapsed(moment, moment + timedelta(seconds=1)))
