"""Findings as annotations, within what GitHub keeps."""

from datetime import UTC, datetime

import pytest

from mlops_actions.github.annotations import annotate
from mlops_actions.verdict import Check, Severity, Status, Verdict, Where

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def judged(*checks):
    return Verdict("data-validation", Status.FAIL, checks, NOON, NOON)


def check(status, rule="rule", severity=Severity.ERROR, message="message", **where):
    return Check(rule, status, message, severity, Where(**where))


def levels(lines):
    return [line.removeprefix("::").partition(" ")[0] for line in lines]


@pytest.mark.parametrize(
    ("status", "level"),
    [(Status.FAIL, "error"), (Status.ERROR, "error"), (Status.WARN, "warning"), (Status.NOT_CHECKED, "notice")],
)
def test_each_status_has_its_level(status, level):
    assert levels(annotate(judged(check(status)), str)) == [level]


def test_what_passed_is_not_annotated():
    assert not annotate(judged(check(Status.PASS)), str)


def test_what_was_configured_not_to_be_checked_is_not_annotated():
    checks = [check(Status.NOT_CHECKED, f"n{number}", Severity.INFO) for number in range(20)]
    assert levels(annotate(judged(*checks, check(Status.FAIL)), str)) == ["error"]


def test_a_finding_stands_at_its_line_from_the_root():
    found = check(
        Status.FAIL,
        "flights.carrier.validValues",
        message="12 of 27,004 rows: 50%",
        file="c.yaml",
        line=31,
        character=5,
    )
    (line,) = annotate(judged(found), lambda file: f"sub folder/{file}")
    assert line == (
        "::error file=sub folder/c.yaml,line=31,col=5,title=flights.carrier.validValues::12 of 27,004 rows: 50%25"
    )


def test_a_file_outside_the_repository_is_not_named():
    (line,) = annotate(judged(check(Status.FAIL, file="/etc/x", line=3)), lambda file: None)
    assert line == "::error title=rule::message"


def test_the_worst_ten_of_each_level_and_one_notice_for_the_rest():
    checks = [check(Status.NOT_CHECKED, f"n{number}") for number in range(100)]
    checks += [check(Status.WARN, f"w{number}", Severity.WARNING) for number in range(12)]
    checks += [check(Status.FAIL, f"minor{number}", Severity.INFO) for number in range(20)]
    checks += [check(Status.FAIL, f"worst{number}") for number in range(7)]
    lines = annotate(judged(*checks), str)
    assert [levels(lines).count(level) for level in ("error", "warning", "notice")] == [10, 10, 10]
    assert [f"title=worst{number}::" in line for number, line in enumerate(lines[:7])] == [True] * 7
    left_out = len(checks) - 29
    assert lines[-1] == f"::notice title=data-validation%3A fail::and {left_out} more in the report"


def test_ten_notices_need_no_eleventh():
    lines = annotate(judged(*[check(Status.NOT_CHECKED)] * 10), str)
    assert len(lines) == 10
    assert not any("more in the report" in line for line in lines)


def test_text_from_data_stays_on_its_line_and_in_view():
    hostile = check(Status.FAIL, "a\n::error::b,c:d\u202e", message="x\r\n::warning::y\x1b[0m", file="f\n.py", line=1)
    (line,) = annotate(judged(hostile), str)
    assert line == (
        "::error file=f\\n.py,line=1,title=a\\n%3A%3Aerror%3A%3Ab%2Cc%3Ad\\u202e::x\\r%0A::warning::y\\x1b[0m"
    )


def test_a_message_without_end_is_clipped():
    (line,) = annotate(judged(check(Status.FAIL, message="x" * 1_000_000)), str)
    assert len(line) < 5000
    assert line.endswith("x… (996,000 more characters)")
