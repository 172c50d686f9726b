"""The last step of every job in a dry run: hands the job's outputs over and saves its caches."""

from __future__ import annotations

import json
import os
from pathlib import Path

from . import cache, toolkit


def main(_: str) -> None:
    """Write the outputs, which act evaluated into ``MLOPS_OUTPUT_<number>``, and save what is pending."""
    context = toolkit.context()
    names = json.loads(os.environ.get("MLOPS_OUTPUT_NAMES") or "[]")
    values = {name: os.environ.get(f"MLOPS_OUTPUT_{number}", "") for number, name in enumerate(names)}
    Path(context["outputs"]).write_text(json.dumps(values), encoding="utf-8")
    pending = Path(context["pending"])
    if pending.exists() and os.environ.get("MLOPS_JOB_STATUS") == "success":
        for line in pending.read_text(encoding="utf-8").splitlines():
            wanted = json.loads(line)
            cache.save(wanted["path"], wanted["key"])
