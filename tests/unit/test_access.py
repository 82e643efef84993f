"""API keys and the gate."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from whence.access.gate import Gate, WrongHost, host_name, is_loopback, scope_needed
from whence.access.keys import KeyRing, Scope, create_key, list_keys, revoke_key
from whence_schemas.errors import ConfigurationError, Forbidden, NotFound, Unauthorized

LINEAGE = ("POST", "/api/v1/lineage")


@pytest.fixture
def path(tmp_path):
    return tmp_path / "state" / "keys.json"


# The file


def test_a_key_is_made_and_its_secret_is_not_stored(path):
    secret = create_key(path, "airflow é", [Scope.INGEST, Scope.READ])
    prefix, identifier, random = secret.split("_", 2)
    assert prefix == "whence" and len(random) >= 43
    [key] = list_keys(path)
    assert (key.id, key.name, key.scopes) == (identifier, "airflow é", {Scope.INGEST, Scope.READ})
    assert key.created.endswith("Z")
    assert random not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert json.loads(path.read_text())["keys"][0]["scopes"] == ["ingest", "read"]
    assert list(path.parent.iterdir()) == [path]


def test_keys_are_listed_in_order_and_revoked(path):
    assert list_keys(path) == []
    for name in "abc":
        create_key(path, name, [Scope.READ])
    second = list_keys(path)[1]
    assert revoke_key(path, second.id) == second
    assert [key.name for key in list_keys(path)] == ["a", "c"]
    with pytest.raises(NotFound, match=second.id):
        revoke_key(path, second.id)


def test_keys_that_are_made_at_once_are_all_there(path):
    with ThreadPoolExecutor(8) as pool:
        secrets = list(pool.map(lambda name: create_key(path, str(name), [Scope.READ]), range(40)))
    ring = KeyRing(path)
    assert all(ring.find(secret) for secret in secrets)


@pytest.mark.parametrize("text", ["", "[]", '{"keys": [{"id": "x"}]}', '{"keys": [], "more": 1}'])
def test_what_is_no_file_of_keys(path, text):
    path.parent.mkdir()
    path.write_text(text)
    for action in (list_keys, KeyRing, lambda path: create_key(path, "n", []), lambda path: revoke_key(path, "i")):
        with pytest.raises(ConfigurationError, match=r"keys\.json is no file of keys"):
            action(path)
    assert path.read_text() == text


def test_a_file_that_cannot_be_used(tmp_path):
    with pytest.raises(ConfigurationError, match="cannot be read"):
        list_keys(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        create_key(tmp_path / "file" / "keys.json", "n", [Scope.READ])


# The ring


def test_only_the_secret_itself_finds_a_key(path):
    secret = create_key(path, "n", [Scope.READ])
    other = create_key(path, "o", [Scope.READ])
    ring = KeyRing(path)
    assert ring.find(secret).name == "n"
    for wrong in ("", "whence_", secret[:-1], secret + "x", secret.upper(), "é", secret[:15] + other[15:]):
        assert ring.find(wrong) is None


def test_changes_of_the_file_count_at_once(path):
    ring = KeyRing(path)
    assert not ring.in_use and not ring.has_keys
    secret = create_key(path, "n", [Scope.READ])
    key = ring.find(secret)
    assert key and ring.in_use and ring.has_keys
    revoke_key(path, key.id)
    assert ring.find(secret) is None
    assert ring.in_use and not ring.has_keys
    path.unlink()
    assert not ring.in_use


# The gate


def bearer(secret):
    return f"Bearer {secret}"


def test_without_keys_only_loopback_is_served(path):
    for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
        assert Gate(KeyRing(path), host).admit(*LINEAGE, "localhost", "") == ""
    for host in ("0.0.0.0", "::", "10.0.0.1", "example.com", ""):
        with pytest.raises(ConfigurationError, match="whence key create"):
            Gate(KeyRing(path), host)
    create_key(path, "n", [Scope.READ])
    Gate(KeyRing(path), "0.0.0.0")


@pytest.mark.parametrize(
    "host", ["localhost", "LOCALHOST:5000", "127.0.0.1:80", "[::1]", "[::1]:5000", "lineage.example:1"]
)
def test_names_of_this_machine(path, host):
    assert Gate(KeyRing(path), "127.0.0.1", ["Lineage.example"]).admit(*LINEAGE, host, "") == ""


@pytest.mark.parametrize(
    "host", ["", "evil.example", "localhost.evil.example", "10.0.0.1", "[::2]:80", "127.0.0.1.evil", ":"]
)
def test_other_names(path, host):
    with pytest.raises(WrongHost, match="WHENCE_ALLOWED_HOSTS"):
        Gate(KeyRing(path), "127.0.0.1", ["lineage.example"]).admit(*LINEAGE, host, "")


def test_with_keys_any_host_will_do_but_a_key_is_needed(path):
    secret = create_key(path, "n", [Scope.INGEST])
    gate = Gate(KeyRing(path), "0.0.0.0")
    for scheme in ("Bearer", "bearer"):
        assert gate.admit(*LINEAGE, "anything", f"{scheme} {secret}") == secret.split("_")[1]
    for wrong in ("", secret, "Bearer", "Bearer ", f"Basic {secret}", bearer("whence_1_2")):
        with pytest.raises(Unauthorized):
            gate.admit(*LINEAGE, "localhost", wrong)
    with pytest.raises(Forbidden, match="scope read"):
        gate.admit("GET", "/docs", "localhost", bearer(secret))
    assert gate.admit("GET", "/health/ready", "10.1.1.1", "") == ""


def test_admin_may_do_everything(path):
    gate = Gate(KeyRing(path), "127.0.0.1")
    admin = bearer(create_key(path, "n", [Scope.ADMIN]))
    for method, url in (LINEAGE, ("GET", "/docs"), ("GET", "/api/v1/audit/x"), ("POST", "/api/v1/admin/x")):
        assert gate.admit(method, url, "localhost", admin)


def test_who_revokes_the_last_key_does_not_open_the_server(path):
    gate = Gate(KeyRing(path), "127.0.0.1")
    secret = create_key(path, "n", [Scope.INGEST])
    revoke_key(path, secret.split("_")[1])
    with pytest.raises(Unauthorized):
        gate.admit(*LINEAGE, "localhost", bearer(secret))


def test_who_deletes_the_file_does_not_open_a_server_on_the_network(path):
    create_key(path, "n", [Scope.INGEST])
    gate = Gate(KeyRing(path), "0.0.0.0")
    path.unlink()
    with pytest.raises(Unauthorized):
        gate.admit(*LINEAGE, "localhost", "")


@pytest.mark.parametrize(
    ("method", "url", "scope"),
    [
        ("GET", "/health/live", None),
        ("GET", "/healthy", Scope.READ),
        ("POST", "/api/v1/lineage", Scope.INGEST),
        ("POST", "/api/v1/lineage/batch", Scope.INGEST),
        ("GET", "/api/v1/lineage", Scope.READ),
        ("POST", "/api/v1/lineage/other", Scope.READ),
        ("POST", "/graphql", Scope.READ),
        ("GET", "/", Scope.READ),
        ("GET", "/docs", Scope.READ),
        ("GET", "/openapi.json", Scope.READ),
        ("GET", "/api/v1/audit/archive", Scope.AUDIT),
        ("DELETE", "/api/v1/admin/events", Scope.ADMIN),
    ],
)
def test_scopes_of_paths(method, url, scope):
    assert scope_needed(method, url) == scope


def test_host_names():
    assert host_name("Example.com:80") == "example.com"
    assert host_name("[::1]:80") == host_name("[::1]") == "::1"
    assert is_loopback("::1") and is_loopback("127.0.0.2") and not is_loopback("0.0.0.0")
