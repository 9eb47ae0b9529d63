"""Days of purchase and scores of many customers in the real tables; the screen and the workbook made of them.

Run by ``analytics.py`` in processes of its own; prints a Markdown table. Environment: ORDERS (10000000),
CUSTOMERS (1000000, nine tenths of them have orders), DELTA (20000 orders changed), WORKBOOK (1: makes the
workbook of them as well), FILLED (1: the database has the orders already).
"""

import base64
import os
import resource
import time

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

from harness import duration, percentile

ORDERS = int(os.environ.get("ORDERS", "10000000"))
CUSTOMERS = int(os.environ.get("CUSTOMERS", "1000000"))
DELTA = int(os.environ.get("DELTA", "20000"))
WORKBOOK = os.environ.get("WORKBOOK") == "1"
FILLED = os.environ.get("FILLED") == "1"
ACTIVE = 0.9
DASHBOARDS = 20
# Seconds.
GOALS = {"full": 90, "delta": 15, "dashboard": 0.3}
OWN_COLUMNS = {
    "partner_id": "partner",
    "partner_invoice_id": "partner",
    "partner_shipping_id": "partner",
    "name": "'B' || number",
    "date_order": "date_trunc('second', now()) - make_interval(secs => age)",
    "amount_untaxed": "amount",
    "amount_total": "amount",
    "access_token": "NULL",
}


def main():
    odoo.tools.config.parse_config([])
    registry = Registry(os.environ["PGDATABASE"])
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {"tracking_disable": True})
        if not FILLED:
            filled = clocked(lambda: fill(env))
            say(f"{ORDERS:,} orders of {CUSTOMERS:,} customers in {duration(filled)}")
        before = speed()
        rows = [*full(env), *delta(env), *dashboard(env), *(workbook(env) if WORKBOOK else ())]
    print(f"\nTen million additions in Python took {before:.2f} s before and {speed():.2f} s after.")
    print("\n| task | n | took | goal |")
    print("|---|--:|--:|--:|")
    for row in rows:
        print(f"| {' | '.join(row)} |")
    print(f"\nMost memory of the process: {peak():.0f} MB.")


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def speed():
    """How fast the machine is at the moment: seconds for ten million additions."""

    def add():
        total = 0
        for number in range(10_000_000):
            total += number

    return clocked(add)


def clocked(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def fill(env):
    """Customers, most of whom buy now and then and stop some day, and their orders, copies of a real one."""
    partner = env["res.partner"].create({"name": "Pattern", "is_company": True})
    product = env["product.product"].create({"name": "Pattern", "type": "service"})
    order = env["sale.order"].create(
        {"partner_id": partner.id, "order_line": [(0, 0, {"product_id": product.id})]}
    )
    order.action_confirm()
    env.flush_all()
    first = copy(
        partner,
        {"commercial_partner_id": "id", "name": "'C' || number", "complete_name": "'C' || number"},
        f"SELECT number FROM generate_series(1, {CUSTOMERS}) AS number",
    )
    # Few buy often, many seldom; who stopped has no order since.
    source = f"""
        SELECT number, {first} + (power(random(), 1.7) * {int(CUSTOMERS * ACTIVE)})::int AS partner,
               (random() * 94608000)::int AS age, round((20 + 500 * power(random(), 3))::numeric, 2) AS amount
          FROM generate_series(1, {ORDERS}) AS number
    """
    env.cr.execute("SELECT setseed(0.19)")
    copy(order, OWN_COLUMNS, source)
    env.cr.execute("DELETE FROM sale_order_line WHERE order_id = %s", [order.id])
    env.cr.commit()
    env.cr.execute("TRUNCATE crm_customer_dirty")
    env.cr.commit()
    # As after a night of the database's own housekeeping.
    env.cr._cnx.autocommit = True
    env.cr.execute("VACUUM (ANALYZE) res_partner, sale_order")
    env.cr.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
    if env.cr.fetchone()[0]:
        env.cr.execute("CHECKPOINT")  # or it goes on writing what was filled while things are measured
    env.cr._cnx.autocommit = False
    env.invalidate_all()


def copy(pattern, values, source):
    """Insert copies of a record; secondary indexes and foreign keys are made again afterwards, the keys
    without looking at the rows, which are as right as their pattern.

    :param dict values: {column: SQL of the copy's value, ``id`` for its own id}
    :param str source: SELECT of ``number`` and what the values name
    :return: the id before the first
    """
    cr, table = pattern.env.cr, pattern._table
    cr.execute(f"SELECT max(id) FROM {table}")
    (last,) = cr.fetchone()
    cr.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND column_name != 'id'"
        " AND is_generated = 'NEVER'",
        [table],
    )
    columns = [name for (name,) in cr.fetchall()]
    indexes, keys = (
        cr.execute(query, [table]) or cr.fetchall()
        for query in (
            (
                "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
                " WHERE indrelid = %s::regclass AND NOT indisprimary"
            ),
            (
                "SELECT quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
                " WHERE conrelid = %s::regclass AND contype = 'f'"
            ),
        )
    )
    for name, _definition in indexes:
        cr.execute(f"DROP INDEX {name}")
    for name, _definition in keys:
        cr.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    own = f"{last} + number"
    values = {name: own if value == "id" else value for name, value in values.items()}
    chosen = ", ".join(values.get(name, f'pattern."{name}"') for name in columns)
    names = ", ".join(f'"{name}"' for name in columns)
    cr.execute(
        f"INSERT INTO {table} (id, {names}) SELECT {own}, {chosen}"
        f" FROM ({source}) AS made, {table} AS pattern WHERE pattern.id = {pattern.id}"
    )
    cr.execute(f"SELECT setval('{table}_id_seq', (SELECT max(id) FROM {table}))")
    for _name, definition in indexes:
        cr.execute(definition)
    for name, definition in keys:
        cr.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition} NOT VALID")
    return last


