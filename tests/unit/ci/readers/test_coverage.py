from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.ci.readers import coverage


# As printed by coverage 7 and pytest-cov 7: without and with branches, with missing lines, with a precision of 2.
@pytest.mark.parametrize(
    ("text", "share"),
    [
        ("Name     Stmts   Miss  Cover\n-----\nlib.py 2 0 100%\n-----\nTOTAL        8      1    88%\n", 88.0),
        ("TOTAL       20      3      6      1    81%\n", 81.0),
        ("TOTAL   2   1  50.25%   4-7\n", 50.25),
        ("TOTAL 1 0 100%\nTOTAL 10 5 50%\n", 50.0),
        ("the TOTAL is 50%\n", None),
        ("", None),
    ],
)
def test_the_last_total_counts(text: str, share: float | None) -> None:
    assert coverage.from_text(text.splitlines()) == share


def test_the_rate_of_an_xml_report(tmp_path: Path) -> None:
    report = tmp_path / "coverage.xml"
    report.write_text(
        '<?xml version="1.0" ?>\n<!DOCTYPE coverage SYSTEM "http://c.example/x.dtd">\n'
        '<coverage version="7.1" lines-valid="8" lines-covered="7" line-rate="0.875" branch-rate="0">',
        encoding="utf-8",
    )
    assert coverage.from_xml(report) == 87.5
    assert coverage.from_xml(tmp_path / "gone.xml") is None
