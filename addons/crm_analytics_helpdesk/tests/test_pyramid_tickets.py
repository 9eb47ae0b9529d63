from datetime import timedelta

from odoo import fields
from odoo.tests import tagged

from odoo.addons.crm_analytics.tests.common import AnalyticsCommon


@tagged("post_install", "-at_install")
class TestPyramidTickets(AnalyticsCommon):
    """What tickets say of a relationship."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.analytics.event"].search([]).unlink()
        cls.env["crm.analytics.customer"].search([]).unlink()
        cls.team = cls.env["helpdesk.team"].create({"name": "Pyramid", "company_id": cls.company.id})
        cls.order(cls.customer, [(cls.training, 1)], days_ago=10)

    def ticket(self, **values):
        return self.env["helpdesk.ticket"].create(
            {"name": "Leaks", "team_id": self.team.id, "partner_id": self.contact.id, **values}
        )

    def parts(self):
        self.fold()
        Pyramid = self.env["crm.analytics.pyramid"]
        self.env["crm.analytics.model"]._score(self.company)
        return Pyramid.search([("partner_id", "=", self.customer.id)]).parts

    def test_no_ticket_no_guess(self):
        self.assertFalse({"ticket_answer", "promise", "satisfaction"} & self.parts().keys())

    def test_answer_after_four_working_hours_counts_half(self):
        answered = fields.Datetime.now() - timedelta(days=1)
        self.ticket().write({"first_response_at": answered, "hours_to_response": 4})
        self.ticket(partner_id=self.make_customer("Other").id)  # not answered: no case
        self.assertEqual(self.parts()["ticket_answer"], [50.0, 1, 4.0])

    def test_deadlines_met_and_missed(self):
        ticket = self.ticket()
        now = fields.Datetime.now() - timedelta(hours=1)
        policy = self.env["helpdesk.sla"].create({"name": "Promise", "metric": "next_response"})
        for state, when in (("reached", "reached_at"), ("failed", "failed_at"), ("cancelled", "reached_at")):
            self.env["helpdesk.sla.status"].create(
                {
                    "ticket_id": ticket.id,
                    "policy_id": policy.id,
                    "metric": "next_response",
                    "company_id": self.company.id,
                    "state": state,
                    "is_over": True,
                    "started_at": now,
                    "target_seconds": 3600,
                    when: now,
                }
            )
        self.assertEqual(self.parts()["promise"], [50.0, 2, 50.0])

    def test_rating_of_five_is_all(self):
        ticket = self.ticket()
        ticket.rating_apply(5, token=ticket._rating_get_access_token(self.contact))
        self.assertEqual(self.parts()["satisfaction"], [100.0, 1, 5.0])
