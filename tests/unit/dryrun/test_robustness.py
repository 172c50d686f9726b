"""Whatever stands in a workflow file, planning and judging answer; they never break down."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.dryrun import event, judge, plan
from mlops_actions.errors import CallError

FOLDER = ".github/workflows"
VALUES: list[Any] = [
    None,
    True,
    2,
    "",
    "[z-a]",
    "inherit",
    "${{ x",
    "${{ needs.a.outputs.o }}",
    "${{ fromJSON('[1, {}]') }}",
    "./.github/workflows/a.yml",
    "$/x@y",
    "\x00",
    [],
    [1, None, "a", {}],
    {},
    {"a": {"b": []}},
]
WORKFLOW: dict[str, Any] = {
    "name": "x",
    "on": {
        "push": {"branches": ["**"], "paths-ignore": ["x"], "types": ["a"]},
        "schedule": [{"cron": "0 0 * * *"}],
        "workflow_call": {
            "inputs": {"f": {"type": "boolean", "required": True, "default": False}},
            "outputs": {"o": {"value": "${{ jobs.a.outputs.o }}"}},
        },
        "workflow_dispatch": {"inputs": {"c": {"type": "choice", "options": ["x"]}}},
    },
    "permissions": {"contents": "read"},
    "jobs": {
        "a": {
            "name": "x",
            "runs-on": "x",
            "strategy": {"matrix": {"v": [1], "include": [{"v": 1}], "exclude": [{"v": 2}]}},
            "outputs": {"o": "x"},
            "continue-on-error": False,
            "steps": [{"uses": "./x", "with": {"a": 1}, "run": "x"}],
        },
        "b": {
            "needs": ["a"],
            "if": "true",
            "uses": f"./{FOLDER}/called.yml",
            "with": {"f": True},
            "secrets": "inherit",
        },
    },
}


def keys(data: Any) -> set[str]:
    if isinstance(data, dict):
        return set(data) | {key for each in data.values() for key in keys(each)}
    return {key for each in data for key in keys(each)} if isinstance(data, list) else set()


def replaced(data: Any, key: str, value: Any) -> Any:
    """``data`` with ``value`` under each ``key``."""
    if isinstance(data, dict):
        return {name: value if name == key else replaced(each, key, value) for name, each in data.items()}
    return [replaced(each, key, value) for each in data] if isinstance(data, list) else data


@pytest.mark.parametrize("key", sorted(keys(WORKFLOW)))
def test_any_value_in_any_place_is_answered(tmp_path: Path, key: str) -> None:
    (tmp_path / FOLDER).mkdir(parents=True)
    events = ["push", "workflow_dispatch"] if key in keys(WORKFLOW["on"]) else ["push"]
    for value, name in itertools.product(VALUES, events):
        text = json.dumps(replaced(WORKFLOW, key, value))
        for file in ("a.yml", "called.yml"):
            (tmp_path / FOLDER / file).write_text(text.replace("a.yml", "none.yml"), encoding="utf-8")
        played = event.Event(
            name, {}, "refs/heads/main", "main", "branch", "0" * 40, "", "", ("a",), "me", "o/r", False
        )
        try:
            made = plan.make(tmp_path, tmp_path, played, ["a.yml"])
            judge.own(made, tmp_path, tmp_path)
            plan.again(made, tmp_path, tmp_path, {f"{FOLDER}/a.yml": {("a",): plan.Finished("failure")}})
        except CallError as error:
            assert error.problems
