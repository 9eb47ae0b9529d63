from datetime import timedelta

import numpy as np

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import SQL

from ..lib import uplift
from .crm_analytics_campaign import METHODS

LOOK_BACK = 90  # days before an order in which a campaign gets credit for it
ORDER_DAYS = 730


class CrmAnalyticsCampaign(models.Model):
    """How a campaign is counted: one statement for each kind of figure, for all campaigns of a company."""

    _inherit = "crm.analytics.campaign"

    @api.model
    def _refresh(self, company, campaigns=None):
        """Count campaigns of a company anew.

        :param company: one ``res.company``
        :param campaigns: ``utm.campaign``; all with business or a start when empty
        """
        self.env.flush_all()
        today = company._crm_today()
        campaigns = self._get_campaigns(company) if campaigns is None else campaigns
        groups = self._get_groups(company, campaigns, today)
        business, credit = self._get_business(company, campaigns), self._get_credits(company)
        month_revenue = self._get_month_revenue(company)
        more = self._get_more_figures(company, campaigns)
        nobody = uplift.Group(0, 0)
        known = {result.campaign_id: result for result in self.search([("campaign_id", "in", campaigns.ids)])}
        for campaign in campaigns:
            values = {
                "company_id": company.id,
                "as_of": today,
                **self._prepare_time(campaign, today),
                "cost": campaign.crm_cost,
                **business.get(
                    campaign.id, dict.fromkeys(("lead_count", "order_count", "won_count", "revenue"), 0)
                ),
                **{f"credit_{method}": credit[method].get(campaign.id, 0.0) for method in METHODS},
                **self._prepare_comparison(*groups.get(campaign.id, (nobody, nobody))),
                **more.get(campaign.id, {}),
            }
            values.update(self._prepare_return(company, values, month_revenue))
            if campaign in known:
                known[campaign].write(values)
            else:
                self.create({"campaign_id": campaign.id, **values})

    @api.model
    def _get_campaigns(self, company):
        """Campaigns of a company that were planned, or have business."""
        used = self.env.execute_query(
            SQL(
                """
                SELECT campaign_id FROM sale_order WHERE company_id = %(company)s AND campaign_id IS NOT NULL
                 UNION SELECT campaign_id FROM account_move
                        WHERE company_id = %(company)s AND campaign_id IS NOT NULL
                 UNION SELECT campaign_id FROM crm_lead
                        WHERE company_id = %(company)s AND campaign_id IS NOT NULL
                """,
                company=company.id,
            )
        )
        found = self.env["utm.campaign"].search(
            Domain("id", "in", [id_ for (id_,) in used]) | Domain("crm_date_start", "!=", False)
        )
        return found.filtered(lambda campaign: self._get_company(campaign) == company)

    @api.model
    def _prepare_time(self, campaign, today):
        start = campaign.crm_date_start
        until = start and (campaign.crm_date_end or start) + timedelta(days=campaign.crm_response_days)
        return {"date_start": start, "date_end": until, "is_running": bool(until and until >= today)}

    @api.model
    def _get_groups(self, company, campaigns, today):
        """What those addressed and those left alone bought in the time that counts.

        Who was left alone in one group and addressed in another one of the campaign was addressed.

        :return: {campaign id: (addressed, left alone)}, ``lib.uplift.Group``
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH member AS (
                    SELECT campaign.id AS campaign_id, partner.commercial_partner_id AS partner_id,
                           bool_and(COALESCE(found.is_control, FALSE)) AS is_control,
                           campaign.crm_date_start AS start,
                           COALESCE(campaign.crm_date_end, campaign.crm_date_start)
                               + COALESCE(campaign.crm_response_days, 0) AS until
                      FROM utm_campaign campaign
                      JOIN crm_analytics_campaign_group_rel rel ON rel.campaign_id = campaign.id
                      JOIN crm_target_group_member found ON found.group_id = rel.group_id
                      JOIN res_partner partner ON partner.id = found.partner_id
                     WHERE campaign.id = ANY(%(campaigns)s) AND campaign.crm_date_start <= %(today)s
                     GROUP BY campaign.id, partner.commercial_partner_id
                ), bought AS (
                    SELECT member.campaign_id, member.is_control, member.partner_id,
                           COALESCE(bool_or(event.is_purchase), FALSE) AS responded,
                           COALESCE(sum(event.revenue), 0)::float AS revenue
                      FROM member
                      LEFT JOIN crm_analytics_event event
                             ON event.company_id = %(company)s AND event.partner_id = member.partner_id
                            AND event.day BETWEEN member.start AND member.until
                     GROUP BY member.campaign_id, member.is_control, member.partner_id
                )
                SELECT campaign_id, is_control, count(*), count(*) FILTER (WHERE responded), sum(revenue),
                       sum(revenue * revenue)
                  FROM bought
                 GROUP BY campaign_id, is_control
                """,
                company=company.id,
                campaigns=campaigns.ids,
                today=today,
            )
        )
        found = {}
        for campaign_id, is_control, *figures in rows:
            sides = found.setdefault(campaign_id, [uplift.Group(0, 0), uplift.Group(0, 0)])
            sides[is_control] = uplift.Group(*figures)
        return found

    @api.model
    def _get_business(self, company, campaigns):
        """Leads, orders, customers won and revenue with the campaign on them: {campaign id: values}."""
        rows = self.env.execute_query_dict(
            SQL(
                """
                WITH sold AS (
                    SELECT campaign_id, count(*) AS orders,
                           count(DISTINCT partner_id) FILTER (WHERE is_first) AS won
                      FROM (SELECT o.campaign_id, partner.commercial_partner_id AS partner_id,
                                   o.date_order = min(o.date_order)
                                       OVER (PARTITION BY partner.commercial_partner_id) AS is_first
                              FROM sale_order o
                              JOIN res_partner partner ON partner.id = o.partner_id
                             WHERE o.company_id = %(company)s AND o.state = 'sale') AS every
                     WHERE campaign_id = ANY(%(campaigns)s)
                     GROUP BY campaign_id
                ), lead AS (
                    SELECT campaign_id, count(*) AS leads
                      FROM crm_lead
                     WHERE campaign_id = ANY(%(campaigns)s)
                       AND (company_id = %(company)s OR company_id IS NULL)
                     GROUP BY campaign_id
                ), invoiced AS (
                    SELECT m.campaign_id, -sum(line.balance) AS revenue
                      FROM account_move m
                      JOIN account_move_line line ON line.move_id = m.id
                     WHERE m.campaign_id = ANY(%(campaigns)s)
                       AND m.company_id = %(company)s
                       AND m.state = 'posted'
                       AND m.move_type IN ('out_invoice', 'out_refund', 'out_receipt')
                       AND line.display_type = 'product'
                       AND line.is_downpayment IS NOT TRUE
                     GROUP BY m.campaign_id
                )
                SELECT campaign.id, COALESCE(lead.leads, 0) AS lead_count,
                       COALESCE(sold.orders, 0) AS order_count, COALESCE(sold.won, 0) AS won_count,
                       COALESCE(invoiced.revenue, 0)::float AS revenue
                  FROM unnest(%(campaigns)s::int[]) AS campaign (id)
                  LEFT JOIN sold ON sold.campaign_id = campaign.id
                  LEFT JOIN lead ON lead.campaign_id = campaign.id
                  LEFT JOIN invoiced ON invoiced.campaign_id = campaign.id
                """,
                company=company.id,
                campaigns=campaigns.ids,
            )
        )
        return {row.pop("id"): row for row in rows}

    @api.model
    def _get_month_revenue(self, company):
        """What a usual customer brings in a month."""
        ((revenue,),) = self.env.execute_query(
            SQL(
                """
                SELECT COALESCE(avg(revenue), 0)::float / 12
                  FROM (SELECT sum(revenue) AS revenue FROM crm_analytics_event
                         WHERE company_id = %s AND day > %s GROUP BY partner_id) AS each
                """,
                company.id,
                company._crm_today() - timedelta(days=365),
            )
        )
        return revenue

    @api.model
    def _get_more_figures(self, company, campaigns):
        """Figures of other addons: {campaign id: values of the fields they add}."""
        return {}

    # Which campaign to credit -----------------------------------------------------

    @api.model
    def _get_credits(self, company):
        """Amounts of the orders of two years, divided among the campaigns that touched the customer before.

        :return: {method: {campaign id: amount}}
        """
        rows = self.env.execute_query(
            SQL(
                """
                WITH touch AS (%(touches)s)
                SELECT o.id, touch.campaign_id, extract(epoch FROM touch.at)::float,
                       (o.amount_untaxed / COALESCE(NULLIF(o.currency_rate, 0), 1)::numeric)::float
                  FROM sale_order o
                  JOIN res_partner partner ON partner.id = o.partner_id
                  JOIN (SELECT partner_id, campaign_id, min(at) AS at FROM touch
                         GROUP BY partner_id, campaign_id, at::date) AS touch
                    ON touch.partner_id = partner.commercial_partner_id
                   AND touch.at <= o.date_order
                   AND touch.at > o.date_order - make_interval(days => %(look_back)s)
                 WHERE o.company_id = %(company)s
                   AND o.state = 'sale'
                   AND o.amount_untaxed > 0
                   AND o.date_order > %(since)s
                """,
                touches=SQL(" UNION ALL ").join(self._get_touch_queries(company)),
                look_back=LOOK_BACK,
                company=company.id,
                since=company._crm_today() - timedelta(days=ORDER_DAYS),
            )
        )
        if not rows:
            return {method: {} for method in METHODS}
        order, campaign, at, amount = np.array(rows, dtype=float).T
        ids, place = np.unique(campaign.astype(int), return_inverse=True)
        found = {}
        for method in METHODS:
            shares = uplift.attribute(order, campaign, at, method) * amount
            sums = np.bincount(place.reshape(-1), weights=shares, minlength=len(ids))
            found[method] = dict(zip(ids.tolist(), sums.tolist(), strict=True))
        return found

    @api.model
    def _get_touch_queries(self, company):
        """How campaigns reach customers; other addons add theirs.

        :return: list of SQL queries of ``partner_id`` (commercial), ``campaign_id``, ``at`` (UTC)
        """
        leads = SQL(
            """
            SELECT partner.commercial_partner_id AS partner_id, lead.campaign_id, lead.create_date AS at
              FROM crm_lead lead
              JOIN res_partner partner ON partner.id = lead.partner_id
             WHERE lead.campaign_id IS NOT NULL AND (lead.company_id = %s OR lead.company_id IS NULL)
            """,
            company.id,
        )
        orders = SQL(
            """
            SELECT partner.commercial_partner_id, o.campaign_id, LEAST(o.create_date, o.date_order)
              FROM sale_order o
              JOIN res_partner partner ON partner.id = o.partner_id
             WHERE o.campaign_id IS NOT NULL AND o.company_id = %s
            """,
            company.id,
        )
        addressed = SQL(
            """
            SELECT partner.commercial_partner_id, campaign.id, campaign.crm_date_start::timestamp
              FROM utm_campaign campaign
              JOIN crm_analytics_campaign_group_rel rel ON rel.campaign_id = campaign.id
              JOIN crm_target_group_member member ON member.group_id = rel.group_id
              JOIN crm_target_group target ON target.id = rel.group_id AND target.company_id = %s
              JOIN res_partner partner ON partner.id = member.partner_id
             WHERE campaign.crm_date_start IS NOT NULL AND member.is_control IS NOT TRUE
            """,
            company.id,
        )
        return [leads, orders, addressed]
