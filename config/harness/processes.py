"""Starting programs: output into a log file, children that die with us, and errors a person
understands.
"""

import ctypes
import multiprocessing
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager

from .console import UserError

_PR_SET_PDEATHSIG = 1
_NO_SPACE = re.compile(r"No space left on device|Disk quota exceeded", re.IGNORECASE)
_NO_NETWORK = re.compile(
    r"Temporary failure (in name resolution|resolving)|Could not resolve|Network is unreachable|"
    r"NewConnectionError|NameResolutionError|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|"
    r"Could not connect to|Connection timed out|Failed to connect",
    re.IGNORECASE,
)


class CommandFailed(UserError):
    """A program failed; ``output`` holds what it printed."""

    def __init__(self, sentence, output=""):
        super().__init__(sentence)
        self.output = output


def die_with_parent():
    """Have the system kill this (child) process when its parent dies, so that a killed command
    leaves no writer.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


@contextmanager
def alongside(function, *arguments):
    """Run a function in a second process while the block runs; its error is raised at the end."""
    fork = multiprocessing.get_context("fork")
    with ProcessPoolExecutor(1, mp_context=fork, initializer=die_with_parent) as pool:
        future = pool.submit(function, *arguments)
        yield
        future.result()


def explain(title, output, log=None):
    """Turn the output of a failed program into one sentence."""
    if _NO_SPACE.search(output):
        return f"The disk is full ({title}): free some space and start again."
    if _NO_NETWORK.search(output):
        return (
            f"No network ({title}): a package source cannot be reached; check the connection and start again."
        )
    where = f"; the whole output is in {log}" if log else ""
    tail = "\n".join(output.strip().splitlines()[-15:])
    return f"{title} failed{where}:\n{tail}"


def run(command, title, *, log=None, env=None, cwd=None, user=None, stdin=None):
    """Run a program to its end and return its output.

    :param title: what it does, for the error sentence
    :param log: file that keeps the output
    :param user: run as this user (only when we are root)
    :param stdin: text given to the program
    :raises CommandFailed: when it exits with another code than 0
    """
    with _log_file(log) as output_file:
        try:
            result = subprocess.run(
                [str(part) for part in command],
                stdout=output_file,
                stderr=subprocess.STDOUT,
                input=(stdin or "").encode(),
                env=env,
                cwd=cwd,
                preexec_fn=die_with_parent,
                check=False,
                **_as_user(user),
            )
        except FileNotFoundError as error:
            raise CommandFailed(f"{title}: the program {command[0]} is not installed.") from error
        output_file.seek(0)
        output = output_file.read().decode(errors="replace")
    if result.returncode:
        raise CommandFailed(explain(title, output, log), output)
    return output


def _log_file(log):
    """Open the file that takes a program's output, so that it can be watched while the program
    runs.
    """
    if log is None:
        return tempfile.TemporaryFile()
    log.parent.mkdir(parents=True, exist_ok=True)
    return log.open("w+b")


def run_visibly(command, env=None, cwd=None):
    """Run a program that talks to the user itself; return its exit code."""
    child = subprocess.Popen([str(part) for part in command], env=env, cwd=cwd, preexec_fn=die_with_parent)
    try:
        return child.wait()
    except KeyboardInterrupt:
        child.wait()
        raise


def succeeds(command, user=None):
    """Tell whether a program starts and exits with 0; its output is dropped."""
    try:
        result = subprocess.run(
            [str(part) for part in command],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            stdin=subprocess.DEVNULL,
            check=False,
            **_as_user(user),
        )
    except OSError:
        return False
    return result.returncode == 0


def is_root():
    """Tell whether we are the superuser."""
    return os.geteuid() == 0


def administrator_prefix():
    """Return what to put before a command for administrators: nothing for root, sudo without
    questions, or None.
    """
    if is_root():
        return []
    if shutil.which("sudo") and succeeds(["sudo", "-n", "true"]):
        return ["sudo", "-n"]
    return None


def _as_user(user):
    """Keyword arguments of subprocess that drop root's rights."""
    if user is None or not is_root():
        return {}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
