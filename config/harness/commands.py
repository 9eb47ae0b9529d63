"""The commands by name, and how their errors are told."""

import errno
import os
import sys
from pathlib import Path

from .addons import bridges, load_addons
from .console import UserError, say
from .prepare import prepare_databases, preparing
from .processes import run_visibly
from .server import require_free_port, serve
from .workspace import Settings, Workspace

EXIT_INTERRUPTED = 130


def command_run(workspace):
    """Serve the product, from a bare clone on."""
    require_free_port(workspace)
    with preparing(workspace, "make run"):
        databases, name = _run_database(workspace)
    return serve(databases.odoo, name)


def command_test(workspace):
    """Prepare the same, then run every test."""
    from .testing import run_tests

    return run_tests(workspace)


def command_lint(workspace):
    """Run every linter and the static checks of our own."""
    from .linting import run_linters

    return run_linters(workspace)


def command_benchmark(workspace):
    """Run the timed comparison NAME."""
    from .benchmark import run_benchmark

    return run_benchmark(workspace)


def command_shell(workspace):
    """Open Odoo's shell on the served database."""
    with preparing(workspace, "make shell"):
        databases, name = _run_database(workspace)
    odoo = databases.odoo
    return run_visibly(odoo.command("-d", name, "--no-http", subcommand="shell"), env=odoo.env)


def command_psql(workspace):
    """Open psql on the served database."""
    with preparing(workspace, "make psql"):
        databases, _selection = prepare_databases(workspace)
    name = workspace.settings.run_database
    if name not in databases.notes():
        raise UserError(f"There is no database {name} yet; make run makes it.")
    return run_visibly([databases.server.client("psql"), "-d", name], env=databases.server.env)


def command_stop(workspace):
    """Stop the servers of this checkout."""
    from .cleaning import stop

    return stop(workspace)


def command_clean(workspace):
    """Remove everything the commands have made."""
    from .cleaning import clean

    return clean(workspace)


def command_help(_workspace):
    """List the commands."""
    for name, command in COMMANDS.items():
        say(f"  make {name:<10} {command.__doc__.strip()}")
    say(
        "Variables: PORT=8070  DB=name  DEMO=0  ADDONS=crm_core,...  K=filter  BROWSER=0  "
        "WORKERS=1  NAME=benchmark  YES=1  ODOO_SOURCE=path"
    )
    return 0


COMMANDS = {
    "run": command_run,
    "test": command_test,
    "lint": command_lint,
    "benchmark": command_benchmark,
    "shell": command_shell,
    "psql": command_psql,
    "stop": command_stop,
    "clean": command_clean,
    "help": command_help,
}


def main(arguments):
    """Run one command and return its exit code; an error is one sentence."""
    root = Path(__file__).resolve().parents[2]
    try:
        if len(arguments) != 1 or arguments[0] not in COMMANDS:
            raise UserError(f"Say one of: {', '.join(COMMANDS)}.")
        settings = Settings.from_environ(os.environ)
        return COMMANDS[arguments[0]](Workspace(root, settings))
    except UserError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        _fail("interrupted; the next start goes on where this one stopped.")
        return EXIT_INTERRUPTED
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return _fail(f"the disk is full ({error.filename or root}): free some space and start again.")
        if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return _fail(f"no right to write {error.filename}: start as the owner of the checkout.")
        raise


def _run_database(workspace):
    """Return the databases and the name of the served one, which is up to date then."""
    databases, selection = prepare_databases(workspace)
    name = workspace.settings.run_database
    found = bridges(load_addons(workspace.addons_dir))
    databases.ensure_run_database(name, selection, workspace.settings.demo, found)
    return databases, name


def _fail(sentence):
    """Print an error and return the exit code for it."""
    print(f"Error: {sentence}", file=sys.stderr, flush=True)
    return 1
