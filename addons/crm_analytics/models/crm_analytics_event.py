from odoo import api, fields, models
from odoo.tools import SQL

from odoo.addons.crm_core.models.many2one_without_key import Many2oneWithoutKey

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
                columns=facts_sql(),
                assignments=SQL(", ").join(
                    SQL("%s = excluded.%s", SQL.identifier(name), SQL.identifier(name)) for name in FACTS
                ),
                own=facts_sql("event"),
                excluded=facts_sql("excluded"),
                company=company.id,
                partners=list(partner_ids),
            )
        )
        self.invalidate_model()

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

    def action_open_overview(self):
        """Open the customer's 360 screen."""
        self.ensure_one()
        return self.partner_id.action_crm_overview()


def facts_sql(table=None):
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
