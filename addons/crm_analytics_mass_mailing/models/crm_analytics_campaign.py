from odoo import api, fields, models
from odoo.tools import SQL

# It never arrived, or never left.
LOST = ("outgoing", "process", "error", "bounce", "cancel")


class CrmAnalyticsCampaign(models.Model):
    """What the mailings of a campaign reached."""

    _inherit = "crm.analytics.campaign"

    mail_sent_count = fields.Integer("Mails Sent", readonly=True, help="That did not come back.")
    mail_open_count = fields.Integer("Opened", readonly=True, help="As far as mail programs tell.")
    mail_click_count = fields.Integer("Clicked", readonly=True)
    mail_reply_count = fields.Integer("Answered", readonly=True)
    mail_bounce_count = fields.Integer("Came Back", readonly=True)
    mail_refused_count = fields.Integer(
        "Held Back", readonly=True, help="Since the person did not agree to advertising by e-mail."
    )
    mail_open_rate = fields.Float("Opened (Share)", readonly=True, aggregator="avg")
    mail_click_rate = fields.Float("Clicked (Share)", readonly=True, aggregator="avg")

    @api.model
    def _get_more_figures(self, company, campaigns):
        found = super()._get_more_figures(company, campaigns)
        rows = self.env.execute_query_dict(
            SQL(
                """
                SELECT campaign_id, sent AS mail_sent_count, opened AS mail_open_count,
                       clicked AS mail_click_count, replied AS mail_reply_count,
                       bounced AS mail_bounce_count, refused AS mail_refused_count,
                       COALESCE(opened::float / NULLIF(sent, 0), 0) AS mail_open_rate,
                       COALESCE(clicked::float / NULLIF(sent, 0), 0) AS mail_click_rate
                  FROM (
                    SELECT campaign.id AS campaign_id,
                           count(trace.id) FILTER (WHERE trace.trace_status NOT IN %(lost)s) AS sent,
                           count(trace.id) FILTER (WHERE trace.open_datetime IS NOT NULL) AS opened,
                           count(trace.id) FILTER (WHERE trace.links_click_datetime IS NOT NULL) AS clicked,
                           count(trace.id) FILTER (WHERE trace.trace_status = 'reply') AS replied,
                           count(trace.id) FILTER (WHERE trace.trace_status = 'bounce') AS bounced,
                           count(trace.id) FILTER (WHERE trace.failure_type = 'crm_consent') AS refused
                      FROM unnest(%(campaigns)s::int[]) AS campaign (id)
                      LEFT JOIN mailing_mailing mailing ON mailing.campaign_id = campaign.id
                      LEFT JOIN mailing_trace trace
                             ON trace.mass_mailing_id = mailing.id AND trace.is_test_trace IS NOT TRUE
                     GROUP BY campaign.id) AS counted
                """,
                lost=LOST,
                campaigns=campaigns.ids,
            )
        )
        for row in rows:
            found.setdefault(row.pop("campaign_id"), {}).update(row)
        return found

    @api.model
    def _get_touch_queries(self, company):
        """Mailings that arrived; the timeline knows whom they reached."""
        mailings = SQL(
            """
            SELECT told.commercial_partner_id, mailing.campaign_id, told.date
              FROM crm_interaction told
              JOIN mailing_trace trace ON trace.id = told.res_id
              JOIN mailing_mailing mailing ON mailing.id = trace.mass_mailing_id
              JOIN utm_campaign campaign ON campaign.id = mailing.campaign_id
             WHERE told.res_model = 'mailing.trace'
               AND (campaign.company_id = %s OR campaign.company_id IS NULL)
            """,
            company.id,
        )
        return [*super()._get_touch_queries(company), mailings]
