from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools import SQL, plaintext2html

MESSAGE_MAX = 5000
SUBJECT_MAX = 200
MESSAGES_PER_HOUR = 10


class ResPartner(models.Model):
    """What a customer sees and does in the portal; the controllers hold no rule of their own.

    Every method here is called on the person who is signed in, with ``sudo``, after the controller
    took that person from the session: none takes another person from the request.
    """

    _inherit = "res.partner"

    crm_main_contact_id = fields.Many2one(
        "res.partner",
        "Main Contact",
        domain="[('commercial_partner_id', '=', id), ('id', '!=', id)]",
        index="btree_not_null",
        groups="base.group_user",
        help="Decides in the portal which colleagues see the business of the whole customer.",
    )
    crm_sees_business = fields.Boolean(
        "Sees the Whole Business",
        copy=False,
        groups="base.group_user",
        help="In the portal: all offers, quotations, orders and invoices of the customer, not only the own"
        " ones. The main contact decides it there, too.",
    )
    crm_portal_reader_ids = fields.Many2many(
        "res.partner",
        string="See the Whole Business",
        compute="_compute_crm_portal_reader_ids",
        compute_sudo=True,
        search="_search_crm_portal_reader_ids",
        groups="base.group_user",
        help="Who may see all documents of this customer in the portal; the record rules ask it.",
    )

    # ------------------------------------------------------------------
    # Who sees what
    # ------------------------------------------------------------------

    @api.depends("commercial_partner_id.crm_main_contact_id")
    def _compute_crm_portal_reader_ids(self):
        customers = self.commercial_partner_id
        domain = [("commercial_partner_id", "in", customers.ids), ("crm_sees_business", "=", True)]
        allowed = self.search(domain).grouped("commercial_partner_id")
        for partner in self:
            customer = partner.commercial_partner_id
            partner.crm_portal_reader_ids = (
                customer | customer.crm_main_contact_id | allowed.get(customer, self.browse())
            )

    def _search_crm_portal_reader_ids(self, operator, value):
        """One sub-select on the customers the given persons may see, asked anew by each search: what the
        main contact changes holds at once, in every process.
        """
        if operator != "in":
            return NotImplemented
        allowed = self._search(
            [("id", "in", value), ("crm_sees_business", "=", True)], bypass_access=True, order=None
        )
        return (
            Domain("commercial_partner_id", "in", list(value))
            | Domain("commercial_partner_id.crm_main_contact_id", "in", list(value))
            | Domain("commercial_partner_id", "in", allowed.subselect("commercial_partner_id"))
        )

    def _crm_portal_is_main_contact(self):
        self.ensure_one()
        customer = self.commercial_partner_id
        return self in (customer, customer.crm_main_contact_id)

    def _crm_portal_sees_business(self):
        return self._crm_portal_is_main_contact() or self.crm_sees_business

    def _crm_portal_offers_domain(self):
        """Offers this person may see: the own ones, or those of the whole customer where allowed."""
        self.ensure_one()
        whose = Domain("partner_id", "=", self.id)
        if self._crm_portal_sees_business():
            whose |= Domain("commercial_partner_id", "=", self.commercial_partner_id.id)
        return whose & Domain("is_in_portal", "=", True) & Domain("state", "!=", "draft")

    def _crm_portal_colleagues(self):
        """People of the same customer with access to the portal, for the main contact."""
        customer = self.commercial_partner_id
        people = self.search([("commercial_partner_id", "=", customer.id), ("id", "!=", self.id)])
        return people.filtered(lambda person: person.user_ids.filtered("share") and person != customer)

    def _crm_portal_allow(self, allowed_ids):
        """The main contact says who sees the business of the whole customer.

        :param allowed_ids: ids of colleagues; the others may not
        :raise AccessError: not the main contact
        """
        if not self._crm_portal_is_main_contact():
            raise AccessError(self.env._("Only the main contact decides who sees the whole business."))
        for person in self._crm_portal_colleagues():
            sees = person.id in allowed_ids
            if person.crm_sees_business != sees:
                person.crm_sees_business = sees
        self.env["crm.portal.act"]._record(self, "people")

    def write(self, vals):
        result = super().write(vals)
        if vals.get("crm_sees_business") and "parent_id" in vals:
            # Given together with the new customer, so after the right to the former one is forgotten.
            self.flush_recordset()
            super().write({"crm_sees_business": True})
        return result

    def _crm_portal_forget_rights(self, before):
        """Whoever leaves a customer takes along no right to see the business of the next one.

        :param dict before: {partner id: id of the former commercial entity, None for a new partner}
        """
        if not any(before.values()):
            return
        left = self.browse(
            id_ for id_, owner in self._crm_owners_stored().items() if before[id_] not in (None, owner)
        )
        if not left:
            return
        # SQL: this runs inside a flush, where nothing may be written by the ORM.
        ids = left._ids
        forget = SQL(
            "UPDATE res_partner SET crm_sees_business = FALSE WHERE crm_sees_business AND id IN %s", ids
        )
        self.env.cr.execute(forget)
        forget = SQL(
            """
            UPDATE res_partner customer SET crm_main_contact_id = NULL
              FROM res_partner person
             WHERE person.id = customer.crm_main_contact_id AND person.id IN %s
               AND person.commercial_partner_id != customer.id
         RETURNING customer.id
            """,
            ids,
        )
        customers = self.browse(id_ for (id_,) in self.env.execute_query(forget))
        left.invalidate_recordset(["crm_sees_business"], flush=False)
        customers.invalidate_recordset(["crm_main_contact_id"], flush=False)
        if self.env.execute_query(SQL("SELECT 1 FROM res_users WHERE partner_id IN %s LIMIT 1", ids)):
            self.env.registry.clear_cache()  # the ERP's rules keep the commercial entity of a portal user

    # ------------------------------------------------------------------
    # Wishes and consents
    # ------------------------------------------------------------------

    def _crm_portal_wishes(self):
        return self.env["crm.contact.preference"].search([("partner_id", "=", self.id)], limit=1)

    def _crm_portal_save_wishes(self, channel, limit, days, topic_ids):
        """
        :param channel: code of a channel, or empty
        :param limit: contacts, 0: no limit
        :param days: in how many days
        :raise UserError: an unknown channel or bad numbers
        """
        if channel and channel not in dict(
            self.env["crm.contact.preference"]._fields["first_channel"].selection
        ):
            raise UserError(self.env._("Please choose one of the channels."))
        try:
            limit, days = int(limit or 0), int(days or 7)
        except ValueError:
            raise UserError(self.env._("Please give the limit in whole numbers.")) from None
        if not (0 <= limit <= 100 and 1 <= days <= 365):
            raise UserError(self.env._("The limit is 0 to 100 contacts in 1 to 365 days."))
        values = {
            "first_channel": channel or False,
            "contact_limit": limit,
            "contact_limit_days": days,
            "topic_ids": [(6, 0, self.env["crm.contact.topic"].browse(topic_ids).exists().ids)],
        }
        if wishes := self._crm_portal_wishes():
            wishes.write(values)
        else:
            wishes.create({"partner_id": self.id, **values})
        self.env["crm.portal.act"]._record(self, "wishes")

    def _crm_portal_consents(self):
        """The person's own consents by purpose and channel.

        :return: dicts ``purpose``, ``cells`` (``channel``, ``label``, ``allowed``, ``status``, ``since``)
        """
        purposes = self.env["crm.consent.purpose"].search(
            [("company_id", "in", [self.env.company.id, False])]
        )
        states = self.env["crm.consent.state"].search(
            [("partner_id", "=", self.id), ("company_id", "=", self.env.company.id)]
        )
        known = {(state.purpose_id, state.channel): state for state in states}
        labels = dict(states._fields["status"]._description_selection(self.env))
        rows = []
        for purpose in purposes:
            cells = []
            for channel in purpose._get_channels():
                state = known.get((purpose, channel), states.browse())
                by_default = purpose.legal_basis != "consent" and not state
                cells.append(
                    {
                        "channel": channel,
                        "label": self._crm_channel_label(channel),
                        "allowed": by_default or state.status == "granted",
                        "pending": state.status == "pending",
                        "status": labels.get(state.status)
                        or (
                            self.env._("Allowed unless you object")
                            if by_default
                            else self.env._("Not allowed")
                        ),
                        "since": state.since,
                    }
                )
            rows.append({"purpose": purpose, "cells": cells})
        return rows

    def _crm_portal_set_consent(self, purpose_id, channel, allowed):
        """The person says yes or no; at once effective.

        :raise UserError: an unknown purpose or channel
        """
        purpose = self.env["crm.consent.purpose"].browse(purpose_id).exists()
        if not purpose or purpose.company_id not in (self.env["res.company"], self.env.company):
            raise UserError(self.env._("There is no such purpose."))
        if not purpose._uses_channel(channel):
            raise UserError(self.env._("This channel is not used for “%s”.", purpose.name))
        refused = "withdrawn" if purpose.legal_basis == "consent" else "objected"
        self._crm_record_consent(purpose, "granted" if allowed else refused, channel, source="portal")
        self.env["crm.portal.act"]._record(self, "consent", purpose.name)

    # ------------------------------------------------------------------
    # Own data, message
    # ------------------------------------------------------------------

    def _crm_portal_data(self):
        """What we hold of this person, as plain values; nothing of colleagues and no internal notes."""
        self.ensure_one()
        contacts = self.env["crm.interaction"].search([("partner_id", "=", self.id)], limit=5000)
        offers = self.env["crm.offer"].search(self._crm_portal_offers_domain())
        wishes = self._crm_portal_wishes()
        self.env["crm.portal.act"]._record(self, "download")
        return {
            "person": {
                fname: self[fname] or None
                for fname in (
                    "name",
                    "email",
                    "phone",
                    "street",
                    "street2",
                    "zip",
                    "city",
                    "lang",
                    "function",
                    "vat",
                )
            }
            | {"country": self.country_id.name or None, "company": self.parent_id.name or None},
            "preferences": wishes.read(
                ["first_channel", "second_channel", "third_channel", "contact_limit", "contact_limit_days"]
            ),
            "consents": [
                {
                    "purpose": event.purpose_id.name,
                    "channel": event.channel or None,
                    "action": event.action,
                    "when": event.occurred_at.isoformat(),
                    "source": event.source,
                }
                for event in self.env["crm.consent.event"].search([("partner_id", "=", self.id)])
            ],
            "contacts": [
                {
                    "when": row.date.isoformat(),
                    "kind": row.kind,
                    "channel": row.channel or None,
                    "direction": row.direction or None,
                    "subject": row.subject or None,
                }
                for row in contacts
            ],
            "offers": [
                {"number": offer.name, "state": offer.state, "total": offer.amount_untaxed}
                for offer in offers
            ],
        }

    def _crm_portal_message(self, subject, body):
        """A message to us: in the chatter and the timeline, and an activity of whoever looks after them.

        :raise UserError: empty, too long, or too many in an hour
        """
        self.ensure_one()
        # PostgreSQL takes no NUL.
        subject, body = ((text or "").replace("\0", "").strip() for text in (subject, body))
        if not body:
            raise UserError(self.env._("Please write a message."))
        if len(body) > MESSAGE_MAX or len(subject) > SUBJECT_MAX:
            raise UserError(
                self.env._(
                    "Up to %(subject)s characters for the subject and %(body)s for the message, please.",
                    subject=SUBJECT_MAX,
                    body=MESSAGE_MAX,
                )
            )
        hour_ago = fields.Datetime.subtract(fields.Datetime.now(), hours=1)
        recent = self.env["mail.message"].search_count(
            [
                ("author_id", "=", self.id),
                ("model", "=", "res.partner"),
                ("res_id", "=", self.id),
                ("date", ">", hour_ago),
            ]
        )
        if recent >= MESSAGES_PER_HOUR:
            raise UserError(
                self.env._("That were many messages in a short time. Please call us, or try later.")
            )
        subject = subject or self.env._("Message from the portal")
        message = self.message_post(
            body=plaintext2html(body),
            subject=subject,
            author_id=self.id,
            message_type="comment",
            subtype_xmlid="mail.mt_comment",
        )
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Answer: %s", subject),
            user_id=self._crm_portal_answerer().id,
        )
        return message

    def _crm_portal_answerer(self):
        """The salesperson, or a manager of customer relations where there is none."""
        customer = self.commercial_partner_id
        if user := (self.user_id or customer.user_id).filtered("active"):
            return user
        manager = self.env.ref("crm_core.group_crm_core_manager")
        domain = [("all_group_ids", "in", manager.id), ("company_ids", "in", self.env.company.id)]
        return self.env["res.users"].search(domain, order="id", limit=1) or self.env.ref("base.user_admin")

    @api.model
    def _crm_portal_person(self):
        """The person who is signed in.

        :raise AccessError: an employee's page shown to a visitor
        """
        user = self.env.user
        if user._is_public():
            raise AccessError(self.env._("Please sign in."))
        return user.partner_id.sudo()  # sudo: the own person; see the class
