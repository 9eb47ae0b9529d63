from odoo import api, fields, models

from odoo.addons.crm_core.models.res_partner_facts import fact_field

# Field of the partner: field of the customer's facts.
FACTS = {
    "crm_ticket_count": "helpdesk_ticket_count",
    "crm_open_ticket_count": "helpdesk_open_count",
    "crm_last_ticket_date": "helpdesk_last_date",
    "crm_sla_rate": "helpdesk_sla_rate",
    "crm_satisfaction": "helpdesk_satisfaction",
}
# Service that is owed; what somebody thinks of it is a profile.
CONTRACT_FIELDS = {"crm_ticket_count", "crm_open_ticket_count", "crm_last_ticket_date", "crm_sla_rate"}


class ResPartner(models.Model):
    """Tickets for conditions: of target groups, rules and filters."""

    _inherit = "res.partner"

    crm_ticket_count = fact_field(fields.Integer, "Tickets of All Times", "crm_ticket_count")
    crm_open_ticket_count = fact_field(fields.Integer, "Tickets Open", "crm_open_ticket_count")
    crm_last_ticket_date = fact_field(fields.Date, "Last Ticket", "crm_last_ticket_date")
    crm_sla_rate = fact_field(fields.Float, "Service Level Kept", "crm_sla_rate")
    crm_satisfaction = fact_field(fields.Float, "Satisfaction (1 to 5)", "crm_satisfaction")

    @api.model
    def _crm_facts(self):
        return {**super()._crm_facts(), **FACTS}

    @api.model
    def _crm_profile_fields(self):
        return super()._crm_profile_fields() - CONTRACT_FIELDS
