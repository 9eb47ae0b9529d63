from ast import literal_eval
from random import SystemRandom
from string import Formatter

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from ..lib.formula import Formula, FormulaError
from .contact_channel import CONTACT_CHANNELS

SEED_MAX = 2**31 - 1


class CrmActionRule(models.Model):
    """What to do for whom, when and why: the rules behind "what to do now".

    A rule finds customers, ranks them by a score over their facts and proposes one act each
    (``crm.next.action``). How it runs is in a file of its own. An addon adds a kind of act by adding to
    ``action_kind`` and implementing ``crm.next.action._run_<kind>()``.
    """

    _name = "crm.action.rule"
    _description = "Action Rule"
    _order = "sequence, id"
    _check_company_auto = True

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(
        default=10, help="Earlier rules come first where an employee's day or a customer is full."
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        required=True,
        default=lambda self: self.env.user,
        help="The rule finds the customers this person may see.",
    )

    # Who
    domain = fields.Char("Conditions", default="[]")
    target_group_id = fields.Many2one(
        "crm.target.group",
        "Only Members Of",
        check_company=True,
        index="btree_not_null",
        ondelete="restrict",
    )
    team_id = fields.Many2one(
        "crm.team",
        check_company=True,
        help="Only for this team; customers without a salesperson go to its leader.",
    )
    owner_kind = fields.Selection(
        [("salesperson", "The Salesperson"), ("leader", "The Leader of the Team")],
        "Who Does It",
        required=True,
        default="salesperson",
    )

    # What is made of the person's data
    is_profiling = fields.Boolean(
        "Leave Out Who Objected to Profiling",
        default=True,
        help="Choosing people by what they buy and how they behave is profiling, to which a person may"
        " object. Off only where the rule serves a contract, such"
        " as an open quotation or an overdue invoice.",
    )

    # How much it matters
    score_formula = fields.Char(
        "Score", required=True, default="1", help="Above 0: the act is proposed, the highest score first."
    )
    reason = fields.Char(
        required=True,
        translate=True,
        help="The sentence the employee reads, with facts in braces, such as {days}.",
    )
    facts_help = fields.Html("Facts", compute="_compute_facts_help", sanitize=False)

    # What
    action_kind = fields.Selection(
        [
            ("contact", "Talk to the Customer"),
            ("activity", "Plan an Activity"),
            ("offer", "Make an Offer"),
            ("mail", "Send an E-mail"),
            ("server", "Run a Server Action"),
        ],
        "What to Do",
        required=True,
        default="contact",
    )
    activity_type_id = fields.Many2one("mail.activity.type", "Activity")
    mail_template_id = fields.Many2one("mail.template", "E-mail", domain=[("model", "=", "res.partner")])
    server_action_id = fields.Many2one("ir.actions.server", domain=[("model_name", "=", "res.partner")])
    is_automatic = fields.Boolean(
        "Without Asking", help="Done at once by the scheduled job instead of being proposed to somebody."
    )

    # With which right
    channel = fields.Selection(
        CONTACT_CHANNELS, help="Only customers who may be contacted this way. Empty: nobody is contacted."
    )
    purpose_id = fields.Many2one("crm.consent.purpose", ondelete="restrict")

    # How often
    cool_down_days = fields.Integer(
        "Not Again For (Days)", default=30, help="After a proposal, whatever became of it."
    )
    validity_days = fields.Integer("Valid For (Days)", default=7)
    daily_limit = fields.Integer(
        "At Most a Day", default=0, help="For each employee, from this rule; 0: only the limit of Settings."
    )

    # What it is worth
    control_share = fields.Float(
        "Control Group (%)", help="Share of the customers who are left alone for comparison, 0 to 50 %."
    )
    control_seed = fields.Integer(
        readonly=True, copy=False, default=lambda self: SystemRandom().randrange(SEED_MAX)
    )
    result_days = fields.Integer(
        "Result Within (Days)", default=14, help="An order or answer within this time counts as a result."
    )
    next_action_ids = fields.One2many("crm.next.action", "rule_id", "Next Actions")
    treated_count = fields.Integer("Proposed", compute="_compute_worth")
    treated_rate = fields.Float("Ordered After It", compute="_compute_worth")
    control_count = fields.Integer("Left Alone", compute="_compute_worth")
    control_rate = fields.Float("Ordered Anyway", compute="_compute_worth")
    worth = fields.Char(compute="_compute_worth")
    open_count = fields.Integer("Open", compute="_compute_open_count")

    # The last run
    last_run_at = fields.Datetime("Last Run", readonly=True, copy=False)
    last_count = fields.Integer("Found", readonly=True, copy=False)
    last_error = fields.Char("Could Not Run", readonly=True, copy=False)

    _control_range = models.Constraint(
        "CHECK(control_share >= 0 AND control_share <= 50)", "A control group has 0 to 50 %."
    )
    _days_positive = models.Constraint(
        "CHECK(cool_down_days >= 0 AND validity_days > 0 AND result_days > 0 AND daily_limit >= 0)",
        "A proposal is valid for a day at least; the other numbers can't be negative.",
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends_context("lang")
    def _compute_facts_help(self):
        numbers, texts = self.env["crm.action.fact"]._get_labels()
        for rule in self:
            rule.facts_help = self.env["ir.qweb"]._render(
                "crm_core.action_rule_facts", {"numbers": numbers, "texts": texts}
            )

    def _compute_open_count(self):
        counts = dict(
            self.env["crm.next.action"]._read_group(
                [("rule_id", "in", self.ids), ("state", "in", ("proposed", "later"))],
                ["rule_id"],
                ["__count"],
            )
        )
        for rule in self:
            rule.open_count = counts.get(rule, 0)

    def _compute_worth(self):
        rows = self.env["crm.next.action"]._read_group(
            [("rule_id", "in", self.ids), ("result", "!=", False)],
            ["rule_id", "is_control", "result"],
            ["__count"],
        )
        counts = {(rule, control, result): count for rule, control, result, count in rows}
        for rule in self:
            treated, ordered = rule._sum_results(counts, control=False)
            left_alone, anyway = rule._sum_results(counts, control=True)
            rule.treated_count, rule.control_count = treated, left_alone
            rule.treated_rate = ordered / treated if treated else 0.0
            rule.control_rate = anyway / left_alone if left_alone else 0.0
            rule.worth = rule._describe_worth()

    def _sum_results(self, counts, *, control):
        """:return: (customers with a result known, those who ordered)"""
        known = {result: n for (rule, side, result), n in counts.items() if rule == self and side == control}
        return sum(known.values()), known.get("order", 0)

    def _describe_worth(self):
        """Difference of the shares that ordered, with its 95 % interval (normal approximation)."""
        if min(self.treated_count, self.control_count) < 10:
            return self.env._("Too few results on both sides to tell.")
        gain = self.treated_rate - self.control_rate
        variance = (
            self.treated_rate * (1 - self.treated_rate) / self.treated_count
            + self.control_rate * (1 - self.control_rate) / self.control_count
        )
        margin = 1.96 * variance**0.5
        return self.env._(
            "%(gain)+.1f points more ordered (95 %%: %(low)+.1f to %(high)+.1f)",
            gain=100 * gain,
            low=100 * (gain - margin),
            high=100 * (gain + margin),
        )

    # ------------------------------------------------------------------
    # Who may, and what may be
    # ------------------------------------------------------------------

    @api.constrains("score_formula", "reason")
    def _check_formula(self):
        numbers, texts = self.env["crm.action.fact"]._get_labels()
        for rule in self:
            try:
                Formula(rule.score_formula, numbers)
            except FormulaError as error:
                raise ValidationError(
                    self.env._("The score of “%(rule)s”: %(error)s.", rule=rule.name, error=error)
                ) from None
            unknown = rule._get_reason_names() - {*numbers, *texts}
            if unknown:
                raise ValidationError(
                    self.env._(
                        "The reason of “%(rule)s” speaks of {%(name)s}, which is no fact.",
                        rule=rule.name,
                        name=sorted(unknown)[0],
                    )
                )

    def _get_reason_names(self):
        """The facts the reason speaks of.

        :raise ValidationError: braces that don't match
        """
        try:
            parts = list(Formatter().parse(self.reason or ""))
        except ValueError:
            raise ValidationError(
                self.env._("The braces in the reason of “%s” don't match.", self.name)
            ) from None
        if any(spec or conversion for _text, name, spec, conversion in parts if name is not None):
            raise ValidationError(self.env._("Write facts as {name}, without anything else in the braces."))
        return {name for _text, name, _spec, _conversion in parts if name is not None}

    def _is_about_overdue(self):
        """Whether conditions, score or reason look at what is overdue."""
        numbers, _texts = self.env["crm.action.fact"]._get_labels()
        used = {*Formula(self.score_formula, numbers).used, *self._get_reason_names()}
        return "overdue" in used or "crm_overdue" in (self.domain or "")

    @api.constrains("domain", "user_id", "company_id")
    def _check_domain(self):
        for rule in self:
            try:
                rule._reader().env["res.partner"].search(rule._get_condition(), limit=1)
            except AccessError:
                continue  # said when the rule runs
            except Exception:
                raise ValidationError(
                    self.env._("The conditions of “%s” can't be read.", rule.name)
                ) from None

    @api.constrains(
        "action_kind",
        "activity_type_id",
        "mail_template_id",
        "server_action_id",
        "channel",
        "purpose_id",
        "owner_kind",
        "team_id",
    )
    def _check_kind(self):
        needed = {
            "activity": ("activity_type_id", self.env._("an activity")),
            "mail": ("mail_template_id", self.env._("an e-mail template")),
            "server": ("server_action_id", self.env._("a server action")),
        }
        for rule in self:
            fname, what = needed.get(rule.action_kind, (None, None))
            if fname and not rule[fname]:
                raise ValidationError(self.env._("“%(rule)s” needs %(what)s.", rule=rule.name, what=what))
            if rule.action_kind == "mail" and rule.channel != "email":
                raise ValidationError(self.env._("“%s” sends e-mails: its channel is E-mail.", rule.name))
            if rule.action_kind == "contact" and rule.is_automatic:
                raise ValidationError(self.env._("“%s”: talking can't be done without asking.", rule.name))
            if rule.owner_kind == "leader" and not rule.team_id.user_id:
                raise ValidationError(self.env._("“%s” is for the leader of a team: choose one.", rule.name))
            if rule.channel and not rule.purpose_id:
                raise ValidationError(
                    self.env._("“%s” contacts customers: say for which purpose.", rule.name)
                )

    @api.onchange("action_kind")
    def _onchange_action_kind(self):
        if self.action_kind == "mail":
            self.channel = "email"
        elif self.action_kind == "contact" and not self.channel:
            self.channel = "phone"

    # ------------------------------------------------------------------
    # Reading the rule
    # ------------------------------------------------------------------

    def _reader(self):
        """The rule as seen by its responsible, in its company alone."""
        self.ensure_one()
        return (
            self.with_user(self.user_id)
            .with_company(self.company_id)
            .with_context(allowed_company_ids=self.company_id.ids)
        )

    def _get_condition(self):
        """Partners the rule is about, to be searched with the rights of :meth:`_reader`.

        :rtype: Domain
        :raise UserError: the conditions are no filter
        """
        try:
            wanted = Domain(literal_eval(self.domain or "[]"))
        except (ValueError, SyntaxError, TypeError):
            raise UserError(self.env._("The conditions of “%s” are no valid filter.", self.name)) from None
        here = self._reader()
        wanted &= Domain("is_company", "=", True) | Domain("parent_id", "=", False)
        wanted &= Domain("partner_share", "=", True)
        wanted &= Domain("company_id", "in", [False, self.company_id.id])
        return wanted & here.env["res.partner"]._crm_reachable_domain()

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_run(self):
        """Run these rules now; what is wrong is said at once."""
        self.check_access("write")
        found = 0
        for rule in self:
            found += rule._run()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success" if found else "info",
                "message": self.env._("%s new proposals", found),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_view_next_actions(self):
        """Open what the rule proposed."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_core.crm_next_action_action")
        return {**action, "domain": [("rule_id", "=", self.id)], "context": {}}
