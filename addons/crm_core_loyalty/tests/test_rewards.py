from odoo import Command
from odoo.tests import tagged

from odoo.addons.crm_core.tests.common import CrmCoreCommon
from odoo.addons.crm_core_loyalty import post_init_hook, uninstall_hook


@tagged("post_install", "-at_install")
class TestRewards(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["loyalty.program"].search([]).active = False
        cls.discount = cls.make_program("Tenth off", reward_type="discount", discount=10)
        cls.gift = cls.make_program("Free stapler", reward_type="product", reward_product_id=cls.stapler.id)

    @classmethod
    def make_program(cls, name, program_type="promotion", products=None, **reward):
        rule = {"product_ids": [Command.set(products.ids)] if products else [], "minimum_qty": 1}
        return cls.env["loyalty.program"].create(
            {
                "name": name,
                "program_type": program_type,
                "rule_ids": [Command.clear(), Command.create(rule)],
                "reward_ids": [Command.clear(), Command.create({"required_points": 1, **reward})],
            }
        )

    def order_with_reward(self, program, days_ago=0):
        order = self.quote(self.customer, [(self.paper, 10)])
        coupon = order._try_apply_program(program)["coupon"]
        self.assertFalse(order._apply_program_reward(program.reward_ids, coupon))
        self.assertTrue(order.order_line.reward_id)
        order.action_confirm()
        order.date_order = self.at(days_ago)
        return order

    def products_bought(self):
        self.Dirty._fold()
        return self.Fact.search([("partner_id", "=", self.customer.id)]).product_id

    def test_discount_lowers_what_was_ordered_and_is_no_product_bought(self):
        self.order_with_reward(self.discount)
        self.assertEqual(self.stat(self.customer).ordered_total, 270.0)
        self.assertEqual(self.products_bought(), self.paper)
        self.assert_rebuild_changes_nothing(self.customer)

    def test_free_product_was_given_not_bought(self):
        order = self.order_with_reward(self.gift)
        self.deliver(order)
        self.assertEqual(self.stat(self.customer).ordered_total, 300.0)
        self.assertEqual(self.products_bought(), self.paper)
        self.assert_rebuild_changes_nothing(self.customer)

    def test_same_product_paid_for_is_bought(self):
        order = self.order_with_reward(self.gift)
        order.order_line = [Command.create({"product_id": self.stapler.id, "product_uom_qty": 2})]
        self.assertRecordValues(
            self.fact(self.customer, self.stapler), [{"times_bought": 1, "usual_quantity": 2, "amount": 40}]
        )

    def test_line_that_loses_its_reward_is_a_purchase(self):
        order = self.order_with_reward(self.gift)
        self.assertEqual(self.products_bought(), self.paper)
        order.order_line.filtered("reward_id").write({"reward_id": False, "coupon_id": False})
        self.assertEqual(self.products_bought(), self.paper | self.stapler)

    def test_rewards_take_no_part_in_pairs(self):
        self.company.crm_pair_min_orders = 1
        self.order_with_reward(self.gift)
        self.order_with_reward(self.discount)
        self.order(self.customer, [(self.toner, 1)])
        self.env["crm.product.pair"]._refresh(self.company)
        pairs = self.env["crm.product.pair"].search([("company_id", "=", self.company.id)])
        rewards = self.discount.reward_ids.discount_line_product_id | self.stapler
        self.assertFalse((pairs.product_id | pairs.other_product_id) & rewards)

    def test_discounts_and_prepaid_products_are_not_suggested(self):
        card = self.make_product("Gift card", 50.0, type="service", invoice_policy="order")
        wallet = self.make_product("Top up", 50.0, type="service", invoice_policy="order")
        self.make_program("Gift cards", "gift_card", card, reward_type="discount", discount=1)
        self.make_program("Wallets", "ewallet", wallet, reward_type="discount", discount=1)
        off = self.discount.reward_ids.discount_line_product_id
        off.sale_ok = True
        bought = self.paper | self.stapler | card | wallet | off
        for days_ago in (60, 30):
            self.order(self.customer, [(product, 1) for product in bought], days_ago=days_ago)
        self.assertEqual(self.products_bought(), bought)
        suggested = {line["product_id"] for line in self.customer.crm_suggest_offer(50)}
        self.assertEqual(suggested & set(bought.ids), set((self.paper | self.stapler).ids))

    def test_products_of_archived_programs_are_not_suggested_either(self):
        off = self.discount.reward_ids.discount_line_product_id
        self.discount.active = False
        off.write({"active": True, "sale_ok": True})
        for days_ago in (60, 30):
            self.order(self.customer, [(off, 1), (self.paper, 1)], days_ago=days_ago)
        suggested = {line["product_id"] for line in self.customer.crm_suggest_offer(50)}
        self.assertIn(self.paper.id, suggested)
        self.assertNotIn(off.id, suggested)

    def test_facts_are_collected_anew_when_the_addon_comes_or_goes(self):
        self.assert_asks_for_rebuild(post_init_hook)
        self.assert_asks_for_rebuild(uninstall_hook)
