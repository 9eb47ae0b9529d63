from odoo import api, fields, models
from odoo.tools import SQL

from .contact_channel import CONTACT_CHANNELS


class CrmConsentState(models.Model):
    """Where each person stands per purpose, channel and company: the events folded at the moment of
    reading, for searching and showing. Nothing is stored, so nothing can be stale.

    Cells nobody ever said anything about have no row.
    """

    _name = "crm.consent.state"
    _description = "Consent State"
    _auto = False
    _order = "partner_id, purpose_id, channel"
    _rec_name = "purpose_id"
    _log_access = False

    partner_id = fields.Many2one("res.partner", "Person", readonly=True)
    purpose_id = fields.Many2one("crm.consent.purpose", readonly=True)
    channel = fields.Selection(CONTACT_CHANNELS, readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    status = fields.Selection(
        [
            ("granted", "Granted"),
            ("expired", "Expired"),
            ("pending", "To Be Confirmed"),
            ("withdrawn", "Withdrawn"),
            ("objected", "Objected"),
        ],
        readonly=True,
    )
    since = fields.Datetime(readonly=True)
    valid_until = fields.Date(readonly=True)
    event_id = fields.Many2one("crm.consent.event", "Decided By", readonly=True)

    @property
    def _table_query(self):
        return self._query()

    @api.model
    def _query(self):
        channels = SQL(", ").join(
            SQL("(%s, %s)", channel, number) for number, (channel, _label) in enumerate(CONTACT_CHANNELS)
        )
        statements = SQL(
            """
            SELECT event.id, event.partner_id, event.purpose_id, way.channel, company.id AS company_id,
                   event.action, event.occurred_at, event.valid_until
              FROM crm_consent_event event
              JOIN crm_consent_purpose purpose ON purpose.id = event.purpose_id
              JOIN res_company company
                ON company.id = COALESCE(event.company_id, purpose.company_id, company.id)
              JOIN (VALUES %s) AS way (channel, number)
                ON way.channel = COALESCE(event.channel, way.channel)
            """,
            channels,
        )
        # The id names the cell's deciding event, channel and company: the same in every query.
        return SQL(
            """
            SELECT (state.id::bigint * 8 + way.number) * 100000 + state.company_id AS id,
                   state.id AS event_id, state.partner_id, state.purpose_id, state.channel,
                   state.company_id, state.since, state.valid_until,
                   CASE WHEN state.status = 'granted' AND state.valid_until < %(today)s THEN 'expired'
                        WHEN state.status = 'granted' AND purpose.needs_double_opt_in
                             AND CASE state.channel WHEN 'email' THEN person.crm_email_changed_at
                                                    WHEN 'phone' THEN person.crm_phone_changed_at
                                                    WHEN 'sms' THEN person.crm_phone_changed_at
                                  END > state.since THEN 'pending'
                        ELSE state.status END AS status
              FROM (%(states)s) AS state
              JOIN (VALUES %(channels)s) AS way (channel, number) ON way.channel = state.channel
              JOIN res_partner person ON person.id = state.partner_id
              JOIN crm_consent_purpose purpose ON purpose.id = state.purpose_id
            """,
            states=self.env["crm.consent.event"]._state_query(statements),
            channels=channels,
            today=self.env["res.company"]._crm_today_sql(SQL("state.company_id")),
        )
