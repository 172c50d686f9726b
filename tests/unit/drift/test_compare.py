"""Labels say what a bin holds, and each row of a column is in one cell."""

from __future__ import annotations

import random
from collections import Counter

import pytest

from mlops_actions.data.profiles.profile import Bins, Categories, ColumnProfile, Kind, Profile, Special
from mlops_actions.data.profiles.profiling import Recount
from mlops_actions.drift.compare import Role, Sort, State, bin_labels, compare


@pytest.mark.parametrize(
    ("edges", "whole", "labels"),
    [
        ((), True, ["any value"]),
        ((4.0, 5.0), True, ["below 5", "5", "above 5"]),
        ((0.0, 2.0, 3.0, 9.0), True, ["below 1", "1 to 2", "3", "4 to 9", "above 9"]),
        ((0.1, 0.25), False, ["below 0.1", "0.1 to 0.25", "above 0.25"]),
        ((0.123456, 0.123457, 2.0), False, ["below 0.123456", "0.123456 to 0.123457", "0.123457 to 2", "above 2"]),
    ],
)
def test_labels_have_the_digits_they_need(edges, whole, labels):
    assert bin_labels(Bins(edges, (0,) * (len(edges) + 1)), whole) == labels


def test_every_row_is_in_one_cell():
    before = ColumnProfile(
        "x", "DOUBLE", Kind.NUMBER, 3, special=Special(2, 1, 4), bins=Bins((0.0, 1.0, 2.0), (0, 50, 40, 0))
    )
    now = ColumnProfile("x", "DOUBLE", Kind.NUMBER, 5, special=Special(0, 0, 1), bins=Bins((), (0,)))
    (found,) = compare(Profile("", 100, (before,)), Profile("", 60, (now,)), {"x": Recount(bins=(7, 30, 10, 7))})
    assert found.state is State.COMPARED
    assert sum(cell.reference for cell in found.cells) == 100 and sum(cell.current for cell in found.cells) == 60
    assert sum(cell.current for cell in found.cells if cell.role is Role.NEW) == 14
    missing = [(cell.label, cell.reference, cell.current) for cell in found.cells if cell.role is Role.MISSING]
    assert missing == [("NaN", 2, 0), ("null", 3, 5)]
    effects = {shift.sort: shift.effect for shift in found.shifts}
    assert effects[Sort.MISSING] == pytest.approx(5 / 60 - 5 / 100) and effects[Sort.NEW] == pytest.approx(14 / 60)


def test_new_values_are_weighed_against_those_that_the_reference_has_once():
    def new_shift(once: int) -> float:
        values = (("usual", 1000 - once), *((f"rare {index}", 1) for index in range(once)))
        before = ColumnProfile("x", "VARCHAR", Kind.CATEGORY, 0, len(values), categories=Categories(values))
        now = ColumnProfile("x", "VARCHAR", Kind.TEXT, 0, 500)
        recount = Recount(categories=(970, *(0,) * once), new=tuple((f"new {index}", 1) for index in range(30)))
        (found,) = compare(Profile("", 1000, (before,)), Profile("", 1000, (now,)), {"x": recount})
        (shift,) = (each for each in found.shifts if each.sort is Sort.NEW)
        assert shift.effect == 0.03
        return shift.p

    assert new_shift(0) < 1e-6
    assert new_shift(30) == 1.0


def test_rows_of_a_rare_category_come_together_and_seldom_alarm():
    """Fifty categories in 200 rows: those that the reference happens to lack have several rows each."""
    chance, alarms = random.Random(6), 0  # noqa: S311
    for _ in range(3000):
        weights = [chance.gammavariate(2, 1) for _ in range(50)]
        before, now = (Counter(chance.choices(range(50), weights, k=200)) for _ in range(2))
        known = tuple((str(value), count) for value, count in before.most_common())
        column = ColumnProfile("x", "VARCHAR", Kind.CATEGORY, 0, categories=Categories(known))
        counted = tuple(now.pop(int(value), 0) for value, _ in known)
        recount = Recount(categories=counted, new=tuple((str(value), count) for value, count in now.items()))
        (found,) = compare(Profile("", 200, (column,)), Profile("", 200, (column,)), {"x": recount})
        alarms += next(shift.p for shift in found.shifts if shift.sort is Sort.NEW) <= 0.001
    assert alarms <= 6
