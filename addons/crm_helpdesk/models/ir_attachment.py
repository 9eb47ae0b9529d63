from odoo import fields, models


class IrAttachment(models.Model):
    _inherit = "ir.attachment"

    # The other side of mail.message.attachment_ids: files of tickets are shown with their message or not.
    helpdesk_message_ids = fields.Many2many(
        "mail.message", "message_attachment_rel", "attachment_id", "message_id", string="Messages"
    )
