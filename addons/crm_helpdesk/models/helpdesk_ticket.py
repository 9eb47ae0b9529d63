from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import email_normalize

from .helpdesk_stage import CLOSING_KINDS

# A customer has many fields; a new ticket needs these.
CUSTOMER_FIELDS = ("name", "email", "phone", "commercial_partner_id", "helpdesk_calendar_id")
READ_OF_STAGES = ("name", "kind", "sequence", "template_id")
PRIORITIES = [("0", "Low"), ("1", "Medium"), ("2", "High"), ("3", "Urgent")]


class HelpdeskTicket(models.Model):
    """A customer's request and everything that is done about it."""

    _name = "helpdesk.ticket"
    _description = "Ticket"
    _inherit = [
        "portal.mixin",
        "mail.thread.cc",
        "mail.activity.mixin",
        "rating.mixin",
        "mail.tracking.duration.mixin",
        "crm.interaction.mixin",
    ]
    _order = "priority desc, id desc"
    _rec_names_search = ["number", "name", "partner_name", "partner_email"]
    _primary_email = "partner_email"
    _mail_post_access = "read"
    _mail_thread_customer = True
    _track_duration_field = "stage_id"
    _interaction_fields = frozenset(
        {"name", "number", "partner_id", "user_id", "company_id", "closed_at", "stage_kind", "active"}
    )

    number = fields.Char(readonly=True, copy=False, index="trigram")
    name = fields.Char(string="Subject", required=True, tracking=True, index="trigram")
    description = fields.Html(sanitize_attributes=True, sanitize_style=True)
    active = fields.Boolean(default=True)

    # Where it stands
    team_id = fields.Many2one(
        "helpdesk.team", required=True, index=True, tracking=True, default=lambda self: self._default_team()
    )
    company_id = fields.Many2one(related="team_id.company_id", store=True, precompute=True, index=True)
    stage_id = fields.Many2one(
        "helpdesk.stage",
        compute="_compute_stage_id",
        store=True,
        readonly=False,
        required=True,
        precompute=True,
        index=True,
        tracking=True,
        copy=False,
        ondelete="restrict",
        group_expand="_group_expand_stages",
        domain="['|', ('team_ids', '=', False), ('team_ids', 'in', team_id)]",
    )
    stage_kind = fields.Selection(related="stage_id.kind", store=True, precompute=True, string="State")
    is_closed = fields.Boolean(compute="_compute_is_closed", store=True, precompute=True)
    priority = fields.Selection(PRIORITIES, default="0", required=True, tracking=True, index=True)
    type_id = fields.Many2one("helpdesk.ticket.type", index="btree_not_null", tracking=True)
    tag_ids = fields.Many2many("helpdesk.tag", string="Tags")
    ticket_properties = fields.Properties(
        "Properties", definition="team_id.ticket_properties_definition", copy=True
    )
    color = fields.Integer()

    # Who
    user_id = fields.Many2one(
        "res.users",
        string="Assigned to",
        index=True,
        tracking=True,
        copy=False,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
    )
    partner_id = fields.Many2one("res.partner", string="Customer", index=True, tracking=True)
    commercial_partner_id = fields.Many2one(
        related="partner_id.commercial_partner_id",
        store=True,
        precompute=True,
        index=True,
        string="Company of the Customer",
    )
    partner_name = fields.Char(
        string="Customer Name", compute="_compute_partner_name", store=True, readonly=False, precompute=True
    )
    partner_email = fields.Char(
        string="E-Mail",
        compute="_compute_partner_email",
        store=True,
        readonly=False,
        precompute=True,
        index="trigram",
    )
    partner_phone = fields.Char(
        string="Phone", compute="_compute_partner_phone", store=True, readonly=False, precompute=True
    )

    # What it is about
    product_id = fields.Many2one(
        "product.product", index="btree_not_null", domain="[('company_id', 'in', [False, company_id])]"
    )
    lot_id = fields.Many2one(
        "stock.lot",
        string="Lot/Serial Number",
        index="btree_not_null",
        domain="[('product_id', '=?', product_id)]",
    )
    sale_order_id = fields.Many2one(
        "sale.order",
        string="Sales Order",
        index="btree_not_null",
        domain="[('company_id', '=', company_id), "
        "('partner_id.commercial_partner_id', '=?', commercial_partner_id), "
        "('order_line.product_id', '=?', product_id)]",
    )
    invoice_id = fields.Many2one(
        "account.move",
        index="btree_not_null",
        domain="[('company_id', '=', company_id), ('move_type', 'in', ('out_invoice', 'out_refund')), "
        "('commercial_partner_id', '=?', commercial_partner_id), "
        "('invoice_line_ids.product_id', '=?', product_id)] + "
        "([('line_ids.sale_line_ids.order_id', '=', sale_order_id)] if sale_order_id else [])",
    )
    picking_id = fields.Many2one(
        "stock.picking",
        string="Delivery",
        index="btree_not_null",
        domain="[('company_id', '=', company_id), ('picking_type_code', '=', 'outgoing'), "
        "('partner_id.commercial_partner_id', '=?', commercial_partner_id), "
        "('move_ids.product_id', '=?', product_id)] + "
        "([('sale_id', '=', sale_order_id)] if sale_order_id else [])",
    )

    # When
    assigned_at = fields.Datetime(string="Assigned on", readonly=True, copy=False)
    closed_at = fields.Datetime(string="Closed on", readonly=True, copy=False, index="btree_not_null")
    stage_changed_at = fields.Datetime(string="In this Stage since", readonly=True, copy=False)

    _number_uniq = models.UniqueIndex(
        "(company_id, number)", "Each ticket of a company has a number of its own."
    )
    # What teams look at every day is a small part of all tickets.
    # In the words of the ORM's conditions, else PostgreSQL does not see that they are the same.
    _open_of_team_idx = models.Index("(team_id, stage_id) WHERE active IS TRUE AND is_closed IS NOT TRUE")
    _open_of_user_idx = models.Index("(user_id) WHERE active IS TRUE AND is_closed IS NOT TRUE")
    _open_in_order_idx = models.Index(
        "(priority DESC, id DESC) WHERE active IS TRUE AND is_closed IS NOT TRUE"
    )

    # Defaults and computes ------------------------------------------------

    @api.model
    def _default_team(self):
        """The team of the current user, else the first one of his company."""
        Team = self.env["helpdesk.team"]
        domain = Domain("company_id", "in", self.env.companies.ids)
        own = Domain("member_ids.user_id", "=", self.env.uid) | Domain("user_id", "=", self.env.uid)
        return Team.search(domain & own, limit=1) or Team.search(domain, limit=1)

    @api.depends("team_id")
    def _compute_stage_id(self):
        for ticket in self:
            team = ticket.team_id
            if team and ticket.stage_id not in team.stage_ids:
                ticket.stage_id = team._get_first_stage()

    @api.depends("stage_id.kind")
    def _compute_is_closed(self):
        for ticket in self:
            ticket.is_closed = ticket.stage_id.kind in CLOSING_KINDS

    @api.depends("partner_id")
    def _compute_partner_name(self):
        for ticket in self.filtered("partner_id"):
            ticket.partner_name = ticket.partner_id.name

    @api.depends("partner_id.email")
    def _compute_partner_email(self):
        for ticket in self.filtered("partner_id.email"):
            ticket.partner_email = ticket.partner_id.email

    @api.depends("partner_id.phone")
    def _compute_partner_phone(self):
        for ticket in self.filtered("partner_id.phone"):
            ticket.partner_phone = ticket.partner_id.phone

    @api.depends("number", "name")
    def _compute_display_name(self):
        for ticket in self:
            ticket.display_name = f"{ticket.number}: {ticket.name}" if ticket.number else ticket.name

    def _compute_access_url(self):
        result = super()._compute_access_url()
        for ticket in self:
            ticket.access_url = f"/my/tickets/{ticket.id}"
        return result

    @api.model
    def _group_expand_stages(self, stages, domain):
        """Show empty stages as well: those of the team, else those that all teams share."""
        team_id = self.env.context.get("default_team_id")
        if team_id:
            empty = self.env["helpdesk.team"].browse(team_id).stage_ids
        else:
            empty = stages.search([("team_ids", "=", False)])
        return (stages | empty).sorted()

    # Constraints ------------------------------------------------------------

    @api.constrains("stage_id", "team_id")
    def _check_stage_of_team(self):
        teams_of = self.env["helpdesk.stage"]._get_teams()
        for ticket in self:
            _active, teams = teams_of[ticket.stage_id.id]
            if teams and ticket.team_id.id not in teams:
                raise ValidationError(
                    self.env._(
                        "The stage %(stage)s is none of the team %(team)s.",
                        stage=ticket.stage_id.name,
                        team=ticket.team_id.name,
                    )
                )

    @api.constrains("company_id", "sale_order_id", "invoice_id", "picking_id")
    def _check_company_of_documents(self):
        for ticket in self:
            for document in (ticket.sale_order_id, ticket.invoice_id, ticket.picking_id):
                if document and document.company_id != ticket.company_id:
                    raise ValidationError(
                        self.env._(
                            "%(document)s belongs to another company than the ticket %(ticket)s.",
                            document=document.display_name,
                            ticket=ticket.display_name,
                        )
                    )

    # Create and write ----------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        now = fields.Datetime.now()
        vals_list = self._number_beforehand(vals_list)
        self._read_customers(vals_list)
        tickets = super().create([{**vals, "stage_changed_at": now} for vals in vals_list])
        tickets._number_them()
        tickets._find_customer()
        tickets.filtered(lambda ticket: ticket.user_id).assigned_at = now
        tickets.filtered("is_closed").closed_at = now
        tickets.filtered(lambda ticket: not ticket.user_id and not ticket.is_closed)._assign()
        for partner, followed in tickets.grouped(lambda ticket: ticket.user_id.partner_id).items():
            if partner:
                followed.message_subscribe(partner.ids)
        return tickets

    def write(self, vals):
        if "number" in vals and any(self.mapped("number")):
            raise UserError(self.env._("The number of a ticket stays."))
        now = fields.Datetime.now()
        stages = {ticket: ticket.stage_id for ticket in self}
        closed = self.filtered("is_closed")
        if vals.get("stage_id"):
            vals = self._with_moments(vals, now)
        result = super().write(vals)
        # Another team may have other stages.
        moved = self.filtered(
            lambda ticket: ticket.stage_id != stages[ticket] and ticket.stage_changed_at != now
        )
        if moved:
            super(HelpdeskTicket, moved).write({"stage_changed_at": now})
        closing = (self - closed).filtered(lambda ticket: ticket.is_closed and ticket.closed_at != now)
        opening = closed.filtered(lambda ticket: not ticket.is_closed and ticket.closed_at)
        if closing:
            super(HelpdeskTicket, closing).write({"closed_at": now})
        if opening:
            super(HelpdeskTicket, opening).write({"closed_at": False})
        if vals.get("user_id"):
            super().write({"assigned_at": now})
            self.message_subscribe(self.env["res.users"].browse(vals["user_id"]).partner_id.ids)
        return result

    def _with_moments(self, vals, now):
        """The values with the moments that come with the stage, where they are those of all the tickets: each
        write costs as much again.
        """
        stage = self.env["helpdesk.stage"].browse(vals["stage_id"])
        (self.stage_id | stage).fetch(READ_OF_STAGES)  # of both at once
        if stage in self.stage_id:
            return vals
        vals = {"stage_changed_at": now, **vals}
        is_closing = stage.kind in CLOSING_KINDS
        if is_closing and not any(self.mapped("is_closed")):
            vals = {"closed_at": now, **vals}
        elif not is_closing and all(self.mapped("is_closed")):
            vals = {"closed_at": False, **vals}
        return vals

    def copy_data(self, default=None):
        return [
            {**vals, "name": self.env._("%s (copy)", ticket.name)}
            for ticket, vals in zip(self, super().copy_data(default), strict=True)
        ]

    @api.model
    def _read_customers(self, vals_list):
        """Read at once, and no more than what is needed, of the customers of tickets to come."""
        # sudo: tickets take over the customer's data, whoever opens them; nothing is shown here
        teams = (
            self.env["helpdesk.team"]
            .sudo()
            .browse({vals.get("team_id") for vals in vals_list} - {None, False})
        )
        customers = self.env["res.partner"].sudo()  # sudo: as above
        customers = customers.browse({vals.get("partner_id") for vals in vals_list} - {None, False})
        customers.with_company(teams.company_id[:1]).fetch(CUSTOMER_FIELDS)

    def _find_customer(self):
        """Link a contact where the e-mail belongs to exactly one; of several nobody knows whose it is."""
        unknown = self.filtered(lambda ticket: not ticket.partner_id and ticket.partner_email)
        if not unknown:
            return
        emails = {ticket: email_normalize(ticket.partner_email) for ticket in unknown}
        partners = self.env["res.partner"].search(
            [("email_normalized", "in", list(set(emails.values()) - {False}))]
        )
        for ticket, email in emails.items():
            of_company = [False, ticket.company_id.id]
            found = partners.filtered(
                lambda partner, email=email, companies=of_company: (
                    partner.email_normalized == email and partner.company_id.id in companies
                )
            )
            if len(found) == 1:
                ticket.partner_id = found

    # Actions ----------------------------------------------------------------------

    def action_take(self):
        """Assign the tickets to the current user."""
        self.write({"user_id": self.env.uid})

    def action_close(self):
        """Solve the tickets: the first stage for it of each one's team."""
        self._move_to_kind("closed")

    def action_cancel(self):
        """Cancel the tickets."""
        self._move_to_kind("cancelled")

    def action_reopen(self):
        """Put closed tickets back to where the team's tickets begin."""
        self.filtered("is_closed")._move_to_kind("open")

    def _move_to_kind(self, kind):
        for team, tickets in self.grouped("team_id").items():
            stage = team.stage_ids.filtered(lambda stage: stage.kind == kind)[:1]
            if not stage:
                label = dict(self.env["helpdesk.stage"]._fields["kind"]._description_selection(self.env))[
                    kind
                ]
                raise UserError(
                    self.env._("The team %(team)s has no stage for “%(kind)s”.", team=team.name, kind=label)
                )
            tickets.filtered(lambda ticket, kind=kind: ticket.stage_kind != kind).stage_id = stage

    # Timeline ----------------------------------------------------------------------

    def _interaction_values(self):
        rows = []
        for ticket in self.filtered(lambda ticket: ticket.active and ticket.partner_id):
            row = {
                "res_id": ticket.id,
                "partner_id": ticket.partner_id.id,
                "company_id": ticket.company_id.id,
                "user_id": ticket.user_id.id,
                "channel": "other",
                "subject": ticket.display_name,
            }
            rows.append({**row, "kind": "ticket", "direction": "in", "date": ticket.create_date})
            if ticket.stage_kind == "closed" and ticket.closed_at:
                closed = {
                    "kind": "ticket_closed",
                    "event": "closed",
                    "direction": "out",
                    "date": ticket.closed_at,
                }
                rows.append({**row, **closed})
        return rows

    def _interaction_look(self):
        levels = {"open": "info", "waiting": "warning", "closed": "success", "cancelled": "muted"}
        return {
            ticket.id: {"state": ticket.stage_id.name, "level": levels[ticket.stage_kind]} for ticket in self
        }
