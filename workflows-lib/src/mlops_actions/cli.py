"""``mlops <command> ...``: parses, calls a stage, prints. No logic.

A command is a row of :data:`COMMANDS`: its options, and a function that turns
their values into a call of its stage. The stage is imported only then, so that
a command needs no more than its own extra and ``mlops --help`` starts at once.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from mlops_actions import __version__
from mlops_actions.carryout import INTERRUPTED, WRONG_CALL, Job, carry_out, printable
from mlops_actions.errors import CallError, Problem
from mlops_actions.options import PREFIX, Options
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import FailOn

if TYPE_CHECKING:
    from mlops_actions.config import Config

# Stages are imported by the function that calls them, see above.
# pylint: disable=import-outside-toplevel

Stage = Callable[[Path], Outcome]


@dataclass(frozen=True, slots=True)
class Option:
    """A flag of a command; ``kind`` is ``text``, ``list`` (may be repeated), ``switch`` or ``file`` (an argument)."""

    name: str
    help: str
    metavar: str = "TEXT"
    kind: str = "text"


@dataclass(frozen=True, slots=True)
class Command:
    """A row of the command line: words (``ci plan``), what it does, its options, and its stage."""

    words: str
    help: str
    options: tuple[Option, ...]
    stage: Callable[[Options], Stage]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 pass or warn, 1 fail, 2 the call is wrong, 130 interrupted."""
    signal.signal(signal.SIGTERM, _interrupt)
    namespace = _parser().parse_args(arguments)
    try:
        return _run(namespace)
    except CallError as error:
        _print_problems(error)
        return WRONG_CALL
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has gone; the files are written.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(namespace: argparse.Namespace) -> int:
    command: Command = namespace.command
    options = Options(namespace, _config(namespace))
    stage = command.stage(options)
    out = Path(namespace.out or Path(".mlops") / command.words.replace(" ", "-"))
    return carry_out(Job(out, namespace.json), stage)


def _config(namespace: argparse.Namespace) -> Config:
    """The configuration: a flag must name a file; the workflow's default input may name none."""
    from mlops_actions import config

    if namespace.config:
        return config.load(Path(namespace.config))
    given = os.environ.get(f"{PREFIX}CONFIG", "")
    return config.load(Path(given) if given and given != config.DEFAULT else None)


def _print_problems(error: CallError) -> None:
    from mlops_actions.github.problems import publish_problems

    for problem in error.problems:
        print(f"error: {printable(str(problem))}", file=sys.stderr)
    publish_problems(error.problems, os.environ, sys.stderr)


# --- the stages' calls ---------------------------------------------------------------------------


def _validate(options: Options) -> Stage:
    from mlops_actions.data import validate

    request = validate.Validation(
        contract=Path(options.required("contract", "data", "contract")),
        data=options.paths("data", "data", "path"),
        engine=options.one_of("engine", validate.ENGINES, "data", "engine", default="duckdb"),
        fail_on=options.word("fail-on", FailOn, "data", "fail-on", default=FailOn.ERROR),
    )
    return lambda out: validate.validate(request, out)


# --- the table -----------------------------------------------------------------------------------

_DATA = Option("data", "a file, a folder or a glob; OBJECT=PATH, repeated, for several objects", "PATH", "list")
_CONTRACT = Option("contract", "the data contract (ODCS)", "FILE")
_ENGINE = Option("engine", "what scans the data (duckdb)", "NAME")

COMMANDS: tuple[Command, ...] = (
    Command(
        "validate",
        "hold a data contract against the data",
        (_CONTRACT, _DATA, _ENGINE, Option("fail-on", "error, warning or never", "SEVERITY")),
        _validate,
    ),
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="mlops",
        description="Every stage of a model's life, one verdict each.",
        epilog="Exit status: 0 pass or warn, 1 fail, 2 the call is wrong and nothing was judged.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"mlops-actions {__version__}")
    groups: dict[str, argparse._SubParsersAction[argparse.ArgumentParser]] = {}
    groups[""] = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in COMMANDS:
        group, _, word = command.words.rpartition(" ")
        if group not in groups:
            holder = groups[""].add_parser(group, help=f"see mlops {group} --help", allow_abbrev=False)
            groups[group] = holder.add_subparsers(title="commands", metavar="COMMAND", required=True)
        sub = groups[group].add_parser(word, help=command.help, description=_sentence(command.help), allow_abbrev=False)
        sub.set_defaults(command=command)
        for option in command.options:
            _add(sub, option)
        sub.add_argument("--config", metavar="FILE", help="the configuration (default: mlops.yaml where it stands)")
        sub.add_argument(
            "--out", metavar="DIR", help=f"replaced by each run (default: .mlops/{command.words.replace(' ', '-')}/)"
        )
        sub.add_argument("--json", action="store_true", help="print the verdict, and nothing else, to standard output")
    return parser


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}."


def _add(parser: argparse.ArgumentParser, option: Option) -> None:
    flag = f"--{option.name}"
    if option.kind == "switch":
        parser.add_argument(flag, help=option.help, action=argparse.BooleanOptionalAction, default=None)
    elif option.kind == "list":
        parser.add_argument(flag, help=option.help, metavar=option.metavar, action="append")
    elif option.kind == "file":
        parser.add_argument(option.name, help=option.help, metavar=option.metavar, nargs="*")
    else:
        parser.add_argument(flag, help=option.help, metavar=option.metavar)


__all__ = ["COMMANDS", "Command", "Option", "Problem", "main"]
