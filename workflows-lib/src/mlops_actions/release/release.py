"""The stage ``edge-release``: from a tag to a bundle that may be published, or to a refusal.

Everything is judged before anything is shipped: the tag, the version, the
model's identity, every target. Publishing itself is another job's
(:mod:`mlops_actions.release.publish`), which runs no code of the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias

from mlops_actions import files, jsonfile, model, schema, verdict, yamlfile
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.github.api import Client
from mlops_actions.outcome import Outcome, Request, Section, Table
from mlops_actions.release import bundle, judge, model_source, tag
from mlops_actions.release.model_source import Found
from mlops_actions.verdict import Check, Status, Subject, Verdict

STAGE = "edge-release"

Exporter: TypeAlias = Callable[[Path, Path | None, Path], Outcome]
"""Exports a model directory (with its profile, where there is one) into a folder: the stage ``export``."""


@dataclass(frozen=True, slots=True)
class Release:
    """What to release.

    ``name`` is the model that the project is configured for, ``model`` where
    the model is, as the caller wrote it. ``verdicts`` are those of the stages
    before. ``repository``, ``commit`` and ``run_id`` say where this runs;
    without a ``client`` GitHub is not asked. ``served`` are folders of earlier
    dry runs. ``publish`` says that a job after this one will publish; else the
    release that it would make is handed back as a request.
    """

    tag: str
    name: str | None = None
    model: str | None = None
    publish: bool = False
    verdicts: tuple[Path, ...] = ()
    repository: str = ""
    commit: str = ""
    run_id: str = ""
    artifact: str = model_source.TRAINED
    served: tuple[Path, ...] = ()
    client: Client | None = None
    folder: Path = Path()


@dataclass(slots=True)
class _Result:
    """What is known so far: filled from top to bottom."""

    found: Found
    checks: list[Check]
    digest: str = ""
    exported: Outcome | None = None
    manifest: dict[str, Any] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        return verdict.conclude(self.checks) is not Status.FAIL


def release(request: Release, out: Path, export: Exporter) -> Outcome:
    """Judge the release that a tag asks for, and write ``bundle/`` into ``out`` where nothing stands against it.

    Raises CallError where there is nothing to judge: a tag that is not one,
    that of another model, a model that is not there.
    """
    started = verdict.now()
    version = parse_tag(request.tag, request.name)
    request = replace(request, commit=request.commit or judge.git(request.folder, "rev-parse", "HEAD") or "")
    checks = [
        judge.tag(version, request.commit, request.folder),
        judge.unreleased(version, request.client, request.repository),
    ]
    result = _Result(_find(request, out / "model"), checks)
    try:
        result.digest = model.digest(result.found.model)
        checks += judge.trained(result.found, result.digest, version, request.commit)
    except model.NotAModel as error:
        checks.append(Check("model", Status.ERROR, f"not a model that can be released: {error}"))
    if result.holds:
        _export(result, export, out)
    if result.holds:
        _bundle(result, request, version, out)
    judged = Verdict(
        stage=STAGE,
        status=verdict.conclude(checks),
        checks=tuple(checks),
        started=started,
        ended=verdict.now(),
        subjects=_subjects(out),
        materials=_materials(result, request, version),
        parameters={"tag": str(version), "commit": request.commit or None, "publish": request.publish},
    )
    return _outcome(result, request, version, judged, out)


def _find(request: Release, into: Path) -> Found:
    wanted = model_source.Wanted(
        model=request.model,
        commit=request.commit,
        repository=request.repository,
        run_id=request.run_id,
        artifact=request.artifact,
        served=request.served,
        client=request.client,
    )
    return model_source.find(wanted, into)


def parse_tag(text: str, name: str | None) -> tag.Version:
    """The version that a tag names, of the model ``name``. Raises CallError for anything else."""
    text = text.removeprefix("refs/tags/")
    try:
        found = tag.parse(text)
    except ValueError as error:
        raise CallError(Problem(str(error))) from error
    if isinstance(found, tag.Assignment):
        raise CallError(Problem(f"{text} assigns a version to a stage; what is released is a version (model@v1.2.0)"))
    if name is not None and found.model != name:
        hint = did_you_mean(found.model, [name]) or f"`model` in mlops.yaml says {name}."
        raise CallError(Problem(f"the tag {text} is of the model {found.model!r}, not of {name!r}", hint=hint))
    return found


# --- export and bundle ---------------------------------------------------------------------------


def _export(result: _Result, export: Exporter, out: Path) -> None:
    folder = out / "export"
    folder.mkdir()
    result.exported = export(result.found.model, result.found.beside("profile.json"), folder)
    files.write_atomic(folder / "verdict.json", verdict.dumps(result.exported.verdict))
    result.checks += result.exported.verdict.checks
    document = yamlfile.load(folder / bundle.MANIFEST)
    if problems := schema.problems(document, schema.shipped("export-manifest-v1")):
        result.checks += [Check("export.manifest", Status.ERROR, str(problem)) for problem in problems]
        return
    result.manifest = document.data
    exported = result.manifest["model"]["sha256"]
    result.checks += [judge.target(each, folder, result.digest, exported) for each in result.manifest["targets"]]


def _bundle(result: _Result, request: Release, version: tag.Version, out: Path) -> None:
    content = {
        bundle.MANIFEST: out / "export" / bundle.MANIFEST,
        "verdict-export.json": out / "export" / "verdict.json",
    }
    for each in result.manifest["targets"]:
        content[each["file"]] = out / "export" / each["file"]
    for name in (bundle.CARD, "profile.json", "metrics.json"):
        if path := result.found.beside(name):
            content[name] = path
    if path := result.found.beside("verdict.json"):
        content[f"verdict-{model_source.TRAINING}.json"] = path
    content |= _stage_verdicts(request.verdicts)
    metrics = _metrics(result.found.beside("metrics.json"))
    origin = result.found.origin
    bundle.write(bundle.Contents(version, request.commit, result.manifest, content, metrics, origin), out / "bundle")


def _stage_verdicts(paths: tuple[Path, ...]) -> dict[str, Path]:
    """The verdicts of other stages, each under its stage's name. Raises CallError for a file that holds none."""
    found = {}
    for path in paths:
        try:
            found[f"verdict-{verdict.read(path).stage}.json"] = path
        except (OSError, ValueError) as error:
            raise CallError(Problem(f"holds no verdict: {error}", str(path))) from error
    return found


