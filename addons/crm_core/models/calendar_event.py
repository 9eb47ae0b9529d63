from odoo import models
from odoo.tools import SQL, html2plaintext


class CalendarEvent(models.Model):
    _name = "calendar.event"
    _inherit = ["calendar.event", "crm.interaction.mixin"]

    _interaction_fields = frozenset({"start", "name", "active", "user_id", "partner_ids", "privacy"})

    _interaction_unfolds = True

    def write(self, vals):
        result = super().write(vals)
        if "partner_ids" in vals:  # a many2many is no column: it does not pass by _write_multi
            self._interaction_sync_later()
        return result

    def _interaction_query(self, ids):
        # One row for each who attends and is none of us; what is private stays so.
        return SQL(
            """
            SELECT event.id, 'partner ' || attendee.id, 'meeting', event.start, attendee.id, attendee.id,
                   NULL::int, 'meeting', NULL, event.user_id, event.name, NULL
              FROM calendar_event event
              JOIN calendar_event_res_partner_rel rel ON rel.calendar_event_id = event.id
              JOIN res_partner attendee ON attendee.id = rel.res_partner_id
             WHERE event.id IN %s
               AND event.active
               AND COALESCE(event.privacy, 'public') != 'private'
               AND NOT EXISTS (SELECT FROM res_users u WHERE u.partner_id = attendee.id AND NOT u.share)
            """,
            ids,
        )

    def _interaction_detail(self):
        parts = (self.location, html2plaintext(self.description or "").strip())
        return {"text": "\n".join(filter(None, parts)), "lines": []}
