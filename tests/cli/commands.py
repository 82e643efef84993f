"""How tests run the command line."""

import json
import sys
from pathlib import Path

from typer.testing import CliRunner

from whence.cli.app import app

SAMPLES = Path(__file__).parent.parent / "samples"
WHENCE = Path(sys.executable).with_name("whence")
PIPELINE = [SAMPLES / f"{name}.ndjson" for name in ("dbt_ol_build", "dbt_ol_failing_model", "spark_1.53.0_etl")]


class Answer:
    """What a command printed, and its exit code."""

    def __init__(self, result):
        self.code = result.exit_code
        self.out = result.stdout
        self.err = result.stderr

    @property
    def json(self):
        """What it printed for programs."""
        return json.loads(self.out)


def run(*args, code=0):
    """Run a command in this process, and expect this exit code."""
    answer = Answer(CliRunner().invoke(app, list(map(str, args)), catch_exceptions=False))
    assert answer.code == code, answer.out + answer.err
    return answer
