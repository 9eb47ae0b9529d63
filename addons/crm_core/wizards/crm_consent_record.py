from odoo import Command, api, fields, models
from odoo.exceptions import UserError

from ..models.contact_channel import CONTACT_CHANNELS


class CrmConsentRecord(models.TransientModel):
    """Note what a person said about being contacted, with how we know."""

    _name = "crm.consent.record"
    _description = "Record Consent"

    partner_id = fields.Many2one("res.partner", "Person", required=True)
    company_id = fields.Many2one("res.company", required=True, default=lambda self: self.env.company)
    purpose_id = fields.Many2one(
        "crm.consent.purpose",
        required=True,
        domain="[('company_id', 'in', [company_id, False])]",
        default=lambda self: self.env.ref("crm_core.consent_purpose_offers", raise_if_not_found=False),
    )
    customer_text = fields.Text(related="purpose_id.customer_text")
    action = fields.Selection(
        [
            ("granted", "Says yes"),
            ("withdrawn", "Takes a yes back"),
            ("objected", "Objects"),
        ],
        required=True,
        default="granted",
    )
    channel = fields.Selection(CONTACT_CHANNELS, help="Empty: over every channel.")
    occurred_at = fields.Datetime("When", required=True, default=fields.Datetime.now)
    valid_until = fields.Date(help="Empty: as long as the purpose says.")
    source = fields.Selection(
        [("staff", "Told to Us"), ("phone", "Phone"), ("import", "Form or List")],
        "How We Know",
        required=True,
        default="staff",
    )
    reference = fields.Char(help="Message-ID of an e-mail, number of a form. No personal remarks.")
    proof_ids = fields.Many2many("ir.attachment")
    must_confirm = fields.Boolean(compute="_compute_must_confirm")

    @api.depends("purpose_id", "action", "proof_ids", "source")
    def _compute_must_confirm(self):
        for record in self:
            record.must_confirm = (
                record.action == "granted"
                and record.purpose_id.needs_double_opt_in
                and not record.proof_ids
                and record.source != "import"
            )

    def action_record(self):
        """Append the event, and ask for confirmation where the purpose wants it."""
        self.ensure_one()
        partner = self.partner_id
        partner._crm_check_access()
        if self.source == "import" and not (self.proof_ids or self.reference):
            raise UserError(self.env._("Say which form or list it was, or attach it."))
        event = partner.with_company(self.company_id)._crm_record_consent(
            self.purpose_id,
            self.action,
            self.channel or None,
            source=self.source,
            occurred_at=self.occurred_at,
            valid_until=self.valid_until if self.action == "granted" else False,
            reference=self.reference,
            proof_ids=[Command.set(self.proof_ids.ids)] if self.proof_ids else [],
        )
        if event.action != "requested":
            return {"type": "ir.actions.client", "tag": "soft_reload"}
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._(
                    "%s has been asked by e-mail to confirm. Until then nothing may be sent.",
                    partner.display_name,
                ),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }
