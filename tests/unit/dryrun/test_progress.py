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


def test_a_long_summary_is_clipped_and_says_so() -> None:
    lines = said(summary=leg(StepRecord("Test", summary=["row\n\n" * 100]))).splitlines()
    assert lines[1:4] == ["Summary of a (3.12)", "  row", ""]
    assert len(lines) == MAX_SUMMARY + 3 and "159 more lines in the report" in lines[-1]


def test_a_summary_is_rendered_and_what_is_folded_is_one_line() -> None:
    written = "## pass\n\n<details><summary>install.log</summary>\n\n```\n+ numpy\n```\n\n</details>\n\n**after** \\*"
    lines = said(summary=leg(StepRecord("Test", summary=[written]))).splitlines()
    assert [line.strip(" •") for line in lines[2:] if line] == ["pass", "▸ install.log", "after *"]


def test_a_table_of_a_summary_stands_in_columns() -> None:
    table = "| Rule | Rows |\n|---|---:|\n| `a.b` | 10 |\n| a \\| c | 7 |\n"
    lines = said(summary=leg(StepRecord("Test", summary=[table]))).splitlines()
    assert [line.split() for line in lines[2:] if line.strip(" ─")] == [
        ["Rule", "Rows"],
        ["a.b", "10"],
        ["a", "|", "c", "7"],
    ]
    assert lines[-1].rstrip().endswith("7") and lines[-2].rstrip().endswith("10")


def test_nothing_in_a_summary_moves_the_cursor_and_nothing_secret_is_shown() -> None:
    written = "a\x1b[2J hun<b>ter2\n\nhunter2 \x07 [link](javascript:alert(1)) ![](https://example.org/x.png)"
    text = said(summary=leg(StepRecord("Test", summary=[written])))
    assert "\x1b" not in text and "\x07" not in text and "hunter2" not in text and "***" in text
    assert "\x1b[1m" in said(True, summary=leg(StepRecord("Test", summary=["**a**\x1b[2J"])))
    assert "\x1b[2J" not in said(True, summary=leg(StepRecord("Test", summary=["**a**\x1b[2J"])))
