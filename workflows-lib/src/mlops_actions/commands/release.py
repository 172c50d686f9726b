"""``mlops export``, ``mlops find``, ``mlops release``, ``mlops publish``."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.commands import surroundings
from mlops_actions.commands.row import Command, Option, Stage
from mlops_actions.errors import CallError, Problem
from mlops_actions.options import Options
from mlops_actions.outcome import Outcome

if TYPE_CHECKING:
    from mlops_actions.release.candidate import Release

# pylint: disable=import-outside-toplevel


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
        served=surroundings.dry_run_folders(),
        client=surroundings.client(),
    )


def _publish(options: Options) -> Stage:
    from mlops_actions.github import context
    from mlops_actions.release import publish

    step = context.from_env(os.environ)
    bundle = Path(options.required("bundle"))
    request = publish.Publication(bundle, step.repository, step.sha, surroundings.client(), options.text("tag") or "")
    return lambda out: publish.publish(request, out)


_TARGETS = Option("targets", "a target by name (onnx); may be repeated", "NAME", "list")

_FOUND = (
    Option("tag", "the tag, MODEL@vVERSION", "TAG"),
    Option("model", "a path or artifact:NAME (default: what training made for the commit)", "MODEL"),
    Option("publish", "a release is to be published from this bundle", kind="switch"),
    Option("verdicts", "the verdict of a stage before; may be repeated", "FILE", "list"),
)


COMMANDS: tuple[Command, ...] = (
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
)
