"""How often the drift check alarms without drift, and how often it sees a shift of a known size.

    python bench/drift_simulation.py --trials 1000 --rows 200 2000 20000
    python bench/drift_simulation.py --pairs --trials 1000 --rows 200 2000 20000

Each trial draws a reference and a current data set of 15 independent columns
(5 normal, 2 lognormal, uniform, Poisson, zero-inflated exponential; categories
of 2, 3, 5, 16 and 50 levels), and carries both through the library's own bins,
comparison and decision. NumPy counts, in the library's edges; with `--scan`
DuckDB does, through the library's own query, which gives the same counts and
takes a hundred times as long. With `--pairs` it is 15 columns that go together:
heavy tails (Student's t of 2 to 4 degrees of freedom), spread that depends on
another column, squares, rounded and mostly constant ones; and the 105 pairs of
them are judged. Needs numpy, and pyarrow for `--scan`. Seeded: a
run is repeatable.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
from drift_data import SHIFTS, Data, is_category, trial
from drift_peers import PEERS
from peers import environment
from scipy import stats

from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.profiles import bins, correlating, correlations, profiling
from mlops_actions.data.profiles.correlations import Correlations
from mlops_actions.data.profiles.profile import Bins, Categories, ColumnProfile, Kind, Profile, Range
from mlops_actions.data.sources.relation import Column, Relation
from mlops_actions.drift import pairs
from mlops_actions.drift.check import OF_PAIRS
from mlops_actions.drift.compare import compare
from mlops_actions.drift.decision import LEVEL, MASS, Decision, Thresholds, decide
from mlops_actions.drift.statistics import holm


def check(reference: Data, current: Data, thresholds: Thresholds, by_engine: bool) -> list[Decision]:
    """The decisions on two data sets."""
    before, now, recounts = (scanned if by_engine else counted)(reference, current)
    return decide(compare(before, now, recounts), (before.rows, now.rows), thresholds)


def counted(reference: Data, current: Data) -> tuple[Profile, Profile, dict[str, profiling.Recount]]:
    """Both profiles, and the current data's counts in the reference's bins, counted by NumPy."""
    before, now, recounts = [], [], {}
    rows = len(next(iter(reference.values())))
    for name, old in reference.items():
        new = current[name]
        if is_category(name):
            one, other = (
                dict(zip(*np.unique(each.astype(str), return_counts=True), strict=True)) for each in (old, new)
            )
            before.append(category(name, categories(one)))
            now.append(category(name, categories(other)))
            recounts[name] = recounted(categories(one), other)
        else:
            before.append(number(name, old, rows))
            now.append(number(name, new, rows))
            edges = before[-1].bins.edges if before[-1].bins else ()
            recounts[name] = profiling.Recount(bins=bins.counts(edges, histogram(finite(new), edges)))
    return Profile("", rows, tuple(before)), Profile("", rows, tuple(now)), recounts


def recounted(names: Categories, values: dict[str, int]) -> profiling.Recount:
    there = {name for name, _ in names.values}
    added = tuple((value, int(count)) for value, count in values.items() if value not in there)
    return profiling.Recount(categories=tuple(int(values.get(name, 0)) for name, _ in names.values), new=added)


def finite(values: np.ndarray) -> np.ndarray:
    there: np.ndarray = values != None  # noqa: E711  # pylint: disable=singleton-comparison  # elementwise
    return np.asarray(values[there], dtype=float)


def histogram(values: np.ndarray, edges: tuple[float, ...]) -> dict[float, int]:
    """What the engine's histogram gives: values up to each edge, and beyond the last."""
    places = np.bincount(np.searchsorted(edges, values, side="left"), minlength=len(edges) + 1)
    return dict(zip((*edges, math.inf), map(int, places), strict=True))


def number(name: str, values: np.ndarray, rows: int) -> ColumnProfile:
    values = finite(values)
    first = np.quantile(values[: profiling.LOOK], [0.05, 0.25, 0.5, 0.75, 0.95], method="inverted_cdf")
    whole = name.startswith("poisson")
    fine = histogram(values, bins.fine(first.tolist(), whole))
    low, high = float(values.min()), float(values.max())
    edges = bins.coarse(fine, low, high, whole)
    stored = Bins(edges, (0, *bins.counts(edges[1:-1], fine), 0))
    kind = "BIGINT" if whole else "DOUBLE"
    return ColumnProfile(name, kind, Kind.NUMBER, rows - len(values), range=Range(low, high), bins=stored)


