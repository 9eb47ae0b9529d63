from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.tools import SQL


class CrmCustomerStat(models.Model):
    """How the facts are computed: one common table expression per kind of business record, one row per
    customer, one statement for all of them."""

    _inherit = "crm.customer.stat"

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
        self._prepare_planner()
        self.env["crm.customer.product"]._refresh(company, partner_ids)
        self.env.cr.execute(self._get_refresh_query(company, partner_ids))
        self.env["crm.customer.product"].invalidate_model()
        self.invalidate_model()

    @api.model
    def _prepare_planner(self):
        """Settings for the statements that learn from many records, until the end of the transaction.

        Compiling them takes longer than running them; customers' records are found by index; and
        sorting a batch in memory takes no more than this.
        """
        self.env.cr.execute(
            "SELECT set_config('jit', 'off', TRUE), set_config('random_page_cost', '1.1', TRUE),"
            " set_config('work_mem', '64MB', TRUE)"
        )

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
               AND old.partner_id NOT IN (SELECT partner_id FROM fresh)
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
        more = self._get_more_parts(self.env.company)
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
            *(column for _query, columns in more.values() for column in columns),
        ]

    @api.model
    def _get_more_parts(self, company):
        """Facts of other addons that make somebody a customer with a row of his own, such as a ticket.

        The query selects from ``member`` (member_id, partner_id): one row for each ``partner_id`` with
        business of this kind. Facts of those who are customers anyhow can also be added after
        :meth:`_refresh`, by one UPDATE.

        :return: {name of the part: (query, {column of the row: SQL of its value})}
        :rtype: dict[str, tuple[SQL, dict[str, SQL]]]
        """
        return {}

    @api.model
    def _get_fact_parts(self, company):
        """The common table expressions behind the facts, one per kind of business record."""
        today = company._crm_today()
        Past = self.env["crm.past.sale"]
        has_past = company.crm_has_past_sales
        return [
            *([Past._orders_sql(company)] if has_past else []),
            self._orders_sql(company, has_past),
            self._quotations_sql(),
            self._invoices_sql(company, today, has_past),
            self._rhythm_sql(has_past),
            self._receivable_sql(company, today),
            self._payment_sql(),
            self._deliveries_sql(company),
            self._returns_sql(company),
            self._opportunities_sql(company),
            *(
                SQL("%s AS (%s)", SQL.identifier(name), query)
                for name, (query, _columns) in self._get_more_parts(company).items()
            ),
        ]

    @api.model
    def _orders_sql(self, company, has_past=False):
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
                  FROM %(confirmed)s
                 GROUP BY partner_id
            )
            """,
            confirmed=SQL(
                """
                (SELECT partner_id, day, amount FROM all_order WHERE state = 'sale'
                  UNION ALL
                 SELECT partner_id, day, amount FROM past) AS confirmed
                """
            )
            if has_past
            else SQL("all_order WHERE state = 'sale'"),
            company=company.id,
            tz=company._crm_timezone(),
            is_cart=self.env["sale.order"]._crm_is_cart_condition(),
        )

    @api.model
    def _rhythm_sql(self, has_past=False):
        # Whoever is invoiced without orders has a rhythm too; a refund is never a purchase.
        return SQL(
            """
            purchase_day AS (
                SELECT partner_id, day FROM all_order WHERE state = 'sale'
                 UNION
                SELECT partner_id, day
                  FROM invoice
                 WHERE move_type = 'out_invoice'
                   AND partner_id NOT IN (SELECT partner_id FROM orders)
                %(past_days)s
            ), rhythm AS (
                SELECT partner_id, min(day) AS first_purchase_date, max(day) AS last_purchase_date,
                       count(*) AS purchase_day_count,
                       percentile_cont(0.5) WITHIN GROUP (ORDER BY gap) AS median_interval
                  FROM (SELECT partner_id, day,
                               day - lag(day) OVER (PARTITION BY partner_id ORDER BY day) AS gap
                          FROM purchase_day) AS gaps
                 GROUP BY partner_id
            )
            """,
            past_days=SQL("UNION SELECT partner_id, day FROM past") if has_past else SQL(),
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
    def _invoices_sql(self, company, today, has_past=False):
        return SQL(
            """
            invoice AS (
                SELECT member.partner_id, m.id, m.move_type, m.payment_state,
                       m.invoice_date AS day, m.amount_untaxed_signed AS amount
                  FROM member
                  JOIN account_move m ON m.commercial_partner_id = member.member_id
                 WHERE m.company_id = %(company)s
                   AND m.move_type IN ('out_invoice', 'out_refund')
                   AND m.state = 'posted'
                %(past)s
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
                  FROM (SELECT partner_id, to_char(min(day), 'YYYY-MM') AS month,
                               round(sum(amount), %(digits)s) AS amount
                          FROM invoice
                         GROUP BY partner_id, EXTRACT(YEAR FROM day) * 12 + EXTRACT(MONTH FROM day)) AS month
                 GROUP BY partner_id
            )
            """,
            # Sold before the ERP means invoiced before it; no journal entry hangs on these.
            past=SQL("UNION ALL SELECT partner_id, order_id::int, 'past', NULL, day, amount FROM past")
            if has_past
            else SQL(),
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
                 WHERE l.account_id = ANY(ARRAY(
                           SELECT id FROM account_account WHERE account_type = 'asset_receivable'))
                   AND l.company_id = %(company)s
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
                                                  AND l.account_id = ANY(ARRAY(
                               SELECT id FROM account_account WHERE account_type = 'asset_receivable'))
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
                 CROSS JOIN LATERAL (
                       SELECT date_done, date_deadline
                         FROM stock_picking
                        WHERE sale_id = all_order.id
                          AND state = 'done'
                          AND date_deadline IS NOT NULL
                          AND picking_type_id = ANY(ARRAY(
                                  SELECT id FROM stock_picking_type WHERE code = 'outgoing'))
                       OFFSET 0  -- by the index on the order, instead of reading every delivery there is
                       ) AS d
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
        more = self._get_more_parts(company)
        return SQL(
            """
            SELECT partner_id, now() AT TIME ZONE 'UTC' AS computed_at, %(more_columns)s
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
              %(more_joins)s
              LEFT JOIN months USING (partner_id)
              LEFT JOIN payments USING (partner_id)
              LEFT JOIN deliveries USING (partner_id)
              LEFT JOIN returns USING (partner_id)
            """,
            digits=company.currency_id.decimal_places,
            default_interval=company.crm_default_interval,
            more_columns=SQL().join(
                SQL("%s AS %s,", value, SQL.identifier(column))
                for _query, columns in more.values()
                for column, value in columns.items()
            ),
            more_joins=SQL().join(
                SQL("FULL JOIN %s USING (partner_id)", SQL.identifier(name)) for name in more
            ),
        )
