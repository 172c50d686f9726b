"""Why a training was started: the payload of the event that a drift check sent, in words.

Whoever may send such an event decides what stands in it. So nothing
of it is run, opened or looked up: it is told, and each value only where it is of
the form that a drift check writes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlops_actions.report.wording import plural
from mlops_actions.verdict import Json
from mlops_actions.visible import clip, visible

NAMED = 5
"""Columns, or rules, that a sentence names."""
MAX_NAME = 100
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2})?(\.\d+)?(Z|[+-]\d{2}(:?\d{2})?)?)?")


@dataclass(frozen=True, slots=True)
class Reason:
    """A drift check's alarm: the verdict's digest, how many columns drifted, which the most, and when rows were of.

    ``failed`` are the rules of performance that failed.
    """

    event: str
    model: str
    verdict: str
    drifted: int
    columns: tuple[str, ...]
    window: tuple[str, str] | None
    failed: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The alarm as a person would tell it."""
        when = f" in the rows from {self.window[0]} to {self.window[1]}" if self.window else ""
        digest = f" (verdict sha256:{self.verdict[:12]}…)" if self.verdict else ""
        worse = f"performance against labels failed (`{'`, `'.join(self.failed)}`)" if self.failed else ""
        if self.drifted or not worse:
            named = ", ".join(f"`{each}`" for each in self.columns[:NAMED])
            more = f" and {self.drifted - NAMED:,} more" if self.drifted > NAMED else ""
            found = f"{plural(self.drifted, 'column')} drifted{when}" + (
                f", most of all {named}{more}" if named else ""
            )
            found += f"; and that {worse}" if worse else ""
        else:
            found = f"{worse}{when}, though no column drifted"
        return (
            f"The event `{self.event}` started this training: a drift check of `{self.model}`{digest} found that "
            f"{found}."
        )

    def facts(self) -> dict[str, Json]:
        """The same for a verdict's parameters."""
        window: Json = {"from": self.window[0], "to": self.window[1]} if self.window else None
        return {
            "event": self.event,
            "model": self.model,
            "verdict": self.verdict or None,
            "drifted": self.drifted,
            "columns": list(self.columns),
            "failed": list(self.failed),
            "window": window,
        }


def read(event: Mapping[str, Any]) -> Reason | None:
    """The alarm in the payload of a ``repository_dispatch``, or in the input `payload` of a ``workflow_dispatch``.

    None where it is none of a drift check.
    """
    name, payload = event.get("action"), event.get("client_payload")
    inputs = event.get("inputs")
    if payload is None and isinstance(inputs, dict) and isinstance(inputs.get("payload"), str):
        name, payload = "workflow_dispatch", _parsed(inputs["payload"])
    if not isinstance(payload, dict) or payload.get("reason") != "drift":
        return None
    names = _names(payload.get("columns"))
    count = payload.get("drifted")
    digest = payload.get("verdict")
    return Reason(
        event=_text(name),
        model=_text(payload.get("model")),
        verdict=digest if isinstance(digest, str) and re.fullmatch("[0-9a-f]{64}", digest) else "",
        drifted=count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else len(names),
        columns=names,
        window=_window(payload.get("window")),
        failed=_names(payload.get("failed"))[:NAMED],
    )


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _text(value: Any) -> str:
    """A name from outside, in one line that no reader mistakes for ours."""
    return clip(visible(value if isinstance(value, str) else "?"), MAX_NAME).replace("`", "'")


def _names(value: Any) -> tuple[str, ...]:
    return tuple(_text(each) for each in value if isinstance(each, str)) if isinstance(value, list) else ()


def _window(value: Any) -> tuple[str, str] | None:
    ends = (value.get("from"), value.get("to")) if isinstance(value, dict) else (None, None)
    if all(isinstance(each, str) and _MOMENT.fullmatch(each) for each in ends):
        return str(ends[0]), str(ends[1])
    return None
