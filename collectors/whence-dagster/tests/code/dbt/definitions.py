"""The models of a dbt project as Dagster's assets, and an asset that is made of one of them."""

import os
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource, DbtProject, dbt_assets

PROJECT = DbtProject(Path(os.environ["DBT_PROJECT"]))


@dbt_assets(manifest=PROJECT.manifest_path)
def models(context: dg.AssetExecutionContext, dbt: DbtCliResource):
    yield from dbt.cli(["build"], context=context).stream().fetch_column_metadata()


@dg.asset(deps=["daily_metrics"])
def report():
    pass


defs = dg.Definitions([models, report], resources={"dbt": DbtCliResource(PROJECT)}, executor=dg.in_process_executor)
