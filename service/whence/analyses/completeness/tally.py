"""Counts what is known and what is not, as a whole, by namespace and by owner."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from whence_schemas.completeness import Check, CompletenessQuestion, Finding, Group, Ranked, Score, overall

_Counts = tuple[Counter[Check], Counter[Check]]


class Place(NamedTuple):
    """Where something counts: in a namespace, and for its owners; without any for nobody."""

    namespace: str
    owners: frozenset[str]


class Tally:
    """What the checks that are asked for found so far, in the namespace and of the owner that are asked about."""

    def __init__(self, question: CompletenessQuestion) -> None:
        self._question = question
        self._all = _counts()
        self._by_namespace: dict[str | None, _Counts] = defaultdict(_counts)
        self._by_owner: dict[str | None, _Counts] = defaultdict(_counts)
        self._findings: dict[Check, list[Finding]] = defaultdict(list)

    def covers(self, place: Place) -> bool:
        """Whether something there is asked about."""
        namespace, owner = self._question.namespace, self._question.owner
        return namespace in (None, place.namespace) and (owner is None or owner in place.owners)

    def add(self, place: Place, check: Check, countable: int, findings: Iterable[Finding] = ()) -> None:
        """Count things of one place, and which of them are not known."""
        if not (self._question.asks(check) and self.covers(place)):
            return
        found = list(findings)
        known = countable - sum(finding.missing for finding in found)
        owners = [self._by_owner[owner] for owner in place.owners or (None,)]
        for all_known, all_countable in (self._all, self._by_namespace[place.namespace], *owners):
            all_known[check] += known
            all_countable[check] += countable
        self._findings[check] += found

    def scores(self) -> tuple[Score, ...]:
        """Of each check that is asked for."""
        return self._scores(self._all)

    def by_namespace(self) -> list[Group]:
        """The worst first."""
        return self._groups(self._by_namespace)

    def by_owner(self) -> list[Group]:
        """The worst first."""
        return self._groups(self._by_owner)

    def findings(self) -> list[Ranked]:
        """The worst of each check first: where most is missing, then for the longest time."""
        ranked = [
            Ranked(rank, finding)
            for check in Check
            for rank, finding in enumerate(sorted(self._findings[check], key=_badness))
        ]
        return sorted(ranked, key=lambda found: found.rank)

    def _scores(self, counts: _Counts) -> tuple[Score, ...]:
        known, countable = counts
        return tuple(Score(check, known[check], countable[check]) for check in Check if self._question.asks(check))

    def _groups(self, found: dict[str | None, _Counts]) -> list[Group]:
        groups = [Group(name, self._scores(counts)) for name, counts in found.items()]
        scored = [(score, group) for group in groups if (score := overall(group.scores)) is not None]
        return [group for _, group in sorted(scored, key=lambda one: (one[0], one[1].name or "", one[1].name is None))]


def _counts() -> _Counts:
    return Counter(), Counter()


def _badness(finding: Finding) -> tuple[int, int, str]:
    return -finding.missing, finding.since if finding.since is not None else 2**63, finding.key
