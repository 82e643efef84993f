"""Identity of the nodes in the graph, as pure functions of what OpenLineage names.

A key is one letter for the kind and 22 characters of URL-safe Base64: the first 16 bytes of the SHA-256 of the
length-prefixed parts. So keys have one short length whatever the names hold (newlines, NUL, 3,000 characters), and
every index on them is safe. A column's key begins with its dataset's, so that columns of one dataset lie together.
"""

from base64 import urlsafe_b64encode
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from uuid import UUID


class Kind(StrEnum):
    """Kinds of nodes, by the first letter of their keys."""

    DATASET = "D"
    JOB = "J"
    RUN = "R"
    COLUMN = "C"
    DATASET_VERSION = "V"
    OWNER = "O"
    TAG = "T"
    CODE_VERSION = "K"
    ASSERTION = "A"


KIND_NAMES = {kind.value: kind.name for kind in Kind}
"""Names of the kinds, such as DATASET, by their letters."""


def digest(*parts: str | bytes) -> str:
    """22 URL-safe characters that identify the sequence of parts (128 bits of SHA-256)."""
    hasher = sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        hasher.update(len(data).to_bytes(8, "big"))
        hasher.update(data)
    return urlsafe_b64encode(hasher.digest()[:16]).rstrip(b"=").decode()


@lru_cache(maxsize=16_384)
def dataset_key(namespace: str, name: str) -> str:
    """Key of the dataset (namespace, name)."""
    return "D" + digest(namespace, name)


@lru_cache(maxsize=4_096)
def job_key(namespace: str, name: str) -> str:
    """Key of the job (namespace, name)."""
    return "J" + digest(namespace, name)


def canonical_run_id(run_id: str) -> str:
    """The run id in the one form in which runs are compared: a UUID in lower case with hyphens.

    What is no UUID (some producers' parent facets) is kept as it is.
    """
    try:
        return str(UUID(run_id))
    except ValueError:
        return run_id


def run_key(run_id: str) -> str:
    """Key of the run with this id, in whatever case and form the UUID was written."""
    return "R" + digest(canonical_run_id(run_id))


@lru_cache(maxsize=16_384)
def column_key(dataset: str, field: str) -> str:
    """Key of a field of the dataset with the given *key*."""
    return "C" + dataset[1:] + digest(field)


def dataset_of_column(column: str) -> str:
    """Key of the dataset that a column's key belongs to."""
    return "D" + column[1:23]


def version_key(dataset: str, version: str) -> str:
    """Key of a dataset's version that producers name in the `version` facet."""
    return "V" + digest(dataset, "named", version)


def attempt_version_key(dataset: str, attempt: str) -> str:
    """Key of the unnamed version of a dataset that an attempt produced."""
    return "V" + digest(dataset, "attempt", attempt)


def owner_key(name: str) -> str:
    """Key of an owner, by the name in the `ownership` facet."""
    return "O" + digest(name)


def tag_key(key: str, value: str) -> str:
    """Key of a tag, by its key and value."""
    return "T" + digest(key, value)


def code_version_key(repository: str, commit: str) -> str:
    """Key of a code version: repository URL and commit."""
    return "K" + digest(repository, commit)


def assertion_key(dataset: str, assertion: str, column: str) -> str:
    """Key of a data-quality check on a dataset (by *key*) or on one of its columns."""
    return "A" + digest(dataset, assertion, column)


def attempt_id(run: str, number: int) -> str:
    """Id of a run's attempt: the run's *key* and the attempt's number, from 0."""
    return f"{run}#{number}"


def kind_of(key: str) -> Kind:
    """Kind of node that a key names.

    Raises:
        ValueError: the key's first letter is none of the kinds'.
    """
    return Kind(key[:1])
