from odoo import Command, models

LEAVING = ("sending", "done")


class MailingMailing(models.Model):
    _inherit = "mailing.mailing"

    def write(self, vals):
        leaving = self.browse()
        if vals.get("state") in LEAVING:
            leaving = self.filtered(lambda mailing: mailing.state not in LEAVING)
        result = super().write(vals)
        for mailing in leaving.filtered(lambda mailing: mailing.campaign_id and mailing.crm_target_group_ids):
            mailing._crm_analytics_note_campaign()
        return result

    def _crm_analytics_note_campaign(self):
        """Say on the campaign whom the mailing addresses, and when."""
        # sudo: who sends mailings need not be one who reads analytics
        campaign = self.sudo().campaign_id
        company = self.env["crm.analytics.campaign"]._get_company(campaign) or self.env.company
        day = self.sent_date.date() if self.sent_date else company._crm_today()
        values = {"crm_target_group_ids": [Command.link(id_) for id_ in self.crm_target_group_ids.ids]}
        if not campaign.crm_date_start:
            values["crm_date_start"] = day
        elif day > (campaign.crm_date_end or campaign.crm_date_start):
            values["crm_date_end"] = day
        campaign.write(values)
