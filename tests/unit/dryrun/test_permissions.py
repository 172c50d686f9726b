"""Permissions of called files, against a plain reference of GitHub's rule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.dryrun import event, permissions, plan

Repository = Callable[..., Path]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ({}, {}),
        ({"contents": "write", "models": "write"}, {"contents": "write", "models": "read"}),
        ("nonsense", dict.fromkeys(permissions.SCOPES, "none")),
        ({"contents": "maybe"}, {}),
        (["x"], {}),
    ],
)
def test_a_key_is_read(value: object, expected: object) -> None:
    assert permissions.read(value) == expected


def test_all_means_all_but_what_is_read_at_most() -> None:
    everything = permissions.read("write-all") or {}
    assert everything["contents"] == everything["id-token"] == "write"
    assert everything["models"] == "read"
    assert set((permissions.read("read-all") or {}).values()) == {"read"}


def excesses(repository: Repository, library: Path, caller: str, callee: str) -> list[str]:
    repo = repository(
        {
            "a.yml": f"on: push\n{caller}",
            "b.yml": f"on: workflow_call\n{callee}",
        }
    )
    made = plan.make(repo, library, event.read(repo, "push"), files=["a.yml"])
    return [
        f"{'file' if each.job is None else each.job.job.id}: {permissions.words(each.requested)}"
        f" > {permissions.words(each.allowed)}{' (default)' if each.by_default else ''}"
        for each in permissions.excesses(made.files[0].jobs)
    ]


CALL = "uses: ./.github/workflows/b.yml"
RUN = "runs-on: ubuntu-24.04, steps: [{run: echo}]"


@pytest.mark.parametrize(
    ("caller", "callee", "expected"),
    [
        # within the caller's grant
        (
            f"jobs: {{c: {{permissions: {{contents: write}}, {CALL}}}}}",
            f"jobs: {{j: {{permissions: {{contents: read}}, {RUN}}}}}",
            [],
        ),
        # beyond it; `if: false` helps nothing
        (
            f"jobs: {{c: {{if: false, permissions: {{contents: read}}, {CALL}}}}}",
            f"jobs: {{j: {{if: false, permissions: {{contents: write, issues: read}}, {RUN}}}}}",
            ["j: contents: write, issues: read > contents: read, issues: none"],
        ),
        # the workflow's key is the grant where the job has none
        (
            f"permissions: {{}}\njobs: {{c: {{{CALL}}}}}",
            f"jobs: {{j: {{permissions: {{contents: read}}, {RUN}}}}}",
            ["j: contents: read > contents: none"],
        ),
        # and the job's own key replaces it whole
        (
            f"permissions: write-all\njobs: {{c: {{permissions: {{actions: read}}, {CALL}}}}}",
            f"jobs: {{j: {{permissions: {{contents: read}}, {RUN}}}}}",
            ["j: contents: read > contents: none"],
        ),
        # a callee's job without a key takes what the caller granted
        (f"permissions: {{}}\njobs: {{c: {{{CALL}}}}}", f"jobs: {{j: {{{RUN}}}}}", []),
        # the callee's own top-level key is judged too
        (
            f"permissions: {{contents: read}}\njobs: {{c: {{{CALL}}}}}",
            f"permissions: {{issues: write}}\njobs: {{j: {{{RUN}}}}}",
            ["file: issues: write > issues: none"],
        ),
        # no key anywhere: the restricted default
        (f"jobs: {{c: {{{CALL}}}}}", f"jobs: {{j: {{permissions: {{contents: read, packages: read}}, {RUN}}}}}", []),
        (
            f"jobs: {{c: {{{CALL}}}}}",
            f"jobs: {{j: {{permissions: {{id-token: write}}, {RUN}}}}}",
            ["j: id-token: write > id-token: none (default)"],
        ),
    ],
)
def test_a_called_file_may_ask_for_no_more_than_its_caller_grants(
    repository: Repository, library: Path, caller: str, callee: str, expected: list[str]
) -> None:
    assert excesses(repository, library, caller, callee) == expected


def test_a_grant_reaches_through_nested_calls(repository: Repository, library: Path) -> None:
    text = """\
        on: push
        jobs:
          enough: {permissions: {contents: write, issues: write}, uses: x/mlops-actions/.github/workflows/nested.yml@v1}
          short: {permissions: {contents: write}, uses: x/mlops-actions/.github/workflows/nested.yml@v1}
        """
    repo = repository({"a.yml": text})
    made = plan.make(repo, library, event.read(repo, "push"))
    (excess,) = permissions.excesses(made.files[0].jobs)
    assert excess.caller.path == ("short", "inner")
    assert (excess.requested, excess.allowed) == ({"issues": "write"}, {"issues": "none"})


levels = st.sampled_from(permissions.LEVELS)
keys = st.dictionaries(st.sampled_from(["contents", "issues", "actions"]), levels)


@given(st.one_of(st.none(), keys), st.one_of(st.none(), keys))
def test_the_excess_is_what_a_plain_comparison_finds(
    tmp_path_factory: pytest.TempPathFactory, grant: dict[str, str] | None, asked: dict[str, str] | None
) -> None:
    folder = tmp_path_factory.mktemp("repo")
    (folder / ".github/workflows").mkdir(parents=True)
    caller = CALL if grant is None else f"permissions: {grant}, {CALL}"
    callee = RUN if asked is None else f"permissions: {asked}, {RUN}"
    (folder / ".github/workflows/a.yml").write_text(f"on: push\njobs: {{c: {{{caller}}}}}\n".replace("'", ""))
    (folder / ".github/workflows/b.yml").write_text(f"on: workflow_call\njobs: {{j: {{{callee}}}}}\n".replace("'", ""))
    made = plan.make(folder, folder, event.read(folder, "push"), files=["a.yml"])
    allowed = {"contents": "read", "packages": "read"} if grant is None else grant
    order = ["none", "read", "write"]
    expected = {
        scope: level
        for scope, level in (asked or {}).items()
        if order.index(level) > order.index(allowed.get(scope, "none"))
    }
    assert [dict(each.requested) for each in permissions.excesses(made.files[0].jobs)] == (
        [expected] if expected else []
    )
