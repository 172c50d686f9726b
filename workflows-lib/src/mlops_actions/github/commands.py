"""Workflow commands: lines of a job's log that the runner obeys, and lines that must not become one.

The encoding is the runner's own (actions/runner, ``ActionCommand.cs``): ``%``,
CR and LF everywhere, ``:`` and ``,`` in properties as well. The runner reads
commands from standard output and standard error alike. It takes a line for one
when it begins with ``::`` after white space, or holds ``##[name]`` anywhere,
and it may compare by culture, where invisible characters do not count.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from mlops_actions.visible import visible

# Before a command's colons may stand white space; within a marker, what a comparison by culture overlooks.
_MARKER = re.compile(r"^[^!-~]*(?=:[^ -~]*:)|(?<=#)[^ -~]*(?=\[)")
_NAME = re.compile(r"[a-z][a-z-]*\Z")


def command(name: str, message: str = "", **properties: str | int | None) -> str:
    """One workflow command, without a line end. Properties that are None are left out.

    Raises ValueError for a name that is not one.
    """
    if not _NAME.match(name):
        raise ValueError(f"not a workflow command: {name!r}")
    given = ",".join(f"{key}={_property(str(value))}" for key, value in properties.items() if value is not None)
    return f"::{name}{' ' if given else ''}{given}::{_data(message)}"


def add_mask(value: str) -> list[str]:
    """The commands that hide a secret from the log: one for each of its lines, since a log has lines."""
    return [command("add-mask", line) for line in dict.fromkeys(value.splitlines()) if line.strip()]


def safe_line(text: str) -> str:
    """``text`` as one line that prints as it is and that no runner takes for a command."""
    return _MARKER.sub(lambda match: match.group() + "\\", visible(text, keep="\t"))


@contextmanager
def commands_stopped(stream: TextIO) -> Iterator[None]:
    """Let another program write to ``stream``: no line of it is obeyed until the block ends."""
    token = secrets.token_hex(16)
    print(command("stop-commands", token), file=stream, flush=True)
    try:
        yield
    finally:
        # The program may have left an unfinished line.
        print(f"\n::{token}::", file=stream, flush=True)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
