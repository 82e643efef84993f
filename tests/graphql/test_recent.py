"""Answers that are kept while their pages are read."""

import pytest

from tests.build import NOW, NS, event
from tests.changes import Changes
from whence.graph.sqlite import SQLiteGraphStore
from whence.reader import GraphReader
from whence_schemas.errors import GraphUnavailable
from whence_schemas.identity import dataset_key
from whence_schemas.impact import ImpactQuestion
from whence_schemas.lineage import Limit

QUESTION = ImpactQuestion((dataset_key(NS, "a"),), NOW, seconds=10.0)


async def _size() -> int:
    return 0


async def test_an_answer_is_kept_until_the_graph_changes():
    changes = Changes(SQLiteGraphStore(None))
    await changes.add(event("COMPLETE", "10:00:00", inputs=["a"], outputs=["b"]))
    reader = GraphReader(changes.store, _size)
    first = await reader.impact(QUESTION)
    again = ImpactQuestion((dataset_key(NS, "a"),), NOW, seconds=3.0)
    assert await reader.impact(again) is first
    assert await reader.impact(ImpactQuestion(QUESTION.starts, NOW, depth=1)) is not first
    await changes.add(event("COMPLETE", "11:00:00", "next", 2, inputs=["b"], outputs=["c"]))
    assert len((await reader.impact(QUESTION)).touched) == len(first.touched) + 2


async def test_an_answer_that_ran_out_of_time_is_not_kept():
    changes = Changes(SQLiteGraphStore(None))
    await changes.add(event("COMPLETE", "10:00:00", inputs=["a"], outputs=["b"]))
    reader = GraphReader(changes.store, _size)
    cut = await reader.impact(ImpactQuestion(QUESTION.starts, NOW, seconds=-1.0))
    assert cut.truncated == Limit.TIME
    assert (await reader.impact(QUESTION)).truncated is None


async def test_what_failed_of_a_kept_answer_is_tried_again(monkeypatch):
    changes = Changes(SQLiteGraphStore(None))
    await changes.add(event("COMPLETE", "10:00:00", inputs=["a"], outputs=["b"]))
    reader = GraphReader(changes.store, _size)
    first = await reader.impact(QUESTION)

    async def fail(*_):
        raise GraphUnavailable("it is away")

    with monkeypatch.context() as away:
        away.setattr(changes.store, "facets", fail)
        with pytest.raises(GraphUnavailable):
            await first.labels()
    assert await reader.impact(QUESTION) is first
    assert (await first.labels()).counts[1].datasets == 1
