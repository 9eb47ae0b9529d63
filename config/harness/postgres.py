"""The PostgreSQL server: a given one, or a private cluster on a Unix socket inside the checkout."""

import glob
import os
import pwd
import shutil
import time
from pathlib import Path

from .console import UserError, progress, step
from .debian import install_system_packages
from .files import read_json, remove_tree, write_json
from .processes import CommandFailed, is_root, run, succeeds

OLDEST_VERSION = 13
EXTENSIONS = ("pg_trgm", "unaccent", "btree_gist")
ROLE = "odoo"
PORT = 5432
# Longest path of a Unix socket that Linux takes, less the name of PostgreSQL's socket file.
LONGEST_SOCKET_FOLDER = 107 - len("/.s.PGSQL.5432") - 1
STATE_DIR_OF_ROOT = Path("/var/lib/crm-suite")


class Server:
    """A reachable PostgreSQL: the environment for its clients, and plain questions to it."""

    def __init__(self, workspace, binaries, variables):
        self._binaries = binaries
        self.env = {**workspace.environ, **variables}
        self.env.pop("PGDATABASE", None)
        if binaries:
            self.env["PATH"] = f"{binaries}:{self.env.get('PATH', '')}"

    def client(self, program):
        """Path of a client program such as psql."""
        return str(self._binaries / program) if self._binaries else program

    def query(self, sql, database="postgres"):
        """Run SQL and return the rows, each a list of texts."""
        command = [
            self.client("psql"),
            "-XAtq",
            "-v",
            "ON_ERROR_STOP=1",
            "-F",
            "\t",
            "-d",
            database,
        ]
        output = run(command, "Asking PostgreSQL", env=self.env, stdin=sql)
        return [line.split("\t") for line in output.splitlines()]

    def answers(self):
        """Tell whether the server takes connections."""
        try:
            return self.query("SELECT 1") == [["1"]]
        except CommandFailed:
            return False

    def check(self):
        """Refuse a server that is too old or lacks an extension."""
        version = int(self.query("SHOW server_version_num")[0][0]) // 10000
        if version < OLDEST_VERSION:
            raise UserError(f"PostgreSQL {OLDEST_VERSION} or newer is needed, this server is {version}.")
        names = ", ".join(f"'{name}'" for name in EXTENSIONS)
        rows = self.query(f"SELECT name FROM pg_available_extensions WHERE name IN ({names})")
        missing = sorted(set(EXTENSIONS) - {row[0] for row in rows})
        if missing:
            raise UserError(
                f"PostgreSQL lacks the extension {', '.join(missing)}; install them and start "
                "again: sudo apt-get install postgresql"
            )


def ensure_postgres(workspace):
    """Return a running server: the user's (PGHOST or PGUSER is set) or the checkout's own."""
    if workspace.environ.get("PGHOST") or workspace.environ.get("PGUSER"):
        if not shutil.which("psql"):
            install_system_packages(["postgresql-client"], "the PostgreSQL server you named")
        server = Server(workspace, None, {})
        if not server.answers():
            raise UserError(
                "The PostgreSQL server that PGHOST and PGUSER name does not answer, or has no "
                "database postgres for that user; mend the variables, or unset them for a private "
                "server."
            )
        server.check()
        return server
    cluster = Cluster(workspace, find_binaries() or _install_binaries())
    cluster.start()
    cluster.server.check()
    return cluster.server


def find_binaries():
    """Return the folder of the newest PostgreSQL server of this machine, or None."""
    folders = glob.glob("/usr/lib/postgresql/*/bin") + glob.glob("/opt/homebrew/opt/postgresql@*/bin")
    numbered = [(int("".join(filter(str.isdigit, folder)) or 0), Path(folder)) for folder in folders]
    for version, folder in sorted(numbered, reverse=True):
        if version >= OLDEST_VERSION and all(
            (folder / name).exists() for name in ("initdb", "postgres", "psql")
        ):
            return folder
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


def _install_binaries():
    """Install Debian's server; its package also brings the extensions."""
    install_system_packages(["postgresql"], "the database")
    binaries = find_binaries()
    if binaries is None:
        raise UserError(
            "PostgreSQL's server programs were not found; install them: sudo apt-get install postgresql"
        )
    return binaries


def cluster_user():
    """Return whom the server runs as: PostgreSQL refuses the superuser."""
    if not is_root():
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise UserError(
        "PostgreSQL does not run as root and there is no user postgres or nobody on this machine."
    )


