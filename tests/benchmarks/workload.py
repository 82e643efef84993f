"""The workload that is measured: a layered pipeline of jobs.

Job k stands in layer k // 100, slot i = k % 100; it reads the outputs of slots i and (i + 17) % 100 of the layer before
and writes one dataset. All datasets have the same schema of 10 columns; each output column derives from the same column
of both inputs. One run per job; START and COMPLETE both carry everything, about 5.8 kB an event.
"""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

WIDTH = 100
COLUMNS = [f"col_{number}" for number in range(10)]
NAMESPACE = "postgres://db:5432"
_PRODUCER = "https://github.com/OpenLineage/OpenLineage/tree/1.54.0/integration/spark"
_FACETS = "https://openlineage.io/spec/facets"
_START = datetime(2026, 1, 1, tzinfo=UTC)


def dataset_name(job: int) -> str:
    """Name of the dataset that a job writes."""
    return f"trades.layer_{job // WIDTH}_slot_{job % WIDTH}"


def inputs_of(job: int) -> list[int]:
    """The jobs whose outputs a job reads."""
    layer, slot = divmod(job, WIDTH)
    return [(layer - 1) * WIDTH + s for s in dict.fromkeys([slot, (slot + 17) % WIDTH])] if layer else []


def _facet(name: str, version: str, **content: Any) -> dict[str, Any]:
    return {"_producer": _PRODUCER, "_schemaURL": f"{_FACETS}/{version}/{name}.json#/$defs/{name}", **content}


_SCHEMA = _facet("SchemaDatasetFacet", "1-2-0", fields=[{"name": name, "type": "decimal(18,4)"} for name in COLUMNS])


def _dataset(job: int, **facets: Any) -> dict[str, Any]:
    return {"namespace": NAMESPACE, "name": dataset_name(job), "facets": {"schema": _SCHEMA, **facets}}


def _column_lineage(sources: list[int]) -> dict[str, Any]:
    transformation = {"type": "DIRECT", "subtype": "IDENTITY"}
    fields = {
        column: {
            "inputFields": [
                {
                    "namespace": NAMESPACE,
                    "name": dataset_name(source),
                    "field": column,
                    "transformations": [transformation],
                }
                for source in sources
            ]
        }
        for column in COLUMNS
    }
    return _facet("ColumnLineageDatasetFacet", "1-2-0", fields=fields, dataset=[])


def events(jobs: int, first: int = 0) -> Iterator[bytes]:
    """The events of jobs `first` to `first + jobs - 1`, two a job, as JSON."""
    for job in range(first, first + jobs):
        sources = inputs_of(job)
        start = _START + timedelta(seconds=job)
        body = {
            "producer": _PRODUCER,
            "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
            "run": {"runId": str(UUID(int=(7 << 76) | (2 << 62) | job)), "facets": {}},
            "job": {
                "namespace": "bench",
                "name": f"layer_{job // WIDTH:05d}.slot_{job % WIDTH:02d}",
                "facets": {"jobType": _facet("JobTypeJobFacet", "2-0-4", processingType="BATCH", integration="SPARK")},
            },
            "inputs": [_dataset(source) for source in sources],
            "outputs": [_dataset(job, columnLineage=_column_lineage(sources))],
        }
        for kind, at in (("START", start), ("COMPLETE", start + timedelta(milliseconds=500))):
            yield json.dumps({"eventType": kind, "eventTime": at.isoformat(), **body}, separators=(",", ":")).encode()
