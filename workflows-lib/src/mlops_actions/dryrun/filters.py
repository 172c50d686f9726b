"""Whether an event passes the filters of ``on``: branches, tags, paths, activity types.

GitHub's filter patterns: ``*`` is anything but a slash, ``**`` anything, ``?``
and ``+`` repeat the character before them, ``[]`` is one of a set, ``!`` at the
start takes back what earlier patterns selected, a backslash makes the next
character plain. A pattern matches a whole name, with case.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from mlops_actions.dryrun.event import Event

DEFAULT_TYPES = {
    "pull_request": ("opened", "synchronize", "reopened"),
    "pull_request_target": ("opened", "synchronize", "reopened"),
}
"""The activity types that an event starts without `types`; of the other events, all."""

EXCLUSIVE = ("branches", "tags", "paths")
"""Each of these and its ``-ignore`` may not stand together for one event."""


@lru_cache(maxsize=1024)
def expression_of(pattern: str) -> re.Pattern[str]:
    """The regular expression of one pattern (without a leading ``!``), for a whole name."""
    parts: list[str] = []
    at = 0
    while at < len(pattern):
        part, at = _part(pattern, at)
        if part in {"?", "+"}:
            parts.append(f"{parts.pop()}{part}" if parts and parts[-1][-1] not in "?+" else re.escape(part))
        else:
            parts.append(f"(?:{part})")
    return re.compile("".join(parts), re.DOTALL)


def _part(pattern: str, at: int) -> tuple[str, int]:
    """The regular expression of what stands at ``at``, and where the next part begins."""
    character = pattern[at]
    if character == "*":
        if not pattern.startswith("**", at):
            return "[^/]*", at + 1
        if pattern.startswith("**/", at) and (at == 0 or pattern[at - 1] == "/"):
            return "(?:.*/)?", at + 3
        return ".*", at + 2
    if character in "?+":
        return character, at + 1
    if character == "[" and (end := pattern.find("]", at + 2)) > 0:
        inside = re.sub(r"[\\\[\]^&|~]", lambda found: "\\" + found[0], pattern[at + 1 : end])
        try:
            re.compile(f"[{inside}]")
        except re.error:
            return re.escape(character), at + 1  # a range that runs backwards selects nothing special
        return f"[{inside}]", end + 1
    if character == "\\" and at + 1 < len(pattern):
        return re.escape(pattern[at + 1]), at + 2
    return re.escape(character), at + 1


def selects(patterns: Sequence[str], name: str) -> bool:
    """Whether patterns, in their order, select a name: the last that matches decides."""
    selected = False
    for pattern in patterns:
        negated = pattern.startswith("!")
        if expression_of(pattern[1:] if negated else pattern).fullmatch(name):
            selected = not negated
    return selected


def refusal(event: Event, trigger: Mapping[str, Any]) -> str | None:
    """Why the filters of one trigger refuse an event, None where they let it pass.

    ``trigger`` is what stands under the event's name in ``on``. What is not
    known of the event (its activity type, its changed files) refuses nothing.
    """
    return _types(event, trigger) or _refs(event, trigger) or _paths(event, trigger) or _workflows(event, trigger)


def _types(event: Event, trigger: Mapping[str, Any]) -> str | None:
    allowed = _list(trigger.get("types")) or DEFAULT_TYPES.get(event.name, ())
    action = event.payload.get("action")
    if not allowed or not isinstance(action, str) or action in allowed:
        return None
    by_default = "" if trigger.get("types") else " (the default)"
    return f"`types`{by_default} is {_words(allowed)}, and the event's is `{action}`"


def _refs(event: Event, trigger: Mapping[str, Any]) -> str | None:
    if event.name == "push":
        return _pushed_ref(event, trigger)
    branch = filtered_branch(event)
    return None if branch is None else _filter("branches", trigger, branch)


def filtered_branch(event: Event) -> str | None:
    """The branch that an event's ``branches`` filter reads (no push), None where the event has none."""
    if event.name in {"pull_request", "pull_request_target"}:
        return event.base_ref
    payload = event.payload.get(event.name)
    key = {"merge_group": "base_ref", "workflow_run": "head_branch"}.get(event.name)
    branch = payload.get(key) if key and isinstance(payload, dict) else None
    return branch.removeprefix("refs/heads/") if isinstance(branch, str) else None


def _pushed_ref(event: Event, trigger: Mapping[str, Any]) -> str | None:
    own, other = ("tags", "branches") if event.ref_type == "tag" else ("branches", "tags")
    if any(f"{own}{suffix}" in trigger for suffix in ("", "-ignore")):
        return _filter(own, trigger, event.ref_name)
    if any(f"{other}{suffix}" in trigger for suffix in ("", "-ignore")):
        kind = "tag" if event.ref_type == "tag" else "branch"
        return f"only `{other}` are filtered for, and the ref is the {kind} `{event.ref_name}`"
    return None


def _filter(key: str, trigger: Mapping[str, Any], name: str) -> str | None:
    what = "tag" if key == "tags" else "branch"
    if key in trigger and not selects(patterns := _list(trigger[key]), name):
        return f"`{key}` {_words(patterns)} does not select the {what} `{name}`"
    if (ignored := f"{key}-ignore") in trigger and selects(patterns := _list(trigger[ignored]), name):
        return f"`{ignored}` {_words(patterns)} excludes the {what} `{name}`"
    return None


def _paths(event: Event, trigger: Mapping[str, Any]) -> str | None:
    if event.changed is None or event.ref_type == "tag" or event.name not in _WITH_PATHS:
        return None
    changed = f"of the {len(event.changed):,} changed files" if len(event.changed) != 1 else "of the one changed file"
    if "paths" in trigger:
        patterns = _list(trigger["paths"])
        if not any(selects(patterns, path) for path in event.changed):
            return f"`paths` {_words(patterns)} selects none {changed}{_some(event.changed)}"
    if "paths-ignore" in trigger:
        patterns = _list(trigger["paths-ignore"])
        if all(selects(patterns, path) for path in event.changed):
            return f"`paths-ignore` {_words(patterns)} leaves none {changed}{_some(event.changed)}"
    return None


_WITH_PATHS = {"push", "pull_request", "pull_request_target"}


def _workflows(event: Event, trigger: Mapping[str, Any]) -> str | None:
    run = event.payload.get("workflow_run")
    name = run.get("name") if isinstance(run, dict) else None
    if event.name != "workflow_run" or "workflows" not in trigger or not isinstance(name, str):
        return None
    names = _list(trigger["workflows"])
    return None if selects(names, name) else f"`workflows` {_words(names)} does not name `{name}`"


def _list(value: Any) -> tuple[str, ...]:
    if value is None:
        return ()
    return tuple(str(each) for each in value) if isinstance(value, list) else (str(value),)


def _words(names: Sequence[str]) -> str:
    return "[" + ", ".join(names) + "]"


def _some(paths: Sequence[str]) -> str:
    shown = ", ".join(paths[:3])
    return f" ({shown}{', …' if len(paths) > 3 else ''})" if paths else ""
