"""The arithmetic and the table of the benchmarks."""

import importlib.util

import pytest
from suite import ROOT

PATH = ROOT / "tests" / "benchmarks" / "harness.py"


@pytest.fixture(scope="module")
def timing():
    """The module under test; its name is taken by the package behind make."""
    specification = importlib.util.spec_from_file_location("benchmark_timing", PATH)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_percentile_takes_the_nearest_rank(timing):
    """Of 1 to 100 the 95th percentile is 95; of one value it is that value."""
    assert timing.percentile(list(range(100, 0, -1)), 0.95) == 95
    assert timing.percentile([7.0], 0.95) == 7.0


def test_percentile_of_nothing_is_refused(timing):
    """No value, no percentile."""
    with pytest.raises(ValueError, match="no value"):
        timing.percentile([], 0.5)


def test_ratio_is_that_of_the_medians(timing):
    """An outlier does not decide."""
    comparison = timing.Comparison("t", "a", {"a": [1.0, 1.0, 50.0], "b": [2.0, 2.0, 2.0]})
    assert comparison.ratio("b") == 2.0


def test_measure_leaves_the_warm_up_out(timing):
    """Every variant runs in every round, and the first rounds are not counted."""
    calls = []
    comparison = timing.Comparison("t", "a")
    comparison.measure({"a": lambda: calls.append("a"), "b": lambda: calls.append("b")}, rounds=3)
    assert [len(comparison.seconds[name]) for name in "ab"] == [3, 3]
    assert calls == ["a", "b"] * (3 + timing.WARM_UP_ROUNDS)


def test_table_has_a_line_per_variant(timing):
    """Number of runs, median, p95 and ratio, in units a person reads."""
    comparison = timing.Comparison("orders", "a", {"a": [0.002], "b": [1.5]})
    assert timing.markdown([comparison]).splitlines()[2:] == [
        "| orders | a | 1 | 2.0 ms | 2.0 ms | 1.00 |",
        "| orders | b | 1 | 1.50 s | 1.50 s | 750.00 |",
    ]
