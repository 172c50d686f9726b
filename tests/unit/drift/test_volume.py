"""Rows a block of time: the t test against SciPy's, whole blocks alone, like against like; gaps and overlaps."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy
import pytest
import scipy.stats

from mlops_actions.data.profiles.blocks import Blocks, Unit
from mlops_actions.drift import series, volume
from mlops_actions.drift.rhythm import Unusable
from mlops_actions.drift.volume import Side

MONDAY = datetime(2024, 1, 1)


def days(rows: Sequence[int], first: int = 0, cut: timedelta = timedelta()) -> Side:
    """Whole days with so many rows each, from a Monday on; none where 0. The last ends so much earlier."""
    start = MONDAY + timedelta(days=first)
    places = [str((start + timedelta(days=day)).date()) for day, count in enumerate(rows) if count]
    blocks = Blocks("at", Unit.DAY, tuple(places), tuple(count for count in rows if count))
    return Side(blocks, (start, start + timedelta(days=len(rows)) - cut))


def noisy(chance: random.Random, number: int, mean: float, sd: float = 0.1) -> list[int]:
    return [round(mean * math.exp(chance.gauss(0, sd))) for _ in range(number)]


def test_where_blocks_forget_it_is_the_t_test_of_two_samples(monkeypatch):
    monkeypatch.setattr(series, "_memory", lambda *_: 0.0)
    chance = random.Random(1)  # noqa: S311
    before, now = noisy(chance, 12, 500), noisy(chance, 1, 620)
    found = volume.compare(days(before), days(now, 12))
    # One observation against twelve: the pooled variance is the first sample's.
    logs = [math.log(each) for each in before]
    mean, sd = sum(logs) / 12, math.sqrt(sum((each - sum(logs) / 12) ** 2 for each in logs) / 11)
    t = (math.log(now[0]) - mean) / (sd * math.sqrt(1 + 1 / 12))
    assert found.p == pytest.approx(2 * scipy.stats.t.sf(abs(t), 11), rel=1e-9)
    assert found.reference == pytest.approx(scipy.stats.gmean(before)) and found.current == pytest.approx(now[0])


def test_with_weekdays_it_is_the_prediction_of_a_regression_on_them(monkeypatch):
    monkeypatch.setattr(series, "_memory", lambda *_: 0.0)
    chance = random.Random(4)  # noqa: S311
    before, now = noisy(chance, 28, 500), noisy(chance, 10, 560)  # ten days: three weekdays are there twice
    found = volume.compare(days(before), days(now, 28))
    dummies = numpy.eye(7)[numpy.arange(28) % 7]
    fit, squares, *_ = numpy.linalg.lstsq(dummies, numpy.log(before), rcond=None)
    window = numpy.eye(7)[numpy.arange(10) % 7].mean(axis=0)
    variance = squares[0] / 21 * (window @ numpy.linalg.inv(dummies.T @ dummies) @ window + 1 / 10)
    t = (numpy.log(now).mean() - window @ fit) / math.sqrt(variance)
    assert found.p == pytest.approx(2 * scipy.stats.t.sf(abs(t), 21), rel=1e-9)


@pytest.mark.parametrize("memory", [0.0, 0.6])
def test_days_that_are_like_the_others_seldom_alarm(memory):
    chance, alarms = random.Random(5), 0  # noqa: S311
    for _ in range(400):
        level, rows = 0.0, []
        for _ in range(35):
            level = memory * level + chance.gauss(0, math.sqrt(1 - memory**2))
            rows.append(round(1000 * math.exp(0.3 * level)))
        alarms += volume.compare(days(rows[:28]), days(rows[28:], 28)).p <= 0.01
    assert alarms <= 0.03 * 400


def test_half_the_rows_are_seen():
    chance = random.Random(2)  # noqa: S311
    for _ in range(50):
        found = volume.compare(days(noisy(chance, 28, 1000, 0.2)), days(noisy(chance, 7, 400, 0.2), 28))
        assert found.p < 0.001 and found.is_material(2) and 0.3 < found.ratio < 0.5


def test_a_weekend_is_held_against_weekends():
    week = [1000, 1010, 990, 1000, 1005, 200, 190]
    reference = days([round(each * (1 + place % 3 / 100)) for place, each in enumerate(week * 4)])
    weekend, busy = days([201, 195], 33), days([1000, 1000], 33)
    assert volume.compare(reference, weekend).reference == pytest.approx(197, abs=5)
    assert volume.compare(reference, weekend).p > 0.05 and volume.compare(reference, busy).p < 1e-6


def test_a_block_that_has_begun_late_or_not_ended_does_not_count():
    reference = days([100] * 20)
    assert volume.compare(reference, days([100, 100, 30], 20, timedelta(hours=16))).blocks == 2
    assert volume.compare(reference, days([100, 100, 30], 20, timedelta(hours=6))).blocks == 3
    with pytest.raises(Unusable, match="no whole day"):
        volume.compare(reference, days([30], 20, timedelta(hours=16)))
    with pytest.raises(Unusable, match="6 whole days, and 7 are needed"):
        volume.compare(days([100] * 7, 0, timedelta(hours=16)), days([30], 20))
    blind = Side(reference.blocks, None)
    assert len(blind.whole) == 18


def test_rows_that_are_always_as_many_are_no_more_by_rounding():
    assert volume.compare(days([100] * 20), days([100] * 3, 20)).p == 1.0
    assert volume.compare(days([100] * 20), days([40] * 3, 20)).p == 0.0


# Gaps


def test_a_day_without_rows_is_a_gap_where_the_reference_has_none():
    assert volume.gaps(days([9] * 28), days([9, 0, 0, 9, 9], 28)) == ("2024-01-30", "2024-01-31")
    assert volume.gaps(days([9] * 28), days([9] * 5, 28)) == ()


def test_sundays_without_rows_are_usual():
    weeks = [9, 9, 9, 9, 9, 9, 0]
    assert volume.gaps(days(weeks * 4), days([9, 9, 9, 0, 9, 9, 0, 9], 28)) == ("2024-02-01",)


def test_why_gaps_are_not_looked_for():
    with pytest.raises(Unusable, match="spans 6 days, and 7"):
        volume.gaps(days([9] * 6), days([9] * 3, 28))
    with pytest.raises(Unusable, match="too, has days without rows"):
        volume.gaps(days([9, 0, 9, 9, 0, 9, 9, 9]), days([9, 0, 9], 28))
    far = Blocks("at", Unit.DAY, ("0002-01-01", "2024-02-01"), (1, 9))
    with pytest.raises(Unusable, match="more than 100,000 days"):
        volume.gaps(days([9] * 28), Side(far, None))
    with pytest.raises(Unusable, match="the calendar has no day of 12013-01-01"):
        volume.gaps(days([9] * 28), Side(Blocks("at", Unit.DAY, ("12013-01-01",), (1,)), None))


# Overlap


def test_times_overlap_where_both_have_some():
    one = (MONDAY, MONDAY + timedelta(days=7))
    assert volume.overlap(one, (MONDAY + timedelta(days=7), MONDAY + timedelta(days=9))) is None
    after = (MONDAY + timedelta(days=6), MONDAY + timedelta(days=9))
    assert volume.overlap(one, after) == volume.overlap(after, one) == (after[0], one[1])
    assert volume.overlap(one, None) is None
