from odoo import api, models
from odoo.tools import SQL


class CrmAnalyticsEvent(models.Model):
    _inherit = "crm.analytics.event"

    @api.model
    def _get_more_documents(self, company):
        return [*super()._get_more_documents(company), self._get_receipts_query(company)]

    @api.model
    def _get_receipts_query(self, company):
        """Receipts paid, each with its day."""
        return SQL(
            """
            SELECT member.partner_id, %(day)s, sum(%(amount)s), sum(line.price_subtotal) < 0, NULL::date
              FROM member
              JOIN pos_order receipt ON receipt.partner_id = member.member_id
              %(lines)s
             GROUP BY member.partner_id, receipt.id
            """,
            **self.env["pos.order"]._crm_analytics_sql(company),
        )
