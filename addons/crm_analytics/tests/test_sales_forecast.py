from datetime import date, timedelta
from unittest.mock import patch

import numpy as np
from dateutil.relativedelta import relativedelta

from odoo.fields import Domain
from odoo.tests import Form, freeze_time, tagged

from ..lib import pipeline
from ..models.crm_analytics_forecast_make import Ground
from .common import AnalyticsCommon
from .forecast_common import ForecastCommon


@tagged("post_install", "-at_install")
class TestSalesForecast(ForecastCommon):
    """History, open deals and deals to come, in one sum without anything twice."""

    # Facts ------------------------------------------------------------------

    def test_sales_are_told_apart_by_their_deal(self):
        lead = self.deal(closed=1)
        self.order(
            self.customer, [(self.paper, 10)], days_ago=1, opportunity_id=lead.id, team_id=self.team.id
        )
        self.order(self.customer, [(self.toner, 1)], days_ago=1, team_id=self.team.id)
        self.quote(self.customer, [(self.toner, 50)])
        self.Sales._refresh(self.company)
        rows = self.Sales.search([("company_id", "=", self.company.id)])
        self.assertEqual(
            sorted(rows.mapped(lambda row: (row.from_deal, row.amount))), [(False, 90), (True, 300)]
        )
        self.assertEqual(rows.team_id, self.team)
        self.assertEqual(rows.categ_id, self.paper.categ_id | self.toner.categ_id)
        before = rows.ids
        self.Sales._refresh(self.company)
        again = self.Sales.search([("company_id", "=", self.company.id)])
        self.assertNotEqual(before, again.ids)
        self.assertEqual(sum(again.mapped("amount")), 390)

    def test_t20_currency_by_the_day_of_the_order(self):
        other = self.env["res.currency"].create({"name": "XTS", "symbol": "T", "rounding": 0.01})
        rate = self.env["res.currency.rate"].create(
            {
                "currency_id": other.id,
                "name": self.today - timedelta(days=3),
                "rate": 1.08,
                "company_id": self.company.id,
            }
        )
        pricelist = self.env["product.pricelist"].create({"name": "T", "currency_id": other.id})
        product = self.make_product("Imported", 108.0)
        self.order(self.customer, [(product, 1, {"price_unit": 108})], days_ago=1, pricelist_id=pricelist.id)
        self.env.flush_all()
        rate.rate = 2
        self.Sales._refresh(self.company)
        self.assertAlmostEqual(
            sum(self.Sales.search([("company_id", "=", self.company.id)]).mapped("amount")), 100
        )

    def test_imported_sales_are_history_as_well(self):
        self.env["crm.past.sale"].create(
            {
                "company_id": self.company.id,
                "partner_id": self.contact.id,
                "date": self.today - timedelta(days=70),
                "reference": "OLD-1",
                "product_id": self.paper.id,
                "quantity": 4,
                "amount": 110,
            }
        )
        self.company.invalidate_recordset()
        self.Sales._refresh(self.company)
        row = self.Sales.search([("company_id", "=", self.company.id)])
        self.assertEqual((row.amount, row.categ_id, row.from_deal), (110, self.paper.categ_id, False))

    def test_companies_of_ours_are_no_customers(self):
        self.order(
            self.env["res.company"].create({"name": "Sister"}).partner_id, [(self.paper, 1)], days_ago=1
        )
        self.Sales._refresh(self.company)
        self.assertFalse(self.Sales.search([("company_id", "=", self.company.id)]))

    # Parts -------------------------------------------------------------------

    def test_t21_order_and_lead_are_counted_once(self):
        """An order from a won lead is in the sales alone; of an open lead, what is ordered already is off."""
        self.sold(range(1, 30), 0.01)
        won = self.deal("Won", closed=2)
        self.order(self.customer, [(self.paper, 10)], days_ago=0, opportunity_id=won.id)
        partly = self.deal("Partly ordered", amount=1000)
        self.order(self.customer, [(self.paper, 10)], days_ago=0, opportunity_id=partly.id)
        forecast = self.Forecast._forecast(self.company)
        first, *rest = self.months(forecast)
        self.assertAlmostEqual(first.booked, 600)
        open_part = sum(line.pipeline for line in (first, *rest))
        share, chance = forecast.order_share, 0.4
        self.assertAlmostEqual(open_part, (1000 - 300) * chance * share, delta=1)
        self.assertAlmostEqual(
            first.expected, first.booked + first.history + first.pipeline + first.future, 1
        )
        self.assertLess(first.history, 1, "the order of a deal is no usual sale")

    @freeze_time("2026-03-01 12:00:00")
    def test_t21_half_slips_to_the_next_month(self):
        """1,000 at 40 % due this month, half of the deals slip by one: 200 this month, 200 the next."""
        day = date(2026, 3, 1)
        due = {"date_deadline": day.replace(day=28)}
        self.deal("Open", amount=1000, created=(self.today - day).days, **due)
        parts = self.env["crm.analytics.forecast"]
        deals = parts._get_deals(self.company, day)
        learned = parts._learn(self.company, day, deals)
        learned.slip = pipeline.Slip("ok", np.array([0, 1]), np.array([0.5, 0.5]), 40)
        ground = Ground(self.company, day, parts._get_sales(self.company, day), deals)
        series = ground.series()
        found = parts._get_company_parts(ground, learned, ground.carry_on(series[0]), series)
        sure, plain = parts._get_open_part(found)
        self.assertEqual([round(value) for value in sure.mean[:3]], [200, 200, 0])
        self.assertEqual(round(plain[0]), 400)

    def test_t17_running_month_is_completed_not_taken_as_whole(self):
        """Ten of thirty-one days into a month, what is sold so far is a part of it and no collapse."""
        day = date(2026, 10, 11)
        with freeze_time("2026-10-11 12:00:00"):
            month = day.replace(day=1)
            self.Sales.create(
                [
                    {
                        "company_id": self.company.id,
                        "month": month - relativedelta(months=number),
                        "amount": amount,
                    }
                    for number, amount in [(0, 3226), *((number, 10000) for number in range(1, 40))]
                ]
            )
            lines = self.months(self.make(day))
        self.assertAlmostEqual(lines[0].booked, 3226)
        self.assertAlmostEqual(lines[0].expected, 10000, delta=500)
        for line in lines:
            self.assertAlmostEqual(line.expected, 10000, delta=500)
            self.assertTrue(line.low <= line.expected <= line.high)

    def test_members_sum_up_to_the_company(self):
        other = self.env["crm.team"].create({"name": "Forecast South", "company_id": self.company.id})
        france, texas = self.env.ref("base.fr"), self.env.ref("base.state_us_44")
        american = {"country_id": texas.country_id.id, "state_id": texas.id}
        for number in range(40):
            self.sold(
                [number], 1000 + 10 * (number % 12), team_id=self.team.id, user_id=self.env.uid, **american
            )
            self.sold([number], 3000 - 20 * (number % 12), team_id=other.id, categ_id=self.paper.categ_id.id)
            self.sold([number], 200, from_deal=True, team_id=other.id, country_id=france.id)
        for number in range(30):
            self.deal(f"Closed {number}", created=310 - 10 * number, closed=5, won=number % 2 == 0)
        self.deal("Open", team_id=other.id, country_id=france.id)
        self.deal("Open in Texas", **american)
        quoted = self.deal("Quoted")
        self.quote(self.customer, [(self.paper, 3)], opportunity_id=quoted.id)
        forecast = self.make()
        whole = self.months(forecast)
        for dimension in self.Forecast._get_dimensions():
            lines = self.Line.search([("forecast_id", "=", forecast.id), ("dimension", "=", dimension)])
            for name in ("booked", "history", "pipeline", "future", "expected", "plain", "last_year"):
                for month in whole:
                    parts = lines.filtered(lambda line, month=month: line.month == month.month)
                    self.assertAlmostEqual(
                        sum(parts.mapped(name)), month[name], delta=1, msg=f"{dimension} {name}"
                    )
        self.assertGreater(sum(whole.mapped("future")), 0)
        self.assertGreater(sum(whole.mapped("pipeline")), 0)

    def test_omitted_deals_are_left_out(self):
        lead = self.deal()
        self.assertGreater(sum(self.months(self.make()).mapped("pipeline")), 0)
        self.Forecast.search([("company_id", "=", self.company.id)]).unlink()
        lead.crm_forecast_category = "omitted"
        self.assertEqual(sum(self.months(self.make()).mapped("pipeline")), 0)

    def test_unlinked_orders_keep_the_pipeline_small(self):
        """Who links no order to what was won has it among the usual sales: deals add little to them."""
        for number in range(30):
            self.deal(f"Won {number}", created=200, closed=100 - number)
        self.deal("Open")
        forecast = self.make()
        self.assertLess(forecast.order_share, 0.2)
        self.assertIn("counted among the usual sales", forecast.weakness)

    def test_deal_without_a_day_takes_as_long_as_others(self):
        for number in range(40):
            day = self.at(110 + number).date()
            self.deal(f"Won {number}", created=200 + number, closed=110 + number, date_deadline=day)
        self.deal("No day", amount=9000, created=0, date_deadline=False)
        lines = self.months(self.make())
        self.assertEqual(max(lines, key=lambda line: line.pipeline).ahead, 2)

    def test_chances_are_learned_from_what_was_said(self):
        """Deals said to be at 80 % of which one in five was won count for much less."""
        for number in range(80):
            won = number % 5 == 0
            lead = self.deal(f"Closed {number}", created=500, closed=400, won=won)
            self.seen(lead, 450, 80)
            if won:
                self.order(self.customer, [(self.paper, 100 / 3)], days_ago=400, opportunity_id=lead.id)
        self.deal("Open", amount=1000, probability=80.0)
        forecast = self.make()
        self.assertEqual(forecast.calibration_count, 80)
        self.assertNotEqual(forecast.calibration, "none")
        total = sum(self.months(forecast).mapped("pipeline"))
        self.assertTrue(130 < total < 350, total)
        self.assertAlmostEqual(sum(self.months(forecast).mapped("plain")), 800, delta=1)

    def test_nothing_at_all_gives_a_forecast_of_nothing(self):
        forecast = self.Forecast._forecast(self.company)
        self.assertEqual(forecast.status, "empty")
        self.assertEqual(set(self.months(forecast).mapped("expected")), {0.0})

    def test_open_then_though_closed_since(self):
        """A forecast of a day that is over takes a deal as it was said to be then."""
        lead = self.deal("Won since", amount=2000, created=90, closed=10)
        self.seen(lead, 60, 50, amount=800, date_deadline=self.today - timedelta(days=20))
        deals = self.Forecast._get_deals(self.company, self.today - timedelta(days=40))
        self.assertEqual(deals["outcome"].tolist(), [0])
        self.assertEqual((deals["probability"][0], deals["amount"][0]), (0.5, 800))
        self.assertFalse(len(self.Forecast._get_deals(self.company, self.today - timedelta(days=100))["id"]))

    # Over time ------------------------------------------------------------------

    def test_first_of_each_week_stays_and_the_newest(self):
        monday = self.today - timedelta(days=self.today.weekday() + 14)
        for number in range(9):
            self.Forecast._forecast(self.company, as_of=monday + timedelta(days=number))
        days = self.Forecast.search([("company_id", "=", self.company.id)]).mapped("as_of")
        self.assertEqual(
            [(day - monday).days for day in days], [8, 7, 0], "Tuesday as the newest, and two Mondays"
        )
        self.Forecast._forecast(self.company, as_of=monday + timedelta(days=8))
        self.assertEqual(self.Forecast.search_count([("company_id", "=", self.company.id)]), 3)

    def test_what_came_is_put_beside_it(self):
        as_of = self.month - relativedelta(months=2)
        self.order(self.customer, [(self.paper, 10)], days_ago=(self.today - as_of).days - 3)
        forecast = self.Forecast._forecast(self.company, as_of=as_of)
        lines = self.months(forecast)
        self.assertEqual(lines.mapped("is_over"), [True, True] + [False] * 10)
        self.assertEqual(lines[0].booked, 0, "what was sold later was not known then")
        self.assertAlmostEqual(lines[0].actual, 300)
        self.assertAlmostEqual(lines[0].error, lines[0].expected - 300)
        (found,) = [row for row in self.Line._get_accuracy(self.company, "company", 0) if row["ahead"] == 0]
        self.assertEqual(found["count"], 1)
        self.assertAlmostEqual(found["forecast"]["wape"], abs(lines[0].error) / 300)
        self.assertAlmostEqual(found["naive"]["bias"], -1)

    def test_snapshot_once_a_week(self):
        lead = self.deal()
        self.deal("Closed", closed=2)
        self.assertEqual(self.Snapshot._take(self.company), 1)
        self.deal("Later")
        self.assertEqual(self.Snapshot._take(self.company), 0)
        (row,) = self.Snapshot.search([("company_id", "=", self.company.id)])
        self.assertEqual((row.lead_id, row.expected_revenue, row.probability), (lead, 1000, 40))
        self.assertEqual(row.date.weekday(), 0)

    def test_deleted_opportunity_leaves_its_snapshot(self):
        lead = self.deal()
        row = self.seen(lead, 7, 40)
        lead.unlink()
        self.env.invalidate_all()
        self.assertTrue(row.exists())
        self.assertFalse(row.lead_id)

    def test_jobs_work_for_each_company_though_one_fails(self):
        """Forecasts, snapshots, baskets and campaigns of the others are made when one company's fail."""
        broken = self.env["res.company"].create({"name": "Broken Ltd"})
        self.deal()
        campaign = self.env["utm.campaign"].create(
            {"title": "Planned", "company_id": self.company.id, "crm_date_start": self.today}
        )
        for model, job, work in (
            ("crm.analytics.forecast", "_cron_forecast", "_forecast"),
            ("crm.analytics.pipeline.snapshot", "_cron_take", "_take"),
            ("crm.analytics.basket", "_cron_look", "_look"),
            ("crm.analytics.campaign", "_cron_count", "_refresh"),
        ):
            Model = self.env[model]
            done = getattr(type(Model), work)

            def fail(records, company, *args, done=done):
                if company == broken:
                    raise ValueError("something")
                return done(records, company, *args)

            with (
                patch.object(type(Model), work, fail),
                # The transaction of a test is not committed.
                patch.object(type(self.env["ir.cron"]), "_commit_progress", lambda *_args, **_options: 1),
                self.assertLogs("odoo.addons.crm_analytics.models.res_company", "ERROR"),
            ):
                getattr(Model, job)()
            self.assertTrue(Model.search([("company_id", "=", self.company.id)]), model)
            self.assertFalse(Model.search([("company_id", "=", broken.id)]), model)
        self.assertEqual(
            self.env["crm.analytics.campaign"].search([("campaign_id", "=", campaign.id)]).reach, 0
        )

    # Categories --------------------------------------------------------------------

    def test_category_goes_by_the_probability_until_chosen(self):
        lead = self.deal(probability=85.0)
        self.assertEqual(lead.crm_forecast_category, "committed")
        lead.probability = 50
        self.assertEqual(lead.crm_forecast_category, "best_case")
        with Form(lead, "crm.crm_lead_view_form") as form:
            form.crm_forecast_category = "omitted"
        lead.probability = 90
        self.assertEqual(lead.crm_forecast_category, "omitted")
        lead.crm_forecast_category = False
        self.assertEqual(lead.crm_forecast_category, "committed")
        lead.crm_forecast_category = "omitted"
        self.assertNotEqual(lead.copy().crm_forecast_category, "omitted")


