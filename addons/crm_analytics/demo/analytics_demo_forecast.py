import random
from datetime import datetime, time, timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL

from odoo.addons.crm_core.demo import story_data

SEED = 1999
WEEKS = 30  # of the pipeline kept before today
FORECASTS = (182, 154, 126, 98, 70, 42, 14, 0)  # days ago
LOST = (
    "Office move",
    "Second supplier",
    "Print service",
    "Tender of the district",
    "New branch",
    "Coffee corner",
)
# Name, customer, amount, probability, due in days, weeks known, (weeks ago, what was said then)
OPEN = (
    ("Frame contract paper", "Kestrel Group", 9500, 70, 25, 11, {8: (7000, 30, 5), 3: (9500, 50, 15)}),
    ("Fit-out of the new office", "Pixelforge Studios", 6800, 85, 12, 9, {6: (6800, 40, -20)}),
    ("Toner for all branches", "Tidewater Insurance", 4600, 45, 55, 7, {4: (5900, 45, 55)}),
    ("Archive boxes", "Harbor & Hale Law Offices", 2400, 20, 80, 5, {3: (2400, 20, 40)}),
    ("Breakroom", "Old Mill Hotel", 3100, 55, 40, 2, {}),
    ("Yearly service", "Kestrel Group", 4200, 30, 120, 10, {}),
    ("Whiteboards", "Pixelforge Studios", 1900, 90, 6, 1, {}),
    ("Paper for the season", "Tidewater Insurance", 3600, 35, 150, 13, {}),
)


