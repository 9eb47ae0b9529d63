import re
import uuid
from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import email_normalize, email_normalize_all, format_date, human_size, plaintext2html

from .helpdesk_ticket_mail import FOLLOWERS_MAX

SUBJECT_MAX = 200
FILES_MAX = 10
FILE_BYTES_MAX = 20 * 1024 * 1024
TICKETS_PER_HOUR = 20
DRAFTS_PER_PERSON = 50
DRAFT_HOURS = 24
ORDERS_SHOWN = 20
FORM_TOKEN = re.compile(r"[0-9a-f]{32}")


class HelpdeskTicket(models.Model):
    """A customer opens a ticket in the portal."""

    _inherit = "helpdesk.ticket"

    # What came of a form, so that sending it twice makes one ticket.
    portal_form = fields.Char(readonly=True, copy=False, groups="base.group_system")

    _portal_form_uniq = models.UniqueIndex(
        "(portal_form) WHERE portal_form IS NOT NULL", "This form has been sent already."
    )

    @api.model
    def _portal_new_form(self):
        """A mark for a form.

        :rtype: str
        """
        return uuid.uuid4().hex

    @api.model
    def _portal_find_form(self, person, form):
        """The ticket that a form of this person became.

        :rtype: helpdesk.ticket
        """
        return self.sudo().search([("portal_form", "=", form), ("partner_id", "=", person.id)], limit=1)

    @api.model
    def _portal_open(self, person, form, said, drafts):
        """Open a ticket of the person who is signed in.

        :param person: ``res.partner``
        :param str form: of :meth:`_portal_new_form`
        :param dict said: ``team_id``, ``subject``, ``body``, ``about`` (a code of
            :meth:`_get_portal_subjects`, or empty), ``follows_id`` (the closed ticket that this one takes
            up again, or 0), ``copies`` (addresses of those who should know of it as well)
        :param drafts: files of :meth:`_portal_get_drafts`
        :rtype: helpdesk.ticket
        :raise UserError: what is wrong with the form, in words
        """
        if not FORM_TOKEN.fullmatch(form or ""):
            raise UserError(self.env._("Please load the page anew and send the form again."))
        if ticket := self._portal_find_form(person, form):
            return ticket
        copies = self._portal_check_copies(said.get("copies", ""))
        values = self._portal_check_form(**{name: said[name] for name in said if name != "copies"})
        self._portal_check_rate(person)
        # sudo: customers create no tickets but by this form, every value of which is checked above
        ticket = self.sudo().create(
            {**values, "email_cc": ", ".join(copies), "partner_id": person.id, "portal_form": form}
        )
        ticket.message_subscribe((person | ticket._get_colleagues_in_copy()).ids)
        if drafts:
            drafts.sudo().write({"res_model": "mail.compose.message"})
            ticket.message_post(
                author_id=person.id,
                attachment_ids=drafts.ids,
                message_type="comment",
                subtype_xmlid="mail.mt_comment",
            )
        ticket._acknowledge()
        return ticket

    @api.model
    def _portal_check_form(self, team_id, subject, body, about, follows_id):
        """The values of a ticket from those of the form, as the user who is signed in."""
        team = self.env["helpdesk.team"]._get_portal_teams().filtered(lambda team: team.id == team_id)
        if not team:
            raise UserError(self.env._("Please choose who can help you."))
        subject = self._portal_text(subject, SUBJECT_MAX)
        body = self._portal_text(body)
        if not subject or not body:
            raise UserError(self.env._("Please give a subject and tell us what it is about."))
        values = {
            "team_id": team.id,
            "name": " ".join(subject.split()),
            "description": plaintext2html(body),
            # Whoever writes the form is a customer: nobody's ticket yet.
            "user_id": False,
        }
        if about:
            choices = {row["code"]: row["values"] for row in self._get_portal_subjects(team.company_id)}
            if about not in choices:
                raise UserError(self.env._("Please choose one of your own orders."))
            values |= choices[about]
        if follows := self._portal_get_followed(follows_id):
            values["follows_id"] = follows.id
        return values

    @api.model
    def _portal_check_copies(self, text):
        """Addresses written into the form, as many as a mail may go to before it goes to the public.

        :return: normalized, each once
        :rtype: list[str]
        """
        words = [word for word in re.split(r"[\s,;]+", self._portal_text(text)) if word]
        addresses = {word: email_normalize(word.strip("<>")) for word in words}
        if wrong := next((word for word in words if not addresses[word]), None):
            raise UserError(self.env._("“%s” is no e-mail address.", wrong))
        copies = list(dict.fromkeys(addresses.values()))
        if len(copies) > FOLLOWERS_MAX:
            raise UserError(self.env._("Up to %s addresses, please.", FOLLOWERS_MAX))
        own = self.env["helpdesk.mail.router"]._is_own_address
        return [address for address in copies if not own(address)]

    def _get_colleagues_in_copy(self):
        """People of the same customer who get a copy: they follow. Of strangers the team decides, who sees
        their addresses: a form must not send our mail to whomever it names.

        :rtype: res.partner
        """
        self.ensure_one()
        contacts = self._find_contacts(email_normalize_all(self.email_cc or ""), self.company_id)
        of_customer = contacts.filtered(
            lambda partner: partner.commercial_partner_id == self.commercial_partner_id
        )
        found = of_customer.grouped("email_normalized").values()
        return self.env["res.partner"].union(*(partners._choose_contact() for partners in found))

    @api.model
    def _portal_get_followed(self, ticket_id):
        """The closed ticket that a new one takes up, if the user may see it.

        :rtype: helpdesk.ticket
        """
        if not ticket_id:
            return self.browse()
        return self.search([("id", "=", ticket_id), ("is_closed", "=", True)], limit=1)

    @api.model
    def _get_portal_subjects(self, company=None):
        """What a ticket may be about: the newest orders that the user who is signed in may see.

        :param company: ``res.company``, None: all of the user's
        :return: list of dicts ``code``, ``label``, ``order`` (name), ``values`` (of a ticket)
        """
        wanted = Domain("state", "=", "sale")
        if company:
            wanted &= Domain("company_id", "=", company.id)
        # The user's own rights choose the orders, sudo then reads names of what is on them.
        orders = self.env["sale.order"].search(wanted, order="date_order desc, id desc", limit=ORDERS_SHOWN)
        rows = []
        for order in orders.sudo():
            day = format_date(self.env, order.date_order)
            whole = {
                "code": f"{order.id}",
                "label": self.env._("Order %(number)s of %(day)s", number=order.name, day=day),
                "order": order.name,
                "values": {"sale_order_id": order.id},
            }
            rows.append(whole)
            products = order.order_line.filtered(lambda line: not line.display_type).product_id
            rows += [
                {
                    **whole,
                    "code": f"{order.id}-{product.id}",
                    "label": product.with_context(display_default_code=False).display_name,
                    "values": {**whole["values"], "product_id": product.id},
                }
                for product in products
            ]
        return rows

    @api.model
    def _portal_check_rate(self, person):
        hour_ago = fields.Datetime.now() - timedelta(hours=1)
        recent = Domain("partner_id", "=", person.id) & Domain("create_date", ">", hour_ago)
        recent &= Domain("portal_form", "!=", False)
        if self.sudo().search_count(recent, limit=TICKETS_PER_HOUR) >= TICKETS_PER_HOUR:
            raise UserError(
                self.env._("Those were many tickets in a short time. Please call us, or try later.")
            )

    # Files of a form not sent yet ------------------------------------------------

    @api.model
    def _portal_get_drafts(self, ids=None):
        """Files that the user who is signed in has put into a form that did not become a ticket yet.

        :param ids: only these; None: all
        :rtype: ir.attachment
        """
        wanted = Domain("res_model", "=", self._name) & Domain("res_id", "=", False)
        wanted &= Domain("create_uid", "=", self.env.uid)
        if ids is not None:
            wanted &= Domain("id", "in", list(ids))
        return self.env["ir.attachment"].sudo().search(wanted)  # sudo: the own files, by the domain

    @api.model
    def _portal_keep_files(self, files):
        """Keep uploaded files as drafts, so that a form with an error need not be filled in again.

        :param files: list of (name, bytes)
        :rtype: ir.attachment
        :raise UserError: too many or too large
        """
        if len(files) > FILES_MAX:
            raise UserError(self.env._("Up to %s files, please.", FILES_MAX))
        for name, content in files:
            if len(content) > FILE_BYTES_MAX:
                raise UserError(
                    self.env._(
                        "The file %(name)s is larger than %(limit)s.",
                        name=name,
                        limit=human_size(FILE_BYTES_MAX),
                    )
                )
        if len(self._portal_get_drafts()) + len(files) > DRAFTS_PER_PERSON:
            raise UserError(self.env._("Too many files are waiting. Please send the form without files."))
        # sudo: customers create no attachments; these belong to no record yet and to nobody else
        return (
            self.env["ir.attachment"]
            .sudo()
            .create(
                [
                    {"name": name.replace("\0", "")[:255], "raw": content, "res_model": self._name}
                    for name, content in files
                ]
            )
        )

    @api.autovacuum
    def _gc_portal_drafts(self):
        """Forms that nobody sent."""
        limit = fields.Datetime.now() - timedelta(hours=DRAFT_HOURS)
        self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("res_id", "=", False), ("create_date", "<", limit)],
            limit=1000,
        ).unlink()
