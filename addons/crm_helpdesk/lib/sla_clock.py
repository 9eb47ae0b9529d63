"""The clock of a service level agreement: working time in whole seconds, without a database.

Instants are aware datetimes, durations integer seconds. Working time is a list of (start, stop)
instants or, where there is no calendar, ``None``: every second counts. What is worked is counted in
absolute seconds, so that a change to summer time neither adds nor takes an hour of work.
"""

from bisect import bisect_right
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from itertools import accumulate

SECOND = timedelta(seconds=1)


class WorkingTime:
    """Working intervals of a calendar, made ready for many questions.

    :param intervals: (start, stop) pairs of aware datetimes in any order, overlaps allowed; None: all time.
        A stop within the last second of a day (how calendars write 24:00) counts as the full second.
    """

    def __init__(self, intervals=None):
        self._load(intervals)

    def _load(self, intervals):
        self.always = intervals is None
        joined = _join(intervals or ())
        self._starts = [start for start, _stop in joined]
        self._stops = [stop for _start, stop in joined]
        self._worked = [0, *accumulate(_seconds(start, stop) for start, stop in joined)]

    def _worked_until(self, moment):
        """Seconds worked from the first interval's start until the moment."""
        index = bisect_right(self._starts, moment)
        if not index:
            return 0
        last = min(moment, self._stops[index - 1])
        return self._worked[index - 1] + _seconds(self._starts[index - 1], last)

    def elapsed(self, start, stop):
        """Working seconds from start until stop; 0 when stop is not after start.

        :rtype: int
        """
        if stop <= start:
            return 0
        if self.always:
            return _seconds(start, stop)
        return self._worked_until(stop) - self._worked_until(start)

    def plan(self, start, seconds):
        """The earliest instant at which so many seconds have been worked since the start.

        Work that ends with the day is done that evening, not the next morning.

        :return: aware datetime in UTC; None when the intervals end before the work does
        """
        start = start.astimezone(timezone.utc)
        if seconds <= 0:
            return start
        if self.always:
            return start + seconds * SECOND
        wanted = self._worked_until(start) + seconds
        if wanted > self._worked[-1]:
            return None
        # The first interval by whose end enough has been worked.
        index = _first_reaching(self._worked, wanted)
        return self._starts[index] + (wanted - self._worked[index]) * SECOND


def plan(start, seconds, intervals):
    """See :meth:`WorkingTime.plan`."""
    return WorkingTime(intervals).plan(start, seconds)


def elapsed(start, stop, intervals):
    """See :meth:`WorkingTime.elapsed`."""
    return WorkingTime(intervals).elapsed(start, stop)


def _seconds(start, stop):
    return (stop - start) // SECOND


def _join(intervals):
    """Sort, in whole seconds of UTC; overlapping and touching intervals become one."""
    joined = []
    for start, stop in sorted((_floor(start), _ceil(stop)) for start, stop in intervals):
        if stop <= start:
            continue
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], stop))
        else:
            joined.append((start, stop))
    return joined


def _floor(moment):
    return moment.astimezone(timezone.utc).replace(microsecond=0)


def _ceil(moment):
    floor = _floor(moment)
    return floor if moment.microsecond == 0 else floor + SECOND


def _first_reaching(worked, wanted):
    """Index of the interval during which the sum reaches ``wanted``; at its end counts as during."""
    low, high = 0, len(worked) - 1
    while low < high:
        middle = (low + high) // 2
        if worked[middle + 1] >= wanted:
            high = middle
        else:
            low = middle + 1
    return low


RUNNING, PAUSED, REACHED, FAILED, CANCELLED = "running", "paused", "reached", "failed", "cancelled"


@dataclass(frozen=True)
class Clock:
    """One promise to one customer: how much of its time is used up, and what became of it.

    ``elapsed`` counts up to ``running_since``; from there on it runs. A clock that is not running
    has no ``deadline``. A failed one runs on until the work is done, to tell how late it was.
    """

    target: int
    state: str = PAUSED
    elapsed: int = 0
    running_since: datetime | None = None
    deadline: datetime | None = None
    reached_at: datetime | None = None
    failed_at: datetime | None = None

    @property
    def exceeded(self):
        """Seconds worked beyond the target."""
        return max(0, self.elapsed - self.target)

    @property
    def is_open(self):
        """Whether the work is still to be done."""
        return self.reached_at is None and self.state != CANCELLED

    def settled(self, now, time):
        """Count what was worked until now, and fail when that is too much.

        Exactly the target is in time.

        :param WorkingTime time: working time by which the clock ran until now
        """
        if self.running_since is None:
            return self
        used = self.elapsed + time.elapsed(self.running_since, now)
        failing = self.state == RUNNING and used > self.target
        return replace(
            self,
            elapsed=used,
            running_since=max(now, self.running_since),
            state=FAILED if failing else self.state,
            failed_at=time.plan(self.running_since, self.target - self.elapsed)
            if failing
            else self.failed_at,
            deadline=None if failing else self.deadline,
        )

    def resumed(self, now, time):
        """Run from now on; what was reached is open again, what failed stays failed."""
        if self.state == CANCELLED or self.running_since is not None:
            return self
        state = FAILED if self.state == FAILED else RUNNING
        return replace(self, state=state, running_since=now, reached_at=None).replanned(time)

    def replanned(self, time):
        """Set the deadline anew, after the clock was settled by the working time of before."""
        if self.state != RUNNING or self.running_since is None:
            return replace(self, deadline=None)
        return replace(self, deadline=time.plan(self.running_since, self.target - self.elapsed))

    def paused(self, now, time):
        """Stand still while others have to act."""
        clock = self.settled(now, time)
        if not clock.is_open:
            return clock
        state = FAILED if clock.state == FAILED else PAUSED
        return replace(clock, state=state, running_since=None, deadline=None)

    def reached(self, now, time):
        """The work is done; a failed clock stays failed and remembers when it was done."""
        clock = self.settled(now, time)
        if not clock.is_open:
            return clock
        state = FAILED if clock.state == FAILED else REACHED
        return replace(clock, state=state, running_since=None, deadline=None, reached_at=now)

    def cancelled(self, now, time):
        """The promise no longer counts; one that was kept or broken before stays as it is."""
        clock = self.settled(now, time)
        if clock.state in (REACHED, FAILED):
            return replace(clock, running_since=None, deadline=None)
        return replace(clock, state=CANCELLED, running_since=None, deadline=None)
