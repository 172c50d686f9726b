"""What the stand-ins share: their inputs, the run they belong to, outputs, messages and GitHub's globs."""

from __future__ import annotations

import json
import os
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Refused(Exception):
    """The action fails with this message, as the real one would."""


def inputs() -> dict[str, str]:
    """The step's inputs, by name, as strings without surrounding space."""
    given: dict[str, Any] = json.loads(os.environ.get("MLOPS_INPUTS") or "{}")
    return {name: str(value).strip() for name, value in given.items()}


def flag(given: dict[str, str], name: str) -> bool:
    """A boolean input, by the rule of GitHub's toolkit (YAML 1.2's core schema)."""
    text = given.get(name, "")
    if text in {"true", "True", "TRUE"}:
        return True
    if text in {"false", "False", "FALSE", ""}:
        return False
    raise Refused(f'Input does not meet YAML 1.2 "Core Schema" specification: {name}')


def context() -> dict[str, Any]:
    """What the dry run tells its stand-ins: where artifacts, caches and the staged repository are."""
    data: dict[str, Any] = json.loads(Path(os.environ["MLOPS_DRYRUN_CONTEXT"]).read_text(encoding="utf-8"))
    return data


def workspace() -> Path:
    return Path(os.environ["GITHUB_WORKSPACE"])


def resolve(text: str) -> Path:
    """A path input: relative to the workspace, ``~`` is the job's home."""
    return Path(os.path.normpath(workspace() / os.path.expanduser(text)))


def set_output(name: str, value: object) -> None:
    _append("GITHUB_OUTPUT", name, str(value))


def set_env(name: str, value: object) -> None:
    _append("GITHUB_ENV", name, str(value))
    os.environ[name] = str(value)


def add_path(folder: Path) -> None:
    with open(os.environ["GITHUB_PATH"], "a", encoding="utf-8") as file:
        file.write(str(folder) + "\n")


def _append(variable: str, name: str, value: str) -> None:
    mark = "end_" + uuid.uuid4().hex
    with open(os.environ[variable], "a", encoding="utf-8") as file:
        file.write(f"{name}<<{mark}\n{value}\n{mark}\n")


def say(text: str) -> None:
    """A line in the log that can't be read as a workflow command."""
    print(re.sub(r"^(\s*)::", r"\1 ::", text), flush=True)


def warning(text: str) -> None:
    print("::warning::" + _data(text), flush=True)


def error(text: str) -> None:
    print("::error::" + _data(text), flush=True)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


# Globs, by the rules of @actions/glob: patterns are lines, `!` takes away what lines before it added, a folder that
# matches brings everything below it, and a hidden entry is left out where asked for (an ancestor may be hidden).


class Pattern:
    """One line: ``root`` is the folder or file up to the first wildcard, where a search starts."""

    def __init__(self, text: str) -> None:
        self.negated = text.startswith("!")
        text = text.lstrip("!").strip()
        full = os.path.normpath(workspace() / os.path.expanduser(text)).replace(os.sep, "/")
        segments = full.split("/")
        fixed = next((index for index, each in enumerate(segments) if _is_wild(each)), len(segments))
        self.root = Path("/".join(segments[:fixed]) or "/")
        self._regex = re.compile(
            _translate(segments) + ("/.+" if text.endswith("/") else "(?:/.*)?") + r"\Z", re.DOTALL
        )

    def matches(self, path: str) -> bool:
        return self._regex.match(path.replace(os.sep, "/")) is not None


def patterns(text: str) -> list[Pattern]:
    """The patterns in a multi-line input; empty lines and comments are left out."""
    lines = [line.strip() for line in text.splitlines()]
    return [Pattern(line) for line in lines if line and not line.startswith("#")]


def roots(wanted: list[Pattern]) -> list[Path]:
    """Where to search: the patterns' roots without those below another."""
    found = sorted({each.root for each in wanted if not each.negated})
    return [root for root in found if not any(other in root.parents for other in found)]


def search(wanted: list[Pattern], hidden: bool = True) -> list[Path]:
    """The files that the patterns match, sorted. Symbolic links are followed, cycles are not."""
    found = []
    for root in roots(wanted):
        for path in _walk(root, hidden, frozenset()):
            chosen = False
            for pattern in wanted:
                if pattern.matches(str(path)):
                    chosen = not pattern.negated
            if chosen:
                found.append(path)
    return sorted(set(found))


def _walk(path: Path, hidden: bool, above: frozenset[str]) -> Iterator[Path]:
    if not hidden and path.name.startswith("."):
        return
    if path.is_dir():
        real = os.path.realpath(path)
        if real not in above:
            for child in sorted(path.iterdir()):
                yield from _walk(child, hidden, above | {real})
    elif path.exists():
        yield path


def _is_wild(segment: str) -> bool:
    return any(mark in segment for mark in "*?[")


def _translate(segments: list[str]) -> str:
    regex = ""
    for index, segment in enumerate(segments):
        lead = "/" if index else ""
        regex += f"(?:{lead}[^/]+)*" if segment == "**" else lead + _translate_segment(segment)
    return regex


def _translate_segment(segment: str) -> str:
    regex, rest = "", segment
    while rest:
        if rest[0] == "*":
            regex += "[^/]*"
        elif rest[0] == "?":
            regex += "[^/]"
        elif rest[0] == "[" and "]" in rest[2:]:
            end = rest.index("]", 2)
            body = rest[1:end].replace("\\", "\\\\")
            regex += "[" + ("^" + body[1:] if body[0] in "!^" else body) + "]"
            rest = rest[end:]
        else:
            regex += re.escape(rest[0])
        rest = rest[1:]
    return regex
