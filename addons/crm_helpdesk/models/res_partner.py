from odoo import fields, models
from odoo.fields import Domain


class ResPartner(models.Model):
    _inherit = "res.partner"

    helpdesk_ticket_count = fields.Integer(
        string="Open Tickets",
        compute="_compute_helpdesk_ticket_count",
        groups="crm_helpdesk.group_crm_helpdesk_agent",
    )

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
