from odoo import api, fields, models
from odoo.exceptions import ValidationError

HOUR = 3600
PRIORITY_FIELDS = {"0": "for_low", "1": "for_medium", "2": "for_high", "3": "for_urgent"}
METRICS = [
    ("stage", "Reach a stage"),
    ("first_response", "First answer"),
    ("next_response", "Next answer"),
]


class HelpdeskSla(models.Model):
    """A promise to customers: by when something is done about their tickets."""

    _name = "helpdesk.sla"
    _description = "Service Level Policy"
    _inherit = ["mail.thread"]
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True, tracking=True)
    active = fields.Boolean(default=True, tracking=True)
    sequence = fields.Integer(default=10)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    description = fields.Text(translate=True)

    # Which tickets. Whoever deletes what a policy asks for must not make it a promise to everybody.
    team_ids = fields.Many2many(
        "helpdesk.team",
        string="Teams",
        ondelete="restrict",
        check_company=True,
        domain="[('company_id', '=', company_id)]",
        help="None: the tickets of all teams.",
    )
    for_low = fields.Boolean("Low")
    for_medium = fields.Boolean("Medium")
    for_high = fields.Boolean("High")
    for_urgent = fields.Boolean("Urgent")
    type_ids = fields.Many2many(
        "helpdesk.ticket.type", string="Types", ondelete="restrict", help="None: all types."
    )
    tag_ids = fields.Many2many(
        "helpdesk.tag", string="Tags", ondelete="restrict", help="Tickets with one of these tags."
    )
    partner_ids = fields.Many2many(
        "res.partner",
        string="Customers",
        ondelete="restrict",
        help="Tickets of these customers and of everybody below them; none: all customers.",
    )
    product_ids = fields.Many2many(
        "product.product", string="Products", ondelete="restrict", help="None: all products."
    )
    sale_line_ids = fields.Many2many(
        "sale.order.line",
        string="Order Lines",
        ondelete="restrict",
        help="What the customer bought the promise with: tickets about the orders of these lines.",
    )

    # What is promised
    metric = fields.Selection(METRICS, string="Promise", required=True, default="stage", tracking=True)
    stage_id = fields.Many2one(
        "helpdesk.stage",
        string="Stage to Reach",
        ondelete="restrict",
        domain="[('kind', '!=', 'cancelled')]",
        tracking=True,
        help="A later stage counts as well, a cancelled one does not.",
    )
    target_seconds = fields.Integer(required=True, default=8 * HOUR)
    target_hours = fields.Float(
        string="Within",
        compute="_compute_target_hours",
        inverse="_inverse_target_hours",
        help="Hours and minutes of working time.",
    )
    excluded_stage_ids = fields.Many2many(
        "helpdesk.stage",
        "helpdesk_sla_excluded_stage_rel",
        string="Time Stands Still in",
        compute="_compute_excluded_stage_ids",
        store=True,
        readonly=False,
        help="As long as a ticket is in one of these stages it is others' turn.",
    )
    calendar_id = fields.Many2one(
        "resource.calendar",
        string="Working Hours",
        check_company=True,
        domain="[('company_id', 'in', [False, company_id])]",
        help="Empty: the hours of the customer, else those of the team.",
    )

    # What happens before it is too late
    warn_percent = fields.Integer(
        string="Warn at",
        default=80,
        help="Share of the time after which people are warned; 0: no warning.",
    )
    notify_assigned = fields.Boolean("Tell Who Is Assigned", default=True)
    notify_leader = fields.Boolean("Tell the Team Leader", default=True)
    escalate_on = fields.Selection(
        [("warning", "With the warning"), ("missed", "When the time is over")],
        string="Escalate",
        required=True,
        default="warning",
    )
    reassign_user_id = fields.Many2one(
        "res.users",
        string="Hand Over to",
        check_company=True,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    raise_priority = fields.Boolean(help="One level up; policies for that priority begin to count.")

    status_ids = fields.One2many("helpdesk.sla.status", "policy_id", string="Results")

    _target_positive = models.Constraint(
        "CHECK(target_seconds > 0)", "A promise needs some time to be kept in."
    )
    _warn_percent_share = models.Constraint(
        "CHECK(warn_percent BETWEEN 0 AND 99)", "Warn before the time is over: between 0 and 99 percent."
    )

    @api.depends("target_seconds")
    def _compute_target_hours(self):
        for policy in self:
            policy.target_hours = policy.target_seconds / HOUR

    def _inverse_target_hours(self):
        for policy in self:
            # Minutes are what people enter; seconds would be rounding errors of the hours.
            policy.target_seconds = round(policy.target_hours * 60) * 60

    @api.depends("metric")
    def _compute_excluded_stage_ids(self):
        """While the customer has to act the clock stands still, except for answers he waits for."""
        waiting = self.env["helpdesk.stage"].search([("kind", "=", "waiting")])
        for policy in self:
            policy.excluded_stage_ids = False if policy.metric == "next_response" else waiting

    @api.constrains("metric", "stage_id")
    def _check_stage(self):
        for policy in self:
            if policy.metric == "stage" and not policy.stage_id:
                raise ValidationError(self.env._("The policy %s needs a stage to reach.", policy.name))
            if policy.stage_id.kind == "cancelled":
                raise ValidationError(
                    self.env._("%s: cancelling a ticket keeps no promise; name another stage.", policy.name)
                )

    # What changes the clocks of tickets ------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        policies = super().create(vals_list)
        policies._queue_tickets()
        return policies

    def write(self, vals):
        if "metric" in vals:
            self.filtered(lambda policy: policy.metric != vals["metric"])._check_unused()
        result = super().write(vals)
        if not self._get_input_fields().isdisjoint(vals):
            self._queue_tickets()
        return result

    def copy_data(self, default=None):
        return [
            {**vals, "name": self.env._("%s (copy)", policy.name)}
            for policy, vals in zip(self, super().copy_data(default), strict=True)
        ]

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_used(self):
        self._check_unused()

    def _check_unused(self):
        """Results stay what they were promised to be."""
        # sudo: whether there are results that somebody else may see
        used = self.env["helpdesk.sla.status"].sudo().search([("policy_id", "in", self.ids)], limit=1)
        if used:
            raise ValidationError(
                self.env._(
                    "The policy %s has results, which stay in the reports. Archive it and make a new one.",
                    used.policy_id.name,
                )
            )

    @api.model
    def _get_input_fields(self):
        """Fields on which depends what open tickets are promised."""
        return {
            "active", "team_ids", "type_ids", "tag_ids", "partner_ids", "product_ids", "sale_line_ids",
            "metric", "stage_id", "target_seconds", "target_hours", "excluded_stage_ids", "calendar_id",
            "warn_percent", *PRIORITY_FIELDS.values(),
        }  # fmt: skip

    def _queue_tickets(self):
        self.env["helpdesk.sla.change"]._queue([{"policy_id": policy.id} for policy in self])

    def action_open_results(self):
        """What became of the promises of this policy."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_helpdesk.helpdesk_sla_status_action")
        return {**action, "domain": [("policy_id", "=", self.id)], "context": {}}
