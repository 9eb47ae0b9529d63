"""The same seeded helpdesk in two databases: ours, and the one of OCA's helpdesk_mgmt.

A few records are made through the ERP; everything else is copied from them by SQL. Each ticket has four
moves from stage to stage with their tracking, three messages, two followers and, in ours, what the addon
keeps besides: the stage log, three promises, the timeline. The newest tenth is open.
"""

from datetime import datetime, timedelta

from odoo import Command, fields
from odoo.tools import SQL

TEAMS = 10
AGENTS_PER_TEAM = 5
CUSTOMER_OF_PORTAL = 500  # tickets of one customer
PORTAL_LOGIN = "portal.benchmark"
ALL_LOGIN, AGENT_LOGIN = "bench.all", "bench.0.0"
DOMAIN = "bench.example"
MESSAGES = 8  # of each ticket: opened, four moves, three comments
BATCH = 500


class Desk:
    """Fill one database; subclasses know their models."""

    all_group = agent_group = None  # XML ids

    def __init__(self, env, tickets, customers):
        self.env = env(context={**env.context, "tracking_disable": True, "no_reset_password": True})
        self.tickets = tickets
        self.customers = customers

    def fill(self):
        """Make everything; afterwards :meth:`find` gives it."""
        self._make_people()
        self._make_teams()
        self._make_sample()
        self._plan_tickets()
        self._copy_tickets()
        self._copy_messages()
        self._copy_followers()
        self._copy_extras()
        self._number_tables()
        self.env.cr.commit()
        self.env.invalidate_all()
        self._finish()
        self.env.cr.commit()
        self._vacuum()

    def execute(self, query, *args, **kwargs):
        self.env.cr.execute(SQL(query, *args, **kwargs))

    # People ---------------------------------------------------------------

    def _make_people(self):
        env = self.env
        domain = env["mail.alias.domain"].create({"name": DOMAIN})
        env.company.alias_domain_id = domain
        sample = env["res.partner"].create({"name": "Customer 0", "email": f"c0@{DOMAIN}"})
        env.flush_all()
        self.first_customer = self._next_id("res_partner")
        self.copy(
            "res_partner",
            sample.id,
            f"generate_series(1, {self.customers}) AS n",
            f"'id', {self.first_customer} + n - 1, 'commercial_partner_id', {self.first_customer} + n - 1,"
            f" 'name', 'Customer ' || n, 'complete_name', 'Customer ' || n,"
            f" 'email', 'c' || n || '@{DOMAIN}', 'email_normalized', 'c' || n || '@{DOMAIN}'",
        )
        self.execute("SELECT setval('res_partner_id_seq', (SELECT max(id) FROM res_partner))")
        groups = {
            name: Command.set(env.ref(xml_id).ids)
            for name, xml_id in (("all", self.all_group), ("agent", self.agent_group))
        }
        people = [(ALL_LOGIN, groups["all"])]
        people += [
            (f"bench.{team}.{place}", groups["agent"])
            for team in range(TEAMS)
            for place in range(AGENTS_PER_TEAM)
        ]
        users = env["res.users"].create(
            [
                {"name": login, "login": login, "email": f"{login}@{DOMAIN}", "group_ids": [group]}
                for login, group in people
            ]
        )
        self.agents = users[1:]
        env["res.users"].create(
            {
                "login": PORTAL_LOGIN,
                "password": PORTAL_LOGIN,
                "partner_id": self.first_customer,
                "group_ids": [Command.set(env.ref("base.group_portal").ids)],
            }
        )

    # Tickets --------------------------------------------------------------

    def _plan_tickets(self):
        """What is the same in both: which ticket is whose, where it is, and when it came."""
        env = self.env
        env.flush_all()
        self.first_ticket = self._next_id("helpdesk_ticket")
        stages = self.stages
        portal_step = max(1, self.tickets // CUSTOMER_OF_PORTAL)
        self.execute(
            """
            CREATE TEMP TABLE bench AS
            SELECT n, %(first)s + n - 1 AS id, n %% %(teams)s AS team, is_open,
                   CASE WHEN NOT is_open THEN %(solved)s
                        WHEN n / 10 %% 3 = 0 THEN %(new)s
                        WHEN n / 10 %% 3 = 1 THEN %(progress)s
                        ELSE %(waiting)s END AS stage_id,
                   CASE WHEN is_open AND n / 10 %% 6 = 0 THEN NULL
                        ELSE n %% %(teams)s * %(places)s + n / 100 %% %(places)s + 1 END AS agent,
                   CASE WHEN n %% %(step)s = 0 THEN %(customer)s
                        ELSE %(customer)s + 1 + n %% (%(customers)s - 1) END AS partner_id,
                   date_trunc('second', created) AS created,
                   date_trunc('second', CASE WHEN is_open THEN %(now)s::timestamp
                                             ELSE created + interval '1 day' END) AS ended
              FROM (SELECT n, n > %(count)s * 0.9 AS is_open,
                           %(now)s::timestamp - CASE WHEN n > %(count)s * 0.9
                               THEN interval '14 days' * ((%(count)s - n) / (%(count)s * 0.1))
                               ELSE interval '16 days'
                                    + interval '700 days' * ((%(count)s - n) / %(count)s::float)
                           END AS created
                      FROM generate_series(1, %(count)s) AS n) AS row
            """,
            first=self.first_ticket,
            teams=TEAMS,
            places=AGENTS_PER_TEAM,
            step=portal_step,
            customer=self.first_customer,
            customers=self.customers,
            count=self.tickets,
            now=fields.Datetime.now(),
            **{name: stages[name].id for name in ("solved", "new", "progress", "waiting")},
        )
        self.execute("CREATE TEMP TABLE bench_agent (agent int, user_id int, partner_id int)")
        for number, user in enumerate(self.agents, start=1):
            self.execute("INSERT INTO bench_agent VALUES (%s, %s, %s)", number, user.id, user.partner_id.id)
        self.execute("CREATE TEMP TABLE bench_team (team int, team_id int)")
        for number, team in enumerate(self.teams):
            self.execute("INSERT INTO bench_team VALUES (%s, %s)", number, team.id)
        self.execute(
            """
            CREATE TEMP TABLE bench_move AS
            SELECT bench.n, bench.id, move, bench.created + (bench.ended - bench.created) * move / 5 AS moved,
                   CASE move WHEN 0 THEN %(new)s WHEN 1 THEN %(progress)s WHEN 2 THEN %(waiting)s
                             WHEN 3 THEN CASE stage_id WHEN %(progress)s THEN %(new)s ELSE %(progress)s END
                             ELSE stage_id END AS stage_id
              FROM bench CROSS JOIN generate_series(0, 4) AS move
            """,
            **{name: stages[name].id for name in ("new", "progress", "waiting")},
        )
        self.execute("ANALYZE bench")
        self.execute("ANALYZE bench_move")

    def _copy_tickets(self):
        self.copy(
            "helpdesk_ticket",
            self.sample.id,
            "bench JOIN bench_team USING (team)"
            " LEFT JOIN (SELECT agent, user_id FROM bench_agent) AS agent USING (agent)"
            " JOIN (SELECT id AS partner_id, name AS customer, email FROM res_partner) AS person"
            " USING (partner_id)",
            """
            'id', bench.id, 'name', 'Toner ' || n || ' leaks', 'number', 'B' || n, 'team_id', team_id,
            'stage_id', stage_id, 'user_id', user_id, 'partner_id', partner_id,
            'commercial_partner_id', partner_id, 'partner_name', customer,
            'partner_email', email, 'priority', (n % 7 / 2)::text, 'create_date', created,
            'write_date', ended, 'access_token', NULL
            """
            + self.ticket_columns,
        )

    def _copy_messages(self):
        """Opened, moved four times, and written about three times."""
        first, first_value = self._next_id("mail_message"), self._next_id("mail_tracking_value")
        common = f"'message_id', '<bench-' || n || '-' || place || '@{DOMAIN}>', 'res_id', bench.id"
        at = f"{first} + (n - 1) * {MESSAGES} + place"
        self.copy(
            "mail_message",
            self.opened_message.id,
            "(SELECT *, 0 AS place FROM bench) AS bench",
            f"'id', {at}, 'date', created, {common}",
        )
        self.copy(
            "mail_message",
            self.moved_message.id,
            "(SELECT *, move AS place FROM bench_move WHERE move > 0) AS bench",
            f"'id', {at}, 'date', moved, {common}",
        )
        value = self.moved_message.sudo().tracking_value_ids.filtered(
            lambda value: value.field_id.name == "stage_id"
        )
        self.copy(
            "mail_tracking_value",
            value.id,
            "bench_move AS old JOIN bench_move AS new ON new.n = old.n AND new.move = old.move + 1",
            f"'id', {first_value} + (old.n - 1) * 4 + old.move,"
            f" 'mail_message_id', {first} + (old.n - 1) * {MESSAGES} + new.move,"
            " 'old_value_integer', old.stage_id, 'new_value_integer', new.stage_id,"
            " 'create_date', new.moved, 'write_date', new.moved",
        )
        for place, sample in ((5, self.asked_message), (6, self.answered_message), (7, self.asked_message)):
            author = "coalesce(agent.partner_id, bench.partner_id)" if place == 6 else "bench.partner_id"
            self.copy(
                "mail_message",
                sample.id,
                f"(SELECT *, {place} AS place FROM bench) AS bench LEFT JOIN bench_agent agent USING (agent)",
                f"'id', {at}, 'author_id', {author},"
                f" 'date', created + (ended - created) * ({place} - 4) / 5, {common}",
            )

    def _copy_followers(self):
        first = self._next_id("mail_followers")
        sample = self.env["mail.followers"].search(
            [("res_model", "=", "helpdesk.ticket"), ("res_id", "=", self.sample.id)], limit=1
        )
        self.copy(
            "mail_followers",
            sample.id,
            """(SELECT id, 2 * n AS number, partner_id FROM bench
                 UNION ALL
                SELECT id, 2 * n + 1, bench_agent.partner_id FROM bench JOIN bench_agent USING (agent)
               ) AS bench""",
            f"'id', {first} + number, 'res_id', bench.id, 'partner_id', bench.partner_id",
        )
        self.execute(
            """
            INSERT INTO mail_followers_mail_message_subtype_rel (mail_followers_id, mail_message_subtype_id)
            SELECT id, %s FROM mail_followers WHERE id >= %s
            """,
            self.env.ref("mail.mt_comment").id,
            first,
        )

    # How ------------------------------------------------------------------

    def copy(self, table, sample_id, source, columns):
        """Insert a copy of one row for each row of the source, with other values in some columns."""
        self.env.cr.execute(
            f"""
            INSERT INTO {table}
            SELECT made.*
              FROM {source}
             CROSS JOIN (SELECT {table} AS whole FROM {table} WHERE id = {sample_id}) AS sample
             CROSS JOIN LATERAL jsonb_populate_record(sample.whole, jsonb_build_object({columns})) AS made
            """
        )

    def _next_id(self, table):
        self.execute("SELECT coalesce(max(id), 0) + 1 FROM %s", SQL.identifier(table))
        return self.env.cr.fetchone()[0]

    filled = ("helpdesk_ticket", "mail_message", "mail_tracking_value", "mail_followers", "res_partner")

    def _number_tables(self):
        for table in self.filled:
            self.execute(
                "SELECT setval(%s, (SELECT max(id) FROM %s))", f"{table}_id_seq", SQL.identifier(table)
            )

    def _vacuum(self):
        connection = self.env.cr._cnx
        connection.autocommit = True
        try:
            self.env.cr.execute("VACUUM ANALYZE")
        finally:
            connection.autocommit = False

    def _talk(self, user):
        """The messages of a ticket, of which all others are copies."""
        sample, env = self.sample.with_context(tracking_disable=False), self.env
        env.cr.flush()
        self.opened_message = env["mail.message"].search(
            [("model", "=", "helpdesk.ticket"), ("res_id", "=", sample.id)], order="id", limit=1
        )
        sample.stage_id = self.stages["progress"]
        env.cr.flush()
        self.moved_message = env["mail.message"].search(
            [("model", "=", "helpdesk.ticket"), ("res_id", "=", sample.id)], order="id desc", limit=1
        )
        self.asked_message, self.answered_message = (
            sample.with_user(who).message_post(
                body="It still leaks.",
                author_id=author.id,
                message_type=kind,
                subtype_xmlid="mail.mt_comment",
            )
            for who, author, kind in (
                (env.user, sample.partner_id, "email"),
                (user, user.partner_id, "comment"),
            )
        )

    def _copy_extras(self):
        """Rows of the addon's own models."""

    def _finish(self):
        """What is left to the addon's own code."""


class Peer(Desk):
    """OCA's helpdesk_mgmt."""

    all_group = "helpdesk_mgmt.group_helpdesk_user"
    agent_group = "helpdesk_mgmt.group_helpdesk_user_team"
    team_model = "helpdesk.ticket.team"
    ticket_columns = """
        , 'unattended', stage_id = (SELECT min(id) FROM helpdesk_ticket_stage), 'last_stage_update', ended,
        'assigned_date', CASE WHEN agent IS NOT NULL THEN created END,
        'closed_date', CASE WHEN NOT is_open THEN ended END
        """

    @property
    def stages(self):
        return {
            name: self.env.ref(f"helpdesk_mgmt.helpdesk_ticket_stage_{xml_id}")
            for name, xml_id in (
                ("new", "new"), ("progress", "in_progress"), ("waiting", "awaiting"), ("solved", "done"),
            )
        }  # fmt: skip

    def _make_teams(self):
        self.teams = self.env[self.team_model].create(
            [
                {
                    "name": f"Team {number}",
                    "alias_name": f"team{number}",
                    "user_ids": [Command.set(self.agents[number * AGENTS_PER_TEAM :][:AGENTS_PER_TEAM].ids)],
                }
                for number in range(TEAMS)
            ]
        )

    def _make_sample(self):
        user = self.agents[0]
        self.sample = (
            self.env["helpdesk.ticket"]
            .with_context(tracking_disable=False)
            .create(
                {
                    "name": "Toner leaks",
                    "description": "<p>The toner leaks.</p>",
                    "team_id": self.teams[0].id,
                    "user_id": user.id,
                    "partner_id": self.first_customer,
                    "partner_name": "Customer 1",
                    "partner_email": f"c1@{DOMAIN}",
                }
            )
        )
        self._talk(user)
        self.env.flush_all()


class Ours(Desk):
    """crm_helpdesk."""

    all_group = "crm_helpdesk.group_crm_helpdesk_all"
    agent_group = "crm_helpdesk.group_crm_helpdesk_agent"
    team_model = "helpdesk.team"
    filled = (*Desk.filled, "helpdesk_stage_log", "helpdesk_sla_status", "crm_interaction")
    ticket_columns = """
        , 'stage_kind', (SELECT kind FROM helpdesk_stage WHERE helpdesk_stage.id = bench.stage_id),
        'is_closed', NOT is_open, 'partner_email_normalized', email, 'stage_changed_at', ended,
        'assigned_at', CASE WHEN agent IS NOT NULL THEN created END,
        'first_assigned_at', CASE WHEN agent IS NOT NULL THEN created END,
        'first_response_at',
        CASE WHEN NOT is_open OR n / 10 % 3 > 0 THEN created + (ended - created) * 2 / 5 END,
        'customer_waits_since', NULL,
        'hours_to_response', 2, 'hours_to_assign', 0, 'hours_to_close', CASE WHEN NOT is_open THEN 8 END,
        'closed_at', CASE WHEN NOT is_open THEN ended END, 'last_message_at', ended,
        'sla_deadline', NULL,
        'sla_state', CASE WHEN is_open THEN NULL WHEN n % 9 = 0 THEN 'failed' ELSE 'reached' END
        """

    @property
    def stages(self):
        return {
            name: self.env.ref(f"crm_helpdesk.helpdesk_stage_{name}")
            for name in ("new", "progress", "waiting", "solved")
        }

    def _make_teams(self):
        env = self.env
        self.office = env["resource.calendar"].create(
            {
                "name": "Office",
                "tz": "Europe/Brussels",
                "attendance_ids": [
                    Command.clear(),
                    *(
                        Command.create({"name": day, "dayofweek": day, "hour_from": begin, "hour_to": end})
                        for day in "01234"
                        for begin, end in ((8, 12), (13, 17))
                    ),
                ],
            }
        )
        today = datetime.combine(fields.Date.today(), datetime.min.time())
        days = [today + timedelta(days=365 * number / 12 - 720) for number in range(36)]
        self.add_holidays(self.office, days)
        self.teams = env[self.team_model].create(
            [
                {
                    "name": f"Team {number}",
                    "alias_name": f"team{number}",
                    "resource_calendar_id": self.office.id,
                    "auto_close": True,
                    "auto_close_stage_ids": [Command.set(self.stages["waiting"].ids)],
                    "auto_close_warn_hours": 400,
                    "auto_close_hours": 800,
                    "member_ids": [
                        Command.create({"user_id": user.id})
                        for user in self.agents[number * AGENTS_PER_TEAM :][:AGENTS_PER_TEAM]
                    ],
                }
                for number in range(TEAMS)
            ]
        )
        env["helpdesk.sla"].search([]).active = False
        self.policies = env["helpdesk.sla"].create(
            [
                {
                    "name": f"{name} {team.name}",
                    "team_ids": team.ids,
                    "target_seconds": hours * 3600,
                    **values,
                }
                for team in self.teams
                for name, hours, values in (
                    ("First answer", 16, {"metric": "first_response"}),
                    ("Begun", 24, {"stage_id": self.stages["progress"].id}),
                    ("Solved", 60, {"stage_id": self.stages["solved"].id}),
                )
            ]
        )

    def add_holidays(self, calendar, days):
        return self.env["resource.calendar.leaves"].create(
            [
                {
                    "name": "Holiday",
                    "calendar_id": calendar.id,
                    "date_from": day,
                    "date_to": day + timedelta(days=1),
                }
                for day in days
            ]
        )

    def _make_sample(self):
        user = self.agents[0]
        self.sample = (
            self.env["helpdesk.ticket"]
            .with_context(tracking_disable=False)
            .create(
                {
                    "name": "Toner leaks",
                    "description": "<p>The toner leaks.</p>",
                    "team_id": self.teams[0].id,
                    "user_id": user.id,
                    "partner_id": self.first_customer,
                }
            )
        )
        self._talk(user)
        self.sample.stage_id = self.stages["solved"]
        self.env.cr.flush()

    def _copy_extras(self):
        env = self.env
        first = self._next_id("helpdesk_stage_log")
        self.execute(
            """
            INSERT INTO helpdesk_stage_log (id, ticket_id, stage_id, date_from, date_to, user_id)
            SELECT %s + (n - 1) * 5 + move, id, stage_id, moved,
                   lead(moved) OVER (PARTITION BY n ORDER BY move), %s
              FROM bench_move
            """,
            first,
            env.uid,
        )
        first = self._next_id("helpdesk_sla_status")
        for place, row in enumerate(self.sample.sla_status_ids.sorted("policy_id")):
            policies = self.policies[place::3]
            env.cr.execute("DROP TABLE IF EXISTS bench_policy")
            env.cr.execute("CREATE TEMP TABLE bench_policy (team int, policy_id int)")
            for number, policy in enumerate(policies):
                self.execute("INSERT INTO bench_policy VALUES (%s, %s)", number, policy.id)
            self.copy(
                "helpdesk_sla_status",
                row.id,
                "bench JOIN bench_policy USING (team)",
                f"'id', {first} + (n - 1) * 3 + {place}, 'ticket_id', bench.id, 'policy_id', policy_id,"
                " 'started_at', created, 'reached_at', ended, 'stopped_at', ended, 'elapsed_seconds', 7200,"
                " 'state', CASE WHEN n % 9 = 0 THEN 'failed' ELSE 'reached' END,"
                " 'failed_at', CASE WHEN n % 9 = 0 THEN ended END,"
                " 'told_at', CASE WHEN n % 9 = 0 THEN ended END,"
                " 'cause', CASE WHEN n % 9 = 0 THEN 'work' END",
            )
        env.cr.execute(
            "DELETE FROM helpdesk_sla_status WHERE ticket_id IN (SELECT id FROM bench WHERE is_open)"
        )
        self._copy_timeline()

    def _copy_timeline(self):
        first = self._next_id("crm_interaction")
        rows = self.env["crm.interaction"].search(
            [("res_model", "=", "helpdesk.ticket"), ("res_id", "=", self.sample.id)]
        )
        for kind, moment, place in (("ticket", "created", 0), ("ticket_closed", "ended", 1)):
            self.copy(
                "crm_interaction",
                rows.filtered(lambda row, kind=kind: row.kind == kind)[:1].id,
                "bench" if kind == "ticket" else "(SELECT * FROM bench WHERE NOT is_open) AS bench",
                f"'id', {first} + n * 2 + {place}, 'res_id', bench.id, 'date', {moment},"
                " 'commercial_partner_id', bench.partner_id, 'partner_id', bench.partner_id,"
                " 'owner_id', bench.partner_id, 'subject', 'B' || n || ': Toner ' || n || ' leaks'",
            )

    def _finish(self):
        """The clocks of open tickets, by the engine: they are told from the stage log."""
        env = self.env
        env["helpdesk.sla.change"].search([]).unlink()
        opened = env["helpdesk.ticket"].search([("is_closed", "=", False)], order="id")
        for begin in range(0, len(opened), BATCH):
            env["helpdesk.sla.engine"]._update(opened[begin : begin + BATCH])
            env.cr.commit()
            env.invalidate_all()
        # Told before: the benchmark is of the work, not of a backlog of notices.
        env.cr.execute(
            "UPDATE helpdesk_sla_status SET told_at = now() AT TIME ZONE 'UTC'"
            " WHERE state = 'failed' AND told_at IS NULL"
        )
        env.cr.execute("DELETE FROM crm_customer_dirty")


def find(env, side):
    """The filled helpdesk again, in another process.

    :return: dict of records and ids that the tasks work on
    """
    desk = {"ours": Ours, "peer": Peer}[side](env, 0, 0)
    return {
        "stages": desk.stages,
        "team": env[desk.team_model].search([("name", "=", "Team 0")], limit=1),
        "all": env["res.users"].search([("login", "=", ALL_LOGIN)]),
        "agent": env["res.users"].search([("login", "=", AGENT_LOGIN)]),
        "customers": env["res.partner"].search([("email", "=like", f"c%@{DOMAIN}")], order="id").ids,
    }
