from odoo import api, models
from odoo.tools import SQL

# One customer's until the next night; without foreign keys that merging would find.
KEPT = ("crm.analytics.customer", "crm.analytics.segment.history", "crm.analytics.pyramid")


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

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """A survivor without a score takes over that of one who goes; all are scored anew at night."""
        result = super()._update_foreign_keys(src_partners, dst_partner)
        for name in KEPT:
            model = self.env[name]
            model.flush_model()
            self.env.cr.execute(
                SQL(
                    """
                    UPDATE %(table)s kept
                       SET partner_id = %(survivor)s
                      FROM (SELECT company_id, min(partner_id) AS partner_id
                              FROM %(table)s
                             WHERE partner_id = ANY(%(all)s)
                             GROUP BY company_id
                            HAVING NOT bool_or(partner_id = %(survivor)s)) AS heir
                     WHERE kept.company_id = heir.company_id AND kept.partner_id = heir.partner_id
                    """,
                    table=SQL.identifier(model._table),
                    survivor=dst_partner.id,
                    all=(src_partners | dst_partner).ids,
                )
            )
            model.invalidate_model()
        return result
