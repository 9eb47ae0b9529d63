"""The Docker set-up; `make test` has unpacked Docker Compose, no engine is needed."""

import os
import subprocess

from suite import ROOT

from harness.tools import docker_compose_command
from harness.workspace import Workspace


def test_docker_compose_file_is_valid(tmp_path):
    """Docker Compose itself accepts docker-compose.yml."""
    command = docker_compose_command(Workspace(ROOT))
    assert command, "make test unpacks Docker Compose; start the tests with it"
    environment = {**os.environ, "HOME": str(tmp_path)}
    result = subprocess.run(
        [*command, "-f", str(ROOT / "docker-compose.yml"), "config", "-q"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
