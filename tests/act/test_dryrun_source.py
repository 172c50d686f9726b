"""Which files a dry run plays: those of today where the event's commit is HEAD, else that commit's own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.dryrun.run import DryRun, dry_run, list_plan
from mlops_actions.errors import CallError

Make = Callable[..., Any]
pytestmark = pytest.mark.usefixtures("unjudged")

LIBRARY = Path(__file__).resolve().parents[2]
CI = ".github/workflows/ci.yml"
READS = """
on: [push, pull_request]
jobs:
  %s:
    runs-on: ubuntu-latest
    outputs: {seen: "${{ steps.x.outputs.seen }}"}
    steps:
      - uses: actions/checkout@v4
      - id: x
        run: echo "seen=$(cat f) $(git rev-parse HEAD) $(git status --porcelain f | wc -l)" >> "$GITHUB_OUTPUT"
"""


@pytest.fixture(name="history")
def _history(consumer: Make, tmp_path: Path) -> Any:
    """Tag v1 and branch `other` before HEAD, each with its own files and workflow, and a change not committed."""
    made = consumer({CI: READS % "old", "f": "old", ".gitattributes": "* text=auto\n"})
    (made.root / "out").symlink_to(tmp_path)
    made.commit()
    made.git("tag", "v1")
    made.git("switch", "--quiet", "--create", "other")
    (made.root / "out").unlink()
    made.write({CI: READS % "side", "f": "of other"})
    made.commit()
    made.git("switch", "--quiet", "main")
    (made.root / "out").unlink()
    made.write({CI: READS % "new", "f": "new"})
    made.commit()
    made.write({"f": "today", "untracked": "x"})
    return made


def listed(consumer: Any, **options: Any) -> str:
    return list_plan(DryRun(consumer.root, LIBRARY, **options))


@pytest.mark.parametrize(("ref", "job", "file"), [("v1", "old", "old"), ("other", "side", "of other")])
def test_a_ref_of_another_commit_plays_that_commits_files(history: Any, ref: str, job: str, file: str) -> None:
    ran = history.run(ref=ref)
    commit = history.git("rev-parse", ref)
    assert list(ran.outputs) == [job], ran.said()
    assert ran.outputs[job]["seen"] == f"{file} {commit} 0"
    assert (ran.outcome.verdict.parameters["sha"], ran.outcome.verdict.parameters["uncommitted"]) == (commit, False)
    assert f"those of the commit {commit[:12]}" in ran.said()
    text = listed(history, ref=ref)
    assert f"\n  {job}  [must" in text and f"at {commit[:12]}: the files are those of the commit" in text


def test_a_ref_of_head_plays_the_files_of_today(history: Any) -> None:
    ran = history.run(ref="main")
    assert ran.outputs["new"]["seen"] == f"today {history.git('rev-parse', 'HEAD')} 1"
    assert ran.outcome.verdict.parameters["uncommitted"] is True
    assert "here now, committed or not" in ran.said() and "here now, committed or not" in listed(history)


def test_a_link_out_of_another_commit_is_not_followed(history: Any) -> None:
    found = [each.where.file for each in history.run(ref="v1").outcome.verdict.checks if each.rule == "staging.link"]
    assert found == ["out"]


def test_an_event_file_names_the_commit_whose_files_are_played(history: Any, tmp_path: Path) -> None:
    commit = history.git("rev-parse", "other")
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"pull_request": {"number": 3, "head": {"ref": "other", "sha": commit}}}))
    ran = history.run(event="pull_request", event_file=file)
    assert ran.outputs["side"]["seen"] == f"of other {commit} 0"


def test_a_commit_that_is_not_here_is_a_wrong_call(history: Any, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"ref": "refs/heads/main", "after": "a" * 40, "commits": []}))
    for call in (history.run, lambda **options: listed(history, **options)):
        with pytest.raises(CallError, match=r"commit a{40} is not in this repository. Fetch it \(`git fetch origin a"):
            call(event_file=file)


def test_a_ref_that_is_still_to_be_made_plays_the_files_of_today(history: Any) -> None:
    ran = history.run(ref="refs/tags/v9")
    assert ran.outputs["new"]["seen"].startswith("today ")


def test_a_folder_in_a_repository_is_told_from_its_root(history: Any, tmp_path: Path) -> None:
    inside = history.root / "examples" / "one"
    (inside / ".github/workflows").mkdir(parents=True)
    (inside / CI).write_text(READS % "one")
    request = DryRun(inside, LIBRARY, quiet=True)
    for call in (lambda: dry_run(request, tmp_path), lambda: list_plan(request)):
        with pytest.raises(CallError) as raised:
            call()
        assert f"not the root of its Git repository, which is {history.root}" in str(raised.value)
        assert "git init" in str(raised.value)


def test_a_folder_that_is_no_repository_says_so(tmp_path: Path) -> None:
    request = DryRun(tmp_path, LIBRARY, quiet=True)
    for call in (lambda: dry_run(request, tmp_path), lambda: list_plan(request)):
        with pytest.raises(CallError, match=r"is not a Git repository.*`git init`"):
            call()
