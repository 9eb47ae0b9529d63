from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

from .kept import may_keep

CLOSING_KINDS = ("closed", "cancelled")


class HelpdeskStage(models.Model):
    """A step of a ticket's way; teams share stages."""

    _name = "helpdesk.stage"
    _description = "Ticket Stage"
    _inherit = ["helpdesk.kept"]
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    description = fields.Text(
        translate=True, help="What it means that a ticket stands here, for the people of the team."
    )
    kind = fields.Selection(
        [
            ("open", "In Progress"),
            ("waiting", "Waiting for the Customer"),
            ("closed", "Solved"),
            ("cancelled", "Cancelled"),
        ],
        required=True,
        default="open",
        index=True,
        help="Waiting: it is the customer's turn. Solved and cancelled tickets are closed; cancelled ones "
        "count neither as solved nor in the service levels.",
    )
    fold = fields.Boolean(
        string="Folded",
        compute="_compute_fold",
        store=True,
        readonly=False,
        help="Shown folded in the kanban view.",
    )
    team_ids = fields.Many2many(
        "helpdesk.team", string="Teams", help="Teams that use the stage; none: all teams."
    )
    template_id = fields.Many2one(
        "mail.template",
        string="E-Mail to the Customer",
        domain=[("model", "=", "helpdesk.ticket")],
        help="Sent when a ticket comes into this stage.",
    )

    @api.depends("kind")
    def _compute_fold(self):
        for stage in self:
            stage.fold = stage.kind in CLOSING_KINDS

    @api.constrains("kind", "active", "team_ids")
    def _check_teams_keep_stages(self):
        teams = self.env["helpdesk.team"].search([("active", "=", True)])
        teams._check_stages()

    # Whose they are ----------------------------------------------------------------

    @api.model
    def _get_teams(self):
        """Ids of the teams that use a stage, none for all teams; kept, as every ticket asks for it.

        :return: {id of a stage, archived ones too, in their order: (whether it is active, ids of teams)}
        """
        return self._keep_teams() if may_keep(self.env) else self._read_teams()

    @api.model
    @ormcache()
    def _keep_teams(self):
        return self._read_teams()

    @api.model
    def _read_teams(self):
        # sudo: which stages there are is no secret, and the same for everybody
        stages = self.sudo().with_context(active_test=False)
        return {stage.id: (stage.active, frozenset(stage.team_ids.ids)) for stage in stages.search([])}

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_used(self):
        Ticket = (
            self.env["helpdesk.ticket"].sudo().with_context(active_test=False)
        )  # sudo: whether there are any
        used = Ticket.search([("stage_id", "in", self.ids)], limit=1)
        if used:
            raise ValidationError(
                self.env._(
                    "The stage %s has tickets. Move them first, or archive the stage.",
                    used.stage_id.display_name,
                )
            )
