"""Retention: how long events are kept, at least and at most.

A policy is TOML::

    [[rule]]
    id = "development"
    namespaces = ["airflow://dev*"]        # patterns with * and ?; without them, all
    events = ["RUNNING", "OTHER"]          # START ... OTHER, job, dataset; without them, all
    keep_at_most = "P90D"                  # ISO 8601 (P10Y, P6M, P2W, P90D), or a number of days

    [[rule]]
    id = "books"
    namespaces = ["postgres://ledger:*"]
    keep_at_least = "P10Y"

The namespace is that of an event's job, or of the dataset that it declares. An event may go when a rule that fits it
says so by `keep_at_most`, and none that fits it keeps it by `keep_at_least`; the order of rules means nothing.

Age counts from *receipt*, which the log witnessed itself, and for `keep_at_most` from the receipt of the last event of
the same run: so a run that is still reported is never taken apart. A declaration goes only when a later one has
replaced it: what holds now is what newer runs refer to.
"""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BeforeValidator, Field, model_validator

from whence import policies
from whence.audit.subject import EventClass, Subject, received, subject_of
from whence.eventlog.port import Entry
from whence_schemas.durations import Duration
from whence_schemas.times import DAY, EVER, parse_time


def _period(value: Any) -> Any:
    if type(value) is int and 0 < value < 1_000_000:
        return Duration(0, value * DAY)
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is no period: write one as P10Y, P6M, P2W or P90D, or as a number of days")
    return Duration.parse_period(value)


_Period = Annotated[Duration, BeforeValidator(_period)]


class Rule(policies.Rule):
    """A rule of a policy."""

    namespaces: tuple[str, ...] = Field(default=("*",), min_length=1)
    events: frozenset[EventClass] = Field(default=frozenset(EventClass), min_length=1)
    keep_at_least: _Period | None = None
    keep_at_most: _Period | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        least, most = self.keep_at_least, self.keep_at_most
        if not least and not most:
            raise ValueError("it has neither keep_at_least nor keep_at_most, so that it would do nothing")
        if least and most and most.before(_SOME_DAY) > least.before(_SOME_DAY):
            raise ValueError("keep_at_most is shorter than keep_at_least: make it as long, or leave one out")
        return self

    def fits(self, subject: Subject) -> bool:
        """Whether the rule is about such an event."""
        named = any(fnmatchcase(subject.namespace, pattern) for pattern in self.namespaces)
        return named and subject.kind in self.events


_SOME_DAY = parse_time("2026-01-01T00:00:00Z").micros


class Policy(policies.Rules):
    """The rules of a policy."""

    rule: tuple[Rule, ...] = Field(min_length=1)

    def keeping(self, subject: Subject, since: int, now: int) -> Rule | None:
        """A rule that keeps an event received at `since`, as it is not old enough to go."""
        for rule in self.rule:
            if rule.keep_at_least and since > rule.keep_at_least.before(now) and rule.fits(subject):
                return rule
        return None

    def ending(self, subject: Subject, since: int, now: int) -> Rule | None:
        """A rule by which an event goes whose age counts from `since`."""
        for rule in self.rule:
            if rule.keep_at_most and since <= rule.keep_at_most.before(now) and rule.fits(subject):
                return rule
        return None

    def horizon(self, now: int) -> int:
        """The time (µs) after which nothing that was received can be old enough to go."""
        return max((rule.keep_at_most.before(now) for rule in self.rule if rule.keep_at_most), default=-EVER)


def parse_policy(text: str, name: str) -> Policy:
    """The policy in a TOML text.

    Raises:
        ConfigurationError: it is none; the message names the file, the rule and the reason.
    """
    return policies.read_policy(Policy, text, name)


class Verdict(NamedTuple):
    """What a policy says of an event: the rule by which it goes, and why it is kept all the same, if it is."""

    rule: Rule
    kept: str


def judge(policy: Policy, entries: Sequence[Entry], now: int) -> dict[int, Verdict]:
    """What a policy says of the events of one unit, all of which are given; those that no rule ends are left out."""
    events = [(entry, subject, received(entry)) for entry in entries if (subject := subject_of(entry))]
    last = max((since for _, _, since in events if since is not None), default=0)
    in_force = max(events, key=lambda event: (event[1].at, event[0].index), default=None)
    verdicts: dict[int, Verdict] = {}
    for entry, subject, since in events:
        rule = policy.ending(subject, last if subject.run else since or 0, now) if since is not None else None
        if rule is None or since is None:
            continue
        keeping = policy.keeping(subject, since, now)
        kept = f"rule {keeping.id} keeps it" if keeping else ""
        if not subject.run and in_force and entry is in_force[0]:
            kept = kept or "it is what is declared now"
        verdicts[entry.index] = Verdict(rule, kept)
    return verdicts
