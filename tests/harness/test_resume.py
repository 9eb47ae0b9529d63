"""A command killed at any point leaves nothing that the next one takes for finished."""

import json
import multiprocessing
import os
import re
import subprocess
import sys
import time

import pytest
from suite import ROOT

from harness import debian, files
from harness.databases import KEPT, Databases
from harness.workspace import Workspace


class FakeServer:
    """A PostgreSQL that knows only the names and notes of its databases."""

    def __init__(self):
        self.databases = {}

    def query(self, sql, database="postgres"):
        """Understand what Databases says."""
        patterns = {
            r'DROP DATABASE IF EXISTS "(\S+)"': lambda name: self.databases.pop(name, None),
            r'CREATE DATABASE "(\S+)" TEMPLATE': lambda name: self.databases.update({name: ""}),
            r"COMMENT ON DATABASE \"(\S+)\" IS '(.*)'": lambda name, note: self.databases.update(
                {name: note}
            ),
            r'ALTER DATABASE "(\S+)" RENAME TO "(\S+)"': lambda old, new: self.databases.update(
                {new: self.databases.pop(old)}
            ),
        }
        for pattern, action in patterns.items():
            found = re.match(pattern, sql)
            if found:
                action(*found.groups())
        return [[name, note] for name, note in self.databases.items()]


class FakeOdoo:
    """What Databases needs of Odoo."""

    def __init__(self, root):
        self.workspace = Workspace(root)
        self.server = FakeServer()


@pytest.fixture
def databases(tmp_path):
    """Databases on the fakes."""
    return Databases(FakeOdoo(tmp_path))


def fill(databases):
    """Return a function that makes a database with one attachment."""

    def make(name):
        databases.server.query(f'CREATE DATABASE "{name}" TEMPLATE template0')
        folder = databases.filestore(name)
        folder.mkdir(parents=True)
        (folder / "file").write_text("content")

    return make


def test_half_made_template_is_made_again(databases):
    """The first maker dies in the middle; the second starts from nothing and finishes."""

    def die(name):
        fill(databases)(name)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        databases._template("erp", "key", {}, "Template", die)
    final = databases.internal("erp_key")
    assert final not in databases.server.databases
    assert databases._template("erp", "key", {}, "Template", fill(databases)) == final
    assert list(databases.server.databases) == [final]
    assert json.loads(databases.server.databases[final])["kind"] == "erp"
    assert [path.name for path in databases.filestore(final).parent.iterdir()] == [final]


def test_rests_of_killed_commands_are_swept(databases):
    """Databases that were being made go, all others stay."""
    for name in (databases.internal("making_x"), databases.internal("erp_x"), "crm_suite"):
        databases.server.databases[name] = ""
    databases.sweep()
    assert list(databases.server.databases) == [databases.internal("erp_x"), "crm_suite"]


def test_finished_template_is_not_made_again(databases):
    """The second call only notes that it was used."""
    databases._template("erp", "key", {}, "Template", fill(databases))
    databases._template("erp", "key", {}, "Template", None)


def test_template_without_its_filestore_is_made_again(databases):
    """A database whose attachments were removed is no use."""
    databases._template("erp", "key", {}, "Template", fill(databases))
    files.remove_tree(databases.filestore(databases.internal("erp_key")))
    databases._template("erp", "key", {}, "Template", fill(databases))
    assert (databases.filestore(databases.internal("erp_key")) / "file").exists()


def test_old_templates_are_dropped(databases):
    """The disk stays bounded."""
    for number in range(KEPT["suite"] + 2):
        databases._template("suite", str(number), {}, "Template", fill(databases))
    assert len(databases.server.databases) == KEPT["suite"]


