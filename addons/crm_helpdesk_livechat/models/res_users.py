from odoo import models

from odoo.addons.mail.tools.discuss import Store


class ResUsers(models.Model):
    _inherit = "res.users"

    def _init_store_data(self, store: Store):
        result = super()._init_store_data(store)
        store.add_global_values(helpdesk_may_open_tickets=self.env["helpdesk.ticket"].has_access("create"))
        return result
