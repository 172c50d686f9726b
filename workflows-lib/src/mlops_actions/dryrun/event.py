"""The event that a dry run plays: its name, payload, ref, and the files that it changed.

Taken from an event file where one is given, else from git: the ref is the
current branch, the changed files are those of the commit against its parent
and, where the commit is HEAD, whatever is not committed yet.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mlops_actions.dryrun.expressions import Open
from mlops_actions.errors import CallError, Problem, did_you_mean

NAMES = frozenset(
    (
        "branch_protection_rule",
        "check_run",
        "check_suite",
        "create",
        "delete",
        "deployment",
        "deployment_status",
        "discussion",
        "discussion_comment",
        "fork",
        "gollum",
        "image_version",
        "issue_comment",
        "issues",
        "label",
        "merge_group",
        "milestone",
        "page_build",
        "public",
        "pull_request",
        "pull_request_review",
        "pull_request_review_comment",
        "pull_request_target",
        "push",
        "registry_package",
        "release",
        "repository_dispatch",
        "schedule",
        "status",
        "watch",
        "workflow_dispatch",
        "workflow_run",
    )
)
"""The events that start a workflow on GitHub."""

NO_COMMIT = "0" * 40
"""The commit of a repository that has none yet."""

MAX_BYTES = 25 * 1024 * 1024
"""GitHub's own limit of a webhook's payload."""

_ACTIONS = {"pull_request": "opened", "pull_request_target": "opened", "release": "published"}
_PULL_REQUESTS = {name for name in NAMES if name.startswith("pull_request")}
_OWN = {
    "pull_request": _PULL_REQUESTS,
    "number": _PULL_REQUESTS,
    "issue": {"issues", "issue_comment"},
    "comment": {"issue_comment", "discussion_comment", "pull_request_review_comment"},
    "release": {"release"},
    "inputs": {"workflow_dispatch"},
    "schedule": {"schedule"},
    "client_payload": {"repository_dispatch"},
    "workflow_run": {"workflow_run"},
    "head_commit": {"push"},
    "commits": {"push"},
    "before": {"push"},
    "forced": {"push"},
    "action": NAMES - {"push", "schedule", "workflow_dispatch", "create", "delete"},
}
"""Members of ``github.event`` that only some events carry: in the others they are null."""

_SKIP = re.compile(r"\[(skip ci|ci skip|no ci|skip actions|actions skip)\]")
_SKIP_TRAILER = re.compile(r"\n\n(?:.+\n)*skip-checks:\s*true\s*$", re.IGNORECASE)
_LOOKS_LIKE_A_VERSION = re.compile(r"(.+@)?v?\d+\.\d+(\.\d+)?\S*")
_OWN_OUTPUT = ".mlops/"


@dataclass(frozen=True, slots=True)
class Event:
    """An event. ``payload`` is ``github.event`` (from the event file, else made up as far as git knows it).

    ``ref`` is full (``refs/heads/main``, ``refs/tags/v1``, ``refs/pull/1/merge``),
    ``ref_type`` is ``branch`` or ``tag``; ``base_ref`` and ``head_ref`` are
    empty but for pull requests. ``changed`` are POSIX paths relative to the
    repository's root, None where nothing says which. ``complete`` says that the
    payload came from a file, so that what it lacks is null and not unknown.
    """

    name: str
    payload: Mapping[str, Any]
    ref: str
    ref_name: str
    ref_type: str
    sha: str
    base_ref: str
    head_ref: str
    changed: tuple[str, ...] | None
    actor: str
    repository: str  # "owner/name", from the remote origin; "local/<folder>" where there is none
    complete: bool


def read(repo: Path, name: str, event_file: Path | None = None, ref: str | None = None) -> Event:
    """The event ``name`` in the repository at ``repo``; ``ref`` is full or short, default the current branch.

    Raises CallError for an unknown event, an event file that is no JSON object,
    a ref that cannot be told (a detached HEAD and no ``ref``).
    """
    if name not in NAMES:
        raise _unknown_event(name)
    given = {} if event_file is None else _payload(event_file)
    git = _Git(repo)
    full = _ref(git, name, given, ref)
    pull = name in _PULL_REQUESTS
    base = _at(given, "pull_request", "base", "ref") or (git.default_branch() if pull else "")
    sha = _sha(git, given, full, named=ref is not None)
    head = _at(given, "pull_request", "head", "ref") or (full.removeprefix("refs/heads/") if pull else "")
    number = given.get("number") or _at(given, "pull_request", "number") or 1
    if pull and not full.startswith("refs/pull/"):
        full = f"refs/pull/{number}/merge" if name != "pull_request_target" else f"refs/heads/{base}"
    repository = _at(given, "repository", "full_name") or git.repository()
    actor = _at(given, "sender", "login") or repository.partition("/")[0]
    event = Event(
        name=name,
        payload=given,
        ref=full,
        ref_name=re.sub(r"^refs/(heads|tags|pull)/", "", full),
        ref_type="tag" if full.startswith("refs/tags/") else "branch",
        sha=sha,
        base_ref=str(base),
        head_ref=str(head),
        changed=_pushed_files(given) if "commits" in given else git.changed(sha),
        actor=str(actor),
        repository=str(repository),
        complete=event_file is not None,
    )
    return event if event.complete else _made_up(event, git)


def of_dispatch(event: Event, event_type: str, payload: Mapping[str, Any]) -> Event:
    """A ``repository_dispatch`` as GitHub delivers it: its type is the action; the branch is the default one."""
    default = _at(event.payload, "repository", "default_branch")
    sent = {"action": event_type, "branch": default, "client_payload": dict(payload)}
    return replace(event, payload={**event.payload, **sent})


def _unknown_event(name: str) -> CallError:
    if name == "workflow_call":
        return CallError(
            Problem(
                "`workflow_call` is no event: a job of another workflow calls such a file",
                hint="Name the event that starts that workflow.",
            )
        )
    return CallError(Problem(f"GitHub has no event {name!r} that starts workflows", hint=did_you_mean(name, NAMES)))


def _payload(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            raw = file.read(MAX_BYTES + 1)
        if len(raw) > MAX_BYTES:
            raise CallError(Problem("is larger than 25 MB, GitHub's limit of an event", str(path)))
        data = json.loads(raw.decode("utf-8-sig"))
    except FileNotFoundError:
        raise CallError(Problem("no such event file", str(path))) from None
    except OSError as error:
        raise CallError(Problem(f"cannot be read: {error.strerror}", str(path))) from error
    except json.JSONDecodeError as error:
        raise CallError(Problem(f"is not JSON: {error.msg}", str(path), error.lineno, error.colno)) from None
    except (UnicodeDecodeError, RecursionError):
        raise CallError(Problem("is not JSON in UTF-8", str(path))) from None
    if not isinstance(data, dict):
        raise CallError(Problem("must be a JSON object: the payload of the event", str(path), 1))
    return data


def _ref(git: _Git, name: str, payload: Mapping[str, Any], ref: str | None) -> str:
    if ref is None and isinstance(payload.get("ref"), str) and name not in {"create", "delete"}:
        ref = payload["ref"]
    if ref is None and name == "release" and isinstance(tag := _at(payload, "release", "tag_name"), str):
        ref = f"refs/tags/{tag}"
    if ref is None and isinstance(head := _at(payload, "pull_request", "head", "ref"), str):
        ref = f"refs/heads/{head}"
    if ref is None:
        return git.current_ref()
    if ref.startswith("refs/") and ref.count("/") >= 2 and not ref.endswith("/"):
        return ref
    if not ref or ref.startswith("-") or re.search(r"[\x00-\x20\x7f~^:?*\[\\]", ref):
        raise CallError(Problem(f"{ref!r} is no git ref", hint="Name a branch, a tag, or a full ref (refs/tags/v1.0)."))
    if git.has(f"refs/heads/{ref}") or git.has(f"refs/remotes/origin/{ref}"):
        return f"refs/heads/{ref}"
    if git.has(f"refs/tags/{ref}") or _LOOKS_LIKE_A_VERSION.fullmatch(ref):
        return f"refs/tags/{ref}"
    if re.fullmatch(r"[0-9a-f]{7,40}", ref) and git.commit(ref):
        raise CallError(
            Problem(f"{ref} is a commit, and an event has a ref", hint="Name a branch or a tag that is there.")
        )
    return f"refs/heads/{ref}"


def _sha(git: _Git, payload: Mapping[str, Any], full: str, *, named: bool) -> str:
    """The commit: of the ref that was ``named`` (--ref), else what the event file says, else of the ref, else HEAD."""
    own = git.commit(full) or git.commit(full.replace("refs/heads/", "refs/remotes/origin/", 1))
    if named and own:
        return own
    for given in (payload.get("after"), _at(payload, "pull_request", "head", "sha")):
        if isinstance(given, str) and re.fullmatch(r"[0-9a-f]{40}", given) and given != NO_COMMIT:
            return given
    return own or git.commit("HEAD") or NO_COMMIT


def _at(payload: Any, *path: str) -> Any:
    for key in path:
        payload = payload.get(key) if isinstance(payload, dict) else None
    return payload


def _pushed_files(payload: Mapping[str, Any]) -> tuple[str, ...]:
    files: set[str] = set()
    commits = payload["commits"] if isinstance(payload["commits"], list) else []
    for commit in commits:
        for kind in ("added", "modified", "removed"):
            names = commit.get(kind) if isinstance(commit, dict) else None
            files.update(each for each in names or () if isinstance(each, str))
    return tuple(sorted(files))


def _made_up(event: Event, git: _Git) -> Event:
    """The event with a payload of what is known without an event file."""
    owner, _, name = event.repository.partition("/")
    default = git.default_branch()
    payload: dict[str, Any] = {
        "repository": {
            "name": name,
            "full_name": event.repository,
            "default_branch": default,
            "owner": {"login": owner},
        },
        "sender": {"login": event.actor},
    }
    if event.name in _ACTIONS:
        payload["action"] = _ACTIONS[event.name]
    if event.name in {"push", "workflow_dispatch"}:
        payload["ref"] = event.ref
    if event.name == "push":
        payload |= {
            "before": git.commit(f"{event.sha}^") or NO_COMMIT,
            "after": event.sha,
            "created": False,
            "deleted": False,
            "forced": False,
            "head_commit": {"id": event.sha, "message": git.message(event.sha)},
        }
    if event.name in _PULL_REQUESTS:
        payload["number"] = 1
        payload["pull_request"] = {
            "number": 1,
            "base": {
                "ref": event.base_ref,
                "sha": git.commit(f"refs/remotes/origin/{event.base_ref}") or git.commit(event.base_ref) or event.sha,
                "repo": {"full_name": event.repository},
            },
            "head": {"ref": event.head_ref, "sha": event.sha, "repo": {"full_name": event.repository}},
        }
    if event.name == "release":
        payload["release"] = {"tag_name": event.ref_name}
    return replace(event, payload=payload)


def skip_reason(event: Event) -> str | None:
    """Why GitHub starts nothing at all for a push or a pull request: its head commit's message says so."""
    message = _at(event.payload, "head_commit", "message")
    if event.name not in {"push", "pull_request"} or not isinstance(message, str):
        return None
    found = _SKIP.search(message)
    if found or _SKIP_TRAILER.search(message):
        return f"the head commit's message says `{found[0] if found else 'skip-checks: true'}`"
    return None


