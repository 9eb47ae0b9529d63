"""The virtual environment belongs to the interpreter that made it."""

import os

from harness import python_env
from harness.workspace import Settings, Workspace


def test_environment_of_another_interpreter_is_made_anew(tmp_path, monkeypatch):
    """Packages of one version are of no use to another."""
    workspace = Workspace(tmp_path, Settings(), dict(os.environ))
    python_env._create(workspace)
    stale = workspace.venv / "stale"
    stale.touch()
    (tmp_path / "requirements.txt").touch()
    python_env._install(workspace, tmp_path / "requirements.txt")
    assert not stale.exists()
    stale.touch()
    python_env._install(workspace, tmp_path / "requirements.txt")
    assert stale.exists()
