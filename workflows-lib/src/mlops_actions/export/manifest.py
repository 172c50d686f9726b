"""``manifest.json``: what an export made, for whoever ships it (``schemas/export-manifest-v1.schema.json``)."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from mlops_actions.export.parity import Parity
from mlops_actions.export.target import Signature

SCHEMA = "https://mlops-actions.github.io/schemas/export-manifest-v1.schema.json"
FILE = "manifest.json"


class Status(StrEnum):
    """How far an export was proven."""

    VERIFIED = "verified"  # executed in its runtime, within the tolerance of the original
    DISAGREES = "disagrees"  # executed, and not within the tolerance
    UNVERIFIED = "unverified"  # made, but not executed or not compared
    UNSUPPORTED = "unsupported"  # not made


@dataclass(frozen=True, slots=True)
class Entry:
    """One target. ``file`` and what follows are None where none was made; ``latency`` is in milliseconds a row."""

    target: str
    status: Status
    message: str
    file: str | None = None
    sha256: str | None = None
    size: int | None = None
    signature: Signature | None = None
    manner: str | None = None
    parity: Parity | None = None
    latency: float | None = None
    versions: dict[str, str] | None = None


def dumps(model: dict[str, Any], tolerance: float, entries: list[Entry]) -> str:
    """The manifest as text. ``model`` says what was exported."""
    data = {"schema": SCHEMA, "model": model, "tolerance": tolerance, "targets": [to_json(each) for each in entries]}
    return json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def to_json(entry: Entry) -> dict[str, Any]:
    data: dict[str, Any] = {"target": entry.target, "status": entry.status.value, "message": entry.message}
    if entry.file is not None:
        data |= {"file": entry.file, "sha256": entry.sha256, "size": entry.size, "conversion": entry.manner}
        data["versions"] = entry.versions
    if entry.signature is not None:
        data["inputs"] = [asdict(each) for each in entry.signature.inputs]
        data["outputs"] = [asdict(each) for each in entry.signature.outputs]
    if entry.parity is not None:
        parity = entry.parity
        data["parity"] = {
            "rows": parity.rows,
            "max_difference": _finite(parity.difference),
            "label_agreement": parity.agreement,
            "ties": parity.ties,
            "refused_by_original_only": len(parity.only_original),
            "refused_by_export_only": len(parity.only_export),
        }
    if entry.latency is not None:
        data["latency_ms"] = round(entry.latency, 4)
    return data


def _finite(value: float | None) -> float | None:
    return None if value is None or math.isinf(value) else value
