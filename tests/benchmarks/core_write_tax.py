"""What crm_core costs the ERP's own flows: the same orders with and without it, in turns.

Usage: core_write_tax.py DATABASE_WITHOUT DATABASE_WITH
With a third argument it is the worker: ``ROLE DATABASE`` where ROLE is ``orders`` or ``collide``.

Both databases have a process each, and a few orders are done in one, then in the other, and so on: a
machine that gets slower or faster meanwhile does so for both.
"""

import json
import os
import random
import statistics
import subprocess
import sys
import time

BLOCK = 5  # orders in a turn
TURNS = int(os.environ.get("TAX_TURNS", "40"))  # 40 x 5 = 200 orders in each database
COLLIDING_ORDERS = 40
RESAMPLES = 2000
VARIANTS = ("without crm_core", "with crm_core")


def main(without, with_ours):
    databases = dict(zip(VARIANTS, (without, with_ours), strict=True))
    workers = {name: start("orders", database) for name, database in databases.items()}
    seconds = {name: [] for name in VARIANTS}
    for turn in range(TURNS + 1):
        for name in VARIANTS if turn % 2 else reversed(VARIANTS):
            cpu = take_turn(workers[name])
            if turn:  # the first turn warms the processes up
                seconds[name].append(cpu)
    for worker in workers.values():
        worker.stdin.close()
        worker.wait()
    conflicts = {name: collide(databases[name]) for name in VARIANTS}
    report(seconds, conflicts)


def take_turn(worker):
    worker.stdin.write("go\n")
    worker.stdin.flush()
    return json.loads(worker.stdout.readline())["cpu"]


def report(seconds, conflicts):
    ratios = [ours / base for base, ours in zip(*seconds.values(), strict=True)]
    chance = random.Random(5)
    medians = sorted(statistics.median(chance.choices(ratios, k=len(ratios))) for _ in range(RESAMPLES))
    low, high = medians[int(RESAMPLES * 0.025)], medians[int(RESAMPLES * 0.975)]
    print(f"| confirm, deliver and invoice {BLOCK} orders | n | CPU s, median | median ratio, 95 % |")
    print("|---|--:|--:|--:|")
    for name in VARIANTS:
        ratio = "1" if name == VARIANTS[0] else f"{statistics.median(ratios):.3f} ({low:.3f} to {high:.3f})"
        print(f"| {name} | {TURNS} | {statistics.median(seconds[name]):.2f} | {ratio} |")
    print("\n| two processes, orders of one customer | orders | serialization failures |")
    print("|---|--:|--:|")
    for name in VARIANTS:
        print(f"| {name} | {2 * COLLIDING_ORDERS} | {conflicts[name]} |")


def start(role, database):
    return subprocess.Popen(
        [sys.executable, __file__, role, database],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=sys.stderr,
        text=True,
    )


def collide(database):
    workers = [start("collide", database) for _worker in range(2)]
    return sum(json.loads(worker.communicate()[0].splitlines()[-1])["conflicts"] for worker in workers)


# The worker -----------------------------------------------------------


def worker(role, database):
    import odoo
    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry

    odoo.tools.config.parse_config(["--log-level=critical"])
    registry = Registry(database)
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        products = sample_products(env)
        cr.commit()
        if role == "collide":
            print(json.dumps(one_by_one(env, products)))
            return
        for _go in sys.stdin:
            print(json.dumps(orders(env, products)), flush=True)


def sample_products(env):
    products = env["product.product"].search([("name", "=like", "Tax sample %")], order="id")
    if not products:
        values = [
            {"name": f"Tax sample {number}", "type": "consu", "is_storable": True, "list_price": 10}
            for number in range(3)
        ]
        products = env["product.product"].create(values)
        env["res.partner"].create({"name": "Tax sample customer", "is_company": True})
    return products


def backend_cpu(env):
    """CPU seconds of our database process, 0.0 where it runs on another machine."""
    env.cr.execute("SELECT pg_backend_pid()")
    try:
        with open(f"/proc/{env.cr.fetchone()[0]}/stat") as stat:
            ticks = stat.read().rsplit(")", 1)[1].split()[11:13]
    except OSError:
        return 0.0
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK")


def orders(env, products):
    """A customer of its own per order, so that one turn is like the other."""
    partners = env["res.partner"].create(
        [{"name": f"Tax {time.time_ns()} {number}", "is_company": True} for number in range(BLOCK)]
    )
    env.cr.commit()
    started = time.process_time() + backend_cpu(env)
    for partner in partners:
        sell(env, partner, products)
    return {"cpu": time.process_time() + backend_cpu(env) - started}


def sell(env, partner, products):
    lines = [(0, 0, {"product_id": product.id, "product_uom_qty": 2}) for product in products]
    order = env["sale.order"].create({"partner_id": partner.id, "order_line": lines})
    env.cr.commit()
    order.action_confirm()
    env.cr.commit()
    for move in order.picking_ids.move_ids:
        move.write({"quantity": 2, "picked": True})
    order.picking_ids._action_done()
    env.cr.commit()
    order._create_invoices().action_post()
    env.cr.commit()


def one_by_one(env, products):
    """Quotations of one customer confirmed one after the other, beside another process doing the same."""
    from psycopg2.errors import SerializationFailure

    partner = env["res.partner"].search([("name", "=", "Tax sample customer")], limit=1)
    lines = [(0, 0, {"product_id": product.id, "product_uom_qty": 1}) for product in products]
    conflicts = 0
    for _order in range(COLLIDING_ORDERS):
        order = env["sale.order"].create({"partner_id": partner.id, "order_line": lines})
        env.cr.commit()
        while order.state != "sale":
            try:
                order.action_confirm()
                env.cr.commit()
            except SerializationFailure:
                conflicts += 1
                env.cr.rollback()
                env.invalidate_all()
    return {"conflicts": conflicts}


if __name__ == "__main__":
    if sys.argv[1] in ("orders", "collide"):
        worker(*sys.argv[1:])
    else:
        main(*sys.argv[1:])
