"""act's JSON lines as events, and lines as a person reads them."""

from __future__ import annotations

from typing import Any

import pytest

from mlops_actions.dryrun import act, jobfile, shells
from mlops_actions.dryrun.masking import Masker


@pytest.mark.parametrize(
    ("data", "events"),
    [
        ({"raw_output": True, "stepID": ["0"], "msg": "⭐ Run Main x\r\n"}, [act.Line(("0",), "⭐ Run Main x")]),
        ({"msg": "⭐ Run Main echo", "stage": "Main", "stepID": ["a"]}, [act.StepStarted(("a",), "Main", "echo")]),
        (
            {"msg": "…", "stage": "Main", "stepID": ["a"], "stepResult": "failure", "executionTime": 1500000000},
            [act.StepEnded(("a",), "Main", "failure", 1.5)],
        ),
        ({"command": "summary", "content": "# a", "stepID": ["a", "b"], "msg": "…"}, [act.Summary(("a", "b"), "# a")]),
        ({"command": "add-mask", "arg": "x", "msg": "***"}, [act.Mask("x")]),
        ({"jobResult": "success", "msg": "…"}, [act.JobEnded("success")]),
        ({"level": "info", "msg": "LocalRepositoryCache matched"}, []),
    ],
)
def test_a_line_of_act(data: dict[str, Any], events: list[act.Event]) -> None:
    assert list(act.parse(data)) == events


def test_an_annotation() -> None:
    data = {
        "command": "error",
        "arg": "no",
        "kvPairs": {"file": "a.py", "line": "3"},
        "stepID": ["0"],
        "level": "error",
    }
    assert next(act.parse(data)) == act.Annotation(("0",), "error", "no", {"file": "a.py", "line": "3"})


@pytest.mark.parametrize(
    ("drawn", "text"),
    [("\x1b[31mred\x1b[0m\r\n", "red"), ("10%\r50%\r100%\n", "100%"), ("\x1b]0;title\x07text", "text")],
)
def test_a_line_without_its_drawing(drawn: str, text: str) -> None:
    assert act.plain(drawn) == text


def test_masking_hides_the_longest_first_and_each_line() -> None:
    mask = Masker(["abc", "abcdef", "first\nsecond"])
    assert mask("abcdef abc second") == "*** *** ***"
    mask.add("late")
    assert mask("late") == "***" and mask.holds("too late") and not mask.holds("never")


def test_the_file_of_a_leg() -> None:
    job = {
        "runs-on": "x",
        "needs": "a",
        "if": "always()",
        "outputs": {"o": "${{ steps.s.outputs.o }}"},
        "env": {"A": "${{ matrix.v }}"},
        "steps": [{"uses": "$/actions/a"}, {"run": "true", "if": "needs.a.result == 'success'"}],
    }
    data = jobfile.build(
        "leg",
        job,
        {"env": {"B": "${{ inputs.b }}"}},
        {"matrix": {"v": "1"}, "inputs": {"b": True}, "needs": {"a": {"result": "success", "outputs": {}}}},
        workflow_name="W",
        unique_name="unique",
        own=("o/r", "v1"),
        on_host=False,
    )
    (made,) = data["jobs"].values()
    assert (data["name"], data["env"], made["env"]) == ("W", {"B": "${{ true }}"}, {"A": "${{ '1' }}"})
    assert made["steps"][0] == {"uses": "o/r/actions/a@v1"}
    assert made["steps"][1] == {"run": "true", "if": "'success' == 'success'", "shell": "bash -e {0}"}
    assert made["steps"][2]["env"]["MLOPS_OUTPUT_0"] == "${{ steps.s.outputs.o }}"
    assert not {"needs", "if", "strategy", "outputs"} & set(made)


@pytest.mark.parametrize(
    ("shell", "in_container", "command"),
    [
        (None, False, "bash -e {0}"),
        (None, True, "sh -e {0}"),
        ("bash", False, "bash --noprofile --norc -eo pipefail {0}"),
    ],
)
def test_shells_are_githubs(shell: str | None, in_container: bool, command: str) -> None:
    assert shells.line(shell, on_host=False, in_container=in_container) == command
    assert shells.line(shell, on_host=True).endswith("{0}")
