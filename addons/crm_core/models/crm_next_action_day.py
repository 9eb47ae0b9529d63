from datetime import datetime, time, timedelta

import pytz

from odoo import api, fields, models
from odoo.fields import Domain

ACTIVITIES_MAX = 50
WON_BACK_MAX = 5
# Activities of today come after this many of the best proposals.
TODAYS_RANK = 3


class CrmNextAction(models.Model):
    """My day: what one employee has to do today, ranked, in one list."""

    _inherit = "crm.next.action"

    @api.model
    @api.readonly
    def crm_my_day(self) -> dict:
        """What the caller does today: meetings by their hour, then the rest by how much it matters.

        :return: ``items`` (``key``, ``type``: recommendation, activity or meeting, ``id``, ``partner_id``,
            ``partner``, ``why``, ``what`` (label of the act), ``kind``, ``phone``, ``email``, ``until`` (ISO
            day, or instant in UTC of a meeting), ``is_late``, ``model`` and ``res_id`` of what to open),
            ``done`` (acts done today), ``total``, ``reasons`` (why something may be rejected) and
            ``win_back`` (late customers, for those with nothing to do)
        """
        items = [*self._day_meetings(), *self._day_recommendations(), *self._day_activities()]
        items.sort(key=lambda item: item.pop("rank"))
        done = self._count_done_today()
        return {
            "items": items,
            "done": done,
            "total": done + len(items),
            "reasons": self._get_reject_reasons(),
            "win_back": [] if items else self._get_win_back(),
        }

    @api.model
    def _get_reject_reasons(self):
        """:return: why a proposal may be rejected, as ``value`` and ``label``"""
        choices = self._fields["reject_reason"]._description_selection(self.env)
        return [{"value": value, "label": label} for value, label in choices]

    @api.model
    def _get_open_domain(self):
        """Proposals to show today."""
        today = fields.Date.context_today(self)
        return (
            Domain("company_id", "in", self.env.companies.ids)
            & (
                Domain("state", "=", "proposed")
                | (Domain("state", "=", "later") & Domain("later_on", "<=", today))
            )
            & Domain("valid_until", ">=", today)
        )

    @api.model
    def _day_recommendations(self):
        if not self.has_access("read"):
            return []
        limit = self.env.company.crm_action_user_cap
        mine = self._get_open_domain() & Domain("user_id", "=", self.env.uid)
        return [
            {**action._get_day_row(), "type": "recommendation", "rank": (1, place, action.id)}
            for place, action in enumerate(self.search(mine, limit=limit))
        ]

    def _get_day_row(self):
        """How a proposal is shown in a list of acts."""
        person = self._get_person()
        return {
            "key": f"{self._name},{self.id}",
            "id": self.id,
            "partner_id": self.partner_id.id,
            # sudo: who it is about; the proposal is his
            "partner": self.partner_id.sudo().display_name,
            "why": self.reason or "",
            "what": self._get_act_label(),
            "kind": self.action_kind,
            "phone": (person.phone or "") if self.channel in ("phone", "sms", False) else "",
            "email": person.email or "",
            "until": self.valid_until.isoformat(),
            "is_late": False,
            "model": "res.partner",
            "res_id": self.partner_id.id,
        }

    def _get_act_label(self):
        """The words on the button that does it."""
        rule = self.rule_id.sudo()  # sudo: the names of what the rule does
        labels = {
            "contact": self.env._("Log call") if rule.channel == "phone" else self.env._("Log contact"),
            "activity": self.env._("Plan: %s", rule.activity_type_id.name),
            "offer": self.env._("Make offer"),
            "mail": self.env._("Send e-mail"),
            "server": rule.server_action_id.name,
        }
        return labels.get(rule.action_kind) or rule.name

    @api.model
    def _day_activities(self):
        today = fields.Date.context_today(self)
        activities = self.env["mail.activity"].search(
            [("user_id", "=", self.env.uid), ("date_deadline", "<=", today)],
            order="date_deadline, id",
            limit=ACTIVITIES_MAX,
        )
        # sudo: whom it is about, also where the document is of another company
        contacts = dict(activities.sudo()._crm_get_customers())
        items = []
        for activity in activities:
            contact = contacts.get(activity, self.env["res.partner"])
            late = (today - activity.date_deadline).days
            who = contact.display_name or activity.res_name
            what = activity.summary or activity.activity_type_id.name or ""
            items.append(
                {
                    "key": f"mail.activity,{activity.id}",
                    "type": "activity",
                    "id": activity.id,
                    "partner_id": contact.commercial_partner_id.id or None,
                    "partner": who or what,
                    "why": what if who else "",
                    "what": self.env._("Done"),
                    "kind": activity.activity_type_id.category or "default",
                    "phone": contact.phone or "",
                    "email": contact.email or "",
                    "until": activity.date_deadline.isoformat(),
                    "is_late": late > 0,
                    "model": activity.res_model,
                    "res_id": activity.res_id,
                    # What is late for long comes before proposals, what is due today after the best of them.
                    "rank": (1, -late if late else TODAYS_RANK, activity.id),
                }
            )
        return items

    @api.model
    def _day_meetings(self):
        begin, end = self._get_day_bounds()
        events = self.env["calendar.event"].search(
            [
                ("partner_ids", "in", self.env.user.partner_id.ids),
                ("stop", ">", fields.Datetime.now()),
                ("start", ">=", begin),
                ("start", "<", end),
            ],
            order="start, id",
        )
        return [
            {
                "key": f"calendar.event,{event.id}",
                "type": "meeting",
                "id": event.id,
                "partner_id": guests[:1].commercial_partner_id.id or None,
                "partner": guests[:1].display_name or event.name,
                "why": event.name,
                "what": self.env._("Open"),
                "kind": "meeting",
                "phone": "",
                "email": "",
                "until": event.start.isoformat(),
                "is_late": False,
                "model": "calendar.event",
                "res_id": event.id,
                "rank": (0, event.start.timestamp(), event.id),
            }
            for event in events
            for guests in [event.partner_ids.filtered("partner_share")]
        ]

    @api.model
    def _get_day_bounds(self):
        """Begin and end of the user's day, in UTC."""
        zone = self.env.tz
        today = fields.Datetime.context_timestamp(self, fields.Datetime.now()).date()
        begin = zone.localize(datetime.combine(today, time.min)).astimezone(pytz.utc).replace(tzinfo=None)
        return begin, begin + timedelta(days=1)

    @api.model
    def _count_done_today(self):
        begin, end = self._get_day_bounds()
        done = 0
        if self.has_access("read"):
            done += self.search_count(
                [
                    ("answered_by_id", "=", self.env.uid),
                    ("answered_at", ">=", begin),
                    ("answered_at", "<", end),
                ]
            )
        return done + self.env["mail.activity"].with_context(active_test=False).search_count(
            [
                ("user_id", "=", self.env.uid),
                ("active", "=", False),
                ("date_done", "=", fields.Date.context_today(self)),
            ]
        )

    @api.model
    def _get_win_back(self):
        """Late customers, the largest first."""
        Stat = self.env["crm.customer.stat"]
        if not Stat.has_access("read"):
            return []
        late = Stat.search(
            [("company_id", "=", self.env.company.id), ("lifecycle", "=", "late")], limit=WON_BACK_MAX
        )
        return [
            {
                "partner_id": stat.partner_id.id,
                "partner": stat.partner_id.display_name,
                "why": stat.lifecycle_reason,
            }
            for stat in late
        ]