class Cluster:
    """The private cluster of a checkout: throw-away data, so it trades safety for speed."""

    def __init__(self, workspace, binaries):
        self.workspace = workspace
        self.binaries = binaries
        self.user = cluster_user()
        self.home = self._home()
        self.data = self.home / "cluster"
        self.socket = self._socket_folder()
        self.log = self.home / "postgres.log"
        variables = {"PGHOST": str(self.socket), "PGPORT": str(PORT), "PGUSER": ROLE}
        self.server = Server(workspace, binaries, variables)

    def _home(self):
        """Folder of the cluster: in the checkout, or in the system's state folder where its user
        may not enter that.
        """
        note = self.workspace.data / "cluster.json"
        known = read_json(note)
        if known:
            return Path(known["home"])
        home = self.workspace.data / "postgres"
        home.mkdir(parents=True, exist_ok=True)
        if self.user and not succeeds(["test", "-x", home], user=self.user):
            home = STATE_DIR_OF_ROOT / self.workspace.checkout_id
        write_json(note, {"home": str(home)})
        return home

    def _socket_folder(self):
        """Folder of the socket; a short one where the checkout's path is too long for a socket."""
        folder = self.home / "socket"
        if len(str(folder)) > LONGEST_SOCKET_FOLDER:
            folder = Path("/tmp") / f"crm-suite-{self.workspace.checkout_id}"
        return folder

    def start(self):
        """Make the cluster where there is none, and start it where it does not run."""
        if self.server.answers():
            return
        with step("PostgreSQL"):
            self._prepare_folders()
            if not (self.data / "PG_VERSION").exists() or not (self.home / "complete").exists():
                self._create()
            self._remove_stale_pid_file()
            self._start()

    def stop(self):
        """Stop the server if it runs."""
        if self.data.exists() and self.server.answers():
            self._control("stop", "-m", "fast", title="Stopping PostgreSQL")

    def destroy(self):
        """Stop the server and remove its data."""
        self.stop()
        remove_tree(self.home)
        remove_tree(self.socket)

    def _prepare_folders(self):
        """Make the folders that belong to the server's user; nobody else may enter the socket's."""
        for folder in (self.home, self.socket):
            folder.mkdir(parents=True, exist_ok=True)
            folder.chmod(0o700)
            if self.user:
                os.chown(folder, self.user.pw_uid, self.user.pw_gid)

    def _create(self):
        """Create the cluster; a half-made one is thrown away."""
        remove_tree(self.data)
        command = [
            self.binaries / "initdb",
            "-D",
            self.data,
            "-U",
            ROLE,
            "--auth=trust",
            "--no-sync",
        ]
        run(
            [*command, "--encoding=UTF8", "--locale=C.UTF-8"],
            "Creating the PostgreSQL cluster",
            user=self.user,
        )
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as handle:
            handle.write("".join(f"{name} = {value}\n" for name, value in self._options().items()))
        (self.home / "complete").touch()

    def _options(self):
        """Settings of the server: no network, no waiting for the disk, memory as the machine has
        it.
        """
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20
        return {
            "listen_addresses": "''",
            "unix_socket_directories": f"'{self.socket}'",
            "port": PORT,
            "max_connections": 200,
            "shared_buffers": f"{max(128, min(1024, memory // 16))}MB",
            "work_mem": "16MB",
            "maintenance_work_mem": "128MB",
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "max_wal_size": "2GB",
            "autovacuum_naptime": "1min",
        }

    def _remove_stale_pid_file(self):
        """After a crash the file may name a process that is by now somebody else's."""
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        pid = pid_file.read_text(encoding="utf-8").split("\n", 1)[0].strip()
        try:
            owner = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace")
        except OSError:
            owner = ""
        if str(self.data) not in owner:
            pid_file.unlink()

    def _start(self):
        """Start the server; after a killed one the system may need a moment to free its memory."""
        for attempt in range(5):
            try:
                self._control("start", "-w", "-t", "60", "-l", self.log, title="Starting PostgreSQL")
            except CommandFailed:
                if attempt == 4:
                    raise self._start_failure() from None
                progress("PostgreSQL does not start yet, trying again")
                time.sleep(2)
            else:
                return

    def _start_failure(self):
        """One sentence with what the server says itself."""
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        said = [line for line in text.splitlines() if "FATAL" in line or "PANIC" in line or "HINT" in line]
        reason = " ".join(said[-2:]) or "no reason given"
        return UserError(f"PostgreSQL does not start (see {self.log}): {reason}")

    def _control(self, *arguments, title):
        """Run pg_ctl as the server's user, with the output away from our pipes: the server would
        keep them open.
        """
        command = [self.binaries / "pg_ctl", "-D", self.data, "-s", *arguments]
        if not succeeds(command, user=self.user):
            raise CommandFailed(f"{title} failed; see {self.log}.")
