"""What a manifest says of a node beyond what dbt-ol reports: owners, tags, documentation, type, code."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ..code import code_version
from ..standard import Facets, facet

Node = Mapping[str, Any]

_TYPES = {
    "table": ("TABLE", None),
    "incremental": ("TABLE", None),
    "seed": ("TABLE", None),
    "snapshot": ("TABLE", None),
    "view": ("VIEW", None),
    "materialized_view": ("VIEW", "MATERIALIZED"),
}
"""`datasetType` by dbt's materialization."""


class Manifest:
    """A manifest of a project in a folder."""

    def __init__(self, content: Mapping[str, Any], folder: str) -> None:
        self._content = content
        self._folder = Path(folder)

    def parents(self, name: str) -> Iterator[str]:
        """The models, seeds, snapshots and sources that a node depends on, also where metrics lie in between."""
        found = dict.fromkeys(self._content["parent_map"].get(name) or ())
        waiting = list(found)
        while waiting:
            parent = waiting.pop(0)
            if parent.startswith(("model.", "seed.", "snapshot.", "source.")):
                yield parent
                continue
            new = [one for one in self._content["parent_map"].get(parent) or () if one not in found]
            found.update(dict.fromkeys(new))
            waiting += new

    def of_job(self, node: Node) -> Facets:
        """Facets of the job of a node."""
        said: Facets = {}
        if location := self._location(node):
            said["sourceCodeLocation"] = location
        if text := documentation(node):
            said["documentation"] = facet("DocumentationJobFacet", description=text)
        if owners := [*_names((node.get("meta") or {}).get("owner")), *self._owners(node)]:
            said["ownership"] = facet("OwnershipJobFacet", owners=[{"name": name} for name in dict.fromkeys(owners)])
        if tags := list(_tags(node)):
            said["tags"] = facet("TagsJobFacet", tags=tags)
        return said

    def of_dataset(self, node: Node) -> Facets:
        """Facets of the dataset that a node stands for."""
        said: Facets = {}
        if owners := self._owners(node):
            said["ownership"] = facet("OwnershipDatasetFacet", owners=[{"name": name} for name in owners])
        columns = node.get("columns") or {}
        of_columns = [{**tag, "field": name} for name, column in columns.items() for tag in _tags(column)]
        if tags := [*_tags(node), *of_columns]:
            said["tags"] = facet("TagsDatasetFacet", tags=tags)
        if node["resource_type"] in ("model", "seed", "snapshot"):
            kind, subtype = _TYPES.get(node["config"].get("materialized"), (None, None))
            if kind:
                said["datasetType"] = facet("DatasetTypeDatasetFacet", datasetType=kind, subType=subtype)
        return said

    def _owners(self, node: Node) -> list[str]:
        """The owner of an exposure, and of the group that a model is in."""
        group = (node.get("config") or {}).get("group") or node.get("group")
        groups = (self._content.get("groups") or {}).values()
        owners = [one["owner"] for one in groups if group and one["name"] == group]
        return [name for owner in [node.get("owner"), *owners] if owner for name in _names(_name(owner))]

    def _location(self, node: Node) -> Any:
        """None for what a package brought: its code is in no repository here."""
        if node["package_name"] != self._content["metadata"].get("project_name"):
            return None
        return code_version(self._folder / node["original_file_path"], dirty=False).location


def documentation(node: Node) -> str:
    """The description, and the address of an exposure."""
    return "\n\n".join(text for text in (node.get("description"), node.get("url")) if text)


def _name(owner: Any) -> Any:
    return owner.get("name") or owner.get("email") if isinstance(owner, Mapping) else owner


def _names(said: Any) -> list[str]:
    return [str(name) for name in (said if isinstance(said, list) else [said]) if name]


def _tags(said: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Tags and `meta`, as dbt-ol has them of a run; owners have a facet of their own."""
    for tag in said.get("tags") or ():
        yield {"key": tag, "value": "true", "source": "DBT"}
    for key, value in (said.get("meta") or {}).items():
        if key != "owner":
            yield {"key": key, "value": value if isinstance(value, str) else json.dumps(value), "source": "DBT_META"}
