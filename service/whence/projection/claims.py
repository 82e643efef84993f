"""What a unit says of facets, with the content that it refers to."""

from typing import Any

from whence.graph.canonical import canonical_json
from whence.graph.facts import Claim
from whence_schemas.identity import Kind, digest


class Claims:
    """Values of facets in the order in which a unit says them."""

    def __init__(self) -> None:
        self._said: dict[tuple[str, str], list[Claim]] = {}
        self._bodies: dict[str, bytes] = {}

    def say_all(self, entity: str, facets: dict[str, Any], at: int) -> dict[str, str]:
        """Record the values of an entity's facets at a time, not earlier than those recorded before.

        A job's or dataset's values are all kept: they last until another unit says otherwise. Of an attempt's and its
        inputs' and outputs' values only the latest counts. A null says nothing. Returns the values' addresses.
        """
        addresses: dict[str, str] = {}
        lasting = entity[0] in (Kind.JOB, Kind.DATASET) and len(entity) == 23
        for facet, value in facets.items():
            if value is None:
                continue
            if lasting and isinstance(value, dict) and value.get("_deleted") is True:
                address = ""
            else:
                body = canonical_json(value)
                address = digest(body)
                self._bodies[address] = body
            addresses[facet] = address
            self._say(Claim(entity, facet, address, at, at), lasting)
        return addresses

    def _say(self, claim: Claim, lasting: bool) -> None:
        history = self._said.setdefault((claim.entity, claim.facet), [])
        if history and history[-1].value == claim.value:
            history[-1] = history[-1]._replace(last=claim.last)
        else:
            if not lasting:
                history.clear()
            history.append(claim)

    def rows(self) -> frozenset[Claim]:
        """All claims."""
        return frozenset(claim for history in self._said.values() for claim in history)

    def bodies(self, rows: frozenset[Claim]) -> dict[str, bytes]:
        """Content of the claims' values, by address."""
        return {claim.value: self._bodies[claim.value] for claim in rows if claim.value}
