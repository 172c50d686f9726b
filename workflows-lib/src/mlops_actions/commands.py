"""What commands there are: a row each, and how its options become the call of a stage.

A stage is imported by the function that calls it, so that a command needs no
more than its own extra, and the list of commands needs nothing.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_actions.errors import CallError, Problem
from mlops_actions.options import Options
from mlops_actions.outcome import Outcome, Section

if TYPE_CHECKING:
    from mlops_actions.ci.steps import Commands
    from mlops_actions.data.contracts.servers import Place
    from mlops_actions.data.profiles.correlating import Wanted
    from mlops_actions.data.sources.reading import CsvDialect
    from mlops_actions.drift.performance import Asked
    from mlops_actions.drift.response import Wishes
    from mlops_actions.drift.settings import Settings
    from mlops_actions.dryrun.run import DryRun
    from mlops_actions.github.api import Client
    from mlops_actions.github.carried import Carried
    from mlops_actions.github.context import Context
    from mlops_actions.release.candidate import Release
    from mlops_actions.released import Released
    from mlops_actions.training.champion import Champion
    from mlops_actions.training.reason import Reason
    from mlops_actions.verdict import Where

# pylint: disable=import-outside-toplevel

Stage = Callable[[Path], Outcome]

CHECKOUT = Path(__file__).resolve().parents[3]
"""The library's checkout, where it was installed from one."""


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


# --- data ----------------------------------------------------------------------------------------


def _csv(options: Options) -> CsvDialect:
    """How CSV is written, where the configuration says so."""
    from mlops_actions.data.sources.reading import CsvDialect

    said = options.config.get("data", "csv") or {}
    quote = said.get("quote")
    return CsvDialect(said.get("delimiter"), "" if quote == "none" else quote)


def _validate(options: Options) -> Stage:
    from mlops_actions.data import validate
    from mlops_actions.data.engines.progress import Progress
    from mlops_actions.data.quarantine import split
    from mlops_actions.verdict import FailOn

    quarantine, accepted = _folder(options, "quarantine"), _folder(options, "accepted")
    out = Path(options.arguments.out or ".mlops/validate")
    split.refuse_nested(out, *(each for each in (quarantine, accepted) if each))
    _take_credentials(options)
    data, server = _data_or_server(options)
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
        csv=_csv(options),
    )
    return lambda out: validate.validate(request, out)


def _folder(options: Options, name: str) -> Path | None:
    text = options.text(name, "data", name)
    return Path(text) if text else None


def _data_or_server(options: Options) -> tuple[Sequence[str] | Mapping[str, str], str | None]:
    """What names the data: paths, or a server of the contract. What the call says wins over the configuration."""
    data, server = options.find("data", "data", "path"), options.find("server", "data", "server")
    if data is not None and server is not None:
        if (data.file is None) == (server.file is None):
            raise CallError(server.problem(f"{data.source} names the data as well", "Give one of the two."))
        data = data if data.file is None else None
    return (options.paths("data", "data", "path"), None) if data else ((), options.text("server", "data", "server"))


_CREDENTIALS = ("aws-access-key-id", "aws-secret-access-key", "aws-session-token", "pguser", "pgpassword")
"""Secrets of a workflow that are variables by these names; there is no flag for them."""


def _take_credentials(options: Options) -> None:
    """Hand a workflow's secrets on to what reads the data. One that was not given leaves the runner's own in place."""
    for name in _CREDENTIALS:
        if (value := options.text(name)) is not None:
            os.environ[name.upper().replace("-", "_")] = value


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
        _csv(options),
        time_column=options.text("time-column", "data", "time-column"),
        like=Path(like) if like else None,
        correlations=_correlations(options),
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
    request = infer.Inference(data, Path(options.arguments.out or ".mlops/contract-infer"), _csv(options))
    return lambda out: infer.infer(request, out)


# --- ci ------------------------------------------------------------------------------------------


def _commands(options: Options) -> Commands:
    from mlops_actions.ci.steps import Commands

    names = ("install", "lint", "test")
    return Commands(*(options.text(f"{name}-command", "ci", f"{name}-command") for name in names))


