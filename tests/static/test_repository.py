"""Checks of the repository as a whole."""

import re
import subprocess

from suite import ROOT

TOP_LEVEL = {
    "addons",
    "config",
    "tests",
    "docker-compose.yml",
    "README.md",
    "Makefile",
    "pyproject.toml",
    "LICENSE",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
}


def tracked_files():
    """Names of the files git keeps."""
    output = subprocess.check_output(["git", "ls-files"], cwd=ROOT, text=True)
    return output.splitlines()


def test_top_level_is_as_agreed():
    """Nothing else joins the top level; files with a dot may."""
    names = {name.split("/")[0] for name in tracked_files()}
    assert not {name for name in names if not name.startswith(".")} - TOP_LEVEL


def test_no_package_host_in_lock_files():
    """Packages come from whatever registry the machine is set up for."""
    lock = (ROOT / "config/eslint/package-lock.json").read_text(encoding="utf-8")
    assert '"resolved"' not in lock
    for path in ROOT.glob("config/requirements*.txt"):
        assert not re.search(r"https?://|--(extra-)?index-url", path.read_text(encoding="utf-8"))


def test_no_machine_path_in_tracked_files():
    """No file names a folder of the machine it was written on."""
    pattern = re.compile(r"/home/\w+/|/root/\w+|/Users/\w+/")
    found = []
    for name in tracked_files():
        path = ROOT / name
        if path.is_file() and path.suffix in (
            ".py",
            ".md",
            ".toml",
            ".yml",
            ".sh",
            ".xml",
            ".conf",
            ".js",
            "",
        ):
            text = path.read_text(encoding="utf-8", errors="ignore")
            found += [name for line in text.splitlines() if pattern.search(line) and "re.compile" not in line]
    assert not found
