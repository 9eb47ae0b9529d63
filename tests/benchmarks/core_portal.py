"""The portal's home of a customer with many documents: with crm_core and without, by real HTTP, in turns.

Usage: core_portal.py DATABASE_WITHOUT DATABASE_WITH

Both databases get the same customer with the same orders, quotations and invoices, and a server process of
their own. With crm_core the customer has offers on top, and the person who looks is the main contact: both
see all. What is timed is what a browser does: the page, then the counters it asks for, in the same portions.
"""

import json
import math
import os
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

from harness import Comparison, markdown

DOCUMENTS = int(os.environ.get("PORTAL_DOCUMENTS", "500"))
OFFERS = DOCUMENTS // 10  # on top, with crm_core alone
ROUNDS = max(30, int(os.environ.get("PORTAL_ROUNDS", "40")))
STOCK, OURS = VARIANTS = ("stock portal home", "with crm_core")
LOGIN = "portal.benchmark"
START_SECONDS = 120


def main(without, with_ours):
    databases = dict(zip(VARIANTS, (without, with_ours), strict=True))
    for database in databases.values():
        subprocess.run([sys.executable, __file__, "fill", database], check=True)
    with serving(databases[STOCK]) as stock, serving(databases[OURS]) as ours:
        report({STOCK: stock, OURS: ours}, databases)


def report(addresses, databases):
    browsers = {name: Browser(address, databases[name]) for name, address in addresses.items()}
    title = f"portal home, {DOCUMENTS} documents"
    first = Comparison(f"{title}, first visit", baseline=STOCK)
    again = Comparison(f"{title}, again", baseline=STOCK)
    again.measure({name: browser.visit for name, browser in browsers.items()}, ROUNDS)
    for _round in range(ROUNDS):
        for browser in browsers.values():
            browser.sign_in()
        # No warming up: each call is the first one of its session.
        for name, browser in browsers.items():
            first.seconds.setdefault(name, []).append(clocked(browser.visit))
    for name, browser in browsers.items():
        if browser.seen["order_count"] == 0 or browser.seen["invoice_count"] == 0:
            raise SystemExit(f"{name}: the customer does not see the documents: {browser.seen}")
    offers = browsers[OURS].call("/my/counters", counters=["crm_offer_count"])
    if offers["crm_offer_count"] != OFFERS:
        raise SystemExit(f"The customer does not see the offers: {offers}")
    print(markdown([first, again]))


def clocked(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


class Browser:
    """What the page does in a browser, without drawing it."""

    def __init__(self, address, database, login=LOGIN):
        import requests

        self.address = address
        self.database = database
        self.login = login
        self.new_session = requests.Session
        self.seen = {}
        self.sign_in()

    def sign_in(self):
        self.session = self.new_session()
        self.call("/web/session/authenticate", db=self.database, login=self.login, password=self.login)

    def visit(self):
        """The page, then its counters as ``portal_home_counters.js`` asks for them."""
        page = self.session.get(f"{self.address}/my", timeout=60)
        page.raise_for_status()
        needed = re.findall(r'data-placeholder_count="(\w+)"', page.text)
        if not needed:
            raise SystemExit(f"No portal home at {page.url}")
        calls = min(math.ceil(len(needed) / 5), 3)
        portion = math.ceil(len(needed) / calls)
        for begin in range(0, len(needed), portion):
            self.seen |= self.call("/my/counters", counters=needed[begin : begin + portion])

    def call(self, path, **params):
        answer = self.session.post(
            f"{self.address}{path}",
            data=json.dumps({"jsonrpc": "2.0", "params": params}),
            headers={"Content-Type": "application/json"},
            timeout=60,
        ).json()
        if "result" not in answer:
            raise SystemExit(f"{path}: {answer['error']}")
        return answer["result"]


@contextmanager
def serving(database, environment=None, log=None):
    """A server process of its own; gives its address.

    :param dict environment: of the process; None: ours
    :param Path log: file that gets a line for each request, with the number of its queries
    """
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "odoo", "-d", database, f"--http-port={port}"]
    command += ["--http-interface=127.0.0.1", "--max-cron-threads=0"]
    command += ["--log-handler=werkzeug:INFO", f"--logfile={log}"] if log else ["--log-level=critical"]
    address = f"http://127.0.0.1:{port}"
    server = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        wait_for(server, port)
        yield address
    finally:
        server.terminate()
        server.wait()


def wait_for(server, port):
    for _try in range(START_SECONDS * 5):
        if server.poll() is not None:
            raise SystemExit("The server ended.")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit("The server does not start.")


# The data -------------------------------------------------------------


def fill(database):
    import odoo
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry

    odoo.tools.config.parse_config(["--log-level=critical"])
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True, "no_reset_password": True})
        people = make_people(env)
        make_documents(env, people)
        if "crm.offer" in env:
            make_offers(env, people)
        cr.commit()
        cr.execute("ANALYZE")
        cr.commit()


def make_people(env):
    """:return: the company, who looks at the portal, and two colleagues"""
    customer = env["res.partner"].create({"name": "Portal Benchmark", "is_company": True})
    people = env["res.partner"].create(
        [
            {"name": f"Portal person {number}", "parent_id": customer.id, "email": f"p{number}@example.com"}
            for number in range(3)
        ]
    )
    env["res.users"].create(
        {
            "login": LOGIN,
            "password": LOGIN,
            "partner_id": people[0].id,
            "company_id": env.company.id,
            "company_ids": [(6, 0, env.company.ids)],
            "group_ids": [(6, 0, env.ref("base.group_portal").ids)],
        }
    )
    if "crm_main_contact_id" in customer._fields:
        customer.crm_main_contact_id = people[0]
    return customer | people


def make_documents(env, people):
    """Half orders, a fifth quotations, the rest invoices; of the company and its people by turns."""
    product = env["product.product"].create(
        {"name": "Portal product", "type": "service", "invoice_policy": "order", "list_price": 10}
    )
    line = [(0, 0, {"product_id": product.id, "product_uom_qty": 1})]
    owners = [people[number % len(people)].id for number in range(DOCUMENTS)]
    orders, quotations = DOCUMENTS // 2, DOCUMENTS // 5
    made = env["sale.order"].create(
        [{"partner_id": owner, "order_line": line} for owner in owners[: orders + quotations]]
    )
    made[:orders].action_confirm()
    made[orders:].write({"state": "sent"})
    env["account.move"].create(
        [
            {
                "move_type": "out_invoice",
                "partner_id": owner,
                "invoice_date": "2026-01-15",
                "invoice_line_ids": [(0, 0, {"product_id": product.id, "price_unit": 10})],
            }
            for owner in owners[orders + quotations :]
        ]
    ).action_post()


def make_offers(env, people):
    product = env["product.product"].search([("name", "=", "Portal product")], limit=1)
    lines = [(0, 0, {"product_id": product.id, "quantity": 1, "price_unit": 10})]
    offers = env["crm.offer"].create(
        [{"partner_id": people[number % len(people)].id, "line_ids": lines} for number in range(OFFERS)]
    )
    offers.action_show_to_customer()


if __name__ == "__main__":
    if sys.argv[1] == "fill":
        fill(sys.argv[2])
    else:
        main(*sys.argv[1:])
