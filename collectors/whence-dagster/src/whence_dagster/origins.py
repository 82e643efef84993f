"""What a DagsterRun says of itself: its names, and where its code is."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dagster import DagsterRun
from dagster._core.types.loadable_target_origin import LoadableTargetOrigin

from whence_dagster.facts import RunFacts
from whence_dagster.names import Names

try:
    from dagster._core.remote_origin import ManagedGrpcPythonEnvCodeLocationOrigin
except ImportError:  # where it was until Dagster 1.12
    from dagster._core.remote_representation.origin import ManagedGrpcPythonEnvCodeLocationOrigin


def run_facts(run: DagsterRun, names: Names) -> RunFacts:
    """The facts of a run."""
    pointer = code_pointer(run)
    remote = run.remote_job_origin.repository_origin if run.remote_job_origin else None
    location = remote.code_location_origin.location_name if remote else _location_name(pointer)
    repository = remote.repository_name if remote else "__repository__"
    return RunFacts(
        run.run_id,
        run.job_name,
        names.jobs(repository, location),
        location,
        repository,
        run.tags,
        pointer,
        tuple(sorted(tuple(key.path) for key in run.asset_selection or ())),
        run.run_config or {},
    )


def code_pointer(run: DagsterRun) -> dict[str, str]:
    """How Dagster found the run's code: `file` or `module`, `attribute`, `workingDirectory`, `executable`."""
    if run.job_code_origin is None:
        return {}
    origin = run.job_code_origin.repository_origin
    pointer = origin.code_pointer
    said = {
        "file": getattr(pointer, "python_file", None),
        "module": getattr(pointer, "module", None),
        "attribute": getattr(pointer, "fn_name", None) or getattr(pointer, "attribute", None),
        "workingDirectory": getattr(pointer, "working_directory", None),
        "executable": origin.executable_path,
    }
    return {name: value for name, value in said.items() if value}


def _location_name(pointer: Mapping[str, str]) -> str:
    """The name that Dagster gives to a code location that has none, such as that of a run on the command line."""
    return pointer.get("module") or Path(pointer.get("file", "")).name


def source_path(pointer: Mapping[str, str]) -> Path | None:
    """The file or folder of a run's code, if it is on this machine."""
    folder = Path(pointer.get("workingDirectory", ""))
    candidates = [folder / pointer["file"]] if "file" in pointer else []
    if "module" in pointer:
        *package, name = pointer["module"].split(".")
        candidates = [folder.joinpath(*package, f"{name}.py"), folder.joinpath(*package, name), folder]
    return next((path for path in candidates if path.exists()), None)


def location_origin(run: DagsterRun) -> Any:
    """The code location of a run as an origin that can be loaded; None if the run does not say where its code is."""
    if run.remote_job_origin:
        return run.remote_job_origin.repository_origin.code_location_origin
    pointer = code_pointer(run)
    if not pointer.get("file") and not pointer.get("module"):
        return None
    folder = Path(pointer.get("workingDirectory", ""))
    target = LoadableTargetOrigin(
        executable_path=pointer["executable"],
        python_file=str(folder / pointer["file"]) if "file" in pointer else None,
        module_name=pointer.get("module"),
        working_directory=pointer.get("workingDirectory"),
        attribute=pointer.get("attribute"),
    )
    return ManagedGrpcPythonEnvCodeLocationOrigin(target, _location_name(pointer))
