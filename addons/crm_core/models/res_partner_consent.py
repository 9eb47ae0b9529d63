import pytz

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, email_normalize

from ..lib import contact_time
from .contact_channel import CONTACT_CHANNELS
from .contact_words import ContactWords

# What a channel needs on the contact, and the blacklist that closes it.
ADDRESSES = {
    "email": SQL("COALESCE(person.email_normalized, '') != ''"),
    "phone": SQL("COALESCE(person.phone_sanitized, person.phone, '') != ''"),
    "sms": SQL("COALESCE(person.phone_sanitized, person.phone, '') != ''"),
    "message": SQL("TRUE"),
    "letter": SQL("COALESCE(person.street, person.street2, '') != '' AND COALESCE(person.city, '') != ''"),
}
ON_MAIL_BLACKLIST = SQL(
    "EXISTS (SELECT FROM mail_blacklist b WHERE b.active AND b.email = person.email_normalized)"
)
ON_PHONE_BLACKLIST = SQL(
    "EXISTS (SELECT FROM phone_blacklist b WHERE b.active AND b.number = person.phone_sanitized)"
)
BLACKLISTS = {"email": ON_MAIL_BLACKLIST, "phone": ON_PHONE_BLACKLIST, "sms": ON_PHONE_BLACKLIST}
# Where a confirmed yes holds for one address or number: when that changed. A house keeps its people longer.
CHANGED_AT = {"email": "crm_email_changed_at", "phone": "crm_phone_changed_at", "sms": "crm_phone_changed_at"}
# Channels that ring: the hours a person named for calls count.
RINGING = ("phone", "sms")
ROLE = "crm_core.group_crm_core_user"


