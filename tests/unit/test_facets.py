"""Facets: each standard one is read without loss, tolerating what producers really send, and never raises."""

import json
from copy import deepcopy
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from whence_schemas.facets import (
    DATASET_FACETS,
    INPUT_FACETS,
    JOB_FACETS,
    OUTPUT_FACETS,
    RUN_FACETS,
    facet_problem,
    is_deleted,
    read_facet,
)

REGISTRIES = {
    "run": RUN_FACETS,
    "job": JOB_FACETS,
    "dataset": DATASET_FACETS,
    "input": INPUT_FACETS,
    "output": OUTPUT_FACETS,
}
SAMPLES = sorted((Path(__file__).parents[1] / "samples").glob("*.ndjson"))

JOB = {"namespace": "airflow", "name": "daily"}
RUN = {"runId": "01941f29-7c00-7e1a-8d4e-5b2f0a9c6d31"}
TRANSFORMATION = {"type": "DIRECT", "subtype": "IDENTITY", "description": "", "masking": False}
SOURCE = {"namespace": "pg", "name": "a", "field": "id", "transformations": [TRANSFORMATION]}
LINEAGE_FIELDS = {"id": {"inputs": [{"type": "DATASET", **SOURCE}]}}
DOCUMENTATION = {"description": "Orders", "contentType": "text/plain"}
OWNERSHIP = {"owners": [{"name": "team:data", "type": "MAINTAINER"}]}
TAGS = {"tags": [{"key": "pii", "value": "true", "source": "USER"}]}
STATISTICS = {"rowCount": 3, "size": 2**70, "fileCount": 1}
METRICS = {
    "rowCount": 10,
    "bytes": 1000,
    "fileCount": 1,
    "lastUpdated": "2026-01-31T09:30:00Z",
    "columnMetrics": {
        "price": {
            "nullCount": 0,
            "distinctCount": 9,
            "sum": 12.5,
            "count": 10,
            "min": -1,
            "max": 1e300,
            "quantiles": {"0.1": 1.0, "0.5": 2, "1": None},
        }
    },
}
CHECK = {
    "severity": "warn",
    "name": "no nulls",
    "description": "",
    "expected": "0",
    "actual": 3,
    "content": "select 1",
    "contentType": "sql",
    "params": {"column": "id"},
}
SUBSET = {
    "type": "binary",
    "operator": "AND",
    "left": {"type": "location", "locations": ["s3://b/a"]},
    "right": {
        "type": "compare",
        "comparison": "EQUAL",
        "left": {"type": "field", "field": "day"},
        "right": {"type": "literal", "value": "2026-01-31"},
    },
}
PARTITIONS = {"type": "partition", "partitions": [{"identifier": "p1", "dimensions": {"day": "2026-01-31"}}]}

