"""The command `whence completeness`."""

import asyncio
from enum import StrEnum
from typing import Annotated, Any

import typer

from whence.cli.analyses.completeness.question import COMPLETENESS, COMPLETENESS_SCORES
from whence.cli.client import connect
from whence.cli.console import complain, note, out, print_json
from whence.cli.options import Choice, with_flags
from whence.cli.reach import FOUND, AsOfOption, WindowOption, behind
from whence_schemas.errors import InvalidQuestion

_MOST_TIMES = 60


class CheckName(StrEnum):
    """What is looked at."""

    COLLECTOR = "collector"
    RUN_END = "run-end"
    DATASET_NAME = "dataset-name"
    DATASET_ORIGIN = "dataset-origin"
    JOB_INPUTS = "job-inputs"
    JOB_OUTPUTS = "job-outputs"
    COLUMN_LINEAGE = "column-lineage"
    RUN_CODE = "run-code"
    DATASET_OWNER = "dataset-owner"


@with_flags("log", "graph", "url", "key")
def completeness(
    choice: Choice,
    namespace: Annotated[
        str | None,
        typer.Option(metavar="NS", help="Only datasets and jobs in this namespace.", show_default=False),
    ] = None,
    owner: Annotated[str | None, typer.Option(help="Only what this owner owns.", show_default=False)] = None,
    check: Annotated[
        list[CheckName] | None,
        typer.Option(
            metavar="CHECK", help="Only this check, as the table names it; may be repeated.", show_default=False
        ),
    ] = None,
    as_of: AsOfOption = "",
    since: Annotated[
        str, typer.Option(metavar="TIME", help="Show the scores over time, from then on.", show_default=False)
    ] = "",
    every: Annotated[str, typer.Option(metavar="PERIOD", help="With --since: how often, as P1D, P2W, P1M.")] = "P7D",
    window: WindowOption = 10,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many findings to show, the worst first.")] = 20,
    minimum: Annotated[
        float | None,
        typer.Option(
            min=0,
            max=1,
            help=f"Exit with {FOUND} where the score is lower, or only a part was looked at.",
            show_default=False,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the answer as JSON, for programs.")] = False,
) -> None:
    """Show how much of the lineage is known, as scores, and what is not, with what to do about it.

    A check's score is what is known of all that counts; the score as a whole is the mean of the checks' scores.
    """
    asked = {
        "namespace": namespace,
        "owner": owner,
        "checks": [one.name for one in check or ()],
        "window": window,
    }
    answers = asyncio.run(
        _over_time(choice, asked, _times(since, as_of, every)) if since else _at(choice, asked, as_of, limit)
    )
    if as_json:
        print_json({"completeness": answers if since else answers[-1]})
    else:
        _print(answers, limit, over_time=bool(since))
    if minimum is not None:
        _hold(answers[-1], minimum)


async def _at(choice: Choice, asked: dict[str, Any], as_of: str, limit: int) -> list[dict[str, Any]]:
    async with connect(choice) as client:
        return [(await client.ask(COMPLETENESS, {**asked, "asOf": as_of or None, "first": limit}))["completeness"]]


async def _over_time(choice: Choice, asked: dict[str, Any], times: list[str]) -> list[dict[str, Any]]:
    """One question for each time, so that each has the time of a request for itself."""
    async with connect(choice) as client:
        return [(await client.ask(COMPLETENESS_SCORES, {**asked, "asOf": time}))["completeness"] for time in times]


def _times(since: str, as_of: str, every: str) -> list[str]:
    """From `since` to the last time, which is `as_of` or now, counted back from there."""
    from whence_schemas.durations import Duration
    from whence_schemas.times import format_time, now, parse_time

    try:
        first, at = parse_time(since).micros, parse_time(as_of).micros if as_of else now()
        period = Duration.parse_period(every)
    except ValueError as error:
        raise InvalidQuestion(str(error)) from None
    counted = (Duration(n * period.months, n * period.micros) for n in range(_MOST_TIMES + 1))
    times = [time for back in counted if (time := back.before(at)) >= first]
    if not 1 <= len(times) <= _MOST_TIMES:
        told = f"over {_MOST_TIMES} times" if times else "no time"
        raise InvalidQuestion(f"--since {since} --every {every} makes {told}: change one of them")
    return [format_time(time) for time in reversed(times)]


def _print(answers: list[dict[str, Any]], limit: int, *, over_time: bool) -> None:
    from whence.cli.analyses.completeness.page import completeness_page, history_page

    answer = answers[-1]
    out().print(history_page(answers) if over_time else completeness_page(answer))
    for sentence in dict.fromkeys(sentence for one in answers for sentence in one["notes"]):
        note(sentence)
    if not over_time and answer["findings"]["pageInfo"]["hasNextPage"]:
        note(f"There is more than the {limit} shown: raise --limit, choose a --check, or ask for all with GraphQL.")
    if any(one["truncated"] for one in answers):
        note("The answer is cut at the limit of time: ask for less with --namespace, --owner or --check.")
    behind(answer)


def _hold(answer: dict[str, Any], minimum: float) -> None:
    """Exit with FOUND where a score is not known to reach the minimum."""
    score = answer["score"]
    if score is None:
        complain("there is nothing to score, so no minimum is reached")
    elif answer["truncated"]:
        complain("only a part was looked at, so it is not known whether the minimum is reached")
    elif score < minimum:
        complain(f"the score is {score:.3f}, below the minimum of {minimum:g}")
    else:
        return
    raise typer.Exit(FOUND)
