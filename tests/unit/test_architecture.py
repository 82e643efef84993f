"""The shape of the code that ARCHITECTURE.md promises."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = {
    "whence_schemas": (ROOT / "schemas", set[str]()),
    "whence_graphql": (ROOT / "graphql", {"whence_schemas"}),
    "whence": (ROOT / "service", {"whence_schemas", "whence_graphql"}),
    "whence_collector": (ROOT / "collectors/whence-collector/src", set[str]()),
}

COLLECTORS = {
    "whence_airflow": {"airflow", "attr", "sqlalchemy"},
    "whence_dagster": {"dagster"},
    "whence_prefect": {"attr", "prefect", "httpx"},
}
"""By package what else it may import, besides the standard library, openlineage-python and whence_collector."""


def imported(file: Path) -> Iterator[str]:
    """Top-level packages that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.partition(".")[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_point_one_way(package):
    folder, allowed = PACKAGES[package]
    files = list((folder / package).rglob("*.py"))
    ours = {name for file in files for name in imported(file)} & PACKAGES.keys()
    assert files
    assert ours <= {*allowed, package}


@pytest.mark.parametrize("package", COLLECTORS)
def test_a_collector_knows_its_host_and_no_server(package):
    files = list((ROOT / "collectors" / package.replace("_", "-") / "src").rglob("*.py"))
    theirs = {name for file in files for name in imported(file)} - sys.stdlib_module_names
    assert files
    assert theirs <= {package, "openlineage", "whence_collector", *COLLECTORS[package]}


def test_the_core_of_the_prefect_collector_knows_no_prefect():
    core = ROOT / "collectors/whence-prefect/src/whence_prefect"
    files = [*core.glob("*.py"), core / "sidecar/translate.py", core / "sidecar/cursor.py"]
    assert "prefect" not in {name for file in files for name in imported(file)}


def test_the_folder_graphql_is_no_package():
    assert not (ROOT / "graphql" / "__init__.py").exists()


def test_analyses_know_the_port_and_no_adapter():
    folders = ("lineage", "analyses", "projection", "audit")
    files = [file for folder in folders for file in (ROOT / "service/whence" / folder).rglob("*.py")]
    text = "".join(file.read_text() for file in files)
    assert "graph.sqlite" not in text
    assert "graph.neo4j" not in text
    assert "eventlog.sqlite" not in text


def test_transparency_is_pure():
    files = list((ROOT / "service/whence/transparency").glob("*.py"))
    imports = {line for file in files for line in re.findall(r"^from (whence[\w.]*)", file.read_text(), re.MULTILINE)}
    assert {name for name in imports if not name.startswith("whence.transparency")} == {"whence_schemas.errors"}