def _ci_plan(options: Options) -> Stage:
    from mlops_actions.ci import plan

    versions, given = options.texts("python-versions", "ci", "python-versions"), options.find("python-versions")
    if given and not versions:
        hint = "Name a version, or leave it out: then the project's `requires-python` decides."
        raise CallError(given.problem("must not be empty", hint))
    request = plan.PlanRequest(
        python_versions=versions,
        commands=_commands(options),
        fail_fast=options.flag("fail-fast", "ci", "fail-fast"),
        dry_run=_is_dry_run(),
    )
    return lambda out: plan.plan(request, out)


def _ci_run(options: Options) -> Stage:
    from mlops_actions.ci import run

    request = run.RunRequest(
        python=options.required("python"),
        commands=_commands(options),
        echo=sys.stderr,
        index_url=options.text("index-url"),  # a secret, so there is no flag for it
    )
    return _quoted(options, lambda out: run.run(request, out))


def _ci_gate(options: Options) -> Stage:
    from mlops_actions.ci import gate

    request = gate.GateRequest(
        results=Path(options.required("results")),
        name=options.text("name", default="python-ci") or "python-ci",
        needs=options.text("needs"),
    )
    return lambda out: gate.gate(request, out)


# --- training ------------------------------------------------------------------------------------


def _train(options: Options) -> Stage:
    from mlops_actions.training import gates, train

    _take_credentials(options)
    config = options.config
    contract = config.get("data", "contract")
    minutes = config.get("training", "timeout-minutes")
    request = train.Training(
        command=options.required("command", "training", "command"),
        model=config.get("training", "model") or "build/model",
        metrics=config.get("training", "metrics") or "build/metrics.json",
        importances=config.get("training", "importances") or "build/importances.json",
        name=config.get("model") or "model",
        data=options.paths("data", "data", "path"),
        contract=Path(contract) if contract else None,
        time_column=config.get("data", "time-column"),
        correlations=_correlations(options),
        csv=_csv(options),
        inputs=tuple(config.get("training", "inputs") or ()),
        gates=gates.configured(config),
        champion=_champion(options),
        reason=_reason(),
        allow_pickle=tuple(config.get("training", "allow-pickle") or ()),
        install_command=config.get("training", "install-command"),
        python_version=options.text("python-version", "training", "python-version"),
        platform=options.one_of("platform", train.PLATFORMS, "training", "platform", default="runner"),
        limit=minutes * 60 if minutes else None,
        index_url=options.text("index-url"),
        places={
            "data": _place(options, "data", "path"),
            **{key: _place(options, "training", key) for key in config.get("training") or ()},
        },
    )
    return _quoted(options, lambda out: train.train(request, out))


def _champion(options: Options) -> Champion | None:
    """What the new model is held against, where the configuration asks for it. Raises CallError where it is gone."""
    if options.config.get("training", "champion") is None:
        return None
    from mlops_actions.training.champion import Champion
    from mlops_actions.training.paired import Metric

    said: dict[str, Any] = options.config.get("training", "champion")
    found = _champion_model(options)
    return Champion(
        command=said["command"],
        metric=Metric(said["metric"]),
        margin=said["margin"],
        model=found.folder,
        name=found.tag,
        absent=found.absent,
        expected=not found.looked and not _is_dry_run(),
        where=_place(options, "training", "champion"),
    )


_CHAMPION = Path(".mlops/champion")
"""Where the champion of a release is unpacked, by a step that has a token and runs nothing."""


def _champion_model(options: Options) -> Released:
    """The champion's model: what a step before has found, else a path, an artifact, or what is released."""
    from mlops_actions import location, released

    if found := options.text("champion"):
        return released.kept(Path(found))
    text = options.config.get("training", "champion", "model")
    place = location.parse(text) if text else None
    if place is None or place.kind == "release":
        source = released.Source(_repository(), _client(), _dry_run_folders())
        name = options.config.get("model")
        if name is None:
            raise CallError(options.missing("model", "model"))
        return released.model_of(source, name, place.name if place else None, _CHAMPION)
    folder = place.folder()
    folder = folder / "model" if (folder / "model").is_dir() else folder
    if not folder.is_dir():
        message = f"no such folder {str(folder)!r}, where the champion should be"
        raise CallError(options.config.problem(message, "training", "champion", "model"))
    return released.Released(folder, text or "")


def _reason() -> Reason | None:
    """The alarm that started this run, where one did."""
    from mlops_actions.github import context
    from mlops_actions.training import reason

    step = context.from_env(os.environ)
    return reason.read(step.event()) if step.event_name == "repository_dispatch" else None


