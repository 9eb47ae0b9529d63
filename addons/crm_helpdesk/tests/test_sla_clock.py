from bisect import insort
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given, settings, strategies

from odoo.tests import BaseCase, tagged

from ..lib.sla_clock import CANCELLED, FAILED, PAUSED, REACHED, RUNNING, Clock, WorkingTime, elapsed, plan

BRUSSELS, NEW_YORK = ZoneInfo("Europe/Brussels"), ZoneInfo("America/New_York")
HOUR = 3600
FIRST_DAY, LAST_DAY = date(2026, 2, 23), date(2026, 6, 5)
OFFICE = dict.fromkeys(range(5), ((8, 12), (13, 17)))
OFFICE_SHORT_FRIDAY = {**OFFICE, 4: ((8, 12),)}
NINE_TO_FIVE = dict.fromkeys(range(5), ((9, 17),))
ALL_DAY = dict.fromkeys(range(7), ((0, 24),))


def hours(zone, week, leaves=()):
    """Intervals as a calendar gives them: 24:00 is the last microsecond of the day."""
    intervals, day = [], FIRST_DAY
    while day <= LAST_DAY:
        for begin, end in week.get(day.weekday(), ()):
            start = datetime.combine(day, time(begin), zone)
            stop = datetime.combine(day, time.max if end == 24 else time(end), zone)
            intervals += without(start, stop, leaves)
        day += timedelta(days=1)
    return intervals


def without(start, stop, leaves):
    """What is left of an interval outside leaves."""
    for leave_start, leave_stop in leaves:
        if leave_start < stop and leave_stop > start:
            parts = ((start, min(stop, leave_start)), (max(start, leave_stop), stop))
            rest = [leave for leave in leaves if leave != (leave_start, leave_stop)]
            return [piece for begin, end in parts if begin < end for piece in without(begin, end, rest)]
    return [(start, stop)]


def at(text, zone=BRUSSELS):
    """ "03-02 09:00" of 2026 on the wall of that zone."""
    form = "%Y-%m-%d %H:%M:%S" if text.count(":") == 2 else "%Y-%m-%d %H:%M"
    return datetime.strptime(f"2026-{text}", form).replace(tzinfo=zone)


def leave(start, stop):
    return (at(start), at(stop))


A = WorkingTime(hours(BRUSSELS, OFFICE))


def started(created, seconds, working_time=A):
    return Clock(seconds).resumed(created, working_time)


