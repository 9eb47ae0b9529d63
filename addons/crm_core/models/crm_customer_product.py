from odoo import api, fields, models
from odoo.tools import SQL

from .many2one_without_key import Many2oneWithoutKey


class CrmCustomerProduct(models.Model):
    """What a customer buys from one company, product by product, and in which rhythm."""

    _name = "crm.customer.product"
    _description = "Product bought by a customer"
    _rec_name = "product_id"
    _order = "last_date desc, id desc"
    _log_access = False

    company_id = Many2oneWithoutKey("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = Many2oneWithoutKey(
        "res.partner", "Customer", required=True, readonly=True, ondelete="cascade"
    )
    product_id = Many2oneWithoutKey(
        "product.product", required=True, readonly=True, index=True, ondelete="cascade"
    )
    product_categ_id = fields.Many2one(related="product_id.categ_id")
    product_uom_id = fields.Many2one(related="product_id.uom_id", string="Unit")

    # How much
    times_bought = fields.Integer(readonly=True, help="Confirmed orders with this product.")
    net_quantity = fields.Float(
        readonly=True,
        digits="Product Unit",
        help="Delivered less returned; for services invoiced less refunded. In the product's unit.",
    )
    returned_quantity = fields.Float(readonly=True, digits="Product Unit")
    usual_quantity = fields.Float(
        readonly=True, digits="Product Unit", aggregator=None, help="Middle quantity of a day of purchase."
    )
    amount = fields.Monetary(
        "Ordered", readonly=True, help="Untaxed, in company currency by the rate of each order."
    )
    last_price = fields.Monetary(
        readonly=True,
        aggregator=None,
        help="Untaxed price after discount of one unit at the last purchase, in company currency.",
    )

    # When
    first_date = fields.Date("First Bought", readonly=True)
    last_date = fields.Date("Last Bought", readonly=True)
    day_count = fields.Integer("Days of Purchase", readonly=True)
    interval_mean = fields.Float(
        "Interval (Days)", readonly=True, aggregator="avg", help="Mean days between two purchases."
    )
    interval_deviation = fields.Float(
        "Deviation (Days)",
        readonly=True,
        aggregator=None,
        help="Sample standard deviation of the intervals; needs three purchases.",
    )
    expected_interval = fields.Float(
        "Expected Interval (Days)",
        readonly=True,
        aggregator=None,
        help="The customer's own interval, drawn towards the product's when purchases are few.",
    )
    next_due_date = fields.Date("Next Due", readonly=True)
    repeat_score = fields.Float(
        readonly=True,
        aggregator=None,
        help="Share of the customer's orders that hold the product, recent orders counting more. 0 to 1.",
    )

    # Few on purpose: a collection of facts writes millions of these rows.
    _partner_product_uniq = models.UniqueIndex("(partner_id, product_id, company_id)")

    @api.depends("partner_id", "product_id")
    def _compute_display_name(self):
        for fact in self:
            fact.display_name = f"{fact.partner_id.display_name}: {fact.product_id.display_name}"

    @api.model
    def _refresh(self, company, partner_ids):
        """Recompute all rows of these customers from the ERP's order lines and stock moves.

        Idempotent: the rows depend on the business records, the company's settings and
        ``crm.product.stat`` alone.

        :param company: one ``res.company``
        :param list partner_ids: ids of commercial partners
        """
        past = self._past_parts(company, partner_ids)
        self.env.cr.execute(
            SQL(
                """
                WITH %(past)s placed AS (
                    -- The age of an order among the customer's days of purchase: 0 is the latest.
                    SELECT *, dense_rank() OVER (PARTITION BY partner_id ORDER BY day DESC) - 1 AS age
                      FROM (SELECT member.commercial_partner_id AS partner_id, sale_order.id,
                                   (date_order AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date AS day,
                                   COALESCE(NULLIF(currency_rate, 0), 1)::numeric AS rate
                              FROM res_partner member
                              JOIN sale_order ON sale_order.partner_id = member.id
                             WHERE member.commercial_partner_id = ANY(%(partners)s)
                               AND sale_order.company_id = %(company)s
                               AND sale_order.state = 'sale'
                            %(past_orders)s) AS confirmed
                ), basket AS (
                    SELECT *, max(age) OVER (PARTITION BY partner_id) + 1 AS baskets FROM placed
                ), line AS (
                    SELECT o.partner_id, o.day, o.age, o.baskets, l.id, l.order_id, l.product_id,
                           l.product_uom_qty * ratio AS quantity,
                           CASE WHEN t.type = 'service' THEN l.qty_invoiced ELSE l.qty_delivered END
                               * ratio AS net_quantity,
                           CASE WHEN o.rate = 1 THEN l.price_subtotal ELSE l.price_subtotal / o.rate END
                               AS amount,
                           (SELECT sum(m.quantity * (SELECT factor FROM uom_uom WHERE id = m.product_uom)
                                       / product_unit.factor)
                              FROM stock_move m
                             WHERE m.sale_line_id = l.id
                               AND m.product_id = l.product_id
                               AND m.state = 'done'
                               AND m.location_id = ANY(ARRAY(
                                       SELECT id FROM stock_location WHERE usage = 'customer'))
                           ) AS returned_quantity
                      FROM %(bought_lines)s
                      JOIN uom_uom unit ON unit.id = l.product_uom_id
                      JOIN uom_uom product_unit ON product_unit.id = t.uom_id
                     CROSS JOIN LATERAL (
                           SELECT CASE WHEN unit.id = product_unit.id THEN 1
                                       ELSE unit.factor / product_unit.factor END AS ratio
                           ) AS conversion
                     %(past_lines)s
                ), purchase AS (
                    -- Orders of one day are one purchase. No table is joined from here on: the planner
                    -- can't know how many rows these steps give, and guesses too few. All of them go
                    -- by the same sorting.
                    SELECT partner_id, product_id, day, min(age) AS age, min(baskets) AS baskets,
                           CASE WHEN min(order_id) = max(order_id) THEN 1 ELSE (
                               SELECT count(DISTINCT id) FROM unnest(array_agg(order_id)) AS id
                           ) END AS orders,
                           sum(quantity) AS quantity, sum(net_quantity) AS net_quantity,
                           sum(returned_quantity) AS returned_quantity, sum(amount) AS amount,
                           (max(ARRAY[id, amount / quantity]))[2] AS price
                      FROM line
                     GROUP BY partner_id, product_id, day
                ), weighed AS (
                    SELECT *, power(%(decay)s::float, age) AS weight,
                           day - lag(day) OVER (PARTITION BY partner_id, product_id ORDER BY day) AS gap
                      FROM purchase
                ), rhythm AS (
                    SELECT partner_id, product_id,
                           sum(orders) AS times_bought,
                           round(sum(net_quantity), 6) AS net_quantity,
                           round(COALESCE(sum(returned_quantity), 0), 6) AS returned_quantity,
                           round(percentile_disc(0.5) WITHIN GROUP (ORDER BY quantity), 6) AS usual_quantity,
                           round(sum(amount), %(digits)s) AS amount,
                           round((max(ARRAY[day - DATE '2000-01-01', price]))[2], %(digits)s) AS last_price,
                           min(day) AS first_date, max(day) AS last_date, count(*) AS day_count,
                           avg(gap)::float AS interval_mean, stddev_samp(gap)::float AS interval_deviation,
                           -- The share of all baskets' weight, a geometric series.
                           sum(weight) / (CASE WHEN %(decay)s = 1 THEN min(baskets)
                                               ELSE (1 - power(%(decay)s::float, min(baskets)))
                                                    / NULLIF(1 - %(decay)s, 0) END) AS repeat_score
                      FROM weighed
                     GROUP BY partner_id, product_id
                ), fresh AS (
                    SELECT rhythm.*, %(expected)s AS expected_interval
                      FROM rhythm
                      LEFT JOIN crm_product_stat usual
                             ON usual.company_id = %(company)s AND usual.product_id = rhythm.product_id
                ), upserted AS (
                    INSERT INTO crm_customer_product AS fact
                           (company_id, partner_id, product_id, times_bought, net_quantity,
                            returned_quantity, usual_quantity, amount, last_price, first_date, last_date,
                            day_count, interval_mean, interval_deviation, repeat_score, expected_interval,
                            next_due_date)
                    SELECT %(company)s, partner_id, product_id, times_bought, net_quantity,
                           returned_quantity, usual_quantity, amount, last_price, first_date, last_date,
                           day_count, interval_mean, interval_deviation, repeat_score, expected_interval,
                           last_date + round(expected_interval)::int
                      FROM fresh
                    ON CONFLICT (partner_id, product_id, company_id) DO UPDATE
                       SET times_bought = excluded.times_bought,
                           net_quantity = excluded.net_quantity,
                           returned_quantity = excluded.returned_quantity,
                           usual_quantity = excluded.usual_quantity,
                           amount = excluded.amount,
                           last_price = excluded.last_price,
                           first_date = excluded.first_date,
                           last_date = excluded.last_date,
                           day_count = excluded.day_count,
                           interval_mean = excluded.interval_mean,
                           interval_deviation = excluded.interval_deviation,
                           repeat_score = excluded.repeat_score,
                           expected_interval = excluded.expected_interval,
                           next_due_date = excluded.next_due_date
                     -- Most products of a customer are as they were: leave their rows alone.
                     WHERE (fact.times_bought, fact.net_quantity, fact.returned_quantity,
                            fact.usual_quantity, fact.amount, fact.last_price, fact.first_date,
                            fact.last_date, fact.day_count, fact.interval_mean, fact.interval_deviation,
                            fact.repeat_score, fact.expected_interval, fact.next_due_date)
                           IS DISTINCT FROM
                           (excluded.times_bought, excluded.net_quantity, excluded.returned_quantity,
                            excluded.usual_quantity, excluded.amount, excluded.last_price,
                            excluded.first_date, excluded.last_date, excluded.day_count,
                            excluded.interval_mean, excluded.interval_deviation, excluded.repeat_score,
                            excluded.expected_interval, excluded.next_due_date)
                )
                DELETE FROM crm_customer_product old
                 WHERE old.company_id = %(company)s
                   AND old.partner_id = ANY(%(partners)s)
                   -- Hashed, whatever the planner believes: an anti-join could be a nested loop.
                   AND (old.partner_id, old.product_id) NOT IN (SELECT partner_id, product_id FROM fresh)
                """,
                company=company.id,
                partners=list(partner_ids),
                tz=company._crm_timezone(),
                decay=company.crm_repeat_decay,
                digits=company.currency_id.decimal_places,
                bought_lines=self.env["sale.order.line"]._crm_bought_lines_sql(SQL("basket"), company),
                expected=self._expected_interval_sql(company, SQL("rhythm")),
                **past,
            )
        )

    @api.model
    def _past_parts(self, company, partner_ids):
        """Parts of the statement for sales from before the ERP; empty where there are none."""
        Past = self.env["crm.past.sale"]
        if not Past._is_used(company):
            return {"past": SQL(), "past_orders": SQL(), "past_lines": SQL()}
        return {
            "past": SQL(
                "past AS (%s),",
                Past._lines_sql(company, SQL("buyer.commercial_partner_id = ANY(%s)", list(partner_ids))),
            ),
            "past_orders": SQL(
                "UNION ALL SELECT DISTINCT partner_id, order_id::int, day, 1::numeric FROM past"
            ),
            # An order of the ERP on the same day tells the last price: its lines have the higher ids.
            "past_lines": SQL(
                """
                UNION ALL
                SELECT o.partner_id, o.day, o.age, o.baskets, -past.id, past.order_id, past.product_id,
                       past.quantity, past.quantity, past.amount, NULL
                  FROM past
                  JOIN basket o ON o.id = past.order_id AND o.partner_id = past.partner_id
                """
            ),
        }

    @api.model
    def _expected_interval_sql(self, company, fact):
        """The pair's mean interval shrunk towards the product's, as if that had been seen k times.

        (n * own + k * usual) / (n + k) with n own intervals and k the company's setting; alone where
        the other is unknown. NULL where neither is known.

        :param SQL fact: table with day_count and interval_mean; ``usual`` is ``crm_product_stat``
        """
        return SQL(
            """
            CASE WHEN %(fact)s.interval_mean IS NULL THEN NULLIF(usual.interval_mean, 0)
                 WHEN COALESCE(usual.interval_mean, 0) = 0 THEN %(fact)s.interval_mean
                 ELSE ((%(fact)s.day_count - 1) * %(fact)s.interval_mean + %(k)s * usual.interval_mean)
                      / (%(fact)s.day_count - 1 + %(k)s)
            END
            """,
            fact=fact,
            k=company.crm_interval_prior,
        )

    @api.model
    def _refresh_due_dates(self, company):
        """Move the due dates of a company after ``crm.product.stat`` has learned."""
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_customer_product fact
                   SET expected_interval = %(expected)s,
                       next_due_date = fact.last_date + round(%(expected)s)::int
                  FROM crm_product_stat usual
                 WHERE usual.company_id = %(company)s
                   AND fact.company_id = usual.company_id
                   AND fact.product_id = usual.product_id
                   AND fact.expected_interval IS DISTINCT FROM %(expected)s
                """,
                company=company.id,
                expected=self._expected_interval_sql(company, SQL("fact")),
            )
        )
        self.invalidate_model()

    @api.model
    def _forget(self, fname, records):
        """Take away the rows of deleted records: no foreign key does.

        :param str fname: ``partner_id`` or ``product_id``
        """
        column = SQL.identifier(fname)
        self.env.cr.execute(
            SQL("DELETE FROM crm_customer_product WHERE %s = ANY(%s)", column, list(records._ids))
        )
        self.invalidate_model()

    def _get_overview_row(self):
        """One row of the table of products on the 360 screen."""
        self.ensure_one()
        today = self.company_id._crm_today()
        due = self.next_due_date
        overdue = (today - due).days if due else None
        return {
            "id": self.id,
            "product_id": self.product_id.id,
            "name": self.product_id.display_name,
            "uom": self.product_uom_id.name,
            "times_bought": self.times_bought,
            "net_quantity": self.net_quantity,
            "amount": self.amount,
            "last_price": self.last_price,
            "last_date": self.last_date.isoformat(),
            "interval": round(self.interval_mean) if self.day_count > 1 else None,
            "next_due_date": due.isoformat() if due else None,
            "due_in_days": -overdue if due else None,
            "due_state": self._get_due_state(overdue) if self.day_count > 1 else "",
        }

    def _get_due_state(self, overdue):
        """:return: "" (unknown or later), "soon" (within a week), "due", or "missed": past two deviations"""
        if overdue is None or overdue < -7:
            return ""
        if overdue < 0:
            return "soon"
        spread = max(self.interval_deviation or self.expected_interval / 4, 1)
        return "missed" if overdue > 2 * spread else "due"
