"""What a person sees: progress lines with the elapsed time, and errors as one clear sentence."""

import sys
import time
from contextlib import contextmanager

_STARTED = time.monotonic()


class UserError(Exception):
    """A condition the user can mend; its text is one sentence that says what is wrong and what to
    do.
    """


def say(text=""):
    """Print a line at once, also when the output is a pipe."""
    print(text, flush=True)


def progress(text):
    """Print a line that starts with the time since the command began."""
    say(f"[{time.monotonic() - _STARTED:6.1f} s] {text}")


def warn(text):
    """Print a warning to the error output."""
    print(f"Warning: {text}", file=sys.stderr, flush=True)


@contextmanager
def step(title):
    """Announce a step, and tell how long it took when it has succeeded."""
    started = time.monotonic()
    progress(f"{title} ...")
    yield
    progress(f"{title}: done in {time.monotonic() - started:.1f} s")
