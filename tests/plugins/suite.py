"""What the tests of this repository share: where our addons are, and which of them this run is
about.
"""

import ast
import os
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ADDONS = ROOT / "addons"


def addon_names():
    """Names of the addons of this run: those of HARNESS_ADDONS, else all."""
    chosen = [name for name in os.environ.get("HARNESS_ADDONS", "").split(",") if name]
    return chosen or sorted(path.parent.name for path in ADDONS.glob("*/__manifest__.py"))


def names_under_test():
    """Names of the addons whose own tests this round runs: those of HARNESS_TESTED, else all of the run."""
    chosen = [name for name in os.environ.get("HARNESS_TESTED", "").split(",") if name]
    return chosen or addon_names()


def manifest(name):
    """Manifest of an addon."""
    return ast.literal_eval((ADDONS / name / "__manifest__.py").read_text(encoding="utf-8"))


def files(name, pattern):
    """Files of an addon that match, libraries of others left out."""
    return [
        path
        for path in sorted((ADDONS / name).glob(pattern))
        if "lib" not in path.relative_to(ADDONS / name).parts[:2] and "__pycache__" not in path.parts
    ]
