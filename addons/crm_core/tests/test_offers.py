from datetime import timedelta

from odoo import Command
from odoo.exceptions import UserError, ValidationError
from odoo.tests import new_test_user, tagged

from .common import CrmCoreCommon


@tagged("post_install", "-at_install")
class TestOffers(CrmCoreCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for days_ago in (90, 60, 30):
            cls.order(cls.customer, [(cls.paper, 20)], days_ago=days_ago)
        cls.order(cls.customer, [(cls.toner, 4)], days_ago=60)
        cls.Dirty._fold()
        cls.Offer = cls.env["crm.offer"]

    def learn(self):
        self.Dirty._fold()
        self.env["crm.product.stat"]._refresh(self.company)
        self.env["crm.product.pair"]._refresh(self.company)

    def suggested(self, limit=10, **kwargs):
        return {line["product_id"]: line for line in self.customer.crm_suggest_offer(limit, **kwargs)}

    def offer(self, products=None, **values):
        products = products or [(self.paper, 20)]
        return self.Offer.create(
            {
                "partner_id": self.customer.id,
                "line_ids": [
                    Command.create({"product_id": product.id, "quantity": quantity})
                    for product, quantity in products
                ],
                **values,
            }
        )

    # What is suggested ------------------------------------------------

    def test_suggestion_says_what_how_much_and_why(self):
        line = self.customer.crm_suggest_offer(1)[0]
        self.assertEqual(line["product_id"], self.paper.id)
        self.assertEqual((line["quantity"], line["price_unit"]), (20.0, 30.0))
        self.assertEqual(line["currency_id"], self.company.currency_id.id)
        self.assertEqual(line["reason"], "Bought 3 of 3 times")
        self.assertEqual(line["stock"], 0.0)

    def test_price_comes_from_the_customers_pricelist(self):
        pricelist = self.env["product.pricelist"].create(
            {
                "name": "Wholesale",
                "item_ids": [
                    Command.create(
                        {
                            "compute_price": "fixed",
                            "applied_on": "0_product_variant",
                            "product_id": self.paper.id,
                            "min_quantity": 10,
                            "fixed_price": 21.0,
                        }
                    )
                ],
            }
        )
        self.customer.property_product_pricelist = pricelist
        self.assertEqual(self.suggested()[self.paper.id]["price_unit"], 21.0)
        lines = [{"product_id": self.paper.id, "quantity": quantity} for quantity in (9, 10)]
        prices = self.customer.crm_price_products(lines)
        self.assertEqual([line["price_unit"] for line in prices], [30.0, 21.0])

    def test_overdue_replenishment_ranks_above_frequent_but_fresh(self):
        for days_ago in (8, 5, 2):
            self.order(self.customer, [(self.stapler, 1)], days_ago=days_ago)
        self.company.write({"crm_weight_repeat": 0, "crm_weight_popular": 0, "crm_weight_together": 0})
        lines = self.customer.crm_suggest_offer(5)
        self.assertEqual(lines[0]["product_id"], self.paper.id)
        self.assertIn("usually every 30 days", lines[0]["reason"])

    def test_new_customer_gets_what_others_buy(self):
        self.learn()
        newcomer = self.make_customer("Newcomer")
        lines = {line["product_id"]: line for line in newcomer.crm_suggest_offer(50)}
        self.assertEqual(lines[self.paper.id]["source"], "popular")

    def test_bought_together_suggests_what_is_missing(self):
        self.company.write({"crm_pair_min_orders": 2})
        for number in range(3):
            other = self.make_customer(f"Together {number}")
            self.order(other, [(self.paper, 1), (self.stapler, 1)], days_ago=number)
        for number in range(6):
            self.order(self.make_customer(f"Alone {number}"), [(self.training, 1)], days_ago=number)
        self.learn()
        pair = self.env["crm.product.pair"].search(
            [("product_id", "=", self.stapler.id), ("other_product_id", "=", self.paper.id)]
        )
        self.assertEqual((pair.order_count, pair.confidence), (3, 1.0))
        self.assertGreater(pair.lift, 1)
        self.company.write({"crm_weight_repeat": 0, "crm_weight_popular": 0, "crm_weight_due": 0})
        lines = self.suggested()
        self.assertEqual(lines[self.stapler.id]["reason"], "Often ordered with Paper A4")
        self.assertNotIn(self.paper.id, self.suggested(basket=[self.stapler.id, self.paper.id]))
        newcomer = self.make_customer("Newcomer")
        basket = newcomer.crm_suggest_offer(5, basket=[self.paper.id])
        self.assertIn(self.stapler.id, [line["product_id"] for line in basket])

    def test_business_filters_come_last(self):
        self.assertIn(self.toner.id, self.suggested())
        self.toner.sale_ok = False
        self.assertNotIn(self.toner.id, self.suggested())
        self.toner.sale_ok = True
        self.toner.active = False
        self.assertNotIn(self.toner.id, self.suggested())
        self.toner.active = True
        self.toner.crm_is_durable = True
        self.assertNotIn(self.toner.id, self.suggested(), "he owns one")

    def test_only_what_is_in_stock_when_settings_say_so(self):
        self.company.crm_offer_stock_policy = "available"
        self.assertNotIn(self.paper.id, self.suggested())
        warehouse = self.env["stock.warehouse"].search([("company_id", "=", self.company.id)], limit=1)
        self.env["stock.quant"]._update_available_quantity(self.paper, warehouse.lot_stock_id, 500)
        self.env.invalidate_all()
        self.assertGreater(self.suggested()[self.paper.id]["stock"], 0)

    def test_product_sent_back_whole_is_not_offered_again(self):
        order = self.order(self.customer, [(self.stapler, 2)], days_ago=3)
        picking = self.deliver(order)
        self.assertIn(self.stapler.id, self.suggested())
        self.send_back(picking, 2)
        self.assertNotIn(self.stapler.id, self.suggested())

    def test_declined_product_stays_silent_for_a_while(self):
        self.customer.crm_decline_product(self.toner.id, "Bought a new printer")
        self.assertNotIn(self.toner.id, self.suggested())
        offer = self.Offer.search([("partner_id", "=", self.customer.id)])
        self.assertEqual((offer.state, offer.decline_reason), ("declined", "Bought a new printer"))
        offer.closed_at -= timedelta(days=self.company.crm_offer_declined_days + 2)
        self.assertIn(self.toner.id, self.suggested())

    def test_limits_are_checked(self):
        for limit in (0, 51, "5"):
            with self.assertRaises(UserError):
                self.customer.crm_suggest_offer(limit)

    # Offer and quotation ----------------------------------------------

    def test_offer_becomes_an_ordinary_quotation_that_links_back(self):
        term = self.env.ref("account.account_payment_term_30days")
        self.customer.property_payment_term_id = term
        lead = self.env["crm.lead"].create(
            {"name": "Restock", "type": "opportunity", "partner_id": self.customer.id}
        )
        offer = self.offer([(self.paper, 25), (self.toner, 4)], opportunity_id=lead.id)
        offer.line_ids[0].price_unit = 28.5
        action = offer.action_create_quotation()
        order = self.env["sale.order"].browse(action["res_id"])
        self.assertEqual((order.state, order.crm_offer_id, order.opportunity_id), ("draft", offer, lead))
        self.assertEqual(order.payment_term_id, term)
        self.assertEqual(order.validity_date, offer.valid_until)
        self.assertRecordValues(
            order.order_line,
            [
                {"product_id": self.paper.id, "product_uom_qty": 25.0, "price_unit": 28.5},
                {"product_id": self.toner.id, "product_uom_qty": 4.0, "price_unit": 90.0},
            ],
        )
        self.assertEqual((offer.state, offer.proposed_by_id), ("proposed", self.env.user))

    def test_second_click_opens_the_same_quotation(self):
        offer = self.offer()
        self.assertEqual(offer.action_create_quotation()["res_id"], offer.action_create_quotation()["res_id"])

    def test_same_request_key_makes_one_quotation(self):
        lines = [{"product_id": self.paper.id, "quantity": 5}]
        first = self.customer.crm_create_quotation(lines, request_key="click-1")
        second = self.customer.crm_create_quotation(lines, request_key="click-1")
        third = self.customer.crm_create_quotation(lines, request_key="click-2")
        self.assertEqual(first["res_id"], second["res_id"])
        self.assertNotEqual(first["res_id"], third["res_id"])
        with self.assertRaises(UserError):
            self.make_customer("Other").crm_create_quotation(lines, request_key="click-1")

    def test_order_moves_the_offer(self):
        offer = self.offer()
        order = self.env["sale.order"].browse(offer.action_create_quotation()["res_id"])
        order.action_confirm()
        self.assertEqual(offer.state, "accepted")
        order._action_cancel()
        self.assertEqual((offer.state, offer.decline_reason), ("declined", "The quotation was cancelled."))
        order.action_draft()
        self.assertEqual(offer.state, "proposed")

    def test_salesman_with_own_documents_confirms_his_offer(self):
        salesman = new_test_user(self.env, "offer_salesman", groups="sales_team.group_sale_salesman")
        self.customer.user_id = salesman
        lines = [{"product_id": self.paper.id, "quantity": 5}]
        action = self.customer.with_user(salesman).crm_create_quotation(lines)
        order = self.env["sale.order"].browse(action["res_id"])
        self.assertEqual(order.user_id, salesman)
        order.with_user(salesman).action_confirm()
        self.assertEqual(order.crm_offer_id.state, "accepted")

    def test_bad_lines_are_refused_with_a_reason(self):
        bad = {
            "quantity": [{"product_id": self.paper.id, "quantity": 0}],
            "does not exist": [{"product_id": 2_000_000_000}],
            "needs a product": [{"quantity": 1}],
            "no products": [],
        }
        for text, lines in bad.items():
            with self.subTest(text), self.assertRaisesRegex(UserError, text):
                self.customer.crm_create_quotation(lines)

    def test_closed_offers_make_no_quotation(self):
        offer = self.offer()
        offer.action_decline("Too expensive")
        with self.assertRaisesRegex(UserError, "declined"):
            offer.action_create_quotation()
        offer.action_reset()
        self.assertTrue(offer.action_create_quotation()["res_id"])
        with self.assertRaises(UserError):
            offer.unlink()

    def test_product_no_longer_sold_is_named(self):
        offer = self.offer()
        self.paper.sale_ok = False
        with self.assertRaisesRegex(UserError, "Paper A4"):
            offer.action_create_quotation()

    def test_offers_expire_on_the_companys_day(self):
        offer = self.offer(valid_until=self.at(1).date())
        valid = self.offer(valid_until=self.today)
        self.Offer._cron_expire()
        self.assertEqual((offer.state, valid.state), ("expired", "draft"))

    def test_opportunity_of_another_customer_is_refused(self):
        lead = self.env["crm.lead"].create(
            {
                "name": "Other",
                "type": "opportunity",
                "partner_id": self.make_customer("Other").id,
            }
        )
        with self.assertRaises(ValidationError):
            self.offer(opportunity_id=lead.id)

    def test_suggesting_for_many_costs_the_same_queries_as_for_one(self):
        self.learn()
        many = self.env["res.partner"].browse(
            [self.make_customer(f"Many {number}").id for number in range(30)]
        )
        self.env.flush_all()
        self.Offer._suggest(self.customer, 5)
        # Whom profiles may be made of, four sources, what is blocked, what may be sold; settings are cached.
        with self.assertQueryCount(8):
            self.Offer._suggest(many, 5)
