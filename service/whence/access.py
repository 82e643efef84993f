"""Who may do what: API keys, and what a server without keys asks for instead.

A key is ``whence_<id>_<random>``. The file of keys holds its id, name, scopes, time of creation and SHA-256: it is
32 random bytes, which nobody finds by trying, so that a slow hash would only slow the server. When the file is
there, every request needs a key. When it is not, the server listens on loopback only, and checks the Host header, so
that no web page can reach it by DNS rebinding.
"""

import fcntl
import hmac
import json
import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from tempfile import NamedTemporaryFile

from pydantic import BaseModel, ConfigDict, ValidationError

from whence_schemas.errors import ConfigurationError, Forbidden, NotFound, Unauthorized, WhenceError
from whence_schemas.times import format_time, now


class Scope(StrEnum):
    """What a key allows. `ADMIN` allows the others too."""

    INGEST = "ingest"
    READ = "read"
    AUDIT = "audit"
    ADMIN = "admin"


class WrongHost(WhenceError):
    """The Host header names another server (RFC 9110, section 15.5.20)."""

    status = 421
    title = "Misdirected request"


class Key(BaseModel):
    """A key as the file holds it; `sha256` is the hexadecimal hash of the secret."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    name: str
    scopes: frozenset[Scope]
    created: str
    sha256: str


class _KeysFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    keys: list[Key]


# The file of keys


def create_key(path: Path, name: str, scopes: Collection[Scope]) -> str:
    """Add a key to the file, which is made when missing, and return its secret: nothing can show it again.

    Raises:
        ConfigurationError: the file is none of keys, or cannot be written.
    """
    identifier = secrets.token_hex(4)
    secret = f"whence_{identifier}_{secrets.token_urlsafe(32)}"
    key = Key(
        id=identifier,
        name=name,
        scopes=frozenset(scopes),
        created=format_time(now()),
        sha256=_hash(secret),
    )
    with _changing(path):
        _write(path, [*list_keys(path), key])
    return secret


def revoke_key(path: Path, identifier: str) -> Key:
    """Take the key with this id out of the file; the key. A server that is running refuses it from then on.

    Raises:
        NotFound: there is no such key.
        ConfigurationError: the file is none of keys, or cannot be written.
    """
    with _changing(path):
        keys = list_keys(path)
        for key in keys:
            if key.id == identifier:
                _write(path, [other for other in keys if other is not key])
                return key
    raise NotFound(f"there is no key {identifier!r}; `whence key list` shows the keys there are")


def list_keys(path: Path) -> list[Key]:
    """The keys in the file, in the order of their creation; none when there is no file.

    Raises:
        ConfigurationError: the file is none of keys, or cannot be read.
    """
    return _read(path) or []


def key_ids(path: Path) -> frozenset[str] | None:
    """The ids of the keys in the file; None when there is no file, and nobody needs a key.

    Raises:
        ConfigurationError: the file is none of keys, or cannot be read.
    """
    keys = _read(path)
    return None if keys is None else frozenset(key.id for key in keys)


def _read(path: Path) -> list[Key] | None:
    """The keys in the file, or None when there is no file."""
    try:
        return _KeysFile.model_validate_json(path.read_bytes()).keys
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigurationError(f"the file of keys {path} cannot be read: {error.strerror}") from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise ConfigurationError(
            f"{path} is no file of keys ({where}: {first['msg']}); restore it, or move it away and make new keys with "
            "`whence key create`"
        ) from None


def _write(path: Path, keys: list[Key]) -> None:
    """Replace the file in one step, so that a server that reads it finds the old keys or the new ones."""
    entries = [key.model_dump(mode="json") | {"scopes": sorted(key.scopes)} for key in keys]
    with NamedTemporaryFile("w", dir=path.parent, prefix=path.name, delete=False) as file:  # its mode is 0600
        file.write(json.dumps({"keys": entries}, indent=2) + "\n")
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)


@contextmanager
def _changing(path: Path) -> Iterator[None]:
    """Hold off others who would change the file; errors of the file system are told."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)
    except OSError as error:
        raise ConfigurationError(f"the file of keys {path} cannot be written: {error.strerror}") from None


def _hash(secret: str) -> str:
    return sha256(secret.encode()).hexdigest()


