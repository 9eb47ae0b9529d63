from dateutil.relativedelta import relativedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL
from odoo.tools.misc import hash_sign, hmac, verify_hash_signed

from ..lib import consent
from .contact_channel import CONTACT_CHANNELS
from .crm_consent_purpose import LEGAL_BASES

CONFIRM_SCOPE = "crm_core.consent_confirm"
CONFIRM_HOURS = 7 * 24
GRANTS = ("granted", "confirmed")
# Ways that somebody of us, or other software, heard of it.
TOLD = ("staff", "phone", "import", "api")


class CrmConsentEvent(models.Model):
    """What a person said about being contacted: append-only, the proof behind every state.

    The state is the fold of the events (:mod:`odoo.addons.crm_core.lib.consent`); it is stored nowhere
    else, so it can't disagree with them. Neither the ORM nor SQL changes or deletes an event.
    """

    _name = "crm.consent.event"
    _description = "Consent Event"
    _order = "occurred_at desc, id desc"
    _rec_name = "purpose_id"
    _inherit = ["crm.append.only"]
    _log_access = False
    _check_company_auto = True

    # Who about what; the person, not the company he works for
    partner_id = fields.Many2one("res.partner", "Person", required=True, index=True, ondelete="restrict")
    purpose_id = fields.Many2one(
        "crm.consent.purpose", required=True, index=True, ondelete="restrict", check_company=True
    )
    channel = fields.Selection(CONTACT_CHANNELS, help="Empty: over every channel.")
    channel_name = fields.Char("Over", compute="_compute_channel_name", export_string_translation=False)
    company_id = fields.Many2one(
        "res.company", index=True, ondelete="restrict", help="Empty: towards every company."
    )

    # What was said
    action = fields.Selection(
        [
            ("requested", "Confirmation Asked For"),
            ("granted", "Granted"),
            ("confirmed", "Confirmed"),
            ("withdrawn", "Withdrawn"),
            ("objected", "Objected"),
        ],
        required=True,
    )
    legal_basis = fields.Selection(LEGAL_BASES, required=True)
    occurred_at = fields.Datetime("When", required=True, default=fields.Datetime.now)
    valid_until = fields.Date(help="Last day of a yes; empty: until withdrawn.")

    # How we know
    source = fields.Selection(
        [
            ("staff", "Told to Us"),
            ("portal", "Customer Portal"),
            ("mail_link", "Link in an E-mail"),
            ("opt_out", "Opt-out of a Mailing"),
            ("phone", "Phone"),
            ("import", "Import"),
            ("api", "Other Software"),
            ("merge", "Merged Contacts"),
        ],
        required=True,
        default="staff",
    )
    reference = fields.Char(
        help="Where the proof lies: Message-ID of an e-mail, number of a form. No personal remarks."
    )
    proof_ids = fields.Many2many("ir.attachment", "crm_consent_event_proof_rel")
    user_id = fields.Many2one("res.users", "Recorded By", required=True, ondelete="restrict")
    recorded_at = fields.Datetime(required=True, default=fields.Datetime.now)

    _cell_idx = models.Index("(partner_id, purpose_id, occurred_at, id)")

    @api.depends("purpose_id", "action", "channel")
    def _compute_display_name(self):
        actions = dict(self._fields["action"]._description_selection(self.env))
        channels = dict(self._fields["channel"]._description_selection(self.env))
        for event in self:
            about = " · ".join(filter(None, (event.purpose_id.name, channels.get(event.channel))))
            event.display_name = f"{actions.get(event.action, '')}: {about}"

    @api.depends("channel")
    @api.depends_context("lang")
    def _compute_channel_name(self):
        for event in self:
            event.channel_name = event._channel_label(event.channel)

    @api.constrains("occurred_at", "purpose_id", "channel", "valid_until")
    def _check_event(self):
        latest = fields.Datetime.add(fields.Datetime.now(), minutes=5)
        for event in self:
            if event.occurred_at > latest:
                raise ValidationError(self.env._("What a person said can't lie in the future."))
            if event.channel and not event.purpose_id._uses_channel(event.channel):
                raise ValidationError(
                    self.env._(
                        "“%(purpose)s” does not use the channel %(channel)s.",
                        purpose=event.purpose_id.name,
                        channel=event._channel_label(event.channel),
                    )
                )
            if event.valid_until and event.action not in GRANTS:
                raise ValidationError(self.env._("Only a yes ends by itself."))

    # ------------------------------------------------------------------
    # Append, and nothing else
    # ------------------------------------------------------------------

    @api.model_create_multi
    def create(self, vals_list):
        vals_list = [self._prepare_event(vals) for vals in vals_list]
        events = super().create(vals_list)
        if not self.env.su:
            events._check_told_to_us()
        for event in events.filtered("proof_ids"):
            event.proof_ids.check_access("read")
            # sudo: from now on a proof is as fixed as its event, which nobody may write
            event.proof_ids.sudo().write({"res_model": self._name, "res_id": event.id})
        self.env["crm.consent.state"].invalidate_model()
        return events

    def _check_told_to_us(self):
        """What users may record; the rest follows from what the person does, and is recorded for them.

        :raise UserError: a confirmation, a way the person alone can take, or a yes that has to be confirmed
        """
        for event in self:
            if event.action == "confirmed" or event.source not in TOLD:
                raise UserError(self.env._("Only the person can do that: record what you were told."))
            proven = event.proof_ids or (event.source == "import" and event.reference)
            if event.action == "granted" and event.purpose_id.needs_double_opt_in and not proven:
                raise UserError(
                    self.env._(
                        "A yes to “%s” has to be confirmed by the person, or needs written proof.",
                        event.purpose_id.name,
                    )
                )

    def _prepare_event(self, vals):
        """What follows from the purpose; who records is never chosen."""
        purpose = self.env["crm.consent.purpose"].sudo().browse(vals.get("purpose_id"))  # sudo: its terms
        vals = {"legal_basis": purpose.legal_basis, **vals, "recorded_at": fields.Datetime.now()}
        if not (self.env.su and vals.get("user_id")):
            vals["user_id"] = self.env.uid
        if vals.get("action") in GRANTS and not vals.get("valid_until") and purpose.validity_months:
            begin = fields.Datetime.to_datetime(vals.get("occurred_at")) or fields.Datetime.now()
            vals["valid_until"] = begin.date() + relativedelta(months=purpose.validity_months)
        return vals

    def _channel_label(self, channel):
        labels = dict(self._fields["channel"]._description_selection(self.env))
        return labels.get(channel, self.env._("Every channel"))

    # ------------------------------------------------------------------
    # States
    # ------------------------------------------------------------------

    @api.model
    def _state_query(self, statements):
        """The fold of :func:`lib.consent.fold` in SQL, for any number of cells at once.

        :param SQL statements: SELECT of id, partner_id, purpose_id, channel, company_id, action,
            occurred_at, valid_until; the third to fifth columns name the cell
        :return: SELECT with the columns id (deciding event), partner_id, purpose_id, channel,
            company_id, status, since, valid_until; cells without a state have no row
        :rtype: SQL
        """
        return SQL(
            """
            SELECT id, partner_id, purpose_id, channel, company_id,
                   CASE action WHEN 'confirmed' THEN 'granted' WHEN 'requested' THEN 'pending' ELSE action
                    END AS status,
                   occurred_at AS since, valid_until
              FROM (SELECT *,
                           MAX(place) FILTER (WHERE place > refused
                                                AND (action = 'granted'
                                                     OR action = 'confirmed' AND place > asked)
                                             ) OVER cell AS granted
                      FROM (SELECT *,
                                   MIN(place) FILTER (WHERE action = 'requested' AND place > refused
                                                     ) OVER cell AS asked
                              FROM (SELECT *,
                                           COALESCE(MAX(place) FILTER (WHERE action IN %(refusals)s
                                                                      ) OVER cell, 0) AS refused,
                                           MAX(place) FILTER (WHERE action = 'requested'
                                                             ) OVER cell AS requested
                                      FROM (SELECT *, ROW_NUMBER() OVER (
                                                   PARTITION BY partner_id, purpose_id, channel, company_id
                                                   ORDER BY occurred_at, id) AS place
                                              FROM (%(statements)s) AS said) AS ordered
                                    WINDOW cell AS (PARTITION BY partner_id, purpose_id, channel, company_id)
                                   ) AS refusing
                            WINDOW cell AS (PARTITION BY partner_id, purpose_id, channel, company_id)
                           ) AS asking
                    WINDOW cell AS (PARTITION BY partner_id, purpose_id, channel, company_id)
                   ) AS granting
             WHERE place = COALESCE(granted, NULLIF(refused, 0), requested)
            """,
            refusals=consent.REFUSALS,
            statements=statements,
        )

    @api.model
    def _cell_statements(self, partner_ids, purpose, channel, company, at=None):
        """Events of one cell of each of these persons, for :meth:`_state_query`.

        :param at: up to this moment; None: all there are, whatever the clocks of the servers say
        """
        return SQL(
            """
            SELECT id, partner_id, purpose_id, %(channel)s::text AS channel, %(company)s AS company_id,
                   action, occurred_at, valid_until
              FROM crm_consent_event
             WHERE partner_id = ANY(%(partners)s)
               AND purpose_id = %(purpose)s
               AND (channel IS NULL OR channel = %(channel)s)
               AND (company_id IS NULL OR company_id = %(company)s)
               AND (%(at)s::timestamp IS NULL OR occurred_at <= %(at)s)
            """,
            partners=list(partner_ids),
            purpose=purpose.id,
            channel=channel,
            company=company.id,
            at=at,
        )

    # ------------------------------------------------------------------
    # Merging
    # ------------------------------------------------------------------

    @api.model
    def _cell_states(self, partner_ids):
        """Every cell of these persons, folded.

        :return: {(purpose id, channel, company id): {partner id: :class:`lib.consent.State`}}
        """
        # sudo: all there is, whoever merges
        cells = {}
        for state in self.env["crm.consent.state"].sudo().search([("partner_id", "in", list(partner_ids))]):
            status = "granted" if state.status == "expired" else state.status
            key = (state.purpose_id.id, state.channel, state.company_id.id)
            cells.setdefault(key, {})[state.partner_id.id] = consent.State(
                status, state.since, state.valid_until or None
            )
        return cells

    @api.model
    def _keep_strictest(self, cells, survivor):
        """After merging persons: the no of one beats the yes of the other, however old.

        :param dict cells: from :meth:`_cell_states`, before
        """
        self.invalidate_model()
        self.env["crm.consent.state"].invalidate_model()
        merged = self._cell_states(survivor.ids)
        values = []
        for (purpose_id, channel, company_id), states in cells.items():
            now = merged.get((purpose_id, channel, company_id), {}).get(survivor.id, consent.State())
            if action := consent.mend_after_merge(states.values(), now):
                values.append(
                    {
                        "partner_id": survivor.id,
                        "purpose_id": purpose_id,
                        "channel": channel,
                        "company_id": company_id,
                        "action": action,
                        "source": "merge",
                    }
                )
        return self.sudo().create(values)  # sudo: merging must not depend on the rights to consents

    # ------------------------------------------------------------------
    # Confirming by e-mail
    # ------------------------------------------------------------------

    def _address_mark(self):
        """The address a confirmation was sent to, without telling it."""
        address = self.partner_id.email_normalized or ""
        return hmac(self.env(su=True), CONFIRM_SCOPE, address)[:16]  # sudo: the database's secret

    def get_confirm_url(self):
        """The link in the e-mail that asks for confirmation; signed, ends after a week."""
        self.ensure_one()
        self.check_access("read")
        values = [self.id, self._address_mark()]
        token = hash_sign(
            self.env(su=True), CONFIRM_SCOPE, values, expiration_hours=CONFIRM_HOURS
        )  # as above
        return f"{self.get_base_url()}/crm/consent/{token}"

    @api.model
    def _from_confirm_token(self, token):
        """:return: the request this link belongs to, as superuser; empty where it is not valid any more"""
        none = self.sudo().browse()  # sudo: an empty set gives access to nothing; the rights are those below
        try:
            values = verify_hash_signed(self.env(su=True), CONFIRM_SCOPE, token)
            request = self.sudo().browse(values[0]).exists()  # sudo: the signed link is the permission
        except Exception:  # whatever a stranger types into the address bar
            return none
        if not request or request.action != "requested" or request._address_mark() != values[1]:
            return none
        return request

    def _send_confirm_mail(self):
        template = self.env.ref("crm_core.mail_template_consent_confirm")
        for request in self:
            if not request.partner_id.email_normalized:
                raise UserError(
                    self.env._("%s has no e-mail address to confirm.", request.partner_id.display_name)
                )
            # sudo: the recorder need not be allowed to write templates or mails
            template.sudo().send_mail(request.id, force_send=False)

    def _later_domain(self):
        """Events about the same purpose after this one."""
        return (
            Domain("partner_id", "=", self.partner_id.id)
            & Domain("purpose_id", "=", self.purpose_id.id)
            & (
                Domain("occurred_at", ">", self.occurred_at)
                | (Domain("occurred_at", "=", self.occurred_at) & Domain("id", ">", self.id))
            )
        )

    def _is_confirmed(self):
        """Whether the person confirmed this request, or another one since."""
        same = Domain("channel", "=", self.channel) & Domain("company_id", "=", self.company_id.id)
        domain = self._later_domain() & same & Domain("action", "=", "confirmed")
        return bool(self.search_count(domain, limit=1))

    def _is_open(self):
        """Whether the request still waits: no later no."""
        same = Domain("channel", "in", [self.channel, False])
        same &= Domain("company_id", "in", [self.company_id.id, False])
        domain = self._later_domain() & same & Domain("action", "in", consent.REFUSALS)
        return not self.search_count(domain, limit=1)

    def _confirm(self):
        """Record that the person confirmed; a second click changes nothing.

        :return: whether it holds
        """
        self.ensure_one()
        if not self._is_open():
            return False
        if not self._is_confirmed():
            self.create(
                {
                    "partner_id": self.partner_id.id,
                    "purpose_id": self.purpose_id.id,
                    "channel": self.channel,
                    "company_id": self.company_id.id,
                    "action": "confirmed",
                    "source": "mail_link",
                    "reference": self.env._("Request %s", self.id),
                }
            )
        return True
