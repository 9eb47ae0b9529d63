"""Target groups and duplicates over all customers: refresh, export, finding pairs."""

import resource
import time

from harness import duration

GOAL = "10 s"


def target_groups(env):
    """:return: rows of the table of figures: what, measured, goal"""
    group = env["crm.target.group"].create({"name": "Everybody", "domain": "[]", "control_share": 10})
    product = env["crm.customer.product"].search([], limit=1).product_id
    buyers = env["crm.target.group"].create(
        {
            "name": "Active, bought this, not seen since",
            "domain": repr(
                [
                    ("crm_order_count", ">", 2),
                    ("crm_bought_product_ids", "in", product.ids),
                    ("crm_last_contact_date", "<", "today -30d"),
                ]
            ),
        }
    )
    return [
        ("Target group of everybody, first refresh", _clocked(env, group.action_refresh), GOAL),
        ("The same again, nothing new", _clocked(env, group.action_refresh), GOAL),
        ("Target group by orders, product and last contact", _clocked(env, buyers.action_refresh), GOAL),
        ("Snapshot of everybody", _clocked(env, group.action_snapshot), GOAL),
        *_export(env, group),
        ("Duplicates among all partners", _clocked(env, env["crm.duplicate.candidate"]._find), "-"),
    ]


def _export(env, group):
    """The spreadsheet of all members, as the scheduled job writes it."""
    action = group.action_export()
    job = env["crm.target.group.job"].browse(action["res_id"])
    env.cr.commit()
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    seconds = _clocked(env, job._do_step)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if job.state != "done":
        raise SystemExit(f"The export failed: {job.message}")
    return [
        ("Export of all members", seconds, "-"),
        ("Peak memory of the process (before it began)", f"{peak // 1024} MB ({before // 1024} MB)", "1 GB"),
    ]


def _clocked(env, function):
    started = time.perf_counter()
    function()
    env.flush_all()
    seconds = time.perf_counter() - started
    env.cr.commit()
    env.invalidate_all()
    return duration(seconds)
