"""``whence-dbt-manifest``: puts the declared lineage of a compiled dbt project into the spool."""

import argparse
import logging
import sys
from collections import Counter

from ..transport import SpoolTransport, spool_client


def main(arguments: list[str] | None = None) -> int:
    """The command; returns its exit code: 0 all is well, 1 events were dropped, 2 there is nothing that can be read."""
    parser = argparse.ArgumentParser(
        prog="whence-dbt-manifest",
        description="Declares the lineage of a dbt project, after `dbt compile` or `dbt docs generate`. Call it as "
        "`dbt-ol` is called, so that what is declared and what runs tell have the same names.",
    )
    parser.add_argument(
        "command", nargs="?", choices=("build", "run"), default="build", help="how production runs (default: build)"
    )
    parser.add_argument("--consume-structured-logs", action="store_true", help="production runs dbt-ol with it")
    parser.add_argument("--project-dir", default=".", help="the folder with dbt_project.yml")
    parser.add_argument("--profiles-dir", help="the folder with profiles.yml")
    parser.add_argument("--profile", help="the profile, if not the project's")
    parser.add_argument("-t", "--target", help="the target, if not the profile's")
    parser.add_argument("--target-path", help="the folder with manifest.json (and catalog.json)")
    chosen = parser.parse_args(arguments)
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        from .declared import events
        from .wrapper import Options, Project
    except ImportError as error:
        return _failed(f"{error.name} is missing. Names are those of dbt-ol: pip install 'whence-collector[dbt]'")
    options = Options(
        project_dir=chosen.project_dir,
        profiles_dir=chosen.profiles_dir,
        profile=chosen.profile,
        target=chosen.target,
        target_path=chosen.target_path,
        command=chosen.command,
        structured_logs=chosen.consume_structured_logs,
    )
    try:
        declared = events(Project(options))
    except FileNotFoundError as error:
        return _failed(str(error))
    except Exception as error:  # whatever dbt-ol's code raises
        cause = error.__cause__ or error
        return _failed(f"dbt-ol cannot read this project: {type(cause).__name__}: {cause}")
    client = spool_client()
    for event in declared:
        client.emit(event)
    kinds = Counter(type(event).__name__ for event in declared)
    sys.stdout.write(f"Declared: {kinds['JobEvent']} jobs, {kinds['DatasetEvent']} datasets\n")
    return 1 if isinstance(client.transport, SpoolTransport) and client.transport.dropped else 0


def _failed(why: str) -> int:
    sys.stderr.write(f"whence-dbt-manifest: {why}\n")
    return 2
