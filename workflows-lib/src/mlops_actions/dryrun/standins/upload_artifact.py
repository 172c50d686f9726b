"""In place of actions/upload-artifact (v4 and later): keeps the files in the run's artifact store."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from pathlib import Path

from . import toolkit

FORBIDDEN_IN_NAME = '":<>|*?\r\n\\/'
FORBIDDEN_IN_PATH = '":<>|*?\r\n'


def main(_: str) -> None:
    """Store the files that ``path`` matches under ``name``. Raises Refused as the real action fails."""
    given = toolkit.inputs()
    wanted = toolkit.patterns(given.get("path", ""))
    if not wanted:
        raise toolkit.Refused("Input required and not supplied: path")
    files = toolkit.search(wanted, hidden=toolkit.flag(given, "include-hidden-files"))
    if not files:
        _report_none(given)
        return
    root = _root(wanted, files)
    name = given.get("name") or "artifact"
    if given.get("archive") and not toolkit.flag(given, "archive"):
        if len(files) > 1:
            raise toolkit.Refused(
                f"When 'archive' is set to false, only a single file can be uploaded. Found {len(files)} files."
            )
        name, root = files[0].name, files[0].parent
    digest = store(name, root, files, overwrite=toolkit.flag(given, "overwrite"))
    toolkit.say(f"Artifact {name} has been kept: {len(files)} file(s)")
    toolkit.set_output("artifact-id", identity(name))
    toolkit.set_output("artifact-digest", digest)
    toolkit.set_output("artifact-url", _url(identity(name)))


def _report_none(given: dict[str, str]) -> None:
    message = f"No files were found with the provided path: {given.get('path', '')}. No artifacts will be uploaded."
    answer = given.get("if-no-files-found") or "warn"
    if answer == "error":
        raise toolkit.Refused(message)
    if answer == "warn":
        toolkit.warning(message)
    elif answer == "ignore":
        toolkit.say(message)
    else:
        raise toolkit.Refused(
            f"Unrecognized if-no-files-found input. Provided: {answer}. Available options: warn,error,ignore"
        )


def _root(wanted: list[toolkit.Pattern], files: list[Path]) -> Path:
    """The folder that the artifact's paths are relative to: the patterns' least common ancestor."""
    searched = toolkit.roots(wanted)
    if len(searched) > 1:
        return Path(os.path.commonpath([str(each) for each in searched]))
    return searched[0].parent if files == searched else searched[0]


def store(name: str, root: Path, files: list[Path], overwrite: bool) -> str:
    """Copy ``files`` into the store; the digest of their names and bytes. A name serves once in a run."""
    if name in {".", ".."} or any(each in name for each in FORBIDDEN_IN_NAME):
        raise toolkit.Refused(
            f'The artifact name is not valid: {name!r}. It must not contain any of " : < > | * ? \\ / or a line break.'
        )
    base = Path(toolkit.context()["artifacts"])
    fresh = base / (".new-" + uuid.uuid4().hex)
    state = hashlib.sha256()
    try:
        for path in files:
            relative = os.path.relpath(path, root).replace(os.sep, "/")
            if any(each in relative for each in FORBIDDEN_IN_PATH):
                raise toolkit.Refused(
                    f"The path for one of the files in artifact is not valid: /{relative}. "
                    'It must not contain any of " : < > | * ? or a line break.'
                )
            target = fresh / "files" / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            state.update(relative.encode("utf-8", "surrogateescape") + b"\0" + _copy(path, target) + b"\0")
        digest = state.hexdigest()
        about = {"name": name, "id": identity(name), "digest": digest, "files": len(files)}
        (fresh / "artifact.json").write_text(json.dumps(about), encoding="utf-8")
        if overwrite:
            shutil.rmtree(base / name, ignore_errors=True)
        try:
            os.rename(fresh, base / name)
        except OSError:
            raise toolkit.Refused(
                "Failed to CreateArtifact: Received non-retryable error: Failed request: (409) Conflict: "
                f"an artifact with this name already exists on the workflow run: {name}"
            ) from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return digest


def _copy(source: Path, target: Path) -> bytes:
    """Copy a file's bytes, without its mode: a zip file made by the real action keeps none. Their SHA-256."""
    state = hashlib.sha256()
    with open(source, "rb") as reader, open(target, "wb") as writer:
        for block in iter(lambda: reader.read(1 << 20), b""):
            state.update(block)
            writer.write(block)
    return state.digest()


def identity(name: str) -> int:
    """A number for an artifact, the same in every job of the run."""
    return int(
        hashlib.sha256((os.environ.get("GITHUB_RUN_ID", "") + name).encode("utf-8", "surrogateescape")).hexdigest()[:8],
        16,
    )


def _url(number: int) -> str:
    environ = os.environ
    server, repository, run = environ["GITHUB_SERVER_URL"], environ["GITHUB_REPOSITORY"], environ["GITHUB_RUN_ID"]
    return f"{server}/{repository}/actions/runs/{run}/artifacts/{number}"
