from ast import literal_eval
from random import SystemRandom

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

SEED_MAX = 2**31 - 1
CONTROL_MAX = 50.0
# Ready-made conditions to start from.
PRESETS = {
    "late": [("crm_lifecycle", "=", "late")],
    "lost": [("crm_lifecycle", "=", "lost")],
    "top": [("crm_is_top_customer", "=", True)],
    "new": [("crm_lifecycle", "=", "new")],
    "prospect": [("crm_lifecycle", "=", "prospect")],
    "silent": [("crm_order_count", ">", 0), ("crm_last_contact_date", "<", "today -90d")],
    "overdue": [("crm_overdue", ">", 0)],
    "quotation": [("crm_quotation_count", ">", 0)],
    "due": [("crm_due_product_ids", "!=", False)],
}


class CrmTargetGroup(models.Model):
    """An audience: whoever addresses customers takes a target group and asks ``_member_partners()``.

    Members are kept in a table of their own and made anew by a refresh (``_refresh`` in a file of its
    own), with the rights of whoever refreshes; at night with those of the responsible.
    """

    _name = "crm.target.group"
    _description = "Target Group"
    _order = "id desc"
    _check_company_auto = True

    name = fields.Char(required=True)
    active = fields.Boolean(default=True)
    color = fields.Integer()
    company_id = fields.Many2one(
        "res.company", required=True, readonly=True, index=True, default=lambda self: self.env.company
    )
    user_id = fields.Many2one(
        "res.users",
        "Responsible",
        required=True,
        index=True,
        default=lambda self: self.env.user,
        help="The nightly refresh sees what this person may see.",
    )
    note = fields.Text("What For")

    # Who belongs to it
    kind = fields.Selection(
        [
            ("dynamic", "By Conditions"),
            ("static", "Picked by Hand"),
            ("combined", "Combined from Groups"),
            ("snapshot", "Snapshot"),
        ],
        required=True,
        default="dynamic",
        index=True,
    )
    member_type = fields.Selection(
        [("customer", "Customers"), ("contact", "All Contacts")],
        "Members Are",
        required=True,
        default="customer",
        help="Customers: companies, and people without one. All contacts: the people at companies, too.",
    )
    domain = fields.Char("Conditions", default="[]")
    preset = fields.Selection(
        [
            ("late", "Late against their own rhythm"),
            ("lost", "Lost"),
            ("top", "Top customers"),
            ("new", "New customers"),
            ("prospect", "Prospects"),
            ("silent", "No contact for 90 days"),
            ("overdue", "With overdue invoices"),
            ("quotation", "With open quotations"),
            ("due", "With products due"),
        ],
        "Start From",
        store=False,
    )
    include_ids = fields.Many2many(
        "crm.target.group",
        "crm_target_group_include_rel",
        "group_id",
        "part_id",
        "Members Of",
        check_company=True,
    )
    exclude_ids = fields.Many2many(
        "crm.target.group",
        "crm_target_group_exclude_rel",
        "group_id",
        "part_id",
        "But Not Members Of",
        check_company=True,
    )
    preview_count = fields.Integer("Size Now", compute="_compute_preview")
    preview_error = fields.Char("What Is Wrong", compute="_compute_preview")

    # Whom to leave alone, to see what addressing the others is worth
    control_share = fields.Float(
        "Control Group (%)",
        help="Share of the customers who are left alone, 0 to 50 %. Who it is stays the same.",
    )
    control_seed = fields.Integer(
        readonly=True, copy=False, default=lambda self: SystemRandom().randrange(SEED_MAX)
    )

    # Members, as of the last refresh
    member_ids = fields.One2many("crm.target.group.member", "group_id", "Members", copy=False)
    member_count = fields.Integer("Size", readonly=True, copy=False)
    control_count = fields.Integer("In the Control Group", readonly=True, copy=False)
    refreshed_at = fields.Datetime("As Of", readonly=True, copy=False)
    attempted_at = fields.Datetime("Last Tried", readonly=True, copy=False)
    refresh_error = fields.Char("Could Not Refresh", readonly=True, copy=False)

    # Frozen copies
    origin_id = fields.Many2one(
        "crm.target.group",
        "Snapshot Of",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
    )
    snapshot_ids = fields.One2many("crm.target.group", "origin_id", "Snapshots")
    snapshot_count = fields.Integer(compute="_compute_snapshot_count")
    job_ids = fields.One2many("crm.target.group.job", "group_id")

    _control_range = models.Constraint(
        "CHECK(control_share >= 0 AND control_share <= 50)", "A control group has 0 to 50 %."
    )

    # ------------------------------------------------------------------
    # Computes
    # ------------------------------------------------------------------

    @api.depends("kind", "member_type", "domain", "include_ids", "exclude_ids", "company_id")
    def _compute_preview(self):
        for group in self:
            group.preview_count, group.preview_error = group._preview()

    def _preview(self):
        """How many would be members now; nothing is saved.

        :return: (number, what is wrong with the conditions or False)
        """
        try:
            with self.env.cr.savepoint(flush=False):
                return self._reader().env["res.partner"].search_count(self._get_audience_domain()), False
        except Exception as error:  # whatever somebody typed: it is shown beside the conditions
            return 0, self._describe_error(error)

    @api.model
    def _describe_error(self, error):
        """What is wrong with a group, in words; the inside of an unexpected error is not shown."""
        if isinstance(error, UserError):
            return str(error)
        return self.env._("The conditions can't be read (%s). Please check them.", type(error).__name__)

    @api.depends("snapshot_ids")
    def _compute_snapshot_count(self):
        counts = dict(self._read_group([("origin_id", "in", self.ids)], ["origin_id"], ["__count"]))
        for group in self:
            group.snapshot_count = counts.get(group._origin, 0)

    @api.onchange("preset")
    def _onchange_preset(self):
        if self.preset:
            self.domain = repr(PRESETS[self.preset])
            if not self.name:
                self.name = dict(self._fields["preset"]._description_selection(self.env))[self.preset]

    # ------------------------------------------------------------------
    # Who may, and what may be
    # ------------------------------------------------------------------

    @api.constrains("include_ids", "exclude_ids", "kind")
    def _check_parts(self):
        for group in self.filtered(lambda group: group.kind == "combined"):
            if not group.include_ids:
                raise ValidationError(self.env._("“%s” needs at least one group to start from.", group.name))
            seen = parts = group.include_ids | group.exclude_ids
            while parts:
                if group in parts:
                    raise ValidationError(
                        self.env._("“%s” can't be a part of itself, not even through others.", group.name)
                    )
                parts = (parts.include_ids | parts.exclude_ids) - seen
                seen |= parts

    @api.model_create_multi
    def create(self, vals_list):
        if any(vals.get("kind") == "snapshot" for vals in vals_list) and not self.env.su:
            raise UserError(self.env._("A snapshot is taken of a group, with the button “Snapshot”."))
        groups = super().create(vals_list)
        groups._check_user()
        return groups

    def write(self, vals):
        if "kind" in vals and any(
            (group.kind == "snapshot") != (vals["kind"] == "snapshot") for group in self
        ):
            raise UserError(self.env._("A snapshot stays what it is, and nothing else becomes one."))
        result = super().write(vals)
        if "user_id" in vals:
            self._check_user()
        return result

    def _check_user(self):
        """The night works with the rights of the responsible: nobody may lend himself another's.

        No constraint: those run as the superuser, who may.
        """
        user = self.env.user
        if self.env.su or user.has_group("crm_core.group_crm_core_manager"):
            return
        if self.filtered(lambda group: group.user_id != user):
            raise AccessError(self.env._("Only a manager makes somebody else responsible."))

    def copy_data(self, default=None):
        vals_list = super().copy_data(default)
        for group, vals in zip(self, vals_list, strict=True):
            vals["name"] = self.env._("%s (copy)", group.name)
            if vals.get("kind") == "snapshot":
                vals["kind"] = "static"
        return vals_list

    # ------------------------------------------------------------------
    # The audience
    # ------------------------------------------------------------------

    def _reader(self):
        """The group as seen by the user at work, in the company of the group alone."""
        self.ensure_one()
        company = self.company_id
        return self.with_company(company).with_context(allowed_company_ids=company.ids, active_test=True)

    def _get_audience_domain(self):
        """Partners who belong to the group now, among those whose business the user may see.

        To be searched in the environment of :meth:`_reader`, with the user's own rights.

        :rtype: Domain
        """
        here = self._reader()
        Partner = here.env["res.partner"]
        domain = Domain("partner_share", "=", True) & Domain("company_id", "in", [False, self.company_id.id])
        domain &= Partner._crm_reachable_domain()
        if self.member_type == "customer":
            domain &= Domain("is_company", "=", True) | Domain("parent_id", "=", False)
        wanted = getattr(here, f"_get_{self.kind}_domain")()
        if here._is_profiling(wanted):
            domain &= Domain("id", "in", SQL("(%s)", Partner._crm_may_profile_sql(SQL("TRUE"))))
        return domain & wanted

    @api.model
    def _is_profiling(self, domain):
        """Whether conditions on partners look at how people behave."""
        profile = self.env["res.partner"]._crm_profile_fields()
        for condition in Domain(domain).iter_conditions():
            if not profile.isdisjoint(condition.field_expr.split(".")):
                return True
            is_nested = condition.operator.rstrip("!") in ("any", "not any") and isinstance(
                condition.value, Domain | list | tuple
            )
            if is_nested and self._is_profiling(condition.value):
                return True
        return False

    def _get_dynamic_domain(self):
        try:
            return Domain(literal_eval(self.domain or "[]"))
        except (ValueError, SyntaxError, TypeError):
            raise UserError(self.env._("The conditions are no valid filter.")) from None

    def _get_static_domain(self):
        return Domain("id", "in", self._get_members_sql(self._origin))

    def _get_snapshot_domain(self):
        return self._get_static_domain()

    def _get_combined_domain(self):
        include, exclude = self.include_ids._origin, self.exclude_ids._origin
        domain = Domain("id", "in", self._get_members_sql(include))
        if exclude:
            domain &= Domain("id", "not in", self._get_members_sql(exclude))
        # Whoever leaves out a customer leaves out the people there.
        if customers := exclude.filtered(lambda group: group.member_type == "customer"):
            domain &= Domain("commercial_partner_id", "not in", self._get_members_sql(customers))
        return domain

    @api.model
    def _get_members_sql(self, groups):
        """Ids of the partners in any of these groups, as a sub-select."""
        self.env["crm.target.group.member"].flush_model()
        return SQL(
            "(SELECT partner_id FROM crm_target_group_member WHERE group_id = ANY(%s))", list(groups.ids)
        )

    def _member_partners(self, include_control=False):
        """The members to address, of all these groups: what calls, mailings, visits and exports take.

        Only those the user may see, and no archived ones. Consent is not looked at: whoever sends asks
        ``res.partner._crm_may_contact()``, here and again at the moment of sending.

        :param bool include_control: also those who are to be left alone for comparison
        :rtype: res.partner
        """
        domain = Domain("group_id", "in", self.ids)
        if not include_control:
            domain &= Domain("is_control", "=", False)
        Member = self.env["crm.target.group.member"]
        members = Member._search(domain)
        partner_ids = members.subselect(SQL.identifier(Member._table, "partner_id"))
        return self.env["res.partner"].search(Domain("id", "in", partner_ids), order="id")

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_refresh(self) -> bool:
        """Make the members of these groups anew from their conditions, with the caller's rights.

        Of a combined group the parts the caller may edit are refreshed first. A list picked by hand keeps
        its members; their facts and the control group are brought up to date.

        :return: True
        :raise UserError: a snapshot, conditions that can't be read, or somebody is refreshing the same group
        :raise AccessError: the caller may not edit one of the groups
        """
        self.check_access("write")
        if self.filtered(lambda group: group.kind == "snapshot"):
            raise UserError(self.env._("A snapshot is frozen: refresh the group it was taken of."))
        for group in self._with_parts()._filtered_access("write"):
            group._refresh()
        return True