def github_context(event: Event, workflow: str) -> Open:
    """The ``github`` context of a run of the workflow named ``workflow``, as far as it is known before it."""
    owner = event.repository.partition("/")[0]
    return Open(
        {
            "event": dict(event.payload) if event.complete else _half_known(event),
            "event_name": event.name,
            "ref": event.ref,
            "ref_name": event.ref_name,
            "ref_type": event.ref_type,
            "sha": event.sha,
            "base_ref": event.base_ref,
            "head_ref": event.head_ref,
            "actor": event.actor,
            "triggering_actor": event.actor,
            "repository": event.repository,
            "repository_owner": owner,
            "workflow": workflow,
            "run_attempt": "1",
            "server_url": "https://github.com",
            "api_url": "https://api.github.com",
            "graphql_url": "https://api.github.com/graphql",
            **identities(event),
        }
    )


def identities(event: Event) -> dict[str, str]:
    """GitHub's numbers of the repository, its owner and the actor, as far as the event file says them."""
    given = {
        "repository_id": _at(event.payload, "repository", "id"),
        "repository_owner_id": _at(event.payload, "repository", "owner", "id"),
        "actor_id": _at(event.payload, "sender", "id"),
    }
    return {name: str(value) for name, value in given.items() if isinstance(value, int) and value is not True}


