from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged

from .common import AnalyticsCommon


@tagged("post_install", "-at_install")
class TestBaskets(AnalyticsCommon):
    """What is bought together, and who lacks what."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env["res.company"].create({"name": "Baskets Ltd", "crm_timezone": "UTC"})
        cls.company.write({"crm_pair_min_orders": 1, "crm_offer_stock_policy": "any"})
        cls.env.user.write({"company_ids": [(4, cls.company.id)], "company_id": cls.company.id})
        cls.env = cls.env(context={**cls.env.context, "allowed_company_ids": cls.company.ids})
        cls.Basket = cls.env["crm.analytics.basket"]
        cls.Pair = cls.env["crm.analytics.pair"]
        cls.Spot = cls.env["crm.analytics.white.spot"]
        cls.a, cls.b, cls.c = (cls.make_product(name, 10.0) for name in ("A", "B", "C"))

    @classmethod
    def buy(cls, *baskets, customers=None, days_ago=5):
        """One confirmed order for each basket of products, each by another customer."""
        made = cls.env["res.partner"]
        for number, products in enumerate(baskets):
            customer = customers[number] if customers else cls.make_customer(f"Buyer {number}")
            cls.order(customer, [(product, 1) for product in products], days_ago=days_ago)
            made |= customer
        return made

    def look(self):
        self.fold()
        looks = self.Basket._look(self.company)
        self.Spot._find(self.company)
        return looks

    def many(self, count=12):
        """So many customers with A and B, as many with C alone; the last one has A alone."""
        both = self.buy(*[(self.a, self.b)] * count)
        self.buy(*[(self.c,)] * count)
        alone = self.make_customer("Alone")
        self.buy((self.a,), customers=alone)
        return both, alone

    def pair(self, kind, product, other):
        return self.Pair.search(
            [
                ("company_id", "=", self.company.id),
                ("kind", "=", kind),
                ("product_id", "=", product.id),
                ("other_product_id", "=", other.id),
            ]
        )

    def test_t14_counts_from_orders(self):
        """Baskets {A,B} {A,B} {A,C} {B} {A,B,C}: the counts the measures of T14 are made of."""
        a, b, c = self.a, self.b, self.c
        self.buy((a, b), (a, b), (a, c), (b,), (a, b, c))
        self.env.flush_all()
        counts = self.Basket._count(self.Basket._get_order_lines(self.company), 1)
        self.assertEqual(counts.baskets, 5)
        single = dict(zip(counts.products.tolist(), counts.product_count.tolist(), strict=True))
        self.assertEqual(single, {a.id: 4, b.id: 4, c.id: 2})
        ends = zip(counts.left.tolist(), counts.right.tolist(), strict=True)
        pairs = dict(zip(ends, counts.pair_count.tolist(), strict=True))
        self.assertEqual(pairs, {(a.id, b.id): 3, (a.id, c.id): 2, (b.id, c.id): 1})
        looks = self.look()
        self.assertFalse(looks.pair_ids, "five baskets are no proof of anything")

    def test_t14_pairs_beyond_luck_are_kept_both_ways(self):
        self.many()
        looks = self.look()
        self.assertEqual(looks.mapped("pair_count"), [1, 1])
        there, back = self.pair("order", self.a, self.b), self.pair("order", self.b, self.a)
        self.assertEqual(there.basket_count, 12)
        self.assertAlmostEqual(there.confidence, 12 / 13)
        self.assertAlmostEqual(back.confidence, 1)
        self.assertAlmostEqual(there.support, 12 / 25)
        self.assertAlmostEqual(there.lift, 12 * 25 / (13 * 12))
        self.assertAlmostEqual(there.leverage, 12 / 25 - 13 * 12 / 25**2)
        self.assertAlmostEqual(there.conviction, (1 - 12 / 25) / (1 - 12 / 13))
        self.assertEqual(back.conviction, 0, "it never failed yet")
        self.assertLess(there.q_value, 0.001)
        self.assertIn("92 % of the orders with A hold B", there.meaning)

    def test_imported_sales_are_baskets_as_well(self):
        values = {"company_id": self.company.id, "date": self.today, "quantity": 1, "amount": 10}
        for reference, product in (("OLD-1", self.a), ("OLD-1", self.b), ("OLD-2", self.c)):
            self.env["crm.past.sale"].create(
                {
                    **values,
                    "partner_id": self.customer.id,
                    "reference": reference,
                    "product_id": product.id,
                }
            )
        self.buy((self.a, self.b))
        look = self.look().filtered(lambda look: look.kind == "order")
        self.assertEqual((look.basket_count, look.product_count), (3, 3))

    def test_t15_giant_basket_is_left_out_and_counted(self):
        self.many()
        giant = [self.make_product(f"Giant {number}", 1.0) for number in range(51)]
        self.buy((*giant, self.a, self.c), customers=self.customer)
        looks = self.look()
        self.assertEqual(looks.mapped("skipped_count"), [1, 1])
        self.assertFalse(self.pair("order", self.a, self.c))
        self.assertEqual(looks[0].basket_count, 25)

    def test_services_and_categories_left_out_are_in_no_pair(self):
        category = self.env["product.category"].create({"name": "Shipping"})
        freight = self.make_product("Freight", 5.0, categ_id=category.id)
        self.company.crm_analytics_excluded_categ_ids = category
        self.buy(*[(self.a, freight, self.training)] * 12)
        self.buy(*[(self.c,)] * 12)
        self.look()
        self.assertFalse(self.Pair.search([("company_id", "=", self.company.id)]))

    def test_white_spot_has_a_reason_and_a_sum(self):
        both, alone = self.many()
        self.look()
        spot = self.Spot.search([("company_id", "=", self.company.id)])
        self.assertEqual((spot.partner_id, spot.product_id, spot.because_id), (alone, self.b, self.a))
        self.assertEqual(spot.reason, "92 % of those who buy A buy B too (12 customers)")
        self.assertAlmostEqual(spot.potential, 10 * 12 / 13, 2)
        self.assertFalse(self.Spot.search([("partner_id", "in", both.ids)]))

    def test_white_spots_respect_what_can_be_sold_and_what_was_declined(self):
        _both, alone = self.many()
        self.b.sale_ok = False
        self.look()
        self.assertFalse(self.Spot.search([("partner_id", "=", alone.id)]))
        self.b.sale_ok = True
        self.look()
        self.assertTrue(self.Spot.search([("partner_id", "=", alone.id)]))
        offer = self.env["crm.offer"].create(
            {"partner_id": alone.id, "line_ids": [(0, 0, {"product_id": self.b.id, "quantity": 1})]}
        )
        offer.action_decline("Buys it elsewhere")
        self.look()
        self.assertFalse(self.Spot.search([("partner_id", "=", alone.id)]))

    def test_who_objects_to_profiles_has_no_white_spot(self):
        _both, alone = self.many()
        self.look()
        self.assertTrue(self.Spot.search([("partner_id", "=", alone.id)]))
        self.env["crm.consent.event"].create(
            {
                "partner_id": alone.id,
                "purpose_id": self.env["crm.consent.purpose"].search([("code", "=", "profiling")]).id,
                "action": "objected",
                "source": "phone",
            }
        )
        self.look()
        self.assertFalse(self.Spot.search([("partner_id", "=", alone.id)]))

    def test_white_spots_feed_the_offers(self):
        _both, alone = self.many()
        self.look()
        source = self.env["crm.offer.source.white.spot"]
        self.assertIn((source, 0.3), self.env["crm.offer.source"]._get_sources())
        ((product_id, score, facts),) = source._suggest(alone, 5)[alone.id]
        self.assertEqual(product_id, self.b.id)
        self.assertTrue(0 < score < 1)
        self.assertEqual(source._explain(facts), "92 % of those who buy A buy it too (12 customers)")
        self.company.write({"crm_weight_popular": 0, "crm_weight_together": 0})
        found = self.env["crm.offer"]._suggest(alone, 5)[alone.id]
        self.assertIn((self.b.id, source), [(row[0], row[2]) for row in found])
        self.company.crm_weight_white_spot = 0
        self.assertNotIn(source, [model for model, _weight in self.env["crm.offer.source"]._get_sources()])

    def test_merged_and_deleted_ones_leave_nothing_behind(self):
        both, alone = self.many()
        self.look()
        wizard = self.env["base.partner.merge.automatic.wizard"].create({})
        wizard._merge((both[0] | alone).ids, both[0])
        self.look()
        self.assertFalse(self.Spot.search([("company_id", "=", self.company.id)]), "together they have both")
        extra = self.make_product("Extra", 1.0)
        row = self.pair("order", self.a, self.b)
        self.env["crm.analytics.pair"].create(
            {
                "basket_id": row.basket_id.id,
                "company_id": self.company.id,
                "kind": "order",
                "product_id": extra.id,
                "other_product_id": self.a.id,
            }
        )
        extra.unlink()
        self.assertEqual(self.Pair.search_count([("company_id", "=", self.company.id)]), 4)

    def test_looking_again_gives_the_same(self):
        self.many()
        names = ("kind", "product_id", "other_product_id", "confidence", "q_value")

        def rows():
            found = self.Pair.search([("company_id", "=", self.company.id)], order="kind, product_id")
            return [tuple(row[name] for name in names) for row in found]

        self.look()
        before = rows()
        self.look()
        self.assertEqual(rows(), before)
        self.assertEqual(self.Basket.search_count([("company_id", "=", self.company.id)]), 2)

    def test_picture_of_what_belongs_together(self):
        self.assertFalse(self.Pair.crm_affinity()["edges"])
        self.many()
        self.look()
        found = self.Pair.crm_affinity("customer")
        self.assertEqual({node["name"] for node in found["nodes"]}, {"A", "B"})
        self.assertEqual(len(found["edges"]), 1)
        self.assertEqual(found["look"]["baskets"], 25)

    def test_who_sees_white_spots(self):
        _both, alone = self.many()
        own = {"company_id": self.company.id, "company_ids": [(6, 0, self.company.ids)]}
        salesman = "sales_team.group_sale_salesman"
        seller, other = (new_test_user(self.env, login, salesman, **own) for login in ("ws.one", "ws.two"))
        everybody = new_test_user(self.env, "ws.all", "sales_team.group_sale_salesman_all_leads", **own)
        alone.user_id = seller
        self.look()
        for user, count in ((seller, 1), (other, 0), (everybody, 1)):
            spots = self.Spot.with_user(user).search([("partner_id", "=", alone.id)])
            self.assertEqual(len(spots), count, user.login)
        portal = new_test_user(self.env, "ws.portal", "base.group_portal")
        for model in (self.Spot, self.Pair, self.Basket):
            with self.assertRaises(AccessError):
                model.with_user(portal).search([])
            for right in ("create", "write", "unlink"):
                self.assertFalse(model.with_user(everybody).has_access(right))
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        stranger = new_test_user(
            self.env,
            "ws.stranger",
            "crm_analytics.group_crm_analytics_manager",
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        )
        for model in (self.Spot, self.Pair, self.Basket):
            self.assertFalse(
                model.with_user(stranger).with_context(allowed_company_ids=elsewhere.ids).search([])
            )

    def test_white_spots_become_a_target_group(self):
        _both, alone = self.many()
        self.look()
        action = self.Spot.search([("partner_id", "=", alone.id)]).action_make_target_group()
        group = self.env["crm.target.group"].browse(action["res_id"])
        self.assertEqual(group._member_partners(), alone)
        self.assertIn("B", group.name)
