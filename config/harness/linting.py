"""`make lint`: every linter over all that is ours; all of them run, then the result."""

from .addons import load_addons
from .console import progress, say
from .prepare import preparing
from .processes import run_visibly
from .python_env import ensure_venv
from .tools import ensure_eslint

# pylint-odoo wants a README.rst where ours are README.md, and one class per inherited model where
# we split by subject.
ODOOLINT_LEFT_OUT = ("missing-readme", "category-allowed", "consider-merging-classes-inherited")
# Of the OCA's checks those that are about its own repositories or about taste.
OCA_LEFT_OUT = (
    "prefer-readme-rst",
    "weblate-component-too-long",
    "xml-field-numeric-without-eval",
    "xml-header-wrong",
)


def run_linters(workspace):
    """Run all linters; return 0 when none of them found anything."""
    with preparing(workspace, "make lint"):
        ensure_venv(workspace, development=True)
        eslint = ensure_eslint(workspace) if javascript_files(workspace) else None
    failed = []
    for title, command in linters(workspace, eslint):
        progress(title)
        if run_visibly(command, env=_environment(workspace), cwd=workspace.root):
            failed.append(title)
    say()
    if failed:
        say(f"Lint found something: {', '.join(failed)}")
        return 1
    say("Lint found nothing")
    return 0


def javascript_files(workspace):
    """Our JavaScript, without libraries of others."""
    return [path for path in workspace.addons_dir.glob("*/static/**/*.js") if "lib" not in path.parts]


def linters(workspace, eslint):
    """Return (title, command) of each linter."""
    binaries = workspace.venv / "bin"
    addons = [
        str(addon.path.relative_to(workspace.root)) for addon in load_addons(workspace.addons_dir).values()
    ]
    ours = ["addons", "config", "tests"]
    found = [
        ("ruff check", [binaries / "ruff", "check", *ours]),
        ("ruff format", [binaries / "ruff", "format", "--check", *ours]),
        ("pylint-odoo", [binaries / "pylint", f"--disable={','.join(ODOOLINT_LEFT_OUT)}", *addons]),
        (
            "OCA checks",
            [binaries / "oca-checks-odoo-module", f"--disable={','.join(OCA_LEFT_OUT)}", *addons],
        ),
    ]
    if eslint:
        scripts = {path.relative_to(workspace.root).parts[1] for path in javascript_files(workspace)}
        folders = [f"addons/{name}" for name in sorted(scripts)]
        found.append(("eslint", [*eslint, "--max-warnings=0", "--no-warn-ignored", *folders]))
    pytest = [
        workspace.python,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:odoo",
        "tests/static",
    ]
    return [*found, ("own static checks", pytest)]


def _environment(workspace):
    """Environment of the linters; they must not read a user's own configuration of Odoo."""
    environment = {name: value for name, value in workspace.environ.items() if name != "ODOO_RC"}
    path = f"{workspace.venv / 'bin'}:{environment.get('PATH', '')}"
    return {
        **environment,
        "PATH": path,
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": _python_path(workspace),
    }


def _python_path(workspace):
    """Where the tests find the harness and the plugins."""
    return f"{workspace.root / 'tests' / 'plugins'}:{workspace.config_dir}"
