import uuid
from time import time

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, human_size, plaintext2html
from odoo.tools.misc import hash_sign, verify_hash_signed

from odoo.addons.crm_helpdesk.models.helpdesk_ticket_portal_open import SUBJECT_MAX

SCOPE = "crm_helpdesk_website.form"
SECONDS_MIN = 3  # nobody has read and filled in a form before
HOURS_MAX = 24
FILES_MAX = 5
FILE_BYTES_MAX = 10 * 1024 * 1024
NAME_MAX = 100
ADDRESS_PER_HOUR = 5


class HelpdeskTicket(models.Model):
    """A visitor of the website opens a ticket."""

    _inherit = "helpdesk.ticket"

    @api.model
    def _website_new_form(self):
        """A mark for a form, that says when it was shown and is good for one ticket.

        :rtype: str
        """
        # sudo: signed with the secret of the database
        shown = {"form": uuid.uuid4().hex, "at": time()}
        return hash_sign(self.sudo().env, SCOPE, shown, expiration_hours=HOURS_MAX)

    @api.model
    def _website_read_form(self, mark):
        """What a mark says.

        :return: name of the form
        :rtype: str
        :raise UserError: not ours, too old, or filled in faster than anybody can
        """
        try:
            shown = verify_hash_signed(self.sudo().env, SCOPE, mark or "")
        except (ValueError, IndexError, TypeError):
            shown = None
        if not shown:
            raise UserError(self.env._("The page was open for too long. Please send the form again."))
        if time() - shown["at"] < SECONDS_MIN:
            raise UserError(self.env._("That was very fast. Please look it over and send it again."))
        return shown["form"]

    @api.model
    def _website_open(self, website, person, mark, said, files):
        """Open a ticket of a visitor; sending a form twice opens one.

        :param website: ``website``
        :param person: ``res.partner`` who is signed in, empty for anybody else
        :param str mark: of :meth:`_website_new_form`
        :param dict said: ``team_id``, ``type_id`` (ids or 0), ``name``, ``email``, ``subject``, ``body``
        :param files: list of (name, bytes)
        :rtype: helpdesk.ticket
        :raise UserError: what is wrong with the form, in words
        """
        form = self._website_read_form(mark)
        tickets = self.sudo()  # sudo: visitors create no tickets but by this form, whose values are checked
        if ticket := tickets.search([("portal_form", "=", form)], limit=1):
            return ticket
        values = self._website_values(website, person, said)
        self._website_check_files(files)
        self._website_check_rate(values)
        ticket = tickets.create({**values, "portal_form": form, "user_id": False})
        if person:
            ticket.message_subscribe(person.ids)
        if files:
            ticket.message_post(
                author_id=ticket.partner_id.id or False,
                email_from=ticket.partner_email,
                attachments=files,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        ticket._acknowledge()
        return ticket

    @api.model
    def _website_values(self, website, person, said):
        """The values of a ticket from those of the form."""
        team = self.env["helpdesk.team"]._get_website_teams(website)
        team = team.filtered(lambda team: team.id == said["team_id"])
        if not team:
            raise UserError(self.env._("Please choose who can help you."))
        subject = self._portal_text(said["subject"], SUBJECT_MAX)
        body = self._portal_text(said["body"])
        if not subject or not body:
            raise UserError(self.env._("Please give a subject and tell us what it is about."))
        return {
            "team_id": team.id,
            "name": " ".join(subject.split()),
            "description": plaintext2html(body),
            # sudo: the names of types are shown to visitors, nothing else of them
            "type_id": self.env["helpdesk.ticket.type"].sudo().search([("id", "=", said["type_id"])]).id,
            **(self._website_person(said) if not person else {"partner_id": person.id}),
        }

    @api.model
    def _website_person(self, said):
        name = " ".join(self._portal_text(said["name"], NAME_MAX).split())
        address = email_normalize(self._portal_text(said["email"], NAME_MAX))
        if not name or not address:
            raise UserError(self.env._("Please give your name and your e-mail address: we answer there."))
        return {"partner_name": name, "partner_email": address}

    @api.model
    def _website_check_files(self, files):
        if len(files) > FILES_MAX:
            raise UserError(self.env._("Up to %s files, please.", FILES_MAX))
        for name, content in files:
            if len(content) > FILE_BYTES_MAX:
                limit = human_size(FILE_BYTES_MAX)
                raise UserError(
                    self.env._("The file %(name)s is larger than %(limit)s.", name=name, limit=limit)
                )

    @api.model
    def _website_check_rate(self, values):
        """Nobody's mailbox is filled with our confirmations by somebody else."""
        # sudo: counted for visitors, who see nothing of it
        counters = self.env["crm.rate.limit"].sudo()
        address = values.get("partner_email")
        if address and not counters._allow("helpdesk.website.address", address, ADDRESS_PER_HOUR, 60):
            raise UserError(
                self.env._("Those were many requests in a short time. Please call us, or try later.")
            )
