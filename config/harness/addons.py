"""Our addons as they lie on the disk: manifests, dependencies, and a hash of what a database is
made of.
"""

import ast
import hashlib
from dataclasses import dataclass
from pathlib import Path

from .console import UserError

# Changes in here never need an addon to be updated in a database.
NOT_IN_DATABASE = {"tests", "static", "i18n", "readme", "__pycache__"}
EXCEPTIONS = ("static/description/icon.png",)


@dataclass(frozen=True)
class Addon:
    """One of our addons."""

    name: str
    path: Path
    depends: tuple
    manifest: dict

    @property
    def is_bridge(self):
        """A bridge joins an app somebody may not have: Odoo installs it where all it needs is there."""
        return bool(self.manifest.get("auto_install"))

    def content_hash(self):
        """Hash of the files that decide what the addon puts into a database."""
        digest = hashlib.sha256()
        for path in sorted(self.path.rglob("*")):
            relative = path.relative_to(self.path)
            left_out = relative.parts[0] in NOT_IN_DATABASE or "__pycache__" in relative.parts
            if path.is_file() and path.suffix != ".md" and (not left_out or str(relative) in EXCEPTIONS):
                digest.update(str(relative).encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()[:16]

    def static_hash(self):
        """Hash of names, sizes and times of the web files: tells whether bundles are to be built
        again.
        """
        digest = hashlib.sha256()
        for path in sorted((self.path / "static").rglob("*")):
            if path.is_file():
                digest.update(str(path.relative_to(self.path)).encode() + b"\0" + path.read_bytes() + b"\0")
        return digest.hexdigest()[:16]


def load_addons(folder):
    """Return our addons by name."""
    addons = {}
    for path in sorted(folder.glob("*/__manifest__.py")):
        try:
            manifest = ast.literal_eval(path.read_text(encoding="utf-8"))
        except (SyntaxError, ValueError) as error:
            raise UserError(f"The manifest {path} cannot be read: {error}") from error
        if manifest.get("installable", True):
            name = path.parent.name
            addons[name] = Addon(name, path.parent, tuple(manifest.get("depends", ())), manifest)
    if not addons:
        raise UserError(f"There is no addon in {folder}.")
    return addons


def select(addons, names):
    """Return the named addons and those of ours they need, each after what it depends on.

    When none is named: all but bridges. Bridges that need nothing more than the selection has come
    along, because Odoo installs them.
    """
    for name in names:
        if name not in addons:
            raise UserError(f"There is no addon {name!r}; ADDONS takes: {', '.join(addons)}.")
    ordered = {}

    def add(name):
        if name in addons and name not in ordered:
            for dependency in addons[name].depends:
                add(dependency)
            ordered[name] = addons[name]

    for name in names or (name for name, addon in addons.items() if not addon.is_bridge):
        add(name)
    for bridge in bridges(addons):
        if {*ordered, *erp_dependencies(ordered.values())}.issuperset(bridge.depends):
            add(bridge.name)
    return list(ordered.values())


def needed_by(addons, addon):
    """Return those of our addons that this one needs, each after what it depends on."""
    ordered = {}
    for name in addon.depends:
        if name in addons:
            ordered |= {other.name: other for other in needed_by(addons, addons[name])}
            ordered[name] = addons[name]
    return list(ordered.values())


def bridges(addons):
    """Return the addons that join another app."""
    return [addon for addon in addons.values() if addon.is_bridge]


def with_bridges(selection, joining, installed):
    """Return the selection and those of the bridges that Odoo installs with it, where the addons named
    ``installed`` are.
    """
    there = list(selection)
    reached = {*installed, *(addon.name for addon in there)}
    left = [bridge for bridge in joining if bridge not in there]
    while found := [bridge for bridge in left if reached.issuperset(bridge.depends)]:
        there += found
        reached.update(bridge.name for bridge in found)
        left = [bridge for bridge in left if bridge not in found]
    return there


def erp_dependencies(selection):
    """Return the sorted names of the foreign addons these depend on."""
    ours = {addon.name for addon in selection}
    return sorted({name for addon in selection for name in addon.depends} - ours)
