from datetime import timedelta
from unittest.mock import patch

from dateutil.relativedelta import relativedelta
from psycopg2.errors import UniqueViolation

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from .forecast_common import ForecastCommon


@tagged("post_install", "-at_install")
class TestForecastScreen(ForecastCommon):
    """What each role sees of a forecast, what it may do, and what is told of it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        own = {"company_id": cls.company.id, "company_ids": [(6, 0, cls.company.ids)]}
        salesman = "sales_team.group_sale_salesman"
        cls.seller = new_test_user(cls.env, "fc.seller", salesman, **own)
        cls.leader = new_test_user(cls.env, "fc.leader", salesman, **own)
        cls.reader = new_test_user(cls.env, "fc.reader", "crm_analytics.group_crm_analytics_reader", **own)
        cls.manager = new_test_user(cls.env, "fc.manager", "crm_analytics.group_crm_analytics_manager", **own)
        cls.team.user_id = cls.leader
        cls.env["crm.team.member"].create({"crm_team_id": cls.team.id, "user_id": cls.seller.id})
        cls.other = new_test_user(cls.env, "fc.other", salesman, **own)
        for number in range(30):
            cls.sold(
                [number], 1000, team_id=cls.team.id, user_id=cls.seller.id, categ_id=cls.paper.categ_id.id
            )
            cls.sold([number], 500, user_id=cls.other.id)
        cls.lead = cls.deal("Raised", amount=1500, user_id=cls.seller.id)
        cls.deal("New", amount=300, created=1, user_id=cls.seller.id)
        with patch.object(type(cls.Sales), "_refresh"):  # sales are those above
            cls.forecast = cls.Forecast._forecast(cls.company)
        cls.env.flush_all()

    def screen(self, user, **values):
        return self.Forecast.with_user(user).with_company(self.company).crm_forecast(**values)

    def line(self, ahead=1, dimension="company", member=0):
        return self.months(self.forecast, dimension, member)[ahead]

    # Who sees what ---------------------------------------------------------------

    def test_seller_sees_his_own(self):
        found = self.screen(self.seller)
        self.assertEqual(
            [(row["dimension"], row["member_id"]) for row in found["choices"]], [("user", self.seller.id)]
        )
        self.assertEqual(found["chosen"]["name"], self.seller.name)
        self.assertFalse(found["may_adjust"])
        with self.assertRaises(AccessError):
            self.screen(self.seller, dimension="company")
        with self.assertRaises(AccessError):
            self.screen(self.seller, dimension="user", member_id=self.other.id)

    def test_leader_sees_his_team_and_its_people(self):
        found = {(row["dimension"], row["member_id"]) for row in self.screen(self.leader)["choices"]}
        self.assertEqual(found, {("team", self.team.id), ("user", self.seller.id)})

    def test_reader_sees_all_and_adjusts_nothing(self):
        found = self.screen(self.reader)
        self.assertEqual(found["chosen"]["dimension"], "company")
        kinds = {row["dimension"] for row in found["choices"]}
        self.assertEqual(kinds, {"company", "team", "user", "category"}, "no customer has an address")
        with self.assertRaises(AccessError):
            self.line().with_user(self.reader).crm_adjust(5, "No")
        with self.assertRaises(AccessError):
            self.Forecast.with_user(self.reader).crm_forecast_now()

    def test_no_customer_of_the_portal_sees_any(self):
        portal = new_test_user(self.env, "fc.portal", "base.group_portal")
        for model in (self.Forecast, self.Line, self.Snapshot, self.Sales):
            with self.assertRaises(AccessError):
                model.with_user(portal).search([])
        with self.assertRaises(AccessError):
            self.env["crm.analytics.forecast.adjustment"].with_user(portal).search([])

    def test_t23_another_company_sees_none(self):
        company = self.env["res.company"].create({"name": "Elsewhere"})
        user = new_test_user(
            self.env,
            "fc.elsewhere",
            "crm_analytics.group_crm_analytics_manager",
            company_id=company.id,
            company_ids=[(6, 0, company.ids)],
        )
        self.seen(self.lead, 7, 40)
        self.line().with_user(self.manager).crm_adjust(5, "Here")
        for model in (self.Forecast, self.Line, self.Snapshot, self.Sales):
            own = [("company_id", "=", self.company.id)]
            self.assertFalse(model.with_user(user).with_context(allowed_company_ids=company.ids).search(own))
        adjustments = self.env["crm.analytics.forecast.adjustment"].with_user(user)
        self.assertFalse(adjustments.with_context(allowed_company_ids=company.ids).search([]))
        found = self.Forecast.with_user(user).with_context(allowed_company_ids=company.ids).crm_forecast()
        self.assertTrue(found["is_empty"])

    def test_nobody_writes_what_is_computed(self):
        for model in (self.Forecast, self.Line, self.Snapshot, self.Sales):
            for right in ("create", "write", "unlink"):
                self.assertFalse(model.with_user(self.manager).has_access(right), f"{model} {right}")
        adjustment = self.env["crm.analytics.forecast.adjustment"].with_user(self.manager)
        self.assertFalse(adjustment.has_access("create"))

    # What is told ------------------------------------------------------------------

    def test_screen_tells_parts_and_their_sum(self):
        found = self.screen(self.reader)
        self.assertEqual(len(found["months"]), 12)
        for month in found["months"]:
            parts = sum(month[name] for name in ("booked", "history", "pipeline", "future"))
            self.assertAlmostEqual(parts, month["expected"], 1)
        self.assertEqual([row["direct"] for row in found["past"]], [1500] * 6)
        self.assertTrue(found["made"]["weakness"])
        said = next(row for row in found["categories"] if row["key"] == "pipeline")
        self.assertEqual((said["cells"][0]["amount"], said["cells"][0]["count"]), (1800, 2))
        action = self.Forecast.crm_forecast_category_leads("pipeline", [0], "company")
        self.assertEqual(len(self.env["crm.lead"].search(action["domain"])), 2)
        action = self.Forecast.crm_forecast_category_leads("committed", [0, 1, 2], "company")
        self.assertFalse(self.env["crm.lead"].search(action["domain"]))
        self.assertFalse(
            self.screen(self.reader, dimension="category", member_id=self.paper.categ_id.id)["changes"]
        )

    def test_targets_of_another_addon_stand_beside(self):
        def targets(_self, company, chosen, months):
            return {months[2]: 7000.0} if chosen["dimension"] == "team" else {}

        self.assertEqual({row["target"] for row in self.screen(self.leader)["months"]}, {None})
        with patch.object(type(self.Forecast), "_get_targets", targets):
            rows = self.screen(self.leader, dimension="team", member_id=self.team.id)["months"]
        self.assertEqual([row["target"] for row in rows[:4]], [None, None, 7000, None])

    def test_what_changed_since_reconciles(self):
        self.seen(
            self.lead, 21, 40, amount=1000, date_deadline=self.lead.date_deadline - relativedelta(months=2)
        )
        for name, closed, won in (("Won", 3, True), ("Lost", 4, False)):
            self.seen(self.deal(name, amount=200, closed=closed, won=won, user_id=self.seller.id), 21, 40)
        self.seen(self.deal("Lowered", amount=50, user_id=self.seller.id), 21, 40, amount=80)
        archived = self.deal("Archived", amount=70, user_id=self.seller.id)
        self.seen(archived, 21, 40)
        archived.active = False
        since = str(self.Snapshot._get_week(self.today - timedelta(days=21)))
        kinds = self.screen(self.seller, since=since)["changes"]["kinds"]
        amounts = {kind: (found["count"], found["amount"]) for kind, found in kinds.items()}
        self.assertEqual(amounts["raised"], (1, 500))
        self.assertEqual(amounts["slipped"], (1, 1500))
        self.assertEqual(amounts["new"], (1, 300))
        self.assertEqual((amounts["won"], amounts["lost"]), ((1, 200), (1, 200)))
        self.assertEqual((amounts["lowered"], amounts["gone"]), ((1, 30), (1, 70)))
        money = {kind: amount for kind, (_count, amount) in amounts.items()}
        left = money["before"] + money["new"] + money["raised"]
        left -= money["won"] + money["lost"] + money["gone"] + money["lowered"]
        self.assertEqual(left, money["now"])
        with self.assertRaises(UserError):
            self.screen(self.seller, since="2001-01-01")
        Forecast = self.Forecast.with_user(self.seller)
        action = Forecast.crm_forecast_changed_leads("raised", since, "user", self.seller.id)
        self.assertEqual(self.env["crm.lead"].search(action["domain"]), self.lead)
        with self.assertRaises(AccessError):
            Forecast.crm_forecast_changed_leads("raised", since, "company")

    def test_every_figure_opens_its_records(self):
        self.order(self.customer, [(self.paper, 1)], user_id=self.seller.id)
        Forecast = self.Forecast.with_user(self.seller)
        for part in ("booked", "history", "pipeline", "future", "last_year"):
            action = Forecast.crm_forecast_records(part, "user", self.seller.id, str(self.month))
            records = self.env[action["res_model"]].with_user(self.seller).search(action["domain"])
            if part in ("booked", "history", "pipeline", "future"):
                self.assertTrue(records, part)
                self.assertEqual(records.user_id, self.seller)
        action = self.Forecast.crm_forecast_records(
            "booked", "category", self.paper.categ_id.id, str(self.month)
        )
        self.assertTrue(self.env["sale.order"].search(action["domain"]))

    def test_territories_are_where_the_customers_are(self):
        """By the company's address, whoever of it ordered; deals by their own; each opens its records."""
        texas, france = self.env.ref("base.state_us_44"), self.env.ref("base.fr")
        self.customer.write({"country_id": texas.country_id.id, "state_id": texas.id})
        self.contact.write({"type": "delivery", "country_id": france.id})
        elsewhere = self.make_customer("Alma Lyon", country_id=france.id)
        order = self.order(self.contact, [(self.paper, 2)])
        french = self.order(elsewhere, [(self.paper, 5)])
        lead = self.deal("Texan", partner_id=self.customer.id)
        self.assertEqual((lead.country_id, lead.state_id), (texas.country_id, texas))
        self.Sales._refresh(self.company)
        sums = dict(
            self.Sales._read_group([("company_id", "=", self.company.id)], ["country_id"], ["amount:sum"])
        )
        self.assertEqual(sums, {texas.country_id: 60, france: 150})
        self.Forecast._forecast(self.company)
        choices = {(row["dimension"], row["member_id"]) for row in self.screen(self.reader)["choices"]}
        wanted = {("country", texas.country_id.id), ("country", france.id), ("state", texas.id)}
        self.assertLessEqual(wanted, choices)
        for dimension, member, found in (
            ("country", texas.country_id, order),
            ("country", france, french),
            ("state", texas, order),
        ):
            month = self.screen(self.reader, dimension=dimension, member_id=member.id)["months"][0]
            self.assertEqual(month["booked"], found.amount_untaxed)
            action = self.Forecast.crm_forecast_records("booked", dimension, member.id, str(self.month))
            self.assertEqual(self.env["sale.order"].search(action["domain"]), found)
            action = self.Forecast.crm_forecast_records("pipeline", dimension, member.id)
            leads = self.env["crm.lead"].search(action["domain"])
            self.assertEqual(leads, lead if found == order else lead.browse())
        with self.assertRaises(AccessError):
            self.screen(self.seller, dimension="country", member_id=france.id)

    def test_nonsense_is_refused_in_words(self):
        for values in (
            {"part": "sales", "dimension": "company"},
            {"part": "booked", "dimension": "moon"},
            {"part": "booked", "dimension": "company", "month": "soon"},
        ):
            with self.assertRaises(UserError):
                self.Forecast.crm_forecast_records(**values)

    def test_screen_takes_few_queries_whatever_the_number_of_deals(self):
        def count():
            self.env.invalidate_all()
            self.env.flush_all()
            start = self.cr.sql_log_count
            self.screen(self.reader)
            return self.cr.sql_log_count - start

        count()
        before = count()
        for number in range(20):
            self.seen(self.deal(f"Deal {number}", user_id=self.seller.id), 14, 40)
        self.env.flush_all()
        self.assertLessEqual(count(), before + 2)
        self.assertLess(before, 40)

    # Adjustments -----------------------------------------------------------------

    def test_manager_adjusts_with_reason_and_trace(self):
        line = self.line().with_user(self.manager)
        with self.assertRaises(UserError):
            line.crm_adjust(4000, "  ")
        self.assertEqual(line.crm_adjust(4000, "Trade fair"), 1)
        self.assertEqual(line.crm_adjust(5000, "Large stand", known=1), 2)
        month = self.screen(self.reader)["months"][1]
        self.assertEqual((month["adjustment"]["amount"], month["number"]), (5000, 2))
        self.assertEqual(month["adjustment"]["reason"], "Large stand")
        log = self.env["crm.analytics.forecast.adjustment"].search(
            [("company_id", "=", self.company.id)], order="number"
        )
        self.assertEqual(
            log.mapped(lambda row: (row.before, row.after)), [(line.expected, 4000), (4000, 5000)]
        )
        self.assertEqual(log.user_id, self.manager)
        with self.assertRaises(UserError):
            log[0].reason = "Nobody said so"
        with self.assertRaises(UserError):
            log[0].unlink()

    def test_withdrawn_adjustment_leaves_the_forecast_and_its_trace(self):
        line = self.line().with_user(self.manager)
        line.crm_adjust(4000, "Trade fair")
        line.crm_adjust(None, "Cancelled", known=1)
        month = self.screen(self.reader)["months"][1]
        self.assertFalse(month["adjustment"])
        self.assertEqual(month["number"], 2)

    def test_adjustment_outlives_the_forecast_it_was_made_on(self):
        self.line().with_user(self.manager).crm_adjust(4000, "Trade fair")
        with patch.object(type(self.Sales), "_refresh"):
            self.Forecast._forecast(self.company)
        self.assertEqual(self.screen(self.reader)["months"][1]["adjustment"]["amount"], 4000)

    def test_two_managers_at_once_do_not_overwrite_each_other(self):
        line = self.line().with_user(self.manager)
        line.crm_adjust(4000, "Trade fair")
        with self.assertRaisesRegex(UserError, "Trade fair"):
            line.crm_adjust(9000, "I did not see that", known=0)
        # In the very same moment, only the database notices.
        Adjustment = type(self.env["crm.analytics.forecast.adjustment"])
        with (
            patch.object(Adjustment, "_get_current", return_value={}),
            mute_logger("odoo.sql_db"),
            self.assertRaisesRegex(UserError, "just now"),
        ):
            line.crm_adjust(9000, "At once", known=0)
        self.assertEqual(self.screen(self.reader)["months"][1]["adjustment"]["amount"], 4000)

    def test_months_that_are_over_are_not_adjusted(self):
        line = self.line(0)
        line.month = self.month - relativedelta(months=1)
        with self.assertRaisesRegex(UserError, "over"):
            line.with_user(self.manager).crm_adjust(1, "Too late")

    def test_manager_forecasts_now(self):
        self.assertTrue(self.Forecast.with_user(self.manager).with_company(self.company).crm_forecast_now())
        self.assertTrue(self.Snapshot.search_count([("company_id", "=", self.company.id)]))

    def test_database_keeps_numbers_apart(self):
        self.line().with_user(self.manager).crm_adjust(4000, "Trade fair")
        row = self.env["crm.analytics.forecast.adjustment"].search([("company_id", "=", self.company.id)])
        with mute_logger("odoo.sql_db"), self.assertRaises(UniqueViolation), self.cr.savepoint():
            row.sudo().create({**row.copy_data()[0], "reason": "Twice"})
            self.env.flush_all()
