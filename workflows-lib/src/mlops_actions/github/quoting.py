"""A step's log that another program writes to: no line of it is obeyed, and no secret of it shows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import TextIO

from mlops_actions.github.commands import add_mask, commands_stopped
from mlops_actions.github.context import from_env


@contextmanager
def quoted(hidden: Iterable[str], env: Mapping[str, str], stream: TextIO) -> Iterator[None]:
    """Until the block ends, what is written to ``stream`` is text, with the values in ``hidden`` masked.

    They stay masked for the rest of the job. Off GitHub Actions nothing is
    done.
    """
    if not from_env(env).on_actions:
        yield
        return
    for value in sorted(hidden):
        for line in add_mask(value):
            print(line, file=stream, flush=True)
    with commands_stopped(stream):
        yield