@tagged("post_install", "-at_install")
class TestSlaClock(BaseCase):
    """Deadlines worked out by hand; 2026-03-02 is a Monday."""

    def check(self, intervals, created, hours_, expected):
        self.assertEqual(plan(created, int(hours_ * HOUR), intervals), expected)

    def test_office_hours(self):
        for created, target, expected in (
            ("03-02 09:00", 2, "03-02 11:00"),
            ("03-02 11:00", 3, "03-02 15:00"),  # over lunch
            ("03-02 15:00", 2, "03-02 17:00"),  # ends with the day
            ("03-02 16:00", 4, "03-03 11:00"),
            ("03-02 20:00", 1, "03-03 09:00"),  # after hours
            ("03-06 16:30", 4, "03-09 11:30"),  # over the weekend
            ("03-02 12:30", 1, "03-02 14:00"),  # during lunch
            ("03-07 10:00", 8, "03-09 17:00"),  # on Saturday
        ):
            with self.subTest(created, target=target):
                self.check(hours(BRUSSELS, OFFICE), at(created), target, at(expected))

    def test_short_friday(self):
        week = hours(BRUSSELS, OFFICE_SHORT_FRIDAY)
        self.check(week, at("03-06 10:00"), 4, at("03-09 10:00"))

    def test_holidays_and_half_days(self):
        thursday = hours(BRUSSELS, OFFICE, [leave("05-14 00:00", "05-15 00:00")])
        self.check(thursday, at("05-13 16:00"), 8, at("05-15 16:00"))
        afternoon = hours(BRUSSELS, OFFICE, [leave("03-03 13:00", "03-03 17:00")])
        self.check(afternoon, at("03-03 10:00"), 6, at("03-04 12:00"))

    def test_clock_change_neither_adds_nor_takes_an_hour(self):
        always = hours(BRUSSELS, ALL_DAY)
        expected = datetime(2026, 3, 29, 2, tzinfo=ZoneInfo("UTC"))
        self.check(always, at("03-28 23:00"), 4, expected)
        self.assertEqual(expected.astimezone(BRUSSELS).hour, 4)

    def test_midnight_takes_no_second(self):
        always = hours(BRUSSELS, ALL_DAY)
        start, stop = at("03-02 00:00"), at("03-12 00:00")
        self.assertEqual(elapsed(start, stop, always), 10 * 24 * HOUR)
        self.assertEqual(plan(start, 10 * 24 * HOUR, always), stop)

    def test_hours_are_those_of_the_calendar(self):
        """Not of whoever looks: 09:00 UTC is before opening in New York."""
        week = hours(NEW_YORK, NINE_TO_FIVE)
        created = datetime(2026, 3, 2, 9, tzinfo=ZoneInfo("UTC"))
        self.check(week, created, 2, datetime(2026, 3, 2, 16, tzinfo=ZoneInfo("UTC")))

    def test_waiting_takes_no_time(self):
        clock = started(at("03-02 09:00"), 8 * HOUR)
        self.assertEqual(clock.deadline, at("03-03 09:00"))
        clock = clock.paused(at("03-02 11:00"), A)
        self.assertEqual((clock.state, clock.deadline, clock.elapsed), (PAUSED, None, 2 * HOUR))
        clock = clock.resumed(at("03-03 14:00"), A)
        self.assertEqual((clock.state, clock.deadline), (RUNNING, at("03-04 11:00")))

    def test_solved_while_waiting_is_solved_in_time(self):
        clock = started(at("03-02 09:00"), 4 * HOUR).paused(at("03-02 10:00"), A)
        clock = clock.reached(at("03-04 10:00"), A)
        self.assertEqual((clock.state, clock.elapsed, clock.failed_at), (REACHED, HOUR, None))

    def test_exactly_in_time(self):
        clock = started(at("03-02 09:00"), 4 * HOUR)
        met = clock.reached(at("03-02 14:00:00"), A)
        self.assertEqual((met.state, met.elapsed, met.exceeded), (REACHED, 14400, 0))
        missed = clock.reached(at("03-02 14:00:01"), A)
        self.assertEqual((missed.state, missed.elapsed, missed.exceeded), (FAILED, 14401, 1))
        self.assertEqual((missed.failed_at, missed.reached_at), (at("03-02 14:00"), at("03-02 14:00:01")))
        self.assertEqual(clock.settled(at("03-02 14:00:00"), A).state, RUNNING)
        self.assertEqual(clock.settled(at("03-02 14:00:01"), A).state, FAILED)

    def test_cancelled_is_neither_met_nor_failed(self):
        clock = started(at("03-02 09:00"), 4 * HOUR).cancelled(at("03-02 10:00"), A)
        self.assertEqual((clock.state, clock.deadline, clock.failed_at), (CANCELLED, None, None))
        self.assertEqual(clock.resumed(at("03-03 10:00"), A), clock)
        late = started(at("03-02 09:00"), HOUR).cancelled(at("03-02 11:00"), A)
        self.assertEqual(late.state, FAILED, "cancelling does not make a missed deadline good")

    def test_first_of_several_deadlines_counts(self):
        created = at("03-02 09:00")
        answer, solution = started(created, 2 * HOUR), started(created, 8 * HOUR)
        self.assertEqual(min(answer.deadline, solution.deadline), at("03-02 11:00"))
        answer = answer.reached(at("03-02 10:30"), A)
        self.assertIsNone(answer.deadline)
        self.assertEqual(solution.deadline, at("03-03 09:00"))

    def test_new_holiday_moves_what_is_open(self):
        clock = started(at("03-02 16:00"), 4 * HOUR).settled(at("03-02 18:00"), A)
        without_tuesday = WorkingTime(hours(BRUSSELS, OFFICE, [leave("03-03 00:00", "03-04 00:00")]))
        self.assertEqual(clock.replanned(without_tuesday).deadline, at("03-04 11:00"))
        done = started(at("03-02 09:00"), HOUR).reached(at("03-02 09:30"), A)
        self.assertEqual(done.replanned(without_tuesday), done)

    def test_other_calendar_counts_from_the_change_on(self):
        new_york = WorkingTime(hours(NEW_YORK, NINE_TO_FIVE))
        clock = started(at("03-02 09:00"), 8 * HOUR).settled(at("03-02 11:00"), A).replanned(new_york)
        self.assertEqual(clock.elapsed, 2 * HOUR)
        self.assertEqual(clock.deadline, at("03-02 15:00", NEW_YORK))

    def test_no_calendar_is_all_the_time(self):
        self.check(None, at("03-02 16:00"), 4, at("03-02 20:00"))
        self.assertEqual(elapsed(at("03-02 16:00"), at("03-03 16:00"), None), 24 * HOUR)

    def test_calendar_without_hours_never_ends_and_never_fails(self):
        empty = WorkingTime([])
        clock = started(at("03-02 09:00"), 4 * HOUR, empty)
        self.assertIsNone(clock.deadline)
        self.assertEqual(clock.settled(at("05-02 09:00"), empty).state, RUNNING)

    def test_created_waiting(self):
        clock = Clock(2 * HOUR)
        self.assertEqual((clock.state, clock.deadline), (PAUSED, None))
        self.assertEqual(clock.resumed(at("03-02 14:00"), A).deadline, at("03-02 16:00"))

    def test_working_hours_to_the_first_answer(self):
        self.assertEqual(A.elapsed(at("03-06 16:30"), at("03-10 09:30")), 10 * HOUR)

    def test_warning_comes_at_its_share(self):
        self.assertEqual(A.plan(at("03-02 09:00"), int(8 * HOUR * 0.8)), at("03-02 16:24"))

    def test_reopened_goes_on_where_it_stood(self):
        clock = started(at("03-02 09:00"), 4 * HOUR).reached(at("03-02 11:00"), A)
        clock = clock.resumed(at("03-05 09:00"), A)
        self.assertEqual((clock.state, clock.elapsed, clock.reached_at), (RUNNING, 2 * HOUR, None))
        self.assertEqual(clock.deadline, at("03-05 11:00"))

    def test_failed_stays_failed_but_stops_counting_when_done(self):
        clock = started(at("03-02 09:00"), HOUR).settled(at("03-02 12:00"), A)
        self.assertEqual((clock.state, clock.failed_at, clock.deadline), (FAILED, at("03-02 10:00"), None))
        done = clock.reached(at("03-02 14:00"), A)
        self.assertEqual((done.state, done.reached_at, done.exceeded), (FAILED, at("03-02 14:00"), 3 * HOUR))
        self.assertEqual(done.settled(at("03-20 14:00"), A), done)
        self.assertEqual(done.resumed(at("03-05 09:00"), A).state, FAILED)

    def test_answered_twice_counts_once(self):
        clock = started(at("03-02 09:00"), 4 * HOUR).reached(at("03-02 10:00"), A)
        self.assertEqual(clock.reached(at("03-02 16:00"), A), clock)


