from odoo import api, models

# What the names of contacts are made of, see res.partner._get_complete_name; they have many fields besides.
NAME_OF_PARTNER = ("name", "company_name", "commercial_company_name", "is_company", "parent_id", "type")


class HelpdeskTicket(models.Model):
    """What lists and boards read: of customers and employees no more than their names."""

    _inherit = "helpdesk.ticket"

    @api.readonly
    def web_read(self, specification):
        return super(HelpdeskTicket, self.with_context(helpdesk_names=True)).web_read(specification)


class ResPartner(models.Model):
    _inherit = "res.partner"

    @api.readonly
    def web_read(self, specification):
        # Nothing but names: the ERP reads them next, with the rights of the system.
        if not specification and self.env.context.get("helpdesk_names"):
            self.sudo().fetch(NAME_OF_PARTNER)  # sudo: as above, nothing is returned here
        return super().web_read(specification)


class ResUsers(models.Model):
    _inherit = "res.users"

    @api.readonly
    def web_read(self, specification):
        if not specification and self.env.context.get("helpdesk_names"):
            users = self.sudo()  # sudo: see res.partner
            users.fetch(("partner_id",))
            users.partner_id.fetch(NAME_OF_PARTNER)
        return super().web_read(specification)
