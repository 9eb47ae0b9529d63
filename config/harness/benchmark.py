"""`make benchmark NAME=x`: run tests/benchmarks/x.py against a database with all our addons.

The script finds in its environment ODOO_RC (a configuration file with everything Odoo needs),
PGHOST, PGUSER, and the names of three fresh databases without demo data that it may change as it likes:
PGDATABASE and BENCHMARK_SUITE_DATABASE with all our addons, BENCHMARK_ERP_DATABASE without them.
"""

from .addons import load_addons, select
from .console import UserError, progress, step
from .files import locked, write_atomically
from .prepare import prepare_databases, preparing
from .processes import run_visibly


def run_benchmark(workspace):
    """Run the benchmark NAME and return its exit code."""
    folder = workspace.root / "tests" / "benchmarks"
    benchmarks = _benchmarks(folder)
    name = workspace.settings.name
    if name not in benchmarks:
        raise UserError(
            f"Name a benchmark: make benchmark NAME=..., one of: {', '.join(benchmarks) or 'none yet'}."
        )
    # Two would measure each other, and work in the same databases.
    with locked(workspace.data / "benchmark.lock", "make benchmark"):
        return _measure(workspace, folder, name)


def _measure(workspace, folder, name):
    with preparing(workspace, "make benchmark"):
        databases, _selection = prepare_databases(workspace, development=True)
        selection = select(load_addons(workspace.addons_dir), ())
        suite = databases.suite_template(selection, demo=False)
        erp = databases.erp_template(selection, demo=False)
        sources = {"PGDATABASE": suite, "BENCHMARK_SUITE_DATABASE": suite, "BENCHMARK_ERP_DATABASE": erp}
        names = {key: databases.internal(f"bench_{name}_{number}") for number, key in enumerate(sources)}
        with step("Databases to measure in"):
            for key, source in sources.items():
                databases.copy(source, names[key])
    environment = _environment(workspace, databases.odoo, names["PGDATABASE"]) | names
    progress(f"Benchmark {name}")
    try:
        return run_visibly([workspace.python, folder / f"{name}.py"], env=environment, cwd=workspace.root)
    finally:
        for database in names.values():
            databases.drop(database)


def _benchmarks(folder):
    """Names of the benchmarks: a script ``x.py`` and its helpers ``x_*.py`` are the benchmark x."""
    stems = {path.stem for path in folder.glob("*.py")} - {"harness", "__init__"}
    return sorted(stem for stem in stems if stem.partition("_")[0] == stem)


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
    folders = (workspace.root / "tests" / name for name in ("benchmarks", "models"))
    path = ":".join(map(str, (odoo.env["PYTHONPATH"], *folders)))
    return {**odoo.env, "ODOO_RC": str(config), "PGDATABASE": database, "PYTHONPATH": path}
