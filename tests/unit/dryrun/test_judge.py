"""What is judged as GitHub would: one finding each, at its line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mlops_actions.dryrun import event, judge, plan
from mlops_actions.verdict import Check, Status

Repository = Callable[..., Path]
FOLDER = ".github/workflows"
STEPS = "runs-on: ubuntu-24.04, steps: [{run: echo}]"
PLAIN = "uses: acme/mlops-actions/.github/workflows/plain.yml@v1"


def judged(repo: Path, library: Path, name: str = "push", **options: object) -> list[Check]:
    played = event.read(repo, name, options.pop("event_file", None))  # type: ignore[arg-type]
    return judge.own(plan.make(repo, library, played, **options), repo, library)  # type: ignore[arg-type]


def one(repository: Repository, library: Path, text: str, name: str = "push", **options: object) -> list[Check]:
    return judged(repository({"a.yml": text}), library, name, **options)


def brief(checks: list[Check]) -> list[tuple[str, str, int | None]]:
    return [(check.rule, check.status.value, check.where.line) for check in checks]


def test_a_good_workflow_has_no_finding(repository: Repository, library: Path) -> None:
    text = f"""\
        on: {{push: {{branches: [main]}}}}
        permissions: {{contents: read}}
        jobs:
          a: {{{PLAIN}, with: {{flag: true, count: 2, word: x}}}}
          b: {{needs: a, runs-on: ubuntu-24.04, steps: [{{uses: actions/checkout@v7}}, {{uses: ./actions/x}}]}}
        """
    repo = repository({"a.yml": text, "actions/x/action.yml": "runs: {using: composite, steps: []}\n"})
    assert judged(repo, library) == []


@pytest.mark.parametrize("key", ["branches", "tags", "paths"])
def test_a_filter_and_its_ignore_exclude_each_other(repository: Repository, library: Path, key: str) -> None:
    text = f"""\
        on:
          push:
            {key}: ['**']
            {key}-ignore: [x]
        jobs: {{a: {{{STEPS}}}}}
        """
    repo = repository({"a.yml": text, "b.yml": f"on: push\njobs: {{b: {{{STEPS}}}}}\n"})
    (check,) = judged(repo, library)
    assert (check.rule, check.status, check.where.file, check.where.line) == (
        "filters.both",
        Status.FAIL,
        f"{FOLDER}/a.yml",
        4,
    )


# --- inputs --------------------------------------------------------------------------------------

DISPATCH = f"""\
    on:
      workflow_dispatch:
        inputs:
          flag: {{type: boolean}}
          size: {{type: number}}
          kind: {{type: choice, options: [small, large]}}
          name: {{required: true}}
          free: {{default: x, required: true}}
    jobs: {{a: {{{STEPS}}}}}
    """


@pytest.mark.parametrize(
    ("inputs", "rule", "line", "said"),
    [
        ({"name": "a", "nme": "b"}, "inputs.unknown", 2, "Did you mean `name`?"),
        ({}, "inputs.missing", 7, "--input name="),
        ({"name": ""}, "inputs.missing", 7, "required"),
        ({"name": "a", "flag": "yes"}, "inputs.type", 4, "true or false, not 'yes'"),
        ({"name": "a", "size": "big"}, "inputs.type", 5, "a number, not 'big'"),
        ({"name": "a", "kind": "huge"}, "inputs.choice", 6, "`small`, `large`"),
    ],
)
def test_the_inputs_of_a_dispatch(
    repository: Repository, library: Path, inputs: dict[str, str], rule: str, line: int, said: str
) -> None:
    (check,) = one(repository, library, DISPATCH, "workflow_dispatch", inputs=inputs)
    assert (check.rule, check.status, check.where.line) == (rule, Status.FAIL, line)
    assert said in check.message


def test_inputs_that_fit_are_no_finding(repository: Repository, library: Path, tmp_path: Path) -> None:
    file = tmp_path / "event.json"
    file.write_text(json.dumps({"inputs": {"name": "n", "size": "2.5", "Flag": "false", "kind": "large"}}))
    assert one(repository, library, DISPATCH, "workflow_dispatch", event_file=file) == []


@pytest.mark.parametrize(
    ("given", "status", "said"),
    [
        ("flag: 'true'", "fail", "is a boolean, and 'true', a string, is given"),
        ("flag: 1", "fail", "a number"),
        ("flag:", "fail", "nothing"),
        ("count: '5'", "fail", "is a number"),
        ("count: ${{ needs.first.outputs.n }}", "fail", "`needs.first.outputs.n`, a string, is given (`fromJSON()`"),
        ("flag: ${{ github.event.inputs.flag }}", "fail", "nothing"),  # a push has none
        ("flag: ${{ fromJSON('maybe') }}", "fail", "is not JSON"),
        ("word: ${{ fromJSON('[1]') }}", "fail", "a list or mapping"),
        ("word: 5", None, ""),  # everything plain becomes a string
        ("word: true", None, ""),
        ("flag: ${{ needs.first.outputs.n == 'x' }}", None, ""),
        ("count: ${{ fromJSON(needs.first.outputs.n) }}", None, ""),
        ("flag: ${{ vars.X && true }}", None, ""),
        ("unknown: 5", None, ""),  # the language service's
    ],
)
def test_the_types_of_what_a_call_hands_over(
    repository: Repository, library: Path, given: str, status: str | None, said: str
) -> None:
    text = f"""\
        on: push
        jobs:
          first: {{{STEPS}}}
          call:
            needs: first
            {PLAIN}
            with:
              {given}
        """
    checks = one(repository, library, text)
    assert brief(checks) == ([] if status is None else [("inputs.type", status, 8)])
    assert all(said in check.message for check in checks)


def test_a_computed_value_is_judged_only_where_its_job_starts(repository: Repository, library: Path) -> None:
    text = f"""\
        on: push
        jobs:
          skipped: {{if: false, {PLAIN}, with: {{count: "${{{{ 'x' }}}}"}}}}
          perhaps: {{if: vars.X, {PLAIN}, with: {{count: "${{{{ 'x' }}}}"}}}}
          literal: {{if: false, {PLAIN}, with: {{count: x}}}}
        """
    assert brief(one(repository, library, text)) == [("inputs.type", "warn", 4), ("inputs.type", "fail", 5)]


# --- calls ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("uses", "rule", "status"),
    [
        ("./.github/workflows/none.yml", "call.missing", "fail"),
        ("$/.github/workflows/none.yml", "call.missing", "fail"),
        ("x/mlops-actions/.github/workflows/none.yml@v1", "call.missing", "fail"),
        ("./.github/workflows/b.yml", "call.missing", "fail"),  # it does not name workflow_call
        ("./.github/workflows/../../b.yml", "call.missing", "fail"),
        ("./other/b.yml", "call.missing", "fail"),
        ("$/.github/workflows/c.yml@v1", "call.version", "fail"),
        ("./.github/workflows/c.yml@v1", "call.version", "fail"),
        ("else/where/.github/workflows/x.yml@v1", "call.not-followed", "not-checked"),
    ],
)
def test_a_file_that_cannot_be_called(repository: Repository, library: Path, uses: str, rule: str, status: str) -> None:
    job = f"jobs: {{j: {{{STEPS}}}}}\n"
    repo = repository(
        {
            "a.yml": f"on: push\njobs:\n  a:\n    uses: {uses}\n",
            "b.yml": f"on: push\n{job}",
            "c.yml": f"on: workflow_call\n{job}",
        }
    )
    assert brief(judged(repo, library, files=["a.yml"])) == [(rule, status, 4)]


def test_a_called_file_that_is_broken_is_not_offered_in_its_own_place(repository: Repository, library: Path) -> None:
    broken = "on: workflow_call\njobs:\n  a: {}\n  a: {}\n"
    repo = repository({"a.yml": f"on: push\njobs:\n  a: {{uses: ./{FOLDER}/c.yml}}\n", "c.yml": broken})
    (check,) = judged(repo, library, files=["a.yml"])
    assert check.rule == "call.missing" and f"{FOLDER}/c.yml:4" in check.message
    assert "Did you mean" not in check.message


def test_calls_that_go_too_deep(repository: Repository, library: Path) -> None:
    files = {
        f"l{level}.yml": f"on: [push, workflow_call]\njobs:\n  a: {{uses: ./{FOLDER}/l{level + 1}.yml}}\n"
        for level in range(10)
    }
    repo = repository(files | {"l10.yml": f"on: workflow_call\njobs: {{a: {{{STEPS}}}}}\n"})
    assert [check.rule for check in judged(repo, library, files=["l0.yml"])] == ["call.too-deep"]
    assert judged(repo, library, files=["l1.yml"]) == []


def test_a_run_that_calls_too_many_files(repository: Repository, library: Path) -> None:
    called = {f"c{at}.yml": f"on: workflow_call\njobs: {{a: {{{STEPS}}}}}\n" for at in range(51)}
    calls = "".join(f"  j{at}: {{uses: ./{FOLDER}/c{at}.yml}}\n" for at in range(51))
    repo = repository(called | {"a.yml": f"on: push\njobs:\n{calls}"})
    assert brief(judged(repo, library)) == [("call.too-many", "fail", 2)]


def test_permissions_that_the_caller_does_not_grant(repository: Repository, library: Path) -> None:
    text = """\
        on: push
        permissions: {contents: read}
        jobs:
          release:
            if: github.ref_type == 'tag'
            uses: acme/mlops-actions/.github/workflows/writer.yml@v1
        """
    (check,) = one(repository, library, text)
    assert (check.rule, check.status, check.where.line) == ("permissions.not-granted", Status.FAIL, 6)
    assert "job `write` asks for `contents: write, issues: write`" in check.message
    assert "grants `contents: read, issues: none`" in check.message
    assert check.message.endswith("Write `permissions: {contents: write, issues: write}` in the job `release`")


@pytest.mark.parametrize(
    ("keys", "line"),
    [
        ("", "{contents: read, packages: read, issues: write, actions: read}"),  # of the default nothing is lost
        (
            "permissions: {id-token: write, contents: write}",
            "{id-token: write, contents: write, issues: write, actions: read}",
        ),
        ("permissions: {}", "{issues: write, actions: read}"),
        ("permissions: read-all", None),
    ],
)
def test_the_line_that_mends_permissions_loses_none_and_serves_every_job(
    repository: Repository, library: Path, keys: str, line: str | None
) -> None:
    """Taken literally it must mend the file: GitHub replaces all permissions by what a job's own key names."""
    asks = "runs-on: x, steps: [{run: echo}]"
    called = (
        f"on: workflow_call\njobs:\n  a: {{permissions: {{issues: write}}, {asks}}}\n"
        f"  b: {{permissions: {{actions: read}}, {asks}}}\n"
    )
    caller = f"on: push\n{keys}\njobs:\n  call:\n    uses: ./{FOLDER}/c.yml\n"
    repo = repository({"a.yml": caller, "c.yml": called})
    found = judged(repo, library, files=["a.yml"])
    assert {check.rule for check in found} == {"permissions.not-granted"}
    (mend,) = {check.message.partition("Write `")[2].partition("` in the job")[0] for check in found}
    assert line is None or mend == f"permissions: {line}"
    (repo / FOLDER / "a.yml").write_text(f"{caller}    {mend}\n")
    assert judged(repo, library, files=["a.yml"]) == []


