"""The last good version of each stale dataset, or of each of its partitions that are stale."""

from whence.analyses.recovery.scene import Scene
from whence.analyses.recovery.walk import Walk
from whence.graph.facts import Role
from whence.graph.port import EARLIEST
from whence.lineage.history import parts_of
from whence.lineage.versions import merged
from whence_schemas.identity import digest
from whence_schemas.read import Use
from whence_schemas.recovery import Fallback

_LIMITS = (4, 100, 10_000)
"""Of each dataset and name so many productions are looked through: mostly one of the last is good."""


async def find_fallbacks(scene: Scene, walk: Walk) -> list[Fallback]:
    """One row for each stale dataset and partition, in the order of keys."""
    wanted = {
        (scene.names.representative(use.dataset), part) for use in walk.versions for part in _parts(use.partitions)
    }
    wanted |= {(mark.dataset, part) for mark in walk.marks for part in _parts(mark.partitions)}
    found: dict[tuple[str, str], Use] = {}
    left = wanted
    for limit in _LIMITS:
        if not left:
            break
        made, cut = await _produced(scene, sorted({dataset for dataset, _ in left}), limit)
        for dataset, part in left:
            good = _last_good(walk, made[dataset], part)
            if good is not None:
                found[dataset, part] = good
        left = {one for one in left if one not in found and one[0] in cut}
    return sorted(_row(scene, walk, dataset, part, found.get((dataset, part))) for dataset, part in wanted)


def _parts(partitions: str) -> list[str]:
    return sorted(parts_of(partitions)) or [""]


async def _produced(scene: Scene, datasets: list[str], limit: int) -> tuple[dict[str, list[Use]], set[str]]:
    """The last productions of datasets under all their names, newest first, and the datasets that may have more.

    limit: of each name so many are read at most.
    """
    members = [name for dataset in datasets for name in scene.names.members(dataset)]
    rows = await scene.store.uses_between(members, Role.PRODUCED, EARLIEST, scene.question.as_of, limit)
    found: dict[str, list[Use]] = {}
    cut: set[str] = set()
    for dataset in datasets:
        found[dataset], more = merged((rows.get(name, []) for name in scene.names.members(dataset)), limit)
        if more:
            cut.add(dataset)
    return found, cut


def _last_good(walk: Walk, made: list[Use], part: str) -> Use | None:
    for use in made:
        parts = parts_of(use.partitions)
        if use not in walk.versions and use.complete > 0 and (not part or not parts or part in parts):
            return use
    return None


def _row(scene: Scene, walk: Walk, dataset: str, part: str, use: Use | None) -> Fallback:
    if use is None:
        return Fallback(digest(dataset, part), dataset, part, "", "", "", 0, False)
    wanted = frozenset([part] if part else ())
    now = list(scene.history.current(dataset, scene.question.as_of, wanted))
    good = bool(now) and not any(one in walk.versions for one in now) and not _still_missing(scene, walk, dataset, part)
    return Fallback(digest(dataset, part), dataset, part, use.version, use.label, use.run, use.at, good)


def _still_missing(scene: Scene, walk: Walk, dataset: str, part: str) -> bool:
    return any(
        mark.dataset == dataset
        and (not part or not mark.partitions or part in parts_of(mark.partitions))
        and walk.missing(mark, scene.question.as_of)
        for mark in walk.marks
    )