def _place(options: Options, section: str, key: str) -> Where:
    from mlops_actions.verdict import Where

    if options.config.get(section, key) is None:
        return Where()
    position = options.config.where(section, key)
    return Where(file=options.config.name, line=position.line, character=position.column)


# --- drift ---------------------------------------------------------------------------------------


def _drift(options: Options) -> Stage:
    from mlops_actions.drift import check

    _take_credentials(options)
    wishes = _wishes(options)
    paths = options.paths("data", "drift", "data")
    if not paths:
        raise CallError(options.missing("data", "drift", "data"))
    patterns = tuple(_fetched(each) for each in (paths.values() if isinstance(paths, dict) else paths))
    engine = options.one_of("engine", check.ENGINES, "drift", "engine", default="duckdb")
    master = options.text("master", "data", "master")
    settings = _drift_settings(options)

    performance = _performance(options)
    csv = _csv(options)

    def stage(out: Path) -> Outcome:
        reference = _reference(options, out)
        time_column = options.config.get("data", "time-column")
        asked = check.DriftCheck(reference, patterns, engine, master, settings, csv, time_column, performance)
        earlier = _earlier(options, wishes)
        outcome = check.check(asked, out)
        asks = _ask(options, wishes, outcome, out)
        outputs = {**outcome.outputs, "responds": "true" if asks else "false"}
        return replace(outcome, sections=(*outcome.sections, *_shown(earlier, outcome)), outputs=outputs)

    return stage


def _fetched(path: str) -> str:
    """A path; of `artifact:NAME` that of the folder where the workflow has put it."""
    from mlops_actions import location

    place = location.parse(path)
    return str(place.folder()) if place.kind == "artifact" else path


MAX_EVENT = 100
"""Characters of an event's name that GitHub takes."""


def _wishes(options: Options) -> Wishes | None:
    """What is to happen after the check; None where nothing is switched on. Raises CallError without a model's name."""
    event = options.text("retrain-event", "drift", "retrain-event")
    workflow = options.text("retrain-workflow", "drift", "retrain-workflow")
    open_issue = options.flag("open-issue", "drift", "open-issue")
    history = options.arguments.history is None and options.flag("history", "drift", "history")
    if not (event or workflow or open_issue or history):
        return None
    if event and workflow:
        raise CallError("a training is started by `retrain-event` or by `retrain-workflow`, and both are given")
    named = options.find("retrain-workflow", "drift", "retrain-workflow")
    if named is not None and workflow and not re.fullmatch(r"[\w.-]+\.ya?ml", workflow):
        raise CallError(named.problem(f"{workflow!r} is not the name of a file in .github/workflows, as `train.yml`"))
    if event and len(event) > MAX_EVENT:
        raise CallError(f"an event's name has at most {MAX_EVENT} characters, and `retrain-event` has {len(event):,}")
    model = options.config.get("model")
    if model is None:
        raise CallError(options.missing("model", "model"))
    from mlops_actions.drift.response import Wishes
    from mlops_actions.github import context

    return Wishes(
        model=model,
        open_issue=open_issue,
        labels=tuple(options.config.get("drift", "issue-labels") or ()),
        assignees=tuple(options.config.get("drift", "issue-assignees") or ()),
        close_after=options.config.get("drift", "close-after") or 1,
        retrain_event=event,
        retrain_workflow=workflow,
        cool_down=_duration(options.config.get("drift", "cool-down") or "24h"),
        history=history,
        run=context.from_env(os.environ).run_url,
    )


def _duration(text: str) -> timedelta:
    """`90m`, `24h` or `7d`, whose form the schema has held."""
    unit = {"m": "minutes", "h": "hours", "d": "days"}[text[-1]]
    return timedelta(**{unit: int(text[:-1])})


def _history_file(options: Options) -> Path | None:
    name = options.text("history") if options.arguments.history is not None else None
    return Path(name) if name else None


def _earlier(options: Options, wishes: Wishes | None) -> str | LookupError | None:
    """The checks before this one, where they are kept: in a file here, or on GitHub; or why not. Raises CallError."""
    from mlops_actions.drift import history

    if (file := _history_file(options)) is not None:
        return history.read(file)
    if wishes is None or not wishes.history:
        return None
    try:
        return _stored_history(history.BRANCH, history.path_of(wishes.model))
    except LookupError as error:
        return error


