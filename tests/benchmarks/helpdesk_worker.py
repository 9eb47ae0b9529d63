"""One side of the helpdesk benchmark in a process of its own; tasks come by the standard input.

Usage: helpdesk_worker.py SIDE DATABASE, where SIDE is ``ours`` or ``peer``. A line is a task's name, or
``fill TICKETS CUSTOMERS``; the answer is a line of JSON: ``seconds``, ``queries``, and ``found`` (how many
records the task gave, for the caller to check that both sides did the same).

What a task writes is written to the database as when a transaction ends, and rolled back.
"""

import gc
import json
import random
import sys
import time
from datetime import timedelta

import helpdesk_data
from lxml import etree

import odoo
from odoo import SUPERUSER_ID, api, fields
from odoo.modules.registry import Registry

ACTIVITY = (
    "activity_exception_decoration",
    "activity_exception_icon",
    "activity_state",
    "activity_summary",
    "activity_type_icon",
    "activity_type_id",
)
# What widgets ask for beside their own field.
DEPENDENCIES = {
    "helpdesk_sla_countdown": ("sla_countdown",),
    "kanban_activity": ACTIVITY,
    "list_activity": ACTIVITY,
}
MAIL = """\
From: "Customer" <{sender}>
To: <team0@{domain}>
Subject: {subject}
Message-ID: <{identity}@customer.example>
{reply}Date: Mon, 02 Mar 2026 09:00:00 +0000
Content-Type: text/plain; charset=utf-8

The toner leaks again, please help.
"""