def categories(values: dict[str, int]) -> Categories:
    ranked = sorted(values.items(), key=lambda each: -each[1])
    return Categories(tuple((str(value), int(count)) for value, count in ranked))


def category(name: str, values: Categories) -> ColumnProfile:
    return ColumnProfile(name, "VARCHAR", Kind.CATEGORY, 0, len(values.values), categories=values)


def scanned(reference: Data, current: Data) -> tuple[Profile, Profile, dict[str, profiling.Recount]]:
    """The same, counted by the library's own query."""
    import duckdb  # pylint: disable=import-outside-toplevel  # both for --scan alone
    import pyarrow as pa  # pylint: disable=import-outside-toplevel,import-error

    with duckdb.connect(":memory:") as connection:
        relations = []
        for name, data in (("reference", reference), ("current", current)):
            connection.register(name, pa.table({column: pa.array(values) for column, values in data.items()}))
            described = connection.execute(f"DESCRIBE {name}").fetchall()
            relations.append(Relation(name, name, tuple(Column(row[0], row[1]) for row in described), ()))
        session = DuckSession(connection)
        before = profiling.profile(session, relations[0])
        plan = profiling.plan(session, relations[1], like=before)
        values = session.aggregate(relations[1], plan.aggregates)
        return before, profiling.build(plan, values), profiling.recount(plan, values)


def interval(hits: int, trials: int) -> tuple[float, float]:
    """Wilson's 95 % interval (Wilson, "Probable Inference", JASA 22, 1927)."""
    z = NormalDist().inv_cdf(0.975)
    share, scale = hits / trials, 1 + z * z / trials
    middle = (share + z * z / (2 * trials)) / scale
    half = z / scale * math.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    return max(0.0, middle - half), min(1.0, middle + half)


@dataclass(frozen=True, slots=True)
class Judged:
    """What is said of a trial: the columns that are flagged, and whether the data set is."""

    columns: frozenset[str]
    flagged: bool


def ours(sides: tuple[Data, Data], options: argparse.Namespace) -> Judged:
    decisions = check(*sides, Thresholds(mass=options.threshold), options.scan)
    drifted = frozenset(each.comparison.name for each in decisions if each.drifted)
    return Judged(drifted, bool(drifted))


def tested(sides: tuple[Data, Data]) -> dict[str, float]:
    """Each column's p-value by SciPy; missing values are left out, as its tests want it."""
    found = {}
    for name, old in sides[0].items():
        new = sides[1][name]
        if is_category(name):
            known, places = np.unique(np.concatenate([old, new]).astype(str), return_inverse=True)
            counts = [np.bincount(each, minlength=len(known)) for each in (places[: len(old)], places[len(old) :])]
            found[name] = float(stats.chi2_contingency(counts).pvalue) if len(known) > 1 else 1.0
        else:
            found[name] = float(stats.ks_2samp(finite(old), finite(new)).pvalue)
    return found


def by_level(p_values: dict[str, float], level: float) -> Judged:
    drifted = frozenset(name for name, p in p_values.items() if p < level)
    return Judged(drifted, bool(drifted))


def of_peer(name: str, rows: int, shift: str, options: argparse.Namespace) -> list[Judged]:
    """What a peer says of the same trials."""
    python = environment(options.environments.absolute(), name, PEERS[name])
    asked = [shift, *map(str, (options.seed, rows, options.columns, options.trials))]
    script = Path(__file__).with_name("drift_judges.py")
    said = subprocess.run(
        [python, script, name, *asked],
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "NML_DISABLE_USAGE_LOGGING": "1"},
    ).stdout
    lines = [json.loads(line) for line in said.splitlines() if line.startswith(b"[[")]
    if len(lines) != options.trials:
        raise RuntimeError(f"{name} answered {len(lines)} of {options.trials} trials")
    return [Judged(frozenset(columns), flagged) for columns, flagged in lines]


def table(rows: int, shift: str, options: argparse.Namespace) -> Iterator[str]:
    """The lines of the table of one size and one shift: what became of all trials, by each judge."""
    judged: dict[str, list[Judged]] = {"ours": []}
    for number_ in range(options.trials):
        sides = trial((options.seed, rows, number_), options.columns, shift)
        judged["ours"].append(ours(sides, options))
        if options.alone:
            continue
        p_values = tested(sides)
        judged.setdefault("SciPy", []).append(by_level(p_values, 0.05))
        judged.setdefault("Bonferroni", []).append(by_level(p_values, 0.05 / len(p_values)))
    judged |= {name: of_peer(name, rows, shift, options) for name in options.peers}
    column = SHIFTS[shift][0]
    for name, found in judged.items():
        low, high = interval(flagged := sum(each.flagged for each in found), options.trials)
        any_column = sum(bool(each.columns) for each in found)
        share = f"{sum(column in each.columns for each in found) / options.trials:.1%}" if column else ""
        yield (
            f"| {rows:,} | {shift} | {name} | {flagged} of {options.trials} ({low:.1%} to {high:.1%}) "
            f"| {any_column} | {share} |"
        )


