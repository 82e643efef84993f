"""Runs the tests against the oldest versions that pyproject.toml allows, and Neo4j's older LTS.

They go into an environment of their own, .venv-lowest: the lower bound of every dependency of the service, and today's
tools for testing. Each collector tests its own lower bounds. Arguments are options of pytest.
"""

import os
import re
import subprocess
import sys
import tomllib
import venv
from pathlib import Path

from whence.neo4j_jars import LTS

ROOT = Path(__file__).parents[1]
ENVIRONMENT = ROOT / ".venv-lowest"


def lowest(requirements: list[str]) -> list[str]:
    """Each requirement pinned to its lower bound."""
    return [re.sub(r">=([\w.]+)", r"==\1", requirement) for requirement in requirements]


def main() -> int:
    """Install and test; the exit code is pytest's."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    tools = [tool for tool in extras["test"] if not tool.startswith(("mypy", "ruff"))]
    venv.create(ENVIRONMENT, with_pip=True, clear=True)
    python = str(ENVIRONMENT / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, *lowest(project["dependencies"]), *extras["local-neo4j"], *tools], check=True)
    for ours in (ROOT, ROOT / "collectors" / "whence-collector"):
        subprocess.run([*pip, "--no-deps", "--editable", str(ours)], check=True)
    environment = {**os.environ, "WHENCE_TEST_NEO4J_VERSION": LTS}
    # Old libraries warn of what newer Pythons will drop: no news about this project.
    command = [python, "-m", "pytest", *sys.argv[1:], "-m", "not full", "-W", "default", "tests"]
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
