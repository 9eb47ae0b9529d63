"""What a ticket's stages and messages do to the clock of one promise, without a database.

A promise is about coming to a stage, about the first answer, or about the next answer to what the
customer wrote. In each stage a ticket's clock runs, stands still, is done or counts no more; the
:class:`Course` takes one such situation after the other. Replaying a ticket's history gives the same
course as living through it.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from .sla_clock import CANCELLED, FAILED, Clock

RUN, PAUSE, REACH, CANCEL = "run", "pause", "reach", "cancel"


@dataclass(frozen=True)
class Course:
    """The clock of one promise, and what the clock does not know.

    ``stopped_at``: since when it stands still; ``paused``: working seconds it stood still before;
    ``is_over``: nothing is waited for any more. ``reopens``: whether work that was done can be undone by
    going back (a stage can be left again, an answer stays given).
    """

    clock: Clock
    stopped_at: datetime | None = None
    paused: int = 0
    is_over: bool = False
    reopens: bool = True

    def follow(self, situation, moment, time):
        """The course from this moment on.

        :param situation: RUN, PAUSE, REACH or CANCEL
        :param WorkingTime time: the working time that counts
        """
        if self.clock.reached_at is not None and not self.reopens:
            return self
        if situation == REACH:
            clock = self.clock.reached(moment, time)
        elif situation == CANCEL:
            clock = self.clock.cancelled(moment, time)
        else:
            clock = self._going_on(situation, moment, time)
        return self._with(clock, moment, time, situation == CANCEL)

    def _going_on(self, situation, moment, time):
        clock = self.clock
        if clock.running_since is not None:
            clock = clock.settled(moment, time)
        if situation == RUN:
            return clock.resumed(moment, time).replanned(time)
        if clock.reached_at is not None:
            # Done before, open again, but waiting.
            clock = clock.resumed(moment, time)
        return clock.paused(moment, time)

    def _with(self, clock, moment, time, abandoned):
        stopped_at, paused = self.stopped_at, self.paused
        if clock.running_since is None:
            stopped_at = stopped_at or moment
        elif stopped_at is not None:
            paused += time.elapsed(stopped_at, moment)
            stopped_at = None
        is_over = clock.reached_at is not None or clock.state == CANCELLED or abandoned
        return replace(self, clock=clock, stopped_at=stopped_at, paused=paused, is_over=is_over)

    def rescheduled(self, moment, time, old_time=None):
        """Planned anew by other working time: what was worked by the old one up to now stays worked."""
        clock = self.clock
        if old_time is not None:
            clock = clock.settled(moment, old_time)
        return replace(self, clock=clock.replanned(time))

    def promised(self, seconds):
        """With another target; a promise already broken stays broken by the old one."""
        if self.clock.state == FAILED or self.is_over:
            return self
        return replace(self, clock=replace(self.clock, target=seconds))

    def fails_at(self, time):
        """The first instant at which more is worked than promised; None: it is not running."""
        return self._moment_of(self.clock.target + 1, time)

    def warns_at(self, percent, time):
        """The instant at which this share of the target is used up; None: it is not running."""
        return self._moment_of(self.clock.target * percent // 100, time)

    def _moment_of(self, seconds, time):
        if self.clock.deadline is None:
            return None
        return time.plan(self.clock.running_since, seconds - self.clock.elapsed)


def replay(events, course, time):
    """Follow (moment, situation) pairs; what was cancelled in between only stood still.

    :rtype: Course
    """
    events = sorted(events, key=lambda event: event[0])
    for number, (moment, situation) in enumerate(events, start=1):
        passing = situation == CANCEL and number < len(events)
        course = course.follow(PAUSE if passing else situation, moment, time)
    return course
