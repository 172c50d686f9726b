"""``mlops validate``, ``mlops profile``, ``mlops contract``."""

from __future__ import annotations

import sys
from pathlib import Path

from mlops_actions.commands import reading
from mlops_actions.commands.row import Command, Option, Stage
from mlops_actions.errors import CallError, Problem
from mlops_actions.options import Options

# pylint: disable=import-outside-toplevel


def _validate(options: Options) -> Stage:
    from mlops_actions.data import validate
    from mlops_actions.data.engines.progress import Progress
    from mlops_actions.data.quarantine import split
    from mlops_actions.verdict import FailOn

    quarantine, accepted = reading.folder(options, "quarantine"), reading.folder(options, "accepted")
    out = Path(options.arguments.out or ".mlops/validate")
    split.refuse_nested(out, *(each for each in (quarantine, accepted) if each))
    reading.take_credentials(options)
    data, server = reading.data_or_server(options)
    request = validate.Validation(
        contract=options.file("contract", "data", "contract"),
        data=data,
        server=server,
        engine=options.one_of("engine", validate.ENGINES, "data", "engine", default="duckdb"),
        master=options.text("master", "data", "master"),
        fail_on=options.word("fail-on", FailOn, "data", "fail-on", default=FailOn.ERROR),
        sql_seconds=options.number("sql-timeout-seconds", "data", "sql-timeout-seconds", default=30),
        time_column=options.text("time-column", "data", "time-column"),
        reveal=options.texts("reveal"),
        quarantine=quarantine,
        accepted=accepted,
        progress=None if options.arguments.json else Progress(sys.stderr),
        baseline=Path(given) if (given := options.text("baseline")) else None,
        csv=reading.csv(options),
    )
    return lambda out: validate.validate(request, out)


def _profile(options: Options) -> Stage:
    from mlops_actions.data import describe, merge

    if parts := options.texts("merge"):
        if options.arguments.data:
            raise CallError(Problem("--merge and --data cannot be given together: profiles are added, or data is read"))
        return lambda out: merge.merge(merge.Merging(parts), out)
    contract, like = options.text("contract", "data", "contract"), options.text("like")
    request = describe.Profiling(
        options.paths("data", "data", "path"),
        Path(contract) if contract else None,
        options.one_of("engine", describe.ENGINES, "data", "engine", default="duckdb"),
        options.text("master", "data", "master"),
        reading.csv(options),
        time_column=options.text("time-column", "data", "time-column"),
        like=Path(like) if like else None,
        correlations=reading.correlations(options),
    )
    return lambda out: describe.describe(request, out)


def _contract_diff(options: Options) -> Stage:
    from mlops_actions.data.diffing import diff

    given: list[str] = options.arguments.contracts or []
    if len(given) != 2:
        hint = "Type `mlops contract diff OLD NEW`."
        raise CallError(Problem(f"two contracts are compared, and {len(given)} given", hint=hint))
    request = diff.Comparison(Path(given[0]), Path(given[1]))
    return lambda out: diff.diff(request, out)


def _contract_infer(options: Options) -> Stage:
    from mlops_actions.data.drafting import infer

    data = infer.named(options.paths("data", "data", "path"), options.text("object"))
    request = infer.Inference(data, Path(options.arguments.out or ".mlops/contract-infer"), reading.csv(options))
    return lambda out: infer.infer(request, out)


_TIME = Option(
    "time-column", "the time of a row, for a profile by blocks of time (default: what the contract says)", "NAME"
)


COMMANDS: tuple[Command, ...] = (
    Command(
        "validate",
        "hold a data contract against the data",
        (
            reading.CONTRACT,
            reading.DATA,
            reading.SERVER,
            reading.ENGINE,
            reading.MASTER,
            Option("fail-on", "error, warning or never", "SEVERITY"),
            _TIME,
            reading.QUARANTINE,
            reading.ACCEPTED,
            Option("baseline", "the contract before this one, or a folder that has it at the same path", "PATH"),
            Option("reveal", "a private column whose values may be shown; may be repeated", "COLUMN", "list"),
        ),
        _validate,
    ),
    Command(
        "profile",
        "describe the data: counts, ranges, distributions, no rows; or add profiles up",
        (
            reading.DATA,
            reading.CONTRACT,
            reading.ENGINE,
            reading.MASTER,
            _TIME,
            Option(
                "like", "a profile of such data: bins and blocks are as in it, so that the two add up exactly", "FILE"
            ),
            Option(
                "merge", "a profile to add to others, in the place of data: a file or a glob, repeated", "FILE", "list"
            ),
        ),
        _profile,
    ),
    Command(
        "contract infer",
        "draft a contract from data, with the evidence beside each promise",
        (
            Option("data", "a file, a folder or a glob; OBJECT=PATH for several objects", "DATA", "arguments"),
            Option("object", "what the contract calls the rows (default: after the path)", "NAME"),
        ),
        _contract_infer,
    ),
    Command(
        "contract diff",
        "tell breaking changes between two contracts, and which version is due",
        (Option("contracts", "the contract as it was, and as it is", "OLD NEW", "arguments"),),
        _contract_diff,
    ),
)
