"""Redaction rules: what they take out, what they never do, and what is wrong with a bad file."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from whence.eventlog.sqlite import MEMORY, SQLiteEventLog
from whence.ingestion import Ingestion
from whence.redaction import Redaction
from whence_schemas.errors import ConfigurationError
from whence_schemas.events import validate_event

EVENT = {
    "eventType": "COMPLETE",
    "eventTime": "2026-01-31T09:30:00Z",
    "producer": "https://user:hunter2@example.com",
    "run": {
        "runId": "01941f29-7c00-7e1a-8d4e-5b2f0a9c6d31",
        "facets": {
            "environmentVariables": {"_producer": "p", "environmentVariables": [{"name": "KEY", "value": "hunter2"}]},
            "spark.exception": {"stackTrace": "at hunter2"},
            "parent": {"run": {"runId": "7"}, "job": {"namespace": "hunter2", "name": "hunter2"}},
        },
    },
    "job": {"namespace": "hunter2", "name": "hunter2", "facets": {"sql": {"query": "connect hunter2; select 1"}}},
    "inputs": [
        {"namespace": "n", "name": "hunter2", "facets": {"documentation": {"description": "x"}}},
        {"namespace": "n", "name": "b", "inputFacets": {"sql": {"query": "select 2"}, "rows": {"rowCount": 7}}},
    ],
}


@pytest.fixture
def redaction(tmp_path):
    def redaction(rules):
        path = tmp_path / "rules.toml"
        path.write_text(rules)
        return Redaction.load(path)

    return redaction


def facets_rule(*places):
    return f'[[rule]]\nid = "r"\nfacets = {list(places)}'


def values_rule(*expressions):
    return f'[[rule]]\nid = "r"\nvalues = {list(expressions)}'


@pytest.mark.parametrize(
    ("place", "gone"),
    [
        ("run.facets.environmentVariables.**", "run facets environmentVariables environmentVariables"),
        ("run.facets.environmentVariables", "run facets environmentVariables"),
        ("*.facets.sql.query", "job facets sql query"),
        ("**.query", "job facets sql query"),
        ("run.facets.spark.exception.stackTrace", "run facets spark.exception stackTrace"),
        ("run.facets.*.stackTrace", "run facets spark.exception stackTrace"),
        ("run.facets.spark*", "run facets spark.exception"),
        ("job.*.*.que*", "job facets sql query"),
    ],
)
def test_places(redaction, place, gone):
    event, fired = redaction(facets_rule(place)).apply(EVENT)
    assert fired == ["r"]
    *path, last = gone.split()
    for step in path:
        event = event[step]
    assert event[last] == "[redacted]"


def test_elements_of_an_array_have_its_place(redaction):
    event, _ = redaction(facets_rule("inputs.inputFacets.*.rowCount", "inputs.facets.**")).apply(EVENT)
    assert event["inputs"][0]["facets"] == {"documentation": "[redacted]"}
    assert event["inputs"][1]["inputFacets"] == {"sql": {"query": "select 2"}, "rows": {"rowCount": "[redacted]"}}


def test_values_are_taken_out_of_texts(redaction):
    event, fired = redaction(values_rule("hunter[0-9]")).apply(EVENT)
    assert fired == ["r"]
    assert event["job"]["facets"]["sql"]["query"] == "connect [redacted]; select 1"
    assert event["producer"] == "https://user:[redacted]@example.com"
    variables = event["run"]["facets"]["environmentVariables"]["environmentVariables"]
    assert variables == [{"name": "KEY", "value": "[redacted]"}]


def test_a_rule_with_both_takes_values_out_at_its_places_only(redaction):
    event, _ = redaction(facets_rule("*.facets.sql") + "\nvalues = ['hunter2']").apply(EVENT)
    assert event["job"]["facets"]["sql"]["query"] == "connect [redacted]; select 1"
    assert event["producer"] == EVENT["producer"]


def test_the_rules_that_fired_are_named(redaction):
    rules = (
        '[[rule]]\nid="b"\nvalues=["hunter"]\n[[rule]]\nid="a"\nfacets=["**.query"]\n[[rule]]\nid="c"\nvalues=["zzz"]'
    )
    assert redaction(rules).apply(EVENT)[1] == ["a", "b"]


def test_what_is_redacted_already_does_not_fire(redaction):
    rules = redaction(facets_rule("**") + "\n[[rule]]\nid='v'\nvalues=['hunter2', 'red']")
    once, fired = rules.apply(EVENT)
    assert fired == ["r"]
    assert rules.apply(once) == (once, [])


@pytest.mark.parametrize("rule", [facets_rule("**"), facets_rule("run", "job", "*.*", "inputs"), values_rule(".+")])
def test_identity_and_time_stay(redaction, rule):
    before = copy.deepcopy(EVENT)
    event, _ = redaction(rule).apply(EVENT)
    assert before == EVENT
    validate_event(event)
    assert event["eventTime"] == EVENT["eventTime"]
    assert event["eventType"] == EVENT["eventType"]
    assert event["run"]["runId"] == EVENT["run"]["runId"]
    assert (event["job"]["namespace"], event["job"]["name"]) == ("hunter2", "hunter2")
    assert [dataset["name"] for dataset in event["inputs"]] == ["hunter2", "b"]


def test_references_in_facets_stay_unless_the_facet_is_named(redaction):
    event, _ = redaction(values_rule("hunter2", "7")).apply(EVENT)
    assert event["run"]["facets"]["parent"] == EVENT["run"]["facets"]["parent"]
    event, _ = redaction(facets_rule("run.facets.parent")).apply(EVENT)
    assert event["run"]["facets"]["parent"] == "[redacted]"


json_values = st.recursive(
    st.none() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@given(json_values)
def test_no_rules_change_nothing_and_any_json_will_do(value):
    assert Redaction([]).apply(value) == (value, [])


async def test_ingestion_keeps_the_bytes_unless_a_rule_fires(redaction):
    log = await SQLiteEventLog.open(MEMORY)
    ingestion = Ingestion(log, redaction(values_rule("hunter2")))
    plain = b'{ "eventTime": "2026-01-31T09:30:00Z", "job": {"namespace": "n", "name": "j"}, "x": 1.0 }'
    long = str(10**4_000).encode()
    await ingestion.ingest(plain)
    await ingestion.ingest(plain.replace(b"1.0", '["hunter2 é", '.encode() + long + b"]"), "key1")
    first, second = await log.read(0, 9, 10**6)
    assert first.payload == plain
    assert second.payload == (
        b'{"eventTime":"2026-01-31T09:30:00Z","job":{"namespace":"n","name":"j"},"x":["[redacted] '
        + "é".encode()
        + b'",'
        + long
        + b"]}"
    )
    assert second.meta.endswith(b'"redacted":["r"],"sender":"key1"}')
    await log.close()


async def test_a_value_hidden_behind_a_second_of_its_key_is_not_kept(redaction):
    log = await SQLiteEventLog.open(MEMORY)
    rules = redaction('[[rule]]\nid = "secret"\nvalues = ["hunter2"]')
    hidden = b"""{"eventTime": "2026-01-31T09:30:00Z", "job": {"namespace": "n", "name": "j",
        "facets": {"sql": {"query": "hunter2", "query": "select 1"}}}}"""
    await Ingestion(log, rules).ingest(hidden)
    [entry] = await log.read(0, 1, 2**20)
    assert b"hunter2" not in entry.payload
    assert b"select 1" in entry.payload
    await log.close()


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        ("[[rule]", "no TOML"),
        ("x = 1", "'x' is not known"),
        ("rule = 1", "double brackets"),
        ("[rule]\nid='a'", "double brackets"),
        ("rule = [7]", "rule 1"),
        ("[[rule]]\nfacets=['a']", "rule 1: id: Field required"),
        ("[[rule]]\nid=''\nfacets=['a']", r"rule 1 \(\): id"),
        ("[[rule]]\nid='a'", r"rule 1 \(a\): .*would do nothing"),
        ("[[rule]]\nid='a'\nfacet=['x']", r"rule 1 \(a\): facet"),
        ("[[rule]]\nid='a'\nfacets='x'", r"rule 1 \(a\): facets"),
        ("[[rule]]\nid='a'\nfacets=['']", r"rule 1 \(a\): facets: a place is empty"),
        ("[[rule]]\nid='a'\nvalues=['(']", r"rule 1 \(a\): values: '\(' is no regular expression"),
        ("[[rule]]\nid='a'\nvalues=['x*']", r"rule 1 \(a\): values: 'x\*' fits an empty text"),
        ("[[rule]]\nid='a'\nvalues=['x']\n[[rule]]\nid='a'\nvalues=['y']", r"rule 2 \(a\): an earlier rule"),
    ],
)
def test_bad_rules(redaction, tmp_path, rules, message):
    with pytest.raises(ConfigurationError, match=message) as caught:
        redaction(rules)
    assert str(tmp_path / "rules.toml") in str(caught.value)


def test_a_missing_file(tmp_path):
    with pytest.raises(ConfigurationError, match=r"missing\.toml cannot be read: No such file"):
        Redaction.load(tmp_path / "missing.toml")
    (tmp_path / "latin.toml").write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match="no TOML"):
        Redaction.load(tmp_path / "latin.toml")
