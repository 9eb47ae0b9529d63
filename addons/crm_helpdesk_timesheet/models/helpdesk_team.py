from odoo import api, fields, models
from odoo.exceptions import ValidationError


class HelpdeskTeam(models.Model):
    _inherit = "helpdesk.team"

    project_id = fields.Many2one(
        "project.project",
        index="btree_not_null",
        domain="[('allow_timesheets', '=', True), ('is_template', '=', False), "
        "('company_id', 'in', [False, company_id])]",
        help="Time spent on the team's tickets is booked there. Where hours are sold it must be billable.",
    )

    @api.constrains("project_id", "company_id")
    def _check_company_of_project(self):
        for team in self:
            if team.project_id.company_id and team.project_id.company_id != team.company_id:
                raise ValidationError(
                    self.env._(
                        "The project %(project)s belongs to another company than the team %(team)s.",
                        project=team.project_id.name,
                        team=team.name,
                    )
                )

    def write(self, vals):
        """Open tickets without a project get that of the team."""
        result = super().write(vals)
        if vals.get("project_id"):
            # sudo: whoever sets up the team sets up what its tickets begin with
            tickets = self.env["helpdesk.ticket"].sudo()
            tickets = tickets.search(
                [("team_id", "in", self.ids), ("is_closed", "=", False), ("project_id", "=", False)]
            )
            tickets.project_id = vals["project_id"]
        return result
