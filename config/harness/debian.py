"""Debian's packages: installed on the machine where we may, or unpacked into the checkout.

Unpacking uses a private set-up of apt (own lists, cache and sources) whose mirror is the machine's
own and whose
signatures are verified with the machine's Debian keyring. Nothing of the machine is changed by it.
"""

import os
import re
import shutil

from .console import UserError, say, step
from .files import file_hash, remove_tree, write_atomically
from .processes import CommandFailed, administrator_prefix, is_root, run

KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
ATTEMPTS = 3


def install_system_packages(packages, purpose):
    """Install packages on the machine when we are administrator, else say what to type."""
    names = " ".join(packages)
    prefix = administrator_prefix()
    if prefix is None or not shutil.which("apt-get"):
        raise UserError(
            f"{names} is needed for {purpose}; install it and start again: sudo apt-get install {names}"
        )
    with step(f"Debian packages {names} for {purpose}"):
        environment = ["env", "DEBIAN_FRONTEND=noninteractive"]
        install = [
            *prefix,
            *environment,
            "apt-get",
            "install",
            "-y",
            "--no-install-recommends",
            *packages,
        ]
        try:
            run(install, f"Installing {names}")
        except CommandFailed:
            # A fresh machine has no package lists, or old ones.
            run([*prefix, "apt-get", "update"], "Reading Debian's package lists")
            run(install, f"Installing {names}")


def machine_mirror():
    """Return (mirror, release name) of the machine's own Debian, or None where there is no such
    thing.
    """
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return None
    query = ["apt-get", "indextargets", "--format", "$(ORIGIN)|$(LABEL)|$(SITE)|$(CODENAME)"]
    rows = _debian_rows(run(query, "Asking apt for its mirror"))
    if not rows and is_root():
        run(["apt-get", "update"], "Reading Debian's package lists")
        rows = _debian_rows(run(query, "Asking apt for its mirror"))
    return rows[0] if rows else None


def _debian_rows(output):
    """Pick the main archive: not security, not updates, not other vendors."""
    rows = [line.split("|") for line in output.splitlines() if line.count("|") == 3]
    return [
        (site, codename)
        for origin, label, site, codename in rows
        if origin == label == "Debian" and "-" not in codename
    ]


class PrivateApt:
    """An apt of our own inside the checkout."""

    def __init__(self, folder, mirror, release):
        self.folder = folder
        self.downloads = folder / "downloads"
        self.release = release
        self._config = folder / "apt.conf"
        self._write_configuration(mirror)

    def _write_configuration(self, mirror):
        """Write apt's configuration and its sources: the release of the machine, and sid."""
        for name in (
            "state/lists/partial",
            "cache/archives/partial",
            "sources",
            "preferences",
            "downloads",
        ):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        options = {
            "Dir::State": self.folder / "state",
            "Dir::State::status": self.folder / "status",
            "Dir::Cache": self.folder / "cache",
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": self.folder / "sources",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": self.folder / "preferences",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            # Lists that stay compressed, as in container images, are slow to read.
            "Acquire::GzipIndexes": "false",
        }
        if is_root():
            # The unprivileged user of apt may not enter the checkout.
            options["APT::Sandbox::User"] = "root"
        lines = [f'{key} "{value}";\n' for key, value in options.items()]
        write_atomically(self._config, "".join(lines))
        suites = " ".join(sorted({"sid", self.release}))
        source = f"Types: deb\nURIs: {mirror}\nSuites: {suites}\nComponents: main\nSigned-By: {KEYRING}\n"
        write_atomically(self.folder / "sources" / "debian.sources", source)

    def _run(self, program, *arguments, cwd=None):
        """Run an apt program with our configuration on top of the machine's (which may name a
        proxy).
        """
        return run([program, "-c", self._config, *arguments], f"{program} {arguments[0]}", cwd=cwd)

    def update(self):
        """Fetch the package lists."""
        self._run("apt-get", "update", "--error-on=any")

    def describe(self, wanted):
        """Return {package: its fields} for {package: suite}; apt starts slowly: it is asked once.

        :raises CommandFailed: when the mirror lacks one of them
        """
        names = [f"{package}/{suite}" for package, suite in wanted.items()]
        text = self._run("apt-cache", "show", "--no-all-versions", *names)
        found = {}
        for stanza in text.split("\n\n"):
            fields = dict(re.findall(r"^([A-Za-z0-9-]+): (.+)$", stanza, re.MULTILINE))
            if "Package" in fields:
                found[fields["Package"]] = fields
        return found

    def fetch(self, wanted):
        """Download {package: suite} and return {package: (file, version)}.

        A broken or half file is noticed by its hash and fetched again.
        """
        described = self.describe(wanted)
        for _attempt in range(ATTEMPTS):
            files = {package: self._whole_file(described[package]) for package in wanted}
            missing = [package for package, path in files.items() if path is None]
            if not missing:
                return {name: (path, described[name]["Version"]) for name, path in files.items()}
            names = [f"{package}/{wanted[package]}" for package in missing]
            self._run("apt-get", "download", *names, cwd=self.downloads)
        raise UserError(f"{', '.join(missing)} arrived broken {ATTEMPTS} times; start again later.")

    def _whole_file(self, fields):
        """Return the downloaded file of a package, or None; broken and old ones are removed."""
        whole = None
        for path in self.downloads.glob(f"{fields['Package']}_*.deb"):
            if file_hash(path) == fields["SHA256"]:
                whole = path
            else:
                say(f"  {path.name} is incomplete or old: fetching it again")
                path.unlink()
        return whole


def unpack(files, target):
    """Unpack packages into one folder; it appears only when all of them are in it."""
    temporary = target.with_name(f"{target.name}.tmp")
    remove_tree(temporary)
    temporary.mkdir(parents=True)
    for path in files:
        run(["dpkg-deb", "-x", path, temporary], f"Unpacking {path.name}")
    dangling = dangling_links(temporary)
    if dangling:
        raise UserError(f"Links without a target in the unpacked packages: {', '.join(dangling[:5])}")
    remove_tree(target)
    temporary.rename(target)


def dangling_links(root):
    """List links below ``root`` that lead nowhere, absolute ones read as seen from ``root``; mend
    the latter.
    """
    dangling = []
    for path in root.rglob("*"):
        if not path.is_symlink():
            continue
        goal = str(path.readlink())
        if goal.startswith("/") and (root / goal.lstrip("/")).exists():
            _make_relative(path, root / goal.lstrip("/"))
        elif not path.exists():
            dangling.append(str(path.relative_to(root)))
    return dangling


def _make_relative(link, goal):
    """Replace an absolute link by one that stays inside the unpacked root, wherever that is
    moved.
    """
    link.unlink()
    link.symlink_to(os.path.relpath(goal, link.parent))
