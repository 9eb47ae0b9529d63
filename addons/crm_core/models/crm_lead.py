from odoo import models
from odoo.tools import SQL


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.fact.source"]

    _crm_fact_fields = frozenset(
        {
            "partner_id",
            "company_id",
            "team_id",
            "user_id",
            "type",
            "active",
            "won_status",
            "expected_revenue",
        }
    )
    _crm_owner_fields = frozenset({"partner_id", "company_id", "team_id", "user_id"})

    def _crm_owner_query(self, ids):
        return SQL(
            """
            SELECT %s, p.commercial_partner_id
              FROM crm_lead lead
              JOIN res_partner p ON p.id = lead.partner_id
              LEFT JOIN crm_team team ON team.id = lead.team_id
              LEFT JOIN res_users u ON u.id = lead.user_id
             WHERE lead.id IN %s
               AND %s IS NOT NULL
            """,
            self._crm_company_sql(),
            ids,
            self._crm_company_sql(),
        )

    def _crm_company_sql(self):
        """The company of a lead; one without any counts for the company of its team or salesperson."""
        return SQL("COALESCE(lead.company_id, team.company_id, u.company_id)")
