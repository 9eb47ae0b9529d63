"""crm_core against Odoo's own code, on generated data. `make benchmark NAME=core`

Environment: CUSTOMERS (100000), ORDERS per customer (10), KEY_CONTACTS (10000), KEY_ORDERS (50000),
ROUNDS (50). Smaller numbers are for trying the script out.
"""

import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

import core_consent
import core_data
import core_relations

import odoo
from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry

from harness import Comparison, duration, markdown, percentile

CUSTOMERS = int(os.environ.get("CUSTOMERS", "100000"))
ORDERS = int(os.environ.get("ORDERS", "10"))
KEY_CONTACTS = int(os.environ.get("KEY_CONTACTS", "10000"))
KEY_ORDERS = int(os.environ.get("KEY_ORDERS", "50000"))
ROUNDS = int(os.environ.get("ROUNDS", "50"))
DIRTY = 1000
SUGGEST_MANY = 10_000
TOPS = (3, 10)
RESAMPLES = 2000
PEER = "own frequency, popularity breaks ties and fills"


def main():
    odoo.tools.config.parse_config([])
    registry = Registry(os.environ["PGDATABASE"])
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        say("Filling the tables")
        data = core_data.Wholesaler(env, CUSTOMERS, ORDERS, KEY_CONTACTS, KEY_ORDERS)
        seconds = clocked(data.fill)
        say(f"{CUSTOMERS * ORDERS + KEY_ORDERS:,} orders in {duration(seconds)}")
        env.cr.execute("ANALYZE")
        figures = [*rebuild(env), *fold(env, data)]
        comparisons, queries = overview(env, data)
        figures += [*suggestions(env, data)]
        figures += [*core_consent.consents(env, data.customer_ids)]
        quality = recall(env, data)
        figures += core_relations.measure(env, data, say, ROUNDS)
    portal = beside_the_erp("core_portal.py")
    tax = beside_the_erp("core_write_tax.py")
    report(comparisons, queries, figures, quality, f"{portal}\n{tax}")


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


def clocked(function):
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


# Facts ----------------------------------------------------------------


