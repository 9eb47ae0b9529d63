import psycopg2.errors
from dateutil.relativedelta import relativedelta

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

    A customer is a commercial entity. Rows are written by :meth:`_refresh` alone, whole and set-based;
    nobody edits them. Another addon adds its facts by adding fields and overriding ``_refresh`` with
    ``super()`` and one UPDATE.
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
    # Keeping the facts
    # ------------------------------------------------------------------

    @api.model
    def _refresh(self, company, partners):
        """Recompute the facts of these customers in one company, whole rows, from the ERP's records.

        Idempotent and free of history: full rebuild and single refresh give the same rows. Customers
        without any business lose their row.

        :param company: one ``res.company``
        :param partners: ``res.partner`` records or ids of commercial entities
        """
        partner_ids = sorted(getattr(partners, "ids", partners))
        if not partner_ids:
            return
        self.env.flush_all()
        self.env["crm.customer.product"]._refresh(company, partner_ids)
        self.env.cr.execute(self._get_refresh_query(company, partner_ids))
        self.env["crm.customer.product"].invalidate_model()
        self.invalidate_model()

    @api.model
    def _get_refresh_query(self, company, partner_ids):
        return SQL(
            """
            WITH member AS (
                SELECT id AS member_id, commercial_partner_id AS partner_id
                  FROM res_partner
                 WHERE commercial_partner_id = ANY(%(partners)s)
            ), %(parts)s, fresh AS (
                %(fresh)s
            ), upserted AS (
                INSERT INTO crm_customer_stat AS stat (%(columns)s)
                SELECT %(columns)s FROM fresh
                ON CONFLICT (company_id, partner_id) DO UPDATE SET %(assignments)s
            )
            DELETE FROM crm_customer_stat old
             WHERE old.company_id = %(company)s
               AND old.partner_id = ANY(%(partners)s)
               AND NOT EXISTS (SELECT FROM fresh WHERE fresh.partner_id = old.partner_id)
            """,
            partners=partner_ids,
            company=company.id,
            parts=SQL(", ").join(self._get_fact_parts(company)),
            fresh=self._get_fresh_query(company),
            columns=SQL(", ").join(map(SQL.identifier, self._get_refreshed_columns())),
            assignments=SQL(", ").join(
                SQL("%s = excluded.%s", SQL.identifier(column), SQL.identifier(column))
                for column in self._get_refreshed_columns()
            ),
        )

    @api.model
    def _get_refreshed_columns(self):
        return [
            *("company_id", "partner_id", "computed_at"),
            *(
                "order_count",
                "ordered_total",
                "average_order_value",
                "first_order_date",
                "last_order_date",
            ),
            *("first_purchase_date", "last_purchase_date", "purchase_day_count", "median_interval"),
            *(
                "invoiced_net",
                "refunded",
                "invoiced_12m",
                "invoiced_previous_12m",
                "monthly_turnover",
            ),
            *("quotation_count", "quotation_amount", "opportunity_count", "opportunity_amount"),
            *("receivable", "overdue", "days_to_pay", "paid_invoice_count"),
            *("delivery_count", "on_time_rate", "return_rate"),
            *("expected_interval", "lifecycle", "late_on", "lost_on", "roll_on"),
        ]

    @api.model
    def _get_fact_parts(self, company):
        """The common table expressions behind the facts, one per kind of business record."""
        today = company._crm_today()
        return [
            self._orders_sql(company),
            self._quotations_sql(),
            self._invoices_sql(company, today),
            self._rhythm_sql(),
            self._receivable_sql(company, today),
            self._payment_sql(),
            self._deliveries_sql(company),
            self._returns_sql(company),
            self._opportunities_sql(company),
        ]

    @api.model
    def _orders_sql(self, company):
        return SQL(
            """
            all_order AS (
                SELECT member.partner_id, o.id, o.state, o.opportunity_id,
                       (o.date_order AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS day,
                       o.amount_untaxed / COALESCE(NULLIF(o.currency_rate, 0), 1)::numeric AS amount,
                       %(is_cart)s AS is_cart
                  FROM member
                  JOIN sale_order o ON o.partner_id = member.member_id
                 WHERE o.company_id = %(company)s
                   AND o.state != 'cancel'
            ), orders AS (
                SELECT partner_id, count(*) AS order_count, sum(amount) AS ordered_total,
                       min(day) AS first_order_date, max(day) AS last_order_date
                  FROM all_order
                 WHERE state = 'sale'
                 GROUP BY partner_id
            )
            """,
            company=company.id,
            tz=company._crm_timezone(),
            is_cart=self.env["sale.order"]._crm_is_cart_condition(),
        )

    @api.model
    def _rhythm_sql(self):
        # Whoever is invoiced without orders has a rhythm too; a refund is never a purchase.
        return SQL(
            """
            purchase_day AS (
                SELECT partner_id, day FROM all_order WHERE state = 'sale'
                 UNION
                SELECT partner_id, day
                  FROM invoice
                 WHERE move_type = 'out_invoice'
                   AND NOT EXISTS (SELECT FROM orders WHERE orders.partner_id = invoice.partner_id)
            ), rhythm AS (
                SELECT partner_id, min(day) AS first_purchase_date, max(day) AS last_purchase_date,
                       count(*) AS purchase_day_count,
                       percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS median_interval
                  FROM (SELECT partner_id, day,
                               day - lag(day) OVER (PARTITION BY partner_id ORDER BY day) AS gap
                          FROM purchase_day) AS gaps
                 GROUP BY partner_id
            )
            """
        )

    @api.model
    def _quotations_sql(self):
        return SQL(
            """
            quotations AS (
                SELECT partner_id, count(*) AS quotation_count, sum(amount) AS quotation_amount
                  FROM all_order
                 WHERE state IN ('draft', 'sent') AND NOT COALESCE(is_cart, FALSE)
                 GROUP BY partner_id
            )
            """
        )

    @api.model
    def _invoices_sql(self, company, today):
        return SQL(
            """
            invoice AS (
                SELECT entity.commercial_partner_id AS partner_id, m.id, m.move_type, m.payment_state,
                       m.invoice_date AS day, m.amount_untaxed_signed AS amount
                  FROM member
                  JOIN account_move m ON m.commercial_partner_id = member.member_id
                  JOIN res_partner entity ON entity.id = m.commercial_partner_id
                 WHERE m.company_id = %(company)s
                   AND m.move_type IN ('out_invoice', 'out_refund')
                   AND m.state = 'posted'
            ), invoices AS (
                SELECT partner_id,
                       sum(amount) AS invoiced_net,
                       -COALESCE(sum(amount) FILTER (WHERE move_type = 'out_refund'), 0) AS refunded,
                       COALESCE(sum(amount) FILTER (WHERE day > %(year)s), 0) AS invoiced_12m,
                       COALESCE(sum(amount) FILTER (WHERE day > %(two_years)s AND day <= %(year)s), 0)
                           AS invoiced_previous_12m,
                       -- The day after which the oldest invoice of a window leaves it.
                       LEAST(min(day) FILTER (WHERE day > %(year)s) + interval '1 year',
                             min(day) FILTER (WHERE day > %(two_years)s AND day <= %(year)s)
                                 + interval '2 years')::date AS window_moves_on
                  FROM invoice
                 GROUP BY partner_id
            ), months AS (
                SELECT partner_id, jsonb_object_agg(month, amount) AS monthly_turnover
                  FROM (SELECT partner_id, to_char(day, 'YYYY-MM') AS month,
                               round(sum(amount), %(digits)s) AS amount
                          FROM invoice
                         GROUP BY 1, 2) AS month
                 GROUP BY partner_id
            )
            """,
            company=company.id,
            year=today - relativedelta(years=1),
            two_years=today - relativedelta(years=2),
            digits=company.currency_id.decimal_places,
        )

    @api.model
    def _receivable_sql(self, company, today):
        return SQL(
            """
            receivables AS (
                SELECT member.partner_id,
                       sum(l.amount_residual) AS receivable,
                       COALESCE(sum(l.amount_residual) FILTER (
                           WHERE l.amount_residual > 0 AND l.date_maturity < %(today)s), 0) AS overdue,
                       min(l.date_maturity) FILTER (
                           WHERE l.amount_residual > 0 AND l.date_maturity >= %(today)s) + 1
                           AS overdue_grows_on
                  FROM member
                  JOIN account_move_line l ON l.partner_id = member.member_id
                  JOIN account_account a ON a.id = l.account_id AND a.account_type = 'asset_receivable'
                 WHERE l.company_id = %(company)s
                   AND l.parent_state = 'posted'
                   AND l.reconciled IS NOT TRUE
                 GROUP BY member.partner_id
            )
            """,
            company=company.id,
            today=today,
        )

    @api.model
    def _payment_sql(self):
        # An invoice settled by a refund alone was not paid.
        return SQL(
            """
            payments AS (
                SELECT partner_id, avg(days)::float AS days_to_pay, count(*) AS paid_invoice_count
                  FROM (SELECT invoice.partner_id, invoice.id, max(rec.max_date) - min(invoice.day) AS days
                          FROM invoice
                          JOIN account_move_line l ON l.move_id = invoice.id
                          JOIN account_account a ON a.id = l.account_id
                                                AND a.account_type = 'asset_receivable'
                          JOIN account_partial_reconcile rec ON rec.debit_move_id = l.id
                          JOIN account_move_line other ON other.id = rec.credit_move_id
                          JOIN account_move counterpart ON counterpart.id = other.move_id
                         WHERE invoice.move_type = 'out_invoice'
                           AND invoice.payment_state IN ('paid', 'in_payment')
                           AND counterpart.move_type != 'out_refund'
                         GROUP BY invoice.partner_id, invoice.id) AS paid
                 GROUP BY partner_id
            )
            """
        )

    @api.model
    def _deliveries_sql(self, company):
        return SQL(
            """
            deliveries AS (
                SELECT all_order.partner_id,
                       avg(((d.date_done AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date
                            <= (d.date_deadline AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date)::int)::float
                           AS on_time_rate,
                       count(*) AS delivery_count
                  FROM all_order
                  JOIN stock_picking d ON d.sale_id = all_order.id
                  JOIN stock_picking_type kind ON kind.id = d.picking_type_id AND kind.code = 'outgoing'
                 WHERE d.state = 'done'
                   AND d.date_deadline IS NOT NULL
                 GROUP BY all_order.partner_id
            )
            """,
            tz=company._crm_timezone(),
        )

    @api.model
    def _returns_sql(self, company):
        # At the average price the customer paid for the product.
        return SQL(
            """
            returns AS (
                SELECT partner_id,
                       sum(returned_quantity * price)
                           / NULLIF(sum((net_quantity + returned_quantity) * price), 0)
                           AS return_rate
                  FROM (SELECT partner_id, net_quantity, returned_quantity, abs(last_price) AS price
                          FROM crm_customer_product
                         WHERE company_id = %(company)s
                           AND partner_id IN (SELECT partner_id FROM member)) AS product
                 GROUP BY partner_id
            )
            """,
            company=company.id,
        )

    @api.model
    def _opportunities_sql(self, company):
        return SQL(
            """
            opportunities AS (
                SELECT member.partner_id, count(*) AS opportunity_count,
                       COALESCE(sum(lead.expected_revenue), 0) AS opportunity_amount
                  FROM member
                  JOIN crm_lead lead ON lead.partner_id = member.member_id
                  LEFT JOIN crm_team team ON team.id = lead.team_id
                  LEFT JOIN res_users u ON u.id = lead.user_id
                 WHERE %(lead_company)s = %(company)s
                   AND lead.type = 'opportunity'
                   AND lead.active
                   AND lead.won_status = 'pending'
                 GROUP BY member.partner_id
            )
            """,
            company=company.id,
            lead_company=self.env["crm.lead"]._crm_company_sql(),
        )

    @api.model
    def _get_fresh_query(self, company):
        """SELECT with one row per customer with any business, columns as :meth:`_get_refreshed_columns`."""
        return SQL(
            """
            SELECT %(company)s AS company_id, fact.*,
                   CASE WHEN last_purchase_date IS NULL THEN 'prospect'
                        WHEN %(today)s >= lost_on THEN 'lost'
                        WHEN %(today)s >= late_on THEN 'late'
                        WHEN first_purchase_date >= %(today)s - %(new_days)s THEN 'new'
                        ELSE 'active' END AS lifecycle,
                   LEAST(CASE WHEN late_on > %(today)s THEN late_on END,
                         CASE WHEN lost_on > %(today)s THEN lost_on END,
                         CASE WHEN first_purchase_date >= %(today)s - %(new_days)s
                              THEN first_purchase_date + %(new_days)s + 1 END,
                         -- A year after February 29 is February 28: never today again.
                         window_moves_on + (window_moves_on <= %(today)s)::int, overdue_grows_on) AS roll_on
              FROM (SELECT *,
                           last_purchase_date + 1 + GREATEST(
                               ceil(expected_interval * %(late)s)::int, %(late_min)s) AS late_on,
                           last_purchase_date + 1 + GREATEST(
                               ceil(expected_interval * %(lost)s)::int, %(lost_min)s) AS lost_on
                      FROM (%(joined)s) AS joined) AS fact
            """,
            company=company.id,
            today=company._crm_today(),
            new_days=company.crm_new_days,
            late=company.crm_late_factor,
            late_min=company.crm_late_min_days,
            lost=company.crm_lost_factor,
            lost_min=company.crm_lost_min_days,
            joined=self._get_joined_query(company),
        )

    @api.model
    def _get_joined_query(self, company):
        return SQL(
            """
            SELECT partner_id, now() AT TIME ZONE 'UTC' AS computed_at,
                   COALESCE(order_count, 0) AS order_count,
                   round(COALESCE(ordered_total, 0), %(digits)s) AS ordered_total,
                   round(COALESCE(ordered_total, 0) / GREATEST(order_count, 1), %(digits)s)
                       AS average_order_value,
                   first_order_date, last_order_date, first_purchase_date, last_purchase_date,
                   COALESCE(purchase_day_count, 0) AS purchase_day_count, median_interval,
                   CASE WHEN purchase_day_count >= 3 THEN GREATEST(median_interval, 1)
                        WHEN purchase_day_count > 0 THEN %(default_interval)s END AS expected_interval,
                   COALESCE(invoiced_net, 0) AS invoiced_net, COALESCE(refunded, 0) AS refunded,
                   COALESCE(invoiced_12m, 0) AS invoiced_12m,
                   COALESCE(invoiced_previous_12m, 0) AS invoiced_previous_12m,
                   COALESCE(monthly_turnover, '{}'::jsonb) AS monthly_turnover, window_moves_on,
                   COALESCE(quotation_count, 0) AS quotation_count,
                   round(COALESCE(quotation_amount, 0), %(digits)s) AS quotation_amount,
                   COALESCE(opportunity_count, 0) AS opportunity_count,
                   COALESCE(opportunity_amount, 0) AS opportunity_amount,
                   COALESCE(receivable, 0) AS receivable, COALESCE(overdue, 0) AS overdue, overdue_grows_on,
                   days_to_pay, COALESCE(paid_invoice_count, 0) AS paid_invoice_count,
                   on_time_rate, COALESCE(delivery_count, 0) AS delivery_count, return_rate
              FROM orders
              FULL JOIN rhythm USING (partner_id)
              FULL JOIN quotations USING (partner_id)
              FULL JOIN invoices USING (partner_id)
              FULL JOIN receivables USING (partner_id)
              FULL JOIN opportunities USING (partner_id)
              LEFT JOIN months USING (partner_id)
              LEFT JOIN payments USING (partner_id)
              LEFT JOIN deliveries USING (partner_id)
              LEFT JOIN returns USING (partner_id)
            """,
            digits=company.currency_id.decimal_places,
            default_interval=company.crm_default_interval,
        )

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
            Dirty._fold(partner_ids=ids)
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
        filling = (
            self.env["crm.customer.rebuild"].sudo()._is_running(company)
        )  # sudo: state, no business data
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
        batch = self.env["crm.offer.batch"]._create_for(self.partner_id)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Offers for Many"),
            "res_model": "crm.offer.batch",
            "res_id": batch.id,
            "views": [[False, "form"]],
        }
