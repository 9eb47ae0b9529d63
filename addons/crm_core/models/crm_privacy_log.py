from odoo import fields, models
from odoo.exceptions import UserError


class CrmPrivacyLog(models.Model):
    """What was done for a person who asked about the own data; append-only, without personal text."""

    _name = "crm.privacy.log"
    _description = "Privacy Request Log"
    _order = "id desc"
    _rec_name = "action"
    _log_access = False

    partner_id = fields.Many2one(
        "res.partner", "Person", required=True, readonly=True, index=True, ondelete="restrict"
    )
    action = fields.Selection(
        [
            ("gathered", "Data Handed Over"),
            ("corrected", "Corrected"),
            ("restricted", "Processing Restricted"),
            ("lifted", "Restriction Lifted"),
            ("anonymized", "Anonymized"),
        ],
        required=True,
        readonly=True,
    )
    date = fields.Datetime("When", required=True, readonly=True, default=fields.Datetime.now)
    user_id = fields.Many2one("res.users", "By", required=True, readonly=True, ondelete="restrict")
    reference = fields.Char(readonly=True, help="Number of the request or of the letter.")
    details = fields.Text(readonly=True, help="Kinds and numbers of records; no content.")

    def init(self):
        super().init()
        self.env["crm.consent.event"]._guard_table("crm_privacy_log")

    def write(self, vals):
        if self and vals:
            raise UserError(self.env._("The log of requests is never changed."))
        return super().write(vals)

    def unlink(self):
        if self:
            raise UserError(self.env._("The log of requests is never deleted."))
        return super().unlink()
