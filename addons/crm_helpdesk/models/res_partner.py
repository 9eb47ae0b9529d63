from odoo import fields, models
from odoo.fields import Domain


class ResPartner(models.Model):
    _inherit = "res.partner"

    helpdesk_ticket_count = fields.Integer(
        string="Open Tickets",
        compute="_compute_helpdesk_ticket_count",
        groups="crm_helpdesk.group_crm_helpdesk_agent",
    )

    helpdesk_calendar_id = fields.Many2one(
        "resource.calendar",
        string="Hours of Service",
        company_dependent=True,
        groups="crm_helpdesk.group_crm_helpdesk_agent",
        help="Hours that count for the deadlines of this customer's tickets; empty: those of the team.",
    )

    def write(self, vals):
        result = super().write(vals)
        # Whoever comes under another company comes under its promises.
        if not {"helpdesk_calendar_id", "parent_id", "is_company"}.isdisjoint(vals):
            self._queue_sla_changes()
        return result

    def _queue_sla_changes(self):
        # sudo: whoever changes a customer may see none of the tickets whose deadlines that moves
        tickets = self.env["helpdesk.ticket"].sudo()
        concerned = tickets._read_group(
            [("partner_id", "child_of", self.commercial_partner_id.ids), ("is_closed", "=", False)],
            ["commercial_partner_id"],
        )
        customers = [partner for (partner,) in concerned if partner]
        self.env["helpdesk.sla.change"]._queue([{"partner_id": partner.id} for partner in customers])

    def _compute_helpdesk_ticket_count(self):
        wanted = Domain("commercial_partner_id", "in", self.commercial_partner_id.ids) & Domain(
            "is_closed", "=", False
        )
        counts = dict(self.env["helpdesk.ticket"]._read_group(wanted, ["commercial_partner_id"], ["__count"]))
        for partner in self:
            partner.helpdesk_ticket_count = counts.get(partner.commercial_partner_id, 0)

    def action_open_helpdesk_tickets(self):
        """The tickets of the whole customer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_helpdesk.helpdesk_ticket_action")
        return {
            **action,
            "domain": [("commercial_partner_id", "=", self.commercial_partner_id.id)],
            "context": {"default_partner_id": self.id},
        }

    def _crm_timeline_groups(self):
        return (
            *super()._crm_timeline_groups(),
            ("tickets", self.env._("Tickets"), ["ticket", "ticket_closed"]),
        )
