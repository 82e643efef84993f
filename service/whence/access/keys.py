"""API keys, and the file that holds them.

A key is ``whence_<id>_<random>``. The file of keys holds its id, name, scopes, time of creation and SHA-256: it is
32 random bytes, which nobody finds by trying, so that a slow hash would only slow the server.
"""

import fcntl
import hmac
import json
import os
import secrets
from collections.abc import Collection, Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from tempfile import NamedTemporaryFile

from pydantic import BaseModel, ConfigDict, ValidationError

from whence_schemas.errors import ConfigurationError, NotFound
from whence_schemas.times import format_time, now


class Scope(StrEnum):
    """What a key allows. `ADMIN` allows the others too."""

    INGEST = "ingest"
    READ = "read"
    AUDIT = "audit"
    ADMIN = "admin"


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
