"""A column drifts when a shift is both real and material; one alone is said and is no drift."""

from __future__ import annotations

import pytest

from mlops_actions.data.profiles.profile import ColumnProfile, Kind
from mlops_actions.drift.compare import Comparison, Shift, Sort, State
from mlops_actions.drift.decision import FEW, LEVEL, Finding, Thresholds, decide

SIDE = ColumnProfile("x", "DOUBLE", Kind.NUMBER, 0)
ROWS = (1000, 1000)


def column(*shifts: tuple[Sort, float, float]) -> Comparison:
    mass = [] if any(sort is Sort.MASS for sort, _, _ in shifts) else [Shift(Sort.MASS, 0.0, 1.0)]
    return Comparison(SIDE, State.COMPARED, SIDE, SIDE, (), (*mass, *(Shift(*each) for each in shifts)))


def finding(*shifts: tuple[Sort, float, float], rows: tuple[int, int] = ROWS) -> Finding:
    (found,) = decide([column(*shifts)], rows, Thresholds())
    return found.finding


def test_real_and_material():
    assert finding((Sort.MASS, 0.05, 1e-6)) is Finding.DRIFTED
    assert finding((Sort.MASS, 0.049, 1e-6)) is Finding.SMALL
    assert finding((Sort.MASS, 0.5, 0.2)) is Finding.STABLE
    assert finding((Sort.MISSING, 0.02, 1e-6)) is Finding.DRIFTED
    assert finding((Sort.NEW, 0.01, 1e-6)) is Finding.DRIFTED


def test_a_shift_is_material_by_its_own_threshold_only_if_it_is_real_itself():
    assert finding((Sort.MASS, 0.01, 1e-9), (Sort.MISSING, 0.5, 0.5)) is Finding.SMALL


def test_the_deciding_shift_is_the_one_that_exceeds_its_threshold_most():
    (found,) = decide([column((Sort.MASS, 0.1, 1e-9), (Sort.NEW, 0.09, 1e-9))], ROWS, Thresholds())
    assert (found.shift.sort, found.threshold, round(found.weight)) == (Sort.NEW, 0.01, 9)


def test_many_columns_share_one_level():
    p = LEVEL / 2
    alone = decide([column((Sort.MASS, 0.5, p))], ROWS, Thresholds())
    among = decide(
        [column((Sort.MASS, 0.5, p)), *(column((Sort.MASS, 0.5, 0.9)) for _ in range(200))], ROWS, Thresholds()
    )
    assert alone[0].drifted and not any(each.drifted for each in among)


def test_few_rows_can_drift_and_cannot_pass():
    assert finding((Sort.MASS, 1.0, 1e-9), rows=(1000, FEW - 1)) is Finding.DRIFTED
    assert finding((Sort.MASS, 0.5, 0.5), rows=(1000, FEW - 1)) is Finding.TOO_FEW
    assert finding((Sort.MASS, 0.5, 0.5), rows=(1000, FEW)) is Finding.STABLE


@pytest.mark.parametrize("sort", [Sort.NEW, Sort.MISSING])
def test_a_handful_of_rows_is_left_open_however_unlikely_it_is(sort):
    for rows in (1, 4, 20, 200):
        handful = min(rows, 4) / rows
        assert finding((sort, handful, 1e-9), rows=(100_000, rows)) is Finding.TOO_FEW, rows
    assert finding((Sort.MASS, 1.0, 1e-9), rows=(100_000, 4)) is Finding.TOO_FEW
    assert finding((sort, 5 / 20, 1e-9), rows=(100_000, 20)) is Finding.DRIFTED
    assert finding((sort, 4 / 100_000, 1e-9), rows=(100_000, 100_000)) is Finding.SMALL, "it would not matter"


def test_a_handful_of_rows_is_no_drift_of_the_whole_distribution_either():
    def with_mass(moved, p):
        return finding((Sort.NEW, 0.04, 1e-9), (Sort.MASS, moved, p), rows=(100_000, 100))

    assert with_mass(0.1, 2e-9) is with_mass(0.08, 1e-12) is Finding.TOO_FEW
    assert with_mass(0.1, 1e-12) is Finding.DRIFTED
    assert finding((Sort.NEW, 0.04, 1e-9), (Sort.MISSING, 0.2, 1e-9), rows=(100_000, 100)) is Finding.DRIFTED


def test_where_any_new_value_matters_one_row_does():
    (found,) = decide([column((Sort.NEW, 1.0, 1e-9))], (100_000, 1), Thresholds(0.0, 0.0, 0.0))
    assert found.drifted
