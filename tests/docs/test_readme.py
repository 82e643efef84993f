"""What the documents show is what happens."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from tests.build import graph_of
from whence.audit.retention import parse_policy
from whence.reader import GraphReader
from whence.settings import configuration_table
from whence_graphql.context import Context
from whence_graphql.schema import execute

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
PAGES = ["README.md", *(str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").glob("*.md")))]


def blocks(kind: str, page: str = "README.md") -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", (ROOT / page).read_text(), re.MULTILINE | re.DOTALL)


def transcript(page: str) -> list[tuple[str, str]]:
    """Commands with the output shown, in the order of the page."""
    lines = "".join(blocks("console", page))
    return [
        (command, output.strip())
        for command, output in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", lines, re.MULTILINE)
    ]


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_print_what_the_page_shows(page, tmp_path):
    """A page's commands run one after the other, in a folder that is empty but for `demo` and `docs`."""
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    (tmp_path / "demo").symlink_to(ROOT / "demo")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WHENCE_")}
    environment["PATH"] = f"{Path(sys.executable).parent}:{environment['PATH']}"
    shown = transcript(page)
    assert shown
    for command, expected in shown:
        done = subprocess.run(
            command, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        if expected != "…":
            found = "\n".join(line.rstrip() for line in done.stdout.strip().splitlines())
            assert found == expected, command


def test_the_configuration_table_is_up_to_date():
    table = README.split("<!-- settings -->\n")[1].split("<!-- /settings -->")[0]
    assert table == configuration_table()


def test_every_command_named_exists():
    named = {word for text in re.findall(r"`whence ([a-z0-9]+)", README) for word in shlex.split(text)}
    printed = subprocess.run([sys.executable, "-m", "whence", "--help"], capture_output=True, text=True, check=True)
    assert named
    assert not [command for command in named if not re.search(rf"\b{command}\b", printed.stdout)]


def test_the_retention_policy_can_be_used():
    [policy] = [parse_policy(block, "README.md") for block in blocks("toml")]
    assert [rule.id for rule in policy.rule] == ["development"]


@pytest.mark.parametrize("page", [*PAGES, "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"])
def test_links_and_paths_lead_somewhere(page):
    text = (ROOT / page).read_text()
    paths = re.findall(r"\]\((?!http)([^)#]+)\)", text)
    paths += re.findall(r"`((?:tests|service|schemas|graphql|deploy|demo|docs|collectors)/[\w./-]+)`", text)
    near = (ROOT / page).parent
    assert not [path for path in paths if not (ROOT / path).exists() and not (near / path).exists()]


@pytest.mark.parametrize("query", [query for page in PAGES for query in blocks("graphql", page)])
async def test_graphql_examples_run(query):
    events = [
        line for file in sorted((ROOT / "demo/events").glob("*.ndjson")) for line in file.read_bytes().splitlines()
    ]
    store = await graph_of(*events)

    async def size() -> int:
        return len(events)

    answer = await execute(Context(GraphReader(store, size)), query)
    assert not answer.errors
    assert answer.data
    assert all(found is not None for found in answer.data.values())
    if "lineage(" in query:
        names = {node["name"] for node in answer.data["lineage"]["nodes"]}
        assert {"w.main.daily_metrics", "w.main.processed_trades", "w.main.raw_trades"} <= names
