"""What commands there are: a row each, and how its options become the call of a stage.

A stage is imported by the function that calls it, so that a command needs no
more than its own extra, and the list of commands needs nothing.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.errors import CallError, Problem
from mlops_actions.options import Options
from mlops_actions.outcome import Outcome

if TYPE_CHECKING:
    from mlops_actions.ci.steps import Commands
    from mlops_actions.github.api import Client
    from mlops_actions.training.profiled import Data
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


def _validate(options: Options) -> Stage:
    from mlops_actions.data import validate
    from mlops_actions.verdict import FailOn

    request = validate.Validation(
        contract=Path(options.required("contract", "data", "contract")),
        data=options.paths("data", "data", "path"),
        engine=options.one_of("engine", validate.ENGINES, "data", "engine", default="duckdb"),
        fail_on=options.word("fail-on", FailOn, "data", "fail-on", default=FailOn.ERROR),
    )
    return lambda out: validate.validate(request, out)


def _profile(options: Options) -> Stage:
    from mlops_actions.data import validate

    contract = options.text("contract", "data", "contract")
    request = validate.Profiling(
        data=options.paths("data", "data", "path"),
        contract=Path(contract) if contract else None,
    )
    return lambda out: validate.profile(request, out)


# --- ci ------------------------------------------------------------------------------------------


def _commands(options: Options) -> Commands:
    from mlops_actions.ci.steps import Commands

    names = ("install", "lint", "test")
    return Commands(*(options.text(f"{name}-command", "ci", f"{name}-command") for name in names))


def _ci_plan(options: Options) -> Stage:
    from mlops_actions.ci import plan

    request = plan.PlanRequest(
        python_versions=options.texts("python-versions", "ci", "python-versions"),
        commands=_commands(options),
        fail_fast=options.flag("fail-fast", "ci", "fail-fast"),
        dry_run=_is_dry_run(),
    )
    return lambda out: plan.plan(request, out)


def _ci_run(options: Options) -> Stage:
    from mlops_actions.ci import run

    request = run.RunRequest(python=options.required("python"), commands=_commands(options), echo=sys.stderr)
    return lambda out: run.run(request, out)


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

    config = options.config
    minutes = config.get("training", "timeout-minutes")
    request = train.Training(
        command=options.required("command", "training", "command"),
        model=options.text("model", "training", "model", default="build/model") or "",
        metrics=options.text("metrics", "training", "metrics", default="build/metrics.json") or "",
        name=config.get("model") or "model",
        data=_training_data(options),
        inputs=tuple(config.get("training", "inputs") or ()),
        gates=gates.configured(config),
        allow_pickle=tuple(config.get("training", "allow-pickle") or ()),
        install_command=config.get("training", "install-command"),
        python_version=options.text("python-version", "training", "python-version"),
        platform=options.one_of("platform", train.PLATFORMS, "training", "platform", default="runner"),
        limit=minutes * 60 if minutes else None,
        places={key: _place(options, key) for key in ("command", "install-command", "model", "metrics")},
    )
    return lambda out: train.train(request, out)


def _place(options: Options, key: str) -> Where:
    from mlops_actions.verdict import Where

    if options.config.get("training", key) is None:
        return Where()
    position = options.config.where("training", key)
    return Where(file=options.config.name, line=position.line, character=position.column)


def _training_data(options: Options) -> Data | None:
    """The data to profile, with what the contract says of their types and of what is private."""
    from mlops_actions.data import contract
    from mlops_actions.training.profiled import Data

    configured = options.config.get("data", "path")
    if configured is None:
        return None
    paths = [configured] if isinstance(configured, str) else list(configured)
    if isinstance(configured, dict):
        (object_, pattern), *others = configured.items()
        if others:
            problem = options.config.problem("names several objects, and a model has one profile", "data", "path")
            raise CallError(problem)
        return Data([pattern], object_)
    named = options.config.get("data", "contract")
    if named is None:
        return Data(paths)
    described = contract.load(Path(named)).only
    return Data(paths, described.name, described.types, described.private)


# --- drift ---------------------------------------------------------------------------------------


def _drift(options: Options) -> Stage:
    from mlops_actions.drift import check

    _refuse_unbuilt(options)
    paths = options.paths("data", "drift", "data")
    if not paths:
        raise CallError(options.missing("data", "drift", "data"))
    patterns = tuple(paths.values()) if isinstance(paths, dict) else paths
    engine = options.one_of("engine", check.ENGINES, "drift", "engine", default="duckdb")
    ignore = tuple(options.config.get("drift", "ignore") or ())
    threshold = options.number("threshold", "drift", "threshold", default=check.THRESHOLD)

    def stage(out: Path) -> Outcome:
        reference = _reference(options, out)
        return check.check(check.DriftCheck(reference, patterns, engine, ignore, threshold), out)

    return stage


def _refuse_unbuilt(options: Options) -> None:
    problems = []
    if options.flag("open-issue", "drift", "open-issue"):
        problems.append(Problem("`open-issue` is not built yet", hint="Leave it out; the report says what drifted."))
    if options.text("retrain-event", "drift", "retrain-event"):
        problems.append(Problem("`retrain-event` is not built yet", hint="Leave it out; act on the output `drifted`."))
    if problems:
        raise CallError(*problems)


def _reference(options: Options, out: Path) -> Path:
    """The reference as a path here: what was named, else the profile in the model's newest release."""
    from mlops_actions import location, released

    text = options.text("reference", "drift", "reference")
    place = location.parse(text) if text else None
    if place is not None and place.kind != "release":
        folder = place.folder()
        return folder / "profile.json" if place.kind == "artifact" else folder
    model = options.config.get("model")
    if place is None and model is None:
        raise CallError(options.missing("reference", "drift", "reference"))
    source = released.Source(_repository(), _client(), _dry_run_folders())
    return released.profile(source, model, place.name if place else None, out / ".reference")


