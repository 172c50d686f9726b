"""Earlier checks in a file: each check a line, none lost, and shown with what they came to."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions import verdict
from mlops_actions.drift import history
from mlops_actions.errors import CallError
from mlops_actions.outcome import PRESENT, Past, Table, Text, Trace
from mlops_actions.verdict import Check, Status, Verdict, Where

WHEN = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
WINDOW = {"column": "day", "from": "2026-11-16", "to": "2026-11-22"}


def judged(*checks: Check, **parameters: object) -> Verdict:
    return Verdict("drift-check", verdict.conclude(checks), checks, WHEN, WHEN, parameters=parameters)  # type: ignore[arg-type]


def column(name: str, effect: float | None, status: Status = Status.PASS) -> Check:
    return Check(f"data.{name}.drift", status, "moved", where=Where(column=name), measured=effect, threshold={"mustBeLessThan": 0.05})  # fmt: skip


DRIFTED = judged(
    column("a", 0.01), column("b\u2028,\n", 0.4, Status.FAIL), column("new", None), data=["x"], window=WINDOW
)


def test_a_check_is_one_line_and_comes_back() -> None:
    text = history.line(DRIFTED)
    assert len((text + "\n").splitlines()) == 1
    assert json.loads(text)["data"] == ["x"]
    (entry,), strange = history.parse(text)
    assert strange == 0
    assert entry == history.Entry(
        WHEN,
        verdict.identity(DRIFTED),
        "fail",
        ("b\u2028,\n",),
        {"a": 0.2, "b\u2028,\n": 8.0},
        ("2026-11-16", "2026-11-22"),
    )


def test_scores_are_of_one_unit_whatever_was_measured_of_a_column() -> None:
    """A new category in 2 % of the rows is further than 6 % of the mass; what must not drift has no unit."""
    new = replace(column("new", 0.02, Status.FAIL), threshold={"mustBeLessThan": 0.01})
    strict = [
        replace(column(name, 0.004, status), threshold={"mustBe": 0})
        for name, status in (("x", Status.FAIL), ("y", Status.PASS))
    ]
    (entry,), _ = history.parse(history.line(judged(new, column("mass", 0.06), *strict)))
    assert entry.scores == {"new": 2.0, "mass": 1.2, "x": 1.0, "y": 0.0}


def test_the_digest_is_that_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "verdict.json").write_text(verdict.dumps(DRIFTED), encoding="utf-8")
    assert json.loads(history.line(DRIFTED))["verdict"] == verdict.digest(tmp_path / "verdict.json")


def test_a_check_that_could_not_be_made_is_a_line_without_scores() -> None:
    (entry,), _ = history.parse(history.line(judged(Check("reference", Status.ERROR, "unreadable"))))
    assert (entry.status, entry.drifted, entry.scores, entry.window) == ("fail", (), {}, None)


def at(hour: int) -> str:
    return history.line(replace(DRIFTED, ended=WHEN + timedelta(hours=hour)))


@given(st.lists(st.sets(st.integers(0, 30)), max_size=4))
def test_copies_of_a_history_make_one_of_all_lines_by_time(copies: list[set[int]]) -> None:
    texts = ["".join(f"{at(hour)}\n" for hour in sorted(each)) for each in copies]
    assert history.together(texts) == "".join(f"{at(hour)}\n" for hour in sorted(set().union(*copies)))


def test_a_strange_line_keeps_its_place_and_the_oldest_go_first(monkeypatch: pytest.MonkeyPatch) -> None:
    assert history.together([f"{at(2)}\nstrange\n", at(1), at(3)]).splitlines() == [at(1), at(2), "strange", at(3)]
    monkeypatch.setattr(history, "KEPT", 2)
    assert history.together([at(2), at(1), at(3)]) == f"{at(2)}\n{at(3)}\n"


@pytest.mark.parametrize(
    "line",
    [
        "no JSON",
        "[]",
        "{}",
        '{"at": "x"}',
        "[" * 100_000,
        history.line(DRIFTED).replace("+00:00", "").replace("Z", ""),
        history.line(DRIFTED).replace('"fail"', '"fine"'),
        history.line(DRIFTED).replace("0.2", "NaN"),
        history.line(DRIFTED).replace("0.2", '"x"'),
        history.line(DRIFTED).replace("0.2", '"nan"'),
        history.line(DRIFTED).replace("0.2", "true"),
        history.line(DRIFTED).replace('"drifted":[', '"drifted":[5,'),
        re.sub(r'"drifted":.*?]', '"drifted":"abc"', history.line(DRIFTED)),
    ],
)
def test_a_line_that_is_none_is_counted_and_the_others_are_read(line: str) -> None:
    entries, strange = history.parse(f"{line}\n\n{history.line(DRIFTED)}\n")
    assert (len(entries), strange) == (1, 1)
    (table, note) = history.section(entries, strange).blocks
    assert isinstance(table, Table) and isinstance(note, Text) and "1 line" in note.text


def test_the_newest_are_shown_first_and_the_largest_effect_of_each() -> None:
    days = [history.Entry(WHEN.replace(day=day), "d", "pass", (), {"a": day / 100}) for day in range(1, 24)]
    months = [history.Entry(WHEN.replace(month=month), "d", "fail", tuple("abcde"), {}) for month in range(1, 11)]
    (past,) = history.section([*days, *months]).blocks
    assert isinstance(past, Past)
    table = past.table
    assert len(table.rows) == history.SHOWN and "30 of 33" in table.caption
    assert table.rows[0] == ("2026-11-23 06:00 UTC", None, "pass", 0, None, 0.23)
    assert table.rows[-1][3:] == (5, "a, b, c and 2 more", None)


def test_checks_are_drawn_the_oldest_first_and_the_columns_that_matter_most_before_those_that_moved_most() -> None:
    def entry(day: int, status: str, drifted: tuple[str, ...], **scores: float) -> history.Entry:
        return history.Entry(WHEN.replace(day=day), "d", status, drifted, scores)

    entries = [
        entry(3, "fail", ("calm",), calm=0.3, far=0.2),
        entry(1, "pass", (), calm=0.1, far=0.9),
        entry(2, "warn", (), far=0.1),
    ]
    (past,) = history.section(entries, first=["gone", "calm"]).blocks
    assert isinstance(past, Past)
    assert past.times == ("2026-11-01 06:00 UTC", "2026-11-02 06:00 UTC", "2026-11-03 06:00 UTC")
    assert (past.statuses, past.counts) == ((Status.PASS, Status.WARN, Status.FAIL), (0, 0, 1))
    assert past.traces == (
        Trace("calm", (0.1, None, 0.3), frozenset({2})),
        Trace("far", (0.9, 0.1, 0.2)),
    )
    many = [entry(day, "pass", (), **{f"c{at}": at / 100 for at in range(20)}) for day in (1, 2)]
    (past,) = history.section(many).blocks
    assert isinstance(past, Past)
    assert [each.name for each in past.traces] == ["c19", "c18", "c17", "c16", "c15", "c14"]


def test_the_check_that_is_reported_comes_last_whatever_the_clocks_said_and_once() -> None:
    now = history.entry(DRIFTED)
    later = history.Entry(WHEN + timedelta(minutes=5), "d", "pass", (), {"b\u2028,\n": 0.5})
    for entries in ([later], [now, later], [later, now]):
        (past,) = history.section(entries, present=now).blocks
        assert isinstance(past, Past)
        assert past.times == ("2026-11-23 06:05 UTC", PRESENT) and past.ends_now
        assert (past.statuses, past.counts) == ((Status.PASS, Status.FAIL), (0, 1))
        assert Trace("b\\u2028,\\n", (0.5, 8.0), frozenset({1})) in past.traces
        assert [row[0] for row in past.table.rows] == ["2026-11-23 06:00 UTC (this check)", "2026-11-23 06:05 UTC"]
    many = [replace(later, at=WHEN - timedelta(days=day)) for day in range(history.SHOWN)]
    (past,) = history.section(many, present=now).blocks
    assert isinstance(past, Past) and past.ends_now and len(past.times) == history.SHOWN
    (past,) = history.section([now, later]).blocks
    assert isinstance(past, Past) and not past.ends_now
    for alone in ([], [now]):
        (note,) = history.section(alone, present=now).blocks
        assert isinstance(note, Text) and "No earlier check" in note.text


def test_a_window_is_said_to_the_minute_and_what_is_no_time_as_it_is() -> None:
    windows = [("2013-09-01 09:00:00+00", "2013-10-01"), ("week 1", "week 2")]
    entries = [history.Entry(WHEN.replace(day=day), "d", "pass", (), {}, each) for day, each in enumerate(windows, 1)]
    (past,) = history.section(entries).blocks
    assert isinstance(past, Past)
    assert [row[1] for row in past.table.rows] == ["week 1 to week 2", "2013-09-01 09:00 to 2013-10-01"]


def test_without_a_check_it_says_so() -> None:
    (note,) = history.section(*history.parse("")).blocks
    assert isinstance(note, Text) and "No earlier check" in note.text


def test_a_file_is_made_and_grows(tmp_path: Path) -> None:
    file = tmp_path / "made" / "history.jsonl"
    assert history.read(file) == ""
    history.append(file, "one")
    history.append(file, "two")
    assert file.read_text() == "one\ntwo\n"
    file.write_text("cut")
    history.append(file, "three")
    assert file.read_text() == "cut\nthree\n"


def test_two_processes_lose_no_line(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from mlops_actions.drift import history\n"
        "for each in range(40): history.append(Path(sys.argv[1]), f'{sys.argv[2]} {each}')"
    )
    file = tmp_path / "history.jsonl"
    writers = [subprocess.Popen([sys.executable, "-c", program, str(file), name]) for name in "ab"]
    assert [each.wait() for each in writers] == [0, 0]
    assert sorted(file.read_text().splitlines()) == sorted(f"{name} {each}" for name in "ab" for each in range(40))


def test_what_cannot_be_a_history_is_a_wrong_call(tmp_path: Path) -> None:
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    os.mkfifo(tmp_path / "pipe")
    for file in (tmp_path, tmp_path / "bytes", tmp_path / "pipe", Path("/dev/null")):
        with pytest.raises(CallError, match="history cannot be read"):
            history.read(file)
