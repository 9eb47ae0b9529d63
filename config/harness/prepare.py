"""What every command needs first: environment, Odoo tree and database server, under the lock of the
checkout.
"""

import shutil
from contextlib import contextmanager

from .addons import load_addons, select
from .databases import Databases
from .files import locked
from .odoo import Odoo
from .odoo_tree import ensure_odoo_tree
from .postgres import ensure_postgres
from .processes import alongside
from .python_env import ensure_venv

GIGABYTES_FOR_FIRST_START = 5
GIGABYTES_FOR_WORK = 1


@contextmanager
def preparing(workspace, purpose):
    """Hold the lock under which anything is made in this checkout."""
    first = not (workspace.data / "cluster.json").exists()
    needed = GIGABYTES_FOR_FIRST_START if first else GIGABYTES_FOR_WORK
    workspace.require_disk_space(shutil.disk_usage(workspace.root).free, needed)
    with locked(workspace.data / "prepare.lock", purpose):
        yield


def prepare_databases(workspace, development=False):
    """Return (databases, selected addons) with everything in place to work on databases."""
    selection = select(load_addons(workspace.addons_dir), workspace.settings.addons)
    # Two downloads that do not know of each other: packages from Python's index, and Odoo.
    with alongside(ensure_venv, workspace, development):
        tree = ensure_odoo_tree(workspace)
        server = ensure_postgres(workspace)
    databases = Databases(Odoo(workspace, tree, server))
    databases.sweep()
    return databases, selection
