from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import AnalyticsCommon


@tagged("post_install", "-at_install")
class TestPyramid(AnalyticsCommon):
    """From business records to response, reliability and relationship."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Pyramid = cls.env["crm.analytics.pyramid"]
        cls.env["crm.analytics.event"].search([]).unlink()
        cls.env["crm.analytics.customer"].search([]).unlink()
        cls.other = cls.make_customer("Other")

    def score(self, customer=None, as_of=None):
        """Score everybody and return the row of one."""
        self.fold()
        self.env["crm.analytics.model"]._score(self.company, as_of=as_of)
        return self.Pyramid.search(
            [("partner_id", "=", (customer or self.customer).id), ("company_id", "=", self.company.id)]
        )

    def buy(self, customer, days_ago):
        """A confirmed order of a service: nothing to deliver."""
        return self.order(customer, [(self.training, 1)], days_ago=days_ago)

    def ask(self, hours_ago, answered_after=None, customer=None):
        """A lead on which the customer wrote, and our answer."""
        customer = customer or self.customer
        lead = self.env["crm.lead"].create({"name": "Question", "partner_id": customer.id, "type": "lead"})
        asked = fields.Datetime.now() - timedelta(hours=hours_ago)
        note = {"message_type": "email", "subtype_xmlid": "mail.mt_comment"}
        lead.message_post(body="Do you have it?", author_id=customer.id, date=asked, **note)
        if answered_after is not None:
            lead.message_post(
                body="Yes",
                author_id=self.env.user.partner_id.id,
                date=asked + timedelta(hours=answered_after),
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        return lead

    def test_answer_after_a_day_counts_half(self):
        self.buy(self.customer, days_ago=10)
        self.ask(100, answered_after=24)
        part = self.score().parts["first_answer"]
        self.assertEqual((part[1], part[2]), (1, 24.0))
        # One case among no others: its own mean draws it nowhere.
        self.assertAlmostEqual(part[0], 50.0)

    def test_open_request_counts_as_long_as_it_waits_and_notes_are_no_answer(self):
        self.buy(self.customer, days_ago=10)
        lead = self.ask(48)
        lead.message_post(body="Who takes it?", subtype_xmlid="mail.mt_note")
        yesterday = self.today - timedelta(days=1)
        part = self.score(as_of=yesterday).parts["first_answer"]
        self.assertLessEqual(part[2], 48.0)
        later = self.score().parts["first_answer"]
        self.assertAlmostEqual(later[2] - part[2], 24.0, 0, "a day more")

    def test_logged_call_is_an_answer(self):
        self.buy(self.customer, days_ago=10)
        lead = self.ask(50)
        self.env["crm.contact.log"].create(
            {
                "partner_id": self.customer.id,
                "lead_id": lead.id,
                "direction": "out",
                "date": fields.Datetime.now() - timedelta(hours=48),
            }
        )
        self.assertAlmostEqual(self.score().parts["first_answer"][2], 2.0, 1)

    def test_request_given_up_is_no_case(self):
        self.buy(self.customer, days_ago=10)
        self.ask(100).action_set_lost()
        self.assertNotIn("first_answer", self.score().parts, "not guessed")

    def test_credited_invoice_and_few_cases(self):
        for customer, credited in ((self.customer, 1), (self.other, 0)):
            orders = [self.buy(customer, days_ago=10 + number) for number in range(2)]
            invoices = [self.invoice(order, days_ago=5) for order in orders]
            for invoice in invoices[:credited]:
                self.refund(invoice, days_ago=2)
        # All: 3 of 4 good. This one: 1 of 2, drawn by 3 cases of the mean.
        part = self.score().parts["invoice"]
        self.assertEqual((part[1], part[2]), (2, 50.0))
        self.assertAlmostEqual(part[0], 100 * (1 + 3 * 0.75) / 5, 1)

    def test_delivery_late_or_in_parts_is_no_good_one(self):
        for late, short in ((0, 0), (3, 0), (0, 1), (0, 0)):
            order = self.order(self.customer, [(self.paper, 5)], days_ago=10)
            picking = order.picking_ids
            picking.date_deadline = self.at(5)
            if short:
                picking.move_ids.write({"quantity": 2, "picked": True})
                rest = picking.with_context(skip_backorder=True, picking_ids_not_to_backorder=[])
                rest.button_validate()
                picking.date_done = self.at(6)
            else:
                self.deliver(order, days_ago=6 - late)
        part = self.score().parts["delivery"]
        self.assertEqual((part[1], part[2]), (4, 50.0))

    def test_quarters_tenure_and_breadth(self):
        for days in (10, 120, 130, 800):
            self.buy(self.customer, days_ago=days)
        parts = self.score().parts
        self.assertEqual((parts["repeat"][0], parts["repeat"][2]), (50.0, 50.0))
        self.assertAlmostEqual(parts["tenure"][2], 2.2, 1)
        self.assertAlmostEqual(parts["tenure"][0], 100 * (1 - 0.5 ** (800 / 365.25 / 2)), 1)
        self.assertEqual(parts["breadth"][0], 100.0)
        self.assertEqual(self.score().known_levels, "relationship", "nothing else is known")

    def test_movement_and_what_moved_it(self):
        invoices = [self.invoice(self.buy(self.customer, days), days_ago=38) for days in (40, 50, 60)]
        self.buy(self.customer, days_ago=70)  # what is credited whole is no purchase any more
        self.assertFalse(self.score(as_of=self.today - timedelta(days=35)).moved)
        for invoice in invoices:
            self.refund(invoice, days_ago=10)
        row = self.score()
        self.assertEqual(row.kept_on, self.today - timedelta(days=35))
        self.assertLess(row.change, 0)
        self.assertEqual(row.moved, "Invoices without a credit: -100 points")
        described = row._describe()
        self.assertEqual(described["earlier_on"], fields.Date.to_string(row.kept_on))
        self.assertEqual(
            [level["key"] for level in described["levels"]], ["response", "reliability", "relationship"]
        )

    def test_refresh_twice_changes_nothing(self):
        self.buy(self.customer, days_ago=10)
        row = self.score()
        before = row.read(["parts", "response", "reliability", "relationship", "lift", "lift_part"])
        self.assertEqual(self.score().read(list(before[0])), before)
        months = self.env["crm.analytics.pyramid.month"].search(
            [
                ("company_id", "=", self.company.id),
                ("segment_id", "=", False),
                ("month", "=", self.today.replace(day=1)),
            ]
        )
        self.assertEqual(len(months), 1)

    def test_what_would_lift_most(self):
        late = self.make_customer("Slowly served")
        for customer in (self.customer, self.other, late, self.make_customer("Fourth")):
            self.buy(customer, days_ago=10)
            for _number in range(4):
                self.ask(200, answered_after=120 if customer == late else 0.1, customer=customer)
        row = self.score(late)
        self.assertEqual(row.lift_part, "first_answer")
        self.assertGreater(row.lift, 20)
        self.assertEqual(row.next_act, "Answer the customer's open requests first.")
        shown = self.Pyramid.crm_relationship()
        lift = next(lift for lift in shown["lifts"] if lift["key"] == "first_answer")
        opened = self.Pyramid.crm_relationship_customers("first_answer")
        self.assertEqual(self.Pyramid.search_count(opened["domain"]), lift["count"])
        self.assertIn(late.id, self.Pyramid.search(opened["domain"]).partner_id.ids)

    def test_screen_costs_few_queries(self):
        self.buy(self.customer, days_ago=10)
        self.score()
        self.Pyramid.crm_relationship()
        self.env.invalidate_all()
        with self.assertQueryCount(9):
            self.Pyramid.crm_relationship()

    def test_objector_has_no_row(self):
        self.buy(self.customer, days_ago=10)
        self.assertTrue(self.score())
        self.env["crm.consent.event"].create(
            {
                "partner_id": self.customer.id,
                "purpose_id": self.env["crm.consent.purpose"].search([("code", "=", "profiling")]).id,
                "action": "objected",
                "source": "phone",
            }
        )
        self.assertFalse(self.score())

    def test_roles_and_companies(self):
        self.buy(self.customer, days_ago=10)
        row = self.score()
        self.customer.user_id = self.env.ref("base.user_admin")
        self.env.flush_all()
        stranger = new_test_user(
            self.env, "pyramid.stranger", groups="base.group_user,crm_core.group_crm_core_user"
        )
        reader = new_test_user(self.env, "pyramid.reader", groups="crm_analytics.group_crm_analytics_reader")
        portal = new_test_user(self.env, "pyramid.portal", groups="base.group_portal")
        self.assertFalse(self.Pyramid.with_user(stranger).search([("id", "=", row.id)]))
        self.assertEqual(self.Pyramid.with_user(reader).search([("id", "=", row.id)]), row)
        with self.assertRaises(AccessError):
            self.Pyramid.with_user(portal).crm_relationship()
        with self.assertRaises(AccessError):
            row.with_user(reader).write({"response": 100})
        company = self.env["res.company"].create({"name": "Elsewhere"})
        elsewhere = new_test_user(
            self.env,
            "pyramid.elsewhere",
            groups="crm_analytics.group_crm_analytics_reader",
            company_id=company.id,
            company_ids=company.ids,
        )
        self.assertFalse(self.Pyramid.with_user(elsewhere).search([("id", "=", row.id)]))
        self.assertEqual(
            self.Pyramid.with_user(elsewhere).with_company(company).crm_relationship()["count"], 0
        )
