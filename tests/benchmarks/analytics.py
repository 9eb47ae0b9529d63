"""The models of crm_analytics against lifetimes and mlxtend, and against published numbers.
`make benchmark NAME=analytics`

The peers live in an environment of their own under the git-ignored data folder; the CDNOW purchases are read
from the wheel of lifetimes. Both sides have a process each, one thread, and take turns; times are those of
the processor.

The refresh of the tables, the screen and the workbook are measured in databases of their own, see
``analytics_refresh.py``.

Environment: SIZES (100000 1000000), ROUNDS (5), BASKETS (100000), ORDERS (10000000), CUSTOMERS
(1000000). Smaller numbers are for trying the script out.
"""

import os
import platform
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack
from datetime import date
from pathlib import Path

import analytics_accuracy
import analytics_data
import numpy as np
import published_data

from harness import WARM_UP_ROUNDS, Comparison, Worker, duration, percentile

SIZES = [int(size) for size in os.environ.get("SIZES", "100000 1000000").split()]
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SERIES = 3003
BASKETS = int(os.environ.get("BASKETS", "100000"))
PEERS = ("lifetimes==0.11.3", "mlxtend==0.23.4", "numpy==2.2.6", "pandas==2.2.3", "scipy==1.15.3")
OURS, PEER = "crm_analytics", "lifetimes 0.11.3"
MLXTEND = "mlxtend 0.23.4"
# Goals: how many times faster than the peer, seconds at the largest size.
FASTER = {"bg": 10, "mbg": 10, "value_fit": 8, "pairs": 5}
SECONDS = {"bg": 1.0, "mbg": 1.0, "theta": 2.0}
MEMORY = 250  # MB at a million customers
TITLES = {
    "bg": "fit BG/NBD, {n} customers",
    "mbg": "fit MBG/NBD, {n} customers",
    "value_fit": "fit Gamma-Gamma, {n} customers",
    "scores": "alive, orders of a year, {n} customers",
    "pairs": "pairs of {n} baskets",
    "theta": "Theta, {n} series of M3",
}


def main():
    python = install_peers()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cdnow = published_data.data_of("lifetimes", "datasets")
        write_data(folder, cdnow)
        workers = {
            OURS: stack.enter_context(worker(sys.executable, "ours", folder)),
            PEER: stack.enter_context(worker(python, "peer", folder)),
        }
        lines = [measure(workers, task, "cdnow", 2_357) for task in ("bg", "mbg", "value_fit")]
        for size in SIZES:
            tasks = ("bg", "mbg", "value_fit", "scores")
            lines += [measure(workers, task, f"customers_{size}", size) for task in tasks]
        memory = lines[-1].memory
        lines.append(measure(workers, "pairs", "baskets", BASKETS, MLXTEND))
        lines.append(measure({OURS: workers[OURS]}, "theta", "series", SERIES))
        missed = []
        accuracy = analytics_accuracy.tables(cdnow, missed)
    report(lines, memory, accuracy, missed)
    refresh("PGDATABASE")
    say("The workbook of 100,000 customers")
    refresh("BENCHMARK_SUITE_DATABASE", CUSTOMERS="111111", ORDERS="1000000", WORKBOOK="1")


def refresh(database, **sizes):
    """Measure what the tables take, in a process of its own: its memory is part of the result."""
    script = Path(__file__).with_name("analytics_refresh.py")
    environment = {**os.environ, "PGDATABASE": os.environ[database], **sizes}
    subprocess.run([sys.executable, script], env=environment, check=True)


def say(text):
    print(f"[{time.strftime('%H:%M:%S')}] {text}", flush=True)


# The peers ------------------------------------------------------------


def install_peers():
    """Make the peers' environment where it is missing; returns its Python."""
    folder = Path(os.environ["ODOO_RC"]).parent / "benchmark_peers" / "analytics"
    python, ready = folder / "bin" / "python", folder / "ready"
    if not ready.is_file() or ready.read_text() != " ".join(PEERS):
        say(f"Fetching {', '.join(PEERS)}")
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *PEERS], env=_apart(), check=True)
        ready.write_text(" ".join(PEERS))
    return python


