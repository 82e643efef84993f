"""How much is kept of answers: small things, the newest ones, and no more than a size together."""

import pytest

from tests.build import NS, at, event
from tests.changes import Changes
from whence.graph.facts import EdgeKind
from whence.graph.keeping.nearby import Nearby
from whence.graph.keeping.room import MOST_BYTES, Room
from whence.graph.keeping.watch import Watch
from whence.graph.port import Around
from whence.graph.sqlite import SQLiteGraphStore
from whence_schemas.identity import dataset_key

READERS = Around([EdgeKind.READS])


class Looking:
    """A store's own way of looking, which notes for what it is asked."""

    def __init__(self, store):
        self.cursors = 0
        self.watch = Watch(self._cursor)
        self._nearby = Nearby(self.watch, Room(), self._look)
        self._store = store
        self._looked = []

    async def _look(self, targets, around, as_of, window):
        self._looked += targets
        return await self._store.neighbours(targets, around, as_of, window)

    async def _cursor(self):
        self.cursors += 1
        return await self._store.cursor()

    async def looked(self, *names):
        """For which of the datasets it is looked when one asks for their readers."""
        self._looked.clear()
        keys = {dataset_key(NS, name): name for name in names}
        await self._nearby.get(list(keys), READERS, at("12:00:00"), 5)
        return [keys[key] for key in self._looked]


@pytest.fixture
async def store():
    found = SQLiteGraphStore(None)
    yield found
    await found.close()


async def test_what_is_known_is_not_looked_for_again(store):
    await Changes(store).add(event("COMPLETE", "10:00:00", inputs=["a"], outputs=["b"]))
    looking = Looking(store)
    assert await looking.looked("a") == ["a"]
    assert await looking.looked("a", "b") == ["b"]
    assert await looking.looked("a", "b") == []


async def test_a_hub_is_not_kept_and_takes_no_other_place(store):
    graph = Changes(store)
    await graph.add(event("COMPLETE", "10:00:00", inputs=["a"]))
    hub = [f"d{n}" for n in range(MOST_BYTES // 100 // 80)]
    await graph.add(event("COMPLETE", "10:00:00", "other", 2, inputs=["hub"], outputs=hub))
    looking = Looking(store)
    assert await looking.looked("a", "hub") == ["a", "hub"]
    assert await looking.looked("a", "hub") == ["hub"]


async def test_the_oldest_go(store, monkeypatch):
    monkeypatch.setattr("whence.graph.keeping.room.MOST_BYTES", 250_000)
    names = [f"d{n}" for n in range(300)]
    graph = Changes(store)
    await graph.add(*(event("COMPLETE", "10:00:00", f"j{n}", n, inputs=[name]) for n, name in enumerate(names)))
    looking = Looking(store)
    for _ in range(2):
        assert [await looking.looked(name) for name in names] == [[name] for name in names]
    assert await looking.looked(*names[-100:]) == []


async def test_one_question_reads_the_cursor_once(store):
    graph = Changes(store)
    await graph.add(event("COMPLETE", "10:00:00", inputs=["a"], outputs=["b"]))
    looking = Looking(store)
    async with looking.watch.question():
        assert await looking.looked("a") == ["a"]
        assert await looking.looked("b") == ["b"]
        assert looking.cursors == 1
        await graph.add(event("COMPLETE", "10:00:00", "other", 2, inputs=["a"]))
        assert await looking.looked("a") == []
    assert await looking.looked("a") == ["a"]
    assert looking.cursors == 2


async def test_what_another_process_wrote_before_an_own_batch_is_seen(store):
    graph, looking = Changes(store), Looking(store)
    await graph.add(event("COMPLETE", "10:00:00", inputs=["a"]))
    assert await looking.looked("a") == ["a"]
    await graph.add(event("COMPLETE", "10:00:00", "other", 2, inputs=["a"]))
    with looking.watch.applying(await graph.add(event("COMPLETE", "10:00:00", "third", 3, inputs=["z"]))):
        pass
    assert await looking.looked("a") == ["a"]
