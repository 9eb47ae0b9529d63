from odoo import models


class LoyaltyCard(models.Model):
    _inherit = "loyalty.card"

    def _write_multi(self, vals_list):
        """A card can get its holder later: the rows of its history follow."""
        result = super()._write_multi(vals_list)
        if any("partner_id" in vals for vals in vals_list):
            # sudo: derived rows of the card, whoever changes it
            self.sudo().history_ids._interaction_sync_later()
        return result
