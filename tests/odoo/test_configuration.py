"""The configuration file of the product, read by the real Odoo."""

import os
import subprocess
import sys

from suite import ROOT


def test_odoo_knows_every_option(tmp_path):
    """A misspelled option would be ignored with no more than a warning."""
    command = [sys.executable, "-m", "odoo", "-c", str(ROOT / "config" / "odoo.conf")]
    command += ["--stop-after-init", "--no-http", f"--data-dir={tmp_path}"]
    command += [f"--addons-path={ROOT / 'addons'}"]
    result = subprocess.run(
        command, env=dict(os.environ), capture_output=True, text=True, check=False, timeout=120
    )
    assert result.returncode == 0, result.stderr
    assert "unknown option" not in result.stderr
    assert "is now deprecated" not in result.stderr
