from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError
from odoo.tests import new_test_user, tagged
from odoo.tools import SQL

from ..lib import gamma_gamma, stats
from .common import AnalyticsCommon


@tagged("post_install", "-at_install")
class TestAnalyticsScore(AnalyticsCommon):
    """From days of purchase to scores, segments and what to expect."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Model = cls.env["crm.analytics.model"]
        # Nothing of a demo story is learned from.
        cls.env["crm.analytics.event"].search([]).unlink()
        cls.Model.search([]).unlink()
        cls.Score = cls.env["crm.analytics.customer"]
        cls.regular, cls.gone, cls.single = (
            cls.make_customer(name) for name in ("Regular", "Gone", "Single")
        )
        others = [cls.make_customer(f"Customer {number}") for number in range(60)]
        # What is derived of their documents, none, does not take these days away afterwards.
        cls.fold()
        cls.bought(cls.regular, range(5, 400, 30), 100)
        cls.bought(cls.gone, range(300, 700, 30), 200)
        cls.bought(cls.single, [20], 50)
        for number, customer in enumerate(others):
            cls.bought(customer, range(10 + number, 30 * (number % 9) + 211 + number, 30), 50 + number)

    @classmethod
    def bought(cls, customer, days_ago, revenue):
        """Days of purchase as ``_refresh`` would have made them of orders."""
        cls.Event.create(
            [
                {
                    "company_id": cls.company.id,
                    "partner_id": customer.id,
                    "day": cls.today - timedelta(days=days),
                    "document_count": 1,
                    "revenue": revenue,
                    "is_purchase": True,
                }
                for days in days_ago
            ]
        )

    def score(self, customer, **values):
        model = self.Model._score(self.company, **values)
        self.assertTrue(model)
        return self.Score.search([("partner_id", "=", customer.id), ("company_id", "=", self.company.id)])

    def test_regular_customer_and_one_who_is_gone(self):
        regular, gone = self.score(self.regular), self.score(self.gone)
        self.assertGreater(regular.p_alive, 0.8)
        self.assertLess(gone.p_alive, 0.2)
        self.assertEqual((regular.risk, gone.risk), ("low", "high"))
        self.assertEqual(regular.purchase_days, 14)
        self.assertAlmostEqual(regular.mean_gap, 30)
        self.assertEqual(regular.segment_id, self.env.ref("crm_analytics.segment_champion"))
        self.assertGreater(regular.next_day, self.today)
        self.assertGreater(regular.expected_orders, 5)
        self.assertAlmostEqual(regular.expected_revenue, regular.expected_orders * regular.expected_value, 0)
        self.assertEqual(regular.revenue, 1400)
        self.assertLess(regular.lifetime_value, 3 * regular.expected_revenue)

    def test_every_status_of_the_models_has_a_name(self):
        names = dict(self.Model._fields["value_status"].selection)
        for status in (*vars(stats).values(), gamma_gamma.INFINITE_MEAN):
            if isinstance(status, str) and status.isidentifier() and not status.startswith("_"):
                with self.subTest(status=status):
                    self.assertIn(status, names)

    def test_why_is_said_in_words(self):
        self.assertIn(
            "14 purchases, usually every 30 days; 5 days since the last.", self.score(self.regular).why
        )
        self.assertIn("With a usual time since the last purchase", self.score(self.gone).why)
        self.assertIn("One purchase, 20 days ago.", self.score(self.single).why)
        self.assertIn("fewer than 500 customers", self.score(self.single).why)

    def test_as_of_a_day_nothing_later_counts(self):
        gone = self.score(self.gone, as_of=self.today - timedelta(days=310))
        self.assertGreater(gone.p_alive, 0.8)
        self.assertFalse(self.score(self.single, as_of=self.today - timedelta(days=310)))
        self.assertEqual(self.score(self.regular).as_of, self.today)

    def test_model_is_learned_once_a_week_and_scores_daily(self):
        first = self.Model._score(self.company, as_of=self.today - timedelta(days=9))
        self.assertEqual(self.Model._score(self.company, as_of=self.today - timedelta(days=5)), first)
        self.assertNotEqual(self.Model._score(self.company), first)
        self.assertIn("kept back", first.holdout_note)

    def test_objectors_are_not_scored_and_their_scores_forgotten(self):
        self.assertTrue(self.score(self.regular))
        self.env["crm.consent.event"].create(
            {
                "partner_id": self.regular.id,
                "purpose_id": self.env["crm.consent.purpose"].search([("code", "=", "profiling")]).id,
                "action": "objected",
                "source": "phone",
            }
        )
        self.assertFalse(self.score(self.regular))
        history = self.env["crm.analytics.segment.history"]
        self.assertFalse(history.search([("partner_id", "=", self.regular.id)]))

    def test_movement_between_segments_is_kept(self):
        before = self.today - timedelta(days=300)
        self.score(self.gone, as_of=before)
        now = self.score(self.gone)
        rows = self.env["crm.analytics.segment.history"].search([("partner_id", "=", self.gone.id)])
        self.assertEqual(len(rows), 2)
        self.assertEqual(rows[0].segment_id, now.segment_id)
        self.assertEqual(rows[0].previous_id, rows[1].segment_id)
        self.assertEqual((rows[1].date_from, rows[1].date_to), (before, self.today))
        self.assertEqual(now.segment_since, self.today)
        self.score(self.gone)
        self.assertEqual(len(rows.search([("partner_id", "=", self.gone.id)])), 2)

    def test_company_without_purchases_and_with_one(self):
        other = self.env["res.company"].create({"name": "Other Ltd"})
        model = self.Model._score(other)
        self.assertEqual(model.status, "empty")
        self.assertFalse(model.score_ids)
        self.Event.create(
            {
                "company_id": other.id,
                "partner_id": self.single.id,
                "day": other._crm_today(),
                "document_count": 1,
                "revenue": 10,
                "is_purchase": True,
            }
        )
        model.unlink()
        model = self.Model._score(other)
        self.assertEqual(model.score_ids.partner_id, self.single)
        self.assertFalse(model.score_ids.is_reliable)

    def test_company_that_fails_holds_up_no_other(self):
        other = self.env["res.company"].create({"name": "Other Ltd"})
        score = type(self.Model)._score

        def fail_first(model, company, **values):
            if company == other:
                raise ValueError("something")
            return score(model, company, **values)

        with (
            patch.object(type(self.Model), "_score", fail_first),
            # The transaction of a test is not committed.
            patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *_args, **_options: 1),
            self.assertLogs("odoo.addons.crm_analytics.models.res_company", "ERROR"),
        ):
            self.Model._cron_score()
        self.assertFalse(self.Model.search([("company_id", "=", other.id)]))
        self.assertTrue(self.Model.search([("company_id", "=", self.company.id)]))

    def test_segments_of_ones_own(self):
        mine = self.env["crm.analytics.segment"].create({"name": "Everybody", "sequence": 1})
        self.score(self.regular)
        self.assertEqual(mine.customer_count, self.Score.search_count([]))

    def test_salesperson_sees_his_customers_alone(self):
        seller = new_test_user(self.env, "an_seller", groups="sales_team.group_sale_salesman")
        other = new_test_user(self.env, "an_other", groups="sales_team.group_sale_salesman")
        reader = new_test_user(self.env, "an_reader", groups="crm_analytics.group_crm_analytics_reader")
        nobody = new_test_user(self.env, "an_nobody", groups="base.group_user")
        self.regular.user_id, self.gone.user_id = seller, other
        self.score(self.regular)
        wanted = [("partner_id", "in", (self.regular | self.gone).ids)]
        for model in ("crm.analytics.customer", "crm.analytics.event", "crm.analytics.segment.history"):
            with self.subTest(model=model):
                seen = self.env[model].with_user(seller).search(wanted).partner_id
                self.assertEqual(seen, self.regular)
                self.assertEqual(
                    self.env[model].with_user(reader).search(wanted).partner_id, self.regular | self.gone
                )
                with self.assertRaises(AccessError):
                    self.env[model].with_user(nobody).search(wanted)
                with self.assertRaises(AccessError):
                    self.env[model].with_user(reader).search(wanted).unlink()

    def test_other_company_sees_nothing(self):
        other = self.env["res.company"].create({"name": "Other Ltd"})
        reader = new_test_user(
            self.env,
            "an_far",
            groups="crm_analytics.group_crm_analytics_manager",
            company_id=other.id,
            company_ids=[other.id],
        )
        self.score(self.regular)
        for model in ("crm.analytics.customer", "crm.analytics.event", "crm.analytics.model"):
            self.assertFalse(self.env[model].with_user(reader).search([("company_id", "=", self.company.id)]))

    def test_former_segments_are_forgotten_after_a_time(self):
        self.score(self.gone, as_of=self.today - timedelta(days=300))
        self.score(self.gone)
        history = self.env["crm.analytics.segment.history"]
        former = history.search([("partner_id", "=", self.gone.id), ("date_to", "!=", False)])
        self.assertTrue(former)
        self.company.crm_analytics_keep_months = 36
        former.date_to = self.today - timedelta(days=36 * 31 + 5)
        old = self.Model.create(
            {
                "company_id": self.company.id,
                "as_of": self.today - timedelta(days=36 * 31 + 5),
                "kind": "mbg_nbd",
                "status": "ok",
                "value_status": "ok",
            }
        )
        current = self.score(self.gone)
        self.assertFalse(former.exists() or old.exists())
        self.assertTrue(history.search([("partner_id", "=", self.gone.id)]), "the present one stays")
        self.assertTrue(current.model_id.exists())

    def test_person_is_told_why(self):
        self.score(self.regular)
        sections = {section["model"]: section for section in self.regular._crm_gather()["sections"]}
        (told,) = sections["crm.analytics.customer"]["records"]
        self.assertIn("14 purchases, usually every 30 days", told["why"])
        self.assertIn("No decision is taken by it without a person.", told["how"])
        (served,) = sections["crm.analytics.pyramid"]["records"]
        self.assertIn("Quarters with a purchase: 100", " ".join(served["why"]))

    def test_merged_customers_have_one_score(self):
        self.score(self.regular)
        history = self.env["crm.analytics.segment.history"]
        newcomer = self.make_customer("Newcomer")
        kept = self.Score.search([("partner_id", "=", self.single.id)])
        taken = self.Score.search([("partner_id", "=", self.gone.id)])
        for source, survivor, score in ((self.regular, self.single, kept), (self.gone, newcomer, taken)):
            wizard = self.env["base.partner.merge.automatic.wizard"].create({})
            wizard._merge((source | survivor).ids, dst_partner=survivor, extra_checks=False)
            of_survivor = [("partner_id", "=", survivor.id)]
            self.assertEqual(self.Score.search(of_survivor), score)
            self.assertEqual(len(history.search(of_survivor)), 1)
            self.assertEqual(self.env["crm.analytics.pyramid"].search_count(of_survivor), 1)
            for model in (self.Score, history, self.env["crm.analytics.pyramid"]):
                self.assertFalse(model.search([("partner_id", "=", source.id)]))

    def test_segment_that_goes_leaves_its_customers(self):
        mine = self.env["crm.analytics.segment"].create({"name": "Everybody", "sequence": 1})
        regular = self.score(self.regular)
        self.assertEqual((regular.segment_id, regular.segment_since), (mine, self.today))
        mine.unlink()
        self.assertTrue(regular.exists())
        self.assertFalse(regular.segment_id)
        self.assertTrue(self.score(self.regular).segment_id)

    def test_scores_go_with_the_customer_and_with_the_model(self):
        score = self.score(self.single)
        self.env["crm.analytics.event"].search([("partner_id", "=", self.single.id)]).unlink()
        self.single.unlink()
        self.assertFalse(score.exists())
        other = self.Score.search([("partner_id", "=", self.regular.id)])
        other.model_id.unlink()
        self.assertFalse(other.exists())

    def test_same_night_again_writes_nothing(self):
        self.score(self.regular)
        tables = ("crm_analytics_customer", "crm_analytics_pyramid", "crm_analytics_segment_history")
        # The second time there is something to compare with.
        self.score(self.regular)

        def rows():
            return [
                self.env.execute_query(SQL("SELECT ctid::text, * FROM %s ORDER BY id", SQL.identifier(table)))
                for table in tables
            ]

        before = rows()
        self.assertTrue(all(before))
        self.score(self.regular)
        self.assertEqual(rows(), before)