# Pairs of columns


def related(random: np.random.Generator, rows: int) -> np.ndarray:
    """15 columns that go together through one that is none of them."""
    common = random.standard_t(3, size=rows)
    own = [random.standard_t(2 if place % 2 else 4, size=rows) for place in range(15)]
    found = [common * (2 + place) + 0.3 * own[place] for place in range(4)]
    found += [common + own[place] * np.exp(np.abs(common) / 2) for place in range(4, 8)]
    found += [sign * common**2 + 0.5 * own[8 + place] for place, sign in enumerate((1, -1))]
    found += [np.round(common + own[place]) for place in (10, 11)]
    found += [(common + own[12] > 1).astype(float)]
    found += [np.where(random.uniform(size=rows) < 0.9, 0.0, np.exp(common.clip(-20, 20))), own[14]]
    return np.array(found)


def unrelated(random: np.random.Generator, data: np.ndarray) -> np.ndarray:
    """The same, but half of the rows of the last column but three have the value of some other row."""
    rows = random.uniform(size=data.shape[1]) < 0.5
    data[11, rows] = random.permutation(data[11, rows])
    return data


def correlated(data: np.ndarray) -> Correlations:
    """The pairs of all columns, counted by NumPy in the library's levels."""
    places = []
    for values in data:
        known = number("", values, len(values)).bins
        places.append(np.searchsorted(correlating.levels(known) if known else (), values, side="left"))
    tables = (np.bincount(one * 10 + other, minlength=100) for one, other in correlations.names(places))
    pairs_ = tuple(correlations.estimate(table.reshape(10, 10).tolist()) for table in tables)
    return Correlations(data.shape[1], tuple(f"x{place}" for place in range(len(data))), pairs_)


def line_of_pairs(rows: int, name: str, options: argparse.Namespace) -> str:
    flagged = alone = 0
    for seed in range(options.trials):
        random = np.random.default_rng([options.seed, rows, seed])
        reference, current = related(random, rows), related(random, rows)
        if name:
            current = unrelated(random, current)
        before = correlated(reference)
        sides = pairs.Sides(Profile("", rows, (), None, before), Profile("", rows, ()), correlated(current))
        changes = pairs.changes(sides, before.columns)
        real = holm([each.p for each in changes], OF_PAIRS * LEVEL)
        flagged += any(is_real and each.effect >= pairs.MATERIAL for each, is_real in zip(changes, real, strict=True))
        alone += any(real)
    low, high = interval(flagged, options.trials)
    return f"| {rows:,} | {name or 'no drift'} | {flagged} of {options.trials} ({low:.1%} to {high:.1%}) | {alone} |"


def main_of_pairs(options: argparse.Namespace) -> None:
    print("| rows | shift | a pair flagged | real, whatever its size |")
    print("|---|---|---|---|")
    for rows in options.rows:
        for name in ("", "half of a column shuffled"):
            print(line_of_pairs(rows, name, options), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, nargs="+", default=[200, 2_000, 20_000])
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--shift", nargs="+", default=list(SHIFTS), choices=list(SHIFTS))
    parser.add_argument("--columns", type=int, default=15)
    parser.add_argument("--alone", action="store_true", help="without SciPy")
    parser.add_argument("--peers", nargs="*", choices=["evidently", "nannyml"], default=[])
    parser.add_argument("--environments", type=Path, default=Path("environments"))
    parser.add_argument("--threshold", type=float, default=MASS)
    parser.add_argument("--scan", action="store_true")
    parser.add_argument("--pairs", action="store_true")
    parser.add_argument("--seed", type=int, default=2026)
    options = parser.parse_args()
    if options.pairs:
        main_of_pairs(options)
        return
    print("| rows | shift | judge | data set flagged | any column | the column |")
    print("|---|---|---|---|---|---|")
    for rows in options.rows:
        for name in options.shift:
            for line in table(rows, name, options):
                print(line, flush=True)


if __name__ == "__main__":
    main()
