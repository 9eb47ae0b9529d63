from odoo import models

from ..models.kept import forget


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Merging rewrites customers of tickets and policies by SQL: what is promised is matched again."""
        affected = self.env["res.partner"].browse(partner_ids)
        affected |= dst_partner or affected.browse()
        result = super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
        forget(self.env)
        affected.exists()._queue_sla_changes()
        return result
