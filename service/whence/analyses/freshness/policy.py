"""A policy of freshness: when datasets are to be produced.

It is TOML; the first rule that fits a dataset holds::

    [[rule]]
    id = "prices"
    names = ["market.*.prices"]            # patterns with * and ?; without them, all
    every = "PT1H"                         # since the last production
    grace = "PT10M"                        # so much later it is late

    [[rule]]
    id = "books"
    namespaces = ["postgres://ledger:*"]
    cron = "0 2 * * 1-5"                   # when a new one begins to be expected
    zone = "Europe/Berlin"                 # UTC without it
    by = "06:00"                           # when it is to be there
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, time, timedelta
from fnmatch import fnmatchcase
from typing import Annotated, Any, NamedTuple, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from whence import policies
from whence.rhythm.cron import Cron
from whence.rhythm.zones import time_of, wall_of, zone_of
from whence_schemas.durations import Duration
from whence_schemas.errors import ConfigurationError, InvalidQuestion
from whence_schemas.freshness import FreshnessRule, Rhythm, RhythmBasis

_MIDNIGHT = "0 0 * * *"


class Expectation(NamedTuple):
    """A rhythm, and when by it the next production is due after one at a time (µs)."""

    rhythm: Rhythm
    due: Callable[[int], int]


def _duration(value: str) -> str:
    Duration.parse(value)
    return value


_Duration = Annotated[str, AfterValidator(_duration)]


def _clock(value: Any) -> Any:
    try:
        found = value if isinstance(value, time) else time.fromisoformat(value)
    except (TypeError, ValueError):
        found = None
    if found is None or found.tzinfo is not None:
        raise ValueError(f"{value!r} is no clock time: write one as 06:00")
    return found


class Rule(policies.Rule):
    """A rule of a policy."""

    namespaces: tuple[str, ...] = Field(default=("*",), min_length=1)
    names: tuple[str, ...] = Field(default=("*",), min_length=1)
    every: _Duration | None = None
    cron: str | None = None
    zone: str = ""
    by: Annotated[time, BeforeValidator(_clock)] | None = None
    grace: _Duration | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.every is not None and (self.cron or self.by or self.zone):
            raise ValueError("every goes without cron, by and zone: it counts from the last production")
        if self.every is None and not self.cron and self.by is None:
            raise ValueError("it does not say when: give every, or cron with by or grace, or by alone")
        if self.cron and self.by is None and self.grace is None:
            raise ValueError(
                "cron says when a production begins to be expected: say with by, or grace, when it is late"
            )
        Cron(self.cron or _MIDNIGHT, zone_of(self.zone))
        return self

    def fits(self, names: Iterable[tuple[str, str]]) -> bool:
        """Whether it is about a dataset with one of these (namespace, name)."""
        return any(_matches(namespace, self.namespaces) and _matches(name, self.names) for namespace, name in names)

    def expectation(self) -> Expectation:
        """What it says."""
        grace = Duration.parse(self.grace).after(0) if self.grace else 0
        rhythm = Rhythm(RhythmBasis.POLICY, self._said(), grace, self.id)
        if self.every:
            return Expectation(rhythm, Duration.parse(self.every).after)
        return Expectation(rhythm, _schedule(Cron(self.cron or _MIDNIGHT, zone_of(self.zone)), self.by))

    def _said(self) -> str:
        if self.every:
            return f"every {self.every}"
        begin = f"cron {self.cron}" if self.cron else "daily"
        return f"{begin}{f' by {self.by:%H:%M}' if self.by else ''} {self.zone or 'UTC'}"


def _matches(text: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(text, pattern) for pattern in patterns)


def _schedule(cron: Cron, by: time | None) -> Callable[[int], int]:
    """The first tick after a production, or the clock time that comes at or after it."""

    def due(last: int) -> int:
        tick = cron.after(last)
        if by is None:
            return tick
        wall = wall_of(tick, cron.zone)
        day = wall.date() if wall.time() <= by else wall.date() + timedelta(days=1)
        return time_of(datetime.combine(day, by), cron.zone)

    return due


class Policy(policies.Rules):
    """The rules of a policy."""

    rule: tuple[Rule, ...] = Field(min_length=1)

    def of(self, names: Sequence[tuple[str, str]]) -> Expectation | None:
        """What is expected of a dataset with these (namespace, name)."""
        return next((rule.expectation() for rule in self.rule if rule.fits(names)), None)


def parse_policy(text: str, name: str) -> Policy:
    """The policy in a TOML text.

    Raises:
        ConfigurationError: it is none; the message names the file, the rule and the reason.
    """
    return policies.read_policy(Policy, text, name)


def policy_of(rules: Sequence[FreshnessRule]) -> Policy | None:
    """The policy of a question's rules; None where there are none.

    Raises:
        InvalidQuestion: a rule makes no sense.
    """
    if not rules:
        return None
    document = {"rule": [{k: v for k, v in rule._asdict().items() if v is not None} for rule in rules]}
    try:
        return policies.check_policy(Policy, document, "the policy")
    except ConfigurationError as error:
        raise InvalidQuestion(str(error)) from None
