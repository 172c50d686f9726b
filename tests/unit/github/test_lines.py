"""A file of lines on a branch: made when missing, and no line is lost or doubled, whoever else writes."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import openapi_server
import pytest

from mlops_actions.github import lines
from mlops_actions.github.api import ApiError, Client
from mlops_actions.github.lines import BranchFile


def fault(github: Any, status: int | None = None, **more: Any) -> None:
    github.faults.append(openapi_server.Fault(status, **more))


@pytest.fixture(name="file")
def _file(client: Client) -> BranchFile:
    return BranchFile(client, "acme/delays", "mlops-history", "history/delay.jsonl")


def test_the_branch_and_the_file_are_made_when_missing(github: Any, file: BranchFile) -> None:
    assert file.read() == ""
    file.append('{"at":1}', "A check")
    file.append('{"at":"é\u2028"}', "A check")
    assert file.read() == '{"at":1}\n{"at":"é\u2028"}\n'
    assert list(github.branches) == ["mlops-history"]
    first, second = github.commits_of("mlops-history")
    assert (first["parents"], second["message"]) == ([], "A check")


def test_other_files_of_the_branch_stay(github: Any, file: BranchFile) -> None:
    other = replace(file, path="history/other.jsonl")
    other.append("other", "x")
    file.append("one", "x")
    assert (other.read(), file.read()) == ("other\n", "one\n")


def test_a_line_stands_once(github: Any, file: BranchFile) -> None:
    file.append("one", "x")
    file.append("one", "x")
    assert file.read() == "one\n" and len(github.commits_of("mlops-history")) == 1


@pytest.mark.parametrize("there", [False, True])
def test_whoever_is_second_reads_again(github: Any, file: BranchFile, there: bool) -> None:
    if there:
        file.append("zero", "x")
    call = "PATCH /git/refs" if there else "POST /git/refs"
    github.before[call] = lambda: file.append("theirs", "x")  # after we read, before we write
    file.append("ours", "x")
    assert file.read().split() == ["zero"] * there + ["theirs", "ours"]


def test_many_writers_lose_no_line(github: Any, file: BranchFile) -> None:
    writers = [threading.Thread(target=file.append, args=(f"line {each}", "x")) for each in range(4)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert sorted(file.read().splitlines()) == [f"line {each}" for each in range(4)]


@pytest.mark.parametrize("call", ["POST /git/trees", "POST /git/commits", "POST /git/refs", "PATCH /git/refs"])
@pytest.mark.parametrize("after", [False, True])
def test_a_cut_connection_at_any_step(github: Any, file: BranchFile, call: str, after: bool) -> None:
    if call.startswith("PATCH"):
        file.append("zero", "x")
    fault(github, on=call, after=after)
    file.append("one", "x")
    assert file.read().split()[-1] == "one" and file.read().count("one") == 1
    assert github.faults == []


def test_limits_are_waited_out(github: Any, file: BranchFile, waits: list[float]) -> None:
    fault(github, 429, headers={"Retry-After": "3"}, on="POST /git/trees")
    file.append("one", "x")
    assert file.read() == "one\n" and waits == [3]


def test_a_branch_that_may_not_be_written_is_an_error(github: Any, file: BranchFile) -> None:
    fault(github, 403, on="POST /git/trees", body={"message": "Resource not accessible by integration"})
    with pytest.raises(ApiError, match="not accessible"):
        file.append("one", "x")
    file.append("one", "x")
    fault(github, 422, on="PATCH /git/refs", body={"message": "Repository rule violations found"})
    with pytest.raises(ApiError, match="rule violations"):
        file.append("two", "x")
    assert file.read() == "one\n"


def test_the_oldest_lines_go_to_the_branchs_own_history(
    github: Any, file: BranchFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lines, "KEPT", 2)
    for each in ("a", "b", "c"):
        file.append(each, "x")
    assert file.read() == "b\nc\n"
