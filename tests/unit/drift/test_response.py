"""What a check asks for: nothing that was not switched on, and text from the data is never more than text."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mlops_actions import verdict
from mlops_actions.drift.response import Wishes, requests
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, Status, Verdict, Where

WHEN = datetime(2026, 11, 23, tzinfo=UTC)
ALL = Wishes("delay", True, ("drift",), ("ann",), 2, "retrain", timedelta(hours=6), True, "https://github.com/run/1")


def column(name: str, effect: float = 0.38, status: Status = Status.FAIL, message: str = "moved") -> Check:
    return Check(f"data.{name}.drift", status, message, where=Where(column=name), measured=effect, threshold={"mustBeLessThan": 0.05})  # fmt: skip


def outcome(*checks: Check, headline: str = "", window: object = None, at: datetime = WHEN) -> Outcome:
    parameters = {"data": ["now.csv"], "window": window}
    judged = Verdict("drift-check", verdict.conclude(checks), checks, at, at, parameters=parameters)  # type: ignore[arg-type]
    drifted = any(each.status is Status.FAIL for each in checks)
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
    payload = bodies(outcome(column("z"), pair("b"), pair("c")))["repository_dispatch"]["client_payload"]
    assert (payload["drifted"], payload["columns"]) == (2, ["z", "a"])


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
        "data": ["now.csv"],
        "window": window,
        "run": "https://github.com/run/1",
    }


def test_a_payload_is_as_small_as_github_takes() -> None:
    body = bodies(outcome(*(column("\u0416" * 500 + str(each)) for each in range(1000))))["repository_dispatch"]
    assert len(body["client_payload"]) <= 10 and body["client_payload"]["drifted"] == 1000
    assert len(json.dumps(body["client_payload"], ensure_ascii=False).encode()) < 64_000


def test_what_counts_as_news() -> None:
    def content(*checks: Check, **more: object) -> object:
        return bodies(outcome(*checks, **more))["issue"]["content"]  # type: ignore[arg-type]

    same = content(column("a", 0.1), column("b", 0.38))
    assert same == content(column("b", 0.3801), column("a", 0.1), at=WHEN + timedelta(days=1), headline="another")
    assert same == content(column("a", 0.1), column("b", 0.38), column("c", 0.01, Status.PASS))
    assert len({same, content(column("a", 0.1)), content(column("a", 0.1), column("b", 0.41))}) == 3


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
