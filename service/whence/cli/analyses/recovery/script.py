"""`whence recover --script`: the plan as a script for a POSIX shell.

Whatever was recorded stands in it as quoted words or in comments of one line: nothing of it can be run by being there.
"""

import shlex
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from whence.cli.connections import nodes_of

_Json = dict[str, Any]
_ASK = """
# Waits for a person. Without one to answer, the script stops here.
by_hand() {
    printf '\\n%s\\nPress Enter when it is done, Ctrl-C to stop. ' "$1" >&2
    read -r _
}
"""


def script_of(recovery: _Json, again: list[str]) -> str:
    """The script of a plan, with a last line that says how to see that all is good again."""
    return "\n".join(_lines(recovery, again)) + "\n"


def _lines(recovery: _Json, again: list[str]) -> Iterator[str]:
    steps = nodes_of(recovery["steps"])
    repairs = nodes_of(recovery["repairs"])
    yield "#!/bin/sh"
    yield _comment(f"Recovery of {_start(recovery['start'])}, as of {recovery['asOf']}")
    counts = recovery["counts"]
    yield _comment(f"Waves: {counts['waves']}; steps: {counts['steps']}, by hand: {counts['byHand'] + len(repairs)}")
    yield "set -eu"
    if repairs or any(not step["command"] or not step["waits"] for step in steps):
        yield _ASK
    for repair in repairs:
        yield _by_hand(f"Put right by hand first: {repair['dataset']['name']} ({repair['dataset']['namespace']})")
    last = max((step["wave"] for step in steps), default=0)
    for wave, members in groupby(steps, key=lambda step: step["wave"]):
        yield f"\n# Wave {wave} of {last}"
        yield from _wave(list(members), wave == last)
    yield ""
    yield _comment(f"Is all good again? {shlex.join(again)}")


def _wave(steps: list[_Json], last: bool) -> Iterator[str]:
    for step in steps:
        for work in nodes_of(step["work"]):
            yield _comment(describe(work))
        yield step["commandLine"] if step["command"] else _by_hand(_one_line(step["hint"]))
    if not last and any(step["command"] and not step["waits"] for step in steps):
        yield _by_hand("Wait until what was started has ended: the next wave builds on it.")


def describe(work: _Json) -> str:
    """A piece of work in words: job, part, why."""
    part = part_of(work)
    return f"{work['job']['name']}{f' for {part}' if part else ''}: {work['reason'].lower()}"


def part_of(work: _Json) -> str:
    """The partition or logical date of a piece of work."""
    if work["partition"] is not None:
        return partition_text(work["partition"])
    return str(work["nominalStart"] or "")


def partition_text(partition: Any) -> str:
    """A partition as people write it."""
    if isinstance(partition, dict):
        return ", ".join(f"{name}={value}" for name, value in sorted(partition.items()))
    return str(partition)


def _start(start: _Json) -> str:
    return f"run {start['runId']} of {start['name']}" if start["kind"] == "RUN" else str(start["name"])


def _by_hand(text: str) -> str:
    return f"by_hand {shlex.quote(_one_line(text))}"


def _comment(text: str) -> str:
    return f"# {_one_line(text)}"


def _one_line(text: str) -> str:
    """Without any character that could end a line, or that a terminal would obey."""
    return "".join(_printable(text))


def _printable(text: str) -> Iterable[str]:
    return (sign if sign.isprintable() else " " for sign in text)
