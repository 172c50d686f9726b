"""What a person sees: plain lines, a failing step's whole log, no control character, no secret."""

from __future__ import annotations

import io

from mlops_actions.dryrun.masking import Masker
from mlops_actions.dryrun.progress import MAX_SUMMARY, Lines
from mlops_actions.dryrun.records import LegRecord, StepRecord
from mlops_actions.dryrun.steplog import HEAD, TAIL, StepLog


def leg(*steps: StepRecord) -> LegRecord:
    return LegRecord(("a",), "a (3.12)", "ci.yml", 1, "failure", steps=list(steps), seconds=2.0, ran=True)


def log_of(*lines: str) -> StepLog:
    log = StepLog()
    for each in lines:
        log.add(each)
    return log


def said(color: bool = False, *, step: StepRecord | None = None, summary: LegRecord | None = None) -> str:
    stream = io.StringIO()
    lines = Lines(mask=Masker(["hunter2"]), stream=stream, color=color)
    if step is not None:
        lines.step(leg(step), step)
    if summary is not None:
        lines.summary(summary)
    return stream.getvalue()


def test_a_step_that_fails_shows_its_whole_log() -> None:
    log = [f"line {number}" for number in range(500)]
    text = said(step=StepRecord("Test", "failure", 1.25, log_of(*log)))
    assert text.splitlines()[0].split() == ["✗", "1.2", "s", "a", "(3.12)", "›", "Test"]
    assert [line.split("│ ")[1] for line in text.splitlines()[1:]] == log


def test_what_is_left_out_of_a_long_log_is_counted_and_the_file_that_has_it_is_named() -> None:
    log = log_of(*map(str, range(30_000)))
    lines = said(step=StepRecord("Test", "failure", 1.0, log, kept="logs/1.log")).splitlines()
    assert lines[HEAD : HEAD + 3] == [
        f"  │ {HEAD - 1}",
        f"  │ … {30_000 - HEAD - TAIL:,} lines are left out here",
        f"  │ {30_000 - TAIL}",
    ]
    assert lines[-2:] == ["  │ 29999", "  └ all of it: logs/1.log of the output folder"]


def test_a_step_that_succeeds_is_one_line() -> None:
    assert said(step=StepRecord("Test", "success", 1.0, log_of("much", "more"))).count("\n") == 1


def test_nothing_moves_the_cursor_and_nothing_secret_is_shown() -> None:
    text = said(step=StepRecord("na\x1b[2Jme", "failure", 0.0, log_of("pass hunter2\x07", "::error::x")))
    assert "\x1b" not in text and "\x07" not in text and "hunter2" not in text and "***" in text


def test_colors_only_where_asked_for() -> None:
    assert "\x1b[31m✗\x1b[0m" in said(True, step=StepRecord("Test", "failure"))


def test_a_summary_is_text_and_clipped() -> None:
    written = "<details><summary>All</summary>\n\n| a < b | c |\n" + "row\n" * 100
    lines = said(summary=leg(StepRecord("Test", summary=[written]))).splitlines()
    assert lines[1:4] == ["Summary of a (3.12)", "  All", "  | a < b | c |"]
    assert len(lines) == MAX_SUMMARY + 3 and "more lines in the report" in lines[-1]


def test_what_is_folded_in_a_summary_is_one_line() -> None:
    written = "## pass\n\n<details><summary>install.log</summary>\n\n```\n+ numpy\n```\n\n</details>\n\nafter"
    lines = said(summary=leg(StepRecord("Test", summary=[written]))).splitlines()
    assert lines[2:] == ["  ## pass", "  ▸ install.log", "  after"]
