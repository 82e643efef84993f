"""The schema as a whole: its export, its ready-made queries, and every field of every type."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from graphql import (
    GraphQLObjectType,
    get_named_type,
    is_composite_type,
    is_leaf_type,
    is_object_type,
    is_required_argument,
    parse,
)

from tests.graphql.conftest import LOOSE
from whence.graph.facts import EdgeKind, State
from whence.graph.port import Place
from whence_graphql.ready import head_of, ready_made
from whence_graphql.scalars import LineageEdgeKind
from whence_graphql.schema import SCHEMA, sdl
from whence_schemas.identity import Kind
from whence_schemas.read import RunState, SearchPlace

GRAPHQL = Path(__file__).parents[2] / "graphql"
TYPES = SCHEMA._schema.type_map


def test_exported_schema_is_up_to_date():
    text = (GRAPHQL / "schema.graphql").read_text()
    assert text == sdl(), "run: python -m whence_graphql > graphql/schema.graphql"


def test_schema_is_printed_by_a_command():
    done = subprocess.run([sys.executable, "-m", "whence_graphql"], capture_output=True, text=True, check=True)
    assert done.stdout == sdl()


def test_every_type_and_root_field_is_described():
    undescribed = [
        name
        for name, found in TYPES.items()
        if is_composite_type(found) and not name.startswith("__") and not found.description
    ]
    undescribed += [name for name, field in TYPES["Query"].fields.items() if not field.description]
    assert not undescribed


def test_words_shared_with_the_graph_are_the_same():
    assert [state.value for state in RunState] == [state.value for state in State]
    graph_kinds = {kind.value for kind in EdgeKind} | {"CONSUMED", "PRODUCED"}
    assert {kind.value for kind in LineageEdgeKind} <= graph_kinds
    assert SearchPlace._fields == Place._fields


def test_fields_of_one_name_agree():
    """So that one query may ask for them in fragments on different types, and on their interfaces."""
    types: dict[str, set[str]] = {}
    for name in [*NODE_TYPES, "Node", "LineageNode", "Asset"]:
        for field, found in TYPES[name].fields.items():
            if is_leaf_type(get_named_type(found.type)):
                types.setdefault(field, set()).add(str(found.type))
    assert {field: found for field, found in types.items() if len(found) > 1} == {}


NODE_TYPES = sorted(
    name
    for name, found in TYPES.items()
    if is_object_type(found) and any(interface.name == "Node" for interface in found.interfaces)
)
QUERIES = ready_made()


def test_there_are_ready_made_queries():
    assert {
        "what-is-there-by-this-name",
        "where-did-this-dataset-come-from",
        "what-breaks-if-this-changes",
        "where-does-this-column-come-from",
        "what-did-this-run-touch",
        "which-runs-of-this-job-failed",
    } <= QUERIES.keys()


# What each query finds in the samples with the variables in its comment.
FINDS = {
    "what-is-there-by-this-name": lambda data: len(data["search"]["edges"]) == 50,
    "how-complete-is-the-lineage": lambda data: (
        0 < data["completeness"]["score"] < 1 and len(data["completeness"]["findings"]["edges"]) == 50
    ),
    "how-did-quality-change": lambda data: (
        len(data["history"]["entries"]["edges"]) >= 10 and "not_null" in json.dumps(data["history"])
    ),
    "how-do-we-recover-from-this-run": lambda data: (
        data["recovery"]["steps"]["edges"][0]["node"]["commandLine"] == "dbt build --select bad_model after_bad"
    ),
    "how-fresh-is-the-graph": lambda data: data["status"]["lag"] == 0,
    "what-breaks-if-this-changes": lambda data: "data-eng" in json.dumps(data),
    "what-does-this-change-touch": lambda data: (
        data["impact"]["counts"]["columns"] >= 3 and "data-eng" in json.dumps(data)
    ),
    "what-is-late-and-what-does-it-hold-up": lambda data: (
        data["freshness"]["counts"]["late"] >= 4 and "data-eng" in json.dumps(data)
    ),
    "which-partitions-are-missing": lambda data: (
        (data["partitions"]["counts"]["present"], data["partitions"]["counts"]["missing"]) == (1, 3)
    ),
    "what-produced-this-version": lambda data: (
        data["provenance"]["counts"]["inferred"] >= 2 and "w.main.raw_trades" in json.dumps(data)
    ),
    "which-answers-rest-on-this-document": lambda data: data["provenance"]["counts"]["versions"] >= 3,
    "what-did-this-run-touch": lambda data: {i["basis"] for i in data["run"]["inputs"]} == {"INFERRED"},
    "what-is-the-history-of-this-dataset": lambda data: len(data["dataset"]["versions"]["edges"]) >= 2,
    "where-did-this-dataset-come-from": lambda data: "w.main.raw_trades" in json.dumps(data),
    "where-does-this-column-come-from": lambda data: "raw/customers" in json.dumps(data),
    "what-changed-between-two-times": lambda data: data["diff"]["counts"]["edgesAppeared"] >= 2,
    "what-differs-between-two-runs": lambda data: (
        {edge["node"]["difference"] for edge in data["runDiff"]["datasets"]["edges"]} == {"CHANGED"}
    ),
    "where-do-declarations-and-runs-differ": lambda data: "UNDECLARED" in json.dumps(data),
    "which-runs-of-this-job-failed": lambda data: "errorMessage" in json.dumps(data) or data["job"]["runs"]["edges"],
}


@pytest.mark.parametrize("name", sorted(QUERIES))
async def test_ready_made_query(samples, name):
    variables = json.loads(head_of(QUERIES[name]).example)
    data = await samples.ask(QUERIES[name], **variables)
    assert FINDS[name](data), data


@pytest.mark.parametrize("name", sorted(QUERIES))
def test_ready_made_query_says_what_it_answers_and_what_its_variables_mean(name):
    head = head_of(QUERIES[name])
    operation_name = "".join(word.capitalize() for word in name.split("-"))
    assert "?" in head.what, "begin with the question"
    assert f"query {operation_name}" in QUERIES[name], "name the operation as the file"
    [operation] = parse(QUERIES[name]).definitions
    variables = [found.variable.name.value for found in operation.variable_definitions or ()]
    assert list(json.loads(head.example)) == variables, "give an example of each, in their order"
    unexplained = [found for found in variables if not re.search(rf"\b{found}\b", " ".join(head.variables))]
    assert not unexplained, "say what they mean in the comment, between the question and the example"


def selection(type_, depth):
    """All fields of a type without required arguments, and of what they lead to."""
    named = get_named_type(type_)
    if is_leaf_type(named):
        return ""
    parts = []
    for name, field in named.fields.items():
        if any(is_required_argument(arg) for arg in field.args.values()):
            continue
        leaf = is_leaf_type(get_named_type(field.type))
        if leaf or depth:
            # Fields of one name may have types of their own in each type: keep them apart.
            alias = f"{named.name}_{name}"
            parts.append(f"{alias}: {name} {selection(field.type, depth - 1)}")
    return "{ __typename " + " ".join(parts) + " }"


def test_every_kind_has_a_type():
    assert len(NODE_TYPES) == len(Kind)


@pytest.mark.parametrize("name", NODE_TYPES)
async def test_every_field_of_every_node(samples, name):
    kind = re.sub(r"(?<!^)(?=[A-Z])", "_", name).upper()
    type_ = TYPES[name]
    assert isinstance(type_, GraphQLObjectType)
    if kind == "DATASET_VERSION":
        found = await samples.ask(
            "{ search(kinds: [DATASET], first: 100) { edges { node { ... on Dataset {"
            " versions(first: 3) { edges { node { id } } } } } } } }"
        )
        ids = [v["node"]["id"] for edge in found["search"]["edges"] for v in edge["node"]["versions"]["edges"]]
    else:
        found = await samples.ask(
            "query ($kind: NodeKind!) { search(kinds: [$kind], first: 25) { edges { node { id } } } }", kind=kind
        )
        ids = [edge["node"]["id"] for edge in found["search"]["edges"]]
    if name == "CodeVersion":  # no sample has any: see test_nodes.py
        return
    assert ids
    data = await samples.ask(
        f"query ($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename ... on {name} {selection(type_, 2)} }} }}",
        LOOSE,
        ids=ids[:25],
    )
    assert {node["__typename"] for node in data["nodes"]} == {name}
    assert len(data["nodes"]) == len(ids[:25])
