"""`whence-dagster tail`: follows a Dagster instance from outside, without its daemon and without a change to it."""

import argparse
import hashlib
import logging
import os
import signal
import sys
import time
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from types import FrameType

from dagster import DagsterInstance

from whence_collector import spool_client
from whence_dagster import settings
from whence_dagster.definitions import workspace_origins
from whence_dagster.tail import Cursor, NotSpooled, Tail

_LONGEST_PAUSE = 60.0


def main() -> None:
    """Run the command."""
    arguments = _arguments()
    logging.basicConfig(level=logging.WARNING, format="whence-dagster: %(message)s")
    if not os.environ.get("DAGSTER_HOME"):
        sys.exit("DAGSTER_HOME is not set: it names the folder of the instance (with dagster.yaml) to follow.")
    signal.signal(signal.SIGTERM, _stop)
    with suppress(KeyboardInterrupt), DagsterInstance.get() as instance:
        tail = Tail(instance, spool_client(), settings.names())
        _follow(tail, arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser("whence-dagster", description="Reports the runs of a Dagster instance to Whence.")
    commands = parser.add_subparsers(required=True)
    tail = commands.add_parser("tail", help="follow the instance in DAGSTER_HOME")
    tail.add_argument("--once", action="store_true", help="report what is there, then stop")
    tail.add_argument("--interval", type=float, default=2.0, metavar="SECONDS", help="pause between two looks (2)")
    tail.add_argument(
        "--history",
        type=float,
        default=settings.HISTORY_DAYS,
        metavar="DAYS",
        help=f"days to go back when started for the first time ({settings.HISTORY_DAYS:g})",
    )
    tail.add_argument("--state", type=Path, help="file that keeps how far was read")
    existing = "workspace.yaml" if Path("workspace.yaml").is_file() else None
    tail.add_argument("-w", "--workspace", default=existing, help="workspace file, to declare assets that never ran")
    return parser.parse_args()


def _follow(tail: Tail, arguments: argparse.Namespace) -> None:
    state = arguments.state or _state_file()
    cursor = _load(state) or Cursor.start(timedelta(days=arguments.history))
    tail.load(workspace_origins(arguments.workspace) if arguments.workspace else (), cursor)
    pause = arguments.interval
    while True:
        try:
            more = tail.poll(cursor)
            _save(state, cursor)
            pause = arguments.interval
        except NotSpooled as error:
            if arguments.once:
                sys.exit(f"whence-dagster: {error}. `whence-ship --status` says why.")
            logging.warning("%s; trying again", error)
            cursor, more = _load(state) or Cursor.start(timedelta(days=arguments.history)), False
            pause = min(pause * 2, _LONGEST_PAUSE)
        if arguments.once and not more:
            return
        time.sleep(0 if more else pause)


def _state_file() -> Path:
    home = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    instance = hashlib.sha256(str(Path(os.environ["DAGSTER_HOME"]).resolve()).encode()).hexdigest()[:12]
    return Path(home) / "whence" / f"dagster-{instance}.json"


def _load(state: Path) -> Cursor | None:
    return Cursor.from_json(state.read_text()) if state.exists() else None


def _save(state: Path, cursor: Cursor) -> None:
    """Replace the file, so that a kill at any time leaves the old or the new one."""
    text = cursor.to_json()
    if state.exists() and state.read_text() == text:
        return
    state.parent.mkdir(parents=True, exist_ok=True)
    new = state.with_suffix(".new")
    with new.open("w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(state)


def _stop(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt
