"""A file that artifacts carry from run to run: whose count, which are read, and what stands in the way."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import openapi_server
import pytest

from mlops_actions.github import carried
from mlops_actions.github.api import ApiError, Client
from mlops_actions.github.carried import Carried

FILE = "history/delay.jsonl"
NIGHTLY = "acme/delays/.github/workflows/nightly.yml@main"


def archive(text: str, file: str = FILE) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as opened:
        opened.writestr(file, text)
    return made.getvalue()


@pytest.fixture
def upload(github: Any) -> Callable[..., int]:
    """A run of a workflow on a branch, of this repository or of a fork, that left an artifact."""

    def made(
        content: str | bytes,
        workflow: str = NIGHTLY,
        branch: str = "main",
        repository: int = 1,
        name: str = "drift-check-history",
        **more: Any,
    ) -> int:
        run = github.add_run("c" * 40, path=workflow)
        of = {"id": run, "repository_id": 1, "head_repository_id": repository, "head_branch": branch, "head_sha": "c"}
        data = archive(content) if isinstance(content, str) else content
        number: int = github.add_artifact(run, name, data, workflow_run=of, **more)
        return number

    return made


@pytest.fixture(name="artifact")
def _artifact(client: Client) -> Carried:
    return Carried(client, "acme/delays", "drift-check-history", "nightly.yml", "main")


def test_the_newest_come_first_and_the_storage_sees_no_token(
    github: Any, artifact: Carried, upload: Callable[..., int]
) -> None:
    assert artifact.read(FILE) == []
    for number in range(carried.TOGETHER + 2):
        upload(f"line {number}\n")
    assert artifact.read(FILE) == [f"line {number}\n" for number in (6, 5, 4, 3, 2)]
    assert artifact.read("history/other.jsonl") == []
    assert len(github.storage_headers) == 2 * carried.TOGETHER
    assert not any("authorization" in each for each in github.storage_headers)
    assert openapi_server.TOKEN not in str(github.storage_headers)


def test_only_those_of_the_same_workflow_branch_and_name_count(artifact: Carried, upload: Callable[..., int]) -> None:
    upload("ours")
    upload("a fork's, which may call its branch main", repository=2)
    upload("another branch's", branch="feature")
    upload("another workflow's", workflow=".github/workflows/weekly.yml")
    upload("another call's", name="other-history")
    upload("gone by now", expired=True)
    assert artifact.read(FILE) == ["ours"]
    assert replace(artifact, workflow="weekly.yml").read(FILE) == ["another workflow's"]


@pytest.mark.parametrize("status", [404, 410])
def test_one_that_is_gone_meanwhile_is_passed_over(
    github: Any, artifact: Carried, upload: Callable[..., int], status: int
) -> None:
    upload("older")
    newer = upload("newer")
    github.faults.append(openapi_server.Fault(status, on=f"GET /actions/artifacts/{newer}"))
    assert artifact.read(FILE) == ["older"]


def test_a_download_that_breaks_off_is_begun_again(github: Any, artifact: Carried, upload: Callable[..., int]) -> None:
    upload("whole")
    github.faults.append(openapi_server.Fault(on="STORAGE"))
    assert artifact.read(FILE) == ["whole"]


@pytest.mark.parametrize("call", ["GET /actions/artifacts", "GET /actions/runs/", "GET /actions/artifacts/"])
def test_what_may_not_be_read_is_an_error(
    github: Any, artifact: Carried, upload: Callable[..., int], call: str
) -> None:
    upload("one")
    github.faults.append(openapi_server.Fault(403, on=call, body={"message": "Resource not accessible by integration"}))
    with pytest.raises(ApiError) as caught:
        artifact.read(FILE)
    assert caught.value.status == 403


def test_an_archive_that_is_none_or_too_large_is_passed_over(
    artifact: Carried, upload: Callable[..., int], monkeypatch: pytest.MonkeyPatch
) -> None:
    upload("short")
    upload("x" * 1000)
    upload(b"no archive")
    monkeypatch.setattr(carried, "MAX_BYTES", 999)
    assert artifact.read(FILE) == ["short"]
