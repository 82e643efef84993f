"""Which code ran, without git, in worktrees, with packed references, and with secrets in addresses."""

import os
import subprocess

import pytest

from whence_collector import changes
from whence_collector.code import code_version, forget, public_url, source_sha256


def git(*arguments, cwd):
    command = ["git", "-c", "user.name=n", "-c", "user.email=e", *arguments]
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path):
    folder = tmp_path / "checkout"
    folder.mkdir()
    git("init", "-q", "-b", "main", cwd=folder)
    (folder / "a.py").write_text("x")
    git("add", ".", cwd=folder)
    git("commit", "-q", "-m", "x", cwd=folder)
    return folder


def test_a_checkout(checkout):
    (checkout / "untracked").write_text("")
    found = code_version(checkout / "a.py", sha256="0" * 64, wait=10)
    assert found.location.version == git("rev-parse", "HEAD", cwd=checkout)
    assert (found.location.branch, found.location.path) == ("main", "a.py")
    assert found.location.url == checkout.as_uri()
    assert (found.code.dirty, found.code.sourceSha256) == (False, "0" * 64)


def test_packed_references_and_no_branch(checkout):
    git("pack-refs", "--all", cwd=checkout)
    assert code_version(checkout).location.version == git("rev-parse", "HEAD", cwd=checkout)
    git("checkout", "-q", "--detach", cwd=checkout)
    found = code_version(checkout / "a.py").location
    assert (found.version, found.branch) == (git("rev-parse", "HEAD", cwd=checkout), None)


def test_a_worktree(checkout, tmp_path):
    git("remote", "add", "origin", "https://user:token@git.example/team/x.git", cwd=checkout)
    git("worktree", "add", "-q", "-b", "other", str(tmp_path / "tree"), cwd=checkout)
    found = code_version(tmp_path / "tree" / "a.py").location
    assert (found.url, found.branch) == ("https://git.example/team/x", "other")
    assert found.version == git("rev-parse", "HEAD", cwd=checkout)


def test_no_checkout(tmp_path):
    assert code_version(tmp_path) == (None, None)


def test_a_deployment_says_what_it_is(tmp_path, monkeypatch):
    monkeypatch.setenv("WHENCE_CODE_REPOSITORY", "git@git.example:team/x.git")
    monkeypatch.setenv("WHENCE_CODE_COMMIT", "abc")
    found = code_version(tmp_path / "deployed").location
    assert (found.repoUrl, found.version) == ("https://git.example/team/x", "abc")


def test_a_broken_checkout_is_none(tmp_path):
    (tmp_path / ".git").mkdir()
    assert code_version(tmp_path / "x").location is None


def test_without_git_it_is_not_known_whether_it_is_dirty(checkout, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    found = code_version(checkout / "a.py", wait=10)
    assert found.location.version
    assert found.code is None


@pytest.fixture
def another(checkout, monkeypatch):
    """Asks what a process finds out that is another one than those before, and cannot ask git."""
    monkeypatch.setattr(changes, "KEPT", 1_000_000)
    path = os.environ["PATH"]

    def another():
        forget()
        monkeypatch.setenv("PATH", "/nowhere")
        found = code_version(checkout / "a.py", wait=10).code
        monkeypatch.setenv("PATH", path)
        forget()
        return found and found.dirty

    return another


@pytest.mark.parametrize("text", ["x", "y"])
def test_what_git_said_holds_for_other_processes_until_the_index_changes(checkout, folder, another, monkeypatch, text):
    monkeypatch.setenv("WHENCE_SPOOL", str(folder))
    folder.mkdir()
    (checkout / "a.py").write_text(text)
    dirty = code_version(checkout / "a.py", wait=10).code.dirty
    assert (dirty, another()) == (text == "y", text == "y")
    (checkout / "b.py").write_text("")
    git("add", "b.py", cwd=checkout)
    assert another() is None


def test_what_git_said_holds_for_a_while(checkout, folder, another, monkeypatch):
    monkeypatch.setenv("WHENCE_SPOOL", str(folder))
    folder.mkdir()
    monkeypatch.setattr(changes, "KEPT", 0)
    code_version(checkout / "a.py", wait=10)
    assert another() is None


def test_where_there_is_no_spool_nothing_is_written(checkout, folder, another, monkeypatch):
    monkeypatch.setenv("WHENCE_SPOOL", str(folder))
    code_version(checkout / "a.py", wait=10)
    assert another() is None
    assert not folder.exists()


@pytest.mark.parametrize(
    ("said", "public"),
    [
        ("git@github.com:o/r.git", "https://github.com/o/r"),
        ("ssh://git@host:22/o/r.git", "https://host/o/r"),
        ("https://user:token@host/o/r.git", "https://host/o/r"),
        ("https://host:8443/o/r/", "https://host:8443/o/r"),
        ("/srv/git/r.git", "/srv/git/r"),
    ],
)
def test_addresses(said, public):
    assert public_url(said) == public


def test_the_source_of_a_function():
    assert len(source_sha256(test_addresses)) == 64
    assert source_sha256(len) is None
    assert source_sha256(eval("lambda: 1")) is None
