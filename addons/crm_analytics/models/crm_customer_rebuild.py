from itertools import pairwise

from odoo import api, fields, models
from odoo.tools import SQL

CUSTOMERS_PER_PART = 1_000_000  # about
LAST_ID = 2**31 - 1


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
        ((count,),) = self.env.execute_query(
            SQL("SELECT count(*) FROM res_partner WHERE commercial_partner_id = id")
        )
        parts = max(1, round(count / customers_per_part))
        ends = []
        if parts > 1:
            ends = self.env.execute_query(
                SQL(
                    """
                    SELECT id
                      FROM (SELECT id, row_number() OVER (ORDER BY id) AS place
                              FROM res_partner
                             WHERE commercial_partner_id = id) AS customer
                     WHERE place = ANY(%s)
                     ORDER BY id
                    """,
                    [count * part // parts for part in range(1, parts)],
                )
            )
        bounds = [0, *(last for (last,) in ends), LAST_ID]
        self.create(
            [
                {
                    "rebuild_id": run.id,
                    "kind": "days",
                    "first_partner_id": before + 1,
                    "last_partner_id": last,
                }
                for before, last in pairwise(bounds)
            ]
        )

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
