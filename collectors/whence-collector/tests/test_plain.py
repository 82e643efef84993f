"""Events as plain JSON: what the client's own serializer gives, and JSON whatever comes."""

import json
import uuid
from datetime import UTC, datetime
from enum import Enum

import attr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.facet_v2 import column_lineage_dataset, schema_dataset
from openlineage.client.serde import Serde

from whence_collector.plain import plain

unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

LEAVES = st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    LEAVES | st.datetimes() | st.uuids() | st.sampled_from(RunState),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


def event(**facet):
    return RunEvent(
        eventType=RunState.COMPLETE,
        eventTime=datetime(2026, 1, 1, tzinfo=UTC).isoformat(),
        run=Run(str(uuid.UUID(int=7)), facets=facet),
        job=Job("n", "j"),
        inputs=[InputDataset("n", "a")],
        outputs=[
            OutputDataset(
                "n",
                "b",
                facets={
                    "schema": schema_dataset.SchemaDatasetFacet([schema_dataset.SchemaDatasetFacetFields("x", None)]),
                    "columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet(
                        {"x": column_lineage_dataset.Fields([column_lineage_dataset.InputField("n", "a", "y")])}
                    ),
                },
            )
        ],
    )


@unhurried
@given(st.dictionaries(st.text(), VALUES))
def test_it_is_what_the_client_makes(values):
    made = event(custom=values)
    assert plain(made) == json.loads(Serde.to_json(made))


class Colour(Enum):
    RED = float("nan")


@attr.define
class Slotted:
    x: object = None
    y: object = 1


def test_what_json_has_not():
    numpy_like = type("float64", (), {"__module__": "numpy", "ndim": 0, "item": lambda self: 1.5})()
    values = {
        "nan": float("nan"),
        "in a list": [float("inf"), 1],
        "enum": Colour.RED,
        1: (1, 2),
        "set": {3},
        "numpy": numpy_like,
        "object": object(),
        "attrs": Slotted(),
        "string": type("Name", (str,), {})("x"),
    }
    assert plain(values) == {
        "in a list": [1],
        "1": [1, 2],
        "set": [3],
        "numpy": 1.5,
        "object": "<object>",
        "attrs": {"y": 1},
        "string": "x",
    }
