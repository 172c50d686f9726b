"""What is to be released and what stands against it, judged before anything of the model runs.

A workflow does this in a job of its own (``mlops find``), which has the
caller's token and runs no code of anybody's; the job that exports has no
token. Between them lies a folder: :func:`keep` writes it, :func:`read` reads
it. On one machine ``mlops release`` does both in one call, without the folder.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from mlops_actions import location, model, verdict
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.github.api import Client
from mlops_actions.outcome import Table
from mlops_actions.release import bundle, judge, model_source, stages_before, tag
from mlops_actions.release.model_source import Found
from mlops_actions.verdict import Check, Status, Subject, Verdict

STAGE = "edge-release"


@dataclass(frozen=True, slots=True)
class Release:
    """What to release.

    ``name`` is the model that the project is configured for, ``model`` where
    the model is, as the caller wrote it. ``verdicts`` are those of the stages
    before that the caller names. ``repository``, ``commit`` and ``run_id`` say
    where this runs; without a ``client`` GitHub is not asked. ``served`` are
    folders of earlier dry runs. ``publish`` says that a job after this one will
    publish; else the release that it would make is handed back as a request.
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


@dataclass(frozen=True, slots=True)
class Candidate:
    """A version, its model, and what was judged of both. ``digest`` is empty where the model cannot be shipped.

    ``verdicts`` are those of the stages before, training's among them: stage -> file.
    """

    version: tag.Version
    commit: str
    publish: bool
    found: Found
    digest: str
    verdicts: Mapping[str, Path]
    checks: tuple[Check, ...]
    started: datetime

    @property
    def holds(self) -> bool:
        """Whether nothing stands against it so far."""
        return verdict.conclude(self.checks) is not Status.FAIL

    def judged(self, checks: Iterable[Check], subjects: Iterable[Subject], *made_from: Subject) -> Verdict:
        """The verdict over ``checks`` of what came of it."""
        checks = tuple(checks)
        kept = (Subject(bundle.verdict_name(stage), verdict.digest(file)) for stage, file in self.verdicts.items())
        return Verdict(
            stage=STAGE,
            status=verdict.conclude(checks),
            checks=checks,
            started=self.started,
            ended=verdict.now(),
            subjects=tuple(subjects),
            materials=(*made_from, *kept),
            parameters={
                "tag": str(self.version),
                "commit": self.commit or None,
                "publish": self.publish,
                "origin": self.found.origin,
            },
        )

    def identity(self) -> tuple[Subject, ...]:
        """The model, as a subject or a material."""
        return (Subject(self.version.model, self.digest),) if self.digest else ()

    def facts(self) -> tuple[Table, ...]:
        """What a report says of it."""
        rows = (
            ("Model", self.version.model),
            ("Version", self.version.version),
            ("Commit", self.commit or None),
            ("Taken from", self.found.origin),
            ("Model's digest", f"sha256:{self.digest}" if self.digest else None),
        )
        stages = tuple(self.statuses().items())
        return (Table(("", ""), rows), *((Table(("Stage before", "Verdict"), stages),) if stages else ()))

    def statuses(self) -> dict[str, str]:
        """What the stages before came to. A training's verdict that cannot be read is a check of its own."""
        found = {}
        for stage, file in sorted(self.verdicts.items()):
            try:
                found[stage] = verdict.read(file).status.value
            except (OSError, ValueError):
                continue
        return found


