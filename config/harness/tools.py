"""Programs of others that the checks need, unpacked into the checkout."""

import shutil
from pathlib import Path

from .console import UserError, step
from .debian import PrivateApt, install_system_packages, machine_mirror, unpack
from .files import file_hash, read_json, remove_tree, value_hash, write_json
from .processes import run, succeeds

COMPOSE_PATHS = ("usr/libexec/docker/cli-plugins/docker-compose", "usr/bin/docker-compose")


def docker_compose_command(workspace):
    """Return the command for Docker Compose 2 or newer, or None."""
    if succeeds(["docker", "compose", "version"]):
        return ["docker", "compose"]
    for path in COMPOSE_PATHS:
        program = workspace.odoo_dir / "compose" / path
        if program.exists():
            return [str(program)]
    return None


def ensure_docker_compose(workspace):
    """Have Docker Compose for checking docker-compose.yml; no engine is needed for that."""
    command = docker_compose_command(workspace)
    if command:
        return command
    mirror = machine_mirror()
    if mirror is None:
        raise UserError(
            "Docker Compose 2 is needed to check docker-compose.yml; install Docker's compose plugin."
        )
    with step("Docker Compose"):
        apt = PrivateApt(workspace.odoo_dir / "apt", *mirror)
        apt.update()
        package, _version = apt.fetch({"docker-compose": "sid"})["docker-compose"]
        unpack([package], workspace.odoo_dir / "compose")
    return docker_compose_command(workspace)


def ensure_eslint(workspace):
    """Return the command of the pinned eslint, installed into a folder git ignores."""
    source = workspace.config_dir / "eslint"
    target = workspace.node_dir
    wanted = value_hash([file_hash(source / name) for name in ("package.json", "package-lock.json")])
    stamp = target / "stamp.json"
    if read_json(stamp) != wanted:
        if not shutil.which("npm"):
            install_system_packages(["nodejs", "npm"], "linting JavaScript")
        with step("Packages of config/eslint"):
            remove_tree(target)
            target.mkdir()
            for name in ("package.json", "package-lock.json"):
                shutil.copy(source / name, target / name)
            command = ["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
            run(command, "Installing eslint", log=workspace.logs / "npm.log", cwd=target)
            write_json(stamp, wanted)
    # The configuration imports packages, so it must lie beside them.
    shutil.copy(source / "eslint.config.mjs", target / "eslint.config.mjs")
    return [
        str(Path(target, "node_modules", ".bin", "eslint")),
        "--config",
        str(target / "eslint.config.mjs"),
    ]
