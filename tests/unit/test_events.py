"""Events: what is tolerated, what is refused and in which words, and that nothing is lost or guessed."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whence_schemas.errors import InvalidEvent, MalformedJson
from whence_schemas.events import (
    DatasetEvent,
    JobEvent,
    RunEvent,
    parse_event,
    read_json,
    unit_of,
    validate_event,
)
from whence_schemas.identity import dataset_key, job_key, run_key
from whence_schemas.times import Time, parse_time

RUN_ID = "01941f29-7c00-7e1a-8d4e-5b2f0a9c6d31"
SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("*.ndjson"))


def run_event() -> dict:
    """A small complete run event."""
    return {
        "eventType": "COMPLETE",
        "eventTime": "2026-01-31T09:30:00Z",
        "producer": "https://example.com/producer",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": RUN_ID, "facets": {"nominalTime": {"nominalStartTime": "2026-01-31T00:00:00Z"}}},
        "job": {"namespace": "airflow", "name": "daily.load", "facets": {}},
        "inputs": [{"namespace": "pg", "name": "a", "facets": {}, "inputFacets": {}}],
        "outputs": [{"namespace": "pg", "name": "b", "facets": {}, "outputFacets": {}}],
    }


ABSENT = object()


def changed(place: str, value: object) -> dict:
    """The run event with one place, such as ``inputs.0.name``, set to a value or taken away."""
    event = run_event()
    *steps, last = [int(step) if step.isdigit() else step for step in place.split(".")]
    target = event
    for step in steps:
        target = target[step]
    if value is ABSENT:
        del target[last]
    else:
        target[last] = value
    return event


def parsed(event: object):
    return parse_event(json.dumps(event).encode())


def refusal(event: object) -> InvalidEvent:
    with pytest.raises(InvalidEvent) as raised:
        parsed(event)
    assert not isinstance(raised.value, MalformedJson)
    return raised.value


# ---- kinds


def test_a_run_event():
    event = parsed(run_event())
    assert isinstance(event, RunEvent)
    assert (event.run.runId, event.job.namespace, event.job.name) == (RUN_ID, "airflow", "daily.load")
    assert event.run.facets == {"nominalTime": {"nominalStartTime": "2026-01-31T00:00:00Z"}}
    assert [dataset.name for dataset in event.inputs] == ["a"]
    assert [dataset.name for dataset in event.outputs] == ["b"]
    assert event.state == "COMPLETE"
    assert event.time == parse_time("2026-01-31T09:30:00Z")
    assert unit_of(event) == run_key(RUN_ID)


@pytest.mark.parametrize("run", [ABSENT, None])
def test_a_job_event_has_no_run(run):
    event = parsed(changed("run", run))
    assert isinstance(event, JobEvent)
    assert [dataset.name for dataset in event.inputs + event.outputs] == ["a", "b"]
    assert unit_of(event) == job_key("airflow", "daily.load")


def test_a_dataset_event_has_neither_run_nor_job():
    event = parsed({"eventTime": "2026-01-31T09:30:00Z", "dataset": {"namespace": "pg", "name": "a"}, "job": None})
    assert isinstance(event, DatasetEvent)
    assert event.dataset.facets == {}
    assert unit_of(event) == dataset_key("pg", "a")


def test_with_run_and_dataset_it_is_a_run_event_that_keeps_the_dataset():
    dataset = {"namespace": "pg", "name": "c"}
    event = parsed({**run_event(), "dataset": dataset})
    assert isinstance(event, RunEvent)
    assert event.model_extra == {"dataset": dataset}


def test_one_of_three_must_be_there():
    error = refusal({"eventTime": "2026-01-31T09:30:00Z", "run": None})
    assert error.field == ""
    assert all(name in error.reason for name in ("run", "job", "dataset"))


@pytest.mark.parametrize("document", [[], [run_event()], "event", 7, 1.5, True, None])
def test_an_event_is_an_object(document):
    error = refusal(document)
    assert error.field == ""
    assert "an event is a JSON object" in error.reason


# ---- tolerated


@pytest.mark.parametrize("value", [ABSENT, None])
@pytest.mark.parametrize("place", ["eventType", "producer", "schemaURL"])
def test_description_may_be_missing_or_null(place, value):
    assert getattr(parsed(changed(place, value)), place) is None


@pytest.mark.parametrize("value", [ABSENT, None])
def test_without_a_type_the_state_is_empty(value):
    assert parsed(changed("eventType", value)).state == ""


@pytest.mark.parametrize(("kept", "state"), [("complete", "COMPLETE"), ("Paused", "PAUSED"), ("", "")])
def test_any_event_type_is_kept_and_compared_in_upper_case(kept, state):
    event = parsed(changed("eventType", kept))
    assert (event.eventType, event.state) == (kept, state)


@pytest.mark.parametrize("value", [ABSENT, None, []])
@pytest.mark.parametrize("place", ["inputs", "outputs"])
def test_without_datasets_the_list_is_empty(place, value):
    assert getattr(parsed(changed(place, value)), place) == []


@pytest.mark.parametrize("value", [ABSENT, None, {}])
@pytest.mark.parametrize(
    "place",
    [
        "run.facets",
        "job.facets",
        "inputs.0.facets",
        "inputs.0.inputFacets",
        "outputs.0.facets",
        "outputs.0.outputFacets",
    ],
)
def test_without_facets_the_map_is_empty(place, value):
    target = parsed(changed(place, value))
    for step in place.split("."):
        target = target[int(step)] if step.isdigit() else getattr(target, step)
    assert target == {}


@pytest.mark.parametrize("facet", [None, {}, {"_producer": None}, [], "text", 5, 1.5, True, {"deep": [[{}]]}])
def test_facets_are_any_json(facet):
    facets = {"spark.exception": facet, "environment-properties": facet, "schema": facet, "": facet}
    assert parsed(changed("job.facets", facets)).job.facets == facets


@pytest.mark.parametrize("place", ["job.namespace", "inputs.0.namespace"])
def test_a_namespace_may_be_empty(place):
    parsed(changed(place, ""))


@pytest.mark.parametrize("name", [" ", "a\nb", "\0", "Ünï 🦆", "x" * 5000, " padded "])
def test_names_are_kept_as_they_were_received(name):
    event = parsed(changed("inputs.0.name", name))
    assert event.inputs[0].name == name


@pytest.mark.parametrize("run_id", [RUN_ID, RUN_ID.upper(), RUN_ID.replace("-", ""), "0" * 32])
def test_a_run_id_in_any_case_with_or_without_hyphens(run_id):
    event = parsed(changed("run.runId", run_id))
    assert event.run.runId == run_id
    assert unit_of(event) == run_key(run_id)


@pytest.mark.parametrize(
    ("text", "assumed"),
    [
        ("2026-01-31T09:30:00", True),
        ("2026-01-31T09:30:00.000000000Z", False),
        ("2026-01-31T09:30:00+00:00Z", False),
        ("2026-01-31T10:30:00+01:00[Europe/Berlin]", False),
    ],
)
def test_a_time_in_real_producers_forms(text, assumed):
    event = parsed(changed("eventTime", text))
    assert event.eventTime == text
    assert event.time == Time(parse_time("2026-01-31T09:30:00Z").micros, assumed)


@pytest.mark.parametrize("name", ["extra", "time", "state", "facets", "model_config", "__class__", "self", "_x", ""])
def test_unknown_fields_are_kept_whatever_their_name(name):
    event = run_event()
    for target in (event, event["run"], event["job"], event["inputs"][0], event["outputs"][0]):
        target.setdefault(name, {"kept": [1, None]})
    model = parsed(event)
    assert model.model_dump(exclude_unset=True) == event
    assert model.time == parse_time(event["eventTime"])
    assert model.state == "COMPLETE"


def test_big_numbers_survive():
    facet = {"id": 2**200, "negative": -(2**64), "digits": int("9" * 4000), "float": 1.7976931348623157e308}
    assert parsed(changed("run.facets", {"custom": facet})).run.facets["custom"] == facet


def test_a_byte_order_mark_is_skipped():
    assert parse_event(b"\xef\xbb\xbf" + json.dumps(run_event()).encode()) == parsed(run_event())


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_real_events_are_read_without_loss(sample):
    for payload in sample.read_bytes().splitlines():
        event = parse_event(payload)
        assert isinstance(event, RunEvent)
        assert event.model_dump(exclude_unset=True) == json.loads(payload)
        assert unit_of(event) == run_key(event.run.runId)


def test_the_samples_are_there():
    assert sum(len(sample.read_bytes().splitlines()) for sample in SAMPLES) == 957


# ---- refused


NO_TEXT = [ABSENT, None, 5, True, 1.5, {}, ["a"]]
NO_OBJECT = ["text", "", 5, 0, True, [], [1]]


@pytest.mark.parametrize("value", NO_TEXT)
@pytest.mark.parametrize(
    ("place", "field", "mend"),
    [
        ("eventTime", "eventTime", "send when it happened"),
        ("run.runId", "run.runId", "send the run's id"),
        ("job.namespace", "job.namespace", "send the namespace"),
        ("job.name", "job.name", "send the name"),
        ("inputs.0.namespace", "inputs[0].namespace", "send the namespace"),
        ("inputs.0.name", "inputs[0].name", "send the name"),
        ("outputs.0.namespace", "outputs[0].namespace", "send the namespace"),
        ("outputs.0.name", "outputs[0].name", "send the name"),
    ],
)
def test_identity_and_time_must_be_text(place, field, mend, value):
    error = refusal(changed(place, value))
    assert error.field == field
    assert mend in error.reason
    assert ("is missing" if value is ABSENT else "found ") in error.reason
    assert "wanted" in error.reason


@pytest.mark.parametrize("value", [5, True, {}, []])
@pytest.mark.parametrize("place", ["eventType", "producer", "schemaURL"])
def test_description_that_is_there_must_be_text(place, value):
    error = refusal(changed(place, value))
    assert error.field == place
    assert "a string is wanted" in error.reason
    assert "leave it out" in error.reason


@pytest.mark.parametrize("place", ["job.name", "inputs.0.name", "outputs.0.name"])
def test_a_name_may_not_be_empty(place):
    error = refusal(changed(place, ""))
    assert error.reason.startswith("found an empty string, but a string that is not empty is wanted")


def test_the_names_of_declared_jobs_and_datasets_may_not_be_empty_either():
    assert refusal({"eventTime": "2026-01-31T09:30:00Z", "job": {"namespace": "", "name": ""}}).field == "job.name"
    assert (
        refusal({"eventTime": "2026-01-31T09:30:00Z", "dataset": {"namespace": "", "name": ""}}).field == "dataset.name"
    )


@pytest.mark.parametrize(
    "run_id",
    [
        "",
        "not-a-uuid",
        f"{{{RUN_ID}}}",
        f"urn:uuid:{RUN_ID}",
        f" {RUN_ID}",
        f"{RUN_ID}\n",
        RUN_ID[:-1],
        RUN_ID + "0",
        RUN_ID.replace("0", "g", 1),
        RUN_ID.replace("-", "_"),
        RUN_ID.replace("-", "", 1),
        "0x" + "0" * 30,
        RUN_ID.replace("0", "٠", 1),
        "x" * 10_000,
    ],
)
def test_a_run_id_is_a_uuid(run_id):
    error = refusal(changed("run.runId", run_id))
    assert error.field == "run.runId"
    assert "a UUID is wanted" in error.reason
    assert len(error.reason) < 300


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2026-01-31", "2026-02-30T00:00:00Z", "0000-01-01T00:00:00Z", "9" * 999]
)
def test_a_time_must_be_one(text):
    error = refusal(changed("eventTime", text))
    assert error.field == "eventTime"
    assert repr(text[:80]) in error.reason
    assert "send when it happened" in error.reason
    assert len(error.reason) < 300


@pytest.mark.parametrize("value", NO_OBJECT)
@pytest.mark.parametrize("place", ["run", "job"])
def test_run_and_job_are_objects(place, value):
    error = refusal(changed(place, value))
    assert error.field == place
    assert "an object is wanted" in error.reason


@pytest.mark.parametrize("value", [ABSENT, None])
def test_a_run_needs_its_job(value):
    error = refusal(changed("job", value))
    assert error.field == "job"
    assert "send the job as {namespace, name, facets}" in error.reason


@pytest.mark.parametrize("value", [5, "text", True])
def test_a_dataset_is_an_object(value):
    assert refusal({"eventTime": "2026-01-31T09:30:00Z", "dataset": value}).field == "dataset"


@pytest.mark.parametrize("value", NO_OBJECT)
@pytest.mark.parametrize(
    ("place", "field"),
    [
        ("run.facets", "run.facets"),
        ("job.facets", "job.facets"),
        ("inputs.0.facets", "inputs[0].facets"),
        ("inputs.0.inputFacets", "inputs[0].inputFacets"),
        ("outputs.0.outputFacets", "outputs[0].outputFacets"),
    ],
)
def test_facets_are_an_object(place, field, value):
    error = refusal(changed(place, value))
    assert error.field == field
    assert "an object is wanted: send the facets as {name: facet}" in error.reason


@pytest.mark.parametrize("value", ["text", 5, True, {}, {"namespace": "pg", "name": "a"}])
@pytest.mark.parametrize("place", ["inputs", "outputs"])
def test_datasets_are_an_array(place, value):
    error = refusal(changed(place, value))
    assert error.field == place
    assert "an array is wanted" in error.reason


@pytest.mark.parametrize("value", [None, "pg/a", 5, [], True])
@pytest.mark.parametrize("place", ["inputs", "outputs"])
def test_each_dataset_is_an_object(place, value):
    event = run_event()
    event[place].append(value)
    error = refusal(event)
    assert error.field == f"{place}[1]"
    assert "an object is wanted: send each dataset as" in error.reason


def test_the_first_error_of_the_document_is_told():
    assert refusal({"outputs": [{}], "inputs": 5, "run": {}, "eventTime": 7}).field == "outputs[0].namespace"
    assert refusal({"outputs": [{"name": 5, "namespace": 6}], "run": {}, "eventTime": 7}).field == "outputs[0].name"
    assert refusal({"inputs": 5, "outputs": [{}], "run": {}, "eventTime": 7}).field == "inputs"
    assert refusal({"run": {}, "outputs": [{}]}).field == "run.runId"
    assert refusal({"run": {"runId": RUN_ID}, "job": run_event()["job"]}).field == "eventTime"


def test_a_million_errors_cost_no_more_than_one():
    error = refusal(changed("inputs", [1] * 1_000_000))
    assert error.field == "inputs[0]"


def test_long_values_are_cut():
    error = refusal(changed("run.runId", "\0" * 1000))
    assert "…" in error.reason
    assert len(error.reason) < 300
    assert len(refusal(changed("eventTime", int("7" * 4000))).reason) < 300


# ---- malformed JSON


@pytest.mark.parametrize(
    ("payload", "where"),
    [
        (b"", "line 1 column 0"),
        (b" \n", "line 2 column 0"),
        (b"{", "line 1 column 1"),
        (b'{"a": 1,}', "line 1 column 9"),
        (b'{"a": 1} x', "line 1 column 10"),
        (b'{\n  "a": tru }', "line 2 column"),
        (b"{'a': 1}", "line 1 column 2"),
        (b'{"a": 01}', "line 1 column"),
        (b'{"a": "\n"}', "line 2 column 0"),
        (b'{"a": "\xff"}', "line 1 column"),
        (b'{"a": "\xed\xa0\x80"}', "line 1 column"),
        (b'{"a": "\\ud800"}', "line 1 column"),
        (b'{"a": "\\udc00"}', "line 1 column"),
        (b'{"a": "\\udc00\\ud800"}', "line 1 column"),
        (b'{"\\ud800": 1}', "line 1 column"),
        (b'{"a": NaN}', "line 1 column"),
        (b'{"a": Infinity}', "line 1 column"),
        (b'{"a": -Infinity}', "line 1 column"),
        (b'{"a": ' + b"[" * 300 + b"]" * 300 + b"}", "line 1 column"),
        (b'{"a": ' + b"1" * 5000 + b"}", "line 1 column"),
        ("{}".encode("utf-16"), "line 1 column"),
        (b"\xef\xbb\xbf\xef\xbb\xbf{}", "line 1 column 1"),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(payload, where):
    with pytest.raises(MalformedJson) as raised:
        parse_event(payload)
    assert raised.value.reason.startswith("the body is no JSON (")
    assert where in raised.value.reason
    assert "UTF-8" in raised.value.reason


@pytest.mark.parametrize(
    "number",
    [
        "1e999",
        "-1e999",
        "1E+999",
        "1e309",
        "1.8e308",
        "0.1e0400",
        "1e400 ",
        "1e400\n",
        "1" * 400 + ".0",
        "1" * 230 + "e99",
        "9" * 210 + "E+99",
        "0.001e99999",
    ],
)
@pytest.mark.parametrize(
    ("frame", "field"), [('{"a": [0, %s]}', "a[1]"), ('{"a": {"b": %s, "c": 1}}', "a.b"), ("%s", "")]
)
def test_a_number_beyond_a_double_is_refused_with_its_place(number, frame, field):
    with pytest.raises(MalformedJson) as raised:
        read_json((frame % number).encode())
    assert raised.value.field == field
    assert "send it as a string" in raised.value.reason


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{"a": 1e308}', {"a": 1e308}),
        ('{"a": 1e-999}', {"a": 0.0}),
        ('{"a": 0e999}', {"a": 0.0}),
        ('{"a": 0.' + "0" * 400 + "1e400}", {"a": 0.1}),
        ('{"a": 1.' + "1" * 400 + "}", {"a": 10 / 9}),
        ('{"a": ' + "1" * 400 + "}", {"a": int("1" * 400)}),
        ('{"a": "1e999"}', {"a": "1e999"}),
        ('{"a": "x1e999,"}', {"a": "x1e999,"}),
        ('{"1e999": []}', {"1e999": []}),
        ('{"a": "\\ud83e\\udd86"}', {"a": "🦆"}),
        ("[" * 190 + "]" * 190, json.loads("[" * 190 + "]" * 190)),
    ],
)
def test_numbers_and_text_that_only_look_wrong_are_read(text, value):
    assert read_json(text.encode()) == value


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(codec="utf-8")), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(json_values)
def test_json_is_read_as_pythons_own_reader_does(value):
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False)):
        assert repr(read_json(text.encode())) == repr(json.loads(text))


@given(st.binary() | st.text().map(lambda text: text.encode(errors="surrogatepass")))
def test_any_bytes_are_read_or_refused(payload):
    try:
        parse_event(payload)
    except InvalidEvent as error:
        assert error.reason


@settings(max_examples=300)
@given(st.data())
def test_an_event_with_any_value_in_any_place_is_read_without_loss_or_refused_with_the_place(data):
    event = run_event()
    places = [
        ("eventTime",),
        ("run",),
        ("job", "name"),
        ("inputs", 0),
        ("outputs", 0, "facets"),
        ("run", "runId"),
    ]
    *steps, last = data.draw(st.sampled_from(places))
    target = event
    for step in steps:
        target = target[step]
    target[last] = data.draw(json_values)
    original = deepcopy(event)
    try:
        model = validate_event(event)
    except InvalidEvent as error:
        assert error.reason
        assert len(error.reason) < 400
        place = ".".join(map(str, [*steps, last])).replace(".0", "[0]")
        assert error.field.startswith(place)
    else:
        dumped = model.model_dump(exclude_unset=True)
        assert without_nulls(dumped) == without_nulls(original)
    assert event == original


def without_nulls(value: object) -> object:
    """The value without what reads alike: null, empty lists and empty objects as fields."""
    if isinstance(value, dict):
        return {key: without_nulls(item) for key, item in value.items() if item not in (None, [], {})}
    return [without_nulls(item) for item in value] if isinstance(value, list) else value
