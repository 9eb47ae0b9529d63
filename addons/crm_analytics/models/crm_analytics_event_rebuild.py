from decimal import Decimal

from psycopg2.errors import SerializationFailure, UniqueViolation

from odoo import api, models
from odoo.tools import SQL

from .crm_analytics_event import facts_sql
from .table_copy import filled_at_once


class CrmAnalyticsEvent(models.Model):
    """The days of many at once, by one pass over the documents."""

    _inherit = "crm.analytics.event"

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
            facts_sql(),
            company.id,
            facts_sql(),
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
            columns=facts_sql(),
            new=facts_sql("fresh"),
            own=facts_sql("old"),
            **span,
        )
