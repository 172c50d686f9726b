"""Where the value of an option comes from: a flag, a workflow's input, ``mlops.yaml``, a default.

In that order; the first that says something wins. A workflow hands its inputs
over as variables (``MLOPS_INPUT_FAIL_ON``), never in a shell line, so a value
that begins with a dash or holds a quote stays a value. An empty input is one
that was not given.
"""

from __future__ import annotations

import math
import os
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from mlops_actions.errors import CallError, Problem, did_you_mean

if TYPE_CHECKING:
    from mlops_actions.config import Config

# The YAML loader is imported where a value needs it: it is half of the start of `mlops --help`.
# pylint: disable=import-outside-toplevel

PREFIX = "MLOPS_INPUT_"
MAX_TEXT = 100_000

Word = TypeVar("Word", bound=StrEnum)


@dataclass(frozen=True, slots=True)
class Value:
    """A value and the words that name its source in a message."""

    value: Any
    source: str
    file: str | None = None
    line: int | None = None
    column: int | None = None

    def problem(self, message: str, hint: str | None = None) -> Problem:
        return Problem(f"{self.source}: {message}", self.file, self.line, self.column, hint)


@dataclass(frozen=True, slots=True)
class Options:
    """The options of one call."""

    arguments: Namespace
    config: Config
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ)

    def find(self, name: str, *path: str) -> Value | None:
        """The value of option ``name`` (kebab-case); ``path`` is where ``mlops.yaml`` may say it."""
        key = name.replace("-", "_")
        given = getattr(self.arguments, key, None)
        if given is not None and given != []:
            return Value(given, f"--{name}")
        variable = self.environment.get(PREFIX + key.upper(), "")
        if variable.strip():
            return Value(variable, f"input `{name}`")
        return self._configured(*path)

    def _configured(self, *path: str) -> Value | None:
        configured = self.config.get(*path) if path else None
        if configured is None:
            return None
        place = self.config.where(*path)
        return Value(configured, f"`{'.'.join(path)}`", self.config.name, place.line, place.column)

    def text(self, name: str, *path: str, default: str | None = None) -> str | None:
        """A string. Raises CallError for one with a NUL byte, or absurdly long."""
        found = self.find(name, *path)
        if found is None:
            return default
        text = str(found.value).strip() if found.source.startswith("input") else str(found.value)
        if "\0" in text or len(text) > MAX_TEXT:
            raise CallError(found.problem("is not usable text (it holds a NUL byte, or is too long)"))
        if not text:
            raise CallError(found.problem("must not be empty"))
        return text

    def required(self, name: str, *path: str) -> str:
        """A string that must be given. Raises CallError that says where it could be."""
        text = self.text(name, *path)
        if text is None:
            raise CallError(self.missing(name, *path))
        return text

    def file(self, name: str, *path: str) -> Path:
        """A path that must be given and be there. Raises CallError that says who named it."""
        found = Path(self.required(name, *path))
        named = self.find(name, *path)
        if named is not None and not os.path.lexists(found):
            siblings = os.listdir(found.parent) if os.path.isdir(found.parent) else []
            raise CallError(named.problem(f"no such file {str(found)!r}", did_you_mean(found.name, siblings)))
        return found

    def missing(self, name: str, *path: str) -> Problem:
        """The problem of an option that nobody gave."""
        ways = [f"give --{name} (input `{name}`)"] if hasattr(self.arguments, name.replace("-", "_")) else []
        ways += [f"set `{'.'.join(path)}` in {self.config.name}"] if path else []
        hint = ", or ".join(ways)
        return Problem(f"nothing says which {name.replace('-', ' ')} to use", hint=f"{hint[:1].upper()}{hint[1:]}.")

    def word(self, name: str, words: type[Word], *path: str, default: Word) -> Word:
        """One of an enumeration's words. Raises CallError that names them all."""
        found = self.find(name, *path)
        if found is None:
            return default
        return words(_one_of(found, [each.value for each in words]))

    def one_of(self, name: str, allowed: Sequence[str], *path: str, default: str) -> str:
        """One of ``allowed``. Raises CallError that names what there is."""
        found = self.find(name, *path)
        return default if found is None else _one_of(found, allowed)

    def flag(self, name: str, *path: str, default: bool = False) -> bool:
        """True or false. Raises CallError for anything else.

        An input that is false is one that was not given: a workflow hands over
        the default of a boolean input as if the caller had written it.
        """
        found = self.find(name, *path)
        if found is None:
            return default
        if isinstance(found.value, bool):
            return found.value
        word = str(found.value).strip()
        if word not in {"true", "false"}:
            raise CallError(found.problem(f"must be true or false, not {word!r}"))
        if word == "true":
            return True
        configured = self._configured(*path)
        return bool(configured.value) if configured is not None else default

    def number(self, name: str, *path: str, default: float) -> float:
        """A finite number. Raises CallError for anything else."""
        found = self.find(name, *path)
        if found is None:
            return default
        from mlops_actions import yamlfile

        value = yamlfile.scalar(str(found.value).strip())
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise CallError(found.problem(f"must be a number, not {str(found.value)!r}"))
        return float(value)

    def texts(self, name: str, *path: str) -> tuple[str, ...]:
        """A list of strings: a repeated flag, or YAML or JSON in an input. Empty where nobody says."""
        found = self.find(name, *path)
        return () if found is None else tuple(_texts(found))

    def paths(self, name: str, *path: str) -> tuple[str, ...] | dict[str, str]:
        """Paths or globs, or one for each object: ``OBJECT=PATH`` repeated, or a mapping."""
        found = self.find(name, *path)
        if found is None:
            return ()
        value = _structured(found)
        if isinstance(value, dict):
            return {str(key): _text(found, item) for key, item in value.items()}
        texts = _texts(found)
        pairs = [text.partition("=") for text in texts]
        if all(separator and key.isidentifier() for key, separator, _ in pairs):
            if len({key for key, _, _ in pairs}) != len(pairs):
                raise CallError(found.problem("names an object twice"))
            return {key: value for key, _, value in pairs}
        return tuple(texts)


def _one_of(found: Value, allowed: Sequence[str]) -> str:
    word = str(found.value).strip()
    if word not in allowed:
        names = ", ".join(f"`{each}`" for each in allowed)
        raise CallError(found.problem(f"{word!r} is not built; there is: {names}", did_you_mean(word, allowed)))
    return word


def _structured(found: Value) -> Any:
    """The value, read as YAML where it is an input's text that looks like a list or a mapping."""
    if not found.source.startswith("input"):
        return found.value
    from mlops_actions import yamlfile

    text = str(found.value).strip()
    lines = text.splitlines()
    looks_structured = text[0] in "[{" or all(line.lstrip().startswith(("- ", "#")) for line in lines if line.strip())
    if looks_structured or (
        len(lines) > 1 and all(": " in line or line.endswith(":") for line in lines if line.strip())
    ):
        return yamlfile.loads(text, found.source).data
    return [line.strip() for line in lines if line.strip()]


def _texts(found: Value) -> list[str]:
    value = _structured(found)
    items = value if isinstance(value, list) else [value]
    return [_text(found, item) for item in items]


def _text(found: Value, item: Any) -> str:
    if isinstance(item, float):
        raise CallError(found.problem(f"the item {item} is a number", "Quote it: in YAML, 3.10 is the number 3.1."))
    if item == "":
        raise CallError(found.problem("must not be empty"))
    if not isinstance(item, str | int) or isinstance(item, bool):
        raise CallError(found.problem("must be a list of strings"))
    return str(item)
