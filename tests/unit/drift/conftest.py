"""Two data sets as Parquet files in a working directory, and the check of one against the other."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mlops_actions.data.profiles import profile
from mlops_actions.drift.check import check
from mlops_actions.drift.request import DriftCheck
from mlops_actions.drift.settings import Settings
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check

Columns = dict[str, tuple[str, list[Any]]]


class Workspace:
    """The current directory of a test."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "out").mkdir()

    def parquet(self, columns: Columns, name: str) -> str:
        """A file of these columns (name to type and values)."""
        with duckdb.connect() as connection:
            names = [f'"{each.replace(chr(34), chr(34) * 2)}"' for each in columns]
            select = ", ".join(
                f"unnest(${index + 1}::{kind}[]) AS {alias}"
                for index, (alias, (kind, _)) in enumerate(zip(names, columns.values(), strict=True))
            )
            values = [values for _, values in columns.values()]
            connection.execute(f"CREATE TABLE t AS SELECT {select}", values)
            connection.execute(f"COPY t TO '{name}' (FORMAT parquet)")
        return name

    def check(self, reference: str, *data: str, **options: Any) -> Outcome:
        """The check with these options, those of Settings among them."""
        said = {each.name: options.pop(each.name) for each in fields(Settings) if each.name in options}
        place = reference if "://" in reference else Path(reference)
        return check(DriftCheck(place, data, settings=Settings(**said), **options), self.root / "out")

    def compare(self, before: Columns, now: Columns, **options: Any) -> Outcome:
        return self.check(self.parquet(before, "before.parquet"), self.parquet(now, "now.parquet"), **options)

    def one(self, kind: str, before: list[Any], now: list[Any], **options: Any) -> Check:
        """The check of a column ``x``."""
        outcome = self.compare({"x": (kind, before)}, {"x": (kind, now)}, **options)
        (found,) = (each for each in outcome.verdict.checks if each.where.column == "x")
        return found

    @property
    def profile(self) -> profile.Profile:
        return profile.read(self.root / "out" / "profile.json")


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    monkeypatch.chdir(tmp_path)
    return Workspace(tmp_path)


@pytest.fixture
def normal() -> Callable[..., list[float]]:
    """Draws from a normal distribution, the same in each run."""
    chance = random.Random(7)  # noqa: S311

    def draw(size: int, mean: float = 0.0, sd: float = 1.0) -> list[float]:
        return [chance.gauss(mean, sd) for _ in range(size)]

    return draw
