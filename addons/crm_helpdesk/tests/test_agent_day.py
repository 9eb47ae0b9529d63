from odoo.tests import HttpCase, tagged

from .common import HelpdeskCommon


@tagged("post_install", "-at_install")
class TestAgentDay(HelpdeskCommon, HttpCase):
    """A morning at the desk, in a browser."""

    def test_take_answer_merge_wait_solve(self):
        self._spend_the_morning("helpdesk_agent_day")

    def _spend_the_morning(self, tour):
        team = self.make_team("Tour printers", self.anna)
        values = {"team_id": team.id}
        ticket = self.ticket("Printer is offline", description="<p>Since this morning</p>", **values)
        again = self.ticket("Still offline", description="<p>I wrote this morning</p>", **values)
        self.env["mail.canned.response"].with_user(self.anna).create(
            {"source": "tourcable", "substitution": "Is the cable in?"}
        )
        self.start_tour("/odoo/helpdesk", tour, login=self.anna.login, timeout=120)
        self.assertEqual((ticket.user_id, ticket.stage_id), (self.anna, self.solved))
        self.assertTrue(ticket.first_response_at)
        self.assertEqual((again.merged_into_id, again.active), (ticket, False))
        self.assertIn(self.waiting, ticket.stage_log_ids.stage_id)


@tagged("post_install", "-at_install")
class TestAgentDayPhone(TestAgentDay):
    browser_size = "390x844"
    touch_enabled = True

    def test_take_answer_merge_wait_solve(self):
        self._spend_the_morning("helpdesk_agent_day_phone")
