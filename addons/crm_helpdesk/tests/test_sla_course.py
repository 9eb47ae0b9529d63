from datetime import datetime, timezone

from odoo.tests import BaseCase, tagged

from ..lib.automatic_mail import is_automatic
from ..lib.sla_clock import CANCELLED, FAILED, PAUSED, REACHED, RUNNING, Clock, WorkingTime
from ..lib.sla_course import CANCEL, PAUSE, REACH, RUN, Course, replay

ALWAYS = WorkingTime()
HOUR = 3600


def at(hour, minute=0, second=0):
    return datetime(2026, 3, 2, hour, minute, second, tzinfo=timezone.utc)


def course(target=4, reopens=True):
    return Course(Clock(target * HOUR), reopens=reopens)


@tagged("post_install", "-at_install")
class TestSlaCourse(BaseCase):
    """What stages and answers do to a promise."""

    def test_what_stood_still_is_counted_when_it_goes_on(self):
        begun = course().follow(PAUSE, at(8), ALWAYS)
        self.assertEqual((begun.clock.state, begun.stopped_at, begun.paused), (PAUSED, at(8), 0))
        running = begun.follow(RUN, at(10), ALWAYS)
        self.assertEqual((running.stopped_at, running.paused), (None, 2 * HOUR))
        self.assertEqual(running.clock.deadline, at(14))

    def test_reopened_counts_the_time_it_was_done_as_standing_still(self):
        done = course().follow(RUN, at(8), ALWAYS).follow(REACH, at(9), ALWAYS)
        self.assertTrue(done.is_over)
        again = done.follow(RUN, at(12), ALWAYS)
        self.assertEqual((again.clock.state, again.is_over, again.paused), (RUNNING, False, 3 * HOUR))
        waiting = done.follow(PAUSE, at(12), ALWAYS)
        self.assertEqual((waiting.clock.state, waiting.is_over), (PAUSED, False))

    def test_an_answer_stays_given(self):
        answered = course(reopens=False).follow(RUN, at(8), ALWAYS).follow(REACH, at(9), ALWAYS)
        for situation in (RUN, PAUSE, REACH, CANCEL):
            self.assertEqual(answered.follow(situation, at(12), ALWAYS), answered)

    def test_missed_and_then_cancelled_counts_no_longer(self):
        missed = course(1).follow(RUN, at(8), ALWAYS).follow(CANCEL, at(10), ALWAYS)
        self.assertEqual((missed.clock.state, missed.is_over), (FAILED, True))
        self.assertIsNone(missed.clock.running_since)

    def test_history_told_at_once_is_history_lived_through(self):
        events = [(at(8), RUN), (at(9), PAUSE), (at(11), RUN), (at(12), REACH), (at(13), RUN)]
        lived = course()
        for moment, situation in events:
            lived = lived.follow(situation, moment, ALWAYS)
        self.assertEqual(replay(reversed(events), course(), ALWAYS), lived)

    def test_cancelled_in_between_only_stood_still(self):
        told = replay([(at(8), RUN), (at(9), CANCEL), (at(12), RUN)], course(), ALWAYS)
        self.assertEqual((told.clock.state, told.clock.elapsed), (RUNNING, HOUR))
        ended = replay([(at(8), RUN), (at(9), CANCEL)], course(), ALWAYS)
        self.assertEqual(ended.clock.state, CANCELLED)

    def test_first_instant_that_is_too_late_is_a_second_after_the_deadline(self):
        running = course().follow(RUN, at(8), ALWAYS)
        self.assertEqual(running.fails_at(ALWAYS), at(12, 0, 1))
        self.assertEqual(running.warns_at(75, ALWAYS), at(11))
        paused = running.follow(PAUSE, at(9), ALWAYS)
        self.assertEqual((paused.fails_at(ALWAYS), paused.warns_at(75, ALWAYS)), (None, None))

    def test_other_target_moves_what_is_open_only(self):
        running = course().follow(RUN, at(8), ALWAYS)
        self.assertEqual(running.promised(HOUR).rescheduled(at(8), ALWAYS).clock.deadline, at(9))
        done = running.follow(REACH, at(9), ALWAYS)
        self.assertEqual(done.promised(60), done)
        self.assertEqual(done.clock.state, REACHED)


@tagged("post_install", "-at_install")
class TestAutomaticMail(BaseCase):
    def test_machines_say_so(self):
        for headers in (
            {"Auto-Submitted": "auto-replied"},
            {"Auto-Submitted": "auto-generated; owner-email=x@y.example"},
            {"Precedence": "Bulk"},
            {"X-Autoreply": "yes"},
            {"Return-Path": "<>"},
        ):
            self.assertTrue(is_automatic(headers), headers)

    def test_people_do_not(self):
        for headers in (
            {},
            {"Auto-Submitted": "no"},
            {"Return-Path": "<iris@alma.example>"},
            {"List-Id": "<support.alma.example>", "Precedence": "list"},
        ):
            self.assertFalse(is_automatic(headers), headers)