def rebuild(env):
    """Full rebuild as the server does it: two workers share the parts, a commit after each."""
    say("Full rebuild")
    env["crm.customer.rebuild"].search([]).unlink()
    run = env["crm.customer.rebuild"]._request(env.company)
    env.cr.commit()

    def work():
        workers = [threading.Thread(target=rebuild_worker, args=(env.cr.dbname, run.id)) for _ in range(2)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        env.cr.commit()
        env.invalidate_all()

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = clocked(work)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if run.state != "done":
        raise SystemExit(f"The rebuild stopped at {run.progress:.0f} %")
    pairs = clocked(lambda: env["crm.product.pair"]._refresh(env.company))
    env.cr.commit()
    env.cr.execute("SELECT count(*) FROM crm_customer_product")
    say(f"{env.cr.fetchone()[0]:,} customer products in {duration(seconds)}")
    check = env["crm.fact.check"]._check_facts(env.company)
    if not check.is_equal:
        raise SystemExit(f"The facts do not agree with the ERP's reports: {check.read()}")
    env.cr.execute("DELETE FROM crm_customer_dirty")
    env.cr.commit()
    env.cr._cnx.autocommit = True
    env.cr.execute("VACUUM ANALYZE crm_customer_stat")
    env.cr.execute("VACUUM ANALYZE crm_customer_product")
    env.cr._cnx.autocommit = False
    return [
        ("Full rebuild, all customers and the key account, two workers", duration(seconds), "60 s"),
        ("Products bought together, learned after it", duration(pairs), "-"),
        ("Peak memory of the worker (before it began)", f"{peak // 1024} MB ({before // 1024} MB)", "1 GB"),
    ]


def rebuild_worker(database, run_id):
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        run = env["crm.customer.rebuild"].browse(run_id)
        while run.state in ("waiting", "running"):
            busy = env["crm.customer.dirty"]._try_again(run._work)
            cr.commit()
            env.invalidate_all()
            if not busy:
                time.sleep(0.1)


def fold(env, data):
    """Customers with a change each, folded at once as the cron does."""
    chance = random.Random(1)
    seconds = []
    for _round in range(5):
        chosen = chance.sample(data.customer_ids, min(DIRTY, len(data.customer_ids)))
        env["crm.customer.dirty"]._mark(env["res.partner"].browse(chosen), env.company)
        seconds.append(clocked(env["crm.customer.dirty"]._fold))
        env.cr.commit()
    key = []
    for _round in range(5):
        env["crm.customer.dirty"]._mark(env["res.partner"].browse(data.key_account), env.company)
        key.append(clocked(env["crm.customer.dirty"]._fold))
        env.cr.commit()
    return [
        (f"Fold {len(chosen):,} dirty customers, median of 5", duration(statistics.median(seconds)), "2 s"),
        (f"Fold the key account ({KEY_ORDERS:,} orders), median of 5", duration(statistics.median(key)), "-"),
    ]


# Screens --------------------------------------------------------------


def form_specification(env):
    """What the web client asks for when it opens the stock form of a contact."""
    views = env["res.partner"].get_views([(env.ref("base.view_partner_form").id, "form")])
    names = views["models"]["res.partner"]["fields"]
    arch = views["views"]["form"]["arch"]
    return {name: field_specification(env, name) for name in names if f'name="{name}"' in arch}


def field_specification(env, name):
    field = env["res.partner"]._fields[name]
    if field.type == "many2one":
        return {"fields": {"display_name": {}}}
    if field.type in ("one2many", "many2many"):
        return {"fields": {"display_name": {}}, "limit": 40}
    return {}


def overview(env, data):
    """Open the overview and the stock form in turns, each time on another customer, caches empty."""
    say("Overview beside the stock form")
    specification = form_specification(env)
    chance = random.Random(2)
    user = env.ref("base.user_admin")
    comparisons, queries = [], []
    for title, pick in (
        (f"A: one of {CUSTOMERS:,} customers", lambda: chance.choice(data.customer_ids)),
        (f"B: key account, {KEY_CONTACTS:,} contacts, {KEY_ORDERS:,} orders", lambda: data.key_account),
    ):
        comparison = Comparison(title, baseline="stock form web_read")
        counts = {}

        def fresh(pick=pick):
            env.invalidate_all()
            return env(user=user)["res.partner"].browse(pick())

        def counted(name, work, counts=counts):
            before = env.cr.sql_log_count
            work()
            counts[name] = env.cr.sql_log_count - before

        def stock(fresh=fresh, counted=counted):
            counted("stock form web_read", lambda: fresh().web_read(specification))

        def ours(fresh=fresh, counted=counted):
            counted("crm_overview", lambda: fresh().crm_overview())

        def history(fresh=fresh, counted=counted):
            counted("crm_timeline, first page", lambda: fresh().crm_timeline(20))

        rounds = ROUNDS if CUSTOMERS and title.startswith("A") else max(10, ROUNDS // 5)
        comparison.measure(
            {"stock form web_read": stock, "crm_overview": ours, "crm_timeline, first page": history}, rounds
        )
        comparisons.append(comparison)
        queries.append((title, counts))
    return comparisons, queries


# Offers ---------------------------------------------------------------


def suggestions(env, data):
    say("Suggestions")
    chance = random.Random(3)
    Partner = env["res.partner"]
    one = []
    for _round in range(ROUNDS):
        partner = Partner.browse(chance.choice(data.customer_ids))
        env.invalidate_all()
        one.append(clocked(lambda partner=partner: partner.crm_suggest_offer(5)))
    many = Partner.browse(chance.sample(data.customer_ids, min(SUGGEST_MANY, len(data.customer_ids))))
    env.invalidate_all()
    seconds = clocked(lambda: env["crm.offer"]._suggest(many, 5))
    return [
        (
            f"Suggestion for one customer, median / p95 of {ROUNDS}",
            f"{duration(statistics.median(one))} / {duration(percentile(one, 0.95))}",
            "50 ms",
        ),
        (f"Suggestions for {len(many):,} customers", duration(seconds), "60 s"),
    ]


def recall(env, data):
    """Predict the basket kept out of the tables; half of the customers, never used to choose weights."""
    say("Quality of the suggestions")
    customers = sorted(data.held_out)
    tested = env["res.partner"].browse(customers[len(customers) // 2 :])
    popular = [
        product_id
        for (product_id,) in env.execute_query(
            odoo.tools.SQL(
                "SELECT product_id FROM crm_product_stat WHERE company_id = %s"
                " ORDER BY popularity DESC, product_id LIMIT 200",
                env.company.id,
            )
        )
    ]
    personal = personal_counts(env, tested.ids)
    rows = []
    for top in TOPS:
        ours = env["crm.offer"]._suggest(tested, top)
        predictions = {
            "popularity": dict.fromkeys(tested.ids, popular),
            PEER: {id_: [*dict.fromkeys([*personal.get(id_, []), *popular])] for id_ in tested.ids},
            "crm_core": {id_: [row[0] for row in ours[id_]] for id_ in tested.ids},
        }
        shares = {name: recalls(rows_, data.held_out, top) for name, rows_ in predictions.items()}
        for name, values in shares.items():
            low, high = paired_interval(values, shares[PEER])
            between = "-" if name == PEER else f"{low:+.4f} to {high:+.4f}"
            rows.append((name, len(tested), f"recall@{top}", statistics.mean(values), between))
    return rows


def personal_counts(env, ids):
    rows = env.execute_query(
        odoo.tools.SQL(
            """
            SELECT fact.partner_id, array_agg(fact.product_id ORDER BY fact.times_bought DESC,
                                              stat.popularity DESC NULLS LAST, fact.product_id)
              FROM crm_customer_product fact
              LEFT JOIN crm_product_stat stat ON stat.product_id = fact.product_id
                                             AND stat.company_id = fact.company_id
             WHERE fact.partner_id = ANY(%s)
             GROUP BY fact.partner_id
            """,
            ids,
        )
    )
    return dict(rows)


def recalls(predicted, truth, top):
    return [len(set(products[:top]) & truth[id_]) / len(truth[id_]) for id_, products in predicted.items()]


def paired_interval(values, others):
    """95 % interval of the mean difference, by resampling the customers (paired bootstrap)."""
    chance = random.Random(4)
    differences = [value - other for value, other in zip(values, others, strict=True)]
    means = sorted(
        statistics.fmean(chance.choices(differences, k=len(differences))) for _ in range(RESAMPLES)
    )
    return means[int(RESAMPLES * 0.025)], means[int(RESAMPLES * 0.975)]


# Beside the ERP alone --------------------------------------------------


def beside_the_erp(script):
    """Run the same work with and without our addons, in processes and databases of their own.

    :return: the tables it prints
    """
    say(script)
    result = subprocess.run(
        [
            sys.executable,
            Path(__file__).with_name(script),
            os.environ["BENCHMARK_ERP_DATABASE"],
            os.environ["BENCHMARK_SUITE_DATABASE"],
        ],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return result.stdout


def report(comparisons, queries, figures, quality, tax):
    processor = platform.processor() or platform.machine()
    print(f"\nMeasured {date.today()} on {os.cpu_count()} cores ({processor}), Python")
    print(f"{platform.python_version()}, by `make benchmark NAME=core`.\n")
    print(markdown(comparisons))
    print("\n| queries | " + " | ".join(queries[0][1]) + " |")
    print("|---|" + "--:|" * len(queries[0][1]))
    for title, counts in queries:
        print(f"| {title} | " + " | ".join(str(count) for count in counts.values()) + " |")
    print("\n| task | measured | goal |\n|---|--:|--:|")
    for row in figures:
        print(f"| {' | '.join(row)} |")
    print("\n| next basket of customers never used for tuning | n | measure | mean | less peer, 95 % |")
    print("|---|--:|---|--:|--:|")
    for name, count, measure, value, between in quality:
        print(f"| {name} | {count} | {measure} | {value:.4f} | {between} |")
    print(f"\n{tax}")


if __name__ == "__main__":
    main()
