"""Which code ran: repository, commit, branch, path, and whether there were uncommitted changes.

Git's files are read directly, which takes a millisecond, once. Nothing here raises: what cannot be found out is not
said.
"""

import hashlib
import inspect
import os
import re
from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

from openlineage.client.facet_v2 import source_code_location_job

from . import changes
from .facets import WhenceCodeRunFacet


class CodeVersion(NamedTuple):
    """Facets about the code at a path; None is what could not be found out.

    Attributes:
        location: the job facet `sourceCodeLocation`.
        code: the run facet `whence_code`.
    """

    location: source_code_location_job.SourceCodeLocationJobFacet | None
    code: WhenceCodeRunFacet | None


def code_version(
    path: str | os.PathLike[str], *, sha256: str | None = None, wait: float = 0, dirty: bool = True
) -> CodeVersion:
    """Facets about the code in a file or folder.

    Args:
        path: where the code is.
        sha256: of the function's or task's source, as `source_sha256` gives it, for the facet `whence_code`.
        wait: seconds to wait, the first time, until it is known whether there are uncommitted changes.
        dirty: whether to look for those; not in a process that forks others, for that takes a thread.
    """
    repository = _repository(os.fspath(path))
    if repository is None:
        return CodeVersion(None, WhenceCodeRunFacet(sourceSha256=sha256) if sha256 else None)
    changed = changes.changed(repository.root, repository.git, wait) if dirty and repository.root else None
    code = None if changed is None and sha256 is None else WhenceCodeRunFacet(dirty=changed, sourceSha256=sha256)
    return CodeVersion(
        source_code_location_job.SourceCodeLocationJobFacet(
            type="git",
            url=repository.url,
            repoUrl=repository.url,
            path=repository.path,
            version=repository.commit,
            branch=repository.branch,
        ),
        code,
    )


def forget() -> None:
    """Look again when asked next: for processes that live longer than what is checked out."""
    _repository.cache_clear()
    changes.forget()


def source_sha256(code: Callable[..., Any]) -> str | None:
    """SHA-256 of the source of a function or class, in hexadecimal; None if its source is not there."""
    try:
        return hashlib.sha256(inspect.getsource(inspect.unwrap(code)).encode()).hexdigest()
    except (OSError, TypeError, ValueError):
        return None


class _Repository(NamedTuple):
    root: str | None
    git: Path
    url: str
    path: str | None
    commit: str | None
    branch: str | None


@lru_cache(maxsize=4096)
def _repository(path: str) -> _Repository | None:
    """What is known of the repository that a path is in. Without one, what the environment says of it."""
    try:
        return _checkout(Path(path).resolve()) or _deployed()
    except (OSError, UnicodeError, ValueError):
        return _deployed()


def _deployed() -> _Repository | None:
    """What who deployed the code without its repository says of it."""
    url, commit = os.environ.get("WHENCE_CODE_REPOSITORY"), os.environ.get("WHENCE_CODE_COMMIT")
    return _Repository(None, Path(), public_url(url), None, commit, None) if url and commit else None


def _checkout(path: Path) -> _Repository | None:
    root = next((folder for folder in (path, *path.parents) if (folder / ".git").exists()), None)
    if root is None:
        return None
    git = root / ".git"
    if git.is_file():  # of a worktree or submodule: "gitdir: where it is"
        git = root / git.read_text().partition("gitdir:")[2].strip()
    common = git / "commondir"
    shared = git / common.read_text().strip() if common.exists() else git
    head = (git / "HEAD").read_text().strip()
    reference = head.removeprefix("ref: ") if head.startswith("ref: ") else None
    return _Repository(
        root=str(root),
        git=git,
        url=_origin(shared) or root.as_uri(),
        path=path.relative_to(root).as_posix(),
        commit=_commit(git, shared, reference) if reference else head,
        branch=reference.removeprefix("refs/heads/") if reference else None,
    )


def _commit(git: Path, shared: Path, reference: str) -> str | None:
    for folder in (git, shared):
        if (folder / reference).is_file():
            return (folder / reference).read_text().strip()
    packed = shared / "packed-refs"
    text = packed.read_text() if packed.exists() else ""
    found = re.search(rf"^([0-9a-f]+) {re.escape(reference)}$", text, re.MULTILINE)
    return found[1] if found else None


def _origin(shared: Path) -> str | None:
    for section, key, value in _configuration((shared / "config").read_text()):
        if (section, key) == ('remote "origin"', "url"):
            return public_url(value)
    return None


def _configuration(text: str) -> Iterator[tuple[str, str, str]]:
    section = ""
    for line in text.splitlines():
        if found := re.match(r"\s*\[(.*)\]", line):
            section = found[1]
        else:
            key, _, value = line.partition("=")
            yield section, key.strip().lower(), value.strip()


def public_url(url: str) -> str:
    """A repository's address without user and password, the same for its SSH and HTTPS forms where that is plain."""
    if found := re.fullmatch(r"(?:ssh://)?(?:[\w.-]+@)([\w.-]+?)(?::\d+(?=/))?[:/](?!//)(.+)", url):
        url = f"https://{found[1]}/{found[2]}"
    return re.sub(r"(?<=://)[^/@]*@", "", url).removesuffix("/").removesuffix(".git")
