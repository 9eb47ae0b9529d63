from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import SQL


class HelpdeskTicket(models.Model):
    """Tickets that belong together: related ones, parts of a larger one, and what was split off."""

    _inherit = "helpdesk.ticket"

    # Both ways: whoever is related to a ticket has that ticket among its own related ones.
    related_ids = fields.Many2many(
        "helpdesk.ticket",
        "helpdesk_ticket_related_rel",
        "ticket_id",
        "related_id",
        string="Related Tickets",
        copy=False,
        domain="[('id', '!=', id), ('company_id', '=', company_id)]",
    )
    parent_id = fields.Many2one(
        "helpdesk.ticket",
        string="Part of",
        index="btree_not_null",
        copy=False,
        tracking=True,
        domain="[('id', '!=', id), ('company_id', '=', company_id), ('merged_into_id', '=', False)]",
        help="The larger matter that this ticket is a part of.",
    )
    child_ids = fields.One2many("helpdesk.ticket", "parent_id", string="Parts")
    child_count = fields.Integer(compute="_compute_child_count", string="Number of Parts")
    open_child_count = fields.Integer(compute="_compute_child_count", string="Open Parts")
    has_parts_to_solve = fields.Boolean(
        compute="_compute_has_parts_to_solve",
        help="Solved, while parts the team wants to be asked about are open.",
    )
    split_from_id = fields.Many2one(
        "helpdesk.ticket", string="Split from", index="btree_not_null", readonly=True, copy=False
    )
    split_ids = fields.One2many("helpdesk.ticket", "split_from_id", string="Split off")

    @api.depends("child_ids.is_closed")
    def _compute_child_count(self):
        counts = {
            (parent.id, closed): count
            for parent, closed, count in self._read_group(
                [("parent_id", "in", self.ids)], ["parent_id", "is_closed"], ["__count"]
            )
        }
        for ticket in self:
            ticket.open_child_count = counts.get((ticket.id, False), 0)
            ticket.child_count = ticket.open_child_count + counts.get((ticket.id, True), 0)

    @api.depends("stage_kind", "open_child_count", "team_id.solve_parts")
    def _compute_has_parts_to_solve(self):
        for ticket in self:
            ticket.has_parts_to_solve = (
                ticket.stage_kind == "closed" and ticket.team_id.solve_parts and ticket.open_child_count
            )

    @api.constrains("parent_id")
    def _check_parent(self):
        if self._has_cycle("parent_id"):
            raise ValidationError(self.env._("A ticket cannot be a part of itself, over no detour either."))
        for ticket in self:
            if ticket.parent_id and ticket.parent_id.company_id != ticket.company_id:
                raise ValidationError(
                    self.env._(
                        "%(part)s and %(whole)s belong to different companies.",
                        part=ticket.display_name,
                        whole=ticket.parent_id.display_name,
                    )
                )

    @api.constrains("related_ids")
    def _check_related(self):
        for ticket in self:
            if ticket in ticket.related_ids:
                raise ValidationError(self.env._("%s cannot be related to itself.", ticket.display_name))
            if ticket.related_ids.company_id - ticket.company_id:
                raise ValidationError(
                    self.env._("%s is related to a ticket of another company.", ticket.display_name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        tickets = super().create(vals_list)
        if any(vals.get("related_ids") for vals in vals_list):
            tickets._mirror_related()
        return tickets

    def write(self, vals):
        open_before = (
            self.filtered(lambda ticket: not ticket.is_closed) if "stage_id" in vals else self.browse()
        )
        result = super().write(vals)
        if "related_ids" in vals:
            self._mirror_related()
        if not self.env.context.get("helpdesk_parts_decided"):
            open_before.filtered("has_parts_to_solve")._hint_at_open_parts()
        return result

    def _mirror_related(self):
        """Make the other side of each link: in SQL, as the person may not write on the other ticket."""
        if not self:
            return
        self.flush_model(["related_ids"])
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM helpdesk_ticket_related_rel other
                 WHERE other.related_id IN %(ids)s
                   AND NOT EXISTS (SELECT FROM helpdesk_ticket_related_rel own
                                    WHERE own.ticket_id = other.related_id
                                      AND own.related_id = other.ticket_id)
                """,
                ids=tuple(self.ids),
            )
        )
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO helpdesk_ticket_related_rel (ticket_id, related_id)
                SELECT related_id, ticket_id FROM helpdesk_ticket_related_rel WHERE ticket_id IN %(ids)s
                    ON CONFLICT DO NOTHING
                """,
                ids=tuple(self.ids),
            )
        )
        self.invalidate_model(["related_ids"])

    # Solving what belongs together -------------------------------------------------

    def action_close(self):
        """Solve the tickets; where the team wants it, ask about the open parts first."""
        asking = self.filtered(lambda ticket: ticket.team_id.solve_parts and ticket.open_child_count)
        if asking and not self.env.context.get("helpdesk_parts_decided"):
            return self.action_solve_parts()
        return super().action_close()

    def action_solve_parts(self):
        """Ask whether the open parts are solved as well."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Solve the Parts, Too?"),
            "res_model": "helpdesk.ticket.solve",
            "view_mode": "form",
            "target": "new",
            "context": {"default_ticket_ids": self.ids},
        }

    def _hint_at_open_parts(self):
        """Say so to the employee who dragged tickets into a stage: there nobody could be asked before."""
        if not self or not self.env.user._is_internal():
            return
        self.env.user._bus_send(
            "simple_notification",
            {
                "type": "warning",
                "title": self.env._("Solved, but parts are still open"),
                "message": "\n".join(
                    self.env._(
                        "%(ticket)s: %(count)s open. Open the ticket to solve them, too.",
                        ticket=ticket.display_name,
                        count=ticket.open_child_count,
                    )
                    for ticket in self
                ),
            },
        )

    def _get_open_parts(self):
        """The open tickets below these ones, at every level, that the user may change.

        :rtype: helpdesk.ticket
        """
        below = self.search([("id", "child_of", self.ids), ("is_closed", "=", False)]) - self
        return below._filtered_access("write")

    # Buttons ---------------------------------------------------------------------------

    def action_open_parts(self):
        """The tickets that are parts of this one."""
        return self._open_linked(self.env._("Parts of %s", self.number), [("parent_id", "=", self.id)])

    def action_open_split(self):
        """The tickets that were split off this one."""
        return self._open_linked(self.env._("Split off %s", self.number), [("split_from_id", "=", self.id)])

    def _open_linked(self, name, domain):
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_helpdesk.helpdesk_ticket_action")
        return {
            **action,
            "name": name,
            "domain": domain,
            "context": {
                "default_parent_id": self.id,
                "default_team_id": self.team_id.id,
                "default_partner_id": self.partner_id.id,
                "active_test": False,
            },
        }


class HelpdeskTeam(models.Model):
    _inherit = "helpdesk.team"

    solve_parts = fields.Boolean(
        string="Solve Parts Together",
        help="Whoever solves a ticket that has open parts is asked whether they are solved as well; whoever"
        " drags it into a stage is told of them.",
    )
