"""Each addon alone on what it needs: it installs, and leaves nothing behind when it goes.

The database is a copy of the addon's ground: the ERP with demo data, so that there are orders,
invoices and partners, and those of our addons that this one needs. A bridge gets the app it joins
first.
"""

import json
import os

import pytest
from suite import ADDONS, ROOT

from harness.addons import erp_dependencies, load_addons, needed_by
from harness.databases import INSTALLED_SQL, Databases
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
INSTALL = """
env["ir.module.module"].search([("name", "in", {names!r})]).button_immediate_install()
"""
IN_AND_OUT = """
def installed():
    env.cr.rollback()
    env.cr.execute("SELECT name FROM ir_module_module WHERE state = 'installed'")
    return {{name for name, in env.cr.fetchall()}}

before = installed()
env["ir.module.module"].update_list()
addon = env["ir.module.module"].search([("name", "=", {addon!r})])
addon.button_immediate_install()
assert installed() == before | {{addon.name}}, installed() - before
addon.button_immediate_uninstall()
assert installed() == before, before - installed()
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
        title: column(databases, name, sql) for title, sql in {**SCHEMA_QUERIES, **RECORD_QUERIES}.items()
    }
    for table in BUSINESS_TABLES:
        sql = f"SELECT id || ' ' || md5(({CONTENT})::text) FROM {table} t"
        found[table] = {row[0] for row in server.query(sql, database=name)}
    return found


def column(databases, name, sql):
    """The first column of what a query returns, as a set."""
    return {row[0] for row in databases.server.query(sql, database=name)}


def prepare(databases, name, addon, needed):
    """Copy the ground and install the apps that only this addon needs."""
    databases.copy(json.loads(os.environ["HARNESS_GROUNDS"])[addon.name], name)
    wanted = set(erp_dependencies([*needed, addon]))
    missing = sorted(wanted - column(databases, name, INSTALLED_SQL))
    if missing:
        code = INSTALL.format(names=missing)
        databases.odoo.run_code(f"Installing {missing}", name, code, databases.odoo.seeing_only(needed))


@pytest.mark.parametrize("addon", load_addons(ADDONS).values(), ids=lambda addon: addon.name)
def test_addon_installs_alone_and_goes_without_a_trace(databases, addon):
    """Install, uninstall, compare."""
    name = databases.internal(f"alone_{addon.name}")
    needed = needed_by(load_addons(ADDONS), addon)
    try:
        prepare(databases, name, addon, needed)
        before = snapshot(databases, name)
        assert before["sale_order"], "the ground has no orders to compare"
        title = f"Installing and uninstalling {addon.name}"
        code = IN_AND_OUT.format(addon=addon.name)
        databases.odoo.run_code(title, name, code, databases.odoo.seeing_only([*needed, addon]))
        after = snapshot(databases, name)
        sql = f"SELECT model || ' ' || name FROM ir_model_data WHERE module = '{addon.name}'"
        assert not databases.server.query(sql, database=name), "external ids are left"
    finally:
        databases.drop(name)
    left = {title: sorted(after[title] - before[title])[:10] for title in before}
    gone = {title: sorted(before[title] - after[title])[:10] for title in before}
    assert not {title: values for title, values in left.items() if values}, "left behind or changed"
    assert not {title: values for title, values in gone.items() if values}, "lost or changed"