def test_broken_download_is_fetched_again(tmp_path, monkeypatch):
    """A truncated package is noticed by its hash."""
    whole = b"a whole package"
    (tmp_path / "whole").write_bytes(whole)
    wanted = files.file_hash(tmp_path / "whole")
    apt = debian.PrivateApt(tmp_path / "apt", "mirror", "stable")
    (apt.downloads / "thing_1_all.deb").write_bytes(whole[:5])
    fields = {"Package": "thing", "SHA256": wanted, "Version": "1"}
    monkeypatch.setattr(apt, "describe", lambda _wanted: {"thing": fields})

    def download(*_arguments, cwd):
        (cwd / "thing_1_all.deb").write_bytes(whole)

    monkeypatch.setattr(apt, "_run", download)
    path, version = apt.fetch({"thing": "sid"})["thing"]
    assert (path.read_bytes(), version) == (whole, "1")


def test_killed_pip_leads_to_a_new_environment(tmp_path, monkeypatch):
    """The mark of an unfinished installation makes the next start begin anew."""
    from harness import python_env

    workspace = Workspace(tmp_path)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "requirements.txt").write_text("thing==1\n")
    made = []
    monkeypatch.setattr(python_env, "_create", lambda w: (made.append(1), w.venv.mkdir()))
    monkeypatch.setattr(python_env, "succeeds", lambda *_: workspace.venv.exists())

    def killed(*_arguments, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(python_env, "run", killed)
    with pytest.raises(KeyboardInterrupt):
        python_env.ensure_venv(workspace)
    monkeypatch.setattr(python_env, "run", lambda *_arguments, **_options: "")
    python_env.ensure_venv(workspace)
    assert len(made) == 2
    assert not (workspace.venv / "unfinished").exists()


def test_stamp_is_whole_or_absent(tmp_path):
    """A stamp cut short by a crash counts as none."""
    stamp = tmp_path / "stamp.json"
    files.write_json(stamp, {"hash": "x"})
    assert files.read_json(stamp) == {"hash": "x"}
    stamp.write_text('{"ha')
    assert files.read_json(stamp) is None


def test_absolute_links_of_packages_stay_inside(tmp_path):
    """Debian's links to /usr are read as seen from the unpacked root, broken ones are reported."""
    (tmp_path / "usr" / "share").mkdir(parents=True)
    (tmp_path / "usr" / "share" / "font").write_text("font")
    (tmp_path / "link").symlink_to("/usr/share/font")
    (tmp_path / "broken").symlink_to("/usr/share/none")
    assert debian.dangling_links(tmp_path) == ["broken"]
    assert (tmp_path / "link").read_text() == "font"


def _hold(path, ready):
    """Hold the lock until killed."""
    with files.locked(path, "make run"):
        ready.set()
        time.sleep(60)


def test_lock_of_a_killed_command_is_free(tmp_path, capsys):
    """The system frees the lock; while it is held, the one who waits says for whom."""
    fork = multiprocessing.get_context("fork")
    ready = fork.Event()
    holder = fork.Process(target=_hold, args=(tmp_path / "lock", ready))
    holder.start()
    ready.wait(10)
    threading_timer = subprocess.Popen(
        [sys.executable, "-c", f"import os, time; time.sleep(0.5); os.kill({holder.pid}, 9)"]
    )
    with files.locked(tmp_path / "lock", "make test"):
        assert f"make run, process {holder.pid}" in capsys.readouterr().out
    threading_timer.wait()
    holder.join()


def test_children_die_with_the_command(tmp_path):
    """A killed command leaves no writer that would spoil what the next one makes."""
    code = (
        "import sys, subprocess; sys.path.insert(0, sys.argv[1]);"
        "from harness.processes import run; run(['sh', '-c', 'echo $$ > pid; sleep 60'], 'Waiting')"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(ROOT / "config")], cwd=tmp_path)
    pid_file = tmp_path / "pid"
    deadline = time.monotonic() + 10
    while not (pid_file.exists() and pid_file.read_text()) and time.monotonic() < deadline:
        time.sleep(0.05)
    parent.kill()
    parent.wait()
    pid = int(pid_file.read_text())
    while _is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _is_running(pid)


def _is_running(pid):
    """Tell whether the process exists and is no zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_checkouts_do_not_share_names(tmp_path):
    """Two checkouts on one server have different databases."""
    first, second = (Databases(FakeOdoo(tmp_path / name)) for name in "ab")
    assert first.internal("test") != second.internal("test")
    assert os.sep not in first.internal("test")
