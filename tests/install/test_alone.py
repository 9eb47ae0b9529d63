"""Each addon alone on the ERP: it installs, and leaves nothing behind when it goes.

The database is a copy of the harness's ERP template with demo data, so that there are orders,
invoices and partners.
"""

import os

import pytest
from suite import ROOT, addon_names

from harness.databases import Databases
from harness.odoo import Odoo
from harness.odoo_tree import ensure_odoo_tree
from harness.postgres import ensure_postgres
from harness.workspace import Settings, Workspace

# The ERP's business records: not a byte of them may differ afterwards.
BUSINESS_TABLES = (
    "res_partner",
    "sale_order",
    "sale_order_line",
    "account_move",
    "account_move_line",
    "stock_picking",
    "stock_move",
)
# Odoo touches a user's partner whenever the user's groups change: the date is no content.
CONTENT = "to_jsonb(t) - 'write_date' - 'write_uid'"
SCHEMA_QUERIES = {
    "columns": "SELECT table_name || '.' || column_name FROM information_schema.columns "
    "WHERE table_schema = 'public'",
    "tables": "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'",
    "constraints": "SELECT conrelid::regclass || '.' || conname FROM pg_constraint "
    "WHERE connamespace = 'public'::regnamespace",
    "indexes": "SELECT indexname FROM pg_indexes WHERE schemaname = 'public'",
    "triggers": "SELECT tgrelid::regclass || '.' || tgname FROM pg_trigger WHERE NOT tgisinternal",
    "functions": "SELECT proname FROM pg_proc WHERE pronamespace = 'public'::regnamespace",
    "sequences": "SELECT sequencename FROM pg_sequences WHERE schemaname = 'public'",
}
RECORD_QUERIES = {
    "menus": "SELECT id FROM ir_ui_menu",
    "crons": "SELECT id FROM ir_cron",
    "server actions": "SELECT id FROM ir_act_server",
    "groups": "SELECT id FROM res_groups",
    "models": "SELECT model FROM ir_model",
    "fields": "SELECT model || '.' || name FROM ir_model_fields",
    "settings": "SELECT key FROM ir_config_parameter",
    "views": "SELECT id FROM ir_ui_view",
    "mail templates": "SELECT id FROM mail_template",
    "activity types": "SELECT id FROM mail_activity_type",
}
UNINSTALL = """
domain = [("name", "in", {names!r}), ("state", "=", "installed")]
env["ir.module.module"].search(domain).button_immediate_uninstall()
"""


@pytest.fixture(scope="module")
def databases():
    """The databases of this checkout; the environment names the running server."""
    workspace = Workspace(ROOT, Settings.from_environ(os.environ))
    return Databases(Odoo(workspace, ensure_odoo_tree(workspace), ensure_postgres(workspace)))


def snapshot(databases, name):
    """Everything the addon must leave as it was, as sets of texts."""
    server = databases.server
    found = {
        title: {row[0] for row in server.query(sql, database=name)}
        for title, sql in {**SCHEMA_QUERIES, **RECORD_QUERIES}.items()
    }
    for table in BUSINESS_TABLES:
        sql = f"SELECT id || ' ' || md5(({CONTENT})::text) FROM {table} t"
        found[table] = {row[0] for row in server.query(sql, database=name)}
    return found


@pytest.mark.parametrize("addon", addon_names())
def test_addon_installs_alone_and_goes_without_a_trace(databases, addon):
    """Install, uninstall, compare."""
    name = databases.internal(f"alone_{addon}")
    databases.copy(os.environ["HARNESS_ERP_TEMPLATE"], name)
    try:
        before = snapshot(databases, name)
        assert before["sale_order"], "the template has no orders to compare"
        databases.odoo.run(f"Installing {addon}", name, "-i", addon)
        databases.odoo.run_code(f"Uninstalling {addon}", name, UNINSTALL.format(names=addon_names()))
        after = snapshot(databases, name)
        sql = f"SELECT model || ' ' || name FROM ir_model_data WHERE module = '{addon}'"
        assert not databases.server.query(sql, database=name), "external ids are left"
    finally:
        databases.drop(name)
    left = {title: sorted(after[title] - before[title])[:10] for title in before}
    gone = {title: sorted(before[title] - after[title])[:10] for title in before}
    assert not {title: values for title, values in left.items() if values}, "left behind or changed"
    assert not {title: values for title, values in gone.items() if values}, "lost or changed"