# Every standard facet with each of its fields, by what it is on and its key.
EXAMPLES = {
    ("dataset", "catalog"): {
        "framework": "iceberg",
        "type": "glue",
        "name": "main",
        "metadataUri": "thrift://m:9083",
        "warehouseUri": "s3://w",
        "source": "spark",
        "catalogProperties": {"a": "b"},
    },
    ("dataset", "columnLineage"): {
        "fields": {
            "id": {
                "inputFields": [SOURCE],
                "transformationType": "IDENTITY",
                "transformationDescription": "as it is",
            }
        },
        "dataset": [SOURCE],
    },
    ("dataset", "dataQualityAssertions"): {
        "assertions": [{"assertion": "not_null", "success": True, "column": "id", **CHECK}]
    },
    ("input", "dataQualityAssertions"): {"assertions": [{"assertion": "unique", "success": False}]},
    ("dataset", "dataQualityMetrics"): METRICS,
    ("input", "dataQualityMetrics"): METRICS,
    ("dataset", "datasetType"): {"datasetType": "VIEW", "subType": "MATERIALIZED"},
    ("dataset", "version"): {"datasetVersion": "7"},
    ("dataset", "dataSource"): {"name": "pg", "uri": "file"},
    ("dataset", "documentation"): DOCUMENTATION,
    ("job", "documentation"): DOCUMENTATION,
    ("dataset", "hierarchy"): {"hierarchy": [{"type": "DATABASE", "name": "shop"}]},
    ("dataset", "lifecycleStateChange"): {
        "lifecycleStateChange": "RENAME",
        "previousIdentifier": {"namespace": "pg", "name": "old"},
    },
    ("dataset", "lineage"): {"inputs": [{"type": "JOB"}], "fields": LINEAGE_FIELDS},
    ("job", "lineage"): {
        "entries": [
            {"type": "DATASET", "namespace": "pg", "name": "b", "inputs": [], "fields": LINEAGE_FIELDS},
            {"type": "JOB", **JOB, **RUN, "inputs": [{"type": "JOB", **JOB, **RUN}]},
        ]
    },
    ("dataset", "ownership"): OWNERSHIP,
    ("job", "ownership"): OWNERSHIP,
    ("dataset", "schema"): {
        "fields": [
            {
                "name": "a",
                "type": "struct",
                "description": "",
                "ordinal_position": 1,
                "fields": [{"name": "b", "fields": [{"name": "c"}]}],
            }
        ]
    },
    ("dataset", "storage"): {"storageLayer": "delta", "fileFormat": "parquet"},
    ("dataset", "symlinks"): {"identifiers": [{"namespace": "glue", "name": "t", "type": "TABLE"}]},
    ("dataset", "tags"): {"tags": [{"key": "pii", "value": "true", "source": "USER", "field": "email"}]},
    ("job", "tags"): TAGS,
    ("run", "tags"): TAGS,
    ("run", "environmentVariables"): {"environmentVariables": [{"name": "HOME", "value": "/"}]},
    ("run", "errorMessage"): {"message": "no", "programmingLanguage": "Python", "stackTrace": "..."},
    ("run", "executionParameters"): {
        "parameters": [{"key": "day", "name": "Day", "description": "", "value": "2026-01-31"}]
    },
    ("run", "externalQuery"): {"externalQueryId": "1", "source": "bigquery"},
    ("run", "extractionError"): {
        "totalTasks": 2,
        "failedTasks": 1,
        "errors": [{"errorMessage": "no", "stackTrace": "...", "task": "select", "taskNumber": 0}],
    },
    ("run", "jobDependencies"): {
        "upstream": [
            {
                "job": JOB,
                "run": RUN,
                "dependency_type": "DIRECT_INVOCATION",
                "sequence_trigger_rule": "FINISH_TO_START",
                "status_trigger_rule": "EXECUTE_EVERY_TIME",
            }
        ],
        "downstream": [{"job": JOB}],
        "trigger_rule": "ALL_SUCCESS",
    },
    ("run", "nominalTime"): {"nominalStartTime": "2026-01-31T00:00:00Z", "nominalEndTime": "no time"},
    ("run", "parent"): {
        "run": {**RUN, "facets": {"tags": TAGS}},
        "job": {**JOB, "facets": {}},
        "root": {"run": RUN, "job": JOB},
    },
    ("run", "processing_engine"): {
        "version": "3.5",
        "name": "spark",
        "openlineageAdapterVersion": "1.54.0",
    },
    ("run", "test"): {"tests": [{"status": "fail", "type": "unique", **CHECK}]},
    ("run", "gcp_composer_run"): {"dagRunId": "r"},
    ("run", "gcp_dataproc"): {
        "appId": "1",
        "appName": "a",
        "projectId": "p",
        "batchId": "b",
        "batchUuid": "b",
        "clusterName": "c",
        "clusterUuid": "c",
        "jobId": "j",
        "jobUuid": "j",
        "queryNodeName": "q",
        "jobType": "batch",
        "sessionId": "s",
        "sessionUuid": "s",
    },
    ("job", "jobType"): {
        "processingType": "STREAMING",
        "integration": "FLINK",
        "jobType": "JOB",
        "emissionPattern": {
            "eventTrigger": "PERIODIC",
            "eventContentMode": "COMPLETE_SNAPSHOT",
            "windowDuration": 60,
        },
    },
    ("job", "sql"): {"query": "select 1", "dialect": "ansi"},
    ("job", "sourceCode"): {"language": "python", "sourceCode": "pass"},
    ("job", "sourceCodeLocation"): {
        "type": "git",
        "url": "https://git.example/etl/a.py",
        "repoUrl": "https://git.example/etl",
        "path": "a.py",
        "version": "c0ffee",
        "tag": "v1",
        "branch": "main",
        "pullRequestNumber": "7",
    },
    ("job", "gcp_composer_job"): {
        "environmentName": "e",
        "dagId": "d",
        "operator": "PythonOperator",
        "taskId": "t",
        "airflowVersion": "2.7.3+composer",
        "composerVersion": "2.5",
    },
    ("job", "gcp_lineage"): {"displayName": "d", "origin": {"sourceType": "CUSTOM", "name": "n"}},
    ("input", "inputStatistics"): STATISTICS,
    ("input", "subset"): {"inputCondition": SUBSET},
    ("input", "icebergScanReport"): {
        "snapshotId": 2**63 - 1,
        "filterDescription": "true",
        "schemaId": 0,
        "projectedFieldNames": ["id"],
        "scanMetrics": {"totalPlanningDuration": 1.5, "resultDataFiles": 3},
        "metadata": {"engine": "spark"},
    },
    ("output", "outputStatistics"): STATISTICS,
    ("output", "subset"): {"outputCondition": PARTITIONS},
    ("output", "icebergCommitReport"): {
        "snapshotId": 2**63 - 1,
        "sequenceNumber": 1,
        "operation": "append",
        "commitMetrics": {"totalDuration": 20, "addedRecords": 3},
        "metadata": {},
    },
}