class CrmAnalyticsDemoStory(models.AbstractModel):
    """The wholesaler's deals, what was said of them week by week, and forecasts of half a year."""

    _inherit = "crm.analytics.demo.story"

    @api.model
    def _tell_forecast(self):
        chance = random.Random(SEED)
        self = self.with_context(tracking_disable=True, mail_create_nosubscribe=True)  # noqa: PLW0642
        company = self.env.ref("base.main_company")
        won = self._win_orders(chance, company)
        lost = self._lose_deals(chance, won)
        self._keep_weeks(chance, company, won + lost)
        self._keep_open_deals(company)
        for days in FORECASTS:
            forecast = self.env["crm.analytics.forecast"]._forecast(
                company, as_of=company._crm_today() - timedelta(days=days)
            )
        self.env["crm.analytics.pipeline.snapshot"]._take(company)
        line = forecast.line_ids.filtered(lambda line: line.dimension == "company" and line.ahead == 1)
        line.crm_adjust(round(1.1 * line.expected, -2), "The trade fair of the month is not in the history")

    def _win_orders(self, chance, company):
        """The larger fifth of the orders came from deals; :return: [(lead, created, due, closed)]."""
        orders = self.env["sale.order"].search(
            [("company_id", "=", company.id), ("state", "=", "sale"), ("opportunity_id", "=", False)]
        )
        orders = orders.sorted("amount_untaxed", reverse=True)[: len(orders) // 5]
        deals = []
        for order in orders.sorted("date_order"):
            closed = order.date_order.date()
            created = closed - timedelta(days=chance.randint(20, 120))
            due = closed - timedelta(days=chance.choice((0, 0, 10, 25, 40)))
            deals.append((order, created, max(due, created), closed))
        leads = self._create_deals(
            [
                {
                    "name": f"Larger order {order.partner_id.name}",
                    "partner_id": order.partner_id.id,
                    "user_id": order.user_id.id,
                    "team_id": order.team_id.id,
                    "expected_revenue": round(
                        order.amount_untaxed / order.currency_rate * chance.uniform(0.9, 1.2), -1
                    ),
                    "date_deadline": due,
                }
                for order, _created, due, _closed in deals
            ]
        )
        for lead, (order, *_days) in zip(leads, deals, strict=True):
            order.opportunity_id = lead
        leads.action_set_won()
        self.env.flush_all()
        for order, created, *_rest in deals:
            quoted = datetime.combine(created, time(chance.randint(9, 16))) + timedelta(
                hours=chance.choice((2, 3, 5, 20, 26, 70))
            )
            self.env.cr.execute(SQL("UPDATE sale_order SET create_date = %s WHERE id = %s", quoted, order.id))
        orders.invalidate_recordset(["create_date"])
        return self._date_back([(lead, *days) for lead, (_order, *days) in zip(leads, deals, strict=True)])

    def _lose_deals(self, chance, won):
        """For each deal won about one and a half are lost."""
        models_ = [chance.choice(won) for _number in range(len(won) * 3 // 2)]
        values, days = [], []
        for lead, created, due, closed in models_:
            shift = timedelta(days=chance.randint(-40, 20))
            today = lead.company_id._crm_today() if lead.company_id else closed
            days.append((created + shift, due + shift, min(closed + shift, today)))
            values.append(
                {
                    "name": f"{chance.choice(LOST)} {lead.partner_id.name}",
                    "partner_id": lead.partner_id.id,
                    "user_id": lead.user_id.id,
                    "team_id": lead.team_id.id,
                    "expected_revenue": round(lead.expected_revenue * chance.uniform(0.5, 1.6), -1),
                    "date_deadline": due + shift,
                }
            )
        leads = self._create_deals(values)
        leads.action_set_lost()
        return self._date_back([(lead, *days_) for lead, days_ in zip(leads, days, strict=True)])

    def _create_deals(self, vals_list):
        company = self.env.ref("base.main_company")
        return self.env["crm.lead"].create(
            [{"type": "opportunity", "company_id": company.id, **vals} for vals in vals_list]
        )

    def _date_back(self, deals):
        """Written past the ORM: when a record was made is nobody's to choose."""
        self.env.flush_all()
        for lead, created, _due, closed in deals:
            self.env.cr.execute(
                SQL(
                    "UPDATE crm_lead SET create_date = %s, date_conversion = %s, date_closed = %s"
                    " WHERE id = %s",
                    created,
                    created,
                    closed,
                    lead.id,
                )
            )
        self.env["crm.lead"].invalidate_model()
        return deals

    def _keep_weeks(self, chance, company, deals):
        """What was said of the deals, too hopeful as people are, in the weeks they were open."""
        Snapshot = self.env["crm.analytics.pipeline.snapshot"]
        monday = Snapshot._get_week(company._crm_today())
        rows = []
        for lead, created, due, closed in deals:
            hope = chance.uniform(45, 80) if lead.won_status == "won" else chance.uniform(20, 60)
            for number in range(1, WEEKS):
                day = monday - timedelta(weeks=number)
                if created <= day < closed:
                    rows.append(self._prepare_snapshot(lead, day, lead.expected_revenue, hope, due))
        Snapshot.create(rows)

    def _prepare_snapshot(self, lead, day, amount, probability, due):
        return {
            "company_id": lead.company_id.id,
            "date": day,
            "lead_id": lead.id,
            "team_id": lead.team_id.id,
            "user_id": lead.user_id.id,
            "stage_id": lead.stage_id.id,
            "expected_revenue": amount,
            "probability": probability,
            "date_deadline": due,
            "category": "best_case" if probability >= 50 else "pipeline",
        }

    def _keep_open_deals(self, company):
        """Deals that are open today, and what was said of them before."""
        today = company._crm_today()
        Snapshot = self.env["crm.analytics.pipeline.snapshot"]
        rows = []
        for name, customer, amount, probability, due, weeks, said in OPEN:
            partner = self.env["res.partner"].search([("name", "=", customer)], limit=1)
            lead = self._create_deals(
                [
                    {
                        "name": name,
                        "partner_id": partner.id,
                        "user_id": partner.user_id.id,
                        "expected_revenue": amount,
                        "probability": probability,
                        "date_deadline": today + timedelta(days=due),
                    }
                ]
            )
            self._date_back([(lead, today - timedelta(weeks=weeks, days=2), None, None)])
            state = (amount, probability, due)
            for number in range(weeks, 0, -1):
                state = next(
                    (said[week] for week in sorted(said) if week >= number), (amount, probability, due)
                )
                then, chance, days = state
                day = Snapshot._get_week(today) - timedelta(weeks=number)
                rows.append(self._prepare_snapshot(lead, day, then, chance, today + timedelta(days=days)))
        Snapshot.create(rows)
        self._omit_others(company, today)

    def _omit_others(self, company, today):
        """Deals of other stories: those of the wholesaler get a date, the others are none of his business."""
        Snapshot = self.env["crm.analytics.pipeline.snapshot"]
        names = {name for name, *_rest in OPEN}
        others = self.env["crm.lead"].search(
            [("type", "=", "opportunity"), ("won_status", "=", "pending"), ("name", "not in", list(names))]
        )
        customers = {*story_data.CUSTOMERS, *story_data.GROUP, *story_data.PROSPECTS}
        own = others.filtered(lambda lead: lead.partner_id.commercial_partner_id.name in customers)
        for number, lead in enumerate(own):
            lead.write(
                {
                    "date_deadline": today + relativedelta(months=1 + number % 5, days=9),
                    "probability": (10, 15, 30, 20, 25)[number % 5],
                }
            )
        foreign = others - own
        foreign.crm_forecast_category = "omitted"
        Snapshot.create(
            [
                {
                    **self._prepare_snapshot(
                        lead,
                        Snapshot._get_week(today) - timedelta(weeks=number),
                        lead.expected_revenue,
                        lead.probability,
                        lead.date_deadline,
                    ),
                    "company_id": company.id,
                    "category": "omitted",
                }
                for lead in foreign
                for number in range(1, WEEKS)
            ]
        )
