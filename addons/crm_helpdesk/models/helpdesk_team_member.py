from odoo import fields, models


class HelpdeskTeamMember(models.Model):
    """Somebody who works for a team, and what he is good at."""

    _name = "helpdesk.team.member"
    _description = "Helpdesk Team Member"
    _order = "sequence, id"
    _rec_name = "user_id"

    team_id = fields.Many2one("helpdesk.team", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="team_id.company_id", store=True, index=True)
    user_id = fields.Many2one(
        "res.users",
        string="Employee",
        required=True,
        index=True,
        ondelete="cascade",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    sequence = fields.Integer(default=10)
    tag_ids = fields.Many2many(
        "helpdesk.tag",
        string="Good at",
        help="Tickets with these tags go to this person first, where the team assigns by tags.",
    )
    takes_tickets = fields.Boolean(
        string="Gets Tickets",
        default=True,
        help="Off: sees the team's tickets, but is assigned none automatically.",
    )

    _user_uniq = models.Constraint("UNIQUE (team_id, user_id)", "This employee is in the team already.")