def _shown(earlier: str | LookupError | None, outcome: Outcome) -> tuple[Section, ...]:
    """Earlier checks in the report, the columns in its order."""
    from mlops_actions.drift import history
    from mlops_actions.outcome import Text

    if earlier is None:
        return ()
    if isinstance(earlier, LookupError):
        return (Section("Earlier checks", (Text(str(earlier)),)),)
    first = [str(each.where.column) for each in outcome.verdict.checks if history.is_of_column(each)]
    return (history.section(*history.parse(earlier), first=first),)


def _ask(options: Options, wishes: Wishes | None, outcome: Outcome, out: Path) -> bool:
    """Add the check to the file of its history, and write what is to happen now; whether anything is."""
    if file := _history_file(options):
        from mlops_actions.drift import history

        history.append(file, history.line(outcome.verdict))
    if wishes is None:
        return False
    from mlops_actions.drift import respond, response

    if requests := response.requests(outcome, wishes):
        respond.write(out, requests)
    return bool(requests)


def _stored_history(branch: str, path: str) -> str:
    """The history on GitHub. Raises LookupError that says why it cannot be read."""
    from mlops_actions.github.api import ApiError
    from mlops_actions.github.lines import BranchFile

    client = _client()
    if client is None:
        raise LookupError("Earlier checks are kept on GitHub, and are not read in a dry run.")
    try:
        text = BranchFile(client, _repository(), branch, path).read()
    except ApiError as error:
        raise LookupError(f"Earlier checks cannot be read: {error}.") from error
    if not text:
        words = (
            f"No earlier check stands on the branch {branch}. Where artifacts carry them, the job Respond shows them."
        )
        raise LookupError(words)
    return text


def _respond(options: Options) -> Stage:
    from mlops_actions.drift import respond
    from mlops_actions.github import context

    folder = Path(options.required("requests"))
    step = context.from_env(os.environ)
    client = _client()
    response = respond.Response(folder, step.repository, client, step.is_of_fork, _carried(options, step, client))
    return lambda out: respond.respond(response, out)


def _carried(options: Options, step: Context, client: Client | None) -> Carried | None:
    """The artifact that carries a history, where a workflow uploads it."""
    from mlops_actions.drift.keeping import artifact
    from mlops_actions.github.carried import Carried as Made

    if client is None or not (step.on_actions and step.workflow and step.branch):
        return None
    name = artifact(options.text("name", default="drift-check") or "drift-check")
    return Made(client, step.repository, name, step.workflow, step.branch)


def _drift_settings(options: Options) -> Settings:
    """Effects, thresholds and columns, as mlops.yaml says."""
    from mlops_actions.drift.decision import LEVEL
    from mlops_actions.drift.effects import Effect
    from mlops_actions.drift.pairs import MATERIAL
    from mlops_actions.drift.settings import Column
    from mlops_actions.drift.settings import Settings as Made
    from mlops_actions.drift.volume import FACTOR

    def place(message: str, *path: str | int, hint: str | None = None) -> Problem:
        return options.config.problem(message, "drift", *path, hint=hint)

    said: dict[str, Any] = options.config.get("drift") or {}
    columns: dict[str, dict[str, Any]] = said.get("columns") or {}
    return Made(
        effect=Effect(said.get("effect", Effect.TOTAL_VARIATION)),
        threshold=said.get("threshold"),
        columns={
            name: Column(each.get("threshold"), Effect(each["effect"]) if "effect" in each else None)
            for name, each in columns.items()
        },
        ignore=tuple(said.get("ignore") or ()),
        must_not_drift=tuple(said.get("must-not-drift") or ()),
        rows_factor=said.get("rows-factor", FACTOR),
        correlations=_correlations(options),
        threshold_correlation=said.get("threshold-correlation", MATERIAL),
        false_alarms=said.get("false-alarms", LEVEL),
        place=place,
    )


def _correlations(options: Options) -> Wanted:
    """The numeric columns whose pairs are looked at, or how many."""
    from mlops_actions.data.profiles.correlations import MOST

    said = options.config.get("drift", "correlations")
    return MOST if said is None else tuple(said) if isinstance(said, list) else int(said)


