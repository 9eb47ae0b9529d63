from odoo import api, fields, models
from odoo.tools import email_normalize, email_normalize_all, human_size, parse_contact_from_email

from .mail_gateway_memory import GATEWAY

# Whoever writes to more than these at once writes to the public: nobody of them is made a follower.
FOLLOWERS_MAX = 20
ATTACHMENT_MEGABYTES = 25


class HelpdeskTicket(models.Model):
    """Tickets by e-mail."""

    _inherit = "helpdesk.ticket"

    partner_email_normalized = fields.Char(
        compute="_compute_partner_email_normalized", store=True, precompute=True, readonly=True
    )
    bounced_email = fields.Char(
        string="Not Delivered to",
        readonly=True,
        copy=False,
        help="The address to which the last mail about this ticket could not be delivered.",
    )
    is_email_blocked = fields.Boolean(
        compute="_compute_is_email_blocked", help="The customer's address is on the list of blocked ones."
    )

    # The ERP's guard against loops counts a sender's tickets at each mail.
    _sender_idx = models.Index(
        "(partner_email_normalized, create_date) WHERE partner_email_normalized IS NOT NULL"
    )

    @api.depends("partner_email")
    def _compute_partner_email_normalized(self):
        for ticket in self:
            ticket.partner_email_normalized = email_normalize(ticket.partner_email, strict=False)

    @api.depends("partner_email_normalized")
    def _compute_is_email_blocked(self):
        # sudo: whether an address is blocked is no secret to who writes to it
        blocked = self.env["mail.blacklist"].sudo()
        addresses = set(
            blocked.search_fetch(
                [("email", "in", [*filter(None, self.mapped("partner_email_normalized"))])], ["email"]
            ).mapped("email")
        )
        for ticket in self:
            ticket.is_email_blocked = ticket.partner_email_normalized in addresses

    # The ERP's gateway --------------------------------------------------------------

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        # To see whether there is a field of some name, the gateway asks for all that is known of all.
        if self.env.context.get("helpdesk_from_gateway") and allfields is None and attributes is None:
            attributes = ()
        return super().fields_get(allfields, attributes)

    @api.model
    def message_new(self, msg_dict, custom_values=None):
        """A mail to a team's address opens a ticket."""
        custom_values = custom_values or {}
        sender = msg_dict.get("from") or ""
        name, email = parse_contact_from_email(sender)
        team = self.env["helpdesk.team"].browse(custom_values.get("team_id"))
        contacts = self._find_contacts({email_normalize(email)}, team.company_id)
        contact = contacts._choose_contact(name)
        values = {
            "name": msg_dict.get("subject") or self.env._("No subject"),
            "description": msg_dict.get("body"),
            "partner_name": name,
            "partner_id": contact.id,
            "is_acknowledgement_due": self._is_acknowledgement_wanted(team),
            **custom_values,
        }
        left_out = self._leave_out_large(msg_dict)
        too_many = self._limit_copies(msg_dict)
        # Nobody is notified of most new tickets: no more of the company is needed.
        self.env.company.sudo().fetch(("alias_domain_id",))  # sudo: whoever hands over mail
        if (memory := self.env.cr.cache.get(GATEWAY)) is not None:
            memory["nothing said"] = True
        # The gateway's own user answers for nothing.
        gateway = self.with_context(default_user_id=False, helpdesk_from_gateway=True)
        ticket = super(HelpdeskTicket, gateway).message_new(
            # The gateway takes the whole sender line for the address.
            {**msg_dict, "email_from": email_normalize(email) or sender},
            custom_values={key: value for key, value in values.items() if value},
        )
        if memory is not None:
            memory["opened"] = ticket.id
        # Of several with one address the gateway took any.
        msg_dict["author_id"] = ticket.partner_id.id
        ticket._follow_from_mail(msg_dict, too_many)
        ticket._note_from_mail(left_out, too_many, contacts if not contact else contacts.browse())
        ticket._tell_other_teams()
        return ticket

    def message_update(self, msg_dict, update_vals=None):
        """An answer by mail."""
        left_out = self._leave_out_large(msg_dict)
        too_many = self._limit_copies(msg_dict)
        sender = email_normalize(msg_dict.get("from"))
        for ticket in self:
            ticket._follow_from_mail(msg_dict, too_many)
            ticket._note_from_mail(left_out, too_many)
            if ticket.bounced_email and ticket.bounced_email == sender:
                ticket.bounced_email = False
        return super().message_update(msg_dict, update_vals=update_vals)

    def message_subscribe(self, partner_ids=None, subtype_ids=None):
        # The gateway has read who follows; the ERP would ask for each customer who answers whether he does.
        takes_in_mail = self.env.su and self.env.cr.cache.get(GATEWAY) is not None
        if takes_in_mail and len(self) == 1 and partner_ids and not subtype_ids:
            known = self._fields["message_partner_ids"]._get_cache(self.env).get(self.id, ())
            if set(partner_ids).issubset(known):
                return True
        return super().message_subscribe(partner_ids, subtype_ids)

    def _message_compute_parent_id(self, parent_id):
        # The mail that has opened the ticket is its first message.
        memory = self.env.cr.cache.get(GATEWAY) or {}
        if memory.get("opened") == self.id and memory.get("nothing said"):
            return False
        return super()._message_compute_parent_id(parent_id)

    def _message_create(self, values_list):
        if memory := self.env.cr.cache.get(GATEWAY):
            memory.pop("nothing said", None)
        return super()._message_create(values_list)

    def _message_receive_bounce(self, email, partner):
        """A mail about the ticket came back: who works on it learns that the customer got nothing."""
        result = super()._message_receive_bounce(email, partner)
        for ticket in self.filtered(lambda ticket: email and ticket.bounced_email != email):
            ticket.bounced_email = email
            ticket._note_by_system(
                self.env._("The mail to %s could not be delivered. Please check the address.", email),
                ticket.user_id.partner_id,
            )
        return result

    def _detect_loop_sender_domain(self, email_from_normalized):
        return [("partner_email_normalized", "=", email_from_normalized)]

    def _notify_get_reply_to(self, default=None, author_id=False):
        """Answers go to the team's address, whatever is set on the employee."""
        # sudo: the address of a team is no secret to who follows its ticket
        replies = self.sudo().team_id._notify_get_reply_to(default=default, author_id=author_id)
        return {ticket.id: replies.get(ticket.sudo().team_id.id) for ticket in self}

    # Who it is from, and who reads along ---------------------------------------------

    @api.model
    def _find_contacts(self, emails, company):
        """Contacts with one of the addresses that a company may deal with.

        :param emails: normalized addresses
        :param company: ``res.company``, may be empty
        :rtype: res.partner
        """
        emails = [email for email in emails if email]
        if not emails:
            return self.env["res.partner"]
        # In the words of the gateway, which has asked for the sender before.
        found = self.env["res.partner"].search([("email_normalized", "in", emails)], order="id ASC")
        return found.filtered(lambda partner: partner.company_id in (partner.company_id.browse(), company))

    def _follow_from_mail(self, msg_dict, too_many=False):
        """Who was written to as well and is known follows."""
        if too_many:
            return
        addresses = email_normalize_all(
            f"{msg_dict.get('to_filtered') or ''},{msg_dict.get('cc_filtered') or ''}"
        )
        contacts = self._find_contacts(set(addresses), self.company_id)
        by_address = contacts.grouped("email_normalized")
        # Of several with the same address nobody knows who is meant.
        readers = [found._choose_contact() for found in by_address.values()]
        self.message_subscribe([partner.id for partner in readers if partner])

    @api.model
    def _limit_copies(self, msg_dict):
        """Keep our own addresses out of those who get a copy, and all of them where there are too many.

        :return: how many there were, if these were too many, else 0
        """
        copies = msg_dict.get("cc_filtered", msg_dict.get("cc")) or ""
        known = len(email_normalize_all(self.email_cc or "")) if self else 0
        count = len(email_normalize_all(f"{msg_dict.get('to_filtered') or ''},{copies}"))
        too_many = count + known > FOLLOWERS_MAX and count
        msg_dict["cc"] = "" if too_many else copies
        return too_many or 0

    @api.model
    def _leave_out_large(self, msg_dict):
        """Take out attachments that are larger than the settings allow.

        :return: list of (name, bytes)
        """
        limit = self.env["ir.config_parameter"].sudo().get_param("crm_helpdesk.attachment_megabytes")
        limit = int(limit or ATTACHMENT_MEGABYTES) * 1024**2
        files = msg_dict.get("attachments") or []
        large = [file for file in files if len(file[1] or b"") > limit]
        if large:
            msg_dict["attachments"] = [file for file in files if file not in large]
        return [(file[0], len(file[1])) for file in large]

    def _note_from_mail(self, left_out, too_many, contacts=()):
        """Tell who works on it what of the mail was not done."""
        self.ensure_one()
        for name, size in left_out:
            self._note_by_system(
                self.env._(
                    "The attachment %(name)s (%(size)s) is too large and was left out.",
                    name=name,
                    size=human_size(size),
                )
            )
        if too_many:
            self._note_by_system(
                self.env._("The mail went to %s addresses: none of them was made a follower.", too_many)
            )
        if contacts:
            self._note_by_system(
                self.env._(
                    "Several contacts have this address: %s. Please choose the customer.",
                    ", ".join(contacts.mapped("display_name")),
                )
            )

    def _tell_other_teams(self):
        """One mail to several teams is one ticket: the leaders of the others learn who has it."""
        teams = self.env["helpdesk.team"].browse(self.env.context.get("helpdesk_other_teams", ())).exists()
        if teams:
            self._note_by_system(
                self.env._(
                    "The mail was also written to %(others)s. The ticket is with %(team)s.",
                    others=", ".join(teams.mapped("name")),
                    team=self.team_id.name,
                ),
                teams.user_id.partner_id,
            )

    def _note_by_system(self, text, partners=()):
        """Log a note in nobody's name, and tell some people."""
        self.ensure_one()
        self.message_post(
            body=text,
            message_type="notification",
            subtype_xmlid="mail.mt_note",
            author_id=self.env.ref("base.partner_root").id,
            partner_ids=[partner.id for partner in partners],
        )

    # Messages of tickets ---------------------------------------------------------------

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
