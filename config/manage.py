"""Command line behind the Makefile: ``python3 config/manage.py <command>``.

This file must parse on any Python, old ones included: it finds an interpreter that fits and hands
over to it.
"""

import glob
import os
import subprocess
import sys

OLDEST = (3, 10)
NEWEST = (3, 13)
DISTRIBUTION = "/usr/bin/python3"


def fits(version):
    """Tell whether Odoo 19 runs on this (major, minor)."""
    return OLDEST <= tuple(version[:2]) <= NEWEST


def version_of(program):
    """Return (major, minor) of an interpreter, or None when it does not start."""
    code = "import sys; print('%d %d' % sys.version_info[:2])"
    try:
        with open(os.devnull, "w") as devnull:
            output = subprocess.check_output([program, "-c", code], stderr=devnull)
    except (OSError, subprocess.CalledProcessError):
        return None
    return tuple(int(part) for part in output.split())


def candidates():
    """Yield other interpreters of this machine, the most usual first."""
    for minor in ("12", "11", "13", "10"):
        yield "python3." + minor
        yield "/usr/bin/python3." + minor
        for path in sorted(glob.glob(os.path.expanduser("~/.pyenv/versions/3." + minor + "*/bin/python3"))):
            yield path
    yield DISTRIBUTION


def can_make_environments(program):
    """Tell whether virtual environments can be made with an interpreter, or root may see to it."""
    return (
        os.geteuid() == 0
        or subprocess.call([program, "-c", "import ensurepip"], stderr=subprocess.DEVNULL) == 0
    )


def fitting_interpreter():
    """Return the path of an interpreter that fits, or None.

    The one of the distribution is preferred to whatever comes first on the path: it is built with
    profile-guided optimization, those that version managers build mostly are not: plain loops take a quarter
    less time on it. PYTHON= names another.
    """
    if not os.environ.get("PYTHON"):
        version = version_of(DISTRIBUTION)
        if version and fits(version) and can_make_environments(DISTRIBUTION):
            return DISTRIBUTION
    if fits(sys.version_info):
        return sys.executable
    for program in candidates():
        version = version_of(program)
        if version and fits(version):
            return program
    return None


def main():
    """Start the harness, in another interpreter when this one does not fit."""
    program = fitting_interpreter()
    if program is None:
        sys.stderr.write(
            "Error: Odoo 19 needs Python 3.10 to 3.13 and this is %d.%d; install one "
            "(for example python3.12) or name it: make PYTHON=/path/to/python3.12 ...\n"
            % sys.version_info[:2]
        )
        return 1
    if os.path.realpath(program) != os.path.realpath(sys.executable):
        os.execvp(program, [program] + sys.argv)
    sys.dont_write_bytecode = True
    from harness.commands import main as run_command

    return run_command(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