# What the specification requires, save the `fields` of `columnLineage`: with `dataset` alone it is clear too.
REQUIRED = {
    "catalog": {"framework", "type", "name"},
    "dataQualityAssertions": {"assertions"},
    "dataQualityMetrics": {"columnMetrics"},
    "datasetType": {"datasetType"},
    "version": {"datasetVersion"},
    "documentation": {"description"},
    "environmentVariables": {"environmentVariables"},
    "errorMessage": {"message", "programmingLanguage"},
    "externalQuery": {"externalQueryId", "source"},
    "extractionError": {"totalTasks", "failedTasks", "errors"},
    "hierarchy": {"hierarchy"},
    "jobType": {"processingType", "integration"},
    "lifecycleStateChange": {"lifecycleStateChange"},
    ("job", "lineage"): {"entries"},
    "nominalTime": {"nominalStartTime"},
    "parent": {"run", "job"},
    "processing_engine": {"version"},
    "sql": {"query"},
    "sourceCode": {"language", "sourceCode"},
    "sourceCodeLocation": {"type", "url"},
    "storage": {"storageLayer"},
    ("input", "subset"): {"inputCondition"},
    ("output", "subset"): {"outputCondition"},
    "test": {"tests"},
    "gcp_composer_job": {"environmentName", "dagId", "airflowVersion", "composerVersion"},
    "gcp_composer_run": {"dagRunId"},
    "gcp_dataproc": {"appId", "appName", "projectId"},
}


def required(on: str, key: str) -> set[str]:
    return REQUIRED.get((on, key), REQUIRED.get(key, set()))


def model_of(on: str, key: str):
    return REGISTRIES[on][key]


def facet(on: str, key: str) -> dict:
    return {
        "_producer": "https://example.com",
        "_schemaURL": "https://example.com/1-0-0.json",
        **deepcopy(EXAMPLES[on, key]),
    }


