from decimal import Decimal

from psycopg2.errors import SerializationFailure, UniqueViolation

from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crm_core.models.many2one_without_key import Many2oneWithoutKey

from .table_copy import filled_at_once

FACTS = ("document_count", "revenue", "refunded", "is_purchase")


class CrmAnalyticsEvent(models.Model):
    """A day on which a customer bought something: what models of purchases take as one purchase.

    Derived from orders or invoices, whichever the company counts, never from both. Rows are written by
    ``_refresh`` alone, with the customer's other facts, so that they are as fresh as those.
    """

    _name = "crm.analytics.event"
    _description = "Day of Purchase"
    _order = "day desc, id desc"
    _rec_name = "partner_id"
    _log_access = False

    company_id = Many2oneWithoutKey("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = Many2oneWithoutKey(
        "res.partner", "Customer", required=True, readonly=True, ondelete="cascade"
    )
    day = fields.Date(required=True, readonly=True)
    document_count = fields.Integer("Purchases", readonly=True)
    revenue = fields.Monetary(readonly=True, help="Net of taxes and of what was refunded of this day.")
    refunded = fields.Monetary(readonly=True)
    is_purchase = fields.Boolean(
        "Counts as Purchase", readonly=True, help="Whether something is left of the day after refunds."
    )

    _day_uniq = models.UniqueIndex("(partner_id, company_id, day)")
    # Days differ, companies hardly do: so it is made in two thirds of the time, and orders several companies.
    _company_day_idx = models.Index("(day, company_id)")

    # How ------------------------------------------------------------------------

    @api.model
    def _refresh(self, company, partner_ids):
        """Derive the days of these customers anew: idempotent, one statement for all of them.

        :param company: one ``res.company``
        :param list partner_ids: ids of commercial entities
        """
        self.env.cr.execute(
            SQL(
                """
                WITH %(sources)s, fresh AS (%(fresh)s), upserted AS (
                    INSERT INTO crm_analytics_event AS event (company_id, partner_id, day, %(columns)s)
                    SELECT %(company)s, partner_id, day, %(columns)s FROM fresh
                    ON CONFLICT (company_id, partner_id, day) DO UPDATE SET %(assignments)s
                     WHERE (%(own)s) IS DISTINCT FROM (%(excluded)s)
                )
                DELETE FROM crm_analytics_event old
                 WHERE old.company_id = %(company)s
                   AND old.partner_id = ANY(%(partners)s)
                   AND NOT EXISTS (SELECT FROM fresh
                                    WHERE fresh.partner_id = old.partner_id AND fresh.day = old.day)
                """,
                sources=SQL(", ").join(
                    self._get_sources(
                        company,
                        SQL("commercial_partner_id = ANY(%s)", list(partner_ids)),
                        self._list_documents(company),
                    )
                ),
                fresh=self._get_fresh_query(company),
                columns=_listed(),
                assignments=SQL(", ").join(
                    SQL("%s = excluded.%s", SQL.identifier(name), SQL.identifier(name)) for name in FACTS
                ),
                own=_listed("event"),
                excluded=_listed("excluded"),
                company=company.id,
                partners=list(partner_ids),
            )
        )
        self.invalidate_model()

    @api.model
    def _list_documents(self, company):
        """SELECTs from ``member``, as of :meth:`_get_more_documents`: those of which there are most first."""
        if company.crm_analytics_source == "invoices":
            documents = [self._get_invoices_query(company)]
        else:
            documents = [self._get_orders_query(company), self._get_order_refunds_query(company)]
        documents += self._get_more_documents(company)
        if company.crm_has_past_sales:
            documents.append(SQL("SELECT partner_id, day, amount, amount < 0, NULL::date FROM past"))
        return documents

    @api.model
    def _get_sources(self, company, customers, documents, are_many=False):
        """Common table expressions that end with ``document``: partner_id, amount, is_refund, and day, for a
        refund the one it takes back, where that is known.

        :param SQL customers: condition on ``commercial_partner_id``
        :param list documents: of :meth:`_list_documents`
        :param bool are_many: each kind of document is read with its customers, side by side if need be
        """
        member = SQL(
            """
            member AS %s (
                SELECT id AS member_id, commercial_partner_id AS partner_id
                  FROM res_partner
                 WHERE %s
                   -- What companies of ours buy of each other is no business with customers.
                   AND commercial_partner_id NOT IN (SELECT partner_id FROM res_company)
            )
            """,
            SQL("NOT MATERIALIZED") if are_many else SQL(),
            customers,
        )
        past = [self.env["crm.past.sale"]._orders_sql(company)] if company.crm_has_past_sales else []
        since = company.crm_analytics_since
        return [
            member,
            *past,
            SQL(
                """
                document AS (
                    SELECT partner_id, amount, is_refund, COALESCE(of_day, day) AS day
                      FROM (%s) AS found (partner_id, day, amount, is_refund, of_day)
                     WHERE %s)
                """,
                SQL(" UNION ALL ").join(documents),
                SQL("COALESCE(of_day, day) >= %s", since) if since else SQL("TRUE"),
            ),
        ]

    @api.model
    def _get_more_documents(self, company):
        """Purchases of other apps: SELECTs from ``member`` of partner_id, local day, amount in company
        currency, whether it takes something back, and the day it takes it back from, where that is known.

        :rtype: list[SQL]
        """
        return []

    @api.model
    def _get_orders_query(self, company):
        amount = SQL("o.amount_untaxed")
        if excluded := company._crm_analytics_get_excluded():
            amount = SQL(
                """
                (SELECT COALESCE(sum(line.price_subtotal), 0)
                   FROM sale_order_line line
                   LEFT JOIN product_product product ON product.id = line.product_id
                   LEFT JOIN product_template template ON template.id = product.product_tmpl_id
                  WHERE line.order_id = o.id
                    AND line.display_type IS NULL
                    AND (template.categ_id IS NULL OR template.categ_id != ALL(%s)))
                """,
                excluded,
            )
        return SQL(
            """
            SELECT member.partner_id, (o.date_order AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date,
                   CASE WHEN o.currency_rate = 1 THEN %(amount)s
                        ELSE %(amount)s / COALESCE(NULLIF(o.currency_rate, 0), 1)::numeric END,
                   o.amount_untaxed < 0, NULL::date
              FROM member
              JOIN sale_order o ON o.partner_id = member.member_id
             WHERE o.company_id = %(company)s AND o.state = 'sale'
            """,
            amount=amount,
            company=company.id,
            tz=company._crm_timezone(),
        )

    @api.model
    def _get_order_refunds_query(self, company):
        """Credit notes for what was ordered, each back on the day of its order."""
        return SQL(
            """
            SELECT member.partner_id, m.invoice_date, %(amount)s, TRUE,
                   (min(o.date_order) AT TIME ZONE 'UTC' AT TIME ZONE %(tz)s)::date
              FROM member
              JOIN account_move m ON m.commercial_partner_id = member.member_id
              JOIN account_move_line line ON line.move_id = m.id
              JOIN sale_order_line_invoice_rel rel ON rel.invoice_line_id = line.id
              JOIN sale_order_line sold ON sold.id = rel.order_line_id
              JOIN sale_order o ON o.id = sold.order_id
              %(category)s
             WHERE m.company_id = %(company)s
               AND m.move_type = 'out_refund'
               AND m.state = 'posted'
               AND line.display_type = 'product'
               AND line.is_downpayment IS NOT TRUE
               AND o.state = 'sale'
               %(wanted)s
             GROUP BY member.partner_id, m.id, m.invoice_date
            """,
            amount=SQL("sum(-line.balance)"),
            company=company.id,
            tz=company._crm_timezone(),
            **self._get_category_condition(company),
        )

    @api.model
    def _get_invoices_query(self, company):
        """Posted invoices and receipts without down payments, and credit notes back on the day of their
        invoice; in company currency by the rate of their own day.
        """
        return SQL(
            """
            SELECT member.partner_id, m.invoice_date, sum(-line.balance), sum(-line.balance) < 0,
                   CASE WHEN sum(-line.balance) < 0 THEN min(reversed.invoice_date) END
              FROM member
              JOIN account_move m ON m.commercial_partner_id = member.member_id
              JOIN account_move_line line ON line.move_id = m.id
              LEFT JOIN account_move reversed ON reversed.id = m.reversed_entry_id
              %(category)s
             WHERE m.company_id = %(company)s
               AND m.move_type IN ('out_invoice', 'out_receipt', 'out_refund')
               AND m.state = 'posted'
               AND line.display_type = 'product'
               AND line.is_downpayment IS NOT TRUE
               %(wanted)s
             GROUP BY member.partner_id, m.id, m.invoice_date
            """,
            company=company.id,
            **self._get_category_condition(company),
        )

    @api.model
    def _get_category_condition(self, company):
        excluded = company._crm_analytics_get_excluded()
        if not excluded:
            return {"category": SQL(), "wanted": SQL()}
        return {
            "category": SQL(
                "LEFT JOIN product_product product ON product.id = line.product_id"
                " LEFT JOIN product_template template ON template.id = product.product_tmpl_id"
            ),
            "wanted": SQL("AND (template.categ_id IS NULL OR template.categ_id != ALL(%s))", excluded),
        }

    @api.model
    def _get_fresh_query(self, company):
        """One row for each day. A refund belongs to the day it takes back, else to the last day of purchase
        before it: it is never a purchase of its own.
        """
        return SQL(
            """
            SELECT partner_id, day, count(*) FILTER (WHERE NOT is_refund)::int AS document_count,
                   round(sum(amount), %(digits)s) AS revenue,
                   round(COALESCE(-sum(amount) FILTER (WHERE is_refund), 0), %(digits)s) AS refunded,
                   COALESCE(bool_or(NOT is_refund), FALSE) AND round(sum(amount), %(digits)s) > 0
                       AS is_purchase
              FROM (SELECT partner_id, amount, is_refund,
                           CASE WHEN is_refund THEN COALESCE(
                               CASE WHEN bool_or(NOT is_refund) OVER same_day THEN known END,
                               max(known) FILTER (WHERE NOT is_refund) OVER before,
                               known) ELSE known END AS day
                      FROM (SELECT partner_id, amount, is_refund, day AS known FROM document) AS placed
                    WINDOW same_day AS (PARTITION BY partner_id, known),
                           before AS (PARTITION BY partner_id ORDER BY known
                                      RANGE UNBOUNDED PRECEDING)) AS attached
             GROUP BY partner_id, day
            """,
            digits=company.currency_id.decimal_places,
        )

    # Many at once ---------------------------------------------------------------

    @api.model
    def _rebuild(self, company, first_id, last_id):
        """Derive the days of all customers whose ids lie between two: the same rows as :meth:`_refresh`
        gives, by one pass over the documents.

        :raise psycopg2.errors.SerializationFailure: somebody wrote the same days meanwhile; try again
        """
        self.env.flush_all()
        self.env["crm.customer.stat"]._prepare_planner()
        # Documents of so many are read one after another, side by side where there are workers; looking them
        # up customer by customer takes twice as long. Sorted they come in the order of the table; groups in
        # a hash that does not fit into memory take half as long again, and compiling the query is lost.
        self.env.cr.execute(
            "SELECT set_config('work_mem', '128MB', TRUE), set_config('parallel_tuple_cost', '0.01', TRUE),"
            " set_config('random_page_cost', '4', TRUE), set_config('enable_nestloop', 'off', TRUE),"
            " set_config('enable_hashagg', 'off', TRUE), set_config('jit', 'off', TRUE)"
        )
        span = {"company": company.id, "first": first_id, "last": last_id}
        self._collect_days(company, span)
        self._attach_refunds()
        try:
            if self._has_days(span):
                with filled_at_once(self):
                    self.env.cr.execute(self._get_replace_query(company, span), log_exceptions=False)
            else:
                with filled_at_once(self, "crm_analytics_days"):
                    self.env.cr.execute(self._get_add_query(company), log_exceptions=False)
        except UniqueViolation as error:
            raise SerializationFailure("days of purchase were written meanwhile") from error
        self.env.cr.execute("DROP TABLE crm_analytics_days")
        self.invalidate_model()

    @api.model
    def _collect_days(self, company, span):
        """Make a temporary table of the days: what was bought and, apart from that, taken back.

        Of the documents of which there are most first: alone they are read and sorted side by side.
        """
        most, *others = self._list_documents(company)
        self._group_days("crm_analytics_days", company, span, [most])
        if others:
            self._group_days("crm_analytics_more", company, span, others)
            self._add_days()

    @api.model
    def _group_days(self, table, company, span, documents):
        customers = SQL("commercial_partner_id BETWEEN %(first)s AND %(last)s", **span)
        self.env.cr.execute(
            SQL(
                """
                CREATE TEMPORARY TABLE %s ON COMMIT DROP AS
                WITH %s
                SELECT partner_id, day, count(*) FILTER (WHERE NOT is_refund)::int AS purchases,
                       sum(amount) AS amount, -sum(amount) FILTER (WHERE is_refund) AS refunded
                  FROM document
                 GROUP BY partner_id, day
                 ORDER BY partner_id, day
                """,
                SQL.identifier(table),
                SQL(", ").join(self._get_sources(company, customers, documents, are_many=True)),
            )
        )

    @api.model
    def _add_days(self):
        """Put what there was more on a day to what was found before."""
        self.env.cr.execute("SELECT FROM crm_analytics_more LIMIT 1")
        if self.env.cr.rowcount:
            self.env.cr.execute(
                """
                WITH added AS (
                    UPDATE crm_analytics_days day
                       SET purchases = day.purchases + more.purchases,
                           amount = COALESCE(day.amount, 0) + COALESCE(more.amount, 0),
                           refunded = COALESCE(day.refunded, 0) + COALESCE(more.refunded, 0)
                      FROM crm_analytics_more more
                     WHERE day.partner_id = more.partner_id AND day.day = more.day
                 RETURNING day.partner_id, day.day
                )
                INSERT INTO crm_analytics_days (partner_id, day, purchases, amount, refunded)
                SELECT partner_id, day, purchases, amount, refunded
                  FROM crm_analytics_more more
                 WHERE NOT EXISTS (SELECT FROM added
                                    WHERE added.partner_id = more.partner_id AND added.day = more.day)
                """
            )
        self.env.cr.execute("DROP TABLE crm_analytics_more")

    @api.model
    def _attach_refunds(self):
        """Put days of refunds alone to the last day of purchase before them; few are left to be."""
        self.env.cr.execute("SELECT FROM crm_analytics_days WHERE purchases = 0 LIMIT 1")
        if not self.env.cr.rowcount:
            return
        self.env.cr.execute(
            """
            WITH placed AS (
                SELECT alone.partner_id, alone.day, max(day.day) AS to_day
                  FROM crm_analytics_days alone
                  JOIN crm_analytics_days day ON day.partner_id = alone.partner_id
                                             AND day.day < alone.day AND day.purchases > 0
                 WHERE alone.purchases = 0
                 GROUP BY alone.partner_id, alone.day
            ), gone AS (
                DELETE FROM crm_analytics_days alone USING placed
                 WHERE alone.partner_id = placed.partner_id AND alone.day = placed.day
             RETURNING alone.partner_id, placed.to_day, alone.amount, alone.refunded
            )
            UPDATE crm_analytics_days day
               SET amount = day.amount + back.amount,
                   refunded = COALESCE(day.refunded, 0) + back.refunded
              FROM (SELECT partner_id, to_day, sum(amount) AS amount, sum(refunded) AS refunded
                      FROM gone
                     GROUP BY partner_id, to_day) AS back
             WHERE day.partner_id = back.partner_id AND day.day = back.to_day
            """
        )

    @api.model
    def _has_days(self, span):
        query = SQL(
            """
            SELECT FROM crm_analytics_event
             WHERE company_id = %(company)s AND partner_id BETWEEN %(first)s AND %(last)s LIMIT 1
            """,
            **span,
        )
        return bool(self.env.execute_query(query))

    @api.model
    def _get_found_query(self, company):
        digits = company.currency_id.decimal_places
        return SQL(
            """
            SELECT partner_id, day, purchases AS document_count, round(amount, %(digits)s) AS revenue,
                   CASE WHEN refunded IS NULL THEN 0 ELSE round(refunded, %(digits)s) END AS refunded,
                   purchases > 0 AND amount >= %(least)s AS is_purchase
              FROM crm_analytics_days
            """,
            digits=digits,
            least=Decimal(5).scaleb(-digits - 1),  # what is rounded to more than nothing
        )

    @api.model
    def _get_add_query(self, company):
        """Where there is nothing yet, all that was found is added, in the order in which it was."""
        return SQL(
            "INSERT INTO crm_analytics_event (company_id, partner_id, day, %s)"
            " SELECT %s, partner_id, day, %s FROM (%s) AS fresh",
            _listed(),
            company.id,
            _listed(),
            self._get_found_query(company),
        )

    @api.model
    def _get_replace_query(self, company, span):
        """What is no longer so goes, what is new comes, all else stays untouched."""
        return SQL(
            """
            DELETE FROM crm_analytics_event old
             WHERE old.company_id = %(company)s
               AND old.partner_id BETWEEN %(first)s AND %(last)s
               AND NOT EXISTS (SELECT FROM (%(fresh)s) AS fresh
                                WHERE fresh.partner_id = old.partner_id AND fresh.day = old.day
                                  AND (%(new)s) IS NOT DISTINCT FROM (%(own)s));
            INSERT INTO crm_analytics_event (company_id, partner_id, day, %(columns)s)
            SELECT %(company)s, partner_id, day, %(columns)s
              FROM (%(fresh)s) AS fresh
             WHERE NOT EXISTS (SELECT FROM crm_analytics_event old
                                WHERE old.company_id = %(company)s
                                  AND old.partner_id BETWEEN %(first)s AND %(last)s
                                  AND old.partner_id = fresh.partner_id AND old.day = fresh.day)
             ORDER BY partner_id, day
            """,
            fresh=self._get_found_query(company),
            columns=_listed(),
            new=_listed("fresh"),
            own=_listed("old"),
            **span,
        )

    def action_open_overview(self):
        """Open the customer's 360 screen."""
        self.ensure_one()
        return self.partner_id.action_crm_overview()


def _listed(table=None):
    """The columns that are derived, as SQL."""
    return SQL(", ").join(SQL.identifier(*((table, name) if table else (name,))) for name in FACTS)


class CrmCustomerStat(models.Model):
    _inherit = "crm.customer.stat"

    @api.model
    def _refresh(self, company, partners):
        result = super()._refresh(company, partners)
        partner_ids = sorted(getattr(partners, "ids", partners))
        if partner_ids and not self.env.context.get("crm_analytics_no_days"):
            self.env["crm.analytics.event"]._refresh(company, partner_ids)
        return result
