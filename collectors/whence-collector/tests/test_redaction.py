"""No secret gets to the disk, and nothing else is changed."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from whence_collector.redaction import REDACTED, Redaction
from whence_collector.settings import Settings
from whence_collector.transport import SpoolConfig, SpoolTransport

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

SAMPLES = sorted((Path(__file__).parents[3] / "tests" / "samples").glob("*.ndjson"))

SECRETS = st.text("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!%*+-.^_~", min_size=8, max_size=24)
"""What may stand in all of the forms below without quoting."""

NAMES = st.sampled_from(
    [
        "password",
        "PASSWORD",
        "db_password",
        "DbPassword",
        "passwd",
        "PGPASSWORD",
        "secret",
        "clientSecret",
        "AWS_SECRET_ACCESS_KEY",
        "token",
        "api_key",
        "apiKey",
        "API-KEY",
        "SLACK_TOKEN",
        "access_token",
        "private_key",
        "credentials",
        "Authorization",
        "AZURE_STORAGE_ACCOUNT_KEY",
        "DSN",
        "connection_string",
        "MYSQL_PWD",
        "ssh_key_2",
        "secrets",
    ]
)

TEXTS = [
    "CREATE USER bob IDENTIFIED BY '{0}'",
    "create user bob identified by {0};",
    "ALTER USER bob WITH ENCRYPTED PASSWORD '{0}' VALID UNTIL 'infinity'",
    "CREATE SECRET (TYPE s3, KEY_ID 'x', SECRET '{0}')",
    "COPY t FROM 's3://b/k' CREDENTIALS 'aws_access_key_id=a;aws_secret_access_key={0}'",
    "copy into t from @s credentials=(aws_key_id='a' aws_secret_key='{0}')",
    "SELECT * FROM dblink('host=h user=u password={0} dbname=d', 'select 1')",
    "postgresql://alice:{0}@db.example:5432/trades",
    "connecting to mysql+pymysql://root:{0}@10.0.0.1/db failed",
    "Server=h;Database=d;User Id=u;Password={0};Encrypt=true",
    "DefaultEndpointsProtocol=https;AccountName=a;AccountKey={0};EndpointSuffix=core.windows.net",
    "curl -H 'Authorization: Bearer {0}' https://api.example",
    "spark-submit --conf spark.hadoop.fs.s3a.secret.key={0} job.py",
    "mysql --password {0} -h host",
    "export API_KEY={0}; run",
    '{{"password": "{0}", "user": "u"}}',
    "https://b.example/k?X-Amz-Signature={0}&x=1",
    "token: {0}",
]


def event(text="", **facets):
    return {
        "eventTime": "2026-01-01T00:00:00Z",
        "run": {"runId": "01941f29-7c00-7e1a-8d4e-5b2f0a9c6d31", "facets": facets},
        "job": {"namespace": "n", "name": "j", "facets": {"sql": {"query": text}}},
        "inputs": [{"namespace": "n", "name": "d", "facets": {"documentation": {"description": text}}}],
    }


def values(document):
    """All values in it, a line each. Keys are never redacted, and one may be what a test calls a secret."""
    if isinstance(document, dict):
        return "\n".join(values(inner) for inner in document.values())
    if isinstance(document, list):
        return "\n".join(values(inner) for inner in document)
    return str(document)


def redacted(document, **options):
    options.setdefault("environment", {})
    redaction = Redaction(**options)
    text = json.dumps(document)
    return redaction.apply(document) if redaction.suspects(text) else document


@unhurried
@given(st.sampled_from(TEXTS), SECRETS, st.text(max_size=20), st.text(max_size=20))
def test_secrets_in_texts(form, secret, before, after):
    assume(not secret[0].isdigit())  # host:12345 is no user with a password
    assume(secret not in values(event(before + form + after)) + REDACTED)
    found = redacted(event(f"{before}\n{form.format(secret)}\n{after}"))
    assert secret not in values(found)
    assert REDACTED in values(found)


@unhurried
@given(NAMES, SECRETS)
def test_secrets_by_their_name(name, secret):
    assume(secret not in name + REDACTED)
    said = {
        "environmentVariables": {"environmentVariables": [{"name": name, "value": secret}]},
        "whence_parameters": {"parameters": [{"name": name, "value": [secret]}, {"name": name, "sha256": secret}]},
        "spark_properties": {"properties": {name: secret, "nested": {name: {"x": [secret]}}}},
    }
    assert secret not in values(redacted(event(**said))["run"])


@unhurried
@given(SECRETS, st.text(max_size=10), st.text(max_size=10))
@example('he said "x"\\', "", "")
def test_values_of_secret_environment_variables_wherever_they_are(secret, before, after):
    environment = {"DB_PASSWORD": secret, "HOME": "/home/somebody", "URL": f"postgres://u:{'q' * 9}@h/d"}
    text = before + secret + after
    assume(secret not in values(event(before + after)) + REDACTED)
    found = redacted(event(text, x={"y": [{"z": text}, "q" * 9]}), environment=environment)
    said = values(found)
    assert secret not in said
    assert "q" * 9 not in said


@pytest.mark.parametrize(
    "secret",
    [
        "AKIAIOSFODNN7EXAMPLE",
        "ghp_0123456789abcdefghij0123456789abcdef",
        "xoxb-123456789012-abcdefghijkl",
        "sk-proj-abcdefghijklmnopqrstuvwx",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl",
        "AIzaSyA-0123456789abcdefghijklmnopqrstuv",
        "glpat-0123456789abcdefghij",
    ],
)
def test_secrets_that_show_by_their_form(secret):
    assert json.dumps(redacted(event(f"it is {secret}, see"))["job"]).count(REDACTED) == 1


def test_private_keys():
    key = "-----BEGIN RSA PRIVATE KEY-----\nMIIEabc\ndef\n-----END RSA PRIVATE KEY-----"
    assert redacted(event(f"a {key} b"))["job"]["facets"]["sql"]["query"] == f"a {REDACTED} b"


def test_added_patterns():
    found = redacted(event("customer CUST-1234 asked"), patterns=[r"CUST-\d+"])
    assert found["job"]["facets"]["sql"]["query"] == f"customer {REDACTED} asked"


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_what_holds_no_secret_stays_as_it_is(file):
    """Real events of Spark, Airflow, dbt and Dagster, which hold no secrets but what is listed here."""
    redaction = Redaction(environment={})
    changed = [
        (old, new)
        for line in file.read_bytes().splitlines()
        if line.strip()
        for old, new in differences(json.loads(line), redaction.apply(json.loads(line)))
    ]
    assert changed == []


def differences(old, new):
    if isinstance(old, dict):
        return [found for key in old for found in differences(old[key], new[key])]
    if isinstance(old, list):
        return [found for pair in zip(old, new, strict=True) for found in differences(*pair)]
    return [] if old == new else [(old, new)]


@pytest.mark.parametrize(
    "text",
    [
        "SELECT token_count, key FROM keys WHERE passport = 1 AND author = 'x'",
        "http://host:8080/api/users/@me",
        "see https://example.org/a?b=c and mail a@example.org",
        "primary_key = id, foreign key (a)",
        "max_tokens = 100",
        "basic authentication is used",
        "GROUP BY identified, signal",
    ],
)
def test_what_only_looks_like_it(text):
    assert redacted(event(text)) == event(text)


def test_a_language_models_tokens_and_columns_of_such_names_stay():
    facets = {
        "usage": {"prompt_tokens": 10, "max_tokens": 5, "sort_key": "a", "primaryKey": "b", "secure": True},
    }
    columns = {
        "schema": {"fields": [{"name": "password", "type": "string"}]},
        "columnLineage": {"fields": {"password": {"inputFields": [{"namespace": "n", "name": "d", "field": "token"}]}}},
    }
    document = {**event(**facets), "outputs": [{"namespace": "n", "name": "d", "facets": columns}]}
    assert Redaction(environment={}).apply(document) == document


def test_names_lose_only_what_shows_by_its_form():
    document = event()
    document["job"]["name"] = "trading-environment"
    document["inputs"][0] |= {"namespace": "postgres://u:hunter22@db:5432", "name": "trading-environment"}
    found = redacted(document, environment={"SECRET": "trading-environment"})
    assert found["job"]["name"] == found["inputs"][0]["name"] == "trading-environment"
    assert found["inputs"][0]["namespace"] == f"postgres://{REDACTED}@db:5432"


@unhurried
@given(st.sampled_from(TEXTS), SECRETS)
def test_the_quick_look_misses_nothing(form, secret):
    redaction = Redaction(environment={})
    document = event(form.format(secret))
    if redaction.apply(document) != document:
        assert redaction.suspects(json.dumps(document))


@unhurried
@given(st.lists(st.tuples(st.sampled_from([*TEXTS, "{}"]), SECRETS), max_size=5))
def test_the_quick_look_is_the_same_whatever_came_before(said):
    redaction = Redaction(environment={})
    for form, secret in [*said, *said]:
        text = json.dumps(event(form.format(secret)))
        assert redaction.suspects(text) == Redaction(environment={}).suspects(text)


def test_nothing_secret_is_written(folder, lines, monkeypatch):
    monkeypatch.setenv("MY_PASSWORD", "correct horse")
    transport = SpoolTransport(SpoolConfig(Settings(spool=folder, shipper=False, redact=(r"CUST-\d+",))))
    transport.emit(event("password='hunter22' of CUST-77, correct horse"))
    [written] = lines()
    assert not [secret for secret in (b"hunter22", b"CUST-77", b"correct horse") if secret in written]
    assert b"".join(path.read_bytes() for path in folder.iterdir()).count(b"hunter22") == 0


def test_a_pattern_that_is_none_lets_nothing_through(folder, lines, caplog):
    transport = SpoolTransport(SpoolConfig(Settings(spool=folder, shipper=False, redact=("(",))))
    transport.emit(event("x"))
    assert lines() == []
    assert transport.dropped == 1
    assert "is no regular expression" in caplog.text
