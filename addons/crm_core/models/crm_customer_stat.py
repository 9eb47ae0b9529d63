import psycopg2.errors

from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL

LIFECYCLES = [
    ("prospect", "Prospect"),
    ("new", "New"),
    ("active", "Active"),
    ("late", "Late"),
    ("lost", "Lost"),
]


class CrmCustomerStat(models.Model):
    """The business of one customer with one company, derived from the ERP's records.

    A customer is a commercial entity. Rows are written by ``_refresh`` alone (in a file of its own), whole
    and set-based; nobody edits them. Another addon adds its facts by adding fields and overriding
    ``_refresh`` with ``super()`` and one UPDATE, or ``_get_more_parts`` where its records make a customer.
    """

    _name = "crm.customer.stat"
    _description = "Customer facts"
    _rec_name = "partner_id"
    _rec_names_search = ["partner_id"]
    _order = "invoiced_12m desc, id"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = fields.Many2one(
        "res.partner", "Customer", required=True, readonly=True, index=True, ondelete="cascade"
    )
    computed_at = fields.Datetime("As Of", readonly=True)

    # The contact, for lists and grouping
    user_id = fields.Many2one(related="partner_id.user_id", string="Salesperson")
    country_id = fields.Many2one(related="partner_id.country_id")
    industry_id = fields.Many2one(related="partner_id.industry_id")
    category_ids = fields.Many2many(related="partner_id.category_id", string="Tags")
    city = fields.Char(related="partner_id.city")
    email = fields.Char(related="partner_id.email")
    phone = fields.Char(related="partner_id.phone")

    # Orders
    order_count = fields.Integer("Orders", readonly=True)
    ordered_total = fields.Monetary(
        "Ordered", readonly=True, help="Confirmed orders, untaxed, by the rate of each order."
    )
    average_order_value = fields.Monetary(readonly=True, aggregator="avg")
    first_order_date = fields.Date("First Order", readonly=True)
    last_order_date = fields.Date("Last Order", readonly=True)

    # Rhythm: days of confirmed orders; of invoices for whoever is invoiced without any order
    first_purchase_date = fields.Date("First Purchase", readonly=True)
    last_purchase_date = fields.Date("Last Purchase", readonly=True)
    purchase_day_count = fields.Integer("Days of Purchase", readonly=True)
    median_interval = fields.Float(
        "Interval (Days)",
        readonly=True,
        aggregator="avg",
        help="Middle number of days between two days of purchase.",
    )
    days_since_purchase = fields.Integer(
        "Days Since Last Purchase", compute="_compute_days_since_purchase", aggregator=None
    )

    # Invoices
    invoiced_net = fields.Monetary(readonly=True, help="Posted invoices less refunds, untaxed.")
    refunded = fields.Monetary(readonly=True, help="Posted refunds, untaxed.")
    invoiced_12m = fields.Monetary("Turnover 12 Months", readonly=True)
    invoiced_previous_12m = fields.Monetary("Turnover 12 Months Before", readonly=True)
    monthly_turnover = fields.Json(
        readonly=True,
        export_string_translation=False,
        help="Invoiced net by month: {'2026-01': 1234.5}",
    )

    # Open business
    quotation_count = fields.Integer("Open Quotations", readonly=True)
    quotation_amount = fields.Monetary("Open Quotations Amount", readonly=True)
    opportunity_count = fields.Integer("Open Opportunities", readonly=True)
    opportunity_amount = fields.Monetary("Expected Revenue", readonly=True)

    # Payment and service
    receivable = fields.Monetary(readonly=True, help="What the customer owes, credits taken off.")
    overdue = fields.Monetary(readonly=True, help="Open invoice amounts past their due date.")
    days_to_pay = fields.Float(
        "Average Days to Pay",
        readonly=True,
        aggregator="avg",
        help="Days from invoice to last payment, over the paid invoices.",
    )
    paid_invoice_count = fields.Integer("Paid Invoices", readonly=True)
    delivery_count = fields.Integer("Deliveries", readonly=True, help="Deliveries done that had a deadline.")
    on_time_rate = fields.Float(
        "Delivered on Time",
        readonly=True,
        aggregator="avg",
        help="Share of the deliveries done by their deadline.",
    )
    return_rate = fields.Float(
        "Returned",
        readonly=True,
        aggregator="avg",
        help="Value sent back as a share of the value delivered.",
    )

    # Lifecycle
    expected_interval = fields.Float(
        "Own Rhythm (Days)",
        readonly=True,
        aggregator="avg",
        help="The interval; for fewer than three days of purchase the one assumed in Settings.",
    )
    lifecycle = fields.Selection(LIFECYCLES, readonly=True)
    late_on = fields.Date(readonly=True, help="First day on which the customer is late.")
    lost_on = fields.Date(readonly=True, help="First day on which the customer counts as lost.")
    lifecycle_reason = fields.Char("Why", compute="_compute_lifecycle_reason")
    # The next day on which a fact changes although nothing happens.
    roll_on = fields.Date(readonly=True)
    is_top_customer = fields.Boolean(
        compute="_compute_is_top_customer",
        search="_search_is_top_customer",
        help="Among the customers with the highest turnover of the last 12 months; the share is in Settings.",
    )

    _company_partner_uniq = models.UniqueIndex("(company_id, partner_id)")
    _company_lifecycle_idx = models.Index("(company_id, lifecycle)")
    _company_turnover_idx = models.Index("(company_id, invoiced_12m DESC)")
    _company_last_order_idx = models.Index("(company_id, last_order_date)")
    _roll_idx = models.Index("(company_id, roll_on) WHERE roll_on IS NOT NULL")

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("last_purchase_date")
    def _compute_days_since_purchase(self):
        today = {company: company._crm_today() for company in self.company_id}
        for stat in self:
            last = stat.last_purchase_date
            stat.days_since_purchase = (today[stat.company_id] - last).days if last else False

    @api.depends("lifecycle", "median_interval", "purchase_day_count", "last_purchase_date", "order_count")
    def _compute_lifecycle_reason(self):
        for stat in self:
            stat.lifecycle_reason = stat._get_lifecycle_reason()

    def _get_lifecycle_reason(self):
        """The lifecycle in words, e.g. "Orders every 31 days; 52 days since the last order."."""
        self.ensure_one()
        if not self.last_purchase_date:
            return self.env._("No confirmed order yet.")
        today = self.company_id._crm_today()
        days = {
            "days": (today - self.last_purchase_date).days,
            "interval": round(
                self.median_interval if self.purchase_day_count >= 3 else self.expected_interval
            ),
        }
        if self.lifecycle == "new":
            return self.env._("First order %s days ago.", (today - self.first_purchase_date).days)
        if self.purchase_day_count < 3:
            return self.env._(
                "Too few orders for an own rhythm, %(interval)s days assumed; %(days)s days since the last.",
                **days,
            )
        if not self.order_count:
            return self.env._(
                "Invoiced every %(interval)s days; %(days)s days since the last invoice.", **days
            )
        return self.env._("Orders every %(interval)s days; %(days)s days since the last order.", **days)

    @api.depends_context("allowed_company_ids")
    @api.depends("invoiced_12m")
    def _compute_is_top_customer(self):
        thresholds = self._get_top_thresholds(self.company_id)
        for stat in self:
            threshold = thresholds.get(stat.company_id.id)
            stat.is_top_customer = threshold is not None and stat.invoiced_12m >= threshold

    def _search_is_top_customer(self, operator, value):
        if operator != "in":
            return NotImplemented
        thresholds = self._get_top_thresholds(self.env.companies)
        top = Domain.OR(
            Domain("company_id", "=", company_id) & Domain("invoiced_12m", ">=", threshold)
            for company_id, threshold in thresholds.items()
        )
        return top if True in value else ~top

    @api.model
    def _get_top_thresholds(self, companies):
        """Turnover from which on a customer is a top customer: {company id: amount}."""
        rows = self.env.execute_query(
            SQL(
                """
                SELECT company_id, min(invoiced_12m)
                  FROM (SELECT stat.company_id, stat.invoiced_12m, company.crm_top_share,
                               rank() OVER in_company AS place,
                               count(*) OVER (PARTITION BY stat.company_id) AS total
                          FROM crm_customer_stat stat
                          JOIN res_company company ON company.id = stat.company_id
                         WHERE stat.company_id = ANY(%s)
                           AND stat.invoiced_12m > 0
                        WINDOW in_company AS (PARTITION BY stat.company_id
                                              ORDER BY stat.invoiced_12m DESC)) AS ranked
                 WHERE place <= GREATEST(total * crm_top_share / 100, 1)
                 GROUP BY company_id
                """,
                companies.ids,
            )
        )
        return dict(rows)

    # ------------------------------------------------------------------
    # Reading without a stale number
    # ------------------------------------------------------------------

    @api.model
    def _ensure_fresh(self, partners, companies):
        """Fold what is waiting for these customers, so that nobody reads a stale number.

        Reads one small index when there is nothing to do.

        :param partners: ``res.partner`` records that are commercial entities
        :param companies: ``res.company`` records whose facts are going to be read
        """
        Dirty = self.env["crm.customer.dirty"].sudo()  # sudo: derived rows that no role may write
        ids = list(partners.ids)
        if Dirty._is_waiting(ids):
            self._check_can_write()
            # A page asks for several things at once; each waits for the one that folds.
            Dirty._fold(partner_ids=ids, wait=True)
        for company in companies:
            if due := self._get_unknown_or_due(company, ids):
                self._check_can_write()
                self.sudo()._refresh(company, due)  # sudo: as above

    def _check_can_write(self):
        """On a replica's cursor: tell the server to repeat the call on the primary database."""
        if self.env.cr.readonly:
            raise psycopg2.errors.ReadOnlySqlTransaction("stale facts are folded on the primary database")

    @api.model
    def _get_unknown_or_due(self, company, partner_ids):
        """Those of the customers without a row in the company while the first fill is under way, or
        whose row is to change by the calendar."""
        # sudo: whether it is running, no business data
        filling = self.env["crm.customer.rebuild"].sudo()._is_running(company)
        rows = self.env.execute_query(
            SQL(
                """
                SELECT p.id
                  FROM unnest(%(ids)s) AS p(id)
                  LEFT JOIN crm_customer_stat stat
                         ON stat.partner_id = p.id AND stat.company_id = %(company)s
                 WHERE stat.roll_on <= %(today)s
                    OR (stat.id IS NULL AND %(filling)s)
                """,
                ids=partner_ids,
                company=company.id,
                today=company._crm_today(),
                filling=filling,
            )
        )
        return [id_ for (id_,) in rows]

    @api.model
    def _mark_due_today(self):
        """Queue the customers whose facts change today although nothing happened."""
        for company in self.env["res.company"]._crm_all():
            self.env["crm.customer.dirty"]._insert(
                SQL(
                    """
                    SELECT stat.company_id, stat.partner_id
                      FROM crm_customer_stat stat
                     WHERE stat.company_id = %s AND stat.roll_on <= %s
                       AND NOT EXISTS (SELECT FROM crm_customer_dirty dirty
                                        WHERE dirty.partner_id = stat.partner_id)
                    """,
                    company.id,
                    company._crm_today(),
                )
            )

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_open_overview(self):
        """Open the customer's 360 screen."""
        self.ensure_one()
        return self.partner_id.action_crm_overview()

    def action_prepare_offers(self):
        """Start a selection for offers with these customers."""
        return self._action_prepare_offers(self.partner_id)

    @api.model
    def _action_prepare_offers(self, partners):
        batch = self.env["crm.offer.batch"]._create_for(partners)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Offers for Many"),
            "res_model": "crm.offer.batch",
            "res_id": batch.id,
            "views": [[False, "form"]],
        }
