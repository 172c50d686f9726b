"""``mlops <command> ...``: parses, runs the command, prints what is wrong with a call. No logic.

What commands there are stands in :mod:`mlops_actions.commands.table`.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, NoReturn

from mlops_actions import __version__
from mlops_actions.carryout import INTERRUPTED, PASSED, WRONG_CALL, Job, carry_out, io_problem, mute, printable
from mlops_actions.commands.row import Command, Errand, Option
from mlops_actions.commands.table import COMMANDS, GROUPS
from mlops_actions.errors import CallError, did_you_mean
from mlops_actions.options import PREFIX, Options

if TYPE_CHECKING:
    from mlops_actions.config import Config

ALLOCATED = 100_000
"""Objects more than freed before garbage is looked for; Python's 700 cost a command some 5 % of its time."""

# What only some calls need is imported there, so that `mlops --help` starts at once.
# pylint: disable=import-outside-toplevel


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit status: 0 pass or warn, 1 fail, 2 the call is wrong, 130 interrupted."""
    signal.signal(signal.SIGTERM, _interrupt)
    gc.set_threshold(ALLOCATED)
    namespace, unknown = _parser().parse_known_args(arguments)
    if unknown:
        _refuse(namespace, unknown)
    try:
        return _run(namespace)
    except CallError as error:
        _print_problems(error)
        return WRONG_CALL
    except BrokenPipeError:
        mute()  # whoever read our output has seen enough
        return PASSED
    except OSError as error:
        _print_problems(CallError(io_problem(error)))
        try:
            sys.stdout.flush()
        except OSError:
            mute()  # what could not be printed would fail once more when Python ends
        return WRONG_CALL
    except KeyboardInterrupt:
        print("interrupted: nothing was written", file=sys.stderr)
        return INTERRUPTED


def _refuse(namespace: argparse.Namespace, unknown: Sequence[str]) -> NoReturn:
    """End the call as its own command does, with the nearest flag that there is."""
    parser: argparse.ArgumentParser = namespace.parser
    flags = ["--config", "--out", "--json", *(f"--{each.name}" for each in namespace.row.options)]
    hint = did_you_mean(unknown[0].partition("=")[0], flags)
    parser.error(f"unrecognized arguments: {' '.join(map(printable, unknown))}" + (f". {hint}" if hint else ""))


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _run(namespace: argparse.Namespace) -> int:
    command: Command | Errand = namespace.row
    options = Options(namespace, _config(namespace))
    if isinstance(command, Errand):
        command.run(options)
        return PASSED
    if (text := command.instead(options)) is not None:
        sys.stdout.write(text)
        return PASSED
    out = Path(namespace.out or command.default_out)
    return carry_out(Job(out, namespace.json), command.stage(options))


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
            holder = groups[""].add_parser(
                group, help=GROUPS[group], description=_sentence(GROUPS[group]), allow_abbrev=False
            )
            groups[group] = holder.add_subparsers(title="commands", metavar="COMMAND", required=True)
        sub = groups[group].add_parser(word, help=command.help, description=_sentence(command.help), allow_abbrev=False)
        sub.set_defaults(row=command, parser=sub)
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
    match option.kind:
        case "switch":
            parser.add_argument(flag, help=option.help, action=argparse.BooleanOptionalAction, default=None)
        case "list":
            parser.add_argument(flag, help=option.help, metavar=option.metavar, action="append")
        case "maybe":
            parser.add_argument(flag, help=option.help, metavar=option.metavar, nargs="?", const=True)
        case "arguments":
            parser.add_argument(option.name, help=option.help, metavar=option.metavar, nargs="*")
        case _:
            parser.add_argument(flag, help=option.help, metavar=option.metavar)
