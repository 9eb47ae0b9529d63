from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from ..models.crm_analytics_scope import PERIODS
from .dashboard_common import DashboardCommon

QUERIES = 45


@tagged("post_install", "-at_install")
class TestAnalyticsDashboard(DashboardCommon):
    """What the screen Customer Analytics shows, and what is done from it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.score(days_ago=90)
        cls.score()
        cls.reader = cls.make_user("board_reader", "crm_analytics.group_crm_analytics_reader")
        cls.seller = cls.make_user("board_seller", "sales_team.group_sale_salesman")
        cls.other_seller = cls.make_user("board_other", "sales_team.group_sale_salesman")
        (cls.others - cls.others[:3] | cls.regular | cls.gone | cls.single).user_id = cls.other_seller
        cls.others[:3].user_id = cls.seller
        cls.env.flush_all()

    def test_snapshot_and_fresh_sums_agree(self):
        """A filter that leaves nobody out gives what was summed up at night."""
        country = self.env.ref("base.cz")
        (self.regular | self.gone | self.single | self.others).country_id = country
        whole, part = self.dashboard(self.reader), self.dashboard(self.reader, country_id=country.id)
        self.assertTrue(whole["is_whole"])
        self.assertFalse(part["is_whole"])
        for key in ("grid", "value", "cohorts", "risk", "loyalty"):
            self.assertEqual(whole[key], part[key], key)
        for name in ("rows", "moves", "moved"):  # equal ones in the same order
            self.assertEqual(whole["segments"][name], part["segments"][name])
        for left, right in zip(whole["kpis"], part["kpis"], strict=True):
            self.assertAlmostEqual(left["value"], right["value"], delta=0.01, msg=left["key"])
        for left, right in zip(whole["months"]["rows"], part["months"]["rows"], strict=True):
            self.assertEqual(left, right)

    def test_each_period_is_counted_at_night(self):
        """What was counted then is what counting gives; no screen reads all days of purchase."""
        counted, Fact = {}, self.env.registry["crm.analytics.fact"]
        with patch.object(Fact, "_scan", side_effect=AssertionError("all days are read")):
            for months in PERIODS:
                counted[months] = self.dashboard(self.reader, months=months)["kpis"]
        self.assertNotEqual(counted[3][0]["value"], counted[36][0]["value"])
        self.env["crm.analytics.kpi"].search([]).periods = False
        for months in PERIODS:
            self.assertEqual(self.dashboard(self.reader, months=months)["kpis"], counted[months])

    def test_figures_are_those_of_the_customers_behind_them(self):
        board = self.dashboard(self.reader)
        for row in board["grid"]["rows"]:
            for cell in row["cells"]:
                self.assertEqual(len(self.behind(cell["what"], self.reader)), cell["customer_count"])
        for row in (*board["segments"]["rows"], *board["value"]["classes"], *board["loyalty"]["rhythm"]):
            self.assertEqual(len(self.behind(row["what"], self.reader)), row["customer_count"])
        for row in board["segments"]["moves"]:
            self.assertEqual(len(self.behind(row["what"], self.reader)), row["count"])
        self.assertTrue(board["segments"]["moves"])
        tiles = {tile["key"]: tile for tile in board["kpis"]}
        for key in ("customers", "new"):
            self.assertEqual(len(self.behind(tiles[key]["what"], self.reader)), tiles[key]["value"])
        repeaters = len(self.behind(tiles["repeat"]["what"], self.reader))
        self.assertAlmostEqual(repeaters / tiles["customers"]["value"], tiles["repeat"]["value"])

    def test_cells_of_cohorts_and_months_open_their_customers(self):
        board = self.dashboard(self.reader, months=36)
        for row in board["cohorts"]["rows"]:
            for cell in row["cells"]:
                self.assertEqual(len(self.behind(cell["what"], self.reader)), cell["customers"])
        for row in board["months"]["rows"]:
            for which in ("new", "returning", "reactivated", "lost"):
                found = self.behind({"kind": "month", "month": row["month"], "which": which}, self.reader)
                self.assertEqual(len(found), row[f"{which}_count"], (row["month"], which))

    def test_filters_narrow_to_customers_alike(self):
        board = self.dashboard(self.reader, user_id=self.seller.id)
        self.assertEqual(board["grid"]["customer_count"], 3)
        self.assertEqual(self.behind({"kind": "all"}, user_id=self.seller.id).partner_id, self.others[:3])
        team = self.env["crm.team"].create(
            {"name": "Far", "crm_team_member_ids": [(0, 0, {"user_id": self.seller.id})]}
        )
        self.assertEqual(self.dashboard(self.reader, team_id=team.id)["grid"]["customer_count"], 3)
        categories = self.env["product.category"].create([{"name": "Paper"}, {"name": "Toner"}])
        self.paper.categ_id, self.toner.categ_id = categories
        self.order(self.others[5], [(self.paper, 1)], 3)
        self.order(self.others[6], [(self.toner, 1)], 3)
        self.fold()
        self.score()
        board = self.dashboard(self.reader, categ_id=categories[0].id)
        self.assertEqual(board["grid"]["customer_count"], 1)
        self.assertIn("category", board["basis"])

    def test_salesperson_gets_sums_of_his_customers_alone(self):
        board = self.dashboard(self.seller)
        self.assertFalse(board["is_whole"])
        self.assertEqual(board["grid"]["customer_count"], 3)
        self.assertIn("look after", board["basis"])
        tiles = {tile["key"]: tile["value"] for tile in board["kpis"]}
        self.assertEqual(tiles["customers"], 3)
        self.assertEqual(self.behind({"kind": "all"}, self.seller).partner_id, self.others[:3])

    def test_t23_no_total_of_another_company(self):
        company = self.make_company()
        here, there = (
            self.dashboard(self.reader),
            self.dashboard(self.make_user("board_far", "crm_analytics.group_crm_analytics_reader", company)),
        )
        self.assertNotIn("Stranger", str(here))
        self.assertEqual(there["grid"]["customer_count"], 1)
        self.assertNotIn("Regular", str(there))
        with self.assertRaises(UserError):
            self.dashboard(self.reader, company_id=company.id)

    def test_users_without_the_role_see_nothing(self):
        for group in ("base.group_user", "base.group_portal"):
            user = self.make_user(f"board_{group[-6:]}", group)
            with self.assertRaises(AccessError):
                self.dashboard(user)
            with self.assertRaises(AccessError):
                self.Dashboard.with_user(user).crm_dashboard_act({"kind": "all"}, "open")
            with self.assertRaises(AccessError):
                self.Dashboard.with_user(user).crm_dashboard_profile({"kind": "all"})

    def test_wrong_input_is_refused(self):
        for filters in ({"months": 7}, {"moved_days": 1}, {"color": 3}, {"country_id": "x"}):
            with self.assertRaises(UserError):
                self.dashboard(**filters)
        for what in (
            {},
            {"kind": "nothing"},
            {"kind": "rfm"},
            {"kind": "cohort", "month": "x"},
            {"kind": []},
        ):
            with self.assertRaises(UserError):
                self.behind(what)
        with self.assertRaises(UserError):
            self.Dashboard.crm_dashboard_act({"kind": "all"}, "delete")

    def test_cell_becomes_a_target_group_that_follows(self):
        user = self.make_user("board_all", "sales_team.group_sale_salesman_all_leads")
        board = self.Dashboard.with_user(user)
        action = board.crm_dashboard_act({"kind": "risk", "key": "high"}, "target_group", {}, "High risk")
        group = self.env["crm.target.group"].browse(action["res_id"])
        wanted = self.Score.search(
            [("company_id", "=", self.company.id), ("risk", "=", "high"), ("money_at_stake", ">", 0)]
        )
        self.assertTrue(wanted)
        self.assertEqual(group.member_ids.partner_id, wanted.partner_id)
        self.assertEqual((group.kind, group.user_id), ("dynamic", user))
        self.assertFalse(group.preview_error)

    def test_objectors_are_in_no_target_group(self):
        board = self.Dashboard.with_user(self.reader)
        action = board.crm_dashboard_act({"kind": "all"}, "target_group", {}, "All")
        group = self.env["crm.target.group"].browse(action["res_id"])
        self.assertIn(self.regular, group.member_ids.partner_id)
        self.env["crm.consent.event"].create(
            {
                "partner_id": self.regular.id,
                "purpose_id": self.env["crm.consent.purpose"].search([("code", "=", "profiling")]).id,
                "action": "objected",
                "source": "phone",
            }
        )
        group.action_refresh()  # his score is still there, until the night
        self.assertNotIn(self.regular, group.member_ids.partner_id)

    def test_offers_and_activities_for_a_cell(self):
        action = self.Dashboard.crm_dashboard_act({"kind": "all"}, "offers", {"user_id": self.seller.id}, "A")
        batch = self.env["crm.offer.batch"].browse(action["res_id"])
        self.assertEqual(batch.line_ids.partner_id, self.others[:3])
        action = self.Dashboard.crm_dashboard_act(
            {"kind": "all"}, "activity", {"user_id": self.seller.id}, "A"
        )
        self.assertEqual(action["res_model"], "mail.activity.schedule")
        self.assertEqual(set(action["context"]["active_ids"]), set(self.others[:3].ids))
        with self.assertRaises(UserError):
            self.Dashboard.crm_dashboard_act({"kind": "customer", "id": 0}, "offers")

    def test_profile_says_what_sets_a_segment_apart(self):
        (self.others | self.regular | self.single).country_id = self.env.ref("base.de")
        self.gone.country_id = self.env.ref("base.cz")
        score = self.Score.search([("partner_id", "=", self.gone.id), ("company_id", "=", self.company.id)])
        profile = self.Dashboard.with_user(self.reader).crm_dashboard_profile(
            {"kind": "customer", "id": score.id}
        )
        self.assertEqual((profile["customers"], profile["rest"]), (1, 42))
        rows = {row["name"]: row for row in profile["sides"][0]["rows"]}
        self.assertEqual((rows["Germany"]["share"], rows["Germany"]["rest_share"]), (0, 1))
        self.assertFalse(rows["Germany"]["is_clear"])  # of one nothing follows

    def test_period_without_purchases_and_nothing_scored_yet(self):
        self.assertTrue(self.dashboard(self.reader, months=3)["kpis"])
        empty = self.env["res.company"].create({"name": "Empty Ltd"})
        user = self.make_user("board_empty", "crm_analytics.group_crm_analytics_reader", empty)
        self.assertTrue(self.dashboard(user)["is_empty"])
        self.score(empty)
        self.assertTrue(self.dashboard(user)["is_empty"])

    def test_trend_of_scores_is_that_of_the_last_month(self):
        tiles = {tile["key"]: tile for tile in self.dashboard(self.reader)["kpis"]}
        self.assertEqual(tiles["stake"]["since"], str(self.today - timedelta(days=90)))
        self.assertIsNotNone(tiles["stake"]["trend"])
        self.assertEqual(len(tiles["stake"]["spark"]), 2)

    def test_queries_do_not_depend_on_the_number_of_customers(self):
        def count(user, **filters):
            self.env.invalidate_all()
            board = self.Dashboard.with_user(user)
            board.crm_dashboard(filters)  # rights and settings are known by then
            board.env.invalidate_all()
            before = self.env.cr.sql_log_count
            board.crm_dashboard(filters)
            return self.env.cr.sql_log_count - before

        few = [count(self.reader), count(self.seller), count(self.reader, country_id=1)]
        more = self.env["res.partner"].concat(*(self.make_customer(f"More {number}") for number in range(60)))
        more.user_id = self.seller
        self.fold()
        for number, customer in enumerate(more):
            self.bought(customer, range(number + 1, 400, 17), 20 + number)
        self.score()
        many = [count(self.reader), count(self.seller), count(self.reader, country_id=1)]
        for before, after in zip(few, many, strict=True):
            self.assertLessEqual(after, before + 2)
            self.assertLessEqual(after, QUERIES)
