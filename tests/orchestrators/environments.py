"""Environments for tests: a virtual environment of its own for each set of requirements, kept between runs."""

import fcntl
import hashlib
import os
import subprocess
import sys
import venv
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "whence" / "environments"


def environment(name: str, *requirements: str, editable: tuple[Path, ...] = ()) -> Path:
    """The folder of an environment that holds these requirements; made when it is not there, by one process at a time.

    Args:
        name: for people who look into the cache.
        requirements: as pip takes them.
        editable: folders of distributions of ours, so that tests run what is in the checkout.
    """
    wanted = "\n".join([sys.version, *requirements, *map(str, editable)])
    folder = CACHE / f"{name}-{hashlib.sha256(wanted.encode()).hexdigest()[:12]}"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        complete = folder / ".complete"
        if not complete.exists():
            venv.create(folder, clear=True, with_pip=True)
            ours = [argument for path in editable for argument in ("--editable", str(path))]
            pip = [str(folder / "bin/python"), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
            subprocess.run([*pip, *requirements, *ours], check=True)
            complete.touch()
    return folder
