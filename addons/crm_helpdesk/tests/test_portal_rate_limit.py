from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.crm_core.models.crm_rate_limit import CrmRateLimit

from .portal_common import HelpdeskPortalCase


@tagged("post_install", "-at_install")
class TestPortalRateLimit(HelpdeskPortalCase):
    """Pages that are open to all can't be used without end."""

    def setUp(self):
        super().setUp()
        real, self.asked = CrmRateLimit._allow, []

        def allow(counters, scope, who, _limit, minutes):
            self.asked.append((scope, who))
            return real(counters, scope, who, 2, minutes)

        patcher = patch.object(CrmRateLimit, "_allow", allow)
        patcher.start()
        self.addCleanup(patcher.stop)

    def look(self, user=None):
        return self.get(f"/my/tickets/{self.mine.id}?access_token={self.token(self.mine)}", user)

    def test_link_to_a_ticket_opens_so_often(self):
        self.assertEqual([self.look().status_code for _turn in range(3)], [200, 200, 429])

    def test_forms_of_a_ticket_are_counted_together(self):
        token = self.token(self.mine)
        answers = [
            self.act(self.mine, act, access_token=token, text="x", rate="5")
            for act in ("close", "reopen", "rate")
        ]
        self.assertEqual([answer.status_code for answer in answers][-1], 429)
        self.assertNotIn(429, [answer.status_code for answer in answers][:2])
        self.assertEqual(self.mine.stage_kind, "open")

    def test_who_is_signed_in_counts_as_himself(self):
        for _turn in range(3):
            self.look()
        self.assertEqual(self.look(self.main).status_code, 200)
        self.assertIn(("helpdesk.ticket.look", f"user {self.main.id}"), self.asked)

    def test_client_is_told_to_wait(self):
        for _turn in range(2):
            self.look()
        answer = self.look()
        self.assertEqual(answer.status_code, 429)
        self.assertIn("too often", answer.text)
