from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.mail.tests.common import MailCase

from .portal_common import HelpdeskPortalCase


@tagged("post_install", "-at_install")
class TestTicketRating(HelpdeskPortalCase, MailCase):
    """How satisfied the customer is: asked by mail with consent, given on the page or by the link."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.team.use_rating = True
        cls.person = cls.main.partner_id

    def agree(self, allowed=True):
        purpose = self.env.ref("crm_core.consent_purpose_survey")
        self.person._crm_record_consent(
            purpose, "granted" if allowed else "withdrawn", "email", source="portal"
        )

    def solve(self, ticket=None):
        with self.mock_mail_gateway():
            (ticket or self.mine).stage_id = self.solved
            self.env.flush_all()
        return [mail for mail in self._new_mails if "How did we do" in (mail.subject or "")]

    def test_who_agreed_to_surveys_is_asked_once_when_solved(self):
        self.assertFalse(self.solve(), "no consent, no survey")
        self.agree()
        self.mine.action_reopen()
        mails = self.solve()
        self.assertEqual(len(mails), 1)
        self.assertEqual(mails[0].recipient_ids, self.person)
        self.assertIn(f"/rate/{self.mine.rating_ids.access_token}/5", mails[0].body_html)
        with self.mock_mail_gateway():
            self.mine.priority = "1"
        self.assertFalse(self._new_mails)

    def test_nobody_is_asked_where_the_team_does_not_want_it_or_by_cancelling(self):
        self.agree()
        with self.mock_mail_gateway():
            self.mine.stage_id = self.cancelled
        self.assertFalse([mail for mail in self._new_mails if "How did we do" in (mail.subject or "")])
        self.mine.action_reopen()
        self.team.use_rating = False
        self.assertFalse(self.solve())
        self.assertNotIn('id="rating"', self.get(f"/my/tickets/{self.mine.id}", self.main).text)
        answer = self.act(self.mine, "rate", self.main, rate="5")
        self.assertFalse(self.mine.rating_ids)
        self.assertEqual(answer.status_code, 200)

    def test_who_closes_himself_is_asked_on_the_page(self):
        self.agree()
        with self.mock_mail_gateway():
            self.act(self.mine, "close", self.main)
        self.assertFalse([mail for mail in self._new_mails if "How did we do" in (mail.subject or "")])
        self.assertIn('id="rating"', self.get(f"/my/tickets/{self.mine.id}", self.main).text)

    def test_rating_on_the_page_counts_once_and_may_be_changed(self):
        self.solve()
        self.act(self.mine, "rate", self.main, rate="5", feedback="Quick <b>help</b>\0")
        rating = self.mine.rating_ids
        self.assertRecordValues(
            rating,
            [
                {
                    "rating": 5,
                    "feedback": "Quick <b>help</b>",
                    "consumed": True,
                    "partner_id": self.person.id,
                    "rated_partner_id": self.anna.partner_id.id,
                    "parent_res_model": "helpdesk.team",
                    "parent_res_id": self.team.id,
                }
            ],
        )
        self.assertEqual((self.team.rating_count, self.team.rating_percentage_satisfaction), (1, 100))
        answer = self.act(self.mine, "rate", self.main, rate="1", feedback="Broken again")
        self.assertIn("Change my rating", answer.text)
        self.assertEqual((self.mine.rating_ids, rating.rating, rating.feedback), (rating, 1, "Broken again"))
        self.assertEqual((self.team.rating_count, self.team.rating_percentage_satisfaction), (1, 0))

    def test_nonsense_is_no_rating(self):
        self.assertIn("alert-danger", self.act(self.mine, "rate", self.main, rate="5").text, "not shown")
        self.assertFalse(self.mine.rating_ids.filtered("consumed"), "not solved yet")
        self.solve()
        for bad in ({"rate": "4"}, {"rate": "-1"}, {"rate": "x"}, {}, {"rate": "5", "feedback": "f" * 2001}):
            self.assertIn("alert-danger", self.act(self.mine, "rate", self.main, **bad).text, bad)
        self.assertFalse(self.mine.rating_ids.filtered("consumed"))

    def test_holder_of_the_link_rates_for_the_customer(self):
        self.solve()
        self.act(self.mine, "rate", access_token=self.token(self.mine), rate="3")
        self.assertEqual((self.mine.rating_ids.partner_id, self.mine.rating_ids.rating), (self.person, 3))

    @mute_logger("odoo.http")
    def test_link_of_the_mail_is_of_that_ticket(self):
        self.agree()
        self.solve()
        token = self.mine.rating_ids.access_token
        self.assertEqual(self.get(f"/rate/{token}/5").status_code, 200)
        self.assertFalse(self.mine.rating_ids.consumed, "looking is not rating")
        self.assertIn("cannot rate", self.get(f"/rate/{token}/5", self.stranger).text)
        self.assertEqual(self.get(f"/rate/{self.token(self.mine)}/5").status_code, 404)
        self.post(f"/rate/{token}/submit_feedback", None, page="/web/login", rate="5", feedback="Fine")
        self.assertRecordValues(self.mine.rating_ids, [{"rating": 5, "feedback": "Fine", "consumed": True}])

    def test_ratings_move_with_the_ticket_to_another_team(self):
        self.solve()
        self.mine._portal_rate(self.person, 5)
        other = self.make_team("Scanners", self.ben)
        self.mine.team_id = other
        self.assertEqual((self.team.rating_count, other.rating_count), (0, 1))

    def test_ticket_of_nobody_is_solved_without_a_question(self):
        ticket = self.ticket(partner_id=False, partner_email="unknown@elsewhere.example")
        self.assertFalse(self.solve(ticket))
        self.assertTrue(ticket.is_closed)
