from odoo import models
from odoo.tools import email_normalize, email_split, parse_contact_from_email


class HelpdeskTicket(models.Model):
    """Tickets by e-mail."""

    _inherit = "helpdesk.ticket"

    def message_new(self, msg_dict, custom_values=None):
        """A mail to a team's address opens a ticket."""
        sender = msg_dict.get("from") or ""
        name, email = parse_contact_from_email(sender)
        values = {
            "name": msg_dict.get("subject") or self.env._("No subject"),
            "description": msg_dict.get("body"),
            "partner_name": name,
            "partner_id": msg_dict.get("author_id"),
            **(custom_values or {}),
        }
        # The gateway's own user answers for nothing.
        gateway = self.with_context(default_user_id=False)
        ticket = super(HelpdeskTicket, gateway).message_new(
            msg_dict, custom_values={key: value for key, value in values.items() if value}
        )
        # The gateway has put the whole sender line there.
        ticket.partner_email = email_normalize(email) or sender
        ticket._follow_from_mail(msg_dict)
        return ticket

    def message_update(self, msg_dict, update_vals=None):
        """An answer by mail."""
        for ticket in self:
            ticket._follow_from_mail(msg_dict)
        return super().message_update(msg_dict, update_vals=update_vals)

    def _follow_from_mail(self, msg_dict):
        """Who was written to as well and is known follows."""
        addresses = email_split(f"{msg_dict.get('to') or ''},{msg_dict.get('cc') or ''}")
        partners = self._partner_find_from_emails_single(addresses, no_create=True)
        self.message_subscribe(partners.ids)

    def _creation_subtype(self):
        return self.env.ref("crm_helpdesk.mt_ticket_new")

    def _track_subtype(self, init_values):
        self.ensure_one()
        if "stage_id" in init_values:
            return self.env.ref("crm_helpdesk.mt_ticket_stage")
        return super()._track_subtype(init_values)

    def _track_template(self, changes):
        templates = super()._track_template(changes)
        ticket = self[:1]
        if "stage_id" in changes and ticket.stage_id.template_id:
            templates["stage_id"] = (
                ticket.stage_id.template_id,
                {
                    "auto_delete_keep_log": False,
                    "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id("mail.mt_note"),
                    "email_layout_xmlid": "mail.mail_notification_light",
                },
            )
        return templates
