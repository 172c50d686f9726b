"""The verdicts of the stages before, which a release takes along: a folder of artifacts in, a file a stage out.

Each is looked for under the artifact's default name, which is the stage's. One
that is not there, or holds something else, is left out: nothing is claimed.
"""

from __future__ import annotations

from pathlib import Path

from mlops_actions import verdict

BEFORE = ("python-ci", "data-validation", "drift-check")
"""The stages, and the default names of the artifacts that hold their verdicts. Training's lies beside the model."""


def left_in(folder: Path) -> dict[str, Path]:
    """Stage -> the file of its verdict, of the artifacts that lie in ``folder``, a folder each."""
    files = {stage: folder / stage / "verdict.json" for stage in BEFORE}
    return {stage: file for stage, file in files.items() if _is_of(stage, file)}


def _is_of(stage: str, file: Path) -> bool:
    try:
        return verdict.read(file).stage == stage
    except (OSError, ValueError):
        return False
