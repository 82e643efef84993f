"""``/api/v1/audit/``: erasure, retention, legal holds, and the records of the trail itself."""

import asyncio
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request

from whence.access.keys import key_ids
from whence.api.audit import caught_up
from whence.api.document import problems
from whence.api.guard import SENDER
from whence.audit.erasure import Custodian
from whence.audit.export import Source
from whence.audit.holds import Hold, HoldScope, add_hold, holds_in_force, release_hold
from whence.audit.requests import Actors, ErasureRequest, Outcome, RetentionRequest, actors
from whence.audit.trail import Record, records
from whence.projection.runner import Projector
from whence_schemas.errors import InvalidQuestion

_PATIENCE_SECONDS = 60.0
_CHANGES = problems(401, 403, 404, 409, 415, 422, 503)


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class HoldWanted(_Body):
    """A hold to add."""

    scope: HoldScope
    reason: str = Field(min_length=1, max_length=1_000, description="Why, such as the number of a case.")


class Release(_Body):
    """Why a hold is released."""

    reason: str = Field(min_length=1, max_length=1_000)


def custody_routes(source: Source, projector: Projector, keys: Path) -> APIRouter:
    """The routes of erasure, retention, holds and records. `keys` is the file of API keys."""
    router = APIRouter(prefix="/api/v1/audit", tags=["Audit"])
    custodian = Custodian(source.log, source.graph, source.never_alias)

    def who(request: Request, asked_by: str, approved_by: str) -> Actors:
        """Who asked, and who approved: the one whose key sends the request."""
        sender = request.scope.get(SENDER, "")
        if sender and approved_by not in ("", sender):
            raise InvalidQuestion(f"approvedBy is {approved_by}, but who sends the request approves it: {sender}")
        return actors(asked_by, sender or approved_by, key_ids(keys))

    async def cleaned(outcome: Outcome) -> Outcome:
        """The outcome, once the graph holds nothing of what was erased, or after some patience."""
        if outcome.request is None:
            return outcome
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await projector.wait_for_erasure(await source.log.size())
        except TimeoutError:
            return outcome.model_copy(update={"clean": False})
        return outcome.model_copy(update={"clean": True})

    @router.post("/erasures", summary="Erase", responses=_CHANGES)
    async def erase(request: Request, wanted: ErasureRequest) -> Outcome:
        """Erase payload, meta and salt of what is chosen, and with them all that the graph holds of it; or, with
        `dryRun`, say what that is. Whose key sends it has approved it; `askedBy` is the id of another one's key."""
        size = None if wanted.choice().scope.is_everything else await caught_up(source, projector)
        by = Actors("", "") if wanted.dry_run else who(request, wanted.asked_by, wanted.approved_by)
        return await cleaned(await custodian.erase(wanted, by, size))

    @router.post("/retention", summary="Apply a retention policy", responses=_CHANGES)
    async def retain(request: Request, wanted: RetentionRequest) -> Outcome:
        """Say what goes by a policy, and what is kept all the same; with `apply`, erase it."""
        by = who(request, wanted.asked_by, wanted.approved_by) if wanted.apply else Actors("", "")
        return await cleaned(await custodian.retain(wanted, by))

    @router.get("/holds", summary="The legal holds in force", responses=problems(401, 403, 503))
    async def holds() -> list[Hold]:
        """The legal holds in force."""
        return await holds_in_force(source.log)

    @router.post("/holds", summary="Add a legal hold", status_code=201, responses=_CHANGES)
    async def add(request: Request, wanted: HoldWanted) -> dict[str, int]:
        """Keep what is in the scope from being erased, until the hold is released."""
        return {"index": await add_hold(source.log, wanted.scope, wanted.reason, request.scope.get(SENDER, ""))}

    @router.post("/holds/{index}/release", summary="Release a legal hold", responses=_CHANGES)
    async def release(request: Request, index: int, wanted: Release) -> Hold:
        """Let a hold go."""
        return await release_hold(source.log, index, wanted.reason, request.scope.get(SENDER, ""))

    @router.get("/records", summary="The trail of the trail", responses=problems(401, 403, 422, 503))
    async def trail(
        before: Annotated[int, Query(ge=0, le=2**62, description="Only those with a lower index.")] = 2**62,
        limit: Annotated[int, Query(ge=1, le=1_000)] = 100,
    ) -> list[Record]:
        """Exports, erasures, legal holds, policies, changes of keys: newest first. The next page is `before` the index
        of the last one."""
        return await records(source.log, before, limit)

    return router