@tagged("post_install", "-at_install")
class TestSalesInvoiced(AnalyticsCommon):
    """A company that counts invoices."""

    def test_invoice_belongs_to_the_deal_of_its_order(self):
        self.company.crm_analytics_source = "invoices"
        team = self.env["crm.team"].create({"name": "Forecast Invoices"})
        lead = self.env["crm.lead"].create({"name": "Won", "type": "opportunity", "team_id": team.id})
        order = self.order(
            self.customer, [(self.paper, 10)], days_ago=5, opportunity_id=lead.id, team_id=team.id
        )
        self.deliver(order, days_ago=4)
        invoice = self.invoice(order, days_ago=3)
        self.refund(invoice, days_ago=2, quantity=2)
        direct = self.bill(self.customer, self.toner, 90, team_id=team.id)
        self.assertEqual(direct.team_id, team)
        self.order(self.customer, [(self.paper, 99)], team_id=team.id)
        Sales = self.env["crm.analytics.sales"]
        Sales._refresh(self.company)
        sums = dict(Sales._read_group([("team_id", "=", team.id)], ["from_deal"], ["amount:sum"]))
        self.assertEqual(sums, {True: 240, False: 90})
        self.customer.country_id = self.env.ref("base.fr")
        Sales._refresh(self.company)
        self.assertEqual(Sales.search([("team_id", "=", team.id)]).country_id, self.customer.country_id)
        action = self.env["crm.analytics.forecast"].crm_forecast_records(
            "history", "country", self.customer.country_id.id
        )
        own = Domain(action["domain"]) & Domain("partner_id", "=", self.customer.id)
        self.assertEqual(self.env["account.move"].search(own), direct)
