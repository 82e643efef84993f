"""Counts of what a change touches, by distance; each owner and tag counts once, where it is nearest."""

from collections import Counter
from collections.abc import Iterable

from whence_schemas.identity import KIND_NAMES
from whence_schemas.impact import EndTouched, ImpactCounts, OwnerTouched, TagTouched, Touched


def count(
    touched: Iterable[Touched],
    owners: Iterable[OwnerTouched],
    tags: Iterable[TagTouched],
    ends: Iterable[EndTouched],
) -> dict[int, ImpactCounts]:
    """Counts by distance. Tags are given nearest first."""
    found: dict[int, Counter[str]] = {}

    def add(distance: int, what: str) -> None:
        found.setdefault(distance, Counter())[f"{what.lower()}s" if what.isupper() else what] += 1

    for node in touched:
        add(node.distance, KIND_NAMES[node.key[0]])
        add(node.distance, node.step.certainty.lower())
    for owner in owners:
        add(owner.distance, "owners")
    for distance in {tag.tag: tag.distance for tag in list(tags)[::-1]}.values():
        add(distance, "tags")
    for end in ends:
        add(end.distance, end.kind)
    return {distance: ImpactCounts(**found[distance]) for distance in sorted(found)}