def _performance(options: Options) -> Asked | None:
    """The columns of predictions and labels, where the configuration names them. Raises CallError for half of it."""
    from mlops_actions.drift.performance import SMALLEST, Asked, Metric

    config = options.config
    prediction = config.get("drift", "prediction")
    if prediction is None:
        for key in ("label", "metric", "segments", "smallest-segment"):
            if config.get("drift", key) is not None:
                where = config.where("drift", key)
                message = f"`drift.{key}` is of no use without `drift.prediction`"
                hint = "Name the column of predictions."
                raise CallError(Problem(message, config.name, where.line, where.column, hint))
        return None
    metric = config.get("drift", "metric")
    return Asked(
        prediction,
        config.get("drift", "label"),
        Metric(metric) if metric else None,
        tuple(config.get("drift", "segments") or ()),
        config.get("drift", "smallest-segment") or SMALLEST,
    )


def _reference(options: Options, out: Path) -> Path | str:
    """The reference as a path here, or as an address of data: what was named, else the newest release's profile."""
    from mlops_actions import location

    text = options.text("reference", "drift", "reference")
    place = location.parse(text) if text else None
    if text and "://" in text:
        return text
    if place is not None and place.kind != "release":
        folder = place.folder()
        return folder / "profile.json" if place.kind == "artifact" else folder
    model = options.config.get("model")
    if place is None and model is None:
        raise CallError(options.missing("reference", "drift", "reference"))
    from mlops_actions import released  # which speaks HTTP

    source = released.Source(_repository(), _client(), _dry_run_folders())
    return released.profile(source, model, place.name if place else None, out / ".reference")


# --- export and release --------------------------------------------------------------------------


def _export(options: Options) -> Stage:
    model = Path(options.required("model"))
    beside = model.parent / "profile.json"
    export = _exporter(options)
    return lambda out: export(model, beside if beside.is_file() else None, out)


def _exporter(options: Options) -> Callable[[Path, Path | None, Path], Outcome]:
    """What exports a model with its profile into a folder, as the options say."""
    from mlops_actions.export import export

    targets = options.texts("targets", "export", "targets")
    tolerance = options.number("tolerance", "export", "tolerance", default=export.TOLERANCE)
    pickles = tuple(options.config.get("training", "allow-pickle") or ())

    def made(model: Path, profile: Path | None, out: Path) -> Outcome:
        return export.export(export.Export(model, targets, tolerance, profile, pickles), out)

    return made


_SAID_BY_FOUND = ("tag", "model", "publish", "verdicts")


def _find(options: Options) -> Stage:
    from mlops_actions.release import find

    request = _release_request(options)
    return lambda out: find.find(request, out)


def _release(options: Options) -> Stage:
    from mlops_actions.release import release

    export = _exporter(options)
    if found := options.text("found"):
        for name in _SAID_BY_FOUND:
            if options.find(name) is not None:
                raise CallError(Problem(f"--{name} and --found cannot be given together: what was found says it"))
        return lambda out: release.release_found(Path(found), out, export)
    request = _release_request(options)
    return lambda out: release.release(request, out, export)


def _release_request(options: Options) -> Release:
    from mlops_actions.github import context
    from mlops_actions.release import candidate, model_source

    step = context.from_env(os.environ)
    tag = options.text("tag") or (step.ref if step.ref.startswith("refs/tags/") else None)
    if tag is None:
        raise CallError(Problem("nothing says which tag to release", hint="Push a tag, or give --tag (input `tag`)."))
    return candidate.Release(
        tag=tag,
        name=options.config.get("model"),
        model=options.text("model", "release", "model"),
        publish=options.flag("publish", "release", "publish"),
        verdicts=tuple(Path(each) for each in options.texts("verdicts")),
        repository=step.repository,
        commit=step.sha,
        run_id=step.run_id,
        artifact=options.config.get("release", "artifact") or model_source.TRAINED,
        served=_dry_run_folders(),
        client=_client(),
    )


def _publish(options: Options) -> Stage:
    from mlops_actions.github import context
    from mlops_actions.release import publish

    step = context.from_env(os.environ)
    bundle = Path(options.required("bundle"))
    request = publish.Publication(bundle, step.repository, step.sha, _client(), options.text("tag") or "")
    return lambda out: publish.publish(request, out)


