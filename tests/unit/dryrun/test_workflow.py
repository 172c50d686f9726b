"""Reading a workflow file: what the model holds, where it stands, and what is no workflow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mlops_actions.dryrun import workflow
from mlops_actions.errors import CallError

Write = Callable[[Path, Mapping[str, str]], None]
PATH = ".github/workflows/a.yml"


def load(tmp_path: Path, write: Write, text: str) -> workflow.Workflow:
    write(tmp_path, {"a.yml": text})
    return workflow.load(tmp_path, PATH)


def test_a_file_is_read_with_its_places(tmp_path: Path, write: Write) -> None:
    text = """\
        name: CI
        on:
          push: {branches: [main]}
          schedule: [{cron: "0 6 * * 1"}]
          workflow_call:
            inputs:
              flag: {type: boolean, required: true}
            outputs:
              out: {value: "${{ jobs.b.outputs.x }}"}
          workflow_dispatch:
            inputs:
              kind: {type: choice, options: [x, 1], default: x}
              free:
        permissions: {}
        jobs:
          a:
            name: First
            runs-on: ubuntu-24.04
            strategy: {matrix: {os: [x]}}
            steps: [{run: echo}]
          b:
            needs: a
            if: always()
            uses: ./.github/workflows/c.yml
            with: {flag: true}
            secrets: inherit
        """
    read = load(tmp_path, write, text)
    assert (read.name, read.path, read.permissions) == ("CI", PATH, {})
    assert read.triggers["push"] == {"branches": ["main"]}
    assert read.triggers["schedule"] == {"crons": ["0 6 * * 1"]}
    assert read.call_inputs["flag"].required
    assert read.call_outputs == {"out": "${{ jobs.b.outputs.x }}"}
    assert read.dispatch_inputs["kind"].options == ("x", "1")
    assert read.dispatch_inputs["free"].type == "string"
    first, second = read.jobs.values()
    assert (first.name, first.matrix, len(first.steps), first.place.line) == ("First", {"os": ["x"]}, 1, 16)
    assert (second.needs, second.uses, second.condition) == (("a",), "./.github/workflows/c.yml", "always()")
    assert (second.with_, second.secrets, second.permissions) == ({"flag": True}, "inherit", None)


@pytest.mark.parametrize("on", ["push", "[push, pull_request]", "{push: }"])
def test_events_come_in_three_shapes(tmp_path: Path, write: Write, on: str) -> None:
    assert load(tmp_path, write, f"on: {on}\njobs: {{}}\n").triggers["push"] == {}


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("- a\n", 1, "must be a mapping"),
        ("jobs: {}\n", 1, "`on` is missing"),
        ("on: push\n", 1, "`jobs` is missing"),
        ("on: push\njobs: [a]\n", 2, "`jobs` must be a mapping"),
        ("on: push\njobs:\n  a: 1\n", 3, "a job must be a mapping"),
        ("on: {push: main}\njobs: {}\n", 1, "filters of `push`"),
        ("on: 5\njobs: {}\n", 1, "`on` must name events"),
        ("on: push\njobs:\n  a: {}\n  a: {}\n", 4, "stands twice"),
        ("on: push\njobs: {\n", 2, "not YAML"),
        ("", 1, "is empty"),
    ],
)
def test_what_is_no_workflow_is_refused_at_its_line(
    tmp_path: Path, write: Write, text: str, line: int, said: str
) -> None:
    with pytest.raises(CallError) as raised:
        load(tmp_path, write, text)
    (problem,) = raised.value.problems
    assert (problem.file, problem.line) == (PATH, line)
    assert said in problem.message


@pytest.mark.parametrize(
    ("uses", "place"),
    [
        ("./.github/workflows/x.yml", ("shop", ".github/workflows/x.yml")),
        ("$/actions/x", ("shop", "actions/x")),
        ("any/mlops-actions/.github/workflows/x.yml@v1", ("library", ".github/workflows/x.yml")),
        ("Any/MLOps-Actions/actions/x@0123", ("library", "actions/x")),
        ("acme/shop/.github/workflows/x.yml@main", ("shop", ".github/workflows/x.yml")),
        ("other/thing/.github/workflows/x.yml@main", None),
        ("mlops-actions", None),
    ],
)
def test_what_uses_names_is_found_where_it_is_at_hand(tmp_path: Path, uses: str, place: tuple[str, str] | None) -> None:
    shop, library = tmp_path / "shop", tmp_path / "library"
    found = workflow.locate(uses, shop, library, "acme/shop", shop)
    assert (None if found is None else (found.root.name, found.path)) == place