def test_permissions_of_a_nested_call_are_mended_in_the_callers_file(repository: Repository, library: Path) -> None:
    text = "on: push\njobs:\n  a:\n    uses: x/mlops-actions/.github/workflows/nested.yml@v1\n"
    (check,) = one(repository, library, text)
    assert (check.rule, check.where.file, check.where.line) == ("permissions.not-granted", f"{FOLDER}/a.yml", 4)
    assert "restricted default is assumed" in check.message


@pytest.mark.parametrize(
    ("granted", "publish", "expected"),
    [
        ("contents: read", "true", [("permissions.needed", "fail", 4)]),
        ("contents: read", "false", []),
        ("contents: write", "true", []),
        ("actions: read", "true", [("permissions.not-granted", "fail", 4), ("permissions.needed", "fail", 4)]),
    ],
)
def test_a_release_that_may_not_be_written(
    repository: Repository, granted: str, publish: str, expected: list[tuple[str, str, int]]
) -> None:
    """Against the library's real edge-release.yml, which cannot ask for what only `publish` needs."""
    uses = "x/mlops-actions/.github/workflows/edge-release.yml@v1"
    text = f"""\
        on: push
        jobs:
          release:
            uses: {uses}
            permissions: {{{granted}}}
            with: {{publish: {publish}}}
        """
    assert brief(one(repository, Path(__file__).parents[3], text)) == expected


