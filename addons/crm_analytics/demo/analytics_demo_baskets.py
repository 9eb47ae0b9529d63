from datetime import timedelta

from odoo import api, models
from odoo.fields import Command


class CrmAnalyticsDemoStory(models.AbstractModel):
    """What the wholesaler's customers buy together, and two campaigns: one to learn from, one not."""

    _inherit = "crm.analytics.demo.story"

    @api.model
    def _tell_baskets(self):
        company = self.env.ref("base.main_company")
        self.env["crm.analytics.basket"]._look(company)
        self.env["crm.analytics.white.spot"]._find(company)
        self._run_campaigns(company)
        self.env["crm.analytics.campaign"]._refresh(company)

    def _run_campaigns(self, company):
        today = company._crm_today()
        group = self.env["crm.target.group"].create(
            {
                "name": "Toner without paper",
                "kind": "dynamic",
                "domain": "[('crm_order_count', '>', 0)]",
                "control_share": 30,
            }
        )
        group.action_refresh()
        tested, fair = self.env["utm.campaign"].create(
            [
                {
                    "title": "Paper with your toner",
                    "company_id": company.id,
                    "crm_date_start": today - timedelta(days=50),
                    "crm_date_end": today - timedelta(days=43),
                    "crm_cost": 640,
                    "crm_target_group_ids": [Command.set(group._take_snapshot().ids)],
                },
                {
                    "title": "Office fair",
                    "company_id": company.id,
                    "crm_date_start": today - timedelta(days=95),
                    "crm_date_end": today - timedelta(days=92),
                    "crm_cost": 4200,
                },
            ]
        )
        orders = self.env["sale.order"].search(
            [("company_id", "=", company.id), ("state", "=", "sale"), ("campaign_id", "=", False)],
            order="date_order desc",
            limit=90,
        )
        for campaign, after, until, every in ((tested, 50, 20, 3), (fair, 92, 60, 2)):
            found = orders.filtered(
                lambda order, after=after, until=until: (
                    until <= (today - order.date_order.date()).days <= after
                )
            )[::every]
            found.campaign_id = campaign
            found.invoice_ids.campaign_id = campaign
