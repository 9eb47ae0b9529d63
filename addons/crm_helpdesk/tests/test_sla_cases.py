import sys
from datetime import datetime, timezone

from odoo.tests import BaseCase, tagged

from ..lib.sla_clock import Clock, WorkingTime, plan
from .test_sla_clock import (
    ALL_DAY,
    BRUSSELS,
    HOUR,
    NEW_YORK,
    NINE_TO_FIVE,
    OFFICE,
    A,
    at,
    hours,
    leave,
    started,
)

NO_HOURS = WorkingTime([])
ALWAYS = WorkingTime(hours(BRUSSELS, ALL_DAY))
NEW_YORK_OFFICE = WorkingTime(hours(NEW_YORK, NINE_TO_FIVE))
ASCENSION = WorkingTime(hours(BRUSSELS, OFFICE, [leave("05-14 00:00", "05-15 00:00")]))
AFTERNOON_OFF = WorkingTime(hours(BRUSSELS, OFFICE, [leave("03-03 13:00", "03-03 17:00")]))
TUESDAY_OFF = WorkingTime(hours(BRUSSELS, OFFICE, [leave("03-03 00:00", "03-04 00:00")]))


def utc(text):
    return at(text, timezone.utc)


def deadline(created, target, working_time=A):
    return started(at(created), int(target * HOUR), working_time).deadline


def waited():
    clock = started(at("03-02 09:00"), 8 * HOUR)
    return clock.paused(at("03-02 11:00"), A).resumed(at("03-03 14:00"), A).deadline


def solved_while_waiting():
    clock = started(at("03-02 09:00"), 4 * HOUR).paused(at("03-02 10:00"), A)
    clock = clock.reached(at("03-04 10:00"), A)
    return f"{clock.state} after {clock.elapsed} s"


def solved(moment):
    clock = started(at("03-02 09:00"), 4 * HOUR).reached(at(moment), A)
    return f"{clock.state} after {clock.elapsed} s"


def still_open(moment):
    return started(at("03-02 09:00"), 4 * HOUR).settled(at(moment), A).state


def cancelled():
    return started(at("03-02 09:00"), 4 * HOUR).cancelled(at("03-02 10:00"), A).state


def first_of_two(answered):
    created = at("03-02 09:00")
    answer, solution = started(created, 2 * HOUR), started(created, 8 * HOUR)
    if answered:
        answer = answer.reached(at("03-02 10:30"), A)
    return min(clock.deadline for clock in (answer, solution) if clock.deadline)


def with_new_holiday():
    clock = started(at("03-02 16:00"), 4 * HOUR).settled(at("03-02 18:00"), A)
    return clock.replanned(TUESDAY_OFF).deadline


def opened_waiting():
    return Clock(2 * HOUR).resumed(at("03-02 14:00"), A).deadline


# Number, what happens, what is expected, what the clock says; hand-worked, times of the calendar's zone.
CASES = [
    ("1", "Mon 09:00, 2 h", at("03-02 11:00"), deadline("03-02 09:00", 2)),
    ("2", "over lunch, 3 h", at("03-02 15:00"), deadline("03-02 11:00", 3)),
    ("3", "ends with the day, 2 h", at("03-02 17:00"), deadline("03-02 15:00", 2)),
    ("4", "Mon 16:00, 4 h", at("03-03 11:00"), deadline("03-02 16:00", 4)),
    ("5", "after hours, 1 h", at("03-03 09:00"), deadline("03-02 20:00", 1)),
    ("6", "Fri 16:30, 4 h", at("03-09 11:30"), deadline("03-06 16:30", 4)),
    ("7", "in lunch, 1 h", at("03-02 14:00"), deadline("03-02 12:30", 1)),
    ("8", "Sat, 8 h", at("03-09 17:00"), deadline("03-07 10:00", 8)),
    ("9", "holiday on Thu, 8 h", at("05-15 16:00"), deadline("05-13 16:00", 8, ASCENSION)),
    ("10", "afternoon off, 6 h", at("03-04 12:00"), deadline("03-03 10:00", 6, AFTERNOON_OFF)),
    ("11", "24/7 over the clock change, 4 h", utc("03-29 02:00"), deadline("03-28 23:00", 4, ALWAYS)),
    (
        "14",
        "New York, 04:00 there, 2 h",
        utc("03-02 16:00"),
        started(utc("03-02 09:00"), 2 * HOUR, NEW_YORK_OFFICE).deadline,
    ),
    ("15", "waiting Mon 11:00 to Tue 14:00, 8 h", at("03-04 11:00"), waited()),
    ("18", "solved while waiting, 4 h", "reached after 3600 s", solved_while_waiting()),
    ("19a", "solved at 14:00:00, 4 h", "reached after 14400 s", solved("03-02 14:00:00")),
    ("19b", "solved at 14:00:01, 4 h", "failed after 14401 s", solved("03-02 14:00:01")),
    ("20a", "open at 14:00:00, 4 h", "running", still_open("03-02 14:00:00")),
    ("20b", "open at 14:00:01, 4 h", "failed", still_open("03-02 14:00:01")),
    ("21", "cancelled at 10:00, 4 h", "cancelled", cancelled()),
    ("25a", "answer 2 h and solution 8 h", at("03-02 11:00"), first_of_two(answered=False)),
    ("25b", "the same, answered 10:30", at("03-03 09:00"), first_of_two(answered=True)),
    ("26", "case 4, holiday added on Tue", at("03-04 11:00"), with_new_holiday()),
    ("28", "no calendar, 4 h", at("03-02 20:00"), plan(at("03-02 16:00"), 4 * HOUR, None)),
    ("29", "calendar without hours, 4 h", None, deadline("03-02 09:00", 4, NO_HOURS)),
    ("31", "opened waiting, goes on 14:00, 2 h", at("03-02 16:00"), opened_waiting()),
    ("33", "Fri 16:30 to Tue 09:30", 10 * HOUR, A.elapsed(at("03-06 16:30"), at("03-10 09:30"))),
    ("35", "warning at 80 % of 8 h", at("03-02 16:24"), A.plan(at("03-02 09:00"), int(8 * HOUR * 0.8))),
]


def show(value):
    return (
        value.astimezone(timezone.utc).strftime("%m-%d %H:%M UTC") if isinstance(value, datetime) else value
    )


@tagged("post_install", "-at_install")
class TestSlaCases(BaseCase):
    """The table of cases worked out by hand, printed and held to. Cases 36 and 37, of mail and of merging,
    are tests of theirs.
    """

    def test_table(self):
        rows = [f"{'case':4}  {'what happens':38} {'expected':22} got"]
        for number, happens, expected, got in CASES:
            rows.append(f"{number:4}  {happens:38} {show(expected)!s:22} {show(got)}")
        table = "\n".join(rows)
        sys.stdout.write(f"\n{table}\n")
        for number, happens, expected, got in CASES:
            with self.subTest(case=number, happens=happens):
                self.assertEqual(got, expected)