def judged(request: Release, into: Path) -> Candidate:
    """Find the model and judge the release that a tag asks for; what is downloaded goes into the new folder ``into``.

    Raises CallError where there is nothing to judge: a tag that is not one,
    that of another model, a model that is not there.
    """
    started = verdict.now()
    version = parse_tag(request.tag, request.name)
    request = replace(request, commit=request.commit or judge.git(request.folder, "rev-parse", "HEAD") or "")
    named = _named(request.verdicts)
    checks = [
        judge.tag(version, request.commit, request.folder),
        judge.unreleased(version, request.client, request.repository),
    ]
    found = _find(request, into)
    digest = ""
    try:
        digest = model.digest(found.model)
        checks += judge.trained(found, digest, version, request.commit)
    except model.NotAModel as error:
        checks.append(Check("model", Status.ERROR, f"not a model that can be released: {error}"))
    # What the run that trained the model left counts for more than what this run says: it is of the model.
    verdicts = {**stages_before.left_in(request.folder / location.ARTIFACTS), **found.verdicts}
    if path := found.beside("verdict.json"):
        verdicts[model_source.TRAINING] = path
    verdicts |= named
    checks += judge.stages_before({stage: verdicts[stage] for stage in stages_before.BEFORE if stage in verdicts})
    return Candidate(version, request.commit, request.publish, found, digest, verdicts, tuple(checks), started)


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


def _named(paths: Iterable[Path]) -> dict[str, Path]:
    """The verdicts that the caller names, by stage. Raises CallError for a file that holds none."""
    found = {}
    for path in paths:
        try:
            stage = verdict.read(path).stage
            bundle.verdict_name(stage)
        except (OSError, ValueError) as error:
            raise CallError(Problem(f"holds no verdict: {error}", str(path))) from error
        found[stage] = path
    return found


# --- from one job to the next ----------------------------------------------------------------------


def keep(candidate: Candidate, folder: Path) -> None:
    """Write the model, what training left beside it and the verdicts into ``folder``, for :func:`read`.

    The verdict itself, over the candidate's checks, is the caller's to write: ``verdict.json``.
    """
    training = folder / "training"
    model.copy(candidate.found.model, training / "model")
    for name in (*bundle.OF_TRAINING, "verdict.json"):
        if path := candidate.found.beside(name):
            shutil.copyfile(path, training / name)
    (folder / "verdicts").mkdir()
    for stage, path in candidate.verdicts.items():
        shutil.copyfile(path, folder / "verdicts" / bundle.verdict_name(stage))


def read(folder: Path) -> Candidate:
    """The candidate that :func:`keep` wrote. What changed since then is a check that fails.

    Raises CallError for a folder that holds none, or one that was refused.
    """
    hint = "Give the folder that `mlops find` wrote."
    try:
        earlier = verdict.read(folder / "verdict.json")
        parameters: Mapping[str, Any] = earlier.parameters
        version = parse_tag(str(parameters["tag"]), None)
        commit, publish, origin = parameters["commit"] or "", parameters["publish"] is True, str(parameters["origin"])
    except (OSError, ValueError, KeyError) as error:
        raise CallError(Problem("holds no model that was found", str(folder), hint=hint)) from error
    if earlier.stage != STAGE or earlier.status is Status.FAIL:
        words = "was refused" if earlier.stage == STAGE else f"holds a verdict of the stage {earlier.stage!r}"
        raise CallError(Problem(words, str(folder), hint=hint))
    found = model_source.open_folder(folder / "training", origin)
    names = sorted(path.name for path in (folder / "verdicts").glob("*.json"))
    verdicts = {bundle.stage_of(name): folder / "verdicts" / name for name in names}
    try:
        digest = model.digest(found.model)
    except model.NotAModel:
        digest = ""  # its links and its files were in order when it was found
    candidate = Candidate(version, str(commit), publish, found, digest, verdicts, earlier.checks, earlier.started)
    return replace(candidate, checks=(*candidate.checks, *_changed(candidate, earlier)))


def _changed(candidate: Candidate, earlier: Verdict) -> Iterator[Check]:
    now = candidate.judged((), candidate.identity())
    for here, there in ((now.subjects, earlier.subjects), (now.materials, earlier.materials)):
        for each in sorted(set(here) ^ set(there), key=lambda each: each.name):
            yield Check("model.found", Status.FAIL, f"{each.name} is not what was found: sha256:{each.sha256}")
