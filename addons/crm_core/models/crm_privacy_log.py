from odoo import fields, models


class CrmPrivacyLog(models.Model):
    """What was done for a person who asked about the own data; append-only, without personal text."""

    _name = "crm.privacy.log"
    _description = "Privacy Request Log"
    _order = "id desc"
    _rec_name = "action"
    _inherit = ["crm.append.only"]
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