class ResPartner(models.Model):
    """May we contact this person? One answer for every sender and dialer."""

    _inherit = "res.partner"

    crm_is_restricted = fields.Boolean(
        "Processing Restricted",
        readonly=True,
        copy=False,
        groups="base.group_user",
        help="The person demanded that the data are kept, but neither used for contacts nor for profiles.",
    )
    crm_email_changed_at = fields.Datetime("E-mail Changed", readonly=True, copy=False, groups=ROLE)
    crm_phone_changed_at = fields.Datetime("Phone Changed", readonly=True, copy=False, groups=ROLE)
    crm_consent_event_ids = fields.One2many("crm.consent.event", "partner_id", "Consent History", groups=ROLE)
    crm_consent_state_ids = fields.One2many("crm.consent.state", "partner_id", "Consents", groups=ROLE)
    crm_preference_ids = fields.One2many("crm.contact.preference", "partner_id", "Preferences", groups=ROLE)

    @api.readonly
    def crm_may_contact(self, channel: str, purpose: str) -> dict:
        """Whether this person may be contacted now, and why.

        :param channel: ``email``, ``phone``, ``sms``, ``message`` or ``letter``
        :param purpose: code of a purpose of the current company, such as ``offers``
        :return: ``allowed`` (bool) and ``reason`` (a sentence)
        :raise AccessError: no role in customer relations, or another team's customer
        :raise UserError: an unknown channel or purpose
        """
        self.ensure_one()
        self._crm_check_access()
        allowed, reason = self._crm_may_contact(channel, purpose)
        return {"allowed": allowed, "reason": reason}

    def _crm_may_contact(self, channel, purpose, at=None):
        """See :meth:`_crm_may_contact_batch`.

        :return: (allowed, reason)
        """
        self.ensure_one()
        person = self._origin
        return person._crm_may_contact_batch(channel, purpose, at)[person.id]

    def _crm_may_contact_batch(self, channel, purpose, at=None):
        """Whether each of these persons may be contacted for a purpose over a channel.

        Every sender asks when it selects, and again in the moment of sending. The rights of the user
        play no role: the answer is the same for everybody, and tells no more than a sender must know.

        :param str channel: one of ``CONTACT_CHANNELS``
        :param purpose: code, or ``crm.consent.purpose``
        :param datetime at: moment in UTC; None: now
        :return: {partner id: (allowed, reason in words)}
        :raise UserError: an unknown channel or purpose
        """
        purpose = self.env["crm.consent.purpose"]._get(purpose)
        if not purpose._uses_channel(channel) or not purpose.active:
            label = self._crm_channel_label(channel)
            reason = (
                self.env._(
                    "%(purpose)s: the channel %(channel)s is not used", purpose=purpose.name, channel=label
                )
                if purpose.active
                else self.env._("%s: the purpose is archived", purpose.name)
            )
            return dict.fromkeys(self.ids, (False, reason))
        answers = {}
        words = ContactWords(self.env, channel, purpose, at)
        for row in self._crm_contact_rows(channel, purpose, at):
            answers[row["id"]] = words.judge(row)
        self._crm_apply_obstacles(answers, self._crm_wrong_hours(answers, channel, at))
        self._crm_apply_obstacles(answers, self._crm_contact_obstacles(answers, channel, purpose))
        gone = (False, self.env._("The contact does not exist any more"))
        return {id_: answers.get(id_, gone) for id_ in self.ids}

    def _crm_refused_batch(self, channel, purpose):
        """Those of these persons who said no, or demanded that their data are not used. Whoever has not
        been asked, or can't be reached, is not among them.

        :return: {partner id: reason in words}
        """
        purpose = self.env["crm.consent.purpose"]._get(purpose)
        words = ContactWords(self.env, channel, purpose)
        rows = self._crm_contact_rows(channel, purpose, None)
        return {row["id"]: reason for row in rows if (reason := words.refusal(row))}

    def _crm_apply_obstacles(self, answers, obstacles):
        answers.update((id_, (False, reason)) for id_, reason in obstacles.items())

    def _crm_contact_obstacles(self, answers, channel, purpose):
        """Further reasons not to contact a person, for other addons; asked in batches.

        :param dict answers: so far, {partner id: (allowed, reason)}
        :return: {partner id: reason in words} of those who may not
        :rtype: dict
        """
        return {}

    def _crm_contact_rows(self, channel, purpose, at):
        """What decides, of all these persons by one query; whatever depends on the purpose is settled here.

        :return: dicts
        """
        self.env["res.partner"].flush_model()
        for name in ("crm.consent.event", "crm.contact.preference", "mail.blacklist", "phone.blacklist"):
            self.env[name].flush_model()
        self._crm_sync_pending_interactions()
        Event = self.env["crm.consent.event"]
        company = self.env.company
        moment = at or fields.Datetime.now()
        limited = purpose.is_advertising
        self.env.cr.execute(
            SQL(
                """
                SELECT person.id, person.active, person.crm_is_restricted AS restricted,
                       %(has_address)s AS has_address, %(blacklisted)s AS blacklisted,
                       state.status, state.valid_until,
                       COALESCE(%(changed_at)s > state.since, FALSE) AS readdressed,
                       (state.since AT TIME ZONE 'UTC' AT TIME ZONE %(zone)s)::date AS since,
                       wish.contact_limit, wish.contact_limit_days, contacts.number
                  FROM res_partner person
                  LEFT JOIN (%(states)s) AS state ON state.partner_id = person.id
                  LEFT JOIN LATERAL (
                       SELECT contact_limit, contact_limit_days FROM crm_contact_preference
                        WHERE partner_id = person.id ORDER BY id LIMIT 1
                       ) AS wish ON %(limited)s
                  LEFT JOIN LATERAL (
                       SELECT COUNT(*) AS number FROM crm_interaction contact
                        WHERE contact.partner_id = person.id
                          AND contact.direction = 'out'
                          AND contact.channel IN %(channels)s
                          AND contact.date <= %(at)s
                          AND contact.date > %(at)s - wish.contact_limit_days * interval '1 day'
                       ) AS contacts ON wish.contact_limit > 0
                 WHERE person.id = ANY(%(ids)s)
                """,
                has_address=ADDRESSES[channel],
                blacklisted=BLACKLISTS.get(channel, SQL("FALSE")) if limited else SQL("FALSE"),
                states=Event._state_query(Event._cell_statements(self.ids, purpose, channel, company, at)),
                changed_at=SQL("person.%s", SQL.identifier(CHANGED_AT[channel]))
                if purpose.needs_double_opt_in and channel in CHANGED_AT
                else SQL("NULL::timestamp"),
                zone=str(self.env.tz),
                limited=limited,
                channels=tuple(dict(CONTACT_CHANNELS)),
                at=moment,
                ids=list(self.ids),
            )
        )
        return self.env.cr.dictfetchall()

    def _crm_wrong_hours(self, answers, channel, at):
        """Those allowed so far who do not want the phone to ring at this moment.

        :return: {partner id: reason}
        """
        if channel not in RINGING:
            return {}
        allowed = [id_ for id_, (allowed, _reason) in answers.items() if allowed]
        # sudo: the answer is the same for everybody
        windows = self.env["crm.contact.window"].sudo().search([("preference_id.partner_id", "in", allowed)])
        moment = pytz.utc.localize(at or fields.Datetime.now())
        default_zone = self.env.company._crm_timezone()
        reasons = {}
        for preference, agreed in windows.grouped("preference_id").items():
            zone = preference.tz or preference.partner_id.tz or default_zone
            hours = [(int(row.weekday), row.hour_from, row.hour_to) for row in agreed]
            if not contact_time.is_within(hours, moment.astimezone(pytz.timezone(zone))):
                reasons[preference.partner_id.id] = self.env._(
                    "Outside the hours for calls: %(hours)s (%(zone)s)",
                    hours=", ".join(agreed.mapped("display_name")),
                    zone=zone,
                )
        return reasons

    def _crm_channel_label(self, channel):
        labels = dict(self.env["crm.consent.event"]._fields["channel"]._description_selection(self.env))
        return labels.get(channel, channel)

    # ------------------------------------------------------------------
    # Recording
    # ------------------------------------------------------------------

    def crm_record_consent(
        self, purpose: str, action: str, channel: str | None = None, reference: str | None = None
    ) -> dict:
        """Note what this person said about being contacted, told to other software.

        :param purpose: code of a purpose of the current company
        :param action: ``granted``, ``withdrawn`` or ``objected``
        :param channel: see :meth:`crm_may_contact`; None: every channel
        :param reference: where the proof lies
        :return: ``event_id``, and ``action``: ``requested`` where the person has to confirm by e-mail first
        :raise AccessError: no role in customer relations, or another team's customer
        :raise UserError: an unknown purpose, action or channel, or no e-mail address to confirm
        """
        self.ensure_one()
        self._crm_check_access()
        event = self._crm_record_consent(purpose, action, channel, source="api", reference=reference)
        return {"event_id": event.id, "action": event.action}

    def _crm_record_consent(self, purpose, action, channel=None, source="staff", **values):
        """Append what this person said; a yes that needs confirming is asked for by e-mail first.

        :param values: of the event: ``company_id``, ``occurred_at``, ``valid_until``, ``reference``,
            ``proof_ids``, ``legal_basis``
        :return: the ``crm.consent.event``
        """
        self.ensure_one()
        purpose = self.env["crm.consent.purpose"]._get(purpose)
        if action not in ("granted", "withdrawn", "objected"):
            raise UserError(self.env._("“%s” can't be recorded: granted, withdrawn or objected.", action))
        if channel:
            purpose._uses_channel(channel)
        proven = values.get("proof_ids") or source in ("portal", "import")
        ask = action == "granted" and purpose.needs_double_opt_in and not proven
        event = self.env["crm.consent.event"].create(
            {
                "partner_id": self.id,
                "purpose_id": purpose.id,
                "action": "requested" if ask else action,
                "channel": channel or False,
                "company_id": self.env.company.id,
                "source": source,
                **values,
                **({"valid_until": False} if ask else {}),
            }
        )
        if ask:
            event._send_confirm_mail()
        return event

    def write(self, vals):
        """A confirmed address or number is confirmed; the next one is not."""
        written = [fname for fname in ("email", "phone") if fname in vals]
        before = {(partner, fname): partner._crm_address_keys(fname) for partner in self for fname in written}
        result = super().write(vals)
        for fname in written:
            # Written otherwise it is the same one, and the first one replaces none.
            moved = self.filtered(
                lambda partner, name=fname: (
                    before[partner, name]
                    and before[partner, name].isdisjoint(partner._crm_address_keys(name))
                )
            )
            if moved:
                # sudo: a note about the address the user just wrote
                moved.sudo()._crm_note_new_address(fname, fields.Datetime.now())
        return result

    def _crm_address_keys(self, fname):
        """What an address or number is recognized by, however it is written.

        :param str fname: ``email`` or ``phone``
        :rtype: set[str]
        """
        written = self[fname] or ""
        if fname == "email":
            return {email_normalize(written) or written.strip()} - {""}
        return {"".join(filter(str.isdigit, written)), self.phone_sanitized or ""} - {""}

    def _crm_note_new_address(self, fname, moment):
        """A yes from before that moment does not cover the address, where it has to be confirmed.

        :param str fname: ``email`` or ``phone``
        """
        note = CHANGED_AT[fname]
        self[note] = moment
        self.flush_recordset([note])
        self.env["crm.consent.state"].invalidate_model()

    def unlink(self):
        if self:
            # sudo: wishes go with the person, whoever may delete the person
            wishes = self.env["crm.contact.preference"].sudo().search([("partner_id", "in", self.ids)])
            wishes.unlink()
        return super().unlink()

    @api.ondelete(at_uninstall=False)
    def _unlink_except_with_proof(self):
        # sudo: whether there is any, whoever may see it
        for model in ("crm.consent.event", "crm.sensitive.data", "crm.sensitive.access", "crm.privacy.log"):
            found = self.env[model].sudo().search([("partner_id", "in", self.ids)], limit=1)
            if found:
                raise UserError(
                    self.env._(
                        "“%(what)s” of %(customer)s has to stay as proof. Archive or anonymize the contact.",
                        what=found._description,
                        customer=found.partner_id.display_name,
                    )
                )