# --- dry run -------------------------------------------------------------------------------------


def _dry_run_request(options: Options) -> DryRun:
    from mlops_actions.dryrun.run import DryRun

    asked = options.arguments
    folder = Path(asked.library) if asked.library else CHECKOUT
    if not (folder / ".github" / "workflows" / "python-ci.yml").is_file():
        hint = "Give the checkout of mlops-actions with --library."
        raise CallError(Problem("is no checkout of mlops-actions", str(folder), hint=hint))
    inputs = {}
    for pair in asked.input or ():
        name, separator, value = pair.partition("=")
        if not separator or not name:
            raise CallError(Problem(f"--input {pair!r} is not NAME=VALUE"))
        inputs[name] = value
    return DryRun(
        repo=Path.cwd(),
        library=folder.resolve(),
        files=tuple(asked.file or ()),
        event=asked.event or "push",
        event_file=Path(asked.event_file) if asked.event_file else None,
        ref=asked.ref,
        inputs=inputs,
        secrets=tuple(asked.secret or ()),
        job=asked.job,
        docker=asked.docker is not None,
        image=asked.docker if isinstance(asked.docker, str) else None,
        from_=tuple(Path(each) for each in getattr(asked, "from") or ()),
        quiet=asked.json,
    )


def _dry_run(options: Options) -> Stage:
    from mlops_actions.dryrun import run

    request = _dry_run_request(options)
    return lambda out: run.dry_run(request, out)


def _list(options: Options) -> str | None:
    if not options.arguments.list:
        return None
    from mlops_actions.dryrun import run

    return run.list_plan(_dry_run_request(options), as_json=options.arguments.json)


# --- what several stages need --------------------------------------------------------------------


def _quoted(options: Options, stage: Stage) -> Stage:
    """A stage that shows what the consumer's commands print: on GitHub that is text, whatever it looks like."""

    def quoted(out: Path) -> Outcome:
        from mlops_actions.github import quoting
        from mlops_actions.project import environment, secrets

        hidden = secrets.values(environment.cleaned(os.environ)) | secrets.of_address(options.text("index-url"))
        with quoting.quoted(hidden, os.environ, sys.stderr):
            return stage(out)

    return quoted


def _is_dry_run() -> bool:
    return os.environ.get("MLOPS_DRYRUN") == "1"


def _dry_run_folders() -> tuple[Path, ...]:
    """Output folders of earlier dry runs that stand in for what GitHub keeps."""
    text = os.environ.get("MLOPS_DRYRUN_FROM", "")
    return tuple(Path(each) for each in text.split(os.pathsep) if each)


def _repository() -> str:
    return os.environ.get("GITHUB_REPOSITORY", "")


def _client() -> Client | None:
    """GitHub's API, where there is one: a step on GitHub, or a person with a token."""
    from mlops_actions.github.api import Client

    token = os.environ.get("GITHUB_TOKEN", "")
    if _is_dry_run() or not token:
        return None
    return Client(os.environ.get("GITHUB_API_URL") or "https://api.github.com", token)


def _locate(options: Options) -> None:
    """Tell the workflow which artifact of this run to fetch, if any."""
    from mlops_actions import location
    from mlops_actions.github import context, outputs

    sections = {
        "reference": ("drift", "reference"),
        "model": ("release", "model"),
        "champion": ("training", "champion", "model"),
        "data": ("drift", "data"),
    }
    (name,) = options.arguments.what or ("",)
    if name not in sections:
        raise CallError(Problem(f"cannot locate {name!r}", hint=f"There is: {', '.join(sections)}."))
    # Of several paths none is an artifact, and only one can be fetched.
    text = next(iter(options.texts(name, *sections[name])), None)
    place = location.parse(text) if text else None
    artifact = place.name if place is not None and place.kind == "artifact" else ""
    found = {"artifact": artifact}
    if name == "champion":
        asked = options.config.get("training", "champion") is not None
        released = asked and (place is None or place.kind == "release")
        if released:
            _champion_model(options)
        found["champion"] = str(_CHAMPION) if released else ""
    step = context.from_env(os.environ)
    if step.output:
        outputs.append(step.output, found)
    else:
        print(next((each for each in found.values() if each), ""))


