from odoo import models
from odoo.tools import SQL

# What is derived of a customer, without a foreign key that would take it away with him.
DERIVED = (
    *("crm.analytics.event", "crm.analytics.customer", "crm.analytics.segment.history"),
    "crm.analytics.pyramid",
)


class ResPartner(models.Model):
    _inherit = "res.partner"

    def unlink(self):
        ids = list(self._ids)
        result = super().unlink()
        if ids:
            for name in DERIVED:
                model = self.env[name]
                self.env.cr.execute(
                    SQL("DELETE FROM %s WHERE partner_id = ANY(%s)", SQL.identifier(model._table), ids)
                )
                model.invalidate_model()
        return result
