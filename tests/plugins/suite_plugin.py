"""Pytest plugin of the rounds inside Odoo (``pytest -p suite_plugin``).

* a skipped test is a failed one, because a test that never runs protects nobody;
* ``--no-browser`` deselects the tests that open a browser, ``--browser-only=FOLDER`` those of them
  that lie elsewhere;
* ``--quick`` deselects the tests with the tag ``thorough``;
* an error that Odoo logs during a test fails the test, unless it is muted (``mute_logger``) or
  asserted (``assertLogs``);
* of the parts of a test (``subTest``) those that fail are reported: there are tens of thousands of
  others, each of which costs a message between the processes.
"""

import logging
from pathlib import Path
from unittest.mock import patch

import pytest
from _pytest.unittest import TestCaseFunction

BROWSER_CALLS = {"start_tour", "browser_js"}
BROWSER_TAG = "browser"
# Pages over HTTP for each kind of visitor, tables of every combination, races, large files.
THOROUGH_TAG = "thorough"
# What Odoo says of requests that break off because the browser is being closed.
AFTER_THE_TEST = "Error received after termination"


def pytest_addoption(parser):
    """Add our option."""
    parser.addoption("--no-browser", action="store_true", help="leave out tests that open a browser")
    parser.addoption("--quick", action="store_true", help=f"leave out tests tagged {THOROUGH_TAG}")
    parser.addoption("--browser-only", metavar="FOLDER", help="open a browser for the tests in FOLDER alone")


def pytest_collection_modifyitems(config, items):
    """Deselect browser tests and thorough ones when asked to."""
    folder = config.getoption("--browser-only")
    left_out = set()
    if folder or config.getoption("--no-browser"):
        left_out |= {item for item in items if opens_browser(item) and not (folder and lies_in(item, folder))}
    if config.getoption("--quick"):
        left_out |= {item for item in items if has_tag(item, THOROUGH_TAG)}
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = [item for item in items if item not in left_out]


def has_tag(item, tag):
    """Tell whether a test, or its class, has a tag."""
    test_class = getattr(item, "cls", None)
    method = getattr(test_class, item.originalname or item.name, None)
    return any(tag in getattr(tagged, "test_tags", ()) for tagged in (test_class, method))


def lies_in(item, folder):
    """Tell whether a test lies in a folder."""
    return Path(folder).resolve() in item.path.resolve().parents


def opens_browser(item):
    """Tell whether a test opens a browser: it is tagged so, or calls a method that leads to
    a tour.
    """
    test_class = getattr(item, "cls", None)
    if test_class is None:
        return False
    if has_tag(item, BROWSER_TAG):
        return True
    method = getattr(test_class, item.originalname or item.name, None)
    return hasattr(test_class, "start_tour") and calls_browser(test_class, method, set())


def calls_browser(test_class, function, seen):
    """Follow the names a function uses through the methods of its class until one opens a
    browser.
    """
    code = getattr(getattr(function, "__wrapped__", function), "__code__", None)
    if code is None or code in seen:
        return False
    seen.add(code)
    names = _names(code)
    if names & BROWSER_CALLS:
        return True
    methods = (getattr(test_class, name, None) for name in names)
    return any(calls_browser(test_class, method, seen) for method in methods)


def _names(code):
    """Names a code object uses, inner functions included."""
    names = set(code.co_names)
    for constant in code.co_consts:
        if hasattr(constant, "co_names"):
            names |= _names(constant)
    return names


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    """Make a skipped test a failed one."""
    outcome = yield
    _fail_if_skipped(outcome.get_result())


@pytest.hookimpl(hookwrapper=True)
def pytest_make_collect_report(collector):
    """Make a skipped test file a failed one."""
    outcome = yield
    _fail_if_skipped(outcome.get_result())


def _fail_if_skipped(report):
    """Turn a skip into a failure; an expected failure (xfail) is none of our business."""
    if report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr
        report.outcome = "failed"
        report.longrepr = f"Skipped tests count as failed. {reason}"


@pytest.fixture(scope="session", autouse=True)
def failed_parts_alone():
    """Report the parts of a test that fail, no others."""
    add = TestCaseFunction.addSubTest

    def add_failed(self, test_case, test, exc_info):
        if exc_info is not None:
            add(self, test_case, test, exc_info)

    with patch.object(TestCaseFunction, "addSubTest", add_failed):
        yield


class ErrorCollector(logging.Handler):
    """Keeps what Odoo logs as an error during one test."""

    def __init__(self):
        super().__init__(logging.ERROR)
        self.messages = []

    def emit(self, record):
        """Keep one record."""
        message = record.getMessage()
        if not message.startswith(AFTER_THE_TEST):
            self.messages.append(f"{record.name}: {message}")


@pytest.fixture(autouse=True)
def no_logged_errors():
    """Fail a test during which an error was logged."""
    collector = ErrorCollector()
    # pytest-odoo quiets the log to critical; the loggers must let errors through for us to see
    # them.
    loggers = [logging.getLogger(name) for name in ("", "odoo")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(min(logger.level or logging.ERROR, logging.ERROR))
    logging.getLogger().addHandler(collector)
    yield
    logging.getLogger().removeHandler(collector)
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)
    if collector.messages:
        pytest.fail(
            "An error was logged during the test:\n" + "\n".join(collector.messages[:10]),
            pytrace=False,
        )
