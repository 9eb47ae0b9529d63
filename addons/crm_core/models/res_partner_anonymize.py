from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command

# What says who somebody is; country and language stay, documents are built on them.
PERSONAL_FIELDS = (
    *("email", "phone", "street", "street2", "zip", "city", "state_id", "vat", "website", "function"),
    *("comment", "ref", "barcode", "company_name", "company_registry", "image_1920", "category_id"),
    *("partner_latitude", "partner_longitude", "additional_info", "properties"),
)
LEAD_FIELDS = (
    *("contact_name", "partner_name", "email_from", "email_cc", "phone", "website", "function"),
    *("street", "street2", "zip", "city", "description"),
)
UNPAID = ("not_paid", "partial", "in_payment")


class ResPartner(models.Model):
    """Anonymizing: business documents stay, and say no more who it was."""

    _inherit = "res.partner"

    def _crm_anonymize(self, reference=None):
        """Make this contact nobody. It can't be undone.

        Orders, invoices, deliveries and payments stay; each posted invoice keeps the recipient it was made
        out to, in a file that follows the rights to the invoice. Consents stay as proof without text.

        :raise AccessError: not a manager of customer relations
        :raise UserError: an employee, a company of ours, or unpaid invoices
        """
        self.ensure_one()
        self._crm_check_privacy_officer()
        # sudo: all traces have to go, whoever may edit them; the officer's role is checked above. No
        # tracking: it would write the old values down.
        person = self.sudo().with_context(
            active_test=False, tracking_disable=True, mail_notrack=True, dont_notify=True
        )
        person._crm_check_may_anonymize()
        name, email = person.name or "?", person.email_normalized
        details = []
        for step in person._crm_anonymize_steps():
            if count := getattr(person, step)():
                details.append(f"{step.removeprefix('_crm_').replace('_', ' ')}: {count}")
        self.env.flush_all()
        self.env.invalidate_all()
        details = "\n".join(details)
        self._crm_log_request("anonymized", reference, details)
        if email:
            # sudo: the ERP's own log of privacy, which masks name and address
            self.env["privacy.log"].sudo().create(
                {
                    "anonymized_name": name,
                    "anonymized_email": email,
                    "user_id": self.env.uid,
                    "execution_details": details,
                }
            )

    def _crm_anonymize_steps(self):
        """Names of methods that take traces of the person away, in this order; another addon adds its own
        before the last. Each returns how many records it changed.
        """
        return [
            "_crm_keep_recipients",
            "_crm_forget_messages",
            "_crm_forget_leads",
            "_crm_forget_meetings",
            "_crm_forget_logged_contacts",
            "_crm_forget_wishes",
            "_crm_forget_groups",
            "_crm_forget_sensitive",
            "_crm_forget_proofs",
            "_crm_forget_accounts",
            "_crm_forget_person",
        ]

    def _crm_check_may_anonymize(self):
        if self.user_ids.filtered(lambda user: not user.share):
            raise UserError(self.env._("%s is an employee's account.", self.display_name))
        if self.env["res.company"].search_count([("partner_id", "=", self.id)], limit=1):
            raise UserError(self.env._("%s is one of your companies.", self.display_name))
        unpaid = self.env["account.move"].search(
            [
                ("partner_id", "=", self.id),
                ("state", "=", "posted"),
                ("move_type", "!=", "entry"),
                ("payment_state", "in", UNPAID),
            ],
            limit=1,
        )
        if unpaid:
            raise UserError(
                self.env._(
                    "%(invoice)s is not paid yet. Settle what is open with %(customer)s first.",
                    invoice=unpaid.name,
                    customer=self.display_name,
                )
            )

    # ------------------------------------------------------------------
    # Steps
    # ------------------------------------------------------------------

    def _crm_keep_recipients(self):
        """The law wants invoices to say whom they were made out to, for years."""
        domain = [("state", "=", "posted"), "|", ("partner_id", "=", self.id)]
        moves = self.env["account.move"].search([*domain, ("partner_shipping_id", "=", self.id)])
        moves = moves.filtered(lambda move: move.is_invoice(include_receipts=True))
        lines = [self.name, self.contact_address, self.vat]
        if self.commercial_partner_id != self:
            lines.insert(0, self.commercial_partner_id.name)
        text = "\n".join(line.strip() for line in lines if line and line.strip())
        self.env["ir.attachment"].create(
            [
                {
                    "name": self.env._("Recipient of %s.txt", (move.name or str(move.id)).replace("/", "-")),
                    "raw": text.encode(),
                    "mimetype": "text/plain",
                    "res_model": "account.move",
                    "res_id": move.id,
                }
                for move in moves
            ]
        )
        return len(moves)

    def _crm_forget_messages(self):
        """What was written on the contact itself, and the address on what the person wrote elsewhere."""
        Message = self.env["mail.message"]
        about = Message.search([("model", "=", "res.partner"), ("res_id", "=", self.id)])
        files = self.env["ir.attachment"].search(
            [("res_model", "=", "res.partner"), ("res_id", "=", self.id), ("res_field", "=", False)]
        )
        written = Message.search([("author_id", "=", self.id), ("id", "not in", about.ids)])
        count = len(about) + len(files) + len(written)
        self.activity_ids.unlink()
        about.unlink()
        files.unlink()
        written.write({"email_from": False})
        self.env["mail.mail"].search([("recipient_ids", "in", self.ids)]).unlink()
        self.env["mail.followers"].search([("partner_id", "=", self.id)]).unlink()
        return count

    def _crm_forget_chatter(self, records):
        """What was written on these records, mails and notes alike, and the files that were put there."""
        domain = [("res_id", "in", records.ids)]
        self.env["mail.message"].search([("model", "=", records._name), *domain]).unlink()
        self.env["ir.attachment"].search(
            [("res_model", "=", records._name), ("res_field", "=", False), *domain]
        ).unlink()

    def _crm_forget_leads(self):
        leads = self.env["crm.lead"].search([("partner_id", "=", self.id)])
        if leads:
            self._crm_forget_chatter(leads)
            values = dict.fromkeys((name for name in LEAD_FIELDS if name in leads._fields), False)
            for lead in leads:
                lead.write({**values, "name": self.env._("Opportunity %s", lead.id)})
        return len(leads)

    def _crm_forget_meetings(self):
        meetings = self.env["calendar.event"].search([("partner_ids", "in", self.ids)])
        meetings.write({"partner_ids": [Command.unlink(self.id)]})
        # The ERP writes name, phone and address of who comes into the description.
        known = [value for value in (self.name, self.email, self.phone) if value]
        meetings.filtered(
            lambda meeting: any(value in (meeting.description or "") for value in known)
        ).description = False
        self.env["calendar.attendee"].search([("partner_id", "=", self.id)]).unlink()
        return len(meetings)

    def _crm_forget_logged_contacts(self):
        logs = self.env["crm.contact.log"].search([("partner_id", "=", self.id)])
        logs.write({"subject": False, "note": False, "next_step": False})
        return len(logs)

    def _crm_forget_wishes(self):
        wishes = self.env["crm.contact.preference"].search([("partner_id", "=", self.id)])
        count = len(wishes)
        wishes.unlink()
        return count

    def _crm_forget_groups(self):
        Member = self.env["crm.target.group.member"]
        count = Member.search_count([("partner_id", "=", self.id)])
        Member._forget_partners(self.ids)
        return count

    def _crm_forget_sensitive(self):
        entries = self.env["crm.sensitive.data"].search([("partner_id", "=", self.id)])
        count = len(entries)
        entries.unlink()
        return count

    def _crm_forget_proofs(self):
        """The files behind consents; that they were given, by which way and when, stays."""
        proofs = self.env["crm.consent.event"].search([("partner_id", "=", self.id)]).proof_ids
        count = len(proofs)
        proofs.unlink()
        return count

    def _crm_forget_accounts(self):
        """Portal accounts, and bank accounts that no document needs."""
        for user in self.user_ids:
            user.write({"active": False, "login": f"anonymized-{user.id}", "signature": False})
        banks = self.bank_ids
        used = self.env["account.move"].search([("partner_bank_id", "in", banks.ids)]).partner_bank_id
        used.active = False
        (banks - used).unlink()
        return len(self.user_ids) + len(banks)

    def _crm_forget_person(self):
        values = dict.fromkeys((name for name in PERSONAL_FIELDS if name in self._fields), False)
        values["category_id"] = [Command.clear()]
        self.write({**values, "name": self.env._("Anonymized %s", self.id), "crm_is_restricted": True})
        self.with_context(active_test=True).active = False  # the accounts are archived by now
        return 1
