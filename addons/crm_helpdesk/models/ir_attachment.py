from odoo import fields, models


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    # The other side of mail.message.attachment_ids: a file of a ticket is shown with its message or not at all.
    helpdesk_message_ids = fields.Many2many(
        "mail.message", "message_attachment_rel", "attachment_id", "message_id", string="Messages"
    )
