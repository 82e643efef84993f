"""What a NAME on the command line means: a run id, a name with its namespace, or what a search finds."""

from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import UUID

from whence.cli.client import Client
from whence_schemas.errors import NotFound, WhenceError
from whence_schemas.identity import dataset_key, job_key, run_key

SEARCH = """
query Search($text: String!, $kinds: [NodeKind!]!, $first: Int!, $after: String) {
  search(text: $text, kinds: $kinds, first: $first, after: $after) {
    edges { node { id kind namespace name ... on Column { field } } }
    pageInfo { hasNextPage endCursor }
  }
}
"""

_NODES = """
query Nodes($ids: [ID!]!) { nodes(ids: $ids) { id kind namespace name } }
"""

_RUN_BY_ID = """
query RunById($id: ID!) { run(id: $id) { id kind namespace name runId } }
"""

_FIELDS = """
query Fields($namespace: String!, $name: String!) { dataset(namespace: $namespace, name: $name) { fields { name } } }
"""

_PAGE = 500
_PAGES = 20
_SHOWN = 20


class NamedKind(StrEnum):
    """What a NAME can be of."""

    DATASET = "dataset"
    JOB = "job"
    RUN = "run"


class Found(NamedTuple):
    """What a name means. Of a run, `run` is its id, and namespace and name are its job's."""

    kind: NamedKind
    namespace: str
    name: str
    run: str = ""

    @property
    def key(self) -> str:
        """The key of its node."""
        if self.kind == NamedKind.RUN:
            return run_key(self.run)
        return (dataset_key if self.kind == NamedKind.DATASET else job_key)(self.namespace, self.name)

    def start(self, column: str = "") -> dict[str, Any]:
        """It, or a column of it, as GraphQL's LineageStart."""
        if self.kind == NamedKind.RUN:
            return {"run": self.run}
        place = {"namespace": self.namespace, "name": self.name}
        return {"column": {**place, "field": column}} if column else {self.kind.value: place}


class Ambiguous(WhenceError):
    """A name that means several things."""

    def __init__(self, name: str, candidates: Sequence[Found], more: bool) -> None:
        super().__init__(f"{name} can mean several things: choose one with --kind, --namespace, or its full name")
        self.candidates = candidates
        self.more = more


async def resolve(client: Client, name: str, namespace: str = "", kind: NamedKind | None = None) -> Found:
    """What the name means, in this namespace and of this kind where they are given.

    Raises:
        NotFound: nothing has such a name.
        Ambiguous: several things have it.
    """
    if kind in (None, NamedKind.RUN) and (run := await _run(client, name)):
        return run
    found = await _exactly(client, name, namespace, kind) or await _search(client, name, namespace, kind)
    if not found:
        where = f" in {namespace}" if namespace else ""
        raise NotFound(
            f"there is no {kind or 'dataset, job or run'} {name}{where}; `whence search TEXT` shows what there is"
        )
    if len(found) > 1:
        raise Ambiguous(name, found[:_SHOWN], len(found) > _SHOWN)
    return found[0]


async def resolve_column(
    client: Client, name: str, namespace: str, kind: NamedKind | None, column: str, *, columns: bool
) -> Found:
    """What the name means: a dataset with such a column, or (`columns`) with any, where one of these is asked for.

    Raises:
        NotFound, Ambiguous: as `resolve`; NotFound too where the dataset has no such column.
    """
    found = await resolve(client, name, namespace, NamedKind.DATASET if column or columns else kind)
    if column:
        await check_column(client, found, column)
    return found


async def check_column(client: Client, dataset: Found, column: str) -> None:
    """Hold off questions on columns that are not there.

    Raises:
        NotFound: the dataset has no such column; the message tells which it has.
    """
    place = {"namespace": dataset.namespace, "name": dataset.name}
    fields = (await client.ask(_FIELDS, place))["dataset"]["fields"]
    names = [field["name"] for field in fields]
    if column not in names:
        told = ", ".join(names[:_SHOWN]) + (" ..." if len(names) > _SHOWN else "")
        raise NotFound(f"{dataset.name} has no column {column}; it has {told or 'none that is known'}")


async def _run(client: Client, name: str) -> Found | None:
    try:
        UUID(name)
    except ValueError:
        return None
    run = (await client.ask(_RUN_BY_ID, {"id": name}))["run"]
    return Found(NamedKind.RUN, run["namespace"] or "", run["name"] or "", run["runId"]) if run else None


async def _exactly(client: Client, name: str, namespace: str, kind: NamedKind | None) -> list[Found]:
    """Nodes with just this namespace and name; without a namespace, the name holds it before one of its slashes."""
    pairs = [(namespace, name)] if namespace else list(_pairs(name))
    ids = [key(*pair) for pair in pairs for key in (dataset_key, job_key)]
    nodes = (await client.ask(_NODES, {"ids": ids}))["nodes"] if ids else []
    return [found for node in nodes if node and kind in (None, (found := _found(node)).kind)]


def _pairs(name: str) -> Iterator[tuple[str, str]]:
    """The ways to read namespace/name."""
    for place, sign in enumerate(name):
        if sign == "/" and place < len(name) - 1:
            yield name[:place], name[place + 1 :]


async def _search(client: Client, name: str, namespace: str, kind: NamedKind | None) -> list[Found]:
    """Of what a search finds, those that fit best: the name itself, its last part, or any part of it."""
    pages = _pages(client, name)
    found = [node async for node in pages if namespace in ("", node.namespace) and kind in (None, node.kind)]
    for fits in _FITS:
        best = [node for node in found if fits(node.name, name)]
        if best:
            return best
    return []


_FITS: tuple[Callable[[str, str], bool], ...] = (
    lambda full, name: full == name,
    lambda full, name: full.casefold() == name.casefold(),
    lambda full, name: full.casefold().endswith((f".{name.casefold()}", f"/{name.casefold()}")),
    lambda full, name: name.casefold() in full.casefold(),
)


async def _pages(client: Client, text: str) -> Any:
    after = None
    for _ in range(_PAGES):
        variables = {"text": text, "kinds": ["DATASET", "JOB"], "first": _PAGE, "after": after}
        page = (await client.ask(SEARCH, variables))["search"]
        for edge in page["edges"]:
            yield _found(edge["node"])
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return


def _found(node: dict[str, Any]) -> Found:
    return Found(NamedKind(node["kind"].lower()), node["namespace"], node["name"])
