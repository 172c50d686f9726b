"""The data of the drift simulations: columns of nine distributions, and shifts of a known size. Needs numpy alone.

A trial has a reference and current data of as many rows, 15 independent columns (5 normal, 2 lognormal, uniform,
Poisson, zero-inflated exponential; categories of 2, 3, 5, 16 and 50 levels of random weights) or more of the same
kinds. Its seed, rows and number of columns give the same data in each process that asks, so that peers in environments
of their own judge what ours judges.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

Data = dict[str, "np.ndarray"]
LEVELS = (2, 3, 5, 16, 50)
ALIKE = 15
"""Columns after which the kinds begin again."""


def trial(seed: tuple[int, int, int], columns: int, shift: str) -> tuple[Data, Data]:
    """The reference and the current data of a trial; ``seed`` is of the run, of the rows (their number) and of it."""
    random, rows = np.random.default_rng(seed), seed[1]
    sides: tuple[Data, Data] = ({}, {})
    for first in range(0, columns, ALIKE):
        weights = [random.dirichlet(np.full(levels, 2.0)) for levels in LEVELS]
        for side in sides:
            made = draw(random, rows, weights)
            side |= {name if first == 0 else f"{name}_{first}": values for name, values in made.items()}
    reference, current = ({name: side[name] for name in list(side)[:columns]} for side in sides)
    SHIFTS[shift][1](random, current)
    return reference, current


def draw(random: np.random.Generator, rows: int, weights: list[np.ndarray]) -> Data:
    data: Data = {f"normal{i}": random.normal(size=rows) for i in range(5)}
    data |= {f"lognormal{i}": random.lognormal(size=rows) for i in range(2)}
    data["uniform"] = random.uniform(size=rows)
    data["poisson"] = random.poisson(3, size=rows)
    data["zeros"] = np.where(random.uniform(size=rows) < 0.5, 0.0, random.exponential(size=rows))
    for levels, weight in zip(LEVELS, weights, strict=True):
        data[f"levels{levels}"] = np.array([f"level {i}" for i in range(levels)], dtype=object)[
            random.choice(levels, size=rows, p=weight)
        ]
    return data


def is_category(name: str) -> bool:
    return name.startswith("levels")


def none(_random: np.random.Generator, _data: Data) -> None:
    """No drift."""


def mean(size: float) -> Callable[[np.random.Generator, Data], None]:
    def shift(_random: np.random.Generator, data: Data) -> None:
        data["normal0"] = data["normal0"] + size

    return shift


def variance(_random: np.random.Generator, data: Data) -> None:
    data["normal0"] = data["normal0"] * math.sqrt(1.5)


def new_category(random: np.random.Generator, data: Data) -> None:
    column = data["levels16"]
    column[random.uniform(size=len(column)) < 0.02] = "a new level"


def nulls(random: np.random.Generator, data: Data) -> None:
    column = data["normal0"].astype(object)
    column[random.uniform(size=len(column)) < 0.05] = None
    data["normal0"] = column


SHIFTS: dict[str, tuple[str, Callable[[np.random.Generator, Data], None]]] = {
    "no drift": ("", none),
    "mean 0.1 sd": ("normal0", mean(0.1)),
    "mean 0.25 sd": ("normal0", mean(0.25)),
    "mean 0.5 sd": ("normal0", mean(0.5)),
    "variance x 1.5": ("normal0", variance),
    "new category, 2 %": ("levels16", new_category),
    "nulls 0 to 5 %": ("normal0", nulls),
}
"""Name to the column that is shifted, and how."""
