"""The event: from an event file, or from what a real git says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.dryrun import event
from mlops_actions.dryrun.event import Event
from mlops_actions.dryrun.expressions import Scope, evaluate, truthy
from mlops_actions.errors import CallError

Repository = Callable[..., Path]
Git = Callable[..., str]


@pytest.fixture
def event_file(tmp_path: Path) -> Callable[[Any], Path]:
    def write(payload: Any) -> Path:
        path = tmp_path / "event.json"
        path.write_text(payload if isinstance(payload, str) else json.dumps(payload), encoding="utf-8")
        return path

    return write


def test_a_push_is_the_current_branch_and_its_last_commit(repository: Repository, run_git: Git) -> None:
    repo = repository({"a.txt": "a"})
    (repo / "b.txt").write_text("b")
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-qm", "second")
    read = event.read(repo, "push")
    assert (read.ref, read.ref_name, read.ref_type) == ("refs/heads/main", "main", "branch")
    assert read.sha == run_git(repo, "rev-parse", "HEAD")
    assert (read.repository, read.actor) == ("acme/shop", "acme")
    assert read.changed == ("b.txt",)
    assert read.payload["head_commit"]["message"] == "second"


def test_changed_files_are_those_of_the_commit_and_what_is_not_committed(repository: Repository, run_git: Git) -> None:
    repo = repository({"kept": "1", "gone": "1", "edited": "1", ".gitignore": "ignored\n"})
    (repo / "in commit é").write_text("x")
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-qm", "second")
    (repo / "edited").write_text("2")
    (repo / "gone").unlink()
    (repo / "new").write_text("n")
    (repo / "ignored").write_text("n")
    (repo / ".mlops").mkdir()
    (repo / ".mlops" / "verdict.json").write_text("{}")  # what an earlier run left
    assert event.read(repo, "push").changed == ("edited", "gone", "in commit é", "new")


def test_a_first_commit_changes_all_its_files(repository: Repository) -> None:
    assert event.read(repository({"a": "1", "d/b": "2"}), "push").changed == ("a", "d/b")


def test_a_folder_without_git_has_a_ref_and_no_known_changes(tmp_path: Path) -> None:
    read = event.read(tmp_path, "push")
    assert (read.ref, read.changed, read.sha) == ("refs/heads/main", None, "0" * 40)


@pytest.mark.parametrize(
    ("folder", "name"),
    [("my model", "my-model"), ("a@b:c", "a-b-c"), ("flight_delay.2", "flight_delay.2"), ("…", "repository")],
)
def test_a_repository_without_origin_has_a_name_that_github_could_give(tmp_path: Path, folder: str, name: str) -> None:
    (tmp_path / folder).mkdir()
    assert event.read(tmp_path / folder, "push").repository == f"local/{name}"


def test_a_detached_head_needs_a_ref(repository: Repository, run_git: Git) -> None:
    repo = repository({"a": "1"})
    run_git(repo, "checkout", "-q", "--detach")
    with pytest.raises(CallError, match="--ref"):
        event.read(repo, "push")
    assert event.read(repo, "push", ref="main").ref == "refs/heads/main"


@pytest.mark.parametrize(
    ("given", "full"),
    [
        ("main", "refs/heads/main"),
        ("there", "refs/tags/there"),
        ("flight-delay@v0.1.0", "refs/tags/flight-delay@v0.1.0"),  # a tag that is still to be made
        ("v1.2", "refs/tags/v1.2"),
        ("feature/x", "refs/heads/feature/x"),
        ("refs/pull/7/merge", "refs/pull/7/merge"),
    ],
)
def test_a_short_ref_becomes_a_full_one(repository: Repository, run_git: Git, given: str, full: str) -> None:
    repo = repository({"a": "1"})
    run_git(repo, "tag", "there")
    assert event.read(repo, "push", ref=given).ref == full


@pytest.mark.parametrize("ref", ["", "-x", "a b", "a\nb", "a^{}", "x?"])
def test_what_is_no_ref_is_refused(tmp_path: Path, ref: str) -> None:
    with pytest.raises(CallError, match="no git ref"):
        event.read(tmp_path, "push", ref=ref)


def test_a_tag_has_the_commit_that_it_names(repository: Repository, run_git: Git) -> None:
    repo = repository({"a": "1"})
    run_git(repo, "tag", "-am", "t", "model@v1.0.0")
    first = run_git(repo, "rev-parse", "HEAD")
    run_git(repo, "commit", "-qm", "second", "--allow-empty")
    read = event.read(repo, "push", ref="refs/tags/model@v1.0.0")
    assert (read.sha, read.ref_type, read.ref_name) == (first, "tag", "model@v1.0.0")


def test_the_event_of_another_commit_knows_nothing_of_head(repository: Repository, run_git: Git) -> None:
    repo = repository({"a": "1"})
    first = run_git(repo, "rev-parse", "HEAD")
    run_git(repo, "checkout", "-qb", "other")
    (repo / "b").write_text("1")
    run_git(repo, "add", "-A")
    run_git(repo, "commit", "-qm", "of other")
    commit = run_git(repo, "rev-parse", "HEAD")
    run_git(repo, "checkout", "-q", "main")
    (repo / "not committed").write_text("1")
    read = event.read(repo, "push", ref="other")
    assert (read.ref, read.sha, read.changed) == ("refs/heads/other", commit, ("b",))
    assert (read.payload["before"], read.payload["head_commit"]["message"]) == (first, "of other")
    pulled = event.read(repo, "pull_request", ref="other")
    assert (pulled.sha, pulled.head_ref) == (commit, "other")


def test_a_branch_of_the_remote_alone_is_one(repository: Repository, run_git: Git) -> None:
    repo = repository({"a": "1"})
    commit = run_git(repo, "commit-tree", "-m", "x", "HEAD^{tree}")
    run_git(repo, "update-ref", "refs/remotes/origin/v2.0", commit)
    read = event.read(repo, "push", ref="v2.0")
    assert (read.ref, read.sha) == ("refs/heads/v2.0", commit)


def test_a_commit_is_no_ref(repository: Repository, run_git: Git) -> None:
    repo = repository({"a": "1"})
    with pytest.raises(CallError, match="is a commit, and an event has a ref"):
        event.read(repo, "push", ref=run_git(repo, "rev-parse", "--short", "HEAD"))


def test_a_pull_request_goes_from_the_current_branch_to_the_default_one(repository: Repository, run_git: Git) -> None:
    repo = repository({"a": "1"})
    run_git(repo, "checkout", "-qb", "dev")
    read = event.read(repo, "pull_request")
    assert (read.ref, read.base_ref, read.head_ref) == ("refs/pull/1/merge", "main", "dev")
    assert read.payload["action"] == "opened"


def test_an_event_file_says_ref_files_and_all_else(repository: Repository, event_file: Callable[[Any], Path]) -> None:
    repo = repository({"a": "1"})
    commits = [{"added": ["x"], "modified": ["y"], "removed": []}, {"removed": ["z"]}]
    payload = {"ref": "refs/heads/dev", "after": "a" * 40, "commits": commits, "sender": {"login": "mona"}}
    read = event.read(repo, "push", event_file(payload))
    assert (read.ref, read.sha, read.changed, read.actor) == ("refs/heads/dev", "a" * 40, ("x", "y", "z"), "mona")
    assert read.complete
    assert event.read(repo, "push", event_file(payload), "refs/tags/v1").ref == "refs/tags/v1"  # --ref wins


def test_a_pull_requests_event_file(repository: Repository, event_file: Callable[[Any], Path]) -> None:
    pull = {"number": 7, "base": {"ref": "release"}, "head": {"ref": "topic", "sha": "b" * 40}}
    read = event.read(repository({"a": "1"}), "pull_request", event_file({"action": "closed", "pull_request": pull}))
    assert (read.ref, read.base_ref, read.head_ref, read.sha) == ("refs/pull/7/merge", "release", "topic", "b" * 40)


def test_a_releases_event_file_says_its_tag(repository: Repository, event_file: Callable[[Any], Path]) -> None:
    read = event.read(repository({"a": "1"}), "release", event_file({"release": {"tag_name": "v1"}}))
    assert read.ref == "refs/tags/v1"


@pytest.mark.parametrize(
    ("text", "said"),
    [("{", "not JSON"), ("[1]", "JSON object"), ('{"a": "\ud800', "not JSON"), ("[" * 100_000, "not JSON")],
)
def test_a_bad_event_file_is_named(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "event.json"
    path.write_bytes(text.encode("utf-8", "surrogatepass"))
    with pytest.raises(CallError, match=said) as raised:
        event.read(tmp_path, "push", path)
    assert raised.value.problems[0].file == str(path)
    with pytest.raises(CallError, match="no such event file"):
        event.read(tmp_path, "push", tmp_path / "none.json")


def test_an_unknown_event_is_answered_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="Did you mean `pull_request`"):
        event.read(tmp_path, "pullrequest")
    with pytest.raises(CallError, match="no event"):
        event.read(tmp_path, "workflow_call")


@pytest.mark.parametrize(
    ("name", "message", "skips"),
    [
        ("push", "work [skip ci]", True),
        ("push", "work [no ci] more", True),
        ("push", "work\n\nskip-checks: true", True),
        ("push", "work\n\nskip-checks: true\nmore of the body\n\nend", False),
        ("push", "skip ci", False),
        ("schedule", "work [skip ci]", False),
    ],
)
def test_a_commit_message_may_skip_all(repository: Repository, name: str, message: str, skips: bool) -> None:
    assert (event.skip_reason(event.read(repository({"a": "1"}, message), name)) is not None) is skips


@pytest.mark.parametrize(
    ("name", "text", "truth"),
    [
        ("push", "github.event_name == 'push' && github.ref_type == 'branch'", True),
        ("push", "github.event.schedule", False),  # only a schedule has one
        ("push", "github.event.pull_request.draft", False),
        ("pull_request", "github.event.pull_request.draft", None),  # nothing says it
        ("pull_request", "github.event.pull_request.base.ref == 'main'", True),
        ("schedule", "github.event.schedule == '0 6 * * 1'", None),
        ("repository_dispatch", "github.event.client_payload.x", None),
        ("push", "github.event.head_commit.message == 'first'", True),
        ("push", "github.run_number", None),
        ("push", "github.repository_owner == 'acme'", True),
    ],
)
def test_the_github_context_holds_what_is_known(
    repository: Repository, name: str, text: str, truth: bool | None
) -> None:
    read = event.read(repository({"a": "1"}), name)
    assert truthy(evaluate(text, Scope({"github": event.github_context(read, "CI")}))) is truth


def test_what_an_event_file_lacks_is_null(repository: Repository, event_file: Callable[[Any], Path]) -> None:
    read: Event = event.read(repository({"a": "1"}), "pull_request", event_file({"pull_request": {}}))
    context = {"github": event.github_context(read, "CI")}
    assert truthy(evaluate("github.event.pull_request.draft", Scope(context))) is False
