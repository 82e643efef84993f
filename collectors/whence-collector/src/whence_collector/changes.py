"""Whether a checkout has uncommitted changes. Only git can tell: it is asked in a thread, and changes nothing.

A process that runs one task would ask what the one before it asked. So an answer is kept beside the spool, for twenty
times as long as git took: however large the checkout and many the tasks, git is at work a twentieth of the time.
"""

import hashlib
import json
import os
import subprocess
import threading
import time
from contextlib import suppress
from pathlib import Path

from .settings import Settings

GIT_SECONDS = 30.0
"""How long git may look; in the background."""
KEPT = 20
"""How many times as long as it took to get an answer it is taken to hold."""

_known: dict[str, bool | None] = {}
_asked: dict[tuple[int, str], threading.Thread] = {}


def changed(root: str, git: Path, wait: float = 0) -> bool | None:
    """Whether files that git knows have uncommitted changes; None if that is not known (yet).

    Args:
        root: of the checkout.
        git: its folder of Git's.
        wait: seconds to wait for an answer, the first time.
    """
    if root not in _known:
        question = (os.getpid(), root)  # a thread does not come along into a forked child
        if question not in _asked:
            note = _Note(root, git)
            if (found := note.read()) is not None:
                _known[root] = found
                return found
            _asked[question] = threading.Thread(target=_ask, args=(root, note), name="whence-git", daemon=True)
            _asked[question].start()
        if wait:
            _asked[question].join(wait)
    return _known.get(root)


def forget() -> None:
    """Ask again when asked next."""
    _known.clear()
    _asked.clear()


def _ask(root: str, note: "_Note") -> None:
    command = ["git", "--no-optional-locks", "-c", "core.fsmonitor=false", "status", "--porcelain"]
    begun = time.monotonic()
    try:
        done = subprocess.run(  # noqa: S603
            [*command, "--untracked-files=no"],
            cwd=root,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=GIT_SECONDS,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        _known[root] = None
        return
    _known[root] = bool(done.stdout.strip())
    note.write(bool(done.stdout.strip()), KEPT * (time.monotonic() - begun))


class _Note:
    """The last answer about a checkout, for all processes that share a spool. It holds while the index is the same."""

    def __init__(self, root: str, git: Path) -> None:
        self._folder = Settings.load().spool
        self._file = self._folder / "git" / hashlib.sha256(root.encode()).hexdigest()[:32]
        index = git / "index"
        self._index = index.stat().st_mtime_ns if index.exists() else 0

    def read(self) -> bool | None:
        """The answer, if there is one that holds."""
        try:
            said = json.loads(self._file.read_text())
            holds = said["from"] <= time.time() < said["until"] and said["index"] == self._index
            return bool(said["changed"]) if holds else None
        except (KeyError, OSError, TypeError, ValueError):
            return None

    def write(self, changed: bool, seconds: float) -> None:
        """Keep an answer for so long. Where there is no spool, nothing is written."""
        now = time.time()
        with suppress(OSError):
            said = {"changed": changed, "from": now, "until": now + seconds, "index": self._index}
            if self._folder.is_dir():
                self._file.parent.mkdir(mode=0o700, exist_ok=True)
                new = self._file.with_name(f"{self._file.name}.{os.getpid()}")
                new.write_text(json.dumps(said))
                new.replace(self._file)
