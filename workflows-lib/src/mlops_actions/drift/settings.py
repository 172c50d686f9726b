"""What a user says about columns: by which effect each is judged, and from which size on it matters.

An effect that takes values in an order is for numbers; the other columns of a
check that is configured with one are judged by total variation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import Protocol

from mlops_actions.data.profiles.correlating import Wanted
from mlops_actions.data.profiles.correlations import MOST
from mlops_actions.data.profiles.profile import ColumnProfile, Kind, Profile
from mlops_actions.drift.compare import Comparison
from mlops_actions.drift.decision import LEVEL, Thresholds
from mlops_actions.drift.effects import DEFAULTS, Effect
from mlops_actions.drift.pairs import MATERIAL
from mlops_actions.drift.volume import FACTOR
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.verdict import Json


class Place(Protocol):
    """Makes a problem with what stands at ``path``, below ``drift``."""

    def __call__(self, message: str, *path: str | int, hint: str | None = None) -> Problem: ...


def nowhere(message: str, *_path: str | int, hint: str | None = None) -> Problem:
    """A problem with what no file says."""
    return Problem(message, hint=hint)


@dataclass(frozen=True, slots=True)
class Column:
    """What is said of one column; None is what holds for all."""

    threshold: float | None = None
    effect: Effect | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What is said of all columns, and of some.

    ``threshold`` is in units of ``effect``; None is the effect's own.
    ``columns`` are settings by name, ``ignore`` names columns that are not
    compared, ``must_not_drift`` those in which any shift that is real drifts.
    ``rows_factor`` is how many times more or fewer rows a block of time matter,
    ``false_alarms`` the share of checks of data without drift that may find any.
    ``correlations`` are the numeric columns whose pairs are compared, or how
    many, ``threshold_correlation`` is the difference that matters.
    ``place`` makes a problem of a message and the keys and indices below
    ``drift`` that it speaks of, with the file and the line where these stand.
    """

    effect: Effect = Effect.TOTAL_VARIATION
    threshold: float | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    must_not_drift: tuple[str, ...] = ()
    rows_factor: float = FACTOR
    false_alarms: float = LEVEL
    correlations: Wanted = MOST
    threshold_correlation: float = MATERIAL
    place: Place = field(default=nowhere, compare=False, repr=False)

    @property
    def common(self) -> Thresholds:
        """The thresholds of a column of which nothing is said."""
        return self._thresholds(self._threshold(self.effect), self.effect)

    def wanted(self, column: ColumnProfile) -> Effect:
        """The effect by which a column is to be judged, as the reference has it."""
        own = self.columns.get(column.name, Column()).effect or self.effect
        return own if column.kind is Kind.NUMBER or not own.is_ordered else Effect.TOTAL_VARIATION

    def of(self, comparison: Comparison) -> Thresholds:
        """The thresholds of a column that was compared.

        One that is set for another effect than the one that could be told does not hold.
        """
        if comparison.name in self.must_not_drift:
            return Thresholds(0.0, 0.0, 0.0, comparison.effect, 0.0)
        own = self.columns.get(comparison.name, Column()).threshold
        if own is not None and comparison.effect is self.wanted(comparison.side):
            return self._thresholds(own, comparison.effect)
        return self._thresholds(self._threshold(comparison.effect), comparison.effect)

    @staticmethod
    def _thresholds(mass: float, by: Effect) -> Thresholds:
        """With a share of mass that moved, so many texts may have another shape, too."""
        return Thresholds(mass, by=by, shape=mass) if by is Effect.TOTAL_VARIATION else Thresholds(mass, by=by)

    def _threshold(self, effect: Effect) -> float:
        return self.threshold if self.threshold is not None and effect is self.effect else DEFAULTS[effect]

    @property
    def parameters(self) -> dict[str, Json]:
        """The settings as parameters of a verdict; those of columns where there are any."""
        common = self.common
        columns: dict[str, Json] = {
            name: {
                key: value
                for key, value in (("threshold", each.threshold), ("effect", each.effect))
                if value is not None
            }
            for name, each in self.columns.items()
        }
        return {
            "ignore": list(self.ignore),
            "effect": self.effect.value,
            "threshold": common.mass,
            "threshold-missing": common.missing,
            "threshold-new": common.new,
            "threshold-shape": common.shape,
            "threshold-correlation": self.threshold_correlation,
            "rows-factor": self.rows_factor,
            "false-alarms": self.false_alarms,
            "correlations": self.correlations if isinstance(self.correlations, int) else list(self.correlations),
            **({"columns": columns} if columns else {}),
            **({"must-not-drift": list(self.must_not_drift)} if self.must_not_drift else {}),
        }

    # What cannot be meant

    def refuse_impossible(self) -> None:
        """Raises CallError for thresholds that no effect can have, and for columns of which two things are said."""
        found: list[tuple[str, float, Effect, tuple[str, ...]]] = []
        if self.threshold is not None:
            found.append(("the threshold", self.threshold, self.effect, ("threshold",)))
        for name, column in self.columns.items():
            if column.threshold is not None:
                path = ("columns", name, "threshold")
                found.append((f"the threshold of `{name}`", column.threshold, column.effect or self.effect, path))
        problems = [
            self.place(message, *path)
            for what, threshold, effect, path in found
            if (message := _impossible(what, threshold, effect))
        ]
        if not 1 < self.rows_factor < float("inf"):
            problems.append(self.place(f"`rows-factor` must be more than 1, not {self.rows_factor}", "rows-factor"))
        if not 0 < self.threshold_correlation <= 2:
            said_of_it = f"more than 0 and at most 2, not {self.threshold_correlation}"
            message = f"`threshold-correlation`, a difference of two correlations, must be {said_of_it}"
            problems.append(self.place(message, "threshold-correlation"))
        if not isinstance(self.correlations, int) and len(self.correlations) > MOST:
            message = f"`correlations` names {len(self.correlations)} columns, and at most {MOST} are compared"
            problems.append(self.place(message, "correlations"))
        if not 0 < self.false_alarms <= 0.5:
            message = f"`false-alarms` is a share of checks, more than 0 and at most 0.5, not {self.false_alarms}"
            problems.append(self.place(message, "false-alarms"))
        contrary = [(key, names) for key, names in self._named if key != "correlations"]
        for (key, names), (other, others) in combinations(contrary, 2):
            problems += [
                self.place(f"`{key}` and `{other}` both name `{name}`", *others[name], hint="Keep one of them.")
                for name in names
                if name in others
            ]
        if problems:
            raise CallError(*problems)

    @property
    def _named(self) -> tuple[tuple[str, dict[str, tuple[str | int, ...]]], ...]:
        """The columns that each key names, with their places below ``drift``."""
        pairs = () if isinstance(self.correlations, int) else self.correlations
        lists = {"ignore": self.ignore, "must-not-drift": self.must_not_drift, "correlations": pairs}
        named: dict[str, dict[str, tuple[str | int, ...]]] = {
            key: {name: (key, at) for at, name in enumerate(names)} for key, names in lists.items()
        }
        named["columns"] = {name: ("columns", name) for name in self.columns}
        return tuple(named.items())

    def refuse_unknown(self, reference: Profile, current: Profile) -> None:
        """Raises CallError for columns that neither side has, and for an order where a column has none."""
        known = [column.name for each in (reference, current) for column in each.columns]
        problems = [
            self.place(
                f"`{key}` names `{name}`, and neither the reference nor the current data has such a column",
                *path,
                hint=did_you_mean(name, known),
            )
            for key, names in self._named
            for name, path in names.items()
            if name not in known
        ]
        for column in reference.columns:
            effect = self.columns.get(column.name, Column()).effect
            if effect is not None and effect is not self.wanted(column):
                problems.append(
                    self.place(
                        f"`columns` asks for `{effect.value}` of `{column.name}`, whose values have no order: "
                        f"it is {column.kind.value}",
                        *("columns", column.name, "effect"),
                        hint="Take `total-variation`, `psi` or `jensen-shannon`.",
                    )
                )
        if problems:
            raise CallError(*problems)


def _impossible(what: str, threshold: float, effect: Effect) -> str:
    """Why no shift can have such an effect; empty where one can."""
    if 0 < threshold <= effect.most and threshold < float("inf"):
        return ""
    if effect is Effect.TOTAL_VARIATION:
        return f"{what} is a share of mass, more than 0 and at most 1, not {threshold}"
    most = " and at most 1" if effect.most == 1 else ""
    return f"{what}, in units of {effect.value}, must be more than 0{most}, not {threshold}"
