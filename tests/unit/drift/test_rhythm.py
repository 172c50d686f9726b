"""Blocks of time as the yardstick: few alarms where days only resemble themselves, and the eye for what is beyond that."""

from __future__ import annotations

import math
import random
from bisect import bisect_right
from datetime import date, timedelta
from statistics import NormalDist

import pytest
from scipy import stats

from mlops_actions.data.profiles.blocks import Blocks, Unit
from mlops_actions.drift import rhythm, statistics
from mlops_actions.drift.effects import total_variation
from mlops_actions.drift.rhythm import Rhythm, Unusable

EDGES = [NormalDist().inv_cdf(each / 10) for each in range(1, 10)]
ROWS = 300


def days(number: int, first: date = date(2024, 1, 1)) -> Blocks:
    starts = tuple(str(first + timedelta(days=day)) for day in range(number))
    return Blocks("at", Unit.DAY, starts, (ROWS,) * number)


def counted(chance: random.Random, effect: float) -> list[int]:
    """A day's rows in ten cells, all as likely as each other but for what the day has of its own."""
    shares = [NormalDist(effect).cdf(edge) for edge in EDGES]
    found = [0] * 10
    for _ in range(ROWS):
        found[bisect_right(shares, chance.random())] += 1
    return found


def autoregressive(chance: random.Random, number: int, memory: float, own: float) -> list[float]:
    state, found = chance.gauss(0, 1), []
    for _ in range(number):
        state = memory * state + math.sqrt(1 - memory**2) * chance.gauss(0, 1)
        found.append(own * state)
    return found


def totals(blocks: list[list[int]]) -> list[int]:
    return [sum(each) for each in zip(*blocks, strict=True)]


def p_values(memory: float, own: float, shift: float, trials: int = 80) -> tuple[list[float], list[float]]:
    """Those of a week after 28 days, by the blocks and by rows as if they were independent."""
    chance = random.Random(11)  # noqa: S311
    by_block, by_row = [], []
    plain = Rhythm(Unit.DAY, tuple(range(28)), (ROWS,) * 28, (0,) * 28, 7.0, {0: 1.0})
    for _ in range(trials):
        effects = autoregressive(chance, 35, memory, own)
        blocks = [counted(chance, effect + (shift if day >= 28 else 0)) for day, effect in enumerate(effects)]
        current = totals(blocks[28:])
        by_block.append(plain.p_value(blocks[:28], current))
        by_row.append(statistics.homogeneity(totals(blocks[:28]), current))
    return by_block, by_row


def share_below(values: list[float], bound: float) -> float:
    return sum(each < bound for each in values) / len(values)


@pytest.mark.parametrize(("memory", "own"), [(0.0, 0.0), (0.0, 0.2), (0.5, 0.2), (0.7, 0.3)])
def test_days_that_resemble_themselves_seldom_alarm(memory, own):
    by_block, by_row = p_values(memory, own, 0.0)
    assert share_below(by_block, 0.01) <= 0.05
    assert share_below(by_block, 0.001) <= 0.0125
    assert share_below(by_row, 0.01) >= (0.2 if own else 0.0)


@pytest.mark.parametrize(("memory", "own"), [(0.0, 0.0), (0.0, 0.1)])
def test_what_is_beyond_the_rhythm_is_seen(memory, own):
    by_block, _ = p_values(memory, own, 0.5, trials=30)
    assert share_below(by_block, 0.001) >= 0.9


def test_a_weekend_is_held_against_weekends():
    chance = random.Random(3)  # noqa: S311
    first = date(2024, 1, 1)  # a Monday
    blocks = [counted(chance, 0.6 if day % 7 >= 5 else 0.0) for day in range(37)]
    made = rhythm.of(days(35), days(2, first + timedelta(days=40)))
    assert made.is_seasonal and set(made.mix) == {5, 6}
    weekend = totals([blocks[5], blocks[6]])
    assert made.p_value(blocks[:35], weekend) > 0.01
    assert total_variation(made.expected(blocks[:35]), weekend) < 0.08 < total_variation(totals(blocks[:35]), weekend)
    working = totals([blocks[0], blocks[1]])
    assert made.p_value(blocks[:35], working) < 1e-4  # as a weekend, it is none


