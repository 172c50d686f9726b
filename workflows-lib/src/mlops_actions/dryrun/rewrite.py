"""Rewrites staged files so that act reads them as GitHub would, and says where each ``uses:`` is to be found.

Text is edited at the positions of its values, so that everything stays on its
line. act knows neither ``$/x`` (this repository at this commit) nor that what
a composite action's last step writes for itself is not for the whole action.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_actions import yamlfile
from mlops_actions.dryrun import shells
from mlops_actions.errors import CallError

STANDINS = Path(__file__).parent / "standins"

STOOD_IN = {
    "actions/checkout": ("",),
    "actions/setup-python": ("",),
    "actions/upload-artifact": ("",),
    "actions/download-artifact": ("",),
    "actions/cache": ("", "restore", "save"),
}
"""The repositories that have a stand-in, and the paths in them."""


@dataclass(frozen=True, slots=True)
class Uses:
    """A reference to an action or a workflow in a repository: ``owner/repo/path@ref``."""

    repository: str
    path: str
    ref: str

    def __str__(self) -> str:
        return "/".join(part for part in (self.repository, self.path) if part) + f"@{self.ref}"


def parse_uses(text: str) -> Uses | None:
    """``owner/repo[/path]@ref``; None for every other form (``./x``, ``$/x``, ``docker://``)."""
    matched = re.fullmatch(r"([^/@.$\s][^/@\s]*/[^/@\s]+)(?:/([^@\s]*))?@(\S+)", text)
    return Uses(matched[1], (matched[2] or "").strip("/"), matched[3]) if matched else None


@dataclass(frozen=True, slots=True)
class Sources:
    """Where repositories are found in a dry run: the staged library and the staged consumer."""

    library: Path
    library_name: str
    consumer: Path
    consumer_repository: str

    def folder(self, uses: Uses) -> Path | None:
        """The folder that stands in for a repository, or None for one that a dry run doesn't have.

        The library is known by its name under any owner and ref; the consumer under any ref.
        """
        repository = uses.repository.lower()
        if repository in STOOD_IN and uses.path in STOOD_IN[repository]:
            return STANDINS / repository.partition("/")[2]
        if repository == self.consumer_repository.lower():
            return self.consumer
        return self.library if repository.partition("/")[2] == self.library_name.lower() else None


def is_standin(uses: Uses) -> bool:
    return uses.repository.lower() in STOOD_IN


def absolute(text: str, repository: str, ref: str) -> str:
    """``$/x`` as ``owner/repo/x@ref``; any other reference as it is."""
    return f"{repository}/{text[2:].strip('/')}@{ref}" if text.startswith("$/") else text


@dataclass(frozen=True, slots=True)
class Missing:
    """A reference that a dry run can't follow, and why."""

    uses: str
    why: str


@dataclass(frozen=True, slots=True)
class Found:
    """What a job's steps refer to, through composite actions: ``owner/repo@ref`` to folder, and what there is not."""

    folders: Mapping[str, Path]
    missing: tuple[Missing, ...]
    used: tuple[str, ...]


def follow(references: list[str], sources: Sources) -> Found:
    """Everything that ``references`` (values of ``uses:``) lead to."""
    folders: dict[str, Path] = {}
    missing: dict[str, Missing] = {}
    used: dict[str, None] = {}
    todo = list(references)
    while todo:
        text = todo.pop()
        if text in used:
            continue
        used[text] = None
        if text.startswith("./"):
            todo += _nested(sources.consumer / text)
            continue
        uses = parse_uses(text)
        folder = sources.folder(uses) if uses else None
        if uses is None or folder is None:
            missing[text] = Missing(text, _why_not(text, uses))
            continue
        folders[f"{uses.repository}@{uses.ref}"] = folder
        action = folder / uses.path
        if not is_standin(uses) and _action_file(action) is None:
            missing[text] = Missing(text, f"there is no action in `{uses.path or '.'}` of the staged {uses.repository}")
        todo += [absolute(each, uses.repository, uses.ref) for each in _nested(action)]
    return Found(folders, tuple(missing.values()), tuple(used))


def _why_not(text: str, uses: Uses | None) -> str:
    if text.startswith("docker://"):
        return "a dry run pulls no image"
    if uses is None:
        return "is not `owner/repo/path@ref`, `./path` or `$/path`"
    there = ", ".join(sorted(STOOD_IN))
    return f"a dry run fetches no action; there are stand-ins for {there}, and the library's own"


def _action_file(folder: Path) -> Path | None:
    return next((folder / name for name in ("action.yml", "action.yaml") if (folder / name).is_file()), None)


def _nested(folder: Path) -> list[str]:
    """The references of the composite action in ``folder``; none where it is another kind, or none at all."""
    file = _action_file(folder)
    if file is None:
        return []
    try:
        data = yamlfile.load(file).data
    except CallError:
        return []  # GitHub refuses it when the step runs, and so does act
    runs = data.get("runs") if isinstance(data, dict) else None
    steps = runs.get("steps") if isinstance(runs, dict) else None
    found = [step.get("uses") for step in steps or [] if isinstance(step, dict)]
    return [each for each in found if isinstance(each, str)]


def actions(root: Path, repository: str, ref: str, *, on_host: bool, only_where_needed: bool = False) -> None:
    """Rewrite the composite actions below ``root``, in place, as those of ``repository`` at ``ref``.

    ``only_where_needed``: those alone that say ``$/``, because the files are the consumer's and git sees the change.
    """

    def replace(key: str, value: str) -> str:
        if key == "uses":
            return absolute(value, repository, ref)
        return shells.line(value, on_host=True) if on_host else value

    for file in sorted(_action_files(root)):
        text = file.read_text(encoding="utf-8", errors="surrogateescape")
        if only_where_needed and "$/" not in text:
            continue
        try:
            document = yamlfile.loads(text, str(file))
        except CallError:
            continue
        mended = composite(text, document, replace)
        if mended != text:
            file.write_text(mended, encoding="utf-8", errors="surrogateescape")


def _action_files(root: Path) -> Iterator[Path]:
    for name in ("action.yml", "action.yaml"):
        yield from (each for each in root.rglob(name) if "node_modules" not in each.parts and each.is_file())


def composite(text: str, document: yamlfile.Document, replace: Callable[[str, str], str]) -> str:
    """A composite action's text with each ``uses`` and ``shell`` replaced, and a step of no effect last."""
    steps = _at(document.data, "runs", "steps")
    if _at(document.data, "runs", "using") != "composite" or not isinstance(steps, list) or not steps:
        return text
    edits = []
    for index, step in enumerate(steps):
        for key in ("uses", "shell"):
            value = step.get(key) if isinstance(step, dict) else None
            if isinstance(value, str) and replace(key, value) != value:
                edits.append((document.where("runs", "steps", index, key), value, replace(key, value)))
    return _with_last_step(_edited(text, edits), document)


def _at(data: Any, *path: str) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data


def _edited(text: str, edits: list[tuple[yamlfile.Position, str, str]]) -> str:
    lines = text.split("\n")
    for place, old, new in sorted(edits, key=lambda each: each[0], reverse=True):
        line, start = lines[place.line - 1], place.column - 1
        quoted = 2 if line[start] in "'\"" else 0
        lines[place.line - 1] = line[:start] + json.dumps(new) + line[start + len(old) + quoted :]
    return "\n".join(lines)


def _with_last_step(text: str, document: yamlfile.Document) -> str:
    """act hands what the last step wrote to GITHUB_OUTPUT to the whole action; a step that writes nothing ends that."""
    first = document.where("runs", "steps", 0)
    lines = text.split("\n")
    dash = lines[first.line - 1].rfind("-", 0, first.column - 1)
    if dash < 0 or lines[first.line - 1][:dash].strip():
        return text  # a flow sequence, or steps on one line: left as they are
    following = [
        place.line for path, place in document.keys.items() if place.line > first.line and place.column <= dash + 1
    ]
    below = [line for line in following if lines[line - 1][: dash + 1].strip()]
    end = min(below, default=len(lines) + 1) - 1
    while end > first.line and not lines[end - 1].strip():
        end -= 1
    lines.insert(end, " " * dash + '- {if: always(), shell: bash, run: ":"}')
    return "\n".join(lines)
