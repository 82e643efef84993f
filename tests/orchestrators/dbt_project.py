"""A real dbt project in a folder, run by `dbt-ol` in an environment that tests make."""

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.orchestrators.environments import environment

COLLECTOR = Path(__file__).parents[2] / "collectors/whence-collector"
EXAMPLE = COLLECTOR / "examples/dbt"
LATEST = ("dbt-core==1.11.16", "dbt-duckdb==1.11.1", "openlineage-dbt==1.54.0")
SECONDS = 240


def dbt_environment(*requirements: str) -> Path:
    """The folder of the executables of an environment with this dbt and the collector."""
    return environment("dbt", *(requirements or LATEST), editable=(COLLECTOR,)) / "bin"


class DbtProject:
    """A copy of the example in a folder, and a spool.

    Attributes:
        folder: of the project, in the one that is given.
        spool: where events wait.
    """

    def __init__(self, folder: Path, spool: Path, bin: Path) -> None:
        """bin: the executables of dbt's environment."""
        self.folder = folder / "project"
        self.spool, self._bin = spool, bin
        shutil.copytree(EXAMPLE, self.folder)

    def write(self, path: str, text: str) -> None:
        """Put a file into the project."""
        file = self.folder / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)

    def run(self, *command: str, check: bool = True, **variables: str) -> "subprocess.CompletedProcess[str]":
        """Run an executable of the environment in the project's folder."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("WHENCE_", "OPENLINEAGE"))}
        ours = {
            "PATH": f"{self._bin}{os.pathsep}{os.environ['PATH']}",
            "DBT_PROFILES_DIR": ".",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
            "OPENLINEAGE__TRANSPORT__TYPE": "whence_collector.SpoolTransport",
            "OPENLINEAGE_NAMESPACE": "desk",
            "WHENCE_SPOOL": str(self.spool),
            "WHENCE_SHIPPER": "0",
        }
        done = subprocess.run(
            [self._bin / command[0], *command[1:]],
            cwd=self.folder,
            env={**kept, **ours, **variables},
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        assert not check or done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
        return done


def without_dbt(said: Any) -> Any:
    """An event without dbt-ol's own facets, of which there is no schema here."""
    if not isinstance(said, dict):
        return [without_dbt(one) for one in said] if isinstance(said, list) else said
    return {name: without_dbt(value) for name, value in said.items() if not name.startswith("dbt_")}
