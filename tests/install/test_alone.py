"""Each addon alone on the ERP: it installs, and leaves nothing behind when it goes.

The database is a copy of the harness's ERP template with demo data, so that there are orders,
invoices and partners. A bridge gets the app it joins first, and goes before the addons it needs.
"""

import os

import pytest
from suite import ADDONS, ROOT, addon_names

from harness.addons import erp_dependencies, load_addons, select
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
# Columns of the fields that an addon alone has brought.
OWN_COLUMNS = """
SELECT replace(f.model, '.', '_') || '.' || f.name
  FROM ir_model_fields f
  JOIN ir_model_data d ON d.model = 'ir.model.fields' AND d.res_id = f.id
 WHERE f.store
 GROUP BY f.id
HAVING array_agg(d.module::text) = ARRAY['{addon}']
"""
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
        title: column(databases, name, sql) for title, sql in {**SCHEMA_QUERIES, **RECORD_QUERIES}.items()
    }
    for table in BUSINESS_TABLES:
        sql = f"SELECT id || ' ' || md5(({CONTENT})::text) FROM {table} t"
        found[table] = {row[0] for row in server.query(sql, database=name)}
    return found


def column(databases, name, sql):
    """The first column of what a query returns, as a set."""
    return {row[0] for row in databases.server.query(sql, database=name)}


def prepare(databases, name, addon):
    """Copy the template and install the apps that only this addon needs."""
    databases.copy(os.environ["HARNESS_ERP_TEMPLATE"], name)
    wanted = set(erp_dependencies(select(load_addons(ADDONS), (addon,))))
    missing = wanted - column(databases, name, INSTALLED_SQL)
    if missing:
        databases.odoo.run(f"Installing {missing}", name, "-i", ",".join(missing), "--with-demo")
    # Odoo gives an addon its demo data when all it depends on has its own. Ours would be orders and
    # invoices that belong to the ERP and rightly stay.
    databases.server.query("UPDATE ir_module_module SET demo = FALSE", database=name)


def uninstall(databases, name, addons):
    """Uninstall those of the addons that are installed."""
    title = f"Uninstalling {', '.join(addons)}"
    databases.odoo.run_code(title, name, UNINSTALL.format(names=addons))


@pytest.mark.parametrize("addon", addon_names())
def test_addon_installs_alone_and_goes_without_a_trace(databases, addon):
    """Install, uninstall, compare."""
    name = databases.internal(f"alone_{addon}")
    try:
        prepare(databases, name, addon)
        before = snapshot(databases, name)
        assert before["sale_order"], "the template has no orders to compare"
        databases.odoo.run(f"Installing {addon}", name, "-i", addon)
        own = column(databases, name, OWN_COLUMNS.format(addon=addon))
        uninstall(databases, name, [addon])
        columns = column(databases, name, SCHEMA_QUERIES["columns"])
        assert not own & columns, "columns of the addon are left in tables of others"
        if column(databases, name, INSTALLED_SQL) & set(addon_names()):
            uninstall(databases, name, addon_names())
        after = snapshot(databases, name)
        sql = f"SELECT model || ' ' || name FROM ir_model_data WHERE module = '{addon}'"
        assert not databases.server.query(sql, database=name), "external ids are left"
    finally:
        databases.drop(name)
    left = {title: sorted(after[title] - before[title])[:10] for title in before}
    gone = {title: sorted(before[title] - after[title])[:10] for title in before}
    assert not {title: values for title, values in left.items() if values}, "left behind or changed"
    assert not {title: values for title, values in gone.items() if values}, "lost or changed"
