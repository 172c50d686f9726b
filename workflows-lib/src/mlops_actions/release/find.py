"""The first half of ``edge-release``: the tag, the version, the model's identity. Nothing of the model runs here."""

from __future__ import annotations

import shutil
from pathlib import Path

from mlops_actions.outcome import Outcome, Section
from mlops_actions.release import candidate
from mlops_actions.release.candidate import Release


def find(request: Release, out: Path) -> Outcome:
    """Judge what a tag asks for, and where nothing stands against it keep in ``out`` what an export needs.

    Raises CallError where there is nothing to judge, as :func:`candidate.judged` does.
    """
    fetched = out / ".fetched"
    found = candidate.judged(request, fetched)
    outputs = {"tag": str(found.version), "publish": "true" if found.publish else "false"}
    if found.holds:
        candidate.keep(found, out)
        headline = f"{found.version} is found; its model is to be exported and verified"
    else:
        headline = f"{found.version} is refused; nothing is published"
        outputs |= {"targets": "[]", "release-url": ""}
    outcome = Outcome(
        found.judged(found.checks, found.identity()),
        headline=headline,
        sections=(Section("Release", found.facts()),),
        outputs=outputs,
    )
    shutil.rmtree(fetched, ignore_errors=True)  # what is needed of it has been copied
    return outcome
