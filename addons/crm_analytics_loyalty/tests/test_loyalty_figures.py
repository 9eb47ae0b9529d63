from odoo.tests import new_test_user, tagged

from odoo.addons.crm_analytics.tests.common import AnalyticsCommon


@tagged("post_install", "-at_install")
class TestLoyaltyFigures(AnalyticsCommon):
    """Members, points redeemed and open on the screen of analytics."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["crm.analytics.event"].search([]).unlink()
        cls.env["crm.analytics.customer"].search([]).unlink()
        cls.env["loyalty.program"].search([]).active = False
        cls.env["loyalty.card"].search([]).unlink()
        # Bought before there was a program: an order since would bring points.
        cls.other = cls.make_customer("Other")
        cls.order(cls.customer, [(cls.training, 3)], days_ago=20)
        cls.order(cls.other, [(cls.training, 1)], days_ago=20)
        Program = cls.env["loyalty.program"]
        cls.program = Program.create(
            {
                "name": "Points",
                "program_type": "loyalty",
                **Program._program_type_default_values()["loyalty"],
                "currency_id": cls.company.currency_id.id,
            }
        )
        cls.reader = new_test_user(
            cls.env,
            "loyalty.reader",
            groups="crm_analytics.group_crm_analytics_reader,sales_team.group_sale_salesman_all_leads",
        )

    def figures(self, user=None, **filters):
        self.fold()
        self.env["crm.analytics.model"]._score(self.company)
        Dashboard = self.env["crm.analytics.dashboard"].with_user(user or self.reader)
        return {row["label"]: row["value"] for row in Dashboard.crm_dashboard(filters)["loyalty"]["more"]}

    def card(self, partner, points=40):
        card = self.env["loyalty.card"].create(
            {"program_id": self.program.id, "partner_id": partner.id, "points": points}
        )
        self.env["loyalty.history"].create(
            [
                {"card_id": card.id, "description": "Order", "issued": 100, "used": 0},
                {"card_id": card.id, "description": "Reward", "issued": 0, "used": 60},
            ]
        )
        return card

    def test_members_points_and_revenue(self):
        self.card(self.contact)
        self.assertEqual(
            self.figures(),
            {
                "Members": 1,
                "Revenue of a member": 300,
                "Revenue of another": 100,
                "Redeemed": 0.6,
                "Points open": 40,
            },
        )

    def test_filters_hold_for_cards_too(self):
        self.card(self.customer)
        self.other.user_id = self.reader
        self.card(self.other, points=7)
        self.assertEqual(self.figures(user_id=self.reader.id)["Points open"], 7)

    def test_nothing_without_cards_or_without_rights(self):
        self.assertEqual(self.figures(), {})
        self.card(self.customer)
        plain = new_test_user(
            self.env, "loyalty.plain", groups="base.group_user,crm_core.group_crm_core_user"
        )
        self.assertFalse(self.env["loyalty.card"].with_user(plain).has_access("read"))
        self.assertEqual(self.figures(plain), {})

    def test_cards_of_another_company_do_not_count(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        self.program.company_id = company
        self.card(self.customer)
        self.assertEqual(self.figures(), {})
