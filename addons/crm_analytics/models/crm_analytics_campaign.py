import math

from odoo import api, fields, models
from odoo.tools import format_date

from ..lib import uplift

METHODS = ("first", "last", "linear", "position")


class CrmAnalyticsCampaign(models.Model):
    """What a campaign cost and brought, and how much of it would have come anyway.

    A row for each campaign, counted each night by ``_refresh`` in a file of its own.
    """

    _name = "crm.analytics.campaign"
    _description = "Result of a Campaign"
    _order = "date_start desc nulls last, id desc"
    _rec_name = "campaign_id"
    _log_access = False

    campaign_id = fields.Many2one("utm.campaign", required=True, readonly=True, ondelete="cascade")
    company_id = fields.Many2one("res.company", required=True, readonly=True, index=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    user_id = fields.Many2one(related="campaign_id.user_id", string="Responsible")
    date_start = fields.Date("Started on", readonly=True)
    date_end = fields.Date("Counted Until", readonly=True, help="Its end and the days to respond.")
    as_of = fields.Date(required=True, readonly=True)
    is_running = fields.Boolean("Still Counting", readonly=True)

    # What went in
    cost = fields.Monetary(readonly=True)
    reach = fields.Integer("Customers Addressed", readonly=True)
    control_count = fields.Integer("Left Alone", readonly=True, help="The control group.")

    # What came
    response_count = fields.Integer(
        "Bought", readonly=True, help="Of those addressed, in the time that counts."
    )
    response_rate = fields.Float(readonly=True, aggregator="avg")
    control_rate = fields.Float("Response of the Control Group", readonly=True, aggregator="avg")
    lead_count = fields.Integer("Leads", readonly=True)
    order_count = fields.Integer("Orders", readonly=True, help="Confirmed, with the campaign on them.")
    won_count = fields.Integer("Customers Won", readonly=True, help="Whose first order it brought.")
    revenue = fields.Monetary(
        readonly=True, help="Posted invoices with the campaign on them, less credit notes."
    )
    credit_first = fields.Monetary(
        "Credit: First", readonly=True, help="All of an order to the first campaign."
    )
    credit_last = fields.Monetary("Credit: Last", readonly=True, help="All of an order to the last campaign.")
    credit_linear = fields.Monetary("Credit: Linear", readonly=True, help="To all campaigns alike.")
    credit_position = fields.Monetary(
        "Credit: Position",
        readonly=True,
        help="40 % each to the first and the last, the rest to those between.",
    )

    # Beyond what would have come anyway
    status = fields.Selection(
        [("ok", "Good"), ("insufficient", "Too few to tell"), ("empty", "No control group")],
        "Comparison",
        required=True,
        readonly=True,
        default="empty",
    )
    uplift = fields.Float("Response beyond Control", readonly=True, aggregator=None)
    uplift_low = fields.Float("Response beyond, at Least", readonly=True, aggregator=None)
    uplift_high = fields.Float("Response beyond, at Most", readonly=True, aggregator=None)
    extra_revenue = fields.Monetary("Revenue beyond Control", readonly=True, aggregator=None)
    extra_low = fields.Monetary("Revenue beyond, at Least", readonly=True, aggregator=None)
    extra_high = fields.Monetary("Revenue beyond, at Most", readonly=True, aggregator=None)
    is_proven = fields.Boolean("Proven", readonly=True, help="Whether luck is out of the question (95 %).")
    needed = fields.Integer(
        "Customers Needed",
        readonly=True,
        aggregator=None,
        help="Per group, to show a difference as large as this.",
    )

    # What is left
    basis = fields.Selection(
        [("extra", "Revenue beyond control"), ("revenue", "Revenue with the campaign on it")],
        "Return Rests on",
        required=True,
        readonly=True,
        default="revenue",
    )
    margin = fields.Monetary(readonly=True)
    profit = fields.Monetary(readonly=True, help="Margin less cost.")
    has_roi = fields.Boolean(readonly=True)
    roi = fields.Float("Return on Cost", readonly=True, aggregator=None)
    cost_per_customer = fields.Monetary("Cost to Win a Customer", readonly=True, aggregator=None)
    payback = fields.Float(
        "Months to Pay Back",
        readonly=True,
        digits=(10, 1),
        aggregator=None,
        help="Until the margin of a usual customer has paid for winning him; 0: it can't be told.",
    )
    verdict = fields.Text(compute="_compute_verdict")

    _campaign_uniq = models.UniqueIndex("(campaign_id)")

    @api.depends("status", "is_proven", "uplift", "needed", "date_start", "reach", "basis", "is_running")
    def _compute_verdict(self):
        for result in self:
            result.verdict = " ".join(result._get_words())

    def _get_words(self):
        """What the figures mean and what they do not, sentence by sentence."""
        self.ensure_one()
        if not self.date_start:
            return [
                self.env._(
                    "Say when it ran and whom it addressed: without that its effect can't be told from luck."
                )
            ]
        until = format_date(self.env, self.date_end)
        said = (
            [self.env._("It still counts: customers have until %s to respond.", until)]
            if self.is_running
            else []
        )
        if self.status == "empty":
            said.append(
                self.env._(
                    "Nobody was left alone for comparison: what came includes what would have come anyway."
                    " Give the target group a control share next time."
                )
            )
        elif self.status == "insufficient":
            said.append(
                self.env._("Fewer than 30 customers on one side: whatever the difference, it proves nothing.")
            )
        else:
            said.append(self._get_comparison_words())
        if self.basis == "revenue" and self.cost:
            said.append(
                self.env._("The return counts all revenue with the campaign on it, so it is too good.")
            )
        return said

    def _get_comparison_words(self):
        facts = {
            "rate": round(100 * self.response_rate, 1),
            "control": round(100 * self.control_rate, 1),
            "needed": self.needed,
        }
        if self.is_proven and self.uplift > 0:
            return self.env._(
                "It worked: %(rate)s %% bought, of those left alone %(control)s %%; that is no luck.", **facts
            )
        if self.is_proven:
            return self.env._(
                "It did harm: %(rate)s %% bought, of those left alone %(control)s %%; that is no luck.",
                **facts,
            )
        if self.needed:
            return self.env._(
                "%(rate)s %% bought, of those left alone %(control)s %%: it may be luck. About"
                " %(needed)s customers per group would show a difference like this.",
                **facts,
            )
        return self.env._("%(rate)s %% bought, of those left alone as many: no effect is seen.", **facts)

    @api.model
    def _get_company(self, campaign):
        """The company whose business a campaign is: its own, else that of the responsible."""
        # sudo: of a campaign at hand, whoever counts
        return campaign.sudo().company_id or campaign.sudo().user_id.company_id

    @api.model
    def _cron_count(self):
        """Count the campaigns of all companies, each in a transaction of its own."""
        self.env["res.company"]._crm_analytics_for_each(self._refresh, "Campaigns")

    @api.model
    def _prepare_comparison(self, treated, control):
        """What those addressed did beyond those left alone.

        :param treated, control: ``lib.uplift.Group``
        :return: values of the fields
        """
        found = uplift.uplift(treated, control)

        def known(value):
            return value if value is not None and math.isfinite(value) else 0.0

        low, high = found.extra_revenue_range
        return {
            "reach": treated.size,
            "control_count": control.size,
            "response_count": treated.responses,
            "response_rate": known(treated.rate),
            "control_rate": known(control.rate),
            "status": found.status,
            "uplift": known(found.response.value),
            "uplift_low": known(found.response.low),
            "uplift_high": known(found.response.high),
            "extra_revenue": known(found.extra_revenue),
            "extra_low": known(low),
            "extra_high": known(high),
            "is_proven": found.proven,
            "needed": min(int(known(found.needed)), 10**9),
        }

    @api.model
    def _prepare_return(self, company, values, month_revenue):
        """What is left of the revenue after the cost.

        :param dict values: of the fields counted so far
        :param month_revenue: of a usual customer
        """
        basis = "extra" if values["status"] == "ok" else "revenue"
        share = company.crm_analytics_margin / 100
        found = uplift.campaign_return(
            values["cost"],
            values["extra_revenue"] if basis == "extra" else values["revenue"],
            share,
            values["won_count"],
            month_revenue * share,
        )

        def known(value):
            return value if math.isfinite(value) else 0.0

        return {
            "basis": basis,
            "margin": found.margin,
            "profit": found.profit,
            "has_roi": math.isfinite(found.roi),
            "roi": known(found.roi),
            "cost_per_customer": known(found.cost_per_customer),
            "payback": known(found.payback),
        }

    def action_open_campaign(self):
        """The campaign itself, to say when it ran, whom it addressed and what it cost."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.campaign_id.title,
            "res_model": "utm.campaign",
            "res_id": self.campaign_id.id,
            "views": [[False, "form"]],
        }

    @api.model
    def action_new_campaign(self):
        """Plan a campaign."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("New Campaign"),
            "res_model": "utm.campaign",
            "views": [[False, "form"]],
        }

    def action_open_orders(self):
        """Confirmed orders with the campaign on them."""
        return self._open("sale.order", self.env._("Orders"), [("state", "=", "sale")])

    def action_open_leads(self):
        """Leads and opportunities with the campaign on them."""
        return {**self._open("crm.lead", self.env._("Leads"), []), "context": {"active_test": False}}

    def action_open_invoices(self):
        """Posted invoices and credit notes with the campaign on them."""
        kinds = ("out_invoice", "out_refund", "out_receipt")
        posted = [("state", "=", "posted"), ("move_type", "in", kinds)]
        return self._open("account.move", self.env._("Invoices"), posted)

    def action_open_members(self):
        """Whom it addressed, and who was left alone."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_core.crm_target_group_member_action")
        groups = self.campaign_id.crm_target_group_ids
        return {**action, "domain": [("group_id", "in", groups.ids)], "context": {"create": False}}

    def _open(self, model, name, domain):
        self.ensure_one()
        own = [("campaign_id", "=", self.campaign_id.id), ("company_id", "in", [self.company_id.id, False])]
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [[False, "list"], [False, "form"]],
            "domain": [*own, *domain],
            "context": {"create": False},
        }
