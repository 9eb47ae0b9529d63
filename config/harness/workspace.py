"""Where things lie in a checkout, and what the user asked for through the environment."""

import hashlib
import os
from dataclasses import dataclass, field
from pathlib import Path

from .console import UserError

DEFAULT_PORT = 8069
DEFAULT_DATABASE = "crm_suite"
GIGABYTE = 1024**3


@dataclass(frozen=True)
class Settings:
    """The variables of a command, e.g. ``make run PORT=8070 DEMO=0``."""

    port: int = DEFAULT_PORT
    database: str = ""
    demo: bool = True
    addons: tuple = ()
    keyword: str = ""
    thorough: bool = False
    browser: bool = True
    name: str = ""
    workers: int = 0
    odoo_source: str = ""
    yes: bool = False

    @classmethod
    def from_environ(cls, environ):
        """Read the variables; an unset and an empty one mean the same."""
        return cls(
            port=_number(environ, "PORT", DEFAULT_PORT),
            database=environ.get("DB", ""),
            demo=_switch(environ, "DEMO", True),
            addons=tuple(name.strip() for name in environ.get("ADDONS", "").split(",") if name.strip()),
            keyword=environ.get("K", ""),
            thorough=_switch(environ, "THOROUGH", False),
            browser=_switch(environ, "BROWSER", True),
            name=environ.get("NAME", ""),
            workers=_number(environ, "WORKERS", 0),
            odoo_source=environ.get("ODOO_SOURCE", ""),
            yes=_switch(environ, "YES", False),
        )

    @property
    def run_database(self):
        """Name of the database that is served; one without demo data has its own name."""
        return self.database or (DEFAULT_DATABASE if self.demo else f"{DEFAULT_DATABASE}_empty")


@dataclass(frozen=True)
class Workspace:
    """A checkout: its folders and the settings of this command."""

    root: Path
    settings: Settings = field(default_factory=Settings)
    environ: dict = field(default_factory=lambda: dict(os.environ))

    @property
    def addons_dir(self):
        """Our addons."""
        return self.root / "addons"

    @property
    def config_dir(self):
        """Configuration and the code behind ``make``."""
        return self.root / "config"

    @property
    def venv(self):
        """The virtual environment."""
        return self.root / ".venv"

    @property
    def python(self):
        """Python of the virtual environment."""
        return self.venv / "bin" / "python"

    @property
    def odoo_dir(self):
        """The unpacked Odoo tree, its downloads, and other unpacked programs."""
        return self.root / ".odoo"

    @property
    def data(self):
        """Cluster, filestore, logs, locks and stamps."""
        return self.root / ".data"

    @property
    def node_dir(self):
        """The JavaScript linter."""
        return self.root / ".node"

    @property
    def logs(self):
        """Output of the programs that were started."""
        return self.data / "logs"

    @property
    def odoo_data(self):
        """Odoo's data directory (filestore and sessions)."""
        return self.data / "odoo"

    @property
    def checkout_id(self):
        """Short name of this checkout, so that two of them never share a database or a socket."""
        return hashlib.sha256(str(self.root).encode()).hexdigest()[:8]

    def require_disk_space(self, free_bytes, gigabytes):
        """Refuse to begin what could not be finished."""
        if free_bytes < gigabytes * GIGABYTE:
            raise UserError(
                f"The disk is too full: {gigabytes} GB are needed in {self.root} and "
                f"{free_bytes / GIGABYTE:.1f} GB are free; free some space and start again."
            )


def _number(environ, name, default):
    """Read a whole number."""
    text = environ.get(name, "")
    if not text:
        return default
    if not text.isdigit():
        raise UserError(f"{name} must be a whole number, not {text!r}.")
    return int(text)


def _switch(environ, name, default):
    """Read a switch: 0 or 1."""
    text = environ.get(name, "")
    if text not in ("", "0", "1"):
        raise UserError(f"{name} must be 0 or 1, not {text!r}.")
    return default if text == "" else text == "1"
