import numpy as np

from odoo import api, fields, models
from odoo.fields import Domain

from odoo.addons.crm_core.models.many2one_without_key import Many2oneWithoutKey

from ..lib import btyd

WORTH_SAYING = 0.05  # what moves the chance by less explains nothing
RISKS = [("low", "Low"), ("medium", "Medium"), ("high", "High")]


class CrmAnalyticsCustomer(models.Model):
    """What the days of purchase say about one customer: scores, segment, and what to expect.

    Written by ``crm.analytics.model`` alone, each night and whole. Who objects to profiles has no row.
    """

    _name = "crm.analytics.customer"
    _description = "Customer Score"
    _order = "expected_revenue desc, id"
    _rec_name = "partner_id"
    _rec_names_search = ["partner_id"]
    _log_access = False

    company_id = Many2oneWithoutKey("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = Many2oneWithoutKey(
        "res.partner", "Customer", required=True, readonly=True, ondelete="cascade"
    )
    model_id = Many2oneWithoutKey(
        "crm.analytics.model", "Scored by", required=True, readonly=True, index=True, ondelete="cascade"
    )
    as_of = fields.Date(required=True, readonly=True)
    user_id = fields.Many2one(related="partner_id.user_id", string="Salesperson")
    country_id = fields.Many2one(related="partner_id.country_id")
    industry_id = fields.Many2one(related="partner_id.industry_id")

    # What was
    first_day = fields.Date("First Purchase", readonly=True)
    last_day = fields.Date("Last Purchase", readonly=True)
    purchase_days = fields.Integer("Days of Purchase", readonly=True)
    active_quarters = fields.Integer(
        "Quarters with a Purchase",
        readonly=True,
        aggregator="avg",
        help="Of the last four, of 91 days each, counted back from the day of scoring.",
    )
    mean_gap = fields.Float("Usual Gap (Days)", readonly=True, aggregator="avg", digits=(10, 1))
    revenue = fields.Monetary(readonly=True, help="Of all time, net of refunds.")
    revenue_12m = fields.Monetary("Revenue 12 Months", readonly=True)
    average_value = fields.Monetary("Value of a Purchase", readonly=True, aggregator="avg")
    refund_rate = fields.Float("Refunded", readonly=True, aggregator="avg")

    # Scores, 1 to 5
    recency = fields.Integer(readonly=True, aggregator="avg", help="5: bought last of all.")
    frequency = fields.Integer(readonly=True, aggregator="avg", help="5: buys most often of all.")
    monetary = fields.Integer("Money", readonly=True, aggregator="avg", help="5: brought most of all.")
    rfm = fields.Char("RFM", readonly=True)
    segment_id = Many2oneWithoutKey("crm.analytics.segment", readonly=True, ondelete="set null")
    segment_since = fields.Date(readonly=True)
    abc_class = fields.Selection(
        [("a", "A"), ("b", "B"), ("c", "C")],
        "ABC",
        readonly=True,
        help="A: the customers who make the first 80 % of the revenue of 12 months; B: the next 15 %.",
    )

    # What to expect
    p_alive = fields.Float("Still a Customer", readonly=True, aggregator="avg")
    p_no_order = fields.Float(
        "No Order in 90 Days", readonly=True, aggregator="avg", help="Whether gone or only resting."
    )
    risk = fields.Selection(RISKS, readonly=True)
    expected_orders = fields.Float("Orders Expected", readonly=True, digits=(10, 2), help="In 12 months.")
    expected_value = fields.Monetary(
        "Value of the Next Purchase", readonly=True, aggregator="avg", help="Drawn towards that of all."
    )
    expected_revenue = fields.Monetary("Revenue Expected", readonly=True, help="In 12 months.")
    lifetime_value = fields.Monetary(
        "Customer Value", readonly=True, help="Discounted margin of the orders of the next 36 months."
    )
    money_at_stake = fields.Monetary(
        readonly=True, help="Revenue of 12 months times the chance that nothing comes in 90 days."
    )
    next_day = fields.Date("Next Purchase Expected", readonly=True)
    is_reliable = fields.Boolean(
        "Enough to Learn from",
        readonly=True,
        help="Whether the company has customers and history enough to learn more than a guess from.",
    )
    why = fields.Text(compute="_compute_why")

    _company_partner_uniq = models.UniqueIndex("(partner_id, company_id)")
    _company_segment_idx = models.Index("(company_id, segment_id)")
    # Amounts differ, companies hardly do: so these are made in half of the time, and order several companies.
    _company_value_idx = models.Index("(expected_revenue DESC, company_id)")
    _company_stake_idx = models.Index("(money_at_stake DESC, company_id)")

    @api.depends("p_alive", "last_day", "model_id")
    def _compute_why(self):
        for model, customers in self.grouped("model_id").items():
            parameters, typical = model._get_parameters(), model.typical
            histories = [customer._get_history() for customer in customers]
            reasons = [""] * len(customers)
            if parameters and typical:
                reasons = self._say_reasons(
                    *btyd.alive_if_typical(parameters, tuple(zip(*histories, strict=True)), typical)
                )
            doubts = model._get_doubts()
            for customer, reason in zip(customers, reasons, strict=True):
                said = (customer._say_history(), reason, "" if customer.is_reliable else doubts)
                customer.why = " ".join(filter(None, said))

    def _say_history(self):
        """What the customer did, in words."""
        self.ensure_one()
        silent = (self.as_of - self.last_day).days
        if self.purchase_days < 2:
            return self.env._("One purchase, %s days ago.", silent)
        return self.env._(
            "%(count)s purchases, usually every %(gap)s days; %(silent)s days since the last.",
            count=self.purchase_days,
            gap=round(self.mean_gap),
            silent=silent,
        )

    @api.model
    def _say_reasons(self, alive, if_typical):
        """Still a customer? And which of what he did moved that most, in words; one text for each.

        :param alive: array (n,), :param dict if_typical: see :func:`..lib.btyd_score.alive_if_typical`
        """
        names, words = list(if_typical), self._get_input_names()
        cases = np.column_stack([if_typical[name] for name in names])
        most = np.abs(cases - alive[:, None]).argmax(axis=1)
        said = []
        for chance, others, which in zip(alive.tolist(), cases.tolist(), most.tolist(), strict=True):
            text = self.env._("Still a customer: %s %%.", round(100 * chance))
            if abs(chance - others[which]) >= WORTH_SAYING:
                text += " " + self.env._(
                    "With a usual %(input)s it would be %(other)s %%.",
                    input=words[names[which]],
                    other=round(100 * others[which]),
                )
            said.append(text)
        return said

    @api.model
    def _get_input_names(self):
        return {
            "orders": self.env._("number of purchases"),
            "silence": self.env._("time since the last purchase"),
            "age": self.env._("time as a customer"),
        }

    def _get_history(self):
        """(repeat purchases, days from first to last, days from first to the day of scoring)."""
        self.ensure_one()
        first = self.first_day
        return self.purchase_days - 1, (self.last_day - first).days, (self.as_of - first).days

    def _get_peers(self, limit):
        """Customers of the same segment with the closest revenue of 12 months, of those the reader sees.

        :rtype: crm.analytics.customer
        """
        self.ensure_one()
        alike = Domain("company_id", "=", self.company_id.id) & Domain("segment_id", "=", self.segment_id.id)
        others = alike & Domain("id", "!=", self.id)
        above = self.search(
            others & Domain("revenue_12m", ">=", self.revenue_12m), order="revenue_12m", limit=limit
        )
        below = self.search(
            others & Domain("revenue_12m", "<", self.revenue_12m), order="revenue_12m desc", limit=limit
        )
        return (above | below).sorted(lambda peer: abs(peer.revenue_12m - self.revenue_12m))[:limit]

    def action_open_overview(self):
        """Open the customer's 360 screen."""
        self.ensure_one()
        return self.partner_id.action_crm_overview()

    def action_prepare_offers(self):
        """Start a selection for offers with these customers."""
        return self.env["crm.customer.stat"]._action_prepare_offers(self.partner_id)