def test_a_called_job_without_permissions_takes_what_the_caller_has(repository: Repository, library: Path) -> None:
    text = "on: push\npermissions: {}\njobs: {a: {uses: x/mlops-actions/.github/workflows/inherits.yml@v1}}\n"
    assert one(repository, library, text) == []


@pytest.mark.parametrize(("owner", "found"), [("acme", False), ("other", True), ("ACME", False)])
def test_secrets_are_inherited_within_one_organization(
    repository: Repository, library: Path, owner: str, found: bool
) -> None:
    text = (
        f"on: push\njobs:\n  a:\n    uses: {owner}/mlops-actions/.github/workflows/plain.yml@v1\n    secrets: inherit\n"
    )
    assert brief(one(repository, library, text)) == ([("secrets.inherit", "warn", 5)] if found else [])


# --- jobs and steps ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        ("strategy: {matrix: {x: []}}", [("matrix.invalid", "fail", 4)]),
        ("if: false\n            strategy: {matrix: {x: []}}", [("matrix.invalid", "fail", 5)]),  # read with the file
        ("strategy: {matrix: {x: \"${{ fromJSON('[]') }}\"}}", [("matrix.invalid", "fail", 4)]),
        ("if: false\n            strategy: {matrix: {x: \"${{ fromJSON('[]') }}\"}}", []),  # never evaluated
        ("if: vars.X\n            strategy: {matrix: {x: \"${{ fromJSON('[]') }}\"}}", [("matrix.invalid", "warn", 5)]),
        ("if: fromJSON('x')", [("if.fails", "warn", 4)]),
    ],
)
def test_what_breaks_a_job_when_it_starts(
    repository: Repository, library: Path, job: str, expected: list[tuple[str, str, int]]
) -> None:
    text = f"""\
        on: push
        jobs:
          a:
            {job}
            runs-on: ubuntu-24.04
            steps: [{{run: echo}}]
        """
    assert brief(one(repository, library, text)) == expected


