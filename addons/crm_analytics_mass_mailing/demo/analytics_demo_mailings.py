from datetime import datetime, time, timedelta

from odoo import api, models


class CrmAnalyticsDemoStory(models.AbstractModel):
    """The mailing of the campaign with the control group: sent, opened by some, clicked by fewer."""

    _inherit = "crm.analytics.demo.story"

    @api.model
    def _tell_mailings(self):
        company = self.env.ref("base.main_company")
        result = self.env["crm.analytics.campaign"].search(
            [("company_id", "=", company.id), ("status", "!=", "empty")], order="date_start desc", limit=1
        )
        campaign = result.campaign_id
        if not campaign:
            return
        sent = datetime.combine(campaign.crm_date_start, time(9))
        mailing = self.env["mailing.mailing"].create(
            {
                "subject": campaign.title,
                "body_html": "<p>Who buys toner with us gets the paper delivered along with it.</p>",
                "mailing_model_id": self.env["ir.model"]._get("res.partner").id,
                "campaign_id": campaign.id,
                "crm_target_group_ids": campaign.crm_target_group_ids.ids,
                "keep_archives": True,
            }
        )
        members = campaign.crm_target_group_ids.member_ids.filtered(lambda member: not member.is_control)
        people = members.partner_id.filtered("email_normalized")
        self.env["mailing.trace"].create(
            [
                {
                    "mass_mailing_id": mailing.id,
                    "trace_type": "mail",
                    "model": "res.partner",
                    "res_id": person.id,
                    "email": person.email_normalized,
                    **self._prepare_trace(place, sent),
                }
                for place, person in enumerate(people)
            ]
        )
        mailing.write({"state": "done", "sent_date": sent})
        self.env["crm.interaction"]._sync_pending()
        result._refresh(company, campaign)

    def _prepare_trace(self, place, sent):
        """What became of one mail: each second is opened, each fifth clicked, each eleventh comes back."""
        if place % 11 == 10:
            return {"trace_status": "bounce", "sent_datetime": sent}
        if place % 2:
            return {"trace_status": "sent", "sent_datetime": sent}
        opened = sent + timedelta(hours=2 + place)
        return {
            "trace_status": "open",
            "sent_datetime": sent,
            "open_datetime": opened,
            "links_click_datetime": opened + timedelta(minutes=4) if place % 5 == 0 else False,
        }
