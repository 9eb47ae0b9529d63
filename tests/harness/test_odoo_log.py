"""What Odoo logs while a database is made decides whether it is a good one."""

import pytest

from harness.console import UserError
from harness.odoo import Odoo
from harness.workspace import Workspace

GOOD = "2026-01-01 10:00:00,000 1 INFO db odoo.modules: loaded\n"
ERROR = "2026-01-01 10:00:00,000 1 ERROR db odoo.sql_db: bad query\nTraceback ...\n"
DEMO = GOOD.replace("INFO", "WARNING").replace("loaded", "Module x demo data failed to install")


def judge(tmp_path, output):
    """Judge a log."""
    Odoo(Workspace(tmp_path), None, None)._refuse_errors("Installing x", output, "x.log")


def test_good_log(tmp_path):
    """Information, and the word ERROR somewhere else, do no harm."""
    judge(tmp_path, GOOD + "the word ERROR alone\n")


@pytest.mark.parametrize("line", [ERROR, DEMO])
def test_bad_log(tmp_path, line):
    """An error, or demo data that Odoo left out, is refused and quoted."""
    with pytest.raises(UserError, match=r"Installing x: Odoo logged an error"):
        judge(tmp_path, GOOD + line)
