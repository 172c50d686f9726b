"""Which Pythons a project allows, and where it says so: pyproject.toml, setup.cfg, or Poetry's own table."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from mlops_actions.errors import CallError, Problem
from mlops_actions.project.layout import Layout, table

POETRY = "tool.poetry.dependencies.python"


@dataclass(frozen=True, slots=True)
class Requires:
    """What a project says of its Pythons: the text as written, its key, and the file that it stands in."""

    text: str
    key: str = "requires-python"
    file: str = "pyproject.toml"

    def ranges(self) -> Ranges:
        """What the text allows. Raises CallError where it is no specifier (of Poetry: no constraint)."""
        texts = list(_from_poetry(self.text)) if self.key == POETRY else [self.text]
        try:
            return Ranges(tuple(SpecifierSet(each) for each in texts))
        except InvalidSpecifier:
            message = f"{self.named}, which is no version specifier"
            raise CallError(Problem(message, self.file, hint='Write ">=3.11".')) from None

    @property
    def named(self) -> str:
        """The key with its value, for a message."""
        return f"`{self.key}` is {self.text!r}"


@dataclass(frozen=True, slots=True)
class Ranges:
    """Sets of versions, of which any one allows (Poetry's ``||``)."""

    any_of: tuple[SpecifierSet, ...]

    def contains(self, version: str) -> bool:
        return any(each.contains(version) for each in self.any_of)


def of(project: Layout) -> Requires | None:
    """What the project says, None where it says nothing. Raises CallError where it is not said as a string."""
    poetry = table(table(table(project.pyproject, "tool"), "poetry"), "dependencies").get("python")
    if isinstance(poetry, dict):
        poetry = poetry.get("version")
    for key, value in (("requires-python", project.project.get("requires-python")), (POETRY, poetry)):
        if isinstance(value, str):
            return Requires(value.strip(), key)
        if value is not None:
            hint = 'Quote it: ">=3.11" allows 3.11 and newer.'
            raise CallError(Problem(f"`{key}` must be a string, not {value!r}", "pyproject.toml", hint=hint))
    text = project.setup_cfg.get("options", {}).get("python_requires", "").strip()
    return Requires(text, "python_requires", "setup.cfg") if text else None


def _from_poetry(text: str) -> Iterator[str]:
    """Poetry's constraint as version specifiers, one for each alternative. What is none of its forms stays as it is."""
    for alternative in re.split(r"\|\|?", text):
        parts = re.split(r"[,\s]+", re.sub(r"([<>=!~^])\s+", r"\1", alternative).strip())
        yield ",".join(specifier for part in parts if (specifier := _specifier(part)))


def _specifier(part: str) -> str:
    if part == "*":
        return ""
    if found := re.fullmatch(r"(?P<sign>[\^~]?)(?P<version>\d+(\.\d+)*)(?P<any>\.\*)?", part):
        numbers = [int(each) for each in found["version"].split(".")]
        if not found["sign"]:
            return f"=={part}"
        if found["sign"] == "^":  # up to the next of the first number that is not zero
            last = next((place for place, number in enumerate(numbers) if number), len(numbers) - 1)
        else:
            last = min(1, len(numbers) - 1)
        bound = [*numbers[:last], numbers[last] + 1]
        return f">={found['version']},<{'.'.join(map(str, bound))}"
    return part
