"""Counts of what a change touches, by distance; each owner and tag counts once, where it is nearest."""

from collections import Counter, defaultdict
from collections.abc import Iterable

from whence_schemas.identity import Kind
from whence_schemas.impact import Certainty, EndKind, EndTouched, ImpactCounts, OwnerTouched, TagTouched, Touched

_FIELDS: dict[str, str] = {
    Kind.DATASET: "datasets",
    Kind.COLUMN: "columns",
    Kind.JOB: "jobs",
    Certainty.RECORDED: "recorded",
    Certainty.INFERRED: "inferred",
    EndKind.MODEL: "models",
    EndKind.REPORT: "reports",
}


def count(
    touched: Iterable[Touched],
    owners: Iterable[OwnerTouched],
    tags: Iterable[TagTouched],
    ends: Iterable[EndTouched],
) -> dict[int, ImpactCounts]:
    """Counts by distance. Tags are given nearest first."""
    found: dict[int, Counter[str]] = defaultdict(Counter)
    alike = Counter((node.distance, node.key[0], node.step.certainty) for node in touched)
    for (distance, kind, certainty), nodes in alike.items():
        found[distance][_FIELDS[kind]] += nodes
        found[distance][_FIELDS[certainty]] += nodes
    for owner in owners:
        found[owner.distance]["owners"] += 1
    for distance in {tag.tag: tag.distance for tag in list(tags)[::-1]}.values():
        found[distance]["tags"] += 1
    for end in ends:
        found[end.distance][_FIELDS[end.kind]] += 1
    return {distance: ImpactCounts(**found[distance]) for distance in sorted(found)}
