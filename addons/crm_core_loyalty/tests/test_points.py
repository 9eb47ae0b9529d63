from odoo import Command
from odoo.tests import new_test_user, tagged

from odoo.addons.crm_core.tests.common import CrmCoreCommon
from odoo.addons.crm_core_loyalty import SOURCE, post_init_hook, uninstall_hook


@tagged("post_install", "-at_install")
class TestPoints(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        program = cls.env["loyalty.program"].create(
            {
                "name": "Points",
                "program_type": "loyalty",
                "rule_ids": [Command.clear(), Command.create({"minimum_qty": 1})],
            }
        )
        cls.card = cls.env["loyalty.card"].create({"program_id": program.id, "partner_id": cls.contact.id})

    def book(self, **values):
        return self.env["loyalty.history"].create(
            {"card_id": self.card.id, "description": "Order S1", **values}
        )

    def rows(self, user=None):
        customer = self.customer.with_user(user) if user else self.customer
        return customer.crm_timeline(kinds=["points"])["rows"]

    def test_points_earned_and_used(self):
        self.book(issued=50)
        self.book(issued=5, used=20)
        self.assertEqual(sorted(row["outcome"].split(" Po")[0] for row in self.rows()), ["+5 −20", "+50"])
        self.assertEqual({row["subject"] for row in self.rows()}, {"Order S1"})

    def test_each_reader_is_told_in_his_language(self):
        self.book(issued=50)
        self.env["res.lang"]._activate_lang("fr_FR")
        program = self.card.program_id
        program.portal_point_name = "Points"
        program.with_context(lang="fr_FR").portal_point_name = "Étoiles"
        customer = self.customer.with_context(lang="fr_FR")
        self.assertEqual(customer.crm_timeline(kinds=["points"])["rows"][0]["outcome"], "+50 Étoiles")
        self.assertEqual(self.rows()[0]["outcome"], "+50 Points")

    def test_card_of_nobody_has_none(self):
        self.card.partner_id = False
        self.book(issued=50)
        self.assertFalse(self.rows())

    def test_card_that_gets_its_holder_later(self):
        self.card.partner_id = False
        self.book(issued=50)
        self.card.partner_id = self.contact
        self.assertTrue(self.rows())

    def test_who_may_not_read_points_does_not_see_them(self):
        self.book(issued=50)
        user = new_test_user(self.env, "points_reader", groups="crm_core.group_crm_core_all")
        self.assertFalse(self.rows(user))
        user.group_ids |= self.env.ref("sales_team.group_sale_salesman")
        self.assertTrue(self.rows(user))

    def test_earlier_points_join_and_go_with_the_addon(self):
        self.book(issued=50)
        self.assertTrue(self.rows())
        self.assert_timeline_follows_the_addon(SOURCE, post_init_hook, uninstall_hook, self.rows)
