"""How often the drift check alarms on data whose days resemble themselves, and what it still sees there.

    python bench/drift_rhythm.py --trials 1000
    python bench/drift_rhythm.py --trials 1000 --shift 0 --only 'AR(1), 0.9; 35 days, a week'

Each trial draws days of 15 columns (8 normal, 3 of categories, 2 of counts, 2 with nulls). What a day has of its own (a
mean, the weight of a category, a rate of nulls) follows an autoregressive process of order 1, a weekday pattern, or
both; columns are independent of each other. The reference is the first days, the current data the last ones; both are
counted by NumPy in the library's edges and go through the library's comparison and decision, with blocks of a day and
without. Seeded. Needs numpy.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import NormalDist

import numpy as np

from mlops_actions.data.profiles.blocks import Blocks, ColumnBlocks, Unit
from mlops_actions.data.profiles.profile import Bins, Categories, ColumnProfile, Kind, Profile, Range
from mlops_actions.data.profiles.profiling import Recount
from mlops_actions.drift import rhythm
from mlops_actions.drift.compare import compare
from mlops_actions.drift.decision import Thresholds, decide

EDGES = tuple(NormalDist().inv_cdf(each / 20) for each in range(1, 20))
LEVELS = 5
FIRST = date(2013, 1, 1)


@dataclass(frozen=True, slots=True)
class World:
    """What days are like.

    ``memory`` of one for the next; ``own`` the deviation of what each has of its own, in standard deviations of a row;
    ``weekend`` what Saturdays and Sundays have besides.
    """

    memory: float = 0.0
    own: float = 0.0
    weekend: float = 0.0


@dataclass(frozen=True, slots=True)
class Shape:
    """Days of the reference, days of the window, rows of a day."""

    reference: int
    window: int
    rows: int


def effects(random: np.random.Generator, world: World, days: int) -> np.ndarray:
    """What each day has of its own."""
    noise = random.normal(size=days + 100)
    found = np.zeros(days + 100)
    for day in range(1, days + 100):
        found[day] = world.memory * found[day - 1] + math.sqrt(1 - world.memory**2) * noise[day]
    weekend = [world.weekend if (FIRST + timedelta(days=day)).weekday() >= 5 else 0.0 for day in range(days)]
    return np.asarray(world.own * found[100:] + np.array(weekend), dtype=float)


def counted(random: np.random.Generator, kind: str, effect: float, rows: int) -> tuple[np.ndarray, int]:
    """A day's counts in the cells of a column of a kind, and its nulls."""
    if kind == "levels":
        weights = np.array([0.4, 0.25, 0.2, 0.1, 0.05]) * np.exp(effect * np.array([1, -1, 0.5, 0, -0.5]))
        return random.multinomial(rows, weights / weights.sum()), 0
    nulls = 0
    if kind == "nulls":
        nulls = int(random.binomial(rows, 0.05 * min(math.exp(effect), 10)))
        effect = 0.0
    if kind == "counts":
        events = random.poisson(3 * math.exp(0.5 * effect), size=rows)
        return np.bincount(np.minimum(events, 12), minlength=13), 0
    values = random.normal(size=rows - nulls) + effect
    return np.bincount(np.searchsorted(EDGES, values), minlength=20), nulls


KINDS = [*["normal"] * 8, *["levels"] * 3, *["counts"] * 2, *["nulls"] * 2]


Sides = tuple[ColumnProfile, ColumnProfile, Recount]


def sides(random: np.random.Generator, name: str, kind: str, shape: Shape, effect: np.ndarray) -> Sides:
    """A column's profile on both sides, and the window's counts in the reference's cells."""
    parts = [counted(random, kind, each, shape.rows) for each in effect]
    cells, nulls = np.array([each for each, _ in parts]), [each for _, each in parts]
    at = shape.reference
    blocks = ColumnBlocks(tuple(nulls[:at]), counts=tuple(tuple(map(int, each)) for each in cells[:at]))
    before = replace(column(name, kind, cells[:at].sum(axis=0), sum(nulls[:at])), blocks=blocks)
    now = tuple(map(int, cells[at:].sum(axis=0)))
    recount = Recount(categories=now) if kind == "levels" else Recount(bins=now)
    return before, column(name, kind, cells[at:].sum(axis=0), sum(nulls[at:])), recount


