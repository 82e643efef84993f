"""Who may do what: what a request needs, and what a server without keys asks for instead.

When the file of keys is there, every request needs a key. When it is not, the server listens on loopback only, and
checks the Host header, so that no web page can reach it by DNS rebinding.
"""

from collections.abc import Collection
from functools import lru_cache
from ipaddress import ip_address

from whence.access.keys import Key, KeyRing, Scope
from whence_schemas.errors import ConfigurationError, Forbidden, Unauthorized, WhenceError


class WrongHost(WhenceError):
    """The Host header names another server (RFC 9110, section 15.5.20)."""

    status = 421
    title = "Misdirected request"


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