def test_blocks_say_nothing_of_cells_that_none_of_them_has():
    made = rhythm.of(days(30), days(7, date(2024, 3, 1)))
    assert made.p_value([[ROWS, 0]] * 30, [ROWS, 20]) == 0.0


def test_rows_without_a_time_are_in_no_block():
    reference = Blocks("at", Unit.MONTH, (*(f"2024-{month:02}-01" for month in range(1, 11)), None), (ROWS,) * 11)
    made = rhythm.of(reference, Blocks("at", Unit.MONTH, ("2025-02-01", None), (ROWS, 7)))
    assert made.places == tuple(range(10)) and made.window == 1.0
    assert not made.is_seasonal  # no month is there twice


@pytest.mark.parametrize(
    ("reference", "current", "why"),
    [
        (None, days(7), "no blocks of time"),
        (days(30), None, "no blocks of time by `at`"),
        (days(5), days(7), "5 blocks of time, and 7 are needed"),
        (days(30), Blocks("at", Unit.HOUR, ("2024-01-01 00:00:00",), (ROWS,)), "the current data by hour"),
        (days(30), Blocks("at", Unit.DAY, (None,), (ROWS,)), "no row of the current data has a time"),
    ],
)
def test_why_blocks_are_no_yardstick(reference, current, why):
    with pytest.raises(Unusable, match=why):
        rhythm.of(reference, current)


def test_a_window_shorter_than_a_block_may_differ_more():
    weeks = Blocks(
        "at", Unit.WEEK, tuple(str(date(2024, 1, 1) + timedelta(weeks=each)) for each in range(20)), (ROWS,) * 20
    )
    current = Blocks("at", Unit.WEEK, ("2024-06-03",), (ROWS,))
    windows = [
        rhythm.of(weeks, current, span).window for span in (None, timedelta(days=14), timedelta(hours=84), timedelta())
    ]
    assert windows == [1.0, 1.0, 0.5, 0.02]
    chance = random.Random(8)  # noqa: S311
    blocks = [counted(chance, chance.gauss(0, 0.2)) for _ in range(20)]
    values = [
        rhythm.of(weeks, current, span).p_value(blocks, counted(chance, 0.6)) for span in (None, timedelta(hours=8))
    ]
    assert values[0] < values[1]


def test_place_is_that_of_a_t_test_where_days_remember_nothing():
    chance = random.Random(5)  # noqa: S311
    blocks = [counted(chance, chance.gauss(0, 0.3)) for _ in range(40)]
    current = counted(chance, 0.9)
    plain = Rhythm(Unit.DAY, tuple(range(40)), (ROWS,) * 40, (0,) * 40, 1.0, {0: 1.0})
    sums = totals(blocks)
    ranks = [(sum(sums[:cell]) + sums[cell] / 2) / sum(sums) for cell in range(10)]
    *before, now = [sum(map(math.prod, zip(each, ranks, strict=True))) / ROWS for each in (*blocks, current)]
    memory = stats.pearsonr(before[1:], before[:-1]).statistic
    assert abs(memory) < 0.1
    # An estimate of that memory only makes a window less certain.
    least = stats.ttest_ind(before, [now]).pvalue
    assert least <= plain.p_value_of_place(blocks, current) <= 3 * least
    assert plain.p_value_of_place(blocks, sums) == 1.0
    turned = [each[::-1] for each in blocks]
    assert plain.p_value_of_place(turned, current[::-1]) == pytest.approx(plain.p_value_of_place(blocks, current))


def test_place_says_nothing_of_a_season_without_values_and_of_no_rows():
    blocks = [[5, 5]] * 14
    seasonal = Rhythm(Unit.DAY, tuple(range(14)), (10,) * 14, (0, 1) * 7, 1.0, {1: 1.0})
    assert seasonal.p_value_of_place([[5, 5], [0, 0]] * 7, [0, 10]) == 1.0
    assert seasonal.p_value_of_place(blocks, [0, 0]) == seasonal.p_value_of_place([[0, 0]] * 14, [0, 10]) == 1.0
