"""`make benchmark NAME=x`: run tests/benchmarks/x.py against a database with all our addons.

The script finds in its environment ODOO_RC (a configuration file with everything Odoo needs),
PGHOST, PGUSER and
PGDATABASE: the name of its database, a fresh copy without demo data that it may copy and change as
it likes.
"""

from .addons import load_addons, select
from .console import UserError, progress, step
from .files import write_atomically
from .prepare import prepare_databases, preparing
from .processes import run_visibly


def run_benchmark(workspace):
    """Run the benchmark NAME and return its exit code."""
    folder = workspace.root / "tests" / "benchmarks"
    names = sorted(path.stem for path in folder.glob("*.py") if path.stem not in ("harness", "__init__"))
    name = workspace.settings.name
    if name not in names:
        raise UserError(
            f"Name a benchmark: make benchmark NAME=..., one of: {', '.join(names) or 'none yet'}."
        )
    with preparing(workspace, "make benchmark"):
        databases, _selection = prepare_databases(workspace, development=True)
        selection = select(load_addons(workspace.addons_dir), ())
        template = databases.suite_template(selection, demo=False)
        database = databases.internal(f"bench_{name}_base")
        with step(f"Database {database}"):
            databases.copy(template, database)
    environment = _environment(workspace, databases.odoo, database)
    progress(f"Benchmark {name}")
    try:
        return run_visibly([workspace.python, folder / f"{name}.py"], env=environment, cwd=workspace.root)
    finally:
        databases.drop(database)


def _environment(workspace, odoo, database):
    """Environment of the script, with a configuration file made for it."""
    options = {
        "addons_path": odoo.addons_path,
        "data_dir": workspace.odoo_data,
        "db_name": database,
        "db_host": odoo.server.env.get("PGHOST", "False"),
        "db_port": odoo.server.env.get("PGPORT", "False"),
        "db_user": odoo.server.env.get("PGUSER", "False"),
        "http_interface": "127.0.0.1",
        "list_db": "False",
        "max_cron_threads": 0,
    }
    config = workspace.data / "benchmark.conf"
    write_atomically(
        config, "[options]\n" + "".join(f"{name} = {value}\n" for name, value in options.items())
    )
    path = f"{odoo.env['PYTHONPATH']}:{workspace.root / 'tests' / 'benchmarks'}"
    return {**odoo.env, "ODOO_RC": str(config), "PGDATABASE": database, "PYTHONPATH": path}
