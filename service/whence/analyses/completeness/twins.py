"""Suspected twins: datasets that are one table under two names which nothing joins.

Two rules. PLACE: namespace and name are the same once written alike: case, `jdbc:`, the spelling of the scheme, default
ports, slashes, quotes, and the database in the namespace or in the name. TABLE AND PATH: in stores of different kinds,
the last two parts of the name are the same, and so are the columns; but not where a job makes one of the other, as a
load from files does. Two databases of one kind, such as a test and a production server, have the same tables, and are
no twins.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from whence.analyses.completeness.datasets import DatasetFacts
from whence.graph.facts import Node
from whence.lineage.names import MAX_NAMES
from whence_schemas.completeness import Check, Finding

_SPELLINGS = {
    "postgresql": "postgres",
    "sqlserver": "mssql",
    "mariadb": "mysql",
    "s3a": "s3",
    "s3n": "s3",
    "gcs": "gs",
    "abfs": "abfss",
    "wasb": "wasbs",
}
_PORTS = {
    "postgres": "5432",
    "mysql": "3306",
    "mssql": "1433",
    "oracle": "1521",
    "redshift": "5439",
    "snowflake": "443",
    "db2": "50000",
    "teradata": "1025",
    "cassandra": "9042",
    "hive": "10000",
    "hdfs": "8020",
    "kafka": "9092",
    "trino": "8080",
    "mongodb": "27017",
}
"""Default ports by scheme."""

_NAMESPACE = re.compile(r"(?:jdbc:)?(?P<scheme>[a-z0-9+-]+):(?://)?(?P<host>[^/;?]*)(?P<path>/[^;?]*)?")
_SEPARATORS = re.compile(r"[./]+")
_MAX_OTHERS = 5
_PLACE = "only differ in how they are written"
_TABLE_AND_PATH = "end alike, in another kind of store, and the columns are the same"


class Form(NamedTuple):
    """A dataset's name, written as all are: the kind of store, where it is, and the parts of the path and name."""

    scheme: str
    host: str
    parts: tuple[str, ...]


def form_of(namespace: str, name: str) -> Form:
    """The form of a name."""
    match = _NAMESPACE.match(namespace.casefold())
    scheme, host, path = match.group("scheme", "host", "path") if match else (namespace.casefold(), "", "")
    scheme = _SPELLINGS.get(scheme, scheme)
    host = host.removesuffix(f":{_PORTS.get(scheme, '')}").rstrip(":")
    # Hive keeps the tables of a database `sales` in a folder `sales.db`.
    whole = re.sub(r"[\"'`\[\]]", "", f"{path or ''}/{name.casefold()}").replace(".db/", "/")
    return Form(scheme, host, tuple(filter(None, _SEPARATORS.split(whole))))


class Twins:
    """Finds datasets whose names look alike among all there are; then, with facts of these, which are twins."""

    def __init__(self, nodes: Iterable[Node], never_alias: Sequence[re.Pattern[str]]) -> None:
        places: dict[Form, list[str]] = defaultdict(list)
        tables: dict[tuple[str, ...], dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
        self._forms: dict[str, Form] = {}
        for node in nodes:
            if any(pattern.search(f"{node.namespace}/{node.name}") for pattern in never_alias):
                continue
            form = form_of(node.namespace, node.name)
            places[form].append(node.key)
            if len(form.parts) > 1:
                tables[form.parts[-2:]][form.scheme].append(node.key)
            self._forms[node.key] = form
        self._places = [keys for keys in places.values() if len(keys) > 1]
        self._tables = [
            [key for keys in by_scheme.values() for key in keys] for by_scheme in tables.values() if len(by_scheme) > 1
        ]

    def candidates(self) -> list[str]:
        """Keys of all that look like another."""
        return sorted({key for keys in (*self._places, *self._tables) for key in keys})

    def find(self, datasets: Sequence[DatasetFacts]) -> dict[str, Finding]:
        """Of the candidates (all of them are to be given) those that are twins, by key."""
        by_name = {name: dataset for dataset in datasets for name in dataset.names}
        found: dict[str, Finding] = {}
        for alike in self._places:
            group = {by_name[key].key: by_name[key] for key in alike if key in by_name}
            for dataset in group.values():
                others = [other for other in group.values() if other.key != dataset.key]
                if others:
                    found.setdefault(dataset.key, _finding(dataset, others, _PLACE))
        for alike in self._tables:
            for dataset, others in self._same_columns([key for key in alike if key in by_name], by_name):
                found.setdefault(dataset.key, _finding(dataset, others, _TABLE_AND_PATH))
        return found

    def _same_columns(
        self, names: list[str], by_name: dict[str, DatasetFacts]
    ) -> Iterator[tuple[DatasetFacts, list[DatasetFacts]]]:
        """Datasets with those that have the same columns in a store of another kind."""
        groups: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for name in names:
            groups[tuple(sorted(field.casefold() for field in by_name[name].fields))].append(name)
        for fields, alike in groups.items():
            for name in alike if fields and len(alike) <= MAX_NAMES else ():
                others = {
                    by_name[other].key: by_name[other]
                    for other in alike
                    if self._forms[other].scheme != self._forms[name].scheme and _apart(by_name[name], by_name[other])
                }
                if others:
                    yield by_name[name], list(others.values())


def _apart(one: DatasetFacts, other: DatasetFacts) -> bool:
    """Whether these are two datasets of which none is made of the other."""
    return one is not other and not (one.sources & {*other.names} or other.sources & {*one.names})


def _finding(dataset: DatasetFacts, others: list[DatasetFacts], why: str) -> Finding:
    others = sorted(others, key=lambda other: (other.namespace, other.name))
    firsts = [other.first for other in others if other.first is not None]
    since = max(dataset.first, min(firsts)) if firsts and dataset.first is not None else None
    named = ", ".join(f"{other.name} in {other.namespace}" for other in others[:_MAX_OTHERS])
    more = f" and {len(others) - _MAX_OTHERS} more" if len(others) > _MAX_OTHERS else ""
    return Finding(
        Check.DATASET_NAME,
        dataset.key,
        since,
        1,
        1,
        f"It may be the same as {named}{more}: the names {why}.",
        "If they are one, join them: send the facet `symlinks` with the other name, in a DatasetEvent of either; or "
        "let both producers name it alike, by their settings. If not, name both in WHENCE_NEVER_ALIAS.",
        tuple(other.key for other in others[:_MAX_OTHERS]),
    )
