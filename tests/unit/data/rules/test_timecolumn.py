"""Which column is the time of the rows: the caller's word, the contract's, and what a service level measures."""

from __future__ import annotations

import pytest

from mlops_actions.data.contracts import contract
from mlops_actions.data.profiles import profile
from mlops_actions.data.rules import timecolumn
from mlops_actions.errors import CallError
from mlops_actions.verdict import Status

BODY = """
schema:
  - name: t
    {custom}
    properties:
      - {{name: made, physicalName: MADE, logicalType: timestamp{private}}}
      - {{name: seen, logicalType: date}}
      - {{name: x, logicalType: integer}}
slaProperties:
  - {{property: availability, value: 99, unit: percent, element: t.x}}
  - {{property: {level}, value: 100000, unit: d, element: {element}}}
"""


def written(workspace, custom: str = "", level: str = "latency", element: str = "t.seen", private: str = ""):
    return workspace.contract(BODY.format(custom=custom, level=level, element=element, private=private))


def stated(value: str) -> str:
    return f"customProperties: [{{property: timeColumn, value: {value}}}]"


@pytest.mark.parametrize("level", ["latency", "freshness", "retention"])
def test_the_element_of_a_service_level_that_is_measured(workspace, level):
    promised = contract.load(written(workspace, level=level))
    assert timecolumn.named(None, promised, promised.objects[0]).column == "seen"


@pytest.mark.parametrize("value", ["made", "MADE"])
def test_the_contracts_own_word_comes_before_and_the_callers_before_that(workspace, value):
    promised = contract.load(written(workspace, stated(value)))
    assert timecolumn.named(None, promised, promised.objects[0]).column == "MADE"
    assert timecolumn.named("x", promised, promised.objects[0]).column == "x"


def test_nobody_names_one(workspace):
    promised = contract.load(written(workspace, level="frequency"))
    assert timecolumn.named(None, promised, promised.objects[0]).column is None
    assert timecolumn.named(None, None, None).column is None


def test_a_name_that_is_no_property_is_a_mistake_in_the_contract(workspace):
    with pytest.raises(CallError, match=r"contract.yaml:9.*'sen' is no property of 't'.*`seen`"):
        contract.load(written(workspace, stated("sen")))


CSV = "MADE,seen,x\n2013-01-01 10:00:00,2013-01-01,1\n2013-01-01 11:00:00,2013-01-02,2\n"


def test_a_validation_counts_by_blocks_of_it(workspace):
    workspace.run(written(workspace, stated("made")), workspace.csv(CSV))
    time = profile.read(workspace.out / "profile.json").time
    assert (time.column, time.starts) == ("MADE", ("2013-01-01 10:00:00", "2013-01-01 11:00:00"))
    workspace.run(written(workspace), workspace.csv(CSV))
    assert profile.read(workspace.out / "profile.json").time.starts == ("2013-01-01", "2013-01-02")


@pytest.mark.parametrize(
    ("custom", "private", "why"),
    [
        (stated("x"), "", "'x' is BIGINT, neither a date nor a timestamp"),
        (stated("made"), ", classification: restricted", "the values of 'MADE' are not to be shown"),
    ],
)
def test_what_cannot_be_the_time_is_said_with_its_line(workspace, custom, private, why):
    outcome = workspace.run(written(workspace, custom, private=private), workspace.csv(CSV))
    found = next(each for each in outcome.verdict.checks if each.rule == "t.timeColumn")
    assert (found.status, found.where.line, outcome.verdict.status) == (Status.NOT_CHECKED, 9, Status.WARN)
    assert why in found.message
    assert profile.read(workspace.out / "profile.json").time is None
