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
    def _get_changes(self, company, date, condition):
        """How the pipeline came from what it was to what it is, each opportunity in each kind it belongs to.

        ``before`` + new - won - lost - gone + raised - lowered = ``now``; slipped and earlier move money
        between months and change no sum.

        :param date date: of the snapshot
        :param SQL condition: on ``lead``, which opportunities to look at
        :return: {kind: (number, amount)}
        """
        rows = self.env.execute_query(
            SQL(
                "SELECT kind, count(*), sum(amount)::float FROM (%s) AS change GROUP BY kind",
                self._get_changes_query(company, date, condition),
            )
        )
        return {kind: (count, amount) for kind, count, amount in rows}

    @api.model
    def _get_changed_leads(self, company, date, condition, kind):
        """Ids of the opportunities of a kind; see :meth:`_get_changes`."""
        rows = self.env.execute_query(
            SQL(
                "SELECT id FROM (%s) AS change WHERE kind = %s ORDER BY id",
                self._get_changes_query(company, date, condition),
                kind,
            )
        )
        return [id_ for (id_,) in rows]

    @api.model
    def _get_changes_query(self, company, date, condition):
        """Rows of kind, id of the opportunity and amount."""
        self.env.flush_all()
        return SQL(
            """
            WITH old AS (
                SELECT lead_id, expected_revenue, date_deadline FROM crm_analytics_pipeline_snapshot
                 WHERE company_id = %(company)s AND date = %(date)s AND lead_id IS NOT NULL
            ), compared AS (
                SELECT lead.id, old.expected_revenue AS before, COALESCE(lead.expected_revenue, 0) AS amount,
                       lead.won_status, old.lead_id IS NOT NULL AS was,
                       lead.active AND lead.type = 'opportunity' AND lead.won_status = 'pending' AS open,
                       date_trunc('month', lead.date_deadline) AS due,
                       date_trunc('month', old.date_deadline) AS due_before
                  FROM crm_lead lead
                  LEFT JOIN old ON old.lead_id = lead.id
                  LEFT JOIN crm_team team ON team.id = lead.team_id
                  LEFT JOIN res_users u ON u.id = lead.user_id
                 WHERE (old.lead_id IS NOT NULL
                        OR lead.active AND lead.type = 'opportunity' AND lead.won_status = 'pending'
                           AND %(owner)s = %(company)s)
                   AND %(condition)s
            )
            SELECT found.kind, compared.id, found.amount
              FROM compared
             CROSS JOIN LATERAL (VALUES
                   ('before', was, before),
                   ('new', NOT was, compared.amount),
                   ('won', was AND NOT open AND won_status = 'won', before),
                   ('lost', was AND NOT open AND won_status = 'lost', before),
                   ('gone', was AND NOT open AND won_status = 'pending', before),
                   ('raised', was AND open AND compared.amount > before, compared.amount - before),
                   ('lowered', was AND open AND compared.amount < before, before - compared.amount),
                   ('slipped', was AND open AND due > due_before, compared.amount),
                   ('earlier', was AND open AND due < due_before, compared.amount),
                   ('now', open, compared.amount)
             ) AS found (kind, holds, amount)
             WHERE found.holds
            """,
            company=company.id,
            date=date,
            condition=condition,
            owner=self.env["crm.lead"]._crm_company_sql(),
        )
