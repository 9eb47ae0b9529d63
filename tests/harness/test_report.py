"""How the rounds of `make test` are counted."""

import pytest

from harness.console import UserError
from harness.testing import read_report

REPORT = """<testsuites><testsuite tests="6" failures="1" errors="1" skipped="1">
<testcase classname="a" name="test_good"/>
<testcase classname="a" name="test_bad"><failure/></testcase>
<testcase classname="a" name="test_broken"><error/></testcase>
<testcase classname="a" name="test_skipped"><skipped/></testcase>
<testcase classname="a" name="test_parts"/>
<testcase classname="a" name="test_parts"/>
</testsuite></testsuites>"""


def test_skipped_counts_as_failed_and_subtests_once(tmp_path):
    """Two good tests, three that are not."""
    report = tmp_path / "report.xml"
    report.write_text(REPORT)
    assert read_report(report) == (2, 3)


def test_no_report_is_no_test(tmp_path):
    """Pytest did not get that far."""
    assert read_report(tmp_path / "report.xml") == (0, 0)


def test_broken_report_is_an_error(tmp_path):
    """Half a report must not pass for a good one."""
    report = tmp_path / "report.xml"
    report.write_text(REPORT[:100])
    with pytest.raises(UserError, match="broken"):
        read_report(report)
