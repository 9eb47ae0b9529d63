import ast
from datetime import datetime, time, timedelta, timezone

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from .kept import forget

# Levels of visibility in which customers see their own tickets.
PORTAL_LEVELS = ("invited_users", "portal")


class HelpdeskTeam(models.Model):
    """People who answer the same kind of requests, and the rules by which they do."""

    _name = "helpdesk.team"
    _description = "Helpdesk Team"
    _inherit = ["mail.alias.mixin", "mail.thread", "rating.parent.mixin"]
    _order = "sequence, name, id"
    # The satisfaction shown is that of the last so many days.
    _rating_satisfaction_days = 30

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    color = fields.Integer()
    description = fields.Text(
        translate=True, help="What customers come to this team with; shown to them in the portal."
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )

    # Who
    user_id = fields.Many2one(
        "res.users",
        string="Team Leader",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        tracking=True,
        help="Is told when a ticket finds nobody.",
    )
    request_user_id = fields.Many2one(
        "res.users",
        string="After-Sales",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Carries out what members without rights to accounting, stock or sales ask for. "
        "None: the leader.",
    )
    member_ids = fields.One2many("helpdesk.team.member", "team_id", string="Members", copy=True)
    member_user_ids = fields.Many2many(
        "res.users", string="Employees", compute="_compute_member_user_ids", search="_search_member_user_ids"
    )
    privacy_visibility = fields.Selection(
        [
            ("followers", "Invited employees"),
            ("invited_users", "Invited employees, and customers in the portal"),
            ("employees", "All helpdesk employees"),
            ("portal", "Helpdesk employees and customers"),
        ],
        string="Visibility",
        required=True,
        default="portal",
        tracking=True,
        help="Invited employees: members, the leader and whoever follows the team or the ticket. Customers"
        " see their own tickets in the portal.",
    )

    # How
    resource_calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working Hours",
        default=lambda self: self.env.company.resource_calendar_id,
        domain="[('company_id', 'in', [False, company_id])]",
        help="When the team works; service levels count these hours. None: around the clock.",
    )
    stage_ids = fields.Many2many(
        "helpdesk.stage",
        string="Stages",
        compute="_compute_stage_ids",
        help="The way of this team's tickets: stages of all teams and those that name this one.",
    )
    assignment = fields.Selection(
        [
            ("manual", "By hand"),
            ("turn", "In turn"),
            ("balanced", "To who has the fewest open tickets"),
        ],
        required=True,
        default="manual",
        tracking=True,
    )
    assign_by_tags = fields.Boolean(
        string="By Tags",
        help="A ticket with tags goes to members who are good at one of them, where there are any.",
    )
    ticket_properties_definition = fields.PropertiesDefinition("Ticket Properties")

    # What there is
    open_count = fields.Integer(compute="_compute_counts")
    unassigned_count = fields.Integer(compute="_compute_counts")
    mine_count = fields.Integer(compute="_compute_counts", string="Mine")
    late_count = fields.Integer(compute="_compute_counts", string="Late")
    due_today_count = fields.Integer(compute="_compute_counts", string="Due Today")

    @api.depends("member_ids.user_id")
    def _compute_member_user_ids(self):
        for team in self:
            team.member_user_ids = team.member_ids.user_id

    def _search_member_user_ids(self, operator, value):
        if operator != "in":
            return NotImplemented
        return Domain("member_ids.user_id", operator, value)

    def _compute_stage_ids(self):
        Stage = self.env["helpdesk.stage"]
        teams_of = Stage._get_teams().items()
        for team in self:
            own = team._origin.id
            team.stage_ids = Stage.browse(
                stage_id for stage_id, (active, teams) in teams_of if active and (not teams or own in teams)
            )

    def _compute_counts(self):
        """All figures of all teams with one query, of the tickets the user may see."""
        Ticket = self.env["helpdesk.ticket"]
        now, tomorrow = fields.Datetime.now(), self._get_end_of_today()
        wanted = Domain("team_id", "in", self.ids) & Domain("is_closed", "=", False)
        query = Ticket._search(wanted)
        team, user, deadline = (
            Ticket._field_to_sql(query.table, name, query) for name in ("team_id", "user_id", "sla_deadline")
        )
        query.groupby = team
        figures = self.env.execute_query(
            query.select(
                team,
                SQL("COUNT(*)"),
                SQL("COUNT(*) FILTER (WHERE %s IS NULL)", user),
                SQL("COUNT(*) FILTER (WHERE %s = %s)", user, self.env.uid),
                SQL("COUNT(*) FILTER (WHERE %s < %s)", deadline, now),
                SQL("COUNT(*) FILTER (WHERE %s >= %s AND %s < %s)", deadline, now, deadline, tomorrow),
            )
        )
        counts = {team_id: counted for team_id, *counted in figures}
        for team in self:
            team.open_count, team.unassigned_count, team.mine_count, team.late_count, team.due_today_count = (
                counts.get(team.id, (0, 0, 0, 0, 0))
            )

    def _get_end_of_today(self):
        """Midnight to come where the user is, as it is stored."""
        tomorrow = fields.Datetime.context_timestamp(self, fields.Datetime.now()).date() + timedelta(days=1)
        midnight = self.env.tz.localize(datetime.combine(tomorrow, time.min))
        return midnight.astimezone(timezone.utc).replace(tzinfo=None)

    @api.constrains("active")
    def _check_stages(self):
        """A team needs a stage to begin with and one to end in."""
        for team in self.filtered("active"):
            kinds = set(team.stage_ids.mapped("kind"))
            if not {"open", "closed"} <= kinds:
                raise ValidationError(
                    self.env._(
                        "The team %s needs at least one stage in progress and one for what is solved.",
                        team.name,
                    )
                )

    def write(self, vals):
        result = super().write(vals)
        if "resource_calendar_id" in vals:
            self.env["helpdesk.sla.change"]._queue([{"team_id": team.id} for team in self])
        return result

    def unlink(self):
        result = super().unlink()
        # With the last of its teams a stage becomes one of all teams.
        forget(self.env)
        return result

    def _alias_get_creation_values(self):
        values = super()._alias_get_creation_values()
        values["alias_model_id"] = self.env["ir.model"]._get_id("helpdesk.ticket")
        if self.id:
            values["alias_defaults"] = defaults = ast.literal_eval(self.alias_defaults or "{}")
            defaults["team_id"] = self.id
        return values

    def _get_first_stage(self):
        """Where the team's tickets begin.

        :rtype: helpdesk.stage
        """
        self.ensure_one()
        return self.stage_ids.filtered(lambda stage: stage.kind == "open")[:1]

    def action_open_unassigned(self):
        """The team's open tickets that nobody has."""
        return self._open_tickets("unassigned")

    def action_open_mine(self):
        """The team's open tickets of the current user."""
        return self._open_tickets("mine")

    def action_open_late(self):
        """The team's open tickets whose deadline is over."""
        return self._open_tickets("late")

    def action_open_due_today(self):
        """The team's open tickets whose deadline is still today."""
        return self._open_tickets("due_today")

    def action_open_tickets(self):
        """The team's open tickets."""
        return self._open_tickets()

    def _open_tickets(self, *filters):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_helpdesk.helpdesk_ticket_action_team")
        return {
            **action,
            "display_name": self.name,
            "context": {
                **ast.literal_eval(action["context"]),
                "default_team_id": self.id,
                "active_id": self.id,
                **{f"search_default_{name}": 1 for name in filters},
            },
            "domain": [("team_id", "=", self.id)],
        }
