from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from .crm_customer_stat import LIFECYCLES
from .many2one_without_key import Many2oneWithoutKey


class CrmTargetGroupMember(models.Model):
    """A customer or contact in a target group, with the facts as of the group's last refresh.

    In a group picked by hand people add and take away members; all other rows are written by the refresh.
    """

    _name = "crm.target.group.member"
    _description = "Member of a Target Group"
    _rec_name = "partner_id"
    _order = "turnover_12m desc, id"
    _log_access = False

    group_id = fields.Many2one("crm.target.group", required=True, ondelete="cascade")
    company_id = Many2oneWithoutKey("res.company", readonly=True, ondelete="cascade")
    currency_id = fields.Many2one(related="company_id.currency_id")
    partner_id = Many2oneWithoutKey("res.partner", "Member", required=True, index=True, ondelete="cascade")
    commercial_partner_id = Many2oneWithoutKey("res.partner", "Customer", readonly=True, ondelete="cascade")
    is_control = fields.Boolean("Control Group", readonly=True, help="To be left alone, for comparison.")
    added_at = fields.Datetime("Member Since", readonly=True)

    # Whom to add to a list that is imported
    customer_key = fields.Char(
        "Reference or E-mail",
        store=False,
        help="Finds the customer by reference, e-mail address or tax ID, when a list is imported.",
    )

    # The contact
    user_id = fields.Many2one(related="commercial_partner_id.user_id", string="Salesperson")
    email = fields.Char(related="partner_id.email")
    phone = fields.Char(related="partner_id.phone")
    city = fields.Char(related="partner_id.city")
    country_id = fields.Many2one(related="partner_id.country_id")
    category_ids = fields.Many2many(related="commercial_partner_id.category_id", string="Tags")

    # Facts of the customer, as of the last refresh
    lifecycle = fields.Selection(LIFECYCLES, readonly=True)
    turnover_12m = fields.Monetary("Turnover (12 m)", readonly=True)
    order_count = fields.Integer("Orders", readonly=True)
    last_order_date = fields.Date("Last Order", readonly=True)
    overdue = fields.Monetary(readonly=True)

    _group_partner_uniq = models.UniqueIndex("(group_id, partner_id)")
    _group_turnover_idx = models.Index("(group_id, turnover_12m DESC, id)")

    @api.depends("partner_id")
    def _compute_display_name(self):
        for member in self:
            member.display_name = member.partner_id.display_name

    @api.model
    def _get_refreshed_columns(self):
        """Columns that a refresh brings up to date, and where from: ``chosen``, and ``stat``, the facts.

        :rtype: dict[str, SQL]
        """
        return {
            "commercial_partner_id": SQL("chosen.commercial_partner_id"),
            "is_control": SQL("chosen.is_control"),
            "lifecycle": SQL("COALESCE(stat.lifecycle, 'prospect')"),
            "turnover_12m": SQL("COALESCE(stat.invoiced_12m, 0)"),
            "order_count": SQL("COALESCE(stat.order_count, 0)"),
            "last_order_date": SQL("stat.last_order_date"),
            "overdue": SQL("COALESCE(stat.overdue, 0)"),
        }

    # ------------------------------------------------------------------
    # Picking by hand
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        """Who is a member already stays one and is not added twice."""
        vals_list = self._find_customers(vals_list)
        groups = self.env["crm.target.group"].browse({vals.get("group_id") for vals in vals_list})
        groups._check_static()
        self._check_reachable([vals["partner_id"] for vals in vals_list])
        wanted = {(vals["group_id"], vals["partner_id"]): vals for vals in vals_list}
        known = {
            (member.group_id.id, member.partner_id.id): member
            for member in self.search(
                Domain("group_id", "in", groups.ids)
                & Domain("partner_id", "in", [partner_id for _group_id, partner_id in wanted])
            )
        }
        new = {pair: self._complete(vals) for pair, vals in wanted.items() if pair not in known}
        known.update(zip(new, super().create(list(new.values())), strict=True))
        groups._refresh_static()
        return self.concat(*(known[vals["group_id"], vals["partner_id"]] for vals in vals_list))

    def unlink(self):
        groups = self.group_id
        groups._check_static()
        result = super().unlink()
        groups._refresh_static()
        return result

    @api.model
    def _check_reachable(self, partner_ids):
        """:raise AccessError: one of these customers is looked after by another team"""
        Partner = self.env["res.partner"].with_context(active_test=False)
        wanted = Domain("id", "in", partner_ids)
        if stranger := Partner.search(wanted & ~Partner._crm_reachable_domain(), limit=1):
            raise AccessError(
                self.env._("%(customer)s is looked after by another team.", customer=stranger.display_name)
            )

    @api.model
    def _complete(self, vals):
        partner = self.env["res.partner"].browse(vals["partner_id"])
        return {
            **vals,
            "company_id": self.env["crm.target.group"].browse(vals["group_id"]).company_id.id,
            "commercial_partner_id": partner.commercial_partner_id.id,
            "added_at": fields.Datetime.now(),
        }

    @api.model
    def _find_customers(self, vals_list):
        """Replace what a list names a customer by with the customer.

        :raise ValidationError: nobody, or several, are named so
        """
        find = self.env["res.partner"]._crm_find_by_key([vals.get("customer_key") for vals in vals_list])
        defaults = self.default_get(["group_id", "partner_id"])
        result = []
        for original in vals_list:
            vals = {**defaults, **original}
            key = vals.pop("customer_key", None)
            if key and not vals.get("partner_id"):
                vals["partner_id"] = find(key).id
            if not vals.get("group_id"):
                raise ValidationError(self.env._("Say which group picked by hand the list is for."))
            if not vals.get("partner_id"):
                raise ValidationError(self.env._("Say which customer: by name, reference or e-mail address."))
            result.append(vals)
        return result

    @api.model
    def get_import_templates(self):
        return [
            {
                "label": self.env._("Template for Members by Reference or E-mail"),
                "template": "/crm_core/static/xls/target_group_members.csv",
            }
        ]

    # ------------------------------------------------------------------
    # Following the partners
    # ------------------------------------------------------------------

    @api.model
    def _forget_partners(self, ids):
        """Take away the rows of deleted partners: no foreign key does."""
        self.env.cr.execute(
            SQL(
                "DELETE FROM crm_target_group_member WHERE partner_id = ANY(%s)",
                list(ids),
            )
        )
        self.invalidate_model()

    @api.model
    def _merge_partners(self, gone_ids, survivor_id):
        """Who was a member is one as the partner that is left, once in each group."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_target_group_member member
                 USING crm_target_group_member other
                 WHERE member.group_id = other.group_id
                   AND member.partner_id = ANY(%(gone)s)
                   AND (other.partner_id = %(survivor)s
                        OR (other.partner_id = ANY(%(gone)s) AND other.id < member.id))
                """,
                gone=list(gone_ids),
                survivor=survivor_id,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_target_group_member
                   SET partner_id = CASE WHEN partner_id = ANY(%(gone)s) THEN %(survivor)s
                                         ELSE partner_id END,
                       commercial_partner_id = CASE WHEN commercial_partner_id = ANY(%(gone)s)
                                                    THEN (SELECT commercial_partner_id FROM res_partner
                                                           WHERE id = %(survivor)s)
                                                    ELSE commercial_partner_id END
                 WHERE partner_id = ANY(%(gone)s) OR commercial_partner_id = ANY(%(gone)s)
                """,
                gone=list(gone_ids),
                survivor=survivor_id,
            )
        )
        self.invalidate_model()

    # ------------------------------------------------------------------
    # Actions
    # ------------------------------------------------------------------

    def action_open_overview(self):
        """Open the customer's 360 screen."""
        self.ensure_one()
        return self.partner_id.action_crm_overview()

    def action_prepare_offers(self):
        """Start a selection for offers with these members."""
        chosen = self.filtered(lambda member: not member.is_control)
        if not chosen:
            raise UserError(self.env._("Those in the control group are to be left alone."))
        return self.env["crm.customer.stat"]._action_prepare_offers(chosen.partner_id)


