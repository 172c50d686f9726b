"""What the report of a dry run says of a job that failed."""

from __future__ import annotations

from mlops_actions.dryrun.act import Annotation
from mlops_actions.dryrun.records import FileRecord, LegRecord, StepRecord
from mlops_actions.dryrun.report import MAX_REASON, MAX_SUMMARY, leg_check, summary_checks
from mlops_actions.verdict import Status

FILE = FileRecord(".github/workflows/model.yml", "Model", "1")


def failed(*annotations: Annotation) -> LegRecord:
    steps = [StepRecord("Check out", "success"), StepRecord("Train", "failure")]
    return LegRecord(("train",), "train", FILE.path, 1, "failure", steps=steps, ran=True, annotations=[*annotations])


def test_a_failed_job_is_told_with_its_own_first_error() -> None:
    said = (
        Annotation((), "warning", "slow", {}),
        Annotation((), "error", "no such\nfile", {}),
        Annotation((), "error", "another", {}),
    )
    check = leg_check(FILE, failed(*said))
    assert (check.status, check.message) == (Status.FAIL, "failed at step `Train`: no such file")


def test_the_title_of_the_error_says_what_it_is_about() -> None:
    """A stage's annotation names the rule in its title alone."""
    message = leg_check(
        FILE, failed(Annotation((), "error", "2 of 3 rows are null", {"title": "t.a.required"}))
    ).message
    assert message == "failed at step `Train`: t.a.required: 2 of 3 rows are null"
    message = leg_check(FILE, failed(Annotation((), "error", "Oops: no", {"title": "Oops"}))).message
    assert message == "failed at step `Train`: Oops: no"


def test_a_job_that_gave_no_reason_is_told_by_its_step() -> None:
    assert leg_check(FILE, failed(Annotation((), "notice", "hello", {}))).message == "failed at step `Train`"


def test_a_long_reason_is_clipped() -> None:
    message = leg_check(FILE, failed(Annotation((), "error", "x" * 10_000, {}))).message
    assert len(message) < MAX_REASON + 100


def test_a_summary_that_github_drops() -> None:
    """GitHub counts the bytes of one step: two that fit are not one that does not."""
    leg = failed()
    leg.steps[0].summary += ["x" * MAX_SUMMARY]
    leg.steps[1].summary += ["é" * (MAX_SUMMARY // 2)]
    assert not list(summary_checks(leg))
    leg.steps[1].summary += ["é" * (MAX_SUMMARY // 2 + 1)]
    (check,) = summary_checks(leg)
    assert (check.rule, check.status, check.where.line) == ("summary.dropped", Status.WARN, 1)
    assert "step `Train` has 1,048,578 bytes" in check.message
