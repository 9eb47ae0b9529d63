from odoo import api, fields, models
from odoo.fields import Domain

from ..models.res_partner_consent import CHANGED_AT


class BasePartnerMergeAutomaticWizard(models.TransientModel):
    _inherit = "base.partner.merge.automatic.wizard"

    def _merge(self, partner_ids, dst_partner=None, extra_checks=True):
        """Merging rewrites foreign keys by SQL, so no hook of a document runs: mark the survivors."""
        partners = self.env["res.partner"].browse(partner_ids).exists()
        affected = partners | dst_partner if dst_partner else partners
        commercial = affected.commercial_partner_id
        # Rows of customers about to vanish would collide with the survivor's.
        gone = Domain("partner_id", "in", commercial.ids)
        self.env["crm.customer.stat"].sudo().search(gone).unlink()  # sudo: derived rows, made anew below
        self.env["crm.customer.product"].sudo().search(gone).unlink()  # sudo: as above
        Consent = self.env["crm.consent.event"]
        said = Consent._cell_states(affected.ids)
        # sudo: notes about addresses, whoever merges
        addresses = {
            fname: {one.id: (one._crm_address_keys(fname), one[CHANGED_AT[fname]]) for one in affected.sudo()}
            for fname in ("email", "phone")
        }
        # sudo: merging must not depend on the rights to preferences
        Preference = self.env["crm.contact.preference"].sudo()
        wishes = {
            row.id: row.partner_id.id for row in Preference.search([("partner_id", "in", affected.ids)])
        }
        # sudo: as above
        seen = {one.commercial_partner_id.id for one in affected.sudo() if one.crm_sees_business}
        result = super()._merge(partner_ids, dst_partner=dst_partner, extra_checks=extra_checks)
        self.env["crm.customer.dirty"].sudo()._mark((affected | commercial).exists())  # sudo: queue
        survivors = affected.exists()
        if len(survivors) == 1:
            gone = affected - survivors
            if survivors.commercial_partner_id.id not in seen:
                survivors.sudo().crm_sees_business = False  # sudo: no right to another customer by merging
            for fname, known in addresses.items():
                self._keep_address_notes(fname, said, known, survivors)
            Consent._keep_strictest(said, survivors)
            Preference._merge_partners(wishes, survivors.id)
            # sudo: lines of one old order may have become those of one customer
            self.env["crm.past.sale"].sudo().search(
                [("partner_id", "=", survivors.id)]
            )._interaction_sync_later()
            # sudo: derived rows
            self.env["crm.interaction"].sudo()._merge_partners(commercial.ids, gone.ids, survivors.id)
        return result

    @api.model
    def _keep_address_notes(self, fname, said, addresses, survivor):
        """A yes that was confirmed for the address or number of one does not cover that of the other.

        :param str fname: ``email`` or ``phone``
        :param dict said: states of each person before
        :param dict addresses: {partner id: (what it is recognized by, when it changed)} before
        """
        moments = [changed for _address, changed in addresses.values() if changed]
        own = addresses[survivor.id][0]
        for (_purpose, channel, _company), states in said.items():
            yes = {id_ for id_, state in states.items() if state.status == "granted"}
            concerned = CHANGED_AT.get(channel) == CHANGED_AT[fname]
            if concerned and yes and all(own.isdisjoint(addresses[id_][0]) for id_ in yes):
                moments.append(fields.Datetime.now())
        if moments and own:
            survivor.sudo()._crm_note_new_address(fname, max(moments))  # sudo: as above

    @api.model
    def _update_foreign_keys(self, src_partners, dst_partner):
        """Rows without a foreign key go over, too, before the partners they name are deleted."""
        customers = (src_partners | dst_partner).commercial_partner_id.ids
        result = super()._update_foreign_keys(src_partners, dst_partner)
        gone, survivor = src_partners.ids, dst_partner.id
        env = self.sudo().env  # sudo: rows of every reader, whoever merges
        env["crm.interaction"]._merge_partners(customers, gone, survivor)
        env["crm.target.group.member"]._merge_partners(gone, survivor)
        env["crm.duplicate.candidate"]._merge_partners(gone, survivor)
        env["crm.next.action"]._merge_partners(gone, survivor)
        return result
