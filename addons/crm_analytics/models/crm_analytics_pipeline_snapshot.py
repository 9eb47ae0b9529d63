from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.tools import SQL

from .crm_lead import FORECAST_CATEGORIES

KEPT_MONTHS = 24


class CrmAnalyticsPipelineSnapshot(models.Model):
    """An open opportunity as it stood in a week: what was said of it then, to compare with later."""

    _name = "crm.analytics.pipeline.snapshot"
    _description = "Pipeline Snapshot"
    _order = "date desc, expected_revenue desc, id"
    _rec_name = "lead_id"
    _log_access = False

    company_id = fields.Many2one("res.company", required=True, readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    date = fields.Date(required=True, readonly=True, help="The Monday of the week.")
    lead_id = fields.Many2one("crm.lead", "Opportunity", readonly=True, ondelete="set null")
    team_id = fields.Many2one("crm.team", "Sales Team", readonly=True, index=True, ondelete="set null")
    user_id = fields.Many2one("res.users", "Salesperson", readonly=True, index=True, ondelete="set null")
    stage_id = fields.Many2one("crm.stage", readonly=True, index=True, ondelete="set null")
    expected_revenue = fields.Monetary(readonly=True)
    probability = fields.Float(readonly=True, aggregator="avg")
    date_deadline = fields.Date("Expected Closing", readonly=True)
    category = fields.Selection(FORECAST_CATEGORIES, readonly=True)

    _lead_date_uniq = models.UniqueIndex("(lead_id, date)")
    _company_date_idx = models.Index("(company_id, date)")

    @api.model
    def _cron_take(self):
        """Take the snapshot of the week for each company that has none of it yet, and forget old ones."""
        self.env["res.company"]._crm_analytics_for_each(self._take, "Pipeline snapshot")
        self._forget_old()

    @api.model
    def _get_week(self, day):
        """:return: the Monday of a day's week"""
        return day - timedelta(days=day.weekday())

    @api.model
    def _take(self, company):
        """Keep the open opportunities of a company as of this week; once a week, however often it is called.

        :return: number of opportunities kept now
        """
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crm_analytics_pipeline_snapshot
                       (company_id, date, lead_id, team_id, user_id, stage_id, expected_revenue, probability,
                        date_deadline, category)
                SELECT %(company)s, %(week)s, lead.id, lead.team_id, lead.user_id, lead.stage_id,
                       COALESCE(lead.expected_revenue, 0), COALESCE(lead.probability, 0), lead.date_deadline,
                       COALESCE(lead.crm_forecast_category, 'pipeline')
                  FROM crm_lead lead
                  LEFT JOIN crm_team team ON team.id = lead.team_id
                  LEFT JOIN res_users u ON u.id = lead.user_id
                 WHERE lead.type = 'opportunity'
                   AND lead.active
                   AND lead.won_status = 'pending'
                   AND %(owner)s = %(company)s
                   AND NOT EXISTS (SELECT FROM crm_analytics_pipeline_snapshot taken
                                    WHERE taken.company_id = %(company)s AND taken.date = %(week)s)
                ON CONFLICT DO NOTHING
                """,
                company=company.id,
                week=self._get_week(company._crm_today()),
                owner=self.env["crm.lead"]._crm_company_sql(),
            )
        )
        self.invalidate_model()
        return self.env.cr.rowcount

    @api.model
    def _forget_old(self):
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_analytics_pipeline_snapshot WHERE date < %s",
                fields.Date.today() - relativedelta(months=KEPT_MONTHS),
            )
        )

    # What changed since ---------------------------------------------------------

    @api.model
    def _get_changes(self, company, date, leads):
        """How the pipeline came from what it was to what it is, each opportunity in each kind it belongs to.

        ``before`` + new - won - lost - gone + raised - lowered = ``now``; slipped and earlier move money
        between months and change no sum.

        :param date date: of the snapshot
        :param SQL leads: sub-select of the ids of opportunities to look at, open and closed
        :return: {kind: (number, amount, [lead ids])}
        """
        self.env.flush_all()
        rows = self.env.execute_query(
            SQL(
                """
                WITH old AS (
                    SELECT * FROM crm_analytics_pipeline_snapshot
                     WHERE company_id = %(company)s AND date = %(date)s AND lead_id IN %(leads)s
                ), now AS (
                    SELECT lead.id, COALESCE(lead.expected_revenue, 0) AS amount, lead.date_deadline,
                           lead.won_status,
                           lead.active AND lead.type = 'opportunity' AND lead.won_status = 'pending' AS open,
                           %(owner)s AS company_id
                      FROM crm_lead lead
                      LEFT JOIN crm_team team ON team.id = lead.team_id
                      LEFT JOIN res_users u ON u.id = lead.user_id
                     WHERE lead.id IN %(leads)s
                ), both_ AS (
                    SELECT now.id, old.expected_revenue AS before, now.amount, now.won_status, now.open,
                           old.id IS NOT NULL AS was, now.company_id,
                           date_trunc('month', now.date_deadline) AS due,
                           date_trunc('month', old.date_deadline) AS due_before
                      FROM now LEFT JOIN old ON old.lead_id = now.id
                )
                SELECT kind, count(*), COALESCE(sum(found.amount), 0)::float,
                       array_agg(both_.id ORDER BY both_.id)
                  FROM both_
                 CROSS JOIN LATERAL (VALUES
                       ('before', was, before),
                       ('new', NOT was AND open AND company_id = %(company)s, both_.amount),
                       ('won', was AND NOT open AND won_status = 'won', before),
                       ('lost', was AND NOT open AND won_status = 'lost', before),
                       ('gone', was AND NOT open AND won_status = 'pending', before),
                       ('raised', was AND open AND both_.amount > before, both_.amount - before),
                       ('lowered', was AND open AND both_.amount < before, before - both_.amount),
                       ('slipped', was AND open AND due > due_before, both_.amount),
                       ('earlier', was AND open AND due < due_before, both_.amount),
                       ('now', open AND (was OR company_id = %(company)s), both_.amount)
                 ) AS found (kind, holds, amount)
                 WHERE holds
                 GROUP BY kind
                """,
                company=company.id,
                date=date,
                leads=leads,
                owner=self.env["crm.lead"]._crm_company_sql(),
            )
        )
        return {kind: (count, amount, ids) for kind, count, amount, ids in rows}
