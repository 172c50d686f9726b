"""The payload that started a training is told, and nothing of it is believed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.training import reason

SENT = {
    "model": "flight-delay",
    "reason": "drift",
    "verdict": "ab" * 32,
    "drifted": 7,
    "columns": ["arr_delay", "dep_delay", "air_time", "flight", "dest", "arr_time", "x"],
    "failed": [],
    "data": ["data/2013-09.parquet"],
    "window": {"column": "time_hour", "from": "2013-09-01 10:00:00", "to": "2013-10-01"},
    "run": "https://github.com/o/r/actions/runs/1",
}


def event(**changed: Any) -> dict[str, Any]:
    return {"action": "retrain", "client_payload": {**SENT, **changed}}


def test_the_alarm_as_a_sentence() -> None:
    found = reason.read(event())
    assert found is not None
    assert found.sentence == (
        "The event `retrain` started this training: a drift check of `flight-delay` (verdict sha256:abababababab…) "
        "found that 7 columns drifted in the rows from 2013-09-01 10:00:00 to 2013-10-01, most of all `arr_delay`, "
        "`dep_delay`, `air_time`, `flight`, `dest` and 2 more."
    )
    assert found.facts()["window"] == {"from": "2013-09-01 10:00:00", "to": "2013-10-01"}


def test_performance_that_failed_is_told_with_drift_and_without() -> None:
    both = reason.read(event(drifted=1, columns=["a"], failed=["data.performance.auc"], window=None))
    assert both is not None and both.sentence.endswith(
        "found that 1 column drifted, most of all `a`; and that performance against labels failed "
        "(`data.performance.auc`)."
    )
    alone = reason.read(event(drifted=0, columns=[], failed=["data.performance.auc", "data.performance.auc.x"]))
    assert alone is not None and alone.facts()["failed"] == ["data.performance.auc", "data.performance.auc.x"]
    assert alone.sentence.endswith(
        "found that performance against labels failed (`data.performance.auc`, `data.performance.auc.x`) in the rows "
        "from 2013-09-01 10:00:00 to 2013-10-01, though no column drifted."
    )


@pytest.mark.parametrize("payload", [None, [], "drift", {}, {"reason": "new-data"}])
def test_an_event_of_another_kind_is_no_alarm(payload: Any) -> None:
    assert reason.read({"action": "retrain", "client_payload": payload}) is None


def test_a_workflow_started_by_its_name_is_told_of_in_its_input() -> None:
    found = reason.read({"inputs": {"payload": json.dumps(SENT)}, "workflow": ".github/workflows/train.yml"})
    sent = reason.read(event())
    assert found is not None and sent is not None
    assert found.sentence == sent.sentence.replace("`retrain`", "`workflow_dispatch`")
    for payload in ("", "{", "[" * 100_000, "3", None, SENT):
        assert reason.read({"inputs": {"payload": payload}}) is None
    assert reason.read({"inputs": None}) is None


def test_what_is_not_of_the_form_is_left_out() -> None:
    found = reason.read(
        event(verdict="$(id)", drifted=True, columns=["a`b\u202e\n", 3], window={"from": "2013-01-01", "to": "; rm"})
    )
    assert found is not None
    assert (found.verdict, found.drifted, found.window) == ("", 1, None)
    assert found.columns == ("a'b\\u202e\\n",)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(sorted(SENT)), json_values), json_values)
def test_whatever_is_sent_makes_one_line_that_can_be_shown(changed: dict[str, Any], action: Any) -> None:
    found = reason.read({"action": action, "client_payload": {**SENT, **changed, "reason": "drift"}})
    assert found is not None and found.sentence.isprintable()
