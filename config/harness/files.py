"""Locks, stamps and hashes: how a killed command is noticed and finished by the next one."""

import fcntl
import hashlib
import json
import os
import shutil
from contextlib import contextmanager

from .console import say


@contextmanager
def locked(path, purpose):
    """Hold the file as a lock; say who holds it when we have to wait. The system frees it when a
    process dies.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            handle.seek(0)
            holder = handle.read().strip() or "unknown"
            say(f"Waiting for another command of this checkout to finish ({holder}) ...")
            fcntl.flock(handle, fcntl.LOCK_EX)
        handle.truncate(0)
        handle.write(f"{purpose}, process {os.getpid()}")
        handle.flush()
        yield


def write_atomically(path, text):
    """Write a file so that a reader sees the old text or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    with temporary.open("w", encoding="utf-8") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    os.replace(temporary, path)


def write_json(path, value):
    """Write a JSON file atomically."""
    write_atomically(path, json.dumps(value, indent=1, sort_keys=True) + "\n")


def read_json(path):
    """Return the content of a JSON file, or None when it is missing or broken."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def file_hash(path):
    """SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as handle:
        for block in iter(lambda: handle.read(1 << 20), b""):
            digest.update(block)
    return digest.hexdigest()


def value_hash(*values):
    """Short hash of any JSON-able values."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def remove_tree(path):
    """Remove a folder or file, whether it exists or not."""
    if path.is_symlink() or path.is_file():
        path.unlink()
    elif path.exists():
        shutil.rmtree(path)


def link_tree(source, target):
    """Copy a folder of files that are never changed in place (a filestore): hard links where the
    disk allows.
    """

    def link_or_copy(origin, copy):
        try:
            os.link(origin, copy)
        except OSError:
            shutil.copy2(origin, copy)

    if source.is_dir():
        shutil.copytree(source, target, copy_function=link_or_copy)
