"""Databases: templates that are made once and copied in a second, and the one that is served.

A template is finished when the comment of its database says so. It is made under a temporary name
and renamed at the
end, so one that was killed midway is never taken for a finished one; its rest is removed by the
next command.
"""

import json
import time

from .addons import bridges, erp_dependencies, load_addons, needed_by, select, with_bridges
from .console import UserError, step
from .files import link_tree, remove_tree, value_hash

# How many templates of each kind are kept, so that the disk stays bounded.
KEPT = {"erp": 6, "suite": 6, "ground": 8}
# Changing this makes all templates anew: raise it when the way they are made changes.
RECIPE = 2
# Makes a ground: our addons are forgotten, then those of them that are seen are installed.
GROUND = """
env.cr.execute("DELETE FROM ir_model_data WHERE model = 'ir.module.module' AND res_id IN "
               "(SELECT id FROM ir_module_module WHERE name = ANY(%s))", [{ours!r}])
env.cr.execute("DELETE FROM ir_module_module WHERE name = ANY(%s)", [{ours!r}])
# Odoo gives an addon its demo data when all it depends on has its own. Ours would be orders and
# invoices that belong to the ERP and rightly stay.
env.cr.execute("UPDATE ir_module_module SET demo = FALSE")
env["ir.module.module"].update_list()
env["ir.module.module"].search([("name", "in", {names!r})]).button_immediate_install()
env.cr.commit()
"""


