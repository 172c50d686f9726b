"""What a user says about columns: by which effect each is judged, and from which size on it matters.

An effect that takes values in an order is for numbers; the other columns of a
check that is configured with one are judged by total variation.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations

from mlops_actions.data.profiles.profile import ColumnProfile, Kind, Profile
from mlops_actions.drift.compare import Comparison
from mlops_actions.drift.decision import LEVEL, Thresholds
from mlops_actions.drift.effects import DEFAULTS, Effect
from mlops_actions.drift.volume import FACTOR
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.verdict import Json


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
    """

    effect: Effect = Effect.TOTAL_VARIATION
    threshold: float | None = None
    columns: Mapping[str, Column] = field(default_factory=dict)
    ignore: tuple[str, ...] = ()
    must_not_drift: tuple[str, ...] = ()
    rows_factor: float = FACTOR
    false_alarms: float = LEVEL

    @property
    def common(self) -> Thresholds:
        """The thresholds of a column of which nothing is said."""
        return Thresholds(self._threshold(self.effect), by=self.effect)

    def wanted(self, column: ColumnProfile) -> Effect:
        """The effect by which a column is to be judged, as the reference has it."""
        own = self.columns.get(column.name, Column()).effect or self.effect
        return own if column.kind is Kind.NUMBER or not own.is_ordered else Effect.TOTAL_VARIATION

    def of(self, comparison: Comparison) -> Thresholds:
        """The thresholds of a column that was compared.

        One that is set for another effect than the one that could be told does not hold.
        """
        if comparison.name in self.must_not_drift:
            return Thresholds(0.0, 0.0, 0.0, comparison.effect)
        own = self.columns.get(comparison.name, Column()).threshold
        if own is not None and comparison.effect is self.wanted(comparison.side):
            return Thresholds(own, by=comparison.effect)
        return Thresholds(self._threshold(comparison.effect), by=comparison.effect)

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
            "rows-factor": self.rows_factor,
            "false-alarms": self.false_alarms,
            **({"columns": columns} if columns else {}),
            **({"must-not-drift": list(self.must_not_drift)} if self.must_not_drift else {}),
        }

    # What cannot be meant

    def refuse_impossible(self) -> None:
        """Raises CallError for thresholds that no effect can have, and for columns of which two things are said."""
        problems = [] if self.threshold is None else _impossible("the threshold", self.threshold, self.effect)
        for name, column in self.columns.items():
            if column.threshold is not None:
                problems += _impossible(f"the threshold of `{name}`", column.threshold, column.effect or self.effect)
        if not 1 < self.rows_factor < float("inf"):
            problems.append(Problem(f"`rows-factor` must be more than 1, not {self.rows_factor}"))
        if not 0 < self.false_alarms <= 0.5:
            message = f"`false-alarms` is a share of checks, more than 0 and at most 0.5, not {self.false_alarms}"
            problems.append(Problem(message))
        said = (("ignore", self.ignore), ("must-not-drift", self.must_not_drift), ("columns", tuple(self.columns)))
        for (key, names), (other, others) in combinations(said, 2):
            problems += [
                Problem(f"`{key}` and `{other}` both name `{name}`", hint="Keep one of them.")
                for name in names
                if name in others
            ]
        if problems:
            raise CallError(*problems)

    def refuse_unknown(self, reference: Profile, current: Profile) -> None:
        """Raises CallError for columns that neither side has, and for an order where a column has none."""
        known = [column.name for each in (reference, current) for column in each.columns]
        named = (("ignore", self.ignore), ("must-not-drift", self.must_not_drift), ("columns", tuple(self.columns)))
        problems = [
            Problem(f"`{key}` names `{name}`, and neither the reference nor the current data has such a column",
                    hint=did_you_mean(name, known))
            for key, names in named
            for name in names
            if name not in known
        ]  # fmt: skip
        for column in reference.columns:
            effect = self.columns.get(column.name, Column()).effect
            if effect is not None and effect is not self.wanted(column):
                problems.append(
                    Problem(
                        f"`columns` asks for `{effect.value}` of `{column.name}`, whose values have no order: "
                        f"it is {column.kind.value}",
                        hint="Take `total-variation`, `psi` or `jensen-shannon`.",
                    )
                )
        if problems:
            raise CallError(*problems)


def _impossible(what: str, threshold: float, effect: Effect) -> list[Problem]:
    if 0 < threshold <= effect.most and threshold < float("inf"):
        return []
    if effect is Effect.TOTAL_VARIATION:
        return [Problem(f"{what} is a share of mass, more than 0 and at most 1, not {threshold}")]
    most = " and at most 1" if effect.most == 1 else ""
    return [Problem(f"{what}, in units of {effect.value}, must be more than 0{most}, not {threshold}")]