# --- export and release --------------------------------------------------------------------------


def _export(options: Options) -> Stage:
    from mlops_actions.export import export

    model = Path(options.required("model"))
    beside = model.parent / "profile.json"
    request = export.Export(
        model=model,
        targets=options.texts("targets", "export", "targets"),
        tolerance=options.number("tolerance", "export", "tolerance", default=export.TOLERANCE),
        profile=beside if beside.is_file() else None,
        allow_pickle=tuple(options.config.get("training", "allow-pickle") or ()),
    )
    return lambda out: export.export(request, out)


# --- what several stages need --------------------------------------------------------------------


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

    sections = {"reference": ("drift", "reference"), "model": ("release", "model")}
    (name,) = options.arguments.what or ("",)
    if name not in sections:
        raise CallError(Problem(f"cannot locate {name!r}", hint=f"There is: {', '.join(sections)}."))
    text = options.text(name, *sections[name])
    place = location.parse(text) if text else None
    artifact = place.name if place is not None and place.kind == "artifact" else ""
    step = context.from_env(os.environ)
    if step.output:
        outputs.append(step.output, {"artifact": artifact})
    else:
        print(artifact)


# --- the table -----------------------------------------------------------------------------------

_CONTRACT = Option("contract", "the data contract (ODCS)", "FILE")
_DATA = Option("data", "a file, a folder or a glob; OBJECT=PATH, repeated, for several objects", "PATH", "list")
_ENGINE = Option("engine", "what scans the data (duckdb)", "NAME")
_TARGETS = Option("targets", "a target by name (onnx); may be repeated", "NAME", "list")
_STEPS = tuple(
    Option(f"{name}-command", f"how to {name} the project", "COMMAND") for name in ("install", "lint", "test")
)

COMMANDS: tuple[Command | Errand, ...] = (
    Command(
        "validate",
        "hold a data contract against the data",
        (_CONTRACT, _DATA, _ENGINE, Option("fail-on", "error, warning or never", "SEVERITY")),
        _validate,
    ),
    Command("profile", "describe the data: counts, ranges, distributions, no rows", (_DATA, _CONTRACT), _profile),
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
            Option("python-version", "the Python to train on", "VERSION"),
            Option("platform", "where the command runs (runner)", "NAME"),
        ),
        _train,
    ),
    Command(
        "drift",
        "hold current data against the training profile",
        (
            Option("reference", "a profile or data: a path, artifact:NAME or release:TAG", "REFERENCE"),
            _DATA,
            _ENGINE,
        ),
        _drift,
    ),
    Command(
        "export",
        "make each edge target of a model, run it, compare it with the original",
        (Option("model", "the MLflow model directory", "DIR"), _TARGETS),
        _export,
    ),
    Errand(
        "locate",
        "say which artifact of this run holds the reference or the model (for the workflows)",
        (Option("what", "reference or model", "WHAT", "arguments"),),
        _locate,
    ),
)