def _needs(options: Options) -> None:
    """Tell the workflow which extras the data asks for. A wrong call is left for the stage to say, in full."""
    from mlops_actions.data import needs
    from mlops_actions.github import context, outputs

    stages: dict[str, Callable[[], list[Place]]] = {
        "validate": lambda: _validated(options),
        "drift": lambda: _compared(options),
        "train": lambda: needs.of_data(options.paths("data", "data", "path")),
    }
    (name,) = options.arguments.what or ("",)
    if name not in stages:
        raise CallError(Problem(f"the stage {name!r} reads no data", hint=f"There is: {', '.join(stages)}."))
    try:
        places = stages[name]()
    except CallError:
        places = []
    section = {"validate": "data", "drift": "drift"}.get(name)  # a training's data is always described here
    engine = options.text("engine", section, "engine", default="duckdb") or "" if section else "duckdb"
    named = list(options.config.get("data", "extras") or ())
    if name == "validate" and (_folder(options, "quarantine") or _folder(options, "accepted")):
        named.append(needs.PARTING)
    found = needs.extras(places, engine, named)
    step = context.from_env(os.environ)
    if step.output:
        outputs.append(step.output, {"extras": " ".join(found)})
    else:
        print(" ".join(found))


def _compared(options: Options) -> list[Place]:
    """What a drift check reads: the current data, and a reference that is not fetched from GitHub."""
    from mlops_actions import location
    from mlops_actions.data import needs

    text = options.text("reference", "drift", "reference")
    named = (text,) if text and location.parse(text).kind == "path" else ()
    return needs.of_data(options.paths("data", "drift", "data")) + needs.of_data(named)


def _validated(options: Options) -> list[Place]:
    from mlops_actions.data import needs

    data, server = _data_or_server(options)
    return needs.of_data(data) if data else needs.of_server(options.file("contract", "data", "contract"), server)


# --- the table -----------------------------------------------------------------------------------

_QUARANTINE = Option("quarantine", "a folder for the rows that break a rule, each with the rules that it broke", "DIR")
_ACCEPTED = Option("accepted", "a folder for all other rows", "DIR")
_CONTRACT = Option("contract", "the data contract (ODCS)", "FILE")
_DATA = Option(
    "data",
    "a file, a folder, a glob, a table, s3://…, postgresql://…; OBJECT=PATH, repeated, for several",
    "PATH",
    "list",
)
_SERVER = Option("server", "the server of the contract that holds the data, in place of --data", "NAME")
_TIME = Option(
    "time-column", "the time of a row, for a profile by blocks of time (default: what the contract says)", "NAME"
)
_ENGINE = Option(
    "engine", "what scans the data: duckdb (files), spark (files), postgres (tables, on their server)", "NAME"
)
_REFERENCE = Option(
    "reference", "a profile or data: a path, artifact:NAME or release:TAG; data: s3://…, postgresql://…", "REFERENCE"
)
_MASTER = Option("master", "where Spark runs, with the engine spark (default: this machine)", "URL")
_TARGETS = Option("targets", "a target by name (onnx); may be repeated", "NAME", "list")
_FOUND = (
    Option("tag", "the tag, MODEL@vVERSION", "TAG"),
    Option("model", "a path or artifact:NAME (default: what training made for the commit)", "MODEL"),
    Option("publish", "a release is to be published from this bundle", kind="switch"),
    Option("verdicts", "the verdict of a stage before; may be repeated", "FILE", "list"),
)
_STEPS = tuple(
    Option(f"{name}-command", f"how to {name} the project", "COMMAND") for name in ("install", "lint", "test")
)

GROUPS = {
    "ci": "lint and test a project on each Python version (plan, run, gate)",
    "contract": "draft a data contract, compare two (infer, diff)",
}
"""What the commands of two words do together."""