def _metrics(path: Path | None) -> dict[str, float]:
    if path is None:
        return {}
    try:
        data = jsonfile.read(path)
    except (OSError, ValueError):
        return {}
    items = data.items() if isinstance(data, dict) else ()
    return {name: float(value) for name, value in items if isinstance(value, int | float)}


# --- the outcome ---------------------------------------------------------------------------------


def _subjects(out: Path) -> tuple[Subject, ...]:
    folder = out / "bundle"
    if not folder.is_dir():
        return ()
    return tuple(Subject(name, digits) for name, digits in sorted(bundle.check(folder).items()))


def _materials(result: _Result, request: Release, version: tag.Version) -> tuple[Subject, ...]:
    materials = [Subject(version.model, result.digest)] if result.digest else []
    if path := result.found.beside("verdict.json"):
        materials.append(Subject(f"verdict-{model_source.TRAINING}.json", verdict.digest(path)))
    materials += [Subject(str(path), verdict.digest(path)) for path in request.verdicts]
    return tuple(materials)


def _outcome(result: _Result, request: Release, version: tag.Version, judged: Verdict, out: Path) -> Outcome:
    sections = [Section("Release", (_facts(result, request, version),))]
    if (out / "bundle").is_dir():
        sizes = tuple((path.name, path.stat().st_size) for path in sorted((out / "bundle").iterdir()))
        sections.append(Section("Bundle", (Table(("File", "Bytes"), sizes),)))
    requests: tuple[Request, ...] = ()
    if judged.status is not Status.FAIL and not request.publish:
        requests = (would_publish(version, request.commit, out / "bundle"),)
    if judged.status is Status.FAIL:
        headline = f"{version} is refused; nothing is published"
    else:
        headline = f"{version} is bundled" + ("" if request.publish else "; nothing is published, as asked")
    exported = result.exported
    return Outcome(
        judged,
        headline=headline,
        sections=(*sections, *(exported.sections if exported else ())),
        outputs={"targets": exported.outputs["targets"] if exported else "[]", "release-url": ""},
        requests=requests,
    )


def _facts(result: _Result, request: Release, version: tag.Version) -> Table:
    rows = (
        ("Model", version.model),
        ("Version", version.version),
        ("Commit", request.commit or None),
        ("Taken from", result.found.origin),
        ("Model's digest", f"sha256:{result.digest}" if result.digest else None),
    )
    return Table(("", ""), rows)


def would_publish(version: tag.Version, commit: str, folder: Path) -> Request:
    """The release of a bundle, as a request."""
    notes = bundle.notes_of(folder)
    assets = [{"name": name, "sha256": digits} for name, digits in sorted(bundle.check(folder).items())]
    body: dict[str, Any] = {
        "tag_name": str(version),
        "target_commitish": commit,
        "name": str(version),
        "body": notes,
        "prerelease": version.is_prerelease,
        "assets": assets,
    }
    return Request("release", body)
