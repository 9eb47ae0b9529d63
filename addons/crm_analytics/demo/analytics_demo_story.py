from datetime import timedelta

from odoo import api, models

LOOKS = (180, 90, 30, 0)  # days ago


class CrmAnalyticsDemoStory(models.AbstractModel):
    """Scores of the wholesaler's customers, and how they moved over half a year. Demo data only."""

    _name = "crm.analytics.demo.story"
    _description = "Demo story of customer analytics"

    @api.model
    def _score_customers(self):
        company = self.env.ref("base.main_company")
        customers = self.env["res.partner"].search([("parent_id", "=", False)]).commercial_partner_id
        self.env["crm.customer.stat"]._refresh(company, customers)
        for days in LOOKS:
            self.env["crm.analytics.model"]._score(company, as_of=company._crm_today() - timedelta(days=days))
