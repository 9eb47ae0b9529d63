"""What goes wrong outside is told in one clear sentence, with an exit code other than 0."""

import errno
import os
import runpy
import socket
import subprocess
import sys

import pytest
from suite import ROOT

from harness import commands, debian, testing
from harness.console import UserError
from harness.postgres import ensure_postgres
from harness.processes import CommandFailed, alongside, run
from harness.workspace import GIGABYTE, Settings, Workspace


def command(name, **variables):
    """Run a command of the checkout as a user does."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return subprocess.run(
        [sys.executable, str(ROOT / "config" / "manage.py"), name],
        env={**environment, **variables},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_taken_port_is_told_at_once():
    """Before anything is prepared."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        result = command("run", PORT=str(port))
    assert result.returncode == 1
    assert result.stderr.startswith(f"Error: Port {port} is taken by another program;")
    assert len(result.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"PORT": "http"}, "PORT must be a whole number"),
        ({"DEMO": "yes"}, "DEMO must be 0 or 1"),
    ],
)
def test_wrong_variables_are_named(variables, sentence):
    """The variable and what it takes."""
    result = command("run", **variables)
    assert (result.returncode, sentence in result.stderr) == (1, True)


def test_silent_postgres_is_one_sentence(tmp_path):
    """The server the user named is not there."""
    environment = {**os.environ, "PGHOST": str(tmp_path), "PGUSER": "nobody"}
    with pytest.raises(UserError, match="does not answer"):
        ensure_postgres(Workspace(tmp_path, Settings(), environment))


def test_unknown_command_lists_the_commands():
    """The way to the right one."""
    result = command("walk")
    assert result.returncode == 1
    assert "run, test, lint" in result.stderr


def test_clean_without_a_terminal_deletes_nothing():
    """Nobody is there to answer the question."""
    result = command("clean")
    assert result.returncode == 1
    assert "YES=1" in result.stderr or "nothing to remove" in result.stdout


@pytest.fixture
def entry():
    """The entry script as a namespace."""
    return runpy.run_path(str(ROOT / "config" / "manage.py"))


@pytest.mark.parametrize(
    ("version", "expected"), [((3, 9), False), ((3, 10), True), ((3, 13), True), ((3, 14), False)]
)
def test_python_versions(entry, version, expected):
    """Odoo 19 runs on 3.10 to 3.13."""
    assert entry["fits"](version) is expected


def test_wrong_python_is_one_sentence(entry, monkeypatch, capsys):
    """When no other interpreter is found either."""
    entry["main"].__globals__["fitting_interpreter"] = lambda: None
    assert entry["main"]() == 1
    assert "Odoo 19 needs Python 3.10 to 3.13" in capsys.readouterr().err


def test_another_interpreter_is_found(entry):
    """A default Python that does not fit is no reason to stop."""
    names = entry["fitting_interpreter"].__globals__
    names["fits"] = lambda version: tuple(version[:2]) == (3, 12)
    names["version_of"] = lambda program: (3, 12) if program == "python3.12" else None
    assert entry["fitting_interpreter"]() in ("python3.12", sys.executable)


def test_interpreter_of_the_distribution_is_preferred(entry, monkeypatch):
    """It is the faster one; not when another is named, nor when nobody can make environments with it."""
    names = entry["fitting_interpreter"].__globals__
    names["fits"] = lambda version: True
    names["version_of"] = lambda program: (3, 11)
    monkeypatch.delenv("PYTHON", raising=False)
    names["can_make_environments"] = lambda program: True
    assert entry["fitting_interpreter"]() == "/usr/bin/python3"
    names["can_make_environments"] = lambda program: False
    assert entry["fitting_interpreter"]() == sys.executable
    names["can_make_environments"] = lambda program: True
    monkeypatch.setenv("PYTHON", "python3.13")
    assert entry["fitting_interpreter"]() == sys.executable


def test_full_disk_while_a_program_runs():
    """The system's own message is turned into ours."""
    with pytest.raises(CommandFailed, match=r"^The disk is full \(Writing\): free some space"):
        run(["sh", "-c", "echo x | tee /dev/full"], "Writing")


def test_full_disk_while_we_write(monkeypatch, capsys):
    """An error of our own writing is told the same way."""

    def fail(_workspace):
        raise OSError(errno.ENOSPC, "No space left on device", "somewhere")

    monkeypatch.setitem(commands.COMMANDS, "stop", fail)
    assert commands.main(["stop"]) == 1
    assert "Error: the disk is full (somewhere)" in capsys.readouterr().err


def test_too_little_space_is_told_before_the_start():
    """Rather than after minutes of work."""
    workspace = Workspace(ROOT, Settings())
    with pytest.raises(UserError, match=r"5 GB are needed .* 2\.0 GB are free"):
        workspace.require_disk_space(2 * GIGABYTE, 5)


@pytest.mark.parametrize(
    "said",
    [
        "W: Temporary failure resolving 'mirror'",
        "npm ERR! code ENOTFOUND",
        "fatal: unable to access: Could not resolve host: example.org",
        "Failed to establish a new connection: NewConnectionError",
    ],
)
def test_missing_network(said):
    """Whichever program says it, we say the same."""
    with pytest.raises(CommandFailed, match=r"^No network \(Fetching\)"):
        run(["sh", "-c", f'echo "{said}"; exit 1'], "Fetching")


def test_missing_program_is_named():
    """Not a traceback."""
    with pytest.raises(CommandFailed, match="no-such-program is not installed"):
        run(["no-such-program"], "Trying")


def _fail():
    """Fail as a step does."""
    raise UserError("The other one failed.")


def test_error_of_the_second_process_is_told():
    """What runs alongside does not fail in silence."""
    with pytest.raises(UserError, match=r"The other one failed\."), alongside(_fail):
        pass


def test_missing_mail_server_is_asked_for(monkeypatch):
    """The tests of mail need a server of mailboxes; without the right to install one, we say what to type."""
    monkeypatch.setattr(testing, "MAIL_SERVERS", ("no-such-program",))
    monkeypatch.setattr(debian, "administrator_prefix", lambda: None)
    with pytest.raises(UserError, match=r"the tests of mail.* sudo apt-get install dovecot-imapd"):
        testing.ensure_mail_server()
