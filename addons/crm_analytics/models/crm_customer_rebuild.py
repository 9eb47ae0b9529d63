from odoo import api, fields, models
from odoo.tools import SQL

CUSTOMERS_PER_PART = 1_000_000  # about


class CrmCustomerRebuildPart(models.Model):
    """The days of purchase have parts of their own in a collection of facts: larger ones, as a pass over the
    documents of many customers takes far less than many small ones do.
    """

    _inherit = "crm.customer.rebuild.part"

    kind = fields.Selection(selection_add=[("days", "Days of purchase")], ondelete={"days": "cascade"})

    @api.model
    def _make(self, run, customers_per_part):
        self._make_days(run)
        return super()._make(run, customers_per_part)

    @api.model
    def _make_days(self, run, customers_per_part=CUSTOMERS_PER_PART):
        """All ids lie in some part, so that rows of whoever is no customer any more go, too."""
        self.env.cr.execute(
            SQL(
                """
                WITH customer AS (SELECT id FROM res_partner WHERE commercial_partner_id = id),
                     many AS (SELECT GREATEST(1, round(count(*) / %s::numeric))::int AS parts FROM customer)
                INSERT INTO crm_customer_rebuild_part
                       (rebuild_id, kind, first_partner_id, last_partner_id, is_done)
                SELECT %s, 'days', COALESCE(lag(last) OVER turn, 0) + 1,
                       CASE WHEN lead(last) OVER turn IS NULL THEN 2147483647 ELSE last END, FALSE
                  FROM (SELECT part, max(id) AS last
                          FROM (SELECT id, ntile((SELECT parts FROM many)) OVER (ORDER BY id) AS part
                                  FROM customer) AS numbered
                         GROUP BY part) AS piece
                WINDOW turn AS (ORDER BY part)
                 ORDER BY part
                """,
                customers_per_part,
                run.id,
            )
        )
        run.invalidate_recordset(["part_ids"])

    @api.model
    def _get_claim_condition(self, run):
        """One part with days at a time, whatever the run: they may make the indexes of the table anew."""
        condition = super()._get_claim_condition(run)
        ((is_free,),) = self.env.execute_query(
            SQL("SELECT pg_try_advisory_xact_lock(hashtext('crm_analytics_event'))")
        )
        return condition if is_free else SQL("(%s) AND kind != 'days'", condition)

    def _do_days(self, company):
        self.env["crm.analytics.event"]._rebuild(company, self.first_partner_id, self.last_partner_id)

    def _do_customers(self, company):
        return super(CrmCustomerRebuildPart, self.with_context(crm_analytics_no_days=True))._do_customers(
            company
        )
