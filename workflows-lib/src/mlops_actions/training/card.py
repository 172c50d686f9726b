"""The model card: what the model is, in a file that people read beside it.

Markdown, after "Model Cards for Model Reporting" (Mitchell et al., 2019), as
far as a training run knows: what the model takes and gives, what it was made
from, how it was measured. What it is for, only its makers can say.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mlops_actions.model import Field, Model
from mlops_actions.report.escape import markdown, markdown_code
from mlops_actions.training.gates import Gate
from mlops_actions.verdict import Subject

MAX_ROWS = 200


@dataclass(frozen=True, slots=True)
class Facts:
    """What a card tells.

    ``importances`` are shares by column; ``profiled`` says in a sentence what
    was profiled, empty where nothing was.
    """

    name: str
    digest: str
    model: Model
    metrics: Mapping[str, float]
    importances: Mapping[str, float]
    gates: Sequence[Gate]
    promoted: bool
    command: str
    python: str
    inputs: Sequence[Subject]
    source: str | None
    profiled: str


def write(facts: Facts) -> str:
    """The card, as Markdown that ends with a newline."""
    return "\n".join(_lines(facts)) + "\n"


def _lines(facts: Facts) -> Iterable[str]:
    kept = facts.model
    yield f"# {markdown(facts.name)}"
    yield ""
    yield from _table(
        ("", ""),
        [
            ("Digest", f"sha256:{facts.digest}"),
            ("Kind", ", ".join(_flavor(kept, name) for name in kept.native)),
            ("Promoted", "yes: every gate passed" if facts.promoted else "no"),
            ("Trained by", facts.command),
            ("Python", facts.python),
            ("Source", facts.source or "not in a git repository"),
        ],
    )
    if kept.signature:
        yield from ("", "## What it takes", "", *_fields(kept.signature.inputs))
        if kept.signature.outputs:
            yield from ("", "## What it gives", "", *_fields(kept.signature.outputs))
    yield from ("", "## How it was measured", "")
    bounds = {gate.metric: gate.words for gate in facts.gates}
    yield from _table(
        ("metric", "value", "gate"),
        [(name, f"{value:.6g}", bounds.get(name, "")) for name, value in facts.metrics.items()],
    )
    if facts.importances:
        yield from ("", "## What it leans on", "")
        yield from _table(("input", "share"), [(name, f"{share:.1%}") for name, share in facts.importances.items()])
    yield from ("", "## What it was made from", "")
    if facts.profiled:
        yield from (f"{markdown(facts.profiled)} See `profile.json`.", "")
    yield from _table(("input", "sha256"), [(each.name, each.sha256) for each in facts.inputs])
    if kept.requirements:
        yield from ("", "## What it needs", "")
        yield from (f"- {markdown_code(each)}" for each in kept.requirements[:MAX_ROWS])


def _flavor(kept: Model, name: str) -> str:
    """A flavor with its version, as MLflow names it: ``sklearn 1.9.1``."""
    version = kept.flavors[name].get(f"{name}_version")
    return f"{name} {version}" if isinstance(version, str) else name


def _fields(fields: Sequence[Field]) -> Iterable[str]:
    rows = [(each.name or "(no name)", each.type, "yes" if each.required else "no") for each in fields]
    return _table(("name", "type", "required"), rows)


def _table(columns: Sequence[str], rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    yield f"| {' | '.join(columns)} |"
    yield f"|{'---|' * len(columns)}"
    for row in rows[:MAX_ROWS]:
        yield f"| {' | '.join(markdown(cell) for cell in row)} |"
    if len(rows) > MAX_ROWS:
        yield f"\nand {len(rows) - MAX_ROWS:,} more"
