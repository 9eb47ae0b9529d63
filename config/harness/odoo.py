"""Calling Odoo: the command line and environment of a program that works on our databases."""

import re

from .console import UserError
from .files import value_hash
from .processes import CommandFailed, run

# Lines of the log that must not occur while a database is made.
_LOGGED_ERROR = re.compile(
    r"^\d{4}-\d\d-\d\d \S+ \d+ ((ERROR|CRITICAL) |WARNING .* demo data failed to install)",
    re.MULTILINE,
)


class Odoo:
    """Odoo of this checkout: tree, environment and server belong together."""

    def __init__(self, workspace, tree, server):
        self.workspace = workspace
        self.tree = tree
        self.server = server

    @property
    def env(self):
        """Environment of Odoo's programs."""
        path = f"{self.workspace.venv / 'bin'}:{self.server.env.get('PATH', '')}"
        return {
            **self.server.env,
            "PATH": path,
            "PYTHONPATH": str(self.tree.python_path),
            # Compiled files away from trees that may not be ours to write into.
            "PYTHONPYCACHEPREFIX": str(self.workspace.data / "pycache"),
            # There they are kept even where the caller wants none beside his own sources.
            "PYTHONDONTWRITEBYTECODE": "",
            "VIRTUAL_ENV": str(self.workspace.venv),
        }

    @property
    def addons_path(self):
        """Value of Odoo's option of that name."""
        return self._addons_path(self.workspace.addons_dir)

    def _addons_path(self, ours):
        return ",".join(str(path) for path in (*self.tree.addons_paths, ours))

    def seeing_only(self, addons):
        """Return the option for which Odoo sees these addons of ours and no other."""
        folder = self.workspace.data / "seen" / value_hash(sorted(addon.name for addon in addons))
        folder.mkdir(parents=True, exist_ok=True)
        for addon in addons:
            link = folder / addon.name
            if not link.is_symlink():
                link.symlink_to(addon.path)
        return f"--addons-path={self._addons_path(folder)}"

    @property
    def options(self):
        """Options every call shares; what is fit for production as well stands in
        config/odoo.conf.
        """
        return {
            "config": self.workspace.config_dir / "odoo.conf",
            "addons-path": self.addons_path,
            "data-dir": self.workspace.odoo_data,
        }

    def command(self, *arguments, subcommand=None):
        """Return the full command line."""
        head = [str(self.workspace.python), "-m", "odoo", *([subcommand] if subcommand else [])]
        return [
            *head,
            *(f"--{name}={value}" for name, value in self.options.items()),
            *map(str, arguments),
        ]

    def run(self, title, database, *arguments):
        """Run Odoo on a database until it has done its work; a logged error counts as failure."""
        log = self.workspace.logs / f"{database}.log"
        command = self.command("-d", database, "--no-http", "--stop-after-init", *arguments)
        output = run(command, title, log=log, env=self.env)
        self._refuse_errors(title, output, log)

    def run_script(self, title, database, script):
        """Run a script of config/scripts in Odoo's shell on a database."""
        code = (self.workspace.config_dir / "scripts" / script).read_text(encoding="utf-8")
        self.run_code(title, database, code)

    def run_code(self, title, database, code, *arguments):
        """Run Python code in Odoo's shell on a database (``env`` is there); it commits itself."""
        log = self.workspace.logs / f"{database}.script.log"
        command = self.command("-d", database, "--no-http", *arguments, subcommand="shell")
        output = run(command, title, log=log, env=self.env, stdin=code)
        if "Traceback (most recent call last)" in output:
            raise CommandFailed(f"{title} failed; the whole output is in {log}.", output)
        self._refuse_errors(title, output, log)

    def _refuse_errors(self, title, output, log):
        """Raise when Odoo logged an error although it went on."""
        found = _LOGGED_ERROR.search(output)
        if found:
            text = output[found.start() :].splitlines()
            raise UserError(
                f"{title}: Odoo logged an error; the whole output is in {log}:\n" + "\n".join(text[:25])
            )