class CrmTargetGroup(models.Model):
    """Lists picked by hand."""

    _inherit = "crm.target.group"

    def _check_static(self):
        if wrong := self.filtered(lambda group: group.kind != "static")[:1]:
            raise UserError(
                self.env._(
                    "The members of “%s” are found by its conditions: change those, or make a group picked"
                    " by hand.",
                    wrong.name,
                )
            )

    def _refresh_static(self):
        """After members were added or taken away: their facts, the control group, and the size."""
        for group in self:
            group._lock_for_refresh()
            group._write_members(group._get_members_sql(group))
            group._after_refresh()

    def _add_partners(self, partners):
        """Add these partners to a list picked by hand, as the customers or contacts it is made of.

        :param partners: ``res.partner``
        :rtype: crm.target.group.member
        """
        self.ensure_one()
        if self.member_type == "customer":
            partners = partners.commercial_partner_id
        return self.env["crm.target.group.member"].create(
            [{"group_id": self.id, "partner_id": partner.id} for partner in partners]
        )


class ResPartner(models.Model):
    _inherit = "res.partner"

    crm_target_group_ids = fields.Many2many(
        "crm.target.group",
        string="Target Groups",
        compute="_compute_crm_target_groups",
        search="_search_crm_target_groups",
        groups="crm_core.group_crm_core_user",
    )
    crm_target_group_count = fields.Integer(
        "Number of Target Groups",
        compute="_compute_crm_target_groups",
        groups="crm_core.group_crm_core_user",
    )

    def _compute_crm_target_groups(self):
        groups = dict(
            self.env["crm.target.group.member"]._read_group(
                [("partner_id", "in", self.ids), ("group_id.kind", "!=", "snapshot")],
                ["partner_id"],
                ["group_id:recordset"],
            )
        )
        for partner in self:
            partner.crm_target_group_ids = groups.get(partner, False)
            partner.crm_target_group_count = len(partner.crm_target_group_ids)

    def _search_crm_target_groups(self, operator, value):
        if operator.startswith("not ") or operator == "!=":
            return NotImplemented
        Member = self.env["crm.target.group.member"]
        if operator == "in" and not isinstance(value, SQL) and False in value:
            members = Member._search([])
            domain = Domain("id", "not in", members.subselect(SQL.identifier(Member._table, "partner_id")))
            rest = [id_ for id_ in value if id_]
            return domain | self._search_crm_target_groups("in", rest) if rest else domain
        members = Member._search(Domain("group_id", operator, value))
        return Domain("id", "in", members.subselect(SQL.identifier(Member._table, "partner_id")))

    def unlink(self):
        ids = self._ids
        result = super().unlink()
        if ids:
            self.env["crm.target.group.member"].sudo()._forget_partners(ids)  # sudo: of deleted partners
        return result

    def action_crm_target_groups(self):
        """The target groups this partner is in."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_core.crm_target_group_action")
        action.update(domain=[("id", "in", self.crm_target_group_ids.ids)], context={}, path=False)
        return action
