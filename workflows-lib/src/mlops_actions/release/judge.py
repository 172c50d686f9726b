"""What stands against a release: its tag, its version, its model, a target. Each judgment is one check."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlops_actions import verdict
from mlops_actions.github.api import ApiError, Client
from mlops_actions.github.releases import by_tag
from mlops_actions.release import model_source
from mlops_actions.release.model_source import Found
from mlops_actions.release.tag import Version
from mlops_actions.verdict import Check, Severity, Status, Verdict, Where


def git(folder: Path, *arguments: str) -> str | None:
    """What git answers, or None where it fails (or there is no git)."""
    try:
        command = ["git", "-C", str(folder), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError:
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def tag(version: Version, commit: str, folder: Path) -> Check:
    """The tag stands in the repository, and on the commit that is released."""
    tagged = git(folder, "rev-parse", "--verify", "--quiet", f"refs/tags/{version}^{{commit}}")
    if tagged is None:
        words = "the tag is not in this checkout, so its commit could not be compared; publishing compares it on GitHub"
        return Check("tag.commit", Status.NOT_CHECKED, words, Severity.INFO)
    here = tagged == commit
    words = f"the tag is on {tagged[:12]}" + ("" if here else f", and this is {commit[:12]}")
    return Check("tag.commit", Status.PASS if here else Status.FAIL, words)


def unreleased(version: Version, client: Client | None, owner_name: str) -> Check:
    """No release of this version exists."""
    rule = "tag.version"
    if client is None or not owner_name:
        return Check(rule, Status.NOT_CHECKED, "GitHub was not asked whether this version is released", Severity.INFO)
    try:
        there = by_tag(client, owner_name, str(version))
    except ApiError as error:
        return Check(rule, Status.ERROR, f"GitHub did not say whether {version} is released: {error}")
    if there is not None:
        words = f"{version} is released already ({there.get('html_url')}), and a version is released once"
        return Check(rule, Status.FAIL, words)
    return Check(rule, Status.PASS, f"{version} is not released yet")


def trained(found: Found, digest: str, version: Version, commit: str) -> Iterator[Check]:
    """The model is the one that training made for this commit, and training passed."""
    try:
        training = found.verdict()
    except (OSError, ValueError) as error:
        yield Check("model.training", Status.ERROR, f"the training's verdict cannot be read: {error}")
        return
    if training is None:
        words = f"no training's verdict stands beside the model ({found.origin}): nothing says it is the trained one"
        yield Check("model.training", Status.NOT_CHECKED, words, Severity.WARNING)
        return
    yield _training(training)
    yield _digest(training, version, digest)
    trained_at = training.parameters.get("commit")
    if trained_at and commit:
        same = trained_at == commit
        words = f"trained at {str(trained_at)[:12]}" + ("" if same else f", and the release is of {commit[:12]}")
        yield Check("model.commit", Status.PASS if same else Status.FAIL, words)


def _training(training: Verdict) -> Check:
    if training.stage != model_source.TRAINING:
        return Check("model.training", Status.FAIL, f"the verdict beside the model is of the stage {training.stage!r}")
    if training.status is Status.FAIL:
        return Check("model.training", Status.FAIL, "the model's training did not pass")
    return Check("model.training", Status.PASS, f"the model's training came to {training.status.value}")


def _digest(training: Verdict, version: Version, digest: str) -> Check:
    by_name = {subject.name: subject.sha256 for subject in training.subjects}
    recorded = by_name.get(version.model) or by_name.get("model")
    if recorded is None:
        names = ", ".join(sorted(by_name)) or "nothing"
        return Check("model.digest", Status.FAIL, f"the training made no model {version.model!r} (it made {names})")
    same = recorded == digest
    words = f"the model is the trained one, sha256:{digest}"
    if not same:
        words = f"the model is not the trained one: its digest is sha256:{digest}, the training's sha256:{recorded}"
    return Check("model.digest", Status.PASS if same else Status.FAIL, words)


def stages_before(verdicts: Mapping[str, Path]) -> Iterator[Check]:
    """What the stages before came to. One that failed is told, and refuses nothing: it was a gate of its own."""
    for stage, file in verdicts.items():
        status = verdict.read(file).status
        words = f"{stage} came to {status.value}"
        if status is Status.FAIL:
            yield Check(f"{stage}.verdict", Status.WARN, words, Severity.WARNING, Where(object=stage))
        else:
            yield Check(f"{stage}.verdict", Status.PASS, words, where=Where(object=stage))


def target(entry: Mapping[str, Any], folder: Path, digest: str, exported: str) -> Check:
    """A target may ship: verified, made from this very model, and the file is the one that was verified."""
    name, where = entry["target"], Where(object=entry["target"])
    rule = f"{name}.verified"
    if entry["status"] != "verified":
        return Check(rule, Status.FAIL, f"{name} is {entry['status']}: {entry['message']}", where=where)
    if exported != digest:
        return Check(rule, Status.FAIL, f"{name} was made from another model (sha256:{exported})", where=where)
    if verdict.digest(folder / entry["file"]) != entry["sha256"]:
        return Check(rule, Status.FAIL, f"{entry['file']} is not the file that was verified", where=where)
    return Check(rule, Status.PASS, f"{name} is verified: {entry['message']}", where=where)
