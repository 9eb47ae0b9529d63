"""The Odoo 19 tree: a given one, Debian's packages, or a clone of Odoo's public repository."""

from dataclasses import dataclass
from pathlib import Path

from .console import UserError, say, step
from .debian import KEYRING, PrivateApt, install_system_packages, machine_mirror, unpack
from .files import read_json, remove_tree, value_hash, write_json
from .processes import CommandFailed, run, succeeds

REPOSITORY = "https://github.com/odoo/odoo.git"
BRANCH = "19.0"
# What Debian's odoo-19 links to, so that no file of the web client is missing.
FROM_SID = (
    "odoo-19",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
    "fonts-roboto-unhinted",
    "fonts-montserrat",
    "fonts-ocr-b",
)
FROM_RELEASE = ("fonts-font-awesome", "fonts-inconsolata")
DEBIAN_PYTHON_PATH = "usr/lib/python3/dist-packages"


@dataclass(frozen=True)
class OdooTree:
    """An Odoo tree: where Python finds it, its addons folders, and a text that changes when it
    changes.
    """

    python_path: Path
    addons_paths: tuple
    identity: str


def ensure_odoo_tree(workspace):
    """Return the Odoo tree of this checkout, fetching it when it is not there."""
    if workspace.settings.odoo_source:
        return given_tree(Path(workspace.settings.odoo_source).expanduser().resolve())
    known = read_json(workspace.odoo_dir / "tree.json")
    if known and (workspace.odoo_dir / known["folder"]).is_dir():
        return _tree(workspace.odoo_dir / known["folder"], known["identity"])
    with step("Odoo 19"):
        known = _from_debian(workspace) or _from_repository(workspace)
        write_json(workspace.odoo_dir / "tree.json", known)
    return _tree(workspace.odoo_dir / known["folder"], known["identity"])


def given_tree(path):
    """Return the tree the user named with ODOO_SOURCE."""
    if not path.is_dir():
        raise UserError(f"ODOO_SOURCE={path} is not a folder.")
    revision = ""
    if (path / ".git").exists():
        revision = run(
            ["git", "-C", path, "rev-parse", "HEAD"], "Reading the revision of ODOO_SOURCE"
        ).strip()
    return _tree(path, value_hash(str(path), revision))


def _tree(path, identity):
    """Recognize the shape of a tree: Debian's, or the repository's."""
    python_path = path / DEBIAN_PYTHON_PATH if (path / DEBIAN_PYTHON_PATH).is_dir() else path
    release = python_path / "odoo" / "release.py"
    if not release.is_file():
        raise UserError(f"{path} holds no Odoo: {release} is missing.")
    if "version_info = (19, 0" not in release.read_text(encoding="utf-8"):
        raise UserError(f"{path} is not Odoo 19.0.")
    addons_paths = (python_path / "addons",) if (python_path / "addons" / "web").is_dir() else ()
    return OdooTree(python_path, addons_paths, identity)


def _from_debian(workspace):
    """Unpack Debian's packages; None where the machine is no Debian or its mirror has no
    Odoo 19.
    """
    mirror = machine_mirror()
    if mirror is None or not Path(KEYRING).exists():
        return None
    apt = PrivateApt(workspace.odoo_dir / "apt", *mirror)
    apt.update()
    wanted = {**dict.fromkeys(FROM_SID, "sid"), **dict.fromkeys(FROM_RELEASE, apt.release)}
    try:
        apt.describe(wanted)
    except CommandFailed:
        say("  Debian's mirror has no odoo-19: taking Odoo's public repository instead")
        return None
    fetched = apt.fetch(wanted)
    unpack([path for path, _version in fetched.values()], workspace.odoo_dir / "root")
    return {"folder": "root", "identity": f"debian {fetched['odoo-19'][1]}"}


def _from_repository(workspace):
    """Clone the newest revision of Odoo's branch."""
    if not succeeds(["git", "--version"]):
        install_system_packages(["git"], "the clone of Odoo")
    target = workspace.odoo_dir / "source"
    temporary = workspace.odoo_dir / "source.tmp"
    remove_tree(temporary)
    remove_tree(target)
    command = ["git", "clone", "--quiet", "--depth", "1", "--branch", BRANCH, REPOSITORY, temporary]
    run(command, "Cloning Odoo's public repository")
    revision = run(["git", "-C", temporary, "rev-parse", "HEAD"], "Reading Odoo's revision").strip()
    temporary.rename(target)
    return {"folder": "source", "identity": f"git {revision}"}
