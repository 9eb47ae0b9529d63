from odoo import fields, models
from odoo.tools import SQL

from ..models.helpdesk_sla import METRICS
from ..models.helpdesk_sla_status import CAUSES, STATES
from ..models.helpdesk_ticket import PRIORITIES


class HelpdeskSlaReport(models.Model):
    """Promises kept and missed, by whatever one asks; read from the promises when it is opened."""

    _name = "helpdesk.sla.report"
    _description = "Service Level Analysis"
    _auto = False
    _order = "started_at desc, id desc"
    _rec_name = "policy_id"

    ticket_id = fields.Many2one("helpdesk.ticket", readonly=True)
    policy_id = fields.Many2one("helpdesk.sla", readonly=True)
    metric = fields.Selection(METRICS, string="Promise", readonly=True)
    state = fields.Selection(STATES, readonly=True)
    cause = fields.Selection(CAUSES, string="Cause of the Miss", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    team_id = fields.Many2one("helpdesk.team", readonly=True)
    user_id = fields.Many2one("res.users", string="Assigned to", readonly=True)
    partner_id = fields.Many2one("res.partner", string="Customer", readonly=True)
    product_id = fields.Many2one("product.product", readonly=True)
    type_id = fields.Many2one("helpdesk.ticket.type", readonly=True)
    priority = fields.Selection(PRIORITIES, readonly=True)
    started_at = fields.Datetime(string="From", readonly=True)
    reached_at = fields.Datetime(string="Done on", readonly=True)
    failed_at = fields.Datetime(string="Missed on", readonly=True)
    kept_rate = fields.Float(
        string="Success Rate",
        aggregator="avg",
        readonly=True,
        help="Share of the promises kept among those kept or missed; open and cancelled ones do not count.",
    )
    target_hours = fields.Float(string="Promised (hours)", aggregator="avg", readonly=True)
    used_hours = fields.Float(string="Used (hours)", aggregator="avg", readonly=True)
    exceeded_hours = fields.Float(string="Too Late by (hours)", aggregator="avg", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT status.id, status.ticket_id, status.policy_id, status.metric, status.state, status.cause,
                   status.company_id, status.started_at, status.reached_at, status.failed_at,
                   ticket.team_id, ticket.user_id, ticket.product_id, ticket.type_id, ticket.priority,
                   ticket.commercial_partner_id AS partner_id,
                   CASE status.state WHEN 'reached' THEN 1.0 WHEN 'failed' THEN 0.0 END AS kept_rate,
                   status.target_seconds / 3600.0 AS target_hours,
                   CASE WHEN status.reached_at IS NOT NULL
                        THEN status.elapsed_seconds / 3600.0 END AS used_hours,
                   CASE WHEN status.state = 'failed' AND status.reached_at IS NOT NULL
                        THEN status.exceeded_seconds / 3600.0 END AS exceeded_hours
              FROM helpdesk_sla_status status
              JOIN helpdesk_ticket ticket ON ticket.id = status.ticket_id
            """
        )

    def action_open_ticket(self):
        """The ticket of the promise."""
        self.ensure_one()
        return self.env["helpdesk.sla.status"].browse(self.id).action_open_ticket()
