"""What is raised when a call is wrong and nothing can be judged.

A stage that *can* judge says so in its verdict, even when the subject is
unreadable. It raises :class:`CallError` only when there is nothing to judge: a
configuration that does not hold, a path that is not there, a flag's value. The
command line turns it into exit status 2 and prints each problem as
``file:line:column: message``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong, where it stands, and what to do about it.

    ``line`` and ``column`` are 1-based; ``hint`` is a sentence for the person
    who must act.
    """

    message: str
    file: str | None = None
    line: int | None = None
    column: int | None = None
    hint: str | None = None

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part is not None)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}. {self.hint}" if self.hint else text


class CallError(Exception):
    """The call is wrong and nothing was judged (exit status 2)."""

    def __init__(self, *problems: Problem | str) -> None:
        self.problems = tuple(Problem(each) if isinstance(each, str) else each for each in problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


def did_you_mean(name: str, known: Iterable[str]) -> str | None:
    """A hint that names the nearest of ``known`` to ``name``, or None where nothing is near."""
    import difflib  # pylint: disable=import-outside-toplevel  # only for someone who erred

    choices = {each.casefold(): each for each in known}
    near = difflib.get_close_matches(name.casefold(), choices, n=1, cutoff=0.6)
    return f"Did you mean `{choices[near[0]]}`?" if near else None
