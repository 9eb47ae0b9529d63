from odoo import api, fields, models
from odoo.exceptions import ValidationError

READER = "crm_analytics.group_crm_analytics_reader"


class UtmCampaign(models.Model):
    """When a campaign ran, whom it addressed and what it cost: what its effect is told from."""

    _inherit = "utm.campaign"

    crm_date_start = fields.Date("Started on", groups=READER)
    crm_date_end = fields.Date("Ended on", groups=READER, help="Empty: it was one day.")
    crm_response_days = fields.Integer(
        "Days to Respond",
        default=30,
        groups=READER,
        help="How many days after the end a purchase still counts as a response.",
    )
    crm_cost = fields.Monetary("Cost", groups=READER, help="All of it: media, gifts, agency, work.")
    crm_target_group_ids = fields.Many2many(
        "crm.target.group",
        "crm_analytics_campaign_group_rel",
        "campaign_id",
        "group_id",
        "Target Groups",
        groups=READER,
        help="Whom it addressed. Take snapshots: members of other groups change. A control group in them"
        " shows what would have come anyway.",
    )

    @api.constrains("crm_date_start", "crm_date_end", "crm_response_days", "crm_cost")
    def _check_crm_campaign(self):
        for campaign in self:
            start, end = campaign.crm_date_start, campaign.crm_date_end
            if end and (not start or end < start):
                raise ValidationError(self.env._("“%s” can't end before it started.", campaign.title))
            if campaign.crm_response_days < 0 or campaign.crm_cost < 0:
                raise ValidationError(self.env._("Cost and days of “%s” can't be negative.", campaign.title))

    def action_crm_results(self):
        """Count what the campaign brought, and show it."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group(READER):
            return False
        Result = self.env["crm.analytics.campaign"]
        # sudo: derived figures, shown by the reader's own rules
        Result.sudo()._refresh(Result._get_company(self), self)
        result = Result.search([("campaign_id", "=", self.id)], limit=1)
        return {
            "type": "ir.actions.act_window",
            "name": self.title,
            "res_model": "crm.analytics.campaign",
            "res_id": result.id,
            "views": [[False, "form"]],
        }