class Tasks:
    """What is measured, by name; the same for both sides unless the peer has no such thing."""

    def __init__(self, env, side):
        self.env, self.side = env, side
        found = helpdesk_data.find(env, side)
        self.stages, self.team, self.customers = found["stages"], found["team"], found["customers"]
        self.users = {"all": found["all"], "agent": found["agent"]}
        self.chance = random.Random(3)
        self.open = [("is_closed", "=", False)] if side == "ours" else [("stage_id.closed", "=", False)]
        self.views = {}

    def as_user(self, name="all"):
        env = self.env(user=self.users[name], su=False)
        # As the web client says it of who has one company.
        return env(context={"lang": "en_US", "tz": "Europe/Brussels", "allowed_company_ids": env.company.ids})

    # Work -----------------------------------------------------------------

    def create(self, count):
        Ticket = self.as_user()["helpdesk.ticket"]
        values = [
            {
                "name": f"Printer {number} is offline",
                "description": "<p>It does not print.</p>",
                "team_id": self.team.id,
                "partner_id": self.chance.choice(self.customers),
                "priority": str(number % 4),
            }
            for number in range(int(count))
        ]
        return lambda: len(Ticket.create(values))

    def move(self, count):
        tickets = self.as_user()["helpdesk.ticket"].search(
            [*self.open, ("stage_id", "=", self.stages["progress"].id)], limit=int(count), order="id"
        )
        waiting = self.stages["waiting"].id
        return lambda: tickets.write({"stage_id": waiting}) and len(tickets)

    def mail(self, kind, stage="progress"):
        number = self.chance.randrange(10**9)
        ticket = self.env["helpdesk.ticket"].search(
            [*self.open, ("team_id", "=", self.team.id), ("stage_id", "=", self.stages[stage].id)], limit=1
        )
        answered = self.env["mail.message"].search(
            [("model", "=", "helpdesk.ticket"), ("res_id", "=", ticket.id), ("message_id", "like", "bench-")],
            limit=1,
        )
        text = MAIL.format(
            sender=ticket.partner_email if kind == "reply" else f"c{2 + number % 50}@{helpdesk_data.DOMAIN}",
            domain=helpdesk_data.DOMAIN,
            subject="Toner leaks",
            identity=number,
            reply=f"In-Reply-To: {answered.message_id}\n" if kind == "reply" else "",
        )
        return lambda: bool(self.env["mail.thread"].message_process(False, text.encode()))

    # Screens --------------------------------------------------------------

    def view(self, model, kind):
        """The view that the client opens, with what it reads: (arch, specification)."""
        if (model, kind) not in self.views:
            Model = self.as_user()[model]
            arch = etree.fromstring(Model.get_views([(False, kind)])["views"][kind]["arch"])
            specification = {}
            for node in arch.iter("field"):
                if any(parent.tag == "field" for parent in node.iterancestors()):
                    continue
                for name in (node.get("name"), *DEPENDENCIES.get(node.get("widget"), ())):
                    specification[name] = self.field(Model, name, node.get("widget"))
            self.views[model, kind] = arch, specification
        return self.views[model, kind]

    @staticmethod
    def field(model, name, widget):
        field = model._fields[name]
        if field.type == "many2one":
            return {"fields": {"display_name": {}}}
        if widget == "many2many_tags":
            return {"fields": {"display_name": {}, "color": {}}}
        return {"fields": {}} if field.type in ("one2many", "many2many") else {}

    def dashboard(self, user):
        """The teams with their counts; the peer's figures above them besides, as its screen shows them."""
        Team = self.as_user(user)[self.team._name]
        _arch, specification = self.view(Team._name, "kanban")

        def show():
            found = Team.web_search_read([], specification, limit=40, count_limit=10001)
            if self.side == "peer":
                Team.retrieve_dashboard()
            return found["length"]

        return show

    def kanban(self, user):
        """The team's board: columns by stage with 80 cards together, and the bars above them."""
        Ticket = self.as_user(user)["helpdesk.ticket"].with_context(default_team_id=self.team.id)
        arch, specification = self.view("helpdesk.ticket", "kanban")
        bar = arch.find(".//progressbar")
        domain = [("team_id", "=", self.team.id), *self.open]

        def show():
            found = Ticket.web_read_group(
                domain,
                ["stage_id"],
                auto_unfold=True,
                unfold_read_specification=specification,
                # Three of the stages have open tickets.
                unfold_read_default_limit=27,
            )
            if bar is not None:
                colors = json.loads(bar.get("colors"))
                Ticket.read_progress_bar(domain, "stage_id", {"field": bar.get("field"), "colors": colors})
            return sum(len(group.get("__records", ())) for group in found["groups"])

        return show

    def list(self, name, user="all"):
        Ticket = self.as_user(user)["helpdesk.ticket"]
        _arch, specification = self.view("helpdesk.ticket", "list")
        soon = fields.Datetime.now() + timedelta(hours=4)
        domains = {
            "open": self.open,
            "late": [("sla_deadline", "<", "now"), *self.open],
            "soon": [("sla_deadline", ">=", "now"), ("sla_deadline", "<", soon), *self.open],
        }
        domain = domains[name]
        return lambda: len(
            Ticket.web_search_read(domain, specification, limit=80, count_limit=10001)["records"]
        )

    # Ours alone -----------------------------------------------------------

    def pivot(self):
        Report = self.as_user()["helpdesk.sla.report"]
        return lambda: len(
            Report.formatted_read_grouping_sets(
                [],
                [[], ["team_id"], ["started_at:month"], ["team_id", "started_at:month"]],
                ["__count", "kept_rate:avg"],
            )
        )

    def auto_close(self):
        """The night's look at 2,000 tickets that wait for the customer; none is due."""
        Ticket = self.env["helpdesk.ticket"]
        self.env.cr.execute("UPDATE helpdesk_ticket SET inactive_check_at = NULL WHERE NOT is_closed")
        return lambda: Ticket._close_inactive(2000)

    def leave(self):
        """A holiday tomorrow: the deadlines of all open tickets, in the batches of the job."""
        env = self.env
        calendar = self.team.resource_calendar_id
        day = fields.Datetime.now().replace(hour=0, minute=0, second=0) + timedelta(days=1)
        env["helpdesk.sla.change"].search([]).unlink()

        def work():
            holiday = {"name": "Holiday", "calendar_id": calendar.id, "date_from": day}
            env["resource.calendar.leaves"].create({**holiday, "date_to": day + timedelta(days=4)})
            total = 0
            for change in env["helpdesk.sla.change"].search([]):
                while done := change._work():
                    total += done
                    env.cr.flush()  # the job commits here
            return total

        return work


def main(side, database):
    odoo.tools.config.parse_config(["--log-level=critical"])
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        tasks = None
        for line in sys.stdin:
            name, *arguments = line.split()
            if name == "fill":
                desk = {"ours": helpdesk_data.Ours, "peer": helpdesk_data.Peer}[side]
                answer = {"seconds": clocked(desk(env, *map(int, arguments)).fill)[0]}
            else:
                tasks = tasks or Tasks(env, side)
                answer = run(env, getattr(tasks, name)(*arguments))
            print(json.dumps(answer), flush=True)


def run(env, task):
    """Run a task from an empty cache, and take back what it wrote."""
    env.cr.flush()
    env.invalidate_all()
    before = env.cr.sql_log_count

    def work():
        found = task()
        env.cr.flush()
        return found

    seconds, found = clocked(work)
    queries = env.cr.sql_log_count - before
    env.cr.rollback()
    env.cr.precommit.clear()
    env.cr.postcommit.clear()
    env.transaction.clear()
    return {"seconds": seconds, "queries": queries, "found": found}


def clocked(function):
    """(seconds, result), the garbage collector kept out."""
    gc.collect()
    gc.disable()
    try:
        started = time.perf_counter()
        result = function()
        return time.perf_counter() - started, result
    finally:
        gc.enable()


if __name__ == "__main__":
    main(*sys.argv[1:])