def derive(env):
    """The days of purchase of all, by the parts that a collection of facts has for them."""
    Rebuild, Part = env["crm.customer.rebuild"], env["crm.customer.rebuild.part"]
    Rebuild.search([("state", "in", ("waiting", "running"))]).action_cancel()
    env.flush_all()
    run = Rebuild.create({"company_id": env.company.id, "state": "running"})
    env.flush_all()
    Part._make_days(run)
    while part := Part._claim(run):
        part._do()
        env.flush_all()
        env.cr.commit()
    run.state = "done"
    env.flush_all()
    env.cr.commit()


def full(env):
    """All days of purchase anew, then everybody scored."""
    company, Model = env.company, env["crm.analytics.model"]
    say("Days of purchase of all")
    days = clocked(lambda: derive(env))
    env.cr.execute("ANALYZE crm_analytics_event")
    say("Scores of all")
    scores = clocked(lambda: Model._score(company))
    env.cr.commit()
    env.cr.execute("SELECT count(*) FROM crm_analytics_event")
    (events,) = env.cr.fetchone()
    env.cr.execute("SELECT count(*) FROM crm_analytics_customer")
    (scored,) = env.cr.fetchone()
    say("Scores of all once more, as on any night")
    again = clocked(lambda: Model._score(company))
    env.cr.commit()
    return [
        (f"days of purchase from {ORDERS:,} orders", f"{events:,}", duration(days), "-"),
        ("model, scores, sums and relationship", f"{scored:,}", duration(scores), "-"),
        ("both: full refresh", f"{ORDERS:,}", duration(days + scores), duration(GOALS["full"])),
        ("the same customers scored the night after", f"{scored:,}", duration(again), "-"),
    ]


def delta(env):
    """Orders that were changed: the days of their customers."""
    say("Some orders changed")
    env.cr.execute(
        "UPDATE sale_order SET amount_untaxed = amount_untaxed + 1"
        " WHERE id IN (SELECT id FROM sale_order ORDER BY random() LIMIT %s) RETURNING partner_id",
        [DELTA],
    )
    partners = sorted({id_ for (id_,) in env.cr.fetchall()})
    env.cr.commit()
    seconds = clocked(lambda: env["crm.analytics.event"]._refresh(env.company, partners))
    env.cr.commit()
    return [(f"{DELTA:,} orders changed", f"{len(partners):,}", duration(seconds), duration(GOALS["delta"]))]


def dashboard(env):
    """The call behind the screen, with cold caches of the ORM."""
    times = []
    for _round in range(DASHBOARDS):
        env.invalidate_all()
        times.append(clocked(env["crm.analytics.dashboard"].crm_dashboard))
    return [
        (
            "dashboard, p95",
            f"{len(times)}",
            duration(percentile(times, 0.95)),
            duration(GOALS["dashboard"]),
        )
    ]


def workbook(env):
    """The spreadsheet of all customers, as the job makes it."""
    Book = env["crm.analytics.workbook"]
    book = Book._get_or_create(env.company, env.ref("base.user_admin"), {"months": 12, "moved_days": 30})
    env.cr.commit()
    before = peak()
    seconds = clocked(book._work)
    if book.state != "done":
        raise SystemExit(f"The workbook was not made: {book.message}")
    size = len(base64.b64decode(book.file)) / 2**20
    count = env["crm.analytics.customer"].search_count([])
    return [
        (
            f"workbook, {size:.0f} MB, memory {before:.0f} to {peak():.0f} MB",
            f"{count:,}",
            duration(seconds),
            "-",
        )
    ]


def peak():
    """Most memory of this process so far, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
