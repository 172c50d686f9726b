"""Gates: the bounds that a metric must hold for a model to be promoted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mlops_actions.errors import did_you_mean
from mlops_actions.verdict import Check, Status, Where


@dataclass(frozen=True, slots=True)
class Gate:
    """The bounds of one metric, both inclusive, and where they are set."""

    metric: str
    min: float | None = None
    max: float | None = None
    where: Where = field(default_factory=Where)

    @property
    def words(self) -> str:
        """The bounds as people write them: ``at least 0.65``."""
        low = None if self.min is None else f"at least {self.min:g}"
        high = None if self.max is None else f"at most {self.max:g}"
        return " and ".join(each for each in (low, high) if each)


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
    message = f"`{gate.metric}` is {value:.6g}, {'as' if holds else 'not'} asked: {side} {bound:.6g}"
    if not holds and f"{value:.6g}" == f"{bound:.6g}":
        message = f"`{gate.metric}` is {value!r}, not asked: {side} {bound!r}"
    return Check(
        rule,
        Status.PASS if holds else Status.FAIL,
        message,
        where=gate.where,
        measured=value,
        threshold=dict(threshold),
    )
