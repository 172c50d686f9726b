"""Gates: the bounds that a metric must hold for a model to be promoted."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mlops_actions.config import Config
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.verdict import Check, Status, Where
from mlops_actions.visible import visible


@dataclass(frozen=True, slots=True)
class Gate:
    """The bounds of one metric, both inclusive, and where they are set.

    Raises CallError for bounds that nothing can hold.
    """

    metric: str
    min: float | None = None
    max: float | None = None
    where: Where = field(default_factory=Where)

    def __post_init__(self) -> None:
        bounds = [each for each in (self.min, self.max) if each is not None]
        if not all(map(math.isfinite, bounds)) or bounds != sorted(bounds):
            name = f"the gate of `{visible(self.metric)}`"
            message = f"{name} must have finite bounds, min not above max: min is {self.min}, max is {self.max}"
            raise CallError(Problem(message, self.where.file, self.where.line, self.where.character))

    @property
    def words(self) -> str:
        """The bounds as people write them: ``at least 0.65``."""
        low = None if self.min is None else f"at least {self.min:g}"
        high = None if self.max is None else f"at most {self.max:g}"
        return " and ".join(each for each in (low, high) if each)


def configured(config: Config) -> tuple[Gate, ...]:
    """The gates of `training.gates` in ``mlops.yaml``. Raises CallError for bounds that nothing can hold."""
    found = []
    for metric, bounds in (config.get("training", "gates") or {}).items():
        place = config.where("training", "gates", metric)
        where = Where(file=config.name, line=place.line, character=place.column)
        found.append(Gate(metric, bounds.get("min"), bounds.get("max"), where))
    return tuple(found)


def judge(gates: tuple[Gate, ...], metrics: Mapping[str, float] | None, reason: str = "") -> Iterator[Check]:
    """One check for each bound. Where there are no metrics, none was checked, for ``reason``."""
    for gate in gates:
        for key, bound in (("min", gate.min), ("max", gate.max)):
            if bound is not None:
                yield _check(gate, key, bound, metrics, reason)


def _check(gate: Gate, key: str, bound: float, metrics: Mapping[str, float] | None, reason: str) -> Check:
    rule = f"gates.{gate.metric}.{key}"
    threshold = {"mustBeGreaterOrEqualTo" if key == "min" else "mustBeLessOrEqualTo": bound}
    if metrics is None:
        return Check(rule, Status.NOT_CHECKED, reason, where=gate.where, threshold=dict(threshold))
    value = metrics.get(gate.metric)
    if value is None:
        hint = did_you_mean(gate.metric, metrics) or f"There is: {', '.join(f'`{each}`' for each in metrics)}."
        message = f"the metrics hold no `{gate.metric}`. {hint if metrics else 'They are empty.'}"
        return Check(rule, Status.ERROR, message, where=gate.where, threshold=dict(threshold))
    holds = value >= bound if key == "min" else value <= bound
    side = "at least" if key == "min" else "at most"
    message = f"`{gate.metric}` is {value:.6g}, as asked: {side} {bound:.6g}"
    if not holds:
        alike = f"{value:.6g}" == f"{bound:.6g}"
        told = (repr(value), repr(bound)) if alike else (f"{value:.6g}", f"{bound:.6g}")
        message = f"`{gate.metric}` is {told[0]}, and {side} {told[1]} is asked"
    return Check(
        rule,
        Status.PASS if holds else Status.FAIL,
        message,
        where=gate.where,
        measured=value,
        threshold=dict(threshold),
    )
