"""Timeline, target groups and action rules on the customers of the benchmark ``core``."""

import os
import random
import resource
import statistics
import time

from odoo.tools import SQL

from harness import duration, percentile

CONTACTS = int(os.environ.get("KEY_CONTACTS_LOGGED", "150000"))
PAGE = 20
DEEP = 50
BATCH = 20_000


def clocked(function):
    started = time.perf_counter()
    result = function()
    return time.perf_counter() - started, result


def measure(env, data, say, rounds):
    """:return: rows (task, measured, goal)"""
    return [
        *timeline(env, data, say, rounds),
        *target_groups(env, say),
        *action_rules(env, data, say),
    ]


# Timeline -------------------------------------------------------------


def timeline(env, data, say, rounds):
    say("Timeline")
    log_contacts(env, data.key_account)
    seconds, count = clocked(lambda: fill(env))
    env.cr.execute("ANALYZE crm_interaction")
    rows = [("First fill of the timeline", f"{count:,} rows in {duration(seconds)}", "-")]
    chance = random.Random(6)
    user = env.ref("base.user_admin")
    for title, pick in (
        ("one of many customers", lambda: chance.choice(data.customer_ids)),
        (f"key account, {rows_of(env, data.key_account):,} rows", lambda: data.key_account),
    ):
        times = [page(env, user, pick(), None)[0] for _round in range(rounds)]
        rows.append((f"Timeline, first page: {title}", show(times), "30 ms"))
    cursor = None
    for _number in range(DEEP - 1):
        _seconds, answer = page(env, user, data.key_account, cursor)
        cursor = answer["next"]
    times = [page(env, user, data.key_account, cursor)[0] for _round in range(rounds)]
    rows.append((f"Timeline, page {DEEP}: key account", show(times), "30 ms"))
    times = [clocked(lambda: union_page(env, data.key_account))[0] for _round in range(5)]
    rows.append(("The same page by a UNION over the documents, without rights", show(times), "peer"))
    return rows


def log_contacts(env, partner_id):
    """Calls of three years with one customer."""
    env.cr.execute(
        """
        INSERT INTO crm_contact_log (partner_id, user_id, company_id, date, channel, direction, subject,
                                     create_uid, write_uid, create_date, write_date)
        SELECT %s, 2, %s, now() - n * interval '10 minutes', 'phone', 'out', 'Call ' || n, 1, 1, now(), now()
          FROM generate_series(1, %s) AS n
        """,
        [partner_id, env.company.id, CONTACTS],
    )
    env.cr.commit()


def fill(env):
    """As the scheduled job does it, with its commits."""
    Fill = env["crm.interaction.fill"]
    Fill.search([]).unlink()
    env.cr.execute("TRUNCATE crm_interaction")
    Fill._request_missing()
    while waiting := Fill.search([("is_done", "=", False)], limit=1):
        waiting._do_batch(BATCH)
        env.cr.commit()
        env.invalidate_all()
    env.cr.execute("SELECT count(*) FROM crm_interaction")
    return env.cr.fetchone()[0]


def rows_of(env, partner_id):
    env.cr.execute("SELECT count(*) FROM crm_interaction WHERE commercial_partner_id = %s", [partner_id])
    return env.cr.fetchone()[0]


def page(env, user, partner_id, cursor):
    env.invalidate_all()
    partner = env(user=user)["res.partner"].browse(partner_id)
    return clocked(lambda: partner.crm_timeline(PAGE, before=cursor))


def union_page(env, partner_id):
    """What a view over the documents has to do for a page: no index knows its order."""
    env.execute_query(
        SQL(
            """
            SELECT kind, id, date
              FROM (SELECT 'order' AS kind, o.id, o.date_order AS date, p.commercial_partner_id AS owner
                      FROM sale_order o JOIN res_partner p ON p.id = o.partner_id
                     WHERE o.state IN ('sent', 'sale')
                     UNION ALL
                    SELECT 'delivery', d.id, d.date_done, p.commercial_partner_id
                      FROM stock_picking d JOIN sale_order o ON o.id = d.sale_id
                      JOIN res_partner p ON p.id = o.partner_id
                     WHERE d.state = 'done'
                     UNION ALL
                    SELECT 'invoice', m.id, m.invoice_date, m.commercial_partner_id
                      FROM account_move m
                     WHERE m.move_type IN ('out_invoice', 'out_refund') AND m.state = 'posted'
                     UNION ALL
                    SELECT 'contact', l.id, l.date, p.commercial_partner_id
                      FROM crm_contact_log l JOIN res_partner p ON p.id = l.partner_id) AS told
             WHERE owner = %s
             ORDER BY date DESC, id DESC
             LIMIT %s OFFSET %s
            """,
            partner_id,
            PAGE,
            PAGE * (DEEP - 1),
        )
    )


# Audiences and rules ---------------------------------------------------


def target_groups(env, say):
    say("Target groups")
    group = env["crm.target.group"].create(
        {
            "name": "Everybody with an order",
            "domain": repr([("crm_order_count", ">", 0)]),
            "control_share": 10,
        }
    )
    first, _done = clocked(group.action_refresh)
    env.cr.commit()
    again, _done = clocked(group.action_refresh)
    env.cr.commit()
    size = f"{group.member_count:,} members"
    rows = [
        (f"Target group, first refresh, {size}", duration(first), "10 s"),
        (f"Target group, refreshed again, {size}", duration(again), "10 s"),
    ]
    group.action_export()
    job = group.job_ids[:1]
    before = peak()
    seconds, _done = clocked(lambda: finish(env, job))
    rows.append((f"Target group, XLSX of {size}", f"{duration(seconds)}, +{peak() - before} MB", "-"))
    return rows


def finish(env, job):
    while job.state in ("waiting", "running"):
        job._work()
        env.cr.commit()


def action_rules(env, data, say):
    say("Action rules")
    env.company.crm_action_customer_cap = 10
    env.flush_all()
    # More than Settings allow: the customers of the benchmark have no salesperson, all fall to one day.
    env.cr.execute("UPDATE res_company SET crm_action_user_cap = 1000000 WHERE id = %s", [env.company.id])
    env.invalidate_all()
    rows = []
    for title, score, limit in (
        ("the best 15", "lateness * log(turnover)", 15),
        ("all of them", "1 + lateness", 0),
    ):
        rule = env["crm.action.rule"].create(
            {
                "name": f"Benchmark: {title}",
                "domain": "[]",
                "score_formula": score,
                "reason": "Orders every {interval} days; {days} days since the last order.",
                "channel": "email",
                "purpose_id": env.ref("crm_core.consent_purpose_service").id,
                "daily_limit": limit,
            }
        )
        env.cr.commit()
        before = peak()
        seconds, found = clocked(rule._run)
        env.cr.commit()
        task = f"Action rule over {len(data.customer_ids):,} customers, {title} ({found:,})"
        rows.append((task, f"{duration(seconds)}, +{peak() - before} MB", "60 s"))
    return rows


def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def show(times):
    return f"{duration(statistics.median(times))} / p95 {duration(percentile(times, 0.95))} (n={len(times)})"
