"""The virtual environment with the pinned requirements."""

import os
import sys

from .console import step
from .debian import install_system_packages
from .files import file_hash, read_json, remove_tree, value_hash, write_json
from .processes import CommandFailed, run, succeeds

RUNTIME = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"
DATA = "requirements-data.txt"


def ensure_venv(workspace, development=False):
    """Make `.venv` hold the pinned packages; with the tools for tests and linting, and the data they read,
    when ``development``.
    """
    names = [RUNTIME, DEVELOPMENT, DATA] if development else [RUNTIME]
    for name in names:
        requirements = workspace.config_dir / name
        wanted = value_hash(file_hash(requirements), _interpreter())
        if _stamp(workspace, name) != wanted:
            with step(f"Python packages of config/{name}"):
                _install(workspace, requirements, *(["--no-deps"] if name == DATA else []))
                write_json(_stamp_path(workspace, name), wanted)


def _interpreter():
    """What tells one interpreter from another: another place, or another version at the same place."""
    return [os.path.realpath(sys.executable), *sys.version_info[:3]]


def _stamp_path(workspace, name):
    """The stamp lies inside the environment, so that it goes with it."""
    return workspace.venv / f"{name}.stamp"


def _stamp(workspace, name):
    """Hash of the requirements that were installed completely."""
    return read_json(_stamp_path(workspace, name)) if workspace.python.exists() else None


def _install(workspace, requirements, *options):
    """Install one requirements file. An environment of another interpreter, or one whose installation
    was killed, is made anew (pip has a cache).
    """
    unfinished = workspace.venv / "unfinished"
    made_by = workspace.venv / "interpreter.json"
    if (
        unfinished.exists()
        or read_json(made_by) != _interpreter()
        or not succeeds([workspace.python, "-m", "pip", "--version"])
    ):
        remove_tree(workspace.venv)
        _create(workspace)
        write_json(made_by, _interpreter())
    unfinished.touch()
    command = [
        workspace.python,
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--no-input",
    ]
    run(
        [*command, "--prefer-binary", "--retries", "5", *options, "-r", requirements],
        "Installing Python packages",
        log=workspace.logs / "pip.log",
    )
    unfinished.unlink()


def _create(workspace):
    """Create the empty environment; Debian keeps the module for that in a package of its own."""
    command = [sys.executable, "-m", "venv", workspace.venv]
    try:
        run(command, "Creating the virtual environment")
    except CommandFailed as failure:
        if "ensurepip" not in failure.output:
            raise
        remove_tree(workspace.venv)
        install_system_packages(["python3-venv"], "the virtual environment")
        run(command, "Creating the virtual environment")
