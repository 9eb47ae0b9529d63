"""Stopping what runs, and removing what was made."""

import os
import signal
import sys

from .console import UserError, progress, say
from .files import locked, read_json, remove_tree
from .postgres import Cluster, find_binaries
from .server import running_servers


def stop(workspace):
    """Stop this checkout's Odoo servers and its database server."""
    for port, pid in running_servers(workspace).items():
        os.kill(pid, signal.SIGTERM)
        progress(f"Stopped the server on port {port}")
    cluster = _cluster(workspace)
    if cluster and cluster.server.answers():
        cluster.stop()
        progress("Stopped PostgreSQL")
    return 0


def clean(workspace):
    """Remove everything; ask first, because databases are among it."""
    made = [
        path
        for path in (workspace.venv, workspace.odoo_dir, workspace.node_dir, workspace.data)
        if path.exists()
    ]
    if not made:
        say("There is nothing to remove.")
        return 0
    say("This removes the databases of this checkout and: " + ", ".join(path.name for path in made))
    if not (workspace.settings.yes or _confirmed()):
        raise UserError("nothing was removed.")
    with locked(workspace.data / "prepare.lock", "make clean"):
        stop(workspace)
        _remove_foreign_databases(workspace)
        cluster = _cluster(workspace)
        if cluster:
            cluster.destroy()
        for path in made:
            remove_tree(path)
    progress("Removed")
    return 0


def _confirmed():
    """Ask; without a terminal there is nobody to answer."""
    if not sys.stdin.isatty():
        raise UserError("make clean deletes databases: start it in a terminal, or say make clean YES=1.")
    return input("Go on? [y/N] ").strip().lower() in ("y", "yes")


def _cluster(workspace):
    """Return the private cluster if this checkout has one."""
    binaries = find_binaries()
    known = read_json(workspace.data / "cluster.json")
    return Cluster(workspace, binaries) if known and binaries else None


def _remove_foreign_databases(workspace):
    """On a server the user named, drop the databases this checkout made there; other ones are not
    ours to touch.
    """
    if not (workspace.environ.get("PGHOST") or workspace.environ.get("PGUSER")):
        return
    from .databases import Databases
    from .odoo import Odoo
    from .postgres import Server

    databases = Databases(Odoo(workspace, None, Server(workspace, None, {})))
    for name, note in databases.notes().items():
        if note.get("checkout") == workspace.checkout_id:
            progress(f"Dropping the database {name}")
            databases.drop(name)
