"""The first sentence of a report, on data that was shifted in a known way."""

from __future__ import annotations

import pytest

from mlops_actions.data.profiles.profile import ColumnProfile, Kind, Range
from mlops_actions.drift.compare import Cell, Comparison, Shift, Sort, State
from mlops_actions.drift.decision import Decision, Finding
from mlops_actions.drift.sentence import headline, leans_on

SAME = ["a", "b"] * 500
PREFIX = "The current data differs from the reference in 1 of 1 column, `x` "


@pytest.mark.parametrize(
    ("kind", "before", "now", "said"),
    [
        ("DOUBLE", [1.0, 2, 3, 4] * 250, [2.0, 3, 4, 5] * 250, "its mean rose by 1, from 2.5 to 3.5"),
        ("INTEGER", [1, 2, 3, 4] * 250, [0, 0, 5, 5] * 250, "its standard deviation rose by 1.38, from 1.119 to 2.501"),
        ("DOUBLE", [2e6, 4e6] * 500, [2.5e6, 4.5e6] * 500, "its mean rose by 500,000, from 3,000,000 to 3,500,000"),
        ("DOUBLE", [5.0] * 1000, [5.5] * 1000, "its mean rose by 0.5, from 5 to 5.5"),
        ("BOOLEAN", [True, False] * 500, [True] * 410 + [False] * 590, "it is true 9 points less often"),
        ("VARCHAR", SAME, ["a"] * 625 + ["b"] * 375, "'a' is 12 points more frequent"),
        ("VARCHAR", SAME + ["c"] * 100, SAME + ["a"] * 100, "'c' is 9.1 points rarer"),
        ("VARCHAR", SAME, [*SAME, *["new"] * 40], "3.8 % of the rows have new values, like 'new' (40 rows)"),
        ("VARCHAR", SAME, [*SAME[:900], *[None] * 100], "it is missing 10 points more often"),
        ("DOUBLE", [1.0] * 900 + [None] * 100, [1.0] * 1000, "it is missing 10 points less often"),
        ("DOUBLE", [1.0, 2] * 500, [None] * 1000, "it is now missing in every row"),
        ("VARCHAR", [f"{n:08}" for n in range(900)], [f"{n:09}" for n in range(900)], None),
    ],
)
def test_what_was_done_to_the_only_column_is_said(workspace, kind, before, now, said):
    found = workspace.compare({"x": (kind, before)}, {"x": (kind, now)}).headline
    assert found.startswith(PREFIX)
    assert said is None or found == f"{PREFIX}({said})"


def test_the_second_column_is_said_in_its_own_words_and_the_windows_by_their_months(workspace):
    days = [f"2013-01-{1 + number % 31:02}" for number in range(1000)]
    before = {"at": ("DATE", days), "x": ("DOUBLE", [1.0, 2, 3, 4] * 250), "y": ("BOOLEAN", [True, False] * 500)}
    now = {
        "at": ("DATE", [f"2013-02-{1 + number % 28:02}" for number in range(1000)]),
        "x": ("DOUBLE", [4.0] * 1000),
        "y": ("BOOLEAN", [True] * 410 + [False] * 590),
    }
    assert workspace.compare(before, now).headline == (
        "February 2013 differs from January 2013 in 2 of 3 columns, most in `x` (its mean rose by 1.5, from 2.5 to 4); "
        "`y` is true 9 points less often"
    )


def decision(name: str, effect: float, finding: Finding = Finding.DRIFTED) -> Decision:
    """A number whose mean rose by 1, from 0 to 1."""
    one, other = (ColumnProfile(name, "DOUBLE", Kind.NUMBER, 0, range=Range(mean=mean, sd=1.0)) for mean in (0.0, 1.0))
    shift = Shift(Sort.MASS, effect, 0.0)
    cells = (Cell("below 0", 500, 0), Cell("above 0", 500, 1000))
    return Decision(Comparison(one, State.COMPARED, one, other, cells, (shift,)), finding, shift, 0.05)


def test_what_the_model_leans_on_is_said_and_comes_next():
    decisions = [decision("a", 0.2), decision("b", 0.3), decision("c", 0.1), decision("d", 0.0, Finding.STABLE)]
    lead = "The current data differs from the reference in 3 of 4 columns, most in "
    assert headline(decisions) == f"{lead}`b` (its mean rose by 1, from 0 to 1); the mean of `a` rose by 1, from 0 to 1"
    used = {"a": 0.1, "b": 0.5, "c": 0.2, "d": 0.0}
    assert headline(decisions, importances=used) == (
        f"{lead}`b`, which the model leans on (its mean rose by 1, from 0 to 1); the mean of `c` rose by 1, from 0 to 1"
    )
    assert headline(decisions, importances={"a": 0.0, "b": 0.0, "c": 0.2, "d": 0.1}) == (
        f"{lead}`b` (its mean rose by 1, from 0 to 1); the mean of `c`, which the model leans on, rose by 1, from 0 to 1"
    )


def test_a_model_leans_on_what_it_uses_more_than_the_average_column():
    used = {"a": 3.0, "b": 2.0, "c": 1.0}
    assert [leans_on(name, used) for name in ("a", "b", "c", "elsewhere")] == [True, False, False, False]
    assert not leans_on("a", {})
    assert not leans_on("a", {"a": 0.0, "b": 0.0})


def test_no_drift_names_the_windows_too():
    calm = [decision("a", 0.0, Finding.STABLE)]
    assert headline(calm, ("May 2013", "June 2013")) == "June 2013 against May 2013: none of 1 column drifted"


def test_what_else_changed_is_said_and_no_sentence_begins_with_all_is_well():
    sides = ("May 2013", "June 2013")
    assert headline(
        [decision("a", 0.0, Finding.STABLE)], sides, besides=("the AUC fell from 0.8 to 0.7", "so did b")
    ) == (
        "June 2013 differs from May 2013, though in none of 1 column by itself: the AUC fell from 0.8 to 0.7; so did b"
    )
    assert headline([decision("a", 0.2)], sides, besides=("the AUC fell",)) == (
        "June 2013 differs from May 2013 in 1 of 1 column, `a` (its mean rose by 1, from 0 to 1); the AUC fell"
    )
