from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools.misc import format_date

from .contact_channel import CONTACT_CHANNELS

# How a state looks: color by meaning, icon, so that it is never told by color alone.
LOOKS = {
    "granted": ("success", "fa-check"),
    "allowed": ("success", "fa-check"),
    "pending": ("warning", "fa-clock-o"),
    "expired": ("warning", "fa-hourglass-end"),
    "none": ("muted", "fa-minus"),
    "withdrawn": ("danger", "fa-ban"),
    "objected": ("danger", "fa-ban"),
}


class ResPartner(models.Model):
    """Consents on the contact's form and on the 360 screen."""

    _inherit = "res.partner"

    crm_consent_matrix = fields.Html(
        "Consents by Purpose and Channel",
        compute="_compute_crm_consent_matrix",
        sanitize=False,
        export_string_translation=False,
        groups="crm_core.group_crm_core_user",
    )

    crm_preference_summary = fields.Char(
        "Wishes",
        compute="_compute_crm_preference_summary",
        export_string_translation=False,
        groups="crm_core.group_crm_core_user",
    )

    @api.depends("crm_consent_event_ids")
    @api.depends_context("company", "lang")
    def _compute_crm_consent_matrix(self):
        Purpose = self.env["crm.consent.purpose"]
        purposes = Purpose.search([("company_id", "in", [self.env.company.id, False])])
        states = self.env["crm.consent.state"].search(
            [("partner_id", "in", self.ids), ("company_id", "=", self.env.company.id)]
        )
        found = {(state.partner_id.id, state.purpose_id, state.channel): state for state in states}
        channels = self.env["crm.consent.event"]._fields["channel"]._description_selection(self.env)
        for partner in self:
            rows = [
                {
                    "name": purpose.name,
                    "cells": [
                        self._crm_consent_cell(
                            purpose, channel, found.get((partner._origin.id, purpose, channel))
                        )
                        for channel, _label in CONTACT_CHANNELS
                    ],
                }
                for purpose in purposes
            ]
            partner.crm_consent_matrix = self.env["ir.qweb"]._render(
                "crm_core.consent_matrix", {"channels": channels, "rows": rows}
            )

    def _crm_consent_cell(self, purpose, channel, state):
        """What the matrix shows of one purpose over one channel."""
        if not purpose._uses_channel(channel):
            return {"status": None, "reason": self.env._("Not used")}
        labels = dict(self.env["crm.consent.state"]._fields["status"]._description_selection(self.env))
        bases = dict(purpose._fields["legal_basis"]._description_selection(self.env))
        status = state.status if state else "none" if purpose.legal_basis == "consent" else "allowed"
        level, icon = LOOKS[status]
        since = format_date(self.env, state.since) if state else ""
        if status == "granted" and state.valid_until:
            since = self.env._(
                "%(since)s to %(until)s", since=since, until=format_date(self.env, state.valid_until)
            )
        reason = self.env._("Legal basis: %s", bases[purpose.legal_basis])
        if state and state.event_id.source:
            sources = dict(state.event_id._fields["source"]._description_selection(self.env))
            reason = f"{reason} · {sources[state.event_id.source]}"
        return {
            "status": status,
            "label": labels.get(status)
            or {
                "none": self.env._("Nothing said"),
                "allowed": self.env._("Allowed"),
            }[status],
            "since": since,
            "level": level,
            "icon": icon,
            "reason": reason,
        }

    @api.depends("crm_preference_ids")
    @api.depends_context("lang")
    def _compute_crm_preference_summary(self):
        found = self.env["crm.contact.preference"].search([("partner_id", "in", self.ids)])
        by_partner = {preference.partner_id.id: preference for preference in reversed(found)}
        for partner in self:
            preference = by_partner.get(partner._origin.id)
            partner.crm_preference_summary = preference and preference._get_summary()

    def action_crm_record_consent(self):
        """Note what the person said."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Record Consent"),
            "res_model": "crm.consent.record",
            "views": [[False, "form"]],
            "target": "new",
            "context": {
                "default_partner_id": self.id,
                "default_action": self.env.context.get("consent_action", "granted"),
            },
        }

    def action_crm_preferences(self):
        """Open the preferences of the contact; made when they are saved for the first time."""
        self.ensure_one()
        preference = self.env["crm.contact.preference"].search([("partner_id", "=", self.id)], limit=1)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Preferences of %s", self.display_name),
            "res_model": "crm.contact.preference",
            "res_id": preference.id,
            "views": [[False, "form"]],
            "target": "new",
            "context": {"default_partner_id": self.id},
        }

    def action_crm_consents(self):
        """What this customer and its contacts allowed."""
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_core.crm_consent_state_action")
        persons = self.search([("commercial_partner_id", "in", self.commercial_partner_id.ids)])
        return {
            **action,
            "domain": [
                ("partner_id", "in", (persons | self).ids),
                ("company_id", "=", self.env.company.id),
            ],
        }

    def _crm_overview(self):
        overview = super()._crm_overview()
        try:
            allowed, reason = self._crm_may_contact("email", "offers")
        except UserError:  # the company has no such purpose any more
            return overview
        label = self.env._("Offers by e-mail") if allowed else self.env._("No offers by e-mail")
        return {**overview, "consent": {"is_allowed": allowed, "label": label, "reason": reason}}
