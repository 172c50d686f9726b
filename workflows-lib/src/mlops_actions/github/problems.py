"""A wrong call as annotations: nothing was judged, so there is no verdict to annotate."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TextIO

from mlops_actions.errors import Problem
from mlops_actions.github.annotations import PER_LEVEL
from mlops_actions.github.commands import command
from mlops_actions.github.context import from_env
from mlops_actions.visible import visible


def publish_problems(problems: Iterable[Problem], env: Mapping[str, str], stream: TextIO) -> None:
    """Write an ``::error`` command for each of the first ten problems. Off GitHub Actions it does nothing."""
    context = from_env(env)
    if not context.on_actions:
        return
    for problem in list(problems)[:PER_LEVEL]:
        file = context.from_root(problem.file, Path.cwd()) if problem.file else None
        message = f"{problem.message}. {problem.hint}" if problem.hint else problem.message
        if problem.file and file is None:
            message = f"{problem.file}: {message}"
        line = command(
            "error",
            visible(message, keep="\n\t"),
            file=visible(file) if file else None,
            line=problem.line if file else None,
            col=problem.column if file and problem.line else None,
            title="mlops: nothing was judged",
        )
        stream.write(line.encode("utf-8", "backslashreplace").decode("utf-8") + "\n")
