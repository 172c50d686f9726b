"""What several commands take to read data: the flags, where it is, how it is written, and by whose leave."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.commands.row import Option
from mlops_actions.errors import CallError
from mlops_actions.options import Options

if TYPE_CHECKING:
    from mlops_actions.data.profiles.correlating import Wanted
    from mlops_actions.data.sources.reading import CsvDialect

# pylint: disable=import-outside-toplevel

CONTRACT = Option("contract", "the data contract (ODCS)", "FILE")

DATA = Option(
    "data",
    "a file, a folder, a glob, a table, s3://…, postgresql://…; OBJECT=PATH, repeated, for several",
    "PATH",
    "list",
)

SERVER = Option("server", "the server of the contract that holds the data, in place of --data", "NAME")

ENGINE = Option(
    "engine", "what scans the data: duckdb (files), spark (files), postgres (tables, on their server)", "NAME"
)

MASTER = Option("master", "where Spark runs, with the engine spark (default: this machine)", "URL")

REFERENCE = Option(
    "reference", "a profile or data: a path, artifact:NAME or release:TAG; data: s3://…, postgresql://…", "REFERENCE"
)

QUARANTINE = Option("quarantine", "a folder for the rows that break a rule, each with the rules that it broke", "DIR")

ACCEPTED = Option("accepted", "a folder for all other rows", "DIR")


def csv(options: Options) -> CsvDialect:
    """How CSV is written, where the configuration says so."""
    from mlops_actions.data.sources.reading import CsvDialect

    said = options.config.get("data", "csv") or {}
    quote = said.get("quote")
    return CsvDialect(said.get("delimiter"), "" if quote == "none" else quote)


def correlations(options: Options) -> Wanted:
    """The numeric columns whose pairs are looked at, or how many."""
    from mlops_actions.data.profiles.correlations import MOST

    said = options.config.get("drift", "correlations")
    return MOST if said is None else tuple(said) if isinstance(said, list) else int(said)


def folder(options: Options, name: str) -> Path | None:
    text = options.text(name, "data", name)
    return Path(text) if text else None


def data_or_server(options: Options) -> tuple[Sequence[str] | Mapping[str, str], str | None]:
    """What names the data: paths, or a server of the contract. What the call says wins over the configuration."""
    data, server = options.find("data", "data", "path"), options.find("server", "data", "server")
    if data is not None and server is not None:
        if (data.file is None) == (server.file is None):
            raise CallError(server.problem(f"{data.source} names the data as well", "Give one of the two."))
        data = data if data.file is None else None
    return (options.paths("data", "data", "path"), None) if data else ((), options.text("server", "data", "server"))


_CREDENTIALS = ("aws-access-key-id", "aws-secret-access-key", "aws-session-token", "pguser", "pgpassword")
"""Secrets of a workflow that are variables by these names; there is no flag for them."""


def take_credentials(options: Options) -> None:
    """Hand a workflow's secrets on to what reads the data. One that was not given leaves the runner's own in place."""
    for name in _CREDENTIALS:
        if (value := options.text(name)) is not None:
            os.environ[name.upper().replace("-", "_")] = value
