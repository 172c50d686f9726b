"""A verdict read back equals the one written, answers to its schema, and concludes as promised."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions import schema, verdict
from mlops_actions.verdict import Check, Example, FailOn, Severity, Status, Subject, Verdict, Where

text = st.text(st.characters(codec="utf-8"), max_size=20)
names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text
lines = st.none() | st.integers(min_value=1, max_value=10**6)
wheres = st.builds(Where, st.none() | text, st.none() | text, st.none() | text, lines, lines)
cells = st.dictionaries(text, st.none() | text, max_size=2)
examples = st.builds(Example, st.none() | text, lines, lines, cells, cells)
thresholds = st.none() | st.dictionaries(text, scalars, max_size=3)
checks = st.builds(
    Check,
    rule=names,
    status=st.sampled_from(Status),
    message=text,
    severity=st.sampled_from(Severity),
    where=wheres,
    measured=scalars,
    threshold=thresholds,
    rows=st.none() | st.integers(min_value=0, max_value=10**12),
    examples=st.lists(examples, max_size=2).map(tuple),
)
digests = st.text("0123456789abcdef", min_size=64, max_size=64)
subjects = st.lists(st.builds(Subject, text, digests), max_size=2).map(tuple)
moments = st.integers(0, 4_000_000_000_000).map(
    lambda ms: datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
)
verdicts = st.builds(
    Verdict,
    stage=names,
    status=st.sampled_from([Status.PASS, Status.WARN, Status.FAIL]),
    checks=st.lists(checks, max_size=4).map(tuple),
    started=moments,
    ended=moments,
    subjects=subjects,
    materials=subjects,
    parameters=st.dictionaries(text, scalars | st.lists(scalars, max_size=2), max_size=3),
)


@given(verdicts)
def test_a_verdict_read_back_equals_the_one_written(original: Verdict) -> None:
    written = verdict.dumps(original)
    jsonschema.validate(json.loads(written), schema.shipped("verdict-v1"))
    assert verdict.from_json(json.loads(written)) == original


def test_a_verdict_is_read_back_from_its_file(tmp_path: Path) -> None:
    moment = verdict.now()
    original = Verdict("data-validation", Status.PASS, (), moment, moment)
    path = tmp_path / "verdict.json"
    path.write_text(verdict.dumps(original), encoding="utf-8")
    assert verdict.read(path) == original


@pytest.mark.parametrize("content", ["[]", "{}", '{"schema": "x"}', '{"schema": null}', "not json"])
def test_what_is_not_a_verdict_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "verdict.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ValueError):
        verdict.read(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_what_is_not_finite_is_measured_as_null(value: float) -> None:
    assert Check("r", Status.FAIL, "m", measured=value).measured is None


def check(status: Status, severity: Severity = Severity.ERROR) -> Check:
    return Check("rule", status, "message", severity)


@pytest.mark.parametrize(
    ("checks_made", "fail_on", "expected"),
    [
        ([], FailOn.ERROR, Status.PASS),
        ([check(Status.PASS)], FailOn.WARNING, Status.PASS),
        ([check(Status.FAIL)], FailOn.ERROR, Status.FAIL),
        ([check(Status.FAIL)], FailOn.WARNING, Status.FAIL),
        ([check(Status.FAIL)], FailOn.NEVER, Status.WARN),
        ([check(Status.WARN)], FailOn.ERROR, Status.WARN),
        ([check(Status.WARN)], FailOn.WARNING, Status.FAIL),
        ([check(Status.WARN)], FailOn.NEVER, Status.WARN),
        ([check(Status.FAIL), check(Status.WARN)], FailOn.ERROR, Status.FAIL),
        ([check(Status.WARN), check(Status.FAIL)], FailOn.ERROR, Status.FAIL),
        ([check(Status.ERROR)], FailOn.NEVER, Status.FAIL),
        ([check(Status.ERROR, Severity.INFO)], FailOn.NEVER, Status.FAIL),
        ([check(Status.WARN), check(Status.ERROR, Severity.WARNING)], FailOn.ERROR, Status.FAIL),
        ([check(Status.NOT_CHECKED)], FailOn.ERROR, Status.WARN),
        ([check(Status.NOT_CHECKED, Severity.WARNING)], FailOn.WARNING, Status.WARN),
        ([check(Status.NOT_CHECKED, Severity.INFO)], FailOn.WARNING, Status.PASS),
    ],
)
def test_a_status_is_concluded_from_the_checks(checks_made: list[Check], fail_on: FailOn, expected: Status) -> None:
    assert verdict.conclude(checks_made, fail_on) is expected


def test_findings_come_worst_first_and_otherwise_in_order() -> None:
    made = [
        Check("a", Status.PASS, ""),
        Check("b", Status.WARN, "", Severity.WARNING),
        Check("c", Status.NOT_CHECKED, "", Severity.INFO),
        Check("d", Status.FAIL, ""),
        Check("e", Status.ERROR, ""),
    ]
    moment = verdict.now()
    judged = Verdict("s", Status.FAIL, tuple(made), moment, moment)
    assert [each.rule for each in judged.findings] == ["d", "e", "b", "c"]


def test_errors_of_one_message_are_told_once_and_nothing_else_is_left_out() -> None:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    said = [("a", Status.ERROR, "unread"), ("b", Status.FAIL, "1 row"), ("c", Status.ERROR, "unread")]
    said += [("d", Status.FAIL, "1 row"), ("e", Status.ERROR, "other"), ("f", Status.PASS, "unread")]
    judged = Verdict("s", Status.FAIL, tuple(Check(*each) for each in said), moment, moment)
    assert [each.rule for each in judged.causes] == ["a", "b", "d", "e"]


def test_a_file_has_the_digest_that_sha256sum_prints(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"abc")
    # FIPS 180-2, appendix B.1: the digest of "abc".
    assert verdict.digest(tmp_path / "f") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
