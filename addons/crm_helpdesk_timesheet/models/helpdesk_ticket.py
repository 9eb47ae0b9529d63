from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain


class HelpdeskTicket(models.Model):
    """Time that is spent on tickets, and the hours it was bought with."""

    _inherit = "helpdesk.ticket"

    project_id = fields.Many2one(
        "project.project",
        compute="_compute_project_id",
        store=True,
        readonly=False,
        precompute=True,
        index="btree_not_null",
        domain="[('allow_timesheets', '=', True), ('is_template', '=', False), "
        "('company_id', 'in', [False, company_id])]",
        help="Where the time is booked.",
    )
    is_billable = fields.Boolean(related="project_id.allow_billable", string="Billable", related_sudo=True)
    sale_line_id = fields.Many2one(
        "sale.order.line",
        string="Hours Bought With",
        compute="_compute_sale_line_id",
        store=True,
        readonly=False,
        index="btree_not_null",
        domain="[('company_id', '=', company_id), ('state', '=', 'sale'), ('is_service', '=', True), "
        "('is_expense', '=', False), ('display_type', '=', False), "
        "('order_partner_id.commercial_partner_id', '=?', commercial_partner_id)]",
        help="Time of this ticket counts for this line of a sales order.",
    )
    timesheet_ids = fields.One2many(
        "account.analytic.line",
        "helpdesk_ticket_id",
        string="Time Spent",
        groups="hr_timesheet.group_hr_timesheet_user",
    )
    hours_spent = fields.Float(
        compute="_compute_hours_spent", store=True, help="Of everybody, also where you see your own alone."
    )
    has_prepaid_hours = fields.Boolean(compute="_compute_prepaid_hours", compute_sudo=True)
    hours_bought = fields.Float(compute="_compute_prepaid_hours", compute_sudo=True)
    hours_left = fields.Float(
        compute="_compute_prepaid_hours",
        compute_sudo=True,
        help="Of what was bought, after everything that was booked on it, by other tickets and tasks too.",
    )
    hours_too_many = fields.Float(compute="_compute_prepaid_hours", compute_sudo=True)
    is_overbooked = fields.Boolean(
        string="More Booked than Bought",
        compute="_compute_prepaid_hours",
        compute_sudo=True,
        search="_search_is_overbooked",
    )

    @api.depends("team_id")
    def _compute_project_id(self):
        for ticket in self:
            ticket.project_id = ticket.team_id.project_id or ticket.project_id

    @api.depends("sale_order_id", "commercial_partner_id")
    def _compute_sale_line_id(self):
        """The prepaid line of the order that has most left; never that of another customer."""
        for ticket in self:
            customer = ticket.commercial_partner_id
            if customer and ticket.sale_line_id.order_partner_id.commercial_partner_id not in (
                customer,
                customer.browse(),
            ):
                ticket.sale_line_id = False
            order = ticket.sale_order_id
            if not ticket.sale_line_id and order.state == "sale":
                lines = order.order_line.filtered("remaining_hours_available")
                if not customer or order.partner_id.commercial_partner_id == customer:
                    ticket.sale_line_id = lines.sorted("remaining_hours", reverse=True)[:1]

    @api.depends("timesheet_ids.unit_amount")
    def _compute_hours_spent(self):
        hours = dict(
            self.env["account.analytic.line"]._read_group(
                [("helpdesk_ticket_id", "in", self.ids)], ["helpdesk_ticket_id"], ["unit_amount:sum"]
            )
        )
        for ticket in self:
            ticket.hours_spent = hours.get(ticket._origin, 0.0)

    @api.depends("sale_line_id.remaining_hours", "sale_line_id.product_uom_qty", "hours_spent")
    def _compute_prepaid_hours(self):
        hour = self.env.ref("uom.product_uom_hour")
        for ticket in self:
            line = ticket.sale_line_id
            prepaid = line.remaining_hours_available
            ticket.has_prepaid_hours = prepaid
            ticket.hours_bought = (
                line.product_uom_id._compute_quantity(line.product_uom_qty, hour, round=False)
                if prepaid
                else 0.0
            )
            ticket.hours_left = line.remaining_hours if prepaid else 0.0
            ticket.hours_too_many = max(-ticket.hours_left, 0.0)
            ticket.is_overbooked = (
                line.product_uom_id.compare(ticket.hours_left, 0.0) < 0 if prepaid else False
            )

    @api.model
    def _search_is_overbooked(self, operator, value):
        if operator != "in":
            return NotImplemented
        # sudo: which lines are used up, for those who see no orders
        lines = self.env["sale.order.line"].sudo()._search([("remaining_hours", "<", 0)])
        return Domain("sale_line_id", "in", lines)

    @api.constrains("sale_line_id", "project_id", "company_id", "partner_id")
    def _check_hours_bought(self):
        for ticket in self:
            line, customer = ticket.sale_line_id, ticket.commercial_partner_id
            foreign = customer and line.order_partner_id.commercial_partner_id != customer
            if line and (line.company_id != ticket.company_id or foreign):
                raise ValidationError(
                    self.env._("%s belongs to another customer or company.", line.display_name)
                )
            if ticket.project_id.company_id and ticket.project_id.company_id != ticket.company_id:
                raise ValidationError(self.env._("%s belongs to another company.", ticket.project_id.name))

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_time_is_booked(self):
        # sudo: time of others, whom the user may not see, counts as well
        booked = self.sudo().filtered("timesheet_ids")
        if booked:
            raise UserError(
                self.env._(
                    "Time is booked on %s: archive it, or move the time first.", booked[0].display_name
                )
            )

    def action_view_timesheets(self):
        """The time of the ticket, as far as the user may see it."""
        self.ensure_one()
        project = self.project_id or self.team_id.project_id
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Time Spent"),
            "res_model": "account.analytic.line",
            "views": [
                [self.env.ref("hr_timesheet.timesheet_view_tree_user").id, "list"],
                [self.env.ref("hr_timesheet.view_kanban_account_analytic_line").id, "kanban"],
                [self.env.ref("hr_timesheet.timesheet_view_form_user").id, "form"],
            ],
            "search_view_id": [self.env.ref("hr_timesheet.hr_timesheet_line_search").id, "search"],
            "domain": [("helpdesk_ticket_id", "=", self.id)],
            "context": {
                "default_helpdesk_ticket_id": self.id,
                "default_project_id": project.id,
                "is_timesheet": True,
            },
        }

    def _merge(self, target):
        """Time goes along and keeps what it was bought with; of another customer it stays."""
        result = super()._merge(target)
        # sudo: see merge_into; the time of others goes along as well
        own = self.sudo().filtered(
            lambda t: not t.commercial_partner_id or t.commercial_partner_id == target.commercial_partner_id
        )
        bought = own.sale_line_id
        times = own.timesheet_ids
        times.filtered("so_line").is_so_line_edited = True
        times.helpdesk_ticket_id = target
        if len(bought) == 1 and not target.sudo().sale_line_id:
            target.sudo().sale_line_id = bought
        return result
