"""Provenance in the W3C's words: a selection as PROV-JSON (W3C Member Submission, 24 April 2013).

An attempt of a run is an Activity. A dataset's version is an Entity and a specialization of the dataset, which is one
too; where no producer names a version, it is what one attempt wrote, and is marked as INFERRED. A job is the Plan of
its attempts' associations. Who made the software that reported, and who owns a dataset or a job, are Agents.

Identifiers are the keys of `whence_schemas.identity`, which are qualified names whatever a dataset is called; labels
and attributes hold the names.
"""

import asyncio
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from whence.audit.recorded import INFERRED, NAMED, Page, Place, Read
from whence.audit.spool import Row, Spool
from whence.graph.facts import Attempt, EdgeKind, Role
from whence_schemas.facets import read_facet
from whence_schemas.facets.base import Ownership
from whence_schemas.identity import Kind, attempt_id, digest, owner_key
from whence_schemas.read import Use
from whence_schemas.times import format_time

PREFIXES = {"key": "urn:whence:key:", "whence": "urn:whence:prov:"}
"""Namespaces of the identifiers and of our own attributes and types, beside `prov` and `xsd`."""

_CHUNK = 1_000  # rows; some 300 KB
_NOWHERE = Place("", "")
_Attributes = dict[str, Any]


async def write_prov(rows: Spool, sink: BinaryIO) -> None:
    """Write the rows of all pages as one document of PROV-JSON."""
    sink.write(b'{"prefix":' + orjson.dumps(PREFIXES))
    for section, found in rows.sections():
        sink.write(b',\n"%b":{' % section.encode())
        for number, row in enumerate(found):
            sink.write(b'%b\n"%b":%b' % (b"," if number else b"", row.key.encode(), row.body))
            if number % _CHUNK == 0:
                await asyncio.sleep(0)  # others have their turn
        sink.write(b"}")
    sink.write(b"}\n")


def prov_rows(page: Page) -> Iterator[Row]:
    """The provenance of some runs."""
    for attempt in page.attempts():
        yield _activity(page, attempt)
        yield from _association(page, attempt)
        yield from _parent(page, attempt)
    for use in page.uses():
        yield from _consumed(page, use) if use.role == Role.CONSUMED else _produced(page, use)
    yield from _derivations(page)
    yield from _owners(page)
    yield from _code(page)


# Activities


def _activity(page: Page, attempt: Attempt) -> Row:
    job = page.names.get(attempt.job, _NOWHERE)
    run = page.names.get(attempt.run, _NOWHERE).name
    said: _Attributes = {"prov:startTime": format_time(attempt.start)}
    if attempt.end is not None:
        said["prov:endTime"] = format_time(attempt.end)
    said |= {
        "prov:label": f"{job}, run {run}, attempt {attempt.number}",
        "prov:type": _name("whence:Attempt"),
        "whence:run": run,
        "whence:attempt": attempt.number,
        "whence:state": attempt.state,
    }
    if anomalies := orjson.loads(attempt.anomalies):
        said["whence:anomaly"] = anomalies
    return _row("activity", _activity_name(attempt.run, attempt.number), said)


def _activity_name(run: str, number: int) -> str:
    return f"key:{run}.{number}"


def _association(page: Page, attempt: Attempt) -> Iterator[Row]:
    """The attempt with its plan, the job, and with the software that reported it."""
    activity = _activity_name(attempt.run, attempt.number)
    plan = f"key:{attempt.job}"
    yield _entity(attempt.job, page.names.get(attempt.job, _NOWHERE), "prov:Plan", "whence:Job")
    associated = {"prov:activity": activity, "prov:plan": plan}
    producers = _producers(page, attempt)
    for producer in producers:
        agent = f"key:P{digest(producer)}"  # of a kind of its own: producers are no nodes of the graph
        yield _row("agent", agent, {"prov:label": producer, "prov:type": _name("prov:SoftwareAgent")})
        yield _relation("wasAssociatedWith", f"{activity}.{agent}", associated | {"prov:agent": agent})
    if not producers:
        yield _relation("wasAssociatedWith", activity, associated)


def _producers(page: Page, attempt: Attempt) -> list[str]:
    """Who made the standard facets of the attempt, as these say themselves in `_producer`."""
    entity = attempt_id(attempt.run, attempt.number)
    values = [orjson.loads(facet.body) for facet in page.said[attempt.run] if facet.entity == entity]
    said = {value.get("_producer") for value in values if isinstance(value, dict)}
    return sorted(producer for producer in said if isinstance(producer, str) and producer)


def _parent(page: Page, attempt: Attempt) -> Iterator[Row]:
    """The attempt around this one: of the parent run's attempts the last that had started, else the first."""
    if not attempt.parent:
        return
    around = page.parents.get(attempt.parent)
    if around:
        parent = max((a for a in around if a.start <= attempt.start), key=lambda a: a.number, default=around[0])
        row = _activity(page, parent)
    else:  # a run of which nothing but its id is known
        run = page.names.get(attempt.parent, _NOWHERE).name
        row = _row("activity", f"key:{attempt.parent}", {"prov:label": f"run {run}", "whence:run": run})
    yield row
    informed = _activity_name(attempt.run, attempt.number)
    yield _relation("wasInformedBy", informed, {"prov:informed": informed, "prov:informant": row.key})


# Entities


