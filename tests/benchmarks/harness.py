"""Timing for the benchmarks: measure each variant and its peer in turns, print one Markdown table.

    comparison = Comparison("orders of a customer", baseline="search")
    comparison.measure({"search": plain, "facts": with_facts}, rounds=30)
    print(markdown([comparison]))

The variants take turns within a round, so that a slow moment of the machine hits all of them.
"""

import gc
import json
import math
import statistics
import subprocess
import time
from dataclasses import dataclass, field

WARM_UP_ROUNDS = 2


def percentile(values, share):
    """Return the value below which ``share`` (0 to 1) of the values lie, by the nearest rank."""
    if not values:
        raise ValueError("There is no value to take a percentile of.")
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def timed(function):
    """Return the seconds a call takes, the garbage collector kept out."""
    gc.collect()
    gc.disable()
    try:
        started = time.perf_counter()
        function()
        return time.perf_counter() - started
    finally:
        gc.enable()


class Worker:
    """One side of a comparison in a process of its own: a task is a line, its answer a line of JSON.

    :param command: what to start, :param environment: of the process
    """

    def __init__(self, command, environment):
        self.process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.process.stdin.close()
        self.process.wait()

    def ask(self, task):
        """Have a task done and return its answer."""
        self.process.stdin.write(f"{task}\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise SystemExit(f"The worker ended at: {task}")
        return json.loads(answer)


@dataclass
class Comparison:
    """Variants of one task, compared with the one called ``baseline``."""

    title: str
    baseline: str
    seconds: dict = field(default_factory=dict)

    def measure(self, variants, rounds):
        """Run each variant once per round; the first rounds only warm up and are not counted.

        :param variants: {name: function without arguments}
        """
        for number in range(-WARM_UP_ROUNDS, rounds):
            for name, function in variants.items():
                seconds = timed(function)
                if number >= 0:
                    self.seconds.setdefault(name, []).append(seconds)

    def ratio(self, name):
        """Return how many times the baseline's median the variant's median is."""
        median = statistics.median
        return median(self.seconds[name]) / median(self.seconds[self.baseline])

    def rows(self):
        """Return the cells of the table: task, variant, n, median, p95, ratio."""
        return [
            (
                self.title,
                name,
                str(len(values)),
                duration(statistics.median(values)),
                duration(percentile(values, 0.95)),
                f"{self.ratio(name):.2f}",
            )
            for name, values in self.seconds.items()
        ]


def duration(seconds):
    """Write seconds in a unit a person reads easily."""
    if seconds >= 1:
        return f"{seconds:.2f} s"
    if seconds >= 0.001:
        return f"{seconds * 1000:.1f} ms"
    return f"{seconds * 1_000_000:.0f} µs"


def markdown(comparisons):
    """Return a Markdown table of comparisons."""
    head = ("task", "variant", "n", "median", "p95", "ratio")
    lines = [head, ("---", "---", "--:", "--:", "--:", "--:")]
    lines += [row for comparison in comparisons for row in comparison.rows()]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
