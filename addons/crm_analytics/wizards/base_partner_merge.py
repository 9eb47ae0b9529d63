from odoo import models


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        partners = self.env["res.partner"].browse(partner_ids).exists()
        affected = (partners | dst_partner if dst_partner else partners).commercial_partner_id
        # sudo: rows that are derived anew from the documents of the survivor
        self.env["crm.analytics.event"].sudo().search([("partner_id", "in", affected.ids)]).unlink()
        # sudo: as above; found anew with the next look at baskets
        self.env["crm.analytics.white.spot"].sudo().search([("partner_id", "in", affected.ids)]).unlink()
        return super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
