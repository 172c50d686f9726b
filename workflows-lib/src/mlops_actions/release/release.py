"""The stage ``edge-release``: from a tag to a bundle that may be published, or to a refusal.

Everything is judged before anything is shipped: the tag, the version, the
model's identity (:mod:`~mlops_actions.release.candidate`), every target.
Publishing itself is another job's (:mod:`mlops_actions.release.publish`),
which runs no code of the model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from mlops_actions import files, jsonfile, model, schema, verdict, yamlfile
from mlops_actions.outcome import Outcome, Request, Section, Table
from mlops_actions.release import bundle, candidate, judge, tag
from mlops_actions.release.candidate import Candidate, Release
from mlops_actions.verdict import Check, Status, Subject, Verdict

Exporter: TypeAlias = Callable[[Path, Path | None, Path], Outcome]
"""Exports a model directory (with its profile, where there is one) into a folder: the stage ``export``."""

_EXPORT = "export"


@dataclass(slots=True)
class _Result:
    """What is known so far: filled from top to bottom."""

    checks: list[Check]
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
    return _release(candidate.judged(request, out / "found"), out, export)


def release_found(folder: Path, out: Path, export: Exporter) -> Outcome:
    """The same for what ``mlops find`` has judged and kept in ``folder``. Raises CallError where it holds nothing."""
    return _release(candidate.read(folder), out, export)


def _release(found: Candidate, out: Path, export: Exporter) -> Outcome:
    result = _Result(list(found.checks))
    if result.holds:
        _export(result, found, export, out)
    if result.holds:
        _bundle(result, found, out)
    return _outcome(result, found, found.judged(result.checks, _subjects(out), *found.identity()), out)


# --- export and bundle ---------------------------------------------------------------------------


def _export(result: _Result, found: Candidate, export: Exporter, out: Path) -> None:
    folder = out / "export"
    folder.mkdir()
    result.exported = export(found.found.model, found.found.beside("profile.json"), folder)
    files.write_atomic(folder / "verdict.json", verdict.dumps(result.exported.verdict))
    result.checks += result.exported.verdict.checks
    document = yamlfile.load(folder / bundle.MANIFEST)
    if problems := schema.problems(document, schema.shipped("export-manifest-v1")):
        result.checks += [Check("export.manifest", Status.ERROR, str(problem)) for problem in problems]
        return
    result.manifest = document.data
    exported = result.manifest["model"]["sha256"]
    result.checks += [judge.target(each, folder, found.digest, exported) for each in result.manifest["targets"]]


def _bundle(result: _Result, found: Candidate, out: Path) -> None:
    folder = out / "export"
    content = {each["file"]: folder / each["file"] for each in result.manifest["targets"]}
    content[bundle.MANIFEST] = folder / bundle.MANIFEST
    model.pack(found.found.model, folder / model.PACKED)
    content[model.PACKED] = folder / model.PACKED
    for name in bundle.OF_TRAINING:
        if path := found.found.beside(name):
            content[name] = path
    statuses = found.statuses()
    content |= {bundle.verdict_name(stage): path for stage, path in found.verdicts.items()}
    if result.exported is not None:
        content[bundle.verdict_name(_EXPORT)] = folder / "verdict.json"
        statuses[_EXPORT] = result.exported.verdict.status.value
    metrics = _metrics(found.found.beside("metrics.json"))
    contents = bundle.Contents(
        found.version, found.commit, result.manifest, content, metrics, found.found.origin, statuses
    )
    bundle.write(contents, out / "bundle")


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


def _outcome(result: _Result, found: Candidate, judged: Verdict, out: Path) -> Outcome:
    sections = [Section("Release", found.facts())]
    if (out / "bundle").is_dir():
        sizes = tuple((path.name, path.stat().st_size) for path in sorted((out / "bundle").iterdir()))
        sections.append(Section("Bundle", (Table(("File", "Bytes"), sizes),)))
    requests: tuple[Request, ...] = ()
    if judged.status is Status.FAIL:
        headline = f"{found.version} is refused; nothing is published"
    else:
        headline = f"{found.version} is bundled" + ("" if found.publish else "; nothing is published, as asked")
        if not found.publish:
            requests = (would_publish(found.version, found.commit, out / "bundle"),)
    exported = result.exported
    return Outcome(
        judged,
        headline=headline,
        sections=(*sections, *(exported.sections if exported else ())),
        outputs={"targets": exported.outputs["targets"] if exported else "[]", "release-url": ""},
        requests=requests,
    )


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
