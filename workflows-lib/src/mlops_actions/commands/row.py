"""A row of the command line: a command or an errand, and its options."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlops_actions.options import Options
from mlops_actions.outcome import Outcome

Stage = Callable[[Path], Outcome]


@dataclass(frozen=True, slots=True)
class Option:
    """A flag. ``kind``: ``text``, ``list`` (repeated), ``switch``, ``maybe`` (a value or none), ``arguments``."""

    name: str
    help: str
    metavar: str = "TEXT"
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the command line: its words (``ci plan``), what it does, its options, and its stage."""

    words: str
    help: str
    options: tuple[Option, ...]
    stage: Callable[[Options], Stage]
    instead: Callable[[Options], str | None] = lambda _options: None
    """What to print instead of running the stage, where the options ask for that."""

    @property
    def default_out(self) -> Path:
        return Path(".mlops") / self.words.replace(" ", "-")


@dataclass(frozen=True, slots=True)
class Errand:
    """A command that judges nothing and leaves no verdict."""

    words: str
    help: str
    options: tuple[Option, ...]
    run: Callable[[Options], None]