def write_data(folder, cdnow):
    """What the tasks work on, as files both sides read."""
    table = np.genfromtxt(
        cdnow / "cdnow_customers_summary_with_transactions.csv", delimiter=",", skip_header=1
    )
    np.savez(folder / "cdnow.npz", **dict(zip(("x", "t_x", "T", "z"), table.T[1:], strict=True)))
    for size in SIZES:
        say(f"Making {size:,} customers")
        np.savez(folder / f"customers_{size}.npz", **analytics_data.customers(size))
    np.savez(folder / "baskets.npz", **analytics_data.baskets(BASKETS))
    series = enumerate(published_data.competition())
    named = {f"{number}_{len(future)}_{season}": past for number, (_kind, past, future, season) in series}
    np.savez(folder / "series.npz", **named)


# In turns -------------------------------------------------------------


def _apart():
    """The environment without our packages."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


def worker(python, side, folder):
    """One side, in a process of its own, with one thread."""
    environment = _apart()
    environment.update(dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1"))
    return Worker([python, Path(__file__).with_name("analytics_worker.py"), side, folder], environment)


class Line:
    """What was measured of one task."""

    def __init__(self, task, size, peer):
        self.task, self.size, self.peer = task, size, peer
        self.comparison = Comparison(TITLES[task].format(n=f"{size:,}"), baseline=peer)
        self.memory, self.results = {}, {}

    def add(self, name, seconds, memory, result):
        self.comparison.seconds.setdefault(name, []).append(seconds)
        self.memory[name], self.results[name] = memory, result

    def missed(self):
        """The goals that were not met, in words."""
        seconds = self.comparison.seconds
        ours = percentile(seconds[OURS], 0.5)
        wanted = FASTER.get(self.task)
        if wanted and self.peer in seconds:
            faster = 1 / self.comparison.ratio(OURS)
            if faster < wanted:
                yield f"{faster:.1f} times faster, {wanted} wanted"
        limit = SECONDS.get(self.task)
        if limit and ours > limit:
            yield f"{duration(ours)}, {duration(limit)} wanted"
        yield from self._different()

    def _different(self):
        """Both sides have to come to the same result."""
        if self.peer not in self.results:
            return
        ours, peer = self.results[OURS], self.results[self.peer]
        for name, value in ours.items():
            tolerance = 5e-3 if name == "parameters" else 1e-5
            if name != "likelihood" and not np.allclose(value, peer[name], rtol=tolerance):
                yield f"{name} {value}, the peer says {peer[name]}"


def measure(workers, task, argument, size, peer=PEER):
    """One line of the table: the sides in turns, the first rounds not counted."""
    line = Line(task, size, peer if len(workers) > 1 else OURS)
    say(line.comparison.title)
    slow = size >= 1_000_000 or task == "pairs"
    rounds, warm_up = (min(ROUNDS, 3), 1) if slow else (ROUNDS, WARM_UP_ROUNDS)
    for number in range(-warm_up, rounds):
        for name in workers if number % 2 else reversed(workers):
            answer = workers[name].ask(f"{task} {argument}")
            if number >= 0:
                line.add(peer if name == PEER else name, **answer)
    for row in line.comparison.rows():
        say(" | ".join(row))
    return line


def report(lines, memory, accuracy, missed):
    processor = platform.processor() or platform.machine()
    print(f"\nMeasured {date.today()} on {os.cpu_count()} cores ({processor}), Python")
    print(f"{platform.python_version()}, numpy {np.__version__}, one thread, seconds of the processor, by")
    print("`make benchmark NAME=analytics`.\n")
    print("| task | variant | n | median | p95 | times faster |")
    print("|---|---|--:|--:|--:|--:|")
    for line in lines:
        for row in line.comparison.rows():
            faster = "-" if row[1] == line.peer else f"{1 / line.comparison.ratio(row[1]):.1f}"
            print(f"| {' | '.join(row[:5])} | {faster} |")
    print(
        f"\nMost memory after the largest size: {', '.join(f'{n} {mb:.0f} MB' for n, mb in memory.items())}."
    )
    for table in accuracy:
        print(f"\n{table}")
    loose = [line for line in lines if line.results.get(line.peer, {}).get("tolerance")]
    for line in loose:
        print(
            f"\n{line.comparison.title}: {line.peer} gave up until its tolerance was "
            f"{line.results[line.peer]['tolerance']:g}; only the fit that worked is counted."
        )
    missed += [f"{line.comparison.title}: {text}" for line in lines for text in line.missed()]
    if memory[OURS] > MEMORY and max(SIZES) <= 1_000_000:
        missed.append(f"memory {memory[OURS]:.0f} MB, {MEMORY} wanted")
    print(f"\nGoals missed: {'; '.join(missed) or 'none'}.")


if __name__ == "__main__":
    main()
