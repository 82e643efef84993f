"""What is downstream of what was bad by name, and need not be made again."""

from collections.abc import Iterable

from whence.analyses.impact.spread import Spread
from whence.analyses.recovery.scene import Scene
from whence.analyses.recovery.walk import Walk
from whence.analyses.recovery.work import Outstanding
from whence_schemas.identity import Kind
from whence_schemas.impact import Change, ImpactQuestion
from whence_schemas.recovery import GoodNode, GoodReason, Status, Work


async def find_good(
    scene: Scene,
    walk: Walk,
    work: Iterable[Work],
    outstanding: Iterable[Outstanding],
    starts: list[str],
    sources: list[str],
) -> list[GoodNode]:
    """Jobs and datasets downstream of the starts, as jobs read and write now, without those that are not good."""
    question = scene.question
    named = tuple(sorted(set(starts)))
    asked = ImpactQuestion(
        named,
        question.as_of,
        Change.VALUES,
        window=question.window,
        max_nodes=question.max_nodes,
        seconds=question.seconds,
    )
    spread = Spread(scene.store, scene.names, asked)
    await spread.run()
    not_good = {one.dataset for one in outstanding} | set(sources)
    again: dict[str, str] = {}
    once = {scene.names.representative(use.dataset) for use in walk.versions} | {mark.dataset for mark in walk.marks}
    for one in work:
        if one.status == Status.DONE:
            again.setdefault(one.job, one.by)
        else:
            not_good.add(one.job)
    found = {}
    for touched in spread.touched.values():
        if touched.key not in not_good and touched.key[0] in (Kind.DATASET, Kind.JOB):
            remade = touched.key in again or touched.key in once
            reason = GoodReason.AGAIN if remade else GoodReason.UNTOUCHED
            found[touched.key] = GoodNode(touched.key, touched.distance, reason, again.get(touched.key, ""))
    return sorted(found.values(), key=lambda node: (node.distance, node.key))