minutes = strategies.integers(0, 60 * 24 * 60)
moments = minutes.map(lambda minute: at("03-02 00:00") + timedelta(minutes=minute))
three_moments = strategies.tuples(moments, moments, moments).map(sorted)
acts = strategies.sampled_from(("pause", "resume", "reach"))
durations = strategies.integers(0, 100 * HOUR)
weeks = strategies.sampled_from((OFFICE, OFFICE_SHORT_FRIDAY, NINE_TO_FIVE, ALL_DAY)).map(
    lambda week: WorkingTime(hours(BRUSSELS, week))
)
FEW = settings(max_examples=60, deadline=None, database=None)


@tagged("post_install", "-at_install")
class TestSlaClockProperties(BaseCase):
    """What holds for every calendar and every course of events."""

    @FEW
    @given(weeks, moments, durations)
    def test_planned_work_is_worked(self, week, start, seconds):
        end = week.plan(start, seconds)
        if end is not None:
            self.assertEqual(week.elapsed(start, end), seconds)
            if seconds:
                before = end - timedelta(seconds=1)
                self.assertEqual(week.elapsed(start, before), seconds - 1, "not the earliest")

    @FEW
    @given(weeks, moments, durations, durations)
    def test_more_work_never_ends_earlier(self, week, start, less, more):
        ends = [week.plan(start, seconds) for seconds in sorted((less, more))]
        if ends[1] is not None:
            self.assertLessEqual(ends[0], ends[1])

    @FEW
    @given(weeks, three_moments)
    def test_parts_add_up(self, week, three):
        first, second, third = three
        self.assertEqual(
            week.elapsed(first, second) + week.elapsed(second, third), week.elapsed(first, third)
        )

    @FEW
    @given(moments, durations, strategies.integers(0, 9))
    def test_waiting_at_night_changes_nothing(self, start, seconds, nights):
        clock = started(start, seconds)
        paused = clock
        for night in range(nights):
            evening = at("03-02 17:00") + timedelta(days=7 * night)
            if evening > start:
                paused = paused.paused(evening, A).resumed(evening + timedelta(hours=10), A)
        end = at("05-04 00:00")
        self.assertEqual(
            (clock.settled(end, A).elapsed, clock.settled(end, A).state),
            (paused.settled(end, A).elapsed, paused.settled(end, A).state),
        )

    @FEW
    @given(three_moments, durations)
    def test_one_pause_or_two_in_a_row(self, three, seconds):
        first, second, third = three
        begun = started(at("03-02 00:00"), seconds)
        once = begun.paused(first, A).resumed(third, A)
        twice = begun.paused(first, A).resumed(second, A).paused(second, A).resumed(third, A)
        self.assertEqual(once, twice)

    @FEW
    @given(weeks, strategies.lists(strategies.tuples(moments, durations), max_size=8))
    def test_together_as_one_by_one(self, week, questions):
        intervals = list(zip(week._starts, week._stops, strict=True))
        for start, seconds in questions:
            self.assertEqual(plan(start, seconds, intervals), week.plan(start, seconds))

    @FEW
    @given(strategies.lists(strategies.tuples(moments, acts), max_size=9), durations)
    def test_failed_exactly_when_more_was_worked_than_promised(self, events, seconds):
        clock, course = started(at("03-02 00:00"), seconds), []
        for moment, act in events:
            insort(course, (moment, act))
        for moment, act in course:
            step = {"pause": clock.paused, "resume": clock.resumed, "reach": clock.reached}[act]
            clock = step(moment, A)
        clock = clock.settled(at("05-10 00:00"), A)
        self.assertEqual(clock.state == FAILED, clock.elapsed > seconds)
        self.assertEqual(clock.failed_at is not None, clock.state == FAILED)
        self.assertEqual(clock.deadline is not None, clock.state == RUNNING)