def _half_known(event: Event) -> Open:
    """``github.event`` without an event file: what another event carries is null, the rest unknown."""
    members: dict[str, Any] = {key: None for key, names in _OWN.items() if event.name not in names}
    for key, value in event.payload.items():
        members[key] = _opened(value)
    if event.name == "workflow_dispatch":
        members["inputs"] = event.payload.get("inputs")
    return Open(members)


def _opened(value: Any) -> Any:
    return Open({key: _opened(each) for key, each in value.items()}) if isinstance(value, dict) else value


class _Git:
    """What git says of a folder; nothing where it is no repository, or git is not there."""

    def __init__(self, repo: Path) -> None:
        self._repo = repo

    def _run(self, *arguments: str) -> str | None:
        try:
            done = subprocess.run(
                ["git", "-c", "core.quotePath=false", *arguments], cwd=self._repo, capture_output=True, check=False
            )
        except OSError:
            return None
        return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None

    def _line(self, *arguments: str) -> str:
        return (self._run(*arguments) or "").strip()

    def has(self, ref: str) -> bool:
        return self._run("show-ref", "--verify", "--quiet", ref) is not None

    def commit(self, ref: str) -> str:
        return self._line("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")

    def message(self, commit: str) -> str:
        return self._line("log", "-1", "--format=%B", commit)

    def default_branch(self) -> str:
        """The remote's default branch, else ``main`` or ``master`` where there is one, else the current branch."""
        remote = self._line("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD")
        if remote:
            return remote.removeprefix("refs/remotes/origin/")
        for name in ("main", "master"):
            if self.has(f"refs/heads/{name}"):
                return name
        return self._line("symbolic-ref", "--quiet", "--short", "HEAD") or "main"

    def current_ref(self) -> str:
        branch = self._line("symbolic-ref", "--quiet", "HEAD")
        if branch:
            return branch
        if not self.commit("HEAD"):
            return "refs/heads/main"  # a folder that is no repository yet
        raise CallError(
            Problem("HEAD is detached, so there is no current branch", hint="Say which ref to play: --ref main.")
        )

    def repository(self) -> str:
        """``owner/name`` from the remote origin's address."""
        address = self._line("config", "--get", "remote.origin.url")
        found = re.search(r"[:/]([\w.-]+)/([\w.-]+?)(?:\.git)?/?$", address) if ":" in address else None
        if found:
            return f"{found[1]}/{found[2]}"
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", self._repo.resolve().name).strip("-.")  # GitHub's names have no others
        return f"local/{name or 'repository'}"

    def changed(self, commit: str) -> tuple[str, ...] | None:
        """A commit against its parent; where it is HEAD, also what is not committed (not what is ignored)."""
        if self._run("rev-parse", "--is-inside-work-tree") is None:
            return None
        head = self.commit("HEAD")
        here = commit in {head, NO_COMMIT}
        before = self.commit(f"{commit}^")
        listings: list[tuple[str, ...]] = []
        if not head and here:
            listings.append(("ls-files", "-z"))
        elif not before:
            listings.append(("ls-tree", "-r", "--name-only", "-z", commit))
        else:
            listings.append(("diff", "--name-only", "--no-renames", "--relative", "-z", before, commit))
        if here:
            listings.append(("ls-files", "--others", "--exclude-standard", "-z"))
        if here and head:
            listings.append(("diff", "--name-only", "--no-renames", "--relative", "-z", before or head))
        names: set[str] = set()
        for listing in listings:
            names.update(each for each in (self._run(*listing) or "").split("\0") if each)
        names = {each for each in names if not each.startswith(_OWN_OUTPUT)}
        return tuple(sorted(names))
