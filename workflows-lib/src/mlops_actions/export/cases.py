"""The rows that original and export are compared on.

The model's recorded example; a thousand rows drawn from the training profile's
ranges, categories and shares of missing values; and one row each for what an
edge meets sooner or later: a missing value in each column that may miss one,
a category that was never seen. Drawn with a fixed seed: the same profile gives
the same rows.
"""

from __future__ import annotations

import random
import struct
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlops_actions.export.source import BOOLEAN, INTEGER, TEXT, Cell, Column, Row, Source

DRAWN = 1000
SEED = 20130101
UNSEEN = "\u2205 never seen"
"""A category that no training data holds; not ASCII, which is a test of its own."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Rows in the order of ``columns``; ``origins`` says of each row where it comes from.

    ``outside`` are the rows that the model's signature does not allow: they
    lack a required value. ``guessed`` are the columns that the profile does
    not describe; they are drawn from the recorded example.
    """

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    origins: tuple[str, ...]
    outside: frozenset[int] = frozenset()
    guessed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spread:
    """How the values of a column lie: a draw of one of them, and the share of rows that miss one."""

    value: Callable[[random.Random], Cell]
    missing: float = 0.0


def gather(source: Source, spreads: Mapping[str, Spread] | None) -> Cases:
    """The cases for a model; ``spreads`` is what the training profile says, None where there is none."""
    rows = list(source.example)
    origins = ["the input example"] * len(rows)
    guessed: tuple[str, ...] = ()
    examples = {column.name: [row[i] for row in rows] for i, column in enumerate(source.columns)}
    if spreads is not None:
        guessed = tuple(column.name for column in source.columns if column.name not in spreads)
        by_column = [spreads.get(each.name) or from_values(each, examples[each.name]) for each in source.columns]
        random_ = random.Random(SEED)  # noqa: S311  a reproducible draw, no secret
        for _ in range(DRAWN):
            rows.append(
                tuple(_draw(column, spread, random_) for column, spread in zip(source.columns, by_column, strict=True))
            )
            origins.append("a draw from the profile")
    for row, origin in _odd(source.columns, rows):
        rows.append(row)
        origins.append(origin)
    required = [column.required for column in source.columns]
    lacking = [any(must and cell is None for must, cell in zip(required, row, strict=True)) for row in rows]
    outside = frozenset(index for index, lacks in enumerate(lacking) if lacks)
    return Cases(source.columns, tuple(rows), tuple(origins), outside, guessed)


def _draw(column: Column, spread: Spread, random_: random.Random) -> Cell:
    if random_.random() < spread.missing and not column.required:
        return None
    return fit(column, spread.value(random_))


def _odd(columns: Sequence[Column], rows: Sequence[Row]) -> list[tuple[Row, str]]:
    """The first row that is whole, once for each odd value of each column."""
    whole = next((row for row in rows if None not in row), rows[0] if rows else None)
    if whole is None:
        return []
    odd: list[tuple[Row, str]] = []
    for index, column in enumerate(columns):
        values: list[tuple[Cell, str]] = []
        # Whole numbers and booleans have no mark for a missing value in the original.
        if column.kind not in {INTEGER, BOOLEAN}:
            values.append((None, f"a row without {column.name!r}"))
        if column.kind == TEXT:
            values.append((UNSEEN, f"a row with a category of {column.name!r} that was never seen"))
        odd += [((*whole[:index], value, *whole[index + 1 :]), origin) for value, origin in values]
    return odd


def from_values(column: Column, values: Sequence[Cell]) -> Spread:
    """A spread like that of some values: text and booleans as they are, numbers between the least and the greatest."""
    there = [value for value in values if value is not None]
    missing = 1 - len(there) / len(values) if values else 0.0
    if column.kind in {TEXT, BOOLEAN}:
        choices = sorted(set(there), key=str) or ([UNSEEN] if column.kind == TEXT else [False, True])
        return Spread(lambda random_: random_.choice(choices), missing)
    numbers = [float(value) for value in there if not isinstance(value, str)] or [0.0, 1.0]
    return Spread(lambda random_: random_.uniform(min(numbers), max(numbers)), missing)


def fit(column: Column, value: Cell) -> Cell:
    """A value as the column's type holds it."""
    if value is None:
        return None
    if column.kind == TEXT:
        return str(value)
    if column.kind == BOOLEAN:
        return value.lower() in {"true", "1"} if isinstance(value, str) else bool(value)
    number = float(value)
    if column.kind == INTEGER:
        return round(number)
    return float(struct.unpack("f", struct.pack("f", number))[0]) if column.type == "float" else number


def spreads_of(profile: Mapping[str, Any], columns: Sequence[Column]) -> dict[str, Spread]:
    """What a training profile (``profile.json``) says of the model's columns.

    Left out are columns that it does not have, or not in a form that values
    can be drawn from: private ones, and texts of which only lengths are known.
    Raises ValueError where the file is no profile.
    """
    try:
        rows = int(profile["rows"])
        by_name = {each["name"]: each for each in profile["columns"]}
        described = {
            column.name: _described(column, by_name[column.name], rows) for column in columns if column.name in by_name
        }
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise ValueError(f"is not a profile: {error!r}") from error
    return {name: spread for name, spread in described.items() if spread is not None}


def _described(column: Column, said: Mapping[str, Any], rows: int) -> Spread | None:
    missing = (said["nulls"] + said.get("special", {}).get("nan", 0)) / rows if rows else 0.0
    categories = said.get("categories")
    if column.kind in {TEXT, BOOLEAN}:
        if not categories or categories["digested"] or not categories["values"]:
            return None
        values = [str(value) for value, _ in categories["values"]]
        counts = [int(count) for _, count in categories["values"]]
        return Spread(lambda random_: random_.choices(values, counts)[0], missing)
    bins, limits = said.get("bins"), said.get("range") or {}
    if said["kind"] != "number":
        return None
    low, high = limits.get("min"), limits.get("max")
    if low is None or high is None:
        return None
    if not bins or len(bins["edges"]) < 2 or not sum(bins["counts"][1:-1]):
        return Spread(lambda random_: random_.uniform(float(low), float(high)), missing)
    edges, counts = [float(each) for each in bins["edges"]], [int(each) for each in bins["counts"][1:-1]]

    def in_a_bin(random_: random.Random) -> Cell:
        index = random_.choices(range(len(counts)), counts)[0]
        return min(max(random_.uniform(edges[index], edges[index + 1]), float(low)), float(high))

    return Spread(in_a_bin, missing)