def profile(columns: list[ColumnProfile], days: range, rows: int) -> Profile:
    starts = tuple(str(FIRST + timedelta(days=day)) for day in days)
    return Profile("", rows * len(days), tuple(columns), Blocks("day", Unit.DAY, starts, (rows,) * len(days)))


def trial(random: np.random.Generator, world: World, shape: Shape, shift: float) -> tuple[bool, bool, bool]:
    """Whether the data set is flagged with blocks and without, and whether the shifted column is, with blocks."""
    days = shape.reference + shape.window
    made: dict[str, Sides] = {}
    for index, kind in enumerate(KINDS):
        effect = effects(random, world, days)
        if index == 0:
            effect[shape.reference :] += shift
        made[f"{kind}{index}"] = sides(random, f"{kind}{index}", kind, shape, effect)
    one = profile([before for before, _, _ in made.values()], range(shape.reference), shape.rows)
    other = profile([now for _, now, _ in made.values()], range(shape.reference, days), shape.rows)
    recounts = {name: recount for name, (_, _, recount) in made.items()}
    by_day, by_row = (
        decide(compare(one, other, recounts, each), (one.rows, other.rows), Thresholds())
        for each in (rhythm.of(one.time, other.time), None)
    )
    return any(each.drifted for each in by_day), any(each.drifted for each in by_row), by_day[0].drifted


def column(name: str, kind: str, counts: np.ndarray, nulls: int) -> ColumnProfile:
    """A column's profile; of categories the counts of each, of numbers of bins, the outer of which are not empty."""
    cells = tuple(map(int, counts))
    if kind == "levels":
        values = Categories(tuple((f"level {level}", count) for level, count in enumerate(cells)))
        return ColumnProfile(name, "VARCHAR", Kind.CATEGORY, nulls, LEVELS, categories=values)
    edges = EDGES if len(cells) == 20 else tuple(float(each) for each in range(12))
    return ColumnProfile(name, "DOUBLE", Kind.NUMBER, nulls, range=Range(-9.0, 9.0), bins=Bins(edges, cells))


WORLDS = {
    "independent rows": World(),
    "AR(1), 0.5": World(0.5, 0.2),
    "AR(1), 0.7": World(0.7, 0.3),
    "AR(1), 0.9": World(0.9, 0.3),
    "weekdays": World(0.0, 0.0, 0.5),
    "weekdays and AR(1), 0.5": World(0.5, 0.2, 0.5),
    "weekdays and AR(1), 0.9": World(0.9, 0.3, 0.5),
}
SHAPES = {
    "35 days, a day": Shape(35, 1, 500),
    "35 days, a week": Shape(35, 7, 500),
    "240 days, a week": Shape(240, 7, 500),
    "240 days, a month": Shape(240, 30, 500),
}


def interval(hits: int, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval, in percent."""
    z, share = 1.96, hits / trials
    center, spread = share + z * z / (2 * trials), z * math.sqrt(share * (1 - share) / trials + (z / (2 * trials)) ** 2)
    return 100 * (center - spread) / (1 + z * z / trials), 100 * (center + spread) / (1 + z * z / trials)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--shift", type=float, nargs="+", default=[0.0, 0.5])
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--only", help="part of a world and its shape, as 'AR(1), 0.9; 35 days, a week'", default="")
    options = parser.parse_args()
    print(
        "| rows are | reference, window | mean shifted by, sd | flagged by blocks | by rows | the column, by blocks |"
    )
    print("|---|---|---|---|---|---|")
    for name, world in WORLDS.items():
        for said, shape in SHAPES.items():
            if options.only not in f"{name}; {said}":
                continue
            for shift in options.shift:
                random = np.random.default_rng(options.seed)
                found = [trial(random, world, shape, shift) for _ in range(options.trials)]
                by_day, by_row, column_ = (sum(each) for each in zip(*found, strict=True))
                low, high = interval(by_day, options.trials)
                shares = f"{by_day / options.trials:.1%} ({low:.1f} to {high:.1f}) | {by_row / options.trials:.1%}"
                print(f"| {name} | {said} | {shift} | {shares} | {column_ / options.trials:.1%} |", flush=True)


if __name__ == "__main__":
    main()