COMMANDS: tuple[Command | Errand, ...] = (
    Command(
        "validate",
        "hold a data contract against the data",
        (
            _CONTRACT,
            _DATA,
            _SERVER,
            _ENGINE,
            _MASTER,
            Option("fail-on", "error, warning or never", "SEVERITY"),
            _TIME,
            _QUARANTINE,
            _ACCEPTED,
            Option("baseline", "the contract before this one, or a folder that has it at the same path", "PATH"),
            Option("reveal", "a private column whose values may be shown; may be repeated", "COLUMN", "list"),
        ),
        _validate,
    ),
    Command(
        "profile",
        "describe the data: counts, ranges, distributions, no rows; or add profiles up",
        (
            _DATA,
            _CONTRACT,
            _ENGINE,
            _MASTER,
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
    Command(
        "ci plan",
        "choose the Python versions, and what each runs",
        (
            Option("python-versions", "a version; may be repeated", "VERSION", "list"),
            *_STEPS,
            Option("fail-fast", "cancel the other versions when one fails", kind="switch"),
        ),
        _ci_plan,
    ),
    Command(
        "ci run",
        "install, lint and test on one version",
        (Option("python", "the version", "VERSION"), *_STEPS),
        _ci_run,
    ),
    Command(
        "ci gate",
        "one verdict over all versions",
        (
            Option("results", "the folder of the versions' results", "DIR"),
            Option("name", "the prefix of their folders", "NAME"),
            Option("needs", "GitHub's `needs` context as JSON", "JSON"),
        ),
        _ci_gate,
    ),
    Command(
        "train",
        "run the project's training command, gate and record the model",
        (
            _DATA,
            Option("python-version", "the Python to train on", "VERSION"),
            Option("platform", "where the command runs (runner)", "NAME"),
        ),
        _train,
    ),
    Command(
        "drift",
        "hold current data against the training profile",
        (
            _REFERENCE,
            _DATA,
            _ENGINE,
            _MASTER,
            Option("history", "a file of earlier checks, a line each: shown, and this check is added", "FILE"),
        ),
        _drift,
    ),
    Command(
        "respond",
        "carry out on GitHub what a drift check asked for: an issue, a training, a line of history",
        (Option("requests", "the folder that `mlops drift` wrote", "DIR"),),
        _respond,
    ),
    Command(
        "export",
        "make each edge target of a model, run it, compare it with the original",
        (Option("model", "the MLflow model directory", "DIR"), _TARGETS),
        _export,
    ),
    Command(
        "find",
        "from a model's tag: judge it, find the model, keep both for `release --found`; nothing of the model runs",
        _FOUND,
        _find,
    ),
    Command(
        "release",
        "from a model's tag: find the model, export and verify it, bundle it",
        (
            *_FOUND,
            Option("found", "the folder that `mlops find` wrote, in place of the tag and the model", "DIR"),
            _TARGETS,
        ),
        _release,
    ),
    Command(
        "publish",
        "draft a GitHub release from a bundle, fill it, publish it",
        (
            Option("bundle", "the folder that `mlops release` wrote", "DIR"),
            Option("tag", "the tag that the bundle must be of", "TAG"),
        ),
        _publish,
    ),
    Command(
        "dry-run",
        "run this repository's workflows here, judged as GitHub would",
        (
            Option("file", "workflow files (default: all that the event starts)", "FILE", "arguments"),
            Option("event", "the event's name (default: push)", "NAME"),
            Option("event-file", "the event's payload, JSON", "FILE"),
            Option("ref", "a branch or tag (default: the current branch)", "REF"),
            Option("input", "an input of workflow_dispatch; may be repeated", "NAME=VALUE", "list"),
            Option("secret", "a secret, from the environment or given; may be repeated", "NAME[=VALUE]", "list"),
            Option("job", "this job and what it needs", "ID"),
            Option("docker", "in a container of a local image, or of one built here", "IMAGE", "maybe"),
            Option("library", "the checkout of mlops-actions to use", "DIR"),
            Option(
                "from",
                "an earlier dry run's output: what GitHub keeps of it, and the event it sent; repeated",
                "DIR",
                "list",
            ),
            Option("list", "print what would run, and run nothing", kind="switch"),
        ),
        _dry_run,
        instead=_list,
    ),
    Errand(
        "needs",
        "say which extras a stage's data asks for (for the workflows)",
        (
            Option("what", "validate, drift or train", "STAGE", "arguments"),
            _REFERENCE,
            Option("contract", "the data contract (ODCS)", "FILE"),
            _DATA,
            _SERVER,
            _ENGINE,
            _QUARANTINE,
            _ACCEPTED,
        ),
        _needs,
    ),
    Errand(
        "locate",
        "say which artifact of this run holds what is looked for, and unpack a released champion (for the workflows)",
        (Option("what", "reference, data (of a drift check), model or champion", "WHAT", "arguments"),),
        _locate,
    ),
)
