from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL


class CrmLead(models.Model):
    _name = "crm.lead"
    _inherit = ["crm.lead", "crm.fact.source", "crm.interaction.mixin"]

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
    _interaction_fields = frozenset(
        {"partner_id", "company_id", "user_id", "name", "active", "won_status", "date_closed"}
    )
    _interaction_look_fields = ("won_status", "stage_id", "expected_revenue", "company_id")

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

    @api.model
    def _crm_company_domain(self, company):
        """The leads of a company, as :meth:`_crm_company_sql` says.

        :rtype: Domain
        """
        by_user = ~Domain("team_id.company_id", "!=", False) & Domain("user_id.company_id", "=", company.id)
        by_team = Domain("team_id.company_id", "=", company.id)
        return Domain("company_id", "=", company.id) | Domain("company_id", "=", False) & (by_team | by_user)

    def _interaction_query(self, ids):
        return SQL(
            """
            SELECT lead.id, told.event, told.kind, told.date, lead.partner_id, lead.partner_id,
                   lead.company_id, 'other', NULL, lead.user_id, lead.name, NULL
              FROM crm_lead lead
             CROSS JOIN LATERAL (
                   VALUES ('created', 'lead', lead.create_date),
                          ('closed', CASE WHEN lead.won_status IN ('won', 'lost') THEN lead.won_status END,
                           COALESCE(lead.date_closed, lead.write_date))
                   ) AS told (event, kind, date)
             WHERE lead.id IN %s
               AND lead.partner_id IS NOT NULL
               AND told.kind IS NOT NULL
            """,
            ids,
        )

    def _interaction_look(self):
        labels = dict(self._fields["won_status"]._description_selection(self.env))
        levels = {"won": "success", "lost": "muted"}
        return {
            lead.id: {
                "state": labels[lead.won_status] if lead.won_status in levels else lead.stage_id.name,
                "level": levels.get(lead.won_status, "info"),
                "amount": lead.expected_revenue or None,
                "currency_id": lead.company_currency.id,
            }
            for lead in self
        }