def dump(model) -> dict:
    return model.model_dump(exclude_unset=True)


def exact(value: object) -> str:
    """JSON text, so that 1, 1.0 and true differ."""
    return json.dumps(value, sort_keys=True)


every_facet = pytest.mark.parametrize(("on", "key"), sorted(EXAMPLES), ids=lambda part: part)


def test_every_registered_facet_is_tested_here():
    assert set(EXAMPLES) == {(on, key) for on, registry in REGISTRIES.items() for key in registry}
    assert len(EXAMPLES) == 47


@every_facet
def test_a_facet_is_read_and_given_back(on, key):
    value = facet(on, key)
    model = read_facet(model_of(on, key), value)
    assert model is not None
    assert exact(dump(model)) == exact(value)
    assert model.producer == "https://example.com"
    assert model.schemaURL == "https://example.com/1-0-0.json"
    assert facet_problem(model_of(on, key), value) is None


@every_facet
def test_every_field_of_the_specification_is_modelled(on, key):
    def check(model) -> None:
        assert set(model.model_extra) <= {"_producer", "_schemaURL"}, type(model)
        for value in vars(model).values():
            for part in value if isinstance(value, list) else value.values() if isinstance(value, dict) else [value]:
                if hasattr(part, "model_extra"):
                    check(part)

    check(read_facet(model_of(on, key), facet(on, key)))


@every_facet
def test_unknown_fields_are_kept_and_the_producer_may_be_missing(on, key):
    value = {
        **EXAMPLES[on, key],
        "new": {"kept": [1.0, None]},
        "producer": 5,
        "deleted": [],
        "schemaURL": None,
    }
    model = read_facet(model_of(on, key), value)
    assert dump(model) == value
    assert (model.producer, model.schemaURL, model.deleted) == (None, None, False)
    assert model.model_extra["new"] == {"kept": [1.0, None]}


@every_facet
def test_only_required_fields_may_not_be_missing(on, key):
    for name in EXAMPLES[on, key]:
        value = {field: content for field, content in facet(on, key).items() if field != name}
        problem = facet_problem(model_of(on, key), value)
        assert (read_facet(model_of(on, key), value) is None) == (name in required(on, key)), name
        assert problem == (f"{name} is missing" if name in required(on, key) else None)


@every_facet
def test_optional_fields_lists_and_maps_may_be_null(on, key):
    for name, content in EXAMPLES[on, key].items():
        value = {**facet(on, key), name: None}
        model = read_facet(model_of(on, key), value)
        mandatory = name in required(on, key) and (not isinstance(content, list) and name != "columnMetrics")
        assert (model is None) == mandatory, name
        if model is None:
            assert facet_problem(model_of(on, key), value).startswith(f"{name} is null, but should be ")
        elif key == "lineage" and name == "inputs":
            assert model.inputs is None
        elif isinstance(content, list):
            assert getattr(model, name) == []


@every_facet
@pytest.mark.parametrize("value", [None, {"_deleted": True}, {"_deleted": True, "fields": 5, "query": {}}])
def test_null_and_deleted_facets_are_not_read_and_are_no_problem(on, key, value):
    assert read_facet(model_of(on, key), value) is None
    assert facet_problem(model_of(on, key), value) is None
    assert is_deleted(value) == (value is not None)


@pytest.mark.parametrize("deleted", [False, None, "true", 1, {}])
def test_only_true_deletes(deleted):
    value = {"query": "select 1", "_deleted": deleted}
    assert not is_deleted(value)
    assert read_facet(JOB_FACETS["sql"], value).deleted is False
    assert JOB_FACETS["sql"](**{**value, "_deleted": True}).deleted is True


@pytest.mark.parametrize("name", ["_producer", "_schemaURL"])
@pytest.mark.parametrize("value", [None, 5, [], {}])
def test_a_producer_that_is_no_text_is_kept_but_not_given(name, value):
    model = read_facet(JOB_FACETS["sql"], {"query": "select 1", name: value})
    assert dump(model) == {"query": "select 1", name: value}
    assert (model.producer, model.schemaURL) == (None, None)


