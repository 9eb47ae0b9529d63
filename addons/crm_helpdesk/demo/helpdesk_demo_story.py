from datetime import datetime, time, timedelta, timezone

from pytz import timezone as zone_of

from odoo import api, fields, models
from odoo.fields import Command

from .story_data import TAGS, TICKETS


class HelpdeskDemoStory(models.AbstractModel):
    """Four weeks of a service desk with its promises kept and missed. Demo data only.

    Tickets are made now and dated back; what became of the promises is then told from their history.
    """

    _name = "helpdesk.demo.story"
    _description = "Demo story of a service desk"

    @api.model
    def _create_story(self):
        desk = self.with_context(
            tracking_disable=True, mail_create_nosubscribe=True, mail_notrack=True
        ).with_company(self.env.ref("base.main_company"))
        # Demo data come before the hook that does this.
        self.env["res.company"].search([("active", "=", True)])._helpdesk_ensure_sequences()
        team = desk._set_up_team()
        tickets = desk._create_tickets(team)
        desk._create_policies(team)
        desk._date_back(tickets)

    def _set_up_team(self):
        team = self.env.ref("crm_helpdesk.helpdesk_team_support")
        employees = self.env.ref("base.user_admin") | self.env.ref("base.user_demo")
        self.env.ref("base.user_demo").group_ids = [
            Command.link(self.env.ref("crm_helpdesk.group_crm_helpdesk_agent").id)
        ]
        team.write(
            {
                "user_id": self.env.ref("base.user_admin").id,
                "member_ids": [Command.create({"user_id": user.id}) for user in employees],
            }
        )
        return team

    def _create_policies(self, team):
        solved = self.env.ref("crm_helpdesk.helpdesk_stage_solved").id
        promises = (
            ("First answer within 2 hours", "first_response", 2, {}),
            ("Solved within 2 days", "stage", 16, {}),
            ("Urgent: solved within 4 hours", "stage", 4, {"for_urgent": True, "raise_priority": False}),
            ("Next answer within half a day", "next_response", 4, {}),
        )
        return self.env["helpdesk.sla"].create(
            [
                {
                    "name": name,
                    "metric": metric,
                    "target_seconds": hours * 3600,
                    "stage_id": solved if metric == "stage" else False,
                    "team_ids": [Command.set(team.ids)],
                    **more,
                }
                for name, metric, hours, more in promises
            ]
        )

    def _create_tickets(self, team):
        customers = self.env["res.partner"].search(
            [("is_company", "=", True), ("sale_order_ids", "!=", False)], order="id", limit=9
        ) or self.env.ref("base.main_partner")
        users = team.member_ids.user_id
        tags = self.env["helpdesk.tag"].create([{"name": name} for name in TAGS])
        words = dict(zip(tags, TAGS.values(), strict=True))
        return self.env["helpdesk.ticket"].create(
            [
                {
                    "name": subject,
                    "team_id": team.id,
                    "partner_id": customers[number % len(customers)].id,
                    "type_id": self.env.ref(f"crm_helpdesk.helpdesk_ticket_type_{kind}").id,
                    "priority": priority,
                    "tag_ids": [
                        Command.link(tag.id)
                        for tag in tags
                        if any(word in subject.lower() for word in words[tag])
                    ],
                    "user_id": users[number % len(users)].id if taken is not None else False,
                    "stage_id": self._stage(path[-1][1] if path else "new").id,
                }
                for number, (subject, kind, priority, _ago, _hour, taken, _answer, path) in enumerate(TICKETS)
            ]
        )

    def _stage(self, name):
        return self.env.ref(f"crm_helpdesk.helpdesk_stage_{name}")

    # Dating back ---------------------------------------------------------------

    def _date_back(self, tickets):
        zone = zone_of(tickets.team_id.resource_calendar_id.tz or "UTC")
        self.env.flush_all()
        tickets.stage_log_ids.unlink()
        tickets.sla_status_ids.unlink()
        for ticket, story in zip(tickets, TICKETS, strict=True):
            self._tell(ticket, story, self._get_opening(zone, *story[3:5]))
        self.env["helpdesk.sla.engine"]._update(tickets)

    @staticmethod
    def _get_opening(zone, days_ago, hour):
        """That hour of a working day so many days ago; never after now."""
        now = fields.Datetime.now()
        day = zone.fromutc(now).date() - timedelta(days=days_ago)
        day -= timedelta(days=max(0, day.weekday() - 4))
        moment = zone.localize(datetime.combine(day, time(hour, 10 + days_ago)))
        opening = moment.astimezone(timezone.utc).replace(tzinfo=None)
        return min(opening, now - timedelta(minutes=15))

    def _tell(self, ticket, story, opening):
        *_what, taken, answered, path = story
        now = fields.Datetime.now()

        def after(hours):
            return min(opening + timedelta(hours=hours), now)

        steps = [(opening, self._stage("new")), *((after(hours), self._stage(name)) for hours, name in path)]
        ends = [moment for moment, _stage in steps[1:]] + [False]
        self.env["helpdesk.stage.log"].create(
            [
                {"ticket_id": ticket.id, "stage_id": stage.id, "date_from": moment, "date_to": end}
                for (moment, stage), end in zip(steps, ends, strict=True)
            ]
        )
        values = {"stage_changed_at": steps[-1][0]}
        if taken is not None:
            values |= {"first_assigned_at": after(taken), "assigned_at": after(taken)}
            values["hours_to_assign"] = ticket._get_hours_until(after(taken))[ticket]
        if answered is not None:
            values["first_response_at"] = after(answered)
            values["hours_to_response"] = ticket._get_hours_until(after(answered))[ticket]
        if ticket.is_closed:
            values["closed_at"] = steps[-1][0]
            values["hours_to_close"] = ticket._get_hours_until(steps[-1][0])[ticket]
        ticket.write(values)
        self.env.flush_all()
        self.env.cr.execute("UPDATE helpdesk_ticket SET create_date = %s WHERE id = %s", [opening, ticket.id])
        ticket.invalidate_recordset(["create_date", "stage_log_ids"])
