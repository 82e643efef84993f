"""Results of checks, from the tools themselves."""

import json
import subprocess
from pathlib import Path

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from tests.orchestrators.environments import environment
from whence_collector import assertion, assertions

EXPECTED = {
    "great_expectations": [
        {
            "assertion": "expect_column_values_to_not_be_null",
            "success": False,
            "column": "qty",
            "severity": "error",
            "actual": "1",
        },
        {
            "assertion": "expect_table_row_count_to_be_between",
            "success": True,
            "severity": "error",
            "actual": "3",
            "params": {"min_value": 1, "max_value": 9},
        },
    ],
    "soda": [
        {
            "assertion": "row_count > 0",
            "success": True,
            "severity": "error",
            "actual": "2",
            "content": "checks for trades:\n  row_count > 0",
            "contentType": "sodacl",
        },
        {
            "assertion": "qty is there",
            "success": False,
            "column": "qty",
            "severity": "error",
            "actual": "1",
            "content": "checks for trades:\n  - missing_count(qty) = 0:\n      name: qty is there\n",
            "contentType": "sodacl",
        },
        {
            "assertion": "avg(px) warn when > 1",
            "success": False,
            "column": "px",
            "severity": "warn",
            "actual": "2.5",
            "content": "checks for trades:\n  - avg(px):\n      warn: when > 1\n",
            "contentType": "sodacl",
        },
    ],
}

GREAT_EXPECTATIONS = """
import great_expectations as gx, json, pandas
from whence_collector import assertions, schema_of
frame = pandas.DataFrame({"qty": [1, 2, None], "px": [1.0, 2.0, 3.0]})
assert [field["type"] for field in schema_of(frame)["fields"]] == ["float64", "float64"]
context = gx.get_context(mode="ephemeral")
batch = context.data_sources.add_pandas("p").add_dataframe_asset("a").add_batch_definition_whole_dataframe("b")
expected = gx.expectations
suite = context.suites.add(gx.ExpectationSuite("s", expectations=[
    expected.ExpectColumnValuesToNotBeNull(column="qty"),
    expected.ExpectTableRowCountToBeBetween(min_value=1, max_value=9),
]))
definition = context.validation_definitions.add(gx.ValidationDefinition(name="v", data=batch, suite=suite))
validated = definition.run(batch_parameters={"dataframe": frame})
checkpoint = context.checkpoints.add(gx.Checkpoint(name="c", validation_definitions=[definition]))
checked = checkpoint.run(batch_parameters={"dataframe": frame})
assert assertions(validated) == assertions(checked) == assertions(validated.to_json_dict())
print(json.dumps(assertions(validated)))
"""

SODA = """
import duckdb, json
from soda.scan import Scan
from whence_collector import assertions
connection = duckdb.connect(":memory:")
connection.sql("create table trades as select * from (values (1, 2.0), (null, 3.0)) t(qty, px)")
scan = Scan()
scan.add_duckdb_connection(connection)
scan.set_data_source_name("duckdb")
scan.set_scan_definition_name("x")
scan.add_sodacl_yaml_str('''
checks for trades:
  - row_count > 0
  - missing_count(qty) = 0:
      name: qty is there
  - avg(px):
      warn: when > 1
''')
scan.execute()
assert assertions(scan) == assertions(scan.get_scan_results())
print(json.dumps(assertions(scan)))
"""


@pytest.mark.full
@pytest.mark.parametrize(("tool", "script"), [("great_expectations", GREAT_EXPECTATIONS), ("soda", SODA)])
def test_the_tools_of_today(tool, script, tmp_path):
    collector = Path(__file__).parents[1]
    python = environment("quality", "great_expectations", "soda-core-duckdb", editable=(collector,)) / "bin/python"
    done = subprocess.run([python, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == EXPECTED[tool]


def test_great_expectations_json_of_older_versions():
    result = {
        "results": [
            {
                "success": True,
                "expectation_config": {"expectation_type": "expect_x", "kwargs": {"column": "c", "batch_id": "b"}},
                "result": {"unexpected_count": 0},
            }
        ]
    }
    checkpoint = {"run_results": {"id": {"validation_result": result}}}
    expected = [{"assertion": "expect_x", "success": True, "column": "c", "actual": "0"}]
    assert assertions(result) == assertions(checkpoint) == expected


class Trade(BaseModel):
    qty: int
    px: float


def test_a_pydantic_error_names_each_kind_of_fault_in_each_column_once():
    rows = [{"qty": "x", "px": 1}, {"qty": "y"}, {"qty": 1, "px": 2}]
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(list[Trade]).validate_python(rows)
    found = {(one["assertion"], one["column"]): one["actual"] for one in assertions(caught.value)}
    assert found == {("int_parsing", "qty"): "2", ("missing", "px"): "1"}
    assert not any(one["success"] for one in assertions(caught.value))
    assert "'x'" not in json.dumps(assertions(caught.value))  # no values


def test_assertions_of_ones_own():
    mine = assertion("fresh", True, expected=5, actual=3.5, severity="warn", params={"a": 1})
    assert assertions([mine]) == [mine]
    assert mine["expected"] == "5"


@pytest.mark.parametrize("result", [7, "x", {}, {"results": 3}, None])
def test_what_is_no_result(result):
    with pytest.raises(TypeError):
        assertions(result)