def test_a_runner_that_cannot_be_computed(repository: Repository, library: Path) -> None:
    text = "on: push\njobs:\n  a:\n    runs-on: ${{ fromJSON(github.ref) }}\n    steps: [{run: echo}]\n"
    assert brief(one(repository, library, text)) == [("runs-on.invalid", "fail", 4)]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ("[{uses: actions/checkout@v7}, {uses: ./there}]", []),
        ("[{uses: ./there}]", [("uses.missing", "fail")]),  # no checkout: the workspace is empty
        ("[{run: git clone x}, {uses: ./there}]", []),
        ("[{uses: actions/checkout@v7}, {uses: ./nope}]", [("uses.missing", "fail")]),
        ("[{uses: actions/checkout@v7}, {run: make}, {uses: ./nope}]", [("uses.missing", "warn")]),
        ("[{uses: actions/checkout@v7, with: {repository: a/b, path: nope}}, {uses: ./nope}]", []),
        ("[{uses: x/mlops-actions/actions/greet@v1}]", []),
        ("[{uses: x/mlops-actions/actions/gret@v1}]", [("uses.missing", "fail")]),
        ("[{uses: $/there}]", []),
        ("[{uses: $/there@v1}]", [("uses.version", "fail")]),
        ("[{uses: docker://alpine}, {uses: other/thing@v1}]", []),
    ],
)
def test_actions_whose_files_are_at_hand(
    repository: Repository, library: Path, steps: str, expected: list[tuple[str, str]]
) -> None:
    text = f"on: push\njobs:\n  a:\n    runs-on: ubuntu-24.04\n    steps: {steps}\n"
    repo = repository({"a.yml": text, "there/action.yml": "runs: {using: composite, steps: []}\n"})
    assert [(check.rule, check.status.value) for check in judged(repo, library)] == expected


@pytest.mark.parametrize(
    ("job", "expected"),
    [
        ("{runs-on: x}", [("steps.missing", "fail", 3)]),
        ("{runs-on: x, steps: []}", [("steps.missing", "fail", 3)]),
        ("{runs-on: x, if: false, steps: []}", [("steps.missing", "fail", 3)]),
        ("{runs-on: x, steps: [{run: echo}]}", []),
        (f"{{{PLAIN}}}", []),
        ("{}", []),  # the language service's, as is a `steps` that is no list
        ("{runs-on: x, steps: }", []),
    ],
)
def test_a_job_without_steps(
    repository: Repository, library: Path, job: str, expected: list[tuple[str, str, int | None]]
) -> None:
    assert brief(one(repository, library, f"on: push\njobs:\n  a: {job}\n")) == expected


def test_a_file_with_a_job_without_steps_is_refused_wherever_it_is_called(
    repository: Repository, library: Path
) -> None:
    (library / FOLDER / "empty.yml").write_text("on: workflow_call\njobs:\n  a: {runs-on: x}\n")
    repo = repository(
        {
            "here.yml": f"on: push\njobs: {{a: {{uses: ./{FOLDER}/called.yml}}}}\n",
            "called.yml": "on: workflow_call\njobs:\n  a: {runs-on: x, steps: []}\n",
            "there.yml": "on: push\njobs: {a: {uses: x/mlops-actions/.github/workflows/empty.yml@v1}}\n",
        }
    )
    made = plan.make(repo, library, event.read(repo, "push"))
    checks = judge.own(made, repo, library)
    assert [check.rule for check in checks] == ["steps.missing"] * 2
    assert judge.refused(made, checks) == {f"{FOLDER}/here.yml", f"{FOLDER}/there.yml"}


# --- which files are refused ---------------------------------------------------------------------


def test_a_file_is_refused_for_itself_and_for_what_it_calls(repository: Repository, library: Path) -> None:
    repo = repository(
        {
            "good.yml": f"on: push\njobs: {{a: {{{STEPS}}}}}\n",
            "caller.yml": f"on: push\njobs: {{a: {{uses: ./{FOLDER}/called.yml}}}}\n",
            "called.yml": f"on: workflow_call\njobs: {{a: {{{PLAIN}, with: {{flag: 'no'}}}}}}\n",
            "other.yml": f"on: schedule\njobs: {{a: {{{STEPS}}}}}\n",
        }
    )
    made = plan.make(repo, library, event.read(repo, "push"))
    assert judge.refused(made, judge.own(made, repo, library)) == {f"{FOLDER}/caller.yml"}
