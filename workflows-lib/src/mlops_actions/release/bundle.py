"""The bundle: a folder with everything that a release ships, flat, as a release's assets are.

The exported files, what they take and give, the model's card and profile, the
verdicts of the stages before, notes for people, and SHA256SUMS over all of it.
The same inputs give the same bytes: nothing here knows the time.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlops_actions import files, importances, jsonfile, verdict
from mlops_actions.release.tag import Version
from mlops_actions.report import escape

SUMS = "SHA256SUMS"
NOTES = "RELEASE_NOTES.md"
SIGNATURE = "signature.json"
MANIFEST = "manifest.json"
CARD = "MODEL_CARD.md"
OF_TRAINING = (CARD, "profile.json", "metrics.json", importances.NAME)
"""What training leaves beside the model, and a release ships."""
_VERDICT = "verdict-"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Broken(Exception):
    """A bundle that is not what its SHA256SUMS says."""


@dataclass(frozen=True, slots=True)
class Contents:
    """What goes in. ``files`` maps names in the bundle to where they are; ``manifest`` is the export's.

    ``statuses`` says what each stage came to whose verdict is among the files.
    """

    version: Version
    commit: str
    manifest: Mapping[str, Any]
    files: Mapping[str, Path]
    metrics: Mapping[str, float]
    origin: str
    statuses: Mapping[str, str] = field(default_factory=dict)


def verdict_name(stage: str) -> str:
    """The name in the bundle of a stage's verdict. Raises ValueError for a stage that can be no part of a name."""
    name = f"{_VERDICT}{stage}.json"
    if not _NAME.fullmatch(name):
        raise ValueError(f"{stage!r} is no stage")
    return name


def stage_of(name: str) -> str:
    """The stage whose verdict has this name in the bundle."""
    return name.removeprefix(_VERDICT).removesuffix(".json")


def write(contents: Contents, folder: Path) -> None:
    """Make the bundle in the new folder ``folder``."""
    folder.mkdir()
    for name, path in sorted(contents.files.items()):
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a name for an asset: {name!r}")
        shutil.copyfile(path, folder / name)
    signature = json.dumps(_signature(contents), indent=1, ensure_ascii=False) + "\n"
    files.write_atomic(folder / SIGNATURE, signature)
    files.write_atomic(folder / NOTES, notes(contents))
    names = sorted(path.name for path in folder.iterdir())
    sums = "".join(f"{verdict.digest(folder / name)}  {name}\n" for name in names)
    files.write_atomic(folder / SUMS, sums)


def check(folder: Path) -> dict[str, str]:
    """The digests of a bundle's files by name, SHA256SUMS's own among them.

    Raises Broken where a file is missing, is another one, or is not listed.
    """
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise Broken(f"{SUMS} cannot be read") from error
    listed: dict[str, str] = {}
    for line in lines:
        digits, separator, name = line.partition("  ")
        if not separator or not re.fullmatch("[0-9a-f]{64}", digits) or not _NAME.fullmatch(name) or name in listed:
            raise Broken(f"{SUMS} holds a line that is not a digest and a name: {line[:100]!r}")
        listed[name] = digits
    there = {path.name for path in folder.iterdir()} - {SUMS}
    for name in sorted(there ^ set(listed)):
        raise Broken(f"{name} is {'not listed in ' + SUMS if name in there else 'missing'}")
    for name, digits in listed.items():
        if (folder / name).is_symlink() or not (folder / name).is_file() or verdict.digest(folder / name) != digits:
            raise Broken(f"{name} is not what {SUMS} says")
    return {**listed, SUMS: verdict.digest(folder / SUMS)}


def version_of(folder: Path) -> tuple[str, str]:
    """The tag and the commit that a bundle was made for. Raises Broken where it does not say."""
    try:
        data = jsonfile.read(folder / SIGNATURE)
        return str(data["tag"]), str(data["commit"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise Broken(f"{SIGNATURE} does not say which version this is") from error


def notes_of(folder: Path) -> str:
    """The release notes of a bundle. Raises Broken where they are not there, or not text."""
    try:
        return (folder / NOTES).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Broken(f"{NOTES} cannot be read") from error


def _signature(contents: Contents) -> dict[str, Any]:
    targets = {
        each["target"]: {"file": each["file"], "inputs": each["inputs"], "outputs": each["outputs"]}
        for each in contents.manifest["targets"]
    }
    return {
        "tag": str(contents.version),
        "model": contents.version.model,
        "version": contents.version.version,
        "commit": contents.commit,
        "model_sha256": contents.manifest["model"]["sha256"],
        "targets": targets,
    }


# --- notes ---------------------------------------------------------------------------------------


def notes(contents: Contents) -> str:
    """The release's notes, as Markdown. Whatever comes from data or from a model is escaped."""
    manifest = contents.manifest
    lines = [
        f"Model `{contents.version.model}`, version {contents.version.version}.",
        "",
        "## Files",
        "",
        *_table(("Target", "File", "Bytes", "Largest difference from the original", "SHA-256"), _targets(manifest)),
        "",
        "Each was executed in its own runtime and compared with the original model on "
        f"{_rows(manifest)} rows; a difference of up to {manifest['tolerance']:g} is accepted.",
        "",
        f"Check a download with `sha256sum --check {SUMS}`.",
    ]
    for each in manifest["targets"]:
        lines += ["", f"## What {escape.markdown(each['file'])} takes and gives", ""]
        lines += _table(("Name", "Direction", "Type", "Shape", "A missing value is"), _tensors(each))
    if contents.metrics:
        rows = [(name, f"{value:.6g}") for name, value in contents.metrics.items()]
        lines += ["", "## Metrics of the training", "", *_table(("Metric", "Value"), rows)]
    if contents.statuses:
        stages = [(stage, status, verdict_name(stage)) for stage, status in contents.statuses.items()]
        lines += ["", "## Verdicts", "", *_table(("Stage", "Verdict", "File"), stages)]
    lines += [
        "",
        "## Where it comes from",
        "",
        *_table(
            ("", ""),
            [
                ("Commit", contents.commit or "not known"),
                ("Model", f"sha256:{manifest['model']['sha256']}"),
                ("Taken from", contents.origin),
                *sorted(manifest["model"]["versions"].items()),
            ],
        ),
        "",
    ]
    return "\n".join(lines)


def _targets(manifest: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (each["target"], each["file"], f"{each['size']:,}", _difference(each["parity"]), each["sha256"])
        for each in manifest["targets"]
    ]


def _difference(parity: Mapping[str, Any]) -> str:
    difference = parity["max_difference"]
    return "every label agrees" if difference is None else f"{difference:.2g}"


def _rows(manifest: Mapping[str, Any]) -> str:
    return " and ".join(sorted({f"{each['parity']['rows']:,}" for each in manifest["targets"]}))


def _tensors(target: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    return [
        (
            each["name"],
            direction,
            each["type"],
            " × ".join("rows" if part is None else str(part) for part in each["shape"]),
            "" if each["missing"] is None else each["missing"] or "the empty text",
        )
        for direction, key in (("input", "inputs"), ("output", "outputs"))
        for each in target[key]
    ]


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> list[str]:
    lines = [columns, *rows]
    cells = ["| " + " | ".join(escape.markdown(str(cell)) for cell in line) + " |" for line in lines]
    return [cells[0], "|" + " --- |" * len(columns), *cells[1:]]