@every_facet
@pytest.mark.parametrize(
    ("value", "found"),
    [
        ([], "an array"),
        ("text", "the string 'text'"),
        ("", "an empty string"),
        (5, "the number 5"),
        (2.5, "the number 2.5"),
        (True, "true"),
        (False, "false"),
        ("x" * 1000, "xxx…"),
    ],
)
def test_a_facet_is_an_object(on, key, value, found):
    assert read_facet(model_of(on, key), value) is None
    problem = facet_problem(model_of(on, key), value)
    assert problem.startswith("the facet is ")
    assert problem.endswith(", but should be a valid dictionary")
    assert found in problem
    assert len(problem) < 150


@pytest.mark.parametrize(
    ("on", "key", "value", "problem"),
    [
        ("job", "sql", {"query": 5}, "query is the number 5, but should be a valid string"),
        ("job", "sql", {"query": None}, "query is null, but should be a valid string"),
        ("job", "sql", {}, "query is missing"),
        ("dataset", "schema", {"fields": [{"type": "int"}]}, "fields[0].name is missing"),
        (
            "dataset",
            "schema",
            {"fields": [{"name": "a", "fields": [5]}]},
            "fields[0].fields[0] is the number 5, but",
        ),
        ("dataset", "schema", {"fields": {}}, "fields is an object, but should be a valid list"),
        (
            "dataset",
            "columnLineage",
            {"fields": {"a b": {"inputFields": [{}]}}},
            "fields.a b.inputFields[0].namespace is",
        ),
        (
            "input",
            "inputStatistics",
            {"rowCount": "12"},
            "rowCount is the string '12', but should be a number",
        ),
        ("input", "inputStatistics", {"rowCount": True}, "rowCount is true, but should be a number"),
        (
            "dataset",
            "dataQualityAssertions",
            {"assertions": [{"assertion": "a", "success": 1}]},
            "assertions[0].success is",
        ),
        (
            "run",
            "parent",
            {"run": {"runId": 7}, "job": JOB},
            "run.runId is the number 7, but should be a valid string",
        ),
    ],
)
def test_what_does_not_fit_is_told_with_its_place(on, key, value, problem):
    assert read_facet(model_of(on, key), value) is None
    assert facet_problem(model_of(on, key), value).startswith(problem)


def test_formats_and_enumerations_are_not_checked():
    assert read_facet(DATASET_FACETS["dataSource"], {"uri": "file"}).uri == "file"
    assert read_facet(RUN_FACETS["nominalTime"], {"nominalStartTime": "today"}).nominalStartTime == "today"
    assert read_facet(JOB_FACETS["jobType"], {"processingType": "?", "integration": ""}).processingType == "?"
    assert read_facet(RUN_FACETS["parent"], {"run": {"runId": "manual__1"}, "job": JOB}).run.runId == "manual__1"


def test_column_lineage_of_every_age():
    value = {
        "fields": {
            "old": {
                "inputFields": [{"namespace": "pg", "name": "a", "field": "x"}],
                "transformationType": "MASKED",
                "transformationDescription": "hash",
            },
            "new": {"inputFields": [{**SOURCE, "transformations": [{"type": "NEW", "cost": 5}, {}]}]},
            "nulls": {"inputFields": [{**SOURCE, "transformations": None}], "transformationType": None},
            "none": {"inputFields": None},
        },
        "dataset": None,
    }
    model = read_facet(DATASET_FACETS["columnLineage"], value)
    assert model.fields["old"].transformationType == "MASKED"
    assert model.fields["old"].inputFields[0].transformations == []
    assert model.fields["new"].inputFields[0].transformations[0].type == "NEW"
    assert model.fields["new"].inputFields[0].transformations[0].model_extra == {"cost": 5}
    assert model.fields["nulls"].inputFields[0].transformations == []
    assert model.fields["none"].inputFields == []
    assert model.dataset == []