class Databases:
    """The databases of a checkout, each with its filestore."""

    def __init__(self, odoo):
        self.odoo = odoo
        self.server = odoo.server
        self._id = odoo.workspace.checkout_id

    # Names and notes

    def filestore(self, name):
        """Folder of a database's attachments."""
        return self.odoo.workspace.odoo_data / "filestore" / name

    def internal(self, name):
        """Name of a database that belongs to this checkout alone."""
        return f"crm_{self._id}_{name}"

    def notes(self):
        """Return {database: its note}, the note being the JSON object we keep as the database's
        comment.
        """
        rows = self.server.query(
            "SELECT datname, coalesce(shobj_description(oid, 'pg_database'), '') "
            "FROM pg_database WHERE NOT datistemplate"
        )
        return {row[0]: _parse_note(row[1] if len(row) > 1 else "") for row in rows}

    def write_note(self, name, note):
        """Store the note of a database."""
        text = json.dumps(note, sort_keys=True).replace("'", "''")
        self.server.query(f"COMMENT ON DATABASE \"{name}\" IS '{text}'")

    # Steps

    def drop(self, name):
        """Remove a database and its filestore, whoever is connected."""
        self.server.query(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        remove_tree(self.filestore(name))

    def copy(self, source, target):
        """Make a database as a copy of another one; one of the same name is replaced."""
        self.drop(target)
        self._disconnect(source)
        self.server.query(f'CREATE DATABASE "{target}" TEMPLATE "{source}"')
        link_tree(self.filestore(source), self.filestore(target))

    def make(self, target, note, fill):
        """Make a database under a temporary name with ``fill(name)`` and give it its own name when
        all is done.
        """
        temporary = self.internal(f"making_{value_hash(target)}")
        self.drop(temporary)
        fill(temporary)
        self._disconnect(temporary)
        self.write_note(temporary, {**note, "checkout": self._id, "used": int(time.time())})
        remove_tree(self.filestore(target))
        if self.filestore(temporary).exists():
            self.filestore(temporary).rename(self.filestore(target))
        self.server.query(f'ALTER DATABASE "{temporary}" RENAME TO "{target}"')

    def sweep(self):
        """Drop what a killed command left half made; nobody else may be making anything."""
        for name in self.notes():
            if name.startswith(self.internal("making_")):
                self.drop(name)

    def _disconnect(self, name):
        """End other connections: a database is copied and renamed only without them."""
        self.server.query(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'")

    def _template(self, kind, key, note, title, fill):
        """Return the name of a template, made when it is missing."""
        name = self.internal(f"{kind}_{key}")
        known = self.notes().get(name)
        if known is None or not self.filestore(name).exists():
            with step(title):
                self.drop(name)
                self.make(name, {"kind": kind, **note}, fill)
            self.prune(kind)
        else:
            self.write_note(name, {**known, "used": int(time.time())})
        return name

    def prune(self, kind):
        """Drop the templates of this kind that were not used for longest."""
        ours = {
            name: note
            for name, note in self.notes().items()
            if note.get("kind") == kind and note.get("checkout") == self._id
        }
        for name in sorted(ours, key=lambda name: ours[name]["used"], reverse=True)[KEPT[kind] :]:
            self.drop(name)

    # Templates

    def erp_template(self, selection, demo):
        """Return a database with only the foreign addons that ours depend on.

        What bridges need in addition is put on top of the template of the others.
        """
        dependencies = erp_dependencies(selection)
        plain = [addon for addon in selection if not addon.is_bridge]
        base = self.erp_template(plain, demo) if erp_dependencies(plain) != dependencies else None
        missing = sorted({*dependencies} - {*erp_dependencies(plain)}) if base else ["base", *dependencies]
        key = value_hash(RECIPE, self.odoo.tree.identity, base, dependencies, demo)

        def fill(name):
            if base:
                self.copy(base, name)
            else:
                self._create(name)
            self.odoo.run(
                "Installing the ERP", name, "-i", ",".join(missing), *(["--with-demo"] if demo else [])
            )
            if not base:
                self.odoo.run_script("Preparing the ERP database", name, "prepare_database.py")

        more = f", and {', '.join(missing)}" if base else ""
        title = f"ERP template database {'with' if demo else 'without'} demo data{more}"
        return self._template("erp", key, {"demo": demo}, title, fill)

    def _create(self, name):
        """Make an empty database with the extensions of PostgreSQL that Odoo and ours use."""
        self.server.query(f"CREATE DATABASE \"{name}\" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C'")
        for extension in ("pg_trgm", "unaccent", "btree_gist"):
            self.server.query(f"CREATE EXTENSION {extension}", database=name)
        # As Odoo does it: addons make indexes with the function, which PostgreSQL refuses otherwise.
        self.server.query("ALTER FUNCTION unaccent(text) IMMUTABLE", database=name)

    def suite_template(self, selection, demo, bundles=False):
        """Return a database with the selected addons of ours; with their web bundles built when
        ``bundles``.
        """
        erp = self.erp_template(selection, demo)
        there = self._coming(erp, selection)
        content = [(addon.name, addon.content_hash()) for addon in there]
        web = [addon.static_hash() for addon in there] if bundles else None
        names = ",".join(addon.name for addon in selection)

        def fill(name):
            self.copy(erp, name)
            self.odoo.run(f"Installing {names}", name, "-i", names)
            if bundles:
                self.odoo.run_script("Building web bundles", name, "prepare_database.py")

        title = f"Database with {names}, {'with' if demo else 'without'} demo data"
        return self._template("suite", value_hash(erp, content, web), {"demo": demo}, title, fill)

    def ground_template(self, addon):
        """Return a database to try the addon on alone: the ERP with its demo data and those of our
        addons that this one needs.
        """
        ours = load_addons(self.odoo.workspace.addons_dir)
        needed = needed_by(ours, addon)
        erp = self.erp_template(select(ours, ()), demo=True)
        content = [(other.name, other.content_hash()) for other in needed]
        names = [other.name for other in needed]

        def fill(name):
            self.copy(erp, name)
            code = GROUND.format(ours=sorted(ours), names=names)
            self.odoo.run_code("Installing", name, code, self.odoo.seeing_only(needed))

        title = f"Database to try addons on that need {', '.join(names) or 'the ERP alone'}"
        return self._template("ground", value_hash(erp, content), {"demo": True}, title, fill)

    def _coming(self, database, selection):
        """Return what of ours is in that database once the selection is installed: Odoo adds the bridges
        to apps that others brought along.
        """
        ours = bridges(load_addons(self.odoo.workspace.addons_dir))
        return with_bridges(selection, ours, self._installed(database))

    def _installed(self, database):
        return {row[0] for row in self.server.query(INSTALLED_SQL, database=database)}

    # The served database

    def ensure_run_database(self, name, selection, demo, joining=()):
        """Make the served database, or bring the addons in it up to date with the files.

        Of the bridges ``joining`` those are looked after whose apps somebody has installed there.
        """
        note = self.notes().get(name)
        if note is None:
            template = self.suite_template(selection, demo, bundles=True)
            there = self._coming(template, selection)
            note = {"kind": "run", "content": content_hashes(there), "demo": demo}
            with step(f"Database {name}"):
                self.make(name, note, lambda temporary: self.copy(template, temporary))
            return
        if note.get("checkout", self._id) != self._id:
            raise UserError(
                f"The database {name} belongs to another checkout; choose a name of your own with DB=."
            )
        self._update(name, note, selection, joining)

    def _update(self, name, note, selection, joining):
        """Install what is new and update what has changed since the database was last brought up to
        date.
        """
        known = note.get("content", {})
        installed = self._installed(name)
        content = content_hashes(with_bridges(selection, joining, installed))
        missing = [addon for addon in content if addon not in installed]
        changed = [
            addon for addon, value in content.items() if addon in installed and known.get(addon) != value
        ]
        arguments = [
            *(["-i", ",".join(missing)] if missing else []),
            *(["-u", ",".join(changed)] if changed else []),
        ]
        if arguments:
            with step(f"Updating {', '.join(missing + changed)} in {name}"):
                self.odoo.run("Updating the addons", name, *arguments)
        self.write_note(name, {**note, "kind": "run", "checkout": self._id, "content": {**known, **content}})


INSTALLED_SQL = "SELECT name FROM ir_module_module WHERE state = 'installed'"


def content_hashes(selection):
    """Return {addon: hash of what it puts into a database}."""
    return {addon.name: addon.content_hash() for addon in selection}


def _parse_note(text):
    """Read the comment of a database; a foreign comment is no note."""
    try:
        note = json.loads(text or "{}")
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}
