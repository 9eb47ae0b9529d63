from odoo import fields, models

from .helpdesk_mail_failure import KEPT_DAYS, MAIL_MEGABYTES
from .helpdesk_ticket_mail import ATTACHMENT_MEGABYTES


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    helpdesk_attachment_megabytes = fields.Integer(
        string="Largest Attachment",
        config_parameter="crm_helpdesk.attachment_megabytes",
        default=ATTACHMENT_MEGABYTES,
    )
    helpdesk_mail_megabytes = fields.Integer(
        string="Largest Mail", config_parameter="crm_helpdesk.mail_megabytes", default=MAIL_MEGABYTES
    )
    helpdesk_mail_failure_days = fields.Integer(
        string="Keep Mail Not Taken In",
        config_parameter="crm_helpdesk.mail_failure_days",
        default=KEPT_DAYS,
    )
