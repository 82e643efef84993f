"""The main job of Whence, in a minute: runs of dbt, Spark and a model platform go in, lineage and proof come out.

Starts a server of its own on a fresh store, sends it the events in ``demo/events``, and shows what it then knows, each
answer with the command that gave it. On a terminal the server stays until Ctrl-C.

Environment: ``GRAPH=neo4j`` keeps the graph in a Neo4j that is started here (SQLite otherwise); ``ONCE=1`` stops at the
end. It uses what everybody can use: the HTTP API, GraphQL and the command line.
"""

import os
import shlex
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from rich.console import Console
from rich.progress import track
from rich.text import Text

EVENTS = Path(__file__).parent / "events"
WHENCE = Path(sys.executable).with_name("whence")
PORT = 5000
SECONDS = 60
FAILING_JOB = "w.main.tradesdbt.bad_model.build.run"
FAILED_RUNS = f"""{{ job(namespace: "dbt-ns", name: "{FAILING_JOB}") {{
    runs(states: [FAIL]) {{ edges {{ node {{ runId startedAt }} }} }} }} }}"""

console = Console(highlight=False)


def main() -> None:
    """Run the demo."""
    with ExitStack() as running:
        folder = Path(running.enter_context(TemporaryDirectory(prefix="whence-demo-")))
        graph = running.enter_context(_neo4j(folder)) if os.environ.get("GRAPH") == "neo4j" else {}
        url = running.enter_context(_server(folder, graph))
        with httpx.Client(base_url=url, timeout=SECONDS) as http:
            _send(http)
            _wait_until_projected(http)
            _show(http, url)
            _prove(folder, url)
        if sys.stdout.isatty() and os.environ.get("ONCE", "0") in ("", "0"):
            _stay(url)


# The server


def _settings(**chosen: str) -> dict[str, str]:
    """The environment without settings of Whence but these."""
    return {name: value for name, value in os.environ.items() if not name.startswith("WHENCE_")} | chosen


@contextmanager
def _neo4j(folder: Path) -> Iterator[dict[str, str]]:
    """A Neo4j of its own, and the settings by which Whence finds it."""
    from whence.neo4j_server import LocalNeo4j

    _say("Starting a Neo4j (the first time it is downloaded, which takes a minute or two) ...")
    with LocalNeo4j(folder / "neo4j") as server:
        yield {"WHENCE_GRAPH": server.uri, "WHENCE_NEO4J_PASSWORD_FILE": str(server.password_file)}


@contextmanager
def _server(folder: Path, graph: dict[str, str]) -> Iterator[str]:
    """A server whose stores lie in the folder, and its address."""
    command = [str(WHENCE), "serve", "--port", str(_port())]
    with subprocess.Popen(command, cwd=folder, env=_settings(**graph), stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            assert process.stdout
            url = process.stdout.readline().rpartition(" ")[2].strip()
            if not url:
                sys.exit("the server did not start")
            _say(f"A server runs at {url}, its graph in {'Neo4j' if graph else 'SQLite'}.")
            yield url
        finally:
            process.terminate()


def _port() -> int:
    """The usual port, or 0 for a free one where it is taken."""
    try:
        with socket.create_server(("127.0.0.1", PORT)):
            return PORT
    except OSError:
        return 0


# Events in


def _send(http: httpx.Client) -> None:
    """Post the recorded events one by one, as orchestrators do."""
    events = [line for file in sorted(EVENTS.iterdir()) for line in file.read_bytes().splitlines()]
    what = f"Sending {len(events)} events of dbt, Spark and a model platform"
    quiet = not console.is_terminal
    for event in track(events, f"{what} ...", console=console, transient=True, disable=quiet):
        answer = http.post("/api/v1/lineage", content=event, headers={"Content-Type": "application/json"})
        answer.raise_for_status()
    _say(f"{len(events)} events of dbt, Spark and a model platform are in its log, each by a POST to /api/v1/lineage.")


def _wait_until_projected(http: httpx.Client) -> None:
    deadline = time.monotonic() + SECONDS
    while (state := http.get("/health/ready").json())["graph"]["lag"]:
        if time.monotonic() > deadline:
            sys.exit(f"the events are not in the graph after {SECONDS} s: {state}")
        time.sleep(0.1)


# Lineage out


def _show(http: httpx.Client, url: str) -> None:
    """What a newcomer wants to see."""
    _run("Where does a table come from, and what depends on it?", url, "lineage", "daily_metrics")
    _run("Where does a column come from?", url, "lineage", "v_share", "--column", "share", "--up")
    _run(
        "The same for a Spark job, whose events tell how each column is made",
        url,
        *("lineage", "customer_totals", "--column", "total", "--up"),
    )
    run = _ask(http, url, "Which runs failed? GraphQL answers, too", FAILED_RUNS)["job"]["runs"]["edges"][0]["node"]
    _run("What did that run read and touch?", url, "lineage", run["runId"])
    _run("How do we recover from it?", url, "recover", "--run", run["runId"])
    _run("What breaks if the source changes?", url, "lineage", "raw_trades", "--down")
    _run(
        "What produced this model, from which data, with which code, approved by whom?",
        url,
        "provenance",
        "limit-breach",
    )


def _prove(folder: Path, url: str) -> None:
    """What an auditor wants to see."""
    archive, report = str(folder / "evidence.zip"), str(folder / "model.pdf")
    export = ("audit", "export", "--upstream-of", "limit-advice-0002")
    _run("Can you prove it? All that an answer rests on, as one archive", url, *export, "-o", archive)
    _run("Anybody can check it, offline", "", "audit", "verify", archive)
    _run(
        "Which run made the model, from which data, approved by whom? One page",
        url,
        *("audit", "report", "--model", "limit-breach", "-o", report),
    )


def _run(title: str, url: str, *command: str) -> None:
    """Run a command of `whence`, against the server if there is a `url`, and show it."""
    command = (*command, "--url", url) if url else command
    _title(title, shlex.join([os.path.relpath(WHENCE), *command]))
    subprocess.run([WHENCE, *command], env=_settings(), check=True)  # noqa: S603


def _ask(http: httpx.Client, url: str, title: str, query: str) -> Any:
    """Ask a GraphQL query, and show it."""
    query = " ".join(query.split())
    body = httpx.Request("POST", url, json={"query": query}).content.decode()
    _title(title, f"curl -s {url}/graphql -H 'Content-Type: application/json' \\\n    -d {shlex.quote(body)}")
    answer = http.post("/graphql", content=body, headers={"Content-Type": "application/json"})
    console.print(answer.text, soft_wrap=True, markup=False)
    return answer.raise_for_status().json()["data"]


def _title(title: str, command: str) -> None:
    console.print(Text.assemble("\n", (title, "bold green"), ("\n$ ", "dim"), (command, "cyan"), "\n"), soft_wrap=True)
    sys.stdout.flush()  # before the command prints


def _say(sentence: str) -> None:
    console.print(Text(sentence), soft_wrap=True)


def _stay(url: str) -> None:
    """Leave the server to the reader."""
    _title("It is yours now: try these commands, or others. Ctrl-C stops it.", f"{os.path.relpath(WHENCE)} --help")
    _say(f"GraphQL  {url}/graphql\nHTTP     {url}/docs")
    try:
        while True:
            time.sleep(3600)
    except KeyboardInterrupt:
        console.print()


if __name__ == "__main__":
    main()
