"""The served product: start it, wait until it answers, stop it."""

import http.client
import signal
import socket
import subprocess
import time

from .console import UserError, progress, say
from .files import read_json, write_json
from .processes import die_with_parent, explain

HOST = "127.0.0.1"
SECONDS_TO_START = 180
SECONDS_TO_STOP = 15


def require_free_port(workspace):
    """Refuse a port somebody listens on, and say who when it is this checkout."""
    port = workspace.settings.port
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            ours = running_servers(workspace).get(port)
            owner = (
                f"the server of this checkout (process {ours}; make stop ends it)"
                if ours
                else "another program"
            )
            raise UserError(
                f"Port {port} is taken by {owner}; choose another one: make run PORT={port + 1}"
            ) from error


def serve(odoo, database):
    """Serve a database until the user stops it; return the exit code."""
    workspace = odoo.workspace
    port = workspace.settings.port
    log = workspace.logs / f"server-{port}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = odoo.command(
        "-d",
        database,
        f"--http-interface={HOST}",
        f"--http-port={port}",
        f"--db-filter=^{database}$",
    )
    with log.open("w", encoding="utf-8") as output:
        child = subprocess.Popen(
            command,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=odoo.env,
            preexec_fn=die_with_parent,
        )
    note = _note(workspace, port)
    write_json(note, {"pid": child.pid})
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        _wait_until_ready(child, port, log)
        _greet(odoo, database, port, log)
        code = child.wait()
        if code:
            raise UserError(f"The server ended by itself with code {code}; see {log}.")
        progress("The server was stopped")
        return 0
    except KeyboardInterrupt:
        say()
        progress("Stopping the server")
        return 0
    finally:
        _end(child)
        note.unlink(missing_ok=True)


def _interrupt(_signal, _frame):
    """Treat a request to end like Ctrl-C."""
    raise KeyboardInterrupt


def _note(workspace, port):
    """File that names the process serving on a port."""
    return workspace.data / f"server-{port}.json"


def running_servers(workspace):
    """Return {port: process id} of this checkout's servers."""
    servers = {}
    for note in workspace.data.glob("server-*.json"):
        pid = (read_json(note) or {}).get("pid")
        if pid and _is_odoo(pid):
            servers[int(note.stem.removeprefix("server-"))] = pid
        else:
            note.unlink(missing_ok=True)
    return servers


def _is_odoo(pid):
    """Tell whether the process is alive and still the one we started."""
    result = subprocess.run(
        ["ps", "-o", "args=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return "-m odoo" in result.stdout


def answers(port, path="/web/login"):
    """Tell whether the server gives the page."""
    connection = http.client.HTTPConnection(HOST, port, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _wait_until_ready(child, port, log):
    """Wait for the login page."""
    progress(f"Starting the server on {HOST}:{port} ...")
    deadline = time.monotonic() + SECONDS_TO_START
    while not answers(port):
        if child.poll() is not None:
            output = log.read_text(encoding="utf-8", errors="replace")
            raise UserError(explain("Starting the server", output, log))
        if time.monotonic() > deadline:
            raise UserError(f"The server did not answer within {SECONDS_TO_START} s; see {log}.")
        time.sleep(0.2)


def _greet(odoo, database, port, log):
    """Tell where the product is and how to log in."""
    progress("Ready")
    say()
    say(f"    Address    http://{HOST}:{port}/odoo")
    say(f"    Database   {database}")
    say("    Logins     (the password is the login)")
    for login, purpose in logins(odoo.workspace, demo=odoo.workspace.settings.demo):
        say(f"      {login:<10} {purpose}")
    say(f"    Log        {log.relative_to(odoo.workspace.root)}")
    say()
    say("    Ctrl-C stops the server; make stop stops the database server too.")


def logins(workspace, demo):
    """Return (login, what for): Odoo's own and those that addons list in ``demo/logins.txt``."""
    found = [("admin", "administrator")]
    if demo:
        found += [("demo", "an employee"), ("portal", "a customer in the portal")]
        for path in sorted(workspace.addons_dir.glob("*/demo/logins.txt")):
            for line in path.read_text(encoding="utf-8").splitlines():
                login, slash, purpose = line.partition("/")
                if slash:
                    found.append((login.strip(), purpose.strip()))
    return found


def _end(child):
    """End a process: asked first, killed when it does not listen."""
    if child.poll() is None:
        child.terminate()
        try:
            child.wait(SECONDS_TO_STOP)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