class KeyRing:
    """The keys of one file, which is read again when it has changed."""

    def __init__(self, path: Path) -> None:
        """Read the file.

        Raises:
            ConfigurationError: the file is none of keys, or cannot be read.
        """
        self._path = path
        self._version = self._version_on_disk()
        self._keys = self._by_id()

    @property
    def in_use(self) -> bool:
        """Whether there is a file, if only an empty one: who revokes the last key does not open the server."""
        self._refresh()
        return self._keys is not None

    @property
    def has_keys(self) -> bool:
        """Whether there is a key in the file."""
        self._refresh()
        return bool(self._keys)

    def find(self, secret: str) -> Key | None:
        """The key with this secret. How long it takes depends on the id in it, which is no secret, alone.

        Raises:
            ConfigurationError: the file was changed to what is none of keys.
        """
        self._refresh()
        key = (self._keys or {}).get(secret.removeprefix("whence_").partition("_")[0])
        return key if key and hmac.compare_digest(key.sha256, _hash(secret)) else None

    def _refresh(self) -> None:
        version = self._version_on_disk()
        if version != self._version:
            self._keys = self._by_id()
            self._version = version

    def _by_id(self) -> dict[str, Key] | None:
        keys = _read(self._path)
        return None if keys is None else {key.id: key for key in keys}

    def _version_on_disk(self) -> tuple[int, int, int] | None:
        with suppress(OSError):
            found = self._path.stat()
            return found.st_mtime_ns, found.st_ino, found.st_size
        return None


# Admission


_NEEDED: tuple[tuple[str, str, Scope | None], ...] = (
    ("", "/health/", None),
    ("POST", "/api/v1/lineage", Scope.INGEST),
    ("POST", "/api/v1/lineage/batch", Scope.INGEST),
    ("POST", "/api/v1/audit/erasures", Scope.ADMIN),
    ("POST", "/api/v1/audit/retention", Scope.ADMIN),
    ("POST", "/api/v1/audit/holds", Scope.ADMIN),
    ("POST", "/api/v1/audit/holds/", Scope.ADMIN),
    ("", "/api/v1/audit/", Scope.AUDIT),
    ("", "/api/v1/admin/", Scope.ADMIN),
)
"""Method (empty is any), path (with a slash at its end, all below it), and the scope that they need."""


def scope_needed(method: str, path: str) -> Scope | None:
    """The scope that a request needs: `READ` where nothing else is said, None where it needs no key."""
    for its_method, its_path, scope in _NEEDED:
        is_below = its_path.endswith("/") and path.startswith(its_path)
        if its_method in ("", method) and (path == its_path or is_below):
            return scope
    return Scope.READ


class Gate:
    """Admits requests to a server that listens on `host`."""

    def __init__(self, ring: KeyRing, host: str, allowed_hosts: Collection[str] = ()) -> None:
        """Stand at the gate.

        Raises:
            ConfigurationError: the server would be open to the network without keys.
        """
        self._ring = ring
        self._is_local = is_loopback(host)
        self._allowed_hosts = frozenset(name.lower() for name in allowed_hosts)
        if not self._is_local and not ring.has_keys:
            raise ConfigurationError(
                f"without keys the server listens on loopback only, and not on {host}: make a key with "
                "`whence key create`, or set WHENCE_HOST to 127.0.0.1"
            )

    def admit(self, method: str, path: str, host: str, authorization: str) -> str:
        """The id of the key of a request that may go on; empty where it needed none.

        Raises:
            Unauthorized: it has no key, or one that is not known.
            Forbidden: its key lacks the scope.
            WrongHost: there are no keys, and it was sent to another name.
        """
        if not self._ring.in_use and self._is_local:
            self._check_host(host)
            return ""
        scope = scope_needed(method, path)
        if scope is None:
            return ""
        key = self._identify(authorization)
        if scope not in key.scopes and Scope.ADMIN not in key.scopes:
            raise Forbidden(f"the key {key.id} lacks the scope {scope}: use one made with `--scope {scope}`")
        return key.id

    def _identify(self, authorization: str) -> Key:
        scheme, _, secret = authorization.partition(" ")
        if scheme.lower() != "bearer" or not secret:
            raise Unauthorized("send a key as `Authorization: Bearer <key>`; `whence key create` makes one")
        key = self._ring.find(secret.strip())
        if key is None:
            raise Unauthorized("the key is not known; it may have been revoked")
        return key

    def _check_host(self, host: str) -> None:
        name = host_name(host)
        if not is_loopback(name) and name not in self._allowed_hosts:
            raise WrongHost(
                f"the Host header names {name[:80]!r}, and this server has no keys: reach it as localhost, add the "
                "name to WHENCE_ALLOWED_HOSTS, or make a key with `whence key create`"
            )


def host_name(host: str) -> str:
    """The name or address in a Host header (RFC 9110, section 7.2), in lower case, without port and brackets."""
    name, colon, port = host.lower().rpartition(":")
    return (name if colon and "]" not in port else host.lower()).strip("[]")


@lru_cache(maxsize=256)
def is_loopback(host: str) -> bool:
    """Whether a name or an address means this machine, as seen from itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host.lower() == "localhost"
