"""crm_helpdesk against OCA's helpdesk_mgmt on the same generated data. `make benchmark NAME=helpdesk`

The peer is fetched from PyPI into the git-ignored data folder and installed in a database of its own beside
the ERP alone; it knows no service levels, so ours does more. Both have a process each and take turns.

Environment: TICKETS (100000), CUSTOMERS (5000), ROUNDS (20), ONLY (words of a title). Smaller numbers are
for trying the script out.
"""

import os
import platform
import re
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import core_portal
from helpdesk_data import PORTAL_LOGIN

from harness import WARM_UP_ROUNDS, Comparison, Worker, duration, percentile

TICKETS = int(os.environ.get("TICKETS", "100000"))
CUSTOMERS = int(os.environ.get("CUSTOMERS", "5000"))
ROUNDS = int(os.environ.get("ROUNDS", "20"))
ONLY = os.environ.get("ONLY", "")
PEER_VERSION = "19.0.1.3.2"
OURS, PEER = "crm_helpdesk", f"helpdesk_mgmt {PEER_VERSION}"
SCREEN = 0.1  # goal for screens, in seconds
# What is measured: title, task of the worker, rounds, goal in seconds, whether the peer has it.
LINES = (
    ("create 1 ticket", "create 1", ROUNDS, None, True),
    ("create 100 tickets", "create 100", ROUNDS // 2, None, True),
    ("create 1,000 tickets", "create 1000", ROUNDS // 4, 10, True),
    ("move 1 ticket to another stage", "move 1", ROUNDS, None, True),
    ("move 1,000 tickets to another stage", "move 1000", ROUNDS // 4, None, True),
    ("dashboard of the teams, all tickets", "dashboard all", ROUNDS, SCREEN, True),
    ("dashboard of the teams, an agent", "dashboard agent", ROUNDS, SCREEN, True),
    ("board of a team, 80 cards", "kanban all", ROUNDS, SCREEN, True),
    ("board of a team, 80 cards, an agent", "kanban agent", ROUNDS, SCREEN, True),
    ("list of open tickets, 80 rows", "list open", ROUNDS, SCREEN, True),
    ("a new mail", "mail new", ROUNDS, None, True),
    ("an answer by mail", "mail reply", ROUNDS, None, True),
    ("an answer by mail that ends a wait", "mail reply waiting", ROUNDS, None, False),
    ("filter: late, 80 rows", "list late", ROUNDS, SCREEN, False),
    ("filter: late, 80 rows, an agent", "list late agent", ROUNDS, SCREEN, False),
    ("filter: late within 4 hours", "list soon", ROUNDS, SCREEN, False),
    ("pivot of promises kept", "pivot", ROUNDS, None, False),
    ("nightly look at 2,000 waiting tickets", "auto_close", ROUNDS // 4, None, False),
    ("holiday added: deadlines of all open tickets", "leave", ROUNDS // 4, 20, False),
)


def main():
    databases = {OURS: os.environ["PGDATABASE"], PEER: os.environ["BENCHMARK_ERP_DATABASE"]}
    environments = {OURS: dict(os.environ), PEER: install_peer(databases[PEER])}
    with ExitStack() as stack:
        workers = {
            name: stack.enter_context(start_worker(side, databases[name], environments[name]))
            for name, side in ((OURS, "ours"), (PEER, "peer"))
        }
        say(f"Filling the tables with {TICKETS:,} tickets")
        for name, worker in workers.items():
            say(f"{name}: {duration(worker.ask(f'fill {TICKETS} {CUSTOMERS}')['seconds'])}")
        measured = [measure(workers, *line) for line in LINES if ONLY in line[0]]
    if ONLY in "portal":
        measured.append(portal(databases, environments))
    report(measured)


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


# The peer -------------------------------------------------------------


def install_peer(database):
    """Fetch helpdesk_mgmt and install it; returns the environment in which its database is opened."""
    config = Path(os.environ["ODOO_RC"])
    folder = config.parent / "benchmark_peers" / f"helpdesk_mgmt_{PEER_VERSION}"
    addons = folder / "odoo" / "addons"
    if not (addons / "helpdesk_mgmt").is_dir():
        say(f"Fetching {PEER}")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", folder]
        subprocess.run([*pip, f"odoo-addon-helpdesk_mgmt=={PEER_VERSION}"], check=True)
    own = config.with_name("benchmark_peer.conf")
    text = re.sub(r"(?m)^addons_path = (.*)$", rf"addons_path = \1,{addons}", config.read_text())
    own.write_text(re.sub(r"(?m)^db_name = .*$", f"db_name = {database}", text))
    environment = {**os.environ, "ODOO_RC": str(own), "PGDATABASE": database}
    command = [sys.executable, "-m", "odoo", "-d", database, "-i", "helpdesk_mgmt", "--stop-after-init"]
    subprocess.run([*command, "--no-http", "--log-level=critical"], env=environment, check=True)
    return environment


# In turns -------------------------------------------------------------


def start_worker(side, database, environment):
    """One side, in a process of its own."""
    return Worker(
        [sys.executable, Path(__file__).with_name("helpdesk_worker.py"), side, database], environment
    )


def measure(workers, title, task, rounds, goal, with_peer):  # noqa: PLR0917  a line of LINES
    """One line of the table: the sides in turns, the first rounds not counted."""
    say(title)
    line = Line(title, goal, OURS if not with_peer else PEER)
    names = (OURS, PEER) if with_peer else (OURS,)
    for number in range(-WARM_UP_ROUNDS, max(rounds, 3)):
        for name in names if number % 2 else reversed(names):
            answer = workers[name].ask(task)
            # In the night nothing is due within four hours.
            if not answer["found"] and task != "list soon":
                raise SystemExit(f"{name} found nothing for: {title}")
            if number >= 0:
                line.add(name, **answer)
    for row in line.rows():
        say(" | ".join(row))
    return line


class Line:
    """What was measured of one task."""

    def __init__(self, title, goal, baseline):
        self.comparison = Comparison(title, baseline=baseline)
        self.goal = goal
        self.queries, self.found = {}, {}

    def add(self, name, seconds, queries, found):
        self.comparison.seconds.setdefault(name, []).append(seconds)
        self.queries.setdefault(name, []).append(queries)
        self.found[name] = found

    def rows(self):
        """Cells: task, variant, n, median, p95, ratio to the peer, queries, records, goal."""
        for row in self.comparison.rows():
            name = row[1]
            seconds = self.comparison.seconds[name]
            kept = "" if self.goal is None or percentile(seconds, 0.5) <= self.goal else " (missed)"
            goal = f"{duration(self.goal)}{kept}" if self.goal and name == OURS else "-"
            ratio = row[5] if len(self.comparison.seconds) > 1 else "-"
            yield *row[:5], ratio, str(max(self.queries[name])), str(self.found[name]), goal

    def is_slower(self):
        """Whether ours took longer than the peer, by the medians."""
        return PEER in self.comparison.seconds and self.comparison.ratio(OURS) > 1


# Portal ---------------------------------------------------------------


def portal(databases, environments):
    """The list of a customer with 500 tickets, by real HTTP; the server's log tells the queries."""
    say("portal list")
    line = Line("portal: all tickets of a customer who has 500", SCREEN, PEER)
    with ExitStack() as stack:
        browsers = {}
        for name, database in databases.items():
            log = Path(environments[name]["ODOO_RC"]).with_name(f"benchmark_{database}.log")
            log.write_text("")
            address = stack.enter_context(core_portal.serving(database, environments[name], log))
            browsers[name] = core_portal.Browser(address, database, PORTAL_LOGIN), log
        for number in range(-WARM_UP_ROUNDS, ROUNDS):
            for name, (browser, log) in browsers.items():
                started = time.perf_counter()
                page = browser.session.get(f"{browser.address}/my/tickets?filterby=all", timeout=60)
                seconds = time.perf_counter() - started
                page.raise_for_status()
                tickets = set(re.findall(r"/my/tickets?/(\d+)", page.text))
                if not tickets:
                    raise SystemExit(f"{name}: the customer sees no ticket")
                if number >= 0:
                    line.add(name, seconds, logged_queries(log), len(tickets))
    return line


def logged_queries(log):
    """Number of queries of the last request for the list."""
    for _try in range(50):
        found = re.findall(r'"GET /my/tickets\S* HTTP/1.1" 200 - (\d+) ', log.read_text())
        if found:
            return int(found[-1])
        time.sleep(0.1)
    raise SystemExit(f"The server has logged no request: {log}")


def report(measured):
    processor = platform.processor() or platform.machine()
    print(f"\nMeasured {date.today()} on {os.cpu_count()} cores ({processor}), Python")
    print(f"{platform.python_version()}, {TICKETS:,} tickets of {CUSTOMERS:,} customers, by")
    print("`make benchmark NAME=helpdesk`.\n")
    print("| task | variant | n | median | p95 | ratio | queries | records | goal |")
    print("|---|---|--:|--:|--:|--:|--:|--:|--:|")
    for line in measured:
        for row in line.rows():
            print(f"| {' | '.join(row)} |")
    slower = [line.comparison.title for line in measured if line.is_slower()]
    print(f"\nSlower than the peer: {', '.join(slower) or 'nothing'}.")


if __name__ == "__main__":
    main()
