"""What a check asks for: nothing that was not switched on, and text from the data is never more than text."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mlops_actions import verdict
from mlops_actions.drift.response import Wishes, requests
from mlops_actions.outcome import Outcome, Section
from mlops_actions.training import reason
from mlops_actions.verdict import Check, Status, Verdict, Where

WHEN = datetime(2026, 11, 23, tzinfo=UTC)
ALL = Wishes(
    "delay",
    open_issue=True,
    labels=("drift",),
    assignees=("ann",),
    close_after=2,
    retrain_event="retrain",
    cool_down=timedelta(hours=6),
    history=True,
    run="https://github.com/run/1",
)


def column(name: str, effect: float = 0.38, status: Status = Status.FAIL, message: str = "moved") -> Check:
    return Check(f"data.{name}.drift", status, message, where=Where(column=name), measured=effect, threshold={"mustBeLessThan": 0.05})  # fmt: skip


def outcome(
    *checks: Check, headline: str = "", window: object = None, at: datetime = WHEN, drifted: bool | None = None
) -> Outcome:
    parameters = {"data": ["now.csv"], "window": window}
    judged = Verdict("drift-check", verdict.conclude(checks), checks, at, at, parameters=parameters)  # type: ignore[arg-type]
    drifted = any(each.status is Status.FAIL for each in checks) if drifted is None else drifted
    return Outcome(judged, headline, outputs={"drifted": "true" if drifted else "false"})


def bodies(checked: Outcome, wishes: Wishes = ALL) -> dict[str, dict]:
    return {each.kind: dict(each.body) for each in requests(checked, wishes)}


def test_nothing_is_asked_for_that_was_not_switched_on() -> None:
    assert requests(outcome(column("b")), Wishes("delay")) == ()
    assert set(bodies(outcome(column("b")))) == {"issue", "repository_dispatch", "history"}
    assert set(bodies(outcome(column("b", 0.01, Status.PASS)))) == {"issue", "history"}, "a clean check trains nothing"


def test_the_state_of_a_check() -> None:
    unreadable = Check("reference", Status.ERROR, "cannot be read")
    few = column("b", 0.2, Status.NOT_CHECKED)
    states = [bodies(outcome(*checks))["issue"]["state"] for checks in ((column("b"),), (few,), (), (unreadable,))]
    assert states == ["drifted", "clean", "clean", "unknown"]
    assert "repository_dispatch" not in bodies(outcome(unreadable))


def test_pairs_of_columns_are_news_as_columns_are() -> None:
    def pair(other: str, effect: float = 0.5) -> Check:
        message = f"drifted: `a` and `{other}` went together (0.70) and no longer do ({0.7 - effect:.2f})"
        return Check(f"data.a.{other}.correlation", Status.FAIL, message, where=Where(column="a"), measured=effect)

    one, other = (bodies(outcome(pair(each))) for each in "bc")
    assert "`a` and `b` went together" in one["issue"]["text"].replace("\\", "")
    assert one["issue"]["content"] != other["issue"]["content"]
    for alone, drifted in (
        ((column("z"),), ["z"]),
        ((), ["a"]),
    ):  # a pair is told by its first, where no column drifted
        payload = bodies(outcome(*alone, pair("b"), pair("c")))["repository_dispatch"]["client_payload"]
        assert (payload["drifted"], payload["columns"]) == (len(drifted), drifted)


def test_a_training_is_told_why() -> None:
    window = {"column": "day", "from": "2026-11-16", "to": "2026-11-22"}
    checked = outcome(column("a", 0.1), column("b"), column("c", 0.01, Status.PASS), window=window)
    body = bodies(checked)["repository_dispatch"]
    assert (body["event_type"], body["cool_down_seconds"]) == ("retrain", 6 * 3600)
    assert body["client_payload"] == {
        "model": "delay",
        "reason": "drift",
        "verdict": verdict.identity(checked.verdict),
        "drifted": 2,
        "columns": ["b", "a"],
        "failed": [],
        "data": ["now.csv"],
        "window": window,
        "run": "https://github.com/run/1",
        "cut": [],
    }
    by_name = bodies(checked, replace(ALL, retrain_event=None, retrain_workflow="train.yml"))["workflow_dispatch"]
    assert (by_name["workflow"], by_name["cool_down_seconds"]) == ("train.yml", 6 * 3600)
    assert by_name["payload"] == body["client_payload"]


def worse(rule: str = "auc", column: str = "score", status: Status = Status.FAIL) -> Check:
    return Check(f"data.performance.{rule}", status, "it fell", where=Where(object="data", column=column), measured=0.6)


def test_performance_that_failed_starts_a_training_though_no_column_drifted() -> None:
    checked = outcome(worse(), worse("auc.carrier", "carrier"), column("a", 0.01, Status.PASS), drifted=False)
    payload = bodies(checked)["repository_dispatch"]["client_payload"]
    assert (payload["reason"], payload["drifted"], payload["columns"]) == ("drift", 0, [])
    assert payload["failed"] == ["data.performance.auc", "data.performance.auc.carrier"]
    alarm = reason.read({"action": "retrain", "client_payload": payload})
    assert alarm is not None and "`data.performance.auc`" in alarm.sentence


def test_performance_that_warns_or_beside_an_error_starts_none() -> None:
    unread = Check("data.readable", Status.ERROR, "2 of 5 records cannot be read")
    named_so = column("performance.auc", 0.01, Status.PASS)
    for checks in ([worse(status=Status.WARN)], [worse(status=Status.NOT_CHECKED)], [worse(), unread], [named_so]):
        assert "repository_dispatch" not in bodies(outcome(*checks, drifted=False)), checks
    assert "repository_dispatch" not in bodies(outcome(column("a"), unread))


def test_a_column_named_as_a_metric_is_no_performance() -> None:
    named_so = Check(
        "data.performance.auc.drift", Status.FAIL, "", where=Where(object="data", column="performance.auc")
    )
    payload = bodies(outcome(named_so))["repository_dispatch"]["client_payload"]
    assert (payload["drifted"], payload["failed"]) == (1, [])


def test_more_rules_than_a_payload_names_are_said_to_be_cut() -> None:
    checked = outcome(*(worse(f"auc.{each}", str(each)) for each in range(20)), drifted=False)
    payload = bodies(checked)["repository_dispatch"]["client_payload"]
    assert (len(payload["failed"]), payload["cut"]) == (8, ["failed"])


@pytest.mark.parametrize("letter", ["x", "\u0416", '"', "\\"])
def test_a_payload_is_as_small_as_github_takes_and_says_what_is_cut(letter: str) -> None:
    checked = outcome(*(column(letter * 500 + str(each), 1 - each / 2000) for each in range(1000)))
    payload = bodies(checked)["repository_dispatch"]["client_payload"]
    assert len(payload) <= 10
    assert len(json.dumps({"payload": json.dumps(payload)})) < 65_535, "as an input: JSON in JSON, all of ASCII"
    assert (payload["drifted"], payload["cut"]) == (1000, ["columns"])
    assert 0 < len(payload["columns"]) <= 200
    assert payload["columns"][0].startswith(letter * 10)


def test_a_payload_says_a_value_as_a_whole_or_not_at_all() -> None:
    window = {"column": "x" * 20_000, "from": "2026-11-16", "to": "2026-11-22"}
    payload = bodies(outcome(column("b"), window=window))["repository_dispatch"]["client_payload"]
    assert (payload["window"], payload["data"], payload["cut"]) == (None, ["now.csv"], ["window"])


def test_what_counts_as_news() -> None:
    def content(*checks: Check, **more: object) -> object:
        return bodies(outcome(*checks, **more))["issue"]["content"]  # type: ignore[arg-type]

    same = content(column("a", 0.1), column("b", 0.38))
    assert same == content(column("b", 0.3801), column("a", 0.1), at=WHEN + timedelta(days=1), headline="another")
    assert same == content(column("a", 0.1), column("b", 0.38), column("c", 0.01, Status.PASS))
    assert len({same, content(column("a", 0.1)), content(column("a", 0.1), column("b", 0.41))}) == 3


def test_an_issue_says_all_that_failed_in_the_order_of_the_report() -> None:
    checks = (
        Check("rows.drift", Status.FAIL, "half as many rows", measured=0.4, threshold={"mustBeBetween": [0.5, 2.0]}),
        column("calm", 0.01, Status.PASS),
        column("a", 0.1),
        Check("gaps", Status.WARN, "a day without rows"),
        column("b", 0.5),
        Check(
            "performance.auc",
            Status.FAIL,
            "the AUC fell",
            where=Where(column="score"),
            measured=0.61,
            threshold={"mustBeGreaterThan": 0.68},
        ),
    )
    sections = (Section("All", ()), Section("What changed", (), frozenset({2, 4})))
    body = bodies(replace(outcome(*checks), sections=sections))["issue"]
    table = [line.strip("| ").split(" | ") for line in body["text"].splitlines() if line.startswith("| `")]
    assert [each[0] for each in table] == ["`a`", "`b`", "`rows.drift`", "`performance.auc`"]
    assert [each[1:3] for each in table] == [
        ["0.10", "0.05"],
        ["0.50", "0.05"],
        ["0.40", "0.50 to 2.00"],
        ["0.61", "0.68"],
    ]


def test_what_is_no_column_opens_an_issue_and_is_news_but_trains_nothing() -> None:
    def fewer(ratio: float) -> dict[str, dict]:
        return bodies(outcome(Check("rows.drift", Status.FAIL, "fewer rows", measured=ratio), drifted=False))

    assert set(fewer(0.4)) == {"issue", "history"}
    assert fewer(0.4)["issue"]["state"] == "drifted"
    assert fewer(0.4)["issue"]["content"] == fewer(0.401)["issue"]["content"] != fewer(0.3)["issue"]["content"]


def test_an_issue_lists_no_more_than_fits() -> None:
    text = bodies(outcome(*(column(f"c{each}", message="x" * 5000) for each in range(1000))))["issue"]["text"]
    assert len(text) < 60_000 and "950 more" in text


@given(st.text(max_size=60), st.text(max_size=60))
def test_text_of_the_data_opens_no_element_and_mentions_nobody(name: str, message: str) -> None:
    hostile = f"{name} <img src=x onerror=1> @all [x](http://evil) | `a` {message}"
    window = {"column": "t", "from": hostile, "to": "x"}
    text = bodies(outcome(column(hostile, message=hostile), headline=hostile, window=window))["issue"]["text"]
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    inline = [child for each in tokens for child in (each.children or [])]
    assert {each.type for each in tokens} <= {
        *("paragraph_open", "inline", "paragraph_close", "table_open", "table_close", "thead_open", "thead_close"),
        *("tbody_open", "tbody_close", "tr_open", "tr_close", "th_open", "th_close", "td_open", "td_close"),
    }
    assert [each.type for each in tokens].count("tr_open") == 2
    html = {each.content for each in inline if each.type == "html_inline"}
    assert html <= {"<span>", "</span>", "<code>", "</code>", "<br>"}
    links = [each.attrs["href"] for each in inline if each.type == "link_open"]
    assert links == ["https://github.com/run/1"]
    assert not any("@all" in each.content for each in inline if each.type == "text")
