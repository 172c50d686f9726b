"""Where the model to release is: a path, ``artifact:NAME``, or what training made for the tagged commit.

The last is looked up over GitHub's API: among the runs of that commit, the
artifact that ``model-training.yml`` keeps. Only a run of this repository that
succeeded counts, and never one for a pull request: a stranger's fork may run
whatever it likes under the very same commit. A dry run has no API; there an
earlier dry run's folder stands in (``artifacts/<name>/``). Either has what the
stages before training came to as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mlops_actions import location, verdict
from mlops_actions.errors import CallError, Problem
from mlops_actions.github.api import ApiError, Client, download_artifact, repository
from mlops_actions.release import stages_before
from mlops_actions.verdict import Verdict

TRAINED = "model-training-model"
"""The artifact that ``model-training.yml`` keeps where its input ``name`` has its default."""

TRAINING = "model-training"
"""The stage whose verdict says which model is the trained one."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which model: ``model`` as the caller wrote it, or None for the one that training made for ``commit``.

    ``artifact`` is the name under which training kept it. ``served`` are
    folders of earlier dry runs. Without a ``client`` GitHub is not asked.
    """

    model: str | None
    commit: str = ""
    repository: str = ""
    run_id: str = ""
    artifact: str = TRAINED
    served: tuple[Path, ...] = ()
    client: Client | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """A model directory, in words where it comes from, and the folder of the training that made it, where known.

    ``verdicts`` are those of other stages that the run which trained it left: stage -> file.
    """

    model: Path
    origin: str
    training: Path | None = None
    verdicts: Mapping[str, Path] = field(default_factory=dict)

    def beside(self, name: str) -> Path | None:
        """A file that training wrote beside the model (``profile.json``), or None, as for a link out of the folder."""
        if self.training is None:
            return None
        path = self.training / name
        inside = path.resolve().is_relative_to(self.training.resolve())
        return path if inside and path.is_file() else None

    def verdict(self) -> Verdict | None:
        """What training came to. Raises ValueError for a file that holds no verdict."""
        path = self.beside("verdict.json")
        return None if path is None else verdict.read(path)


def find(wanted: Wanted, into: Path) -> Found:
    """The model; what has to be downloaded is put into the folder ``into``, which must not be there yet.

    Raises CallError where there is none, with what to do.
    """
    if wanted.model is not None:
        place = location.parse(wanted.model)
        if place.kind == "release":
            raise CallError(Problem(f"the model cannot be {wanted.model!r}: it is a path or artifact:NAME"))
        if place.kind == "path":
            return open_folder(Path(place.name), f"the path {place.name}")
        return open_folder(place.folder(), f"the artifact {place.name}")
    for artifacts in (root / "artifacts" for root in wanted.served):
        if (artifacts / wanted.artifact).is_dir():
            found = open_folder(artifacts / wanted.artifact, f"the artifact {wanted.artifact} of an earlier dry run")
            return replace(found, verdicts=stages_before.left_in(artifacts))
    return _fetch(wanted, into)


def open_folder(folder: Path, origin: str) -> Found:
    """The model in ``folder``, which is its directory or that of its training. Raises CallError where there is none."""
    if (folder / "model" / "MLmodel").is_file():
        return Found(folder / "model", origin, folder if (folder / "verdict.json").is_file() else None)
    if (folder / "MLmodel").is_file():
        parent = folder.resolve().parent
        return Found(folder, origin, parent if folder.resolve().name == "model" and _is_training(parent) else None)
    words = "holds no MLflow model" if folder.is_dir() else "is not there"
    hint = "Name an MLflow model directory, or the folder that `mlops train` wrote."
    raise CallError(Problem(f"{words} ({origin})", str(folder), hint=hint))


def _is_training(folder: Path) -> bool:
    try:
        return verdict.read(folder / "verdict.json").stage == TRAINING
    except (OSError, ValueError):
        return False


# --- GitHub --------------------------------------------------------------------------------------


def _fetch(wanted: Wanted, into: Path) -> Found:
    """Download what training made for the commit, and the verdicts that the same run left."""
    if wanted.client is None or not wanted.repository or not wanted.commit:
        hint = (
            "Say which (input `model`, `release.model`), or give a dry run the folder of an earlier one (--from DIR)."
        )
        raise CallError(Problem("nothing says which model to release, and there is no GitHub to ask", hint=hint))
    try:
        artifact, run = _trained(wanted, wanted.client)
        into.mkdir()
        download_artifact(wanted.client, wanted.repository, artifact, into / "training")
        for stage in stages_before.BEFORE:
            newest = next(iter(_artifacts(wanted.client, wanted, run, stage)), None)
            if newest is not None and not newest["expired"]:
                download_artifact(wanted.client, wanted.repository, newest, into / stage)
    except ApiError as error:
        raise CallError(Problem(f"the trained model cannot be fetched: {error}", hint=_hint(error))) from error
    origin = f"the artifact {wanted.artifact} of run {run['id']} ({run.get('name') or 'training'})"
    return replace(open_folder(into / "training", origin), verdicts=stages_before.left_in(into))


def _hint(error: ApiError) -> str | None:
    if error.status in {401, 403, 404}:
        return "The job that calls edge-release.yml must grant `permissions: actions: read`."
    return None


def _trained(wanted: Wanted, client: Client) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """The newest artifact of the wanted name that a trusted run of the commit keeps, and that run."""
    owner, name = repository(wanted.repository)
    runs = list(client.pages("repos", owner, name, "actions", "runs", key="workflow_runs", head_sha=wanted.commit))
    passed_over: list[str] = []
    for run in sorted(runs, key=lambda each: int(each["id"]), reverse=True):
        reason = _distrusted(run, wanted)
        if reason is None:
            artifacts = _artifacts(client, wanted, run, wanted.artifact)
            for artifact in artifacts:
                if not artifact["expired"]:
                    return artifact, run
            reason = "its artifact has expired" if artifacts else f"it keeps no artifact {wanted.artifact}"
        passed_over.append(f"run {run['id']}: {reason}")
    seen = "; ".join(passed_over[:10]) or "no run at all"
    raise CallError(
        Problem(
            f"training has left no model for commit {wanted.commit[:12]}: {seen}",
            hint="Tag a commit that model-training.yml has run for, or say which model (input `model`).",
        )
    )


def _distrusted(run: Mapping[str, Any], wanted: Wanted) -> str | None:
    """Why a run's artifact is not taken, or None."""
    if str(run["id"]) == wanted.run_id:
        return "it is this run"
    if run["head_sha"] != wanted.commit:
        return "it is of another commit"
    if str(run["event"]).startswith("pull_request"):
        return "it is of a pull request"
    head = run.get("head_repository") or {}
    if head.get("id") != run["repository"]["id"]:
        return "it is of a fork"
    if run.get("conclusion") != "success":
        return f"it ended with {run.get('conclusion') or run.get('status')}"
    return None


def _artifacts(client: Client, wanted: Wanted, run: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """A run's artifacts of one name, the newest first."""
    owner, repo = repository(wanted.repository)
    found = client.pages(
        "repos", owner, repo, "actions", "runs", int(run["id"]), "artifacts", key="artifacts", name=name
    )
    return sorted((each for each in found if each["name"] == name), key=lambda each: -int(each["id"]))