def test_column_lineage_of_the_dataset_alone():
    model = read_facet(DATASET_FACETS["columnLineage"], {"dataset": [SOURCE]})
    assert model.fields == {}
    assert model.dataset[0].field == "id"


def test_the_lineage_facet_tells_no_upstream_from_nothing_said():
    silent, none, null = read_facet(
        JOB_FACETS["lineage"],
        {"entries": [{"type": "JOB"}, {"type": "JOB", "inputs": []}, {"type": "JOB", "inputs": None}]},
    ).entries
    assert (silent.inputs, none.inputs, null.inputs) == (None, [], None)
    assert read_facet(DATASET_FACETS["lineage"], {}).inputs is None
    assert read_facet(DATASET_FACETS["lineage"], {"inputs": []}).inputs == []


def test_numbers_keep_their_kind_and_size():
    value = {"rowCount": 2**80, "size": 12.0, "fileCount": -0.5}
    assert exact(dump(read_facet(OUTPUT_FACETS["outputStatistics"], value))) == exact(value)


def test_deep_nesting_is_read():
    field: dict = {"name": "leaf"}
    for _ in range(90):  # JSON's reader takes 200 levels, two for each
        field = {"name": "a", "fields": [field]}
    assert dump(read_facet(DATASET_FACETS["schema"], {"fields": [field]})) == {"fields": [field]}


def test_many_errors_cost_no_more_than_one():
    problem = facet_problem(DATASET_FACETS["schema"], {"fields": [5] * 1_000_000})
    assert problem.startswith("fields[0] is the number 5")
    problem = facet_problem(DATASET_FACETS["columnLineage"], {"fields": dict.fromkeys(map(str, range(2000)), 5)})
    assert problem == "it does not fit in 2000 places"
    problem = facet_problem(DATASET_FACETS["lineage"], {"inputs": [5] * 2000})
    assert problem.startswith("inputs[0] is the number 5")


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.stem)
def test_real_facets_fit_and_are_given_back(sample):
    for line in sample.read_bytes().splitlines():
        event = json.loads(line)
        parts = [("run", event["run"].get("facets")), ("job", event["job"].get("facets"))]
        for on, side in (("input", "inputs"), ("output", "outputs")):
            for dataset in event.get(side) or []:
                parts += [("dataset", dataset.get("facets")), (on, dataset.get(f"{on}Facets"))]
        for on, facets in parts:
            for key, value in (facets or {}).items():
                if key in REGISTRIES[on]:
                    model = read_facet(model_of(on, key), value)
                    assert model is not None, facet_problem(model_of(on, key), value)
                    assert dump(model) == value


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=400)
@given(st.data())
def test_any_value_anywhere_in_a_facet_is_kept_or_told(data):
    on, key = data.draw(st.sampled_from(sorted(EXAMPLES)))
    value = facet(on, key)
    target: dict | list = value
    while True:
        place = data.draw(st.sampled_from(sorted(target) if isinstance(target, dict) else range(len(target))))
        inner = target[place]
        if not inner or not isinstance(inner, dict | list) or data.draw(st.booleans()):
            break
        target = inner
    target[place] = data.draw(json_values)
    original = deepcopy(value)
    model, problem = read_facet(model_of(on, key), value), facet_problem(model_of(on, key), value)
    assert value == original
    if model is None:
        assert problem
        assert len(problem) < 400
    else:
        assert problem is None
        assert null_is_empty(dump(model)) == null_is_empty(original)


def null_is_empty(value: object) -> object:
    """The value with null, empty lists and empty objects alike, and numbers of different kinds different."""
    if value is None or value in ([], {}):
        return None
    if isinstance(value, dict):
        return {key: null_is_empty(item) for key, item in value.items()}
    return [null_is_empty(item) for item in value] if isinstance(value, list) else repr(value)