def _consumed(page: Page, use: Use) -> Iterator[Row]:
    read = page.reads[use]
    yield from _version_read(page, use, read)
    activity = _activity_name(use.run, use.number)
    used = {"prov:activity": activity, "prov:entity": _entity_read(use, read), "prov:time": format_time(use.at)}
    basis = {"whence:basis": read.basis}
    yield _relation("used", f"{activity}.{use.dataset}", used | basis | _partitions(use))


def _version_read(page: Page, use: Use, read: Read) -> Iterator[Row]:
    yield _dataset(page, use.dataset)
    if read.produced:
        yield from _version(page, read.produced)
    elif read.version:
        yield from _version(page, use)


def _entity_read(use: Use, read: Read) -> str:
    """The version that was read; the dataset itself where no version is known."""
    return f"key:{read.version or use.dataset}"


def _produced(page: Page, use: Use) -> Iterator[Row]:
    if use.complete < 0:
        return  # the attempt dropped the dataset: nothing came of it
    yield _dataset(page, use.dataset)
    yield from _version(page, use)
    activity = _activity_name(use.run, use.number)
    made = {"prov:entity": f"key:{use.version}", "prov:activity": activity, "prov:time": format_time(use.at)}
    complete = {"whence:complete": bool(use.complete)}
    yield _relation("wasGeneratedBy", f"{activity}.{use.dataset}", made | complete | _partitions(use))


def _dataset(page: Page, dataset: str) -> Row:
    return _entity(dataset, page.names.get(dataset, _NOWHERE), "whence:Dataset")


def _version(page: Page, use: Use) -> Iterator[Row]:
    """The version that a use names or wrote, and the dataset that it is one of."""
    place = page.names.get(use.dataset, _NOWHERE)
    yield _dataset(page, use.dataset)
    said = {"whence:basis": NAMED if use.label else INFERRED}
    if use.label:
        said["whence:version"] = use.label
    yield _entity(use.version, place, "whence:DatasetVersion", **said)
    of = {"prov:specificEntity": f"key:{use.version}", "prov:generalEntity": f"key:{use.dataset}"}
    yield _relation("specializationOf", use.version, of)


def _entity(key: str, place: Place, *types: str, **said: Any) -> Row:
    label = {"prov:label": f"{place} {said['whence:version']}" if "whence:version" in said else str(place)}
    kinds = {"prov:type": [_name(kind) for kind in types]}
    return _row(
        "entity", f"key:{key}", label | kinds | {"whence:namespace": place.namespace, "whence:name": place.name} | said
    )


def _derivations(page: Page) -> Iterator[Row]:
    """Each version written derives from the versions that its footprint says flowed into it."""
    uses = list(page.uses())
    read = {(u.run, u.number, u.dataset): _entity_read(u, page.reads[u]) for u in uses if u.role == Role.CONSUMED}
    made = {(u.run, u.number, u.dataset): u for u in uses if u.role == Role.PRODUCED and u.complete >= 0}
    for _, run, number, footprint in page.footprints():
        for output in footprint.writes:
            produced = made.get((run, number, output))
            for source in footprint.inputs_of(output) if produced else ():
                origin = read.get((run, number, source))
                if produced and origin and origin != f"key:{produced.version}":
                    yield _derivation(produced, origin)


def _derivation(produced: Use, origin: str) -> Row:
    activity = _activity_name(produced.run, produced.number)
    said = {
        "prov:generatedEntity": f"key:{produced.version}",
        "prov:usedEntity": origin,
        "prov:activity": activity,
    }
    return _relation("wasDerivedFrom", f"{activity}.{produced.version}.{origin}", said)


# Agents, and code


def _owners(page: Page) -> Iterator[Row]:
    for entity, value in page.current("ownership"):
        facet = read_facet(Ownership, value)
        kinds = ("prov:Plan", "whence:Job") if entity[0] == Kind.JOB else ("whence:Dataset",)
        for owner in facet.owners if facet else ():
            agent = f"key:{owner_key(owner.name)}"
            yield _row("agent", agent, {"prov:label": owner.name, "prov:type": _name("whence:Owner")})
            yield _entity(entity, page.names.get(entity, _NOWHERE), *kinds)
            said = {"prov:entity": f"key:{entity}", "prov:agent": agent}
            if owner.type:
                said["whence:ownership"] = owner.type
            yield _relation("wasAttributedTo", f"{entity}.{agent}.{digest(owner.type or '')}", said)


def _code(page: Page) -> Iterator[Row]:
    """The code that runs executed. The graph knows it of a run, so that it is a use of each of its attempts."""
    for contribution in page.contributions.values():
        codes = sorted({edge.target for edge in contribution.edges if edge.kind == EdgeKind.EXECUTED})
        for code in codes:
            place = page.names.get(code, _NOWHERE)
            yield _entity(code, place, "whence:Code")
            for attempt in contribution.rows.attempts:
                activity = _activity_name(attempt.run, attempt.number)
                said = {"prov:activity": activity, "prov:entity": f"key:{code}"}
                yield _relation("used", f"{activity}.{code}", said)


# PROV-JSON


def _partitions(use: Use) -> _Attributes:
    return {"whence:partitions": use.partitions} if use.partitions else {}


def _name(name: str) -> _Attributes:
    """A qualified name as a value (section 2.3 of PROV-JSON; the type is that of PROV-DM, section 5.7.3)."""
    return {"$": name, "type": "prov:QUALIFIED_NAME"}


def _relation(section: str, key: str, said: _Attributes) -> Row:
    return _row(section, "_:" + key.replace("key:", ""), said)


def _row(section: str, key: str, said: _Attributes) -> Row:
    return Row(section, key, orjson.dumps(said))
