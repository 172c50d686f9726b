"""In place of actions/cache, cache/restore and cache/save: a cache that lives as long as the dry run.

``actions/cache`` saves when the job has succeeded: :mod:`finish`, the job's
last step, does it.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import uuid
from pathlib import Path
from typing import Any

from . import toolkit

MAX_KEY = 512


def main(name: str) -> None:
    """Restore or save, as the action's name says. Raises Refused for a wrong key, and a miss that must not be."""
    given = toolkit.inputs()
    key, paths = given.get("key", ""), given.get("path", "")
    for field in ("path", "key"):
        if not given.get(field):
            raise toolkit.Refused(f"Input required and not supplied: {field}")
    if len(key) > MAX_KEY or "," in key:
        raise toolkit.Refused(f"Key Validation Error: {key} must be at most {MAX_KEY} characters and hold no comma")
    if name == "cache-save":
        save(paths, key)
        return
    matched = _restore(given, key, paths)
    if name == "cache-restore":
        toolkit.set_output("cache-primary-key", key)
        toolkit.set_output("cache-matched-key", matched or "")
    elif matched != key:
        pending = Path(toolkit.context()["pending"])
        with pending.open("a", encoding="utf-8") as file:
            file.write(json.dumps({"path": paths, "key": key}) + "\n")
    if matched:
        toolkit.set_output("cache-hit", "true" if matched == key else "false")


def _restore(given: dict[str, str], key: str, paths: str) -> str | None:
    kept = _kept(paths)
    wanted = [key, *(line.strip() for line in given.get("restore-keys", "").splitlines() if line.strip())]
    exact = [each for each in kept if each["key"] == key]
    partial = [each for start in wanted for each in kept if each["key"].startswith(start)]
    found = next(iter(exact + partial), None)
    if found is None:
        if toolkit.flag(given, "fail-on-cache-miss"):
            raise toolkit.Refused(
                f"Failed to restore cache entry. Exiting as fail-on-cache-miss is set. Input key: {key}"
            )
        toolkit.say("Cache not found for input keys: " + ", ".join(wanted))
        return None
    if not toolkit.flag(given, "lookup-only"):
        for number, place in enumerate(found["places"]):
            _copy(
                Path(found["folder"]) / str(number),
                Path(os.path.normpath(toolkit.workspace() / os.path.expanduser(place))),
            )
    toolkit.say("Cache restored from key: " + found["key"])
    return str(found["key"])


def save(paths: str, key: str) -> None:
    """Keep what ``paths`` name under ``key``; a key that is taken stays as it is, as on GitHub."""
    if any(each["key"] == key for each in _kept(paths)):
        toolkit.say(f"Unable to reserve cache with key {key}, another job may be creating this cache.")
        return
    context = toolkit.context()
    lasting = [Path(each) for each in context["lasting"]]
    places: list[Path] = []
    for pattern in toolkit.patterns(paths):
        found = [pattern.root] if pattern.matches(str(pattern.root)) else toolkit.search([pattern])
        places += [
            each
            for each in found
            if each.exists() and not any(keep == each or keep in each.parents for keep in lasting)
        ]
    if not places:
        toolkit.say(f"Nothing to save for cache key {key}")
        return
    base = Path(context["cache"])
    fresh = base / (".new-" + uuid.uuid4().hex)
    fresh.mkdir(parents=True)
    for number, place in enumerate(places):
        _copy(place, fresh / str(number))
    about: dict[str, Any] = {"key": key, "version": _version(paths), "places": [_portable(each) for each in places]}
    (fresh / "cache.json").write_text(json.dumps(about), encoding="utf-8")
    name = hashlib.sha256((about["version"] + "\0" + key).encode()).hexdigest()
    try:
        os.rename(fresh, base / name)
        toolkit.say(f"Cache saved with key: {key}")
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)


def _portable(place: Path) -> str:
    """A place as another job finds it: its workspace and home are other folders here, the same on GitHub."""
    for base, prefix in ((toolkit.workspace(), ""), (Path.home(), "~/")):
        if base in place.parents:
            return prefix + str(place.relative_to(base))
    return str(place)


def _version(paths: str) -> str:
    return hashlib.sha256("|".join(line.strip() for line in paths.splitlines()).encode()).hexdigest()


def _kept(paths: str) -> list[dict[str, Any]]:
    """The caches of the same paths, the newest first."""
    base = Path(toolkit.context()["cache"])
    kept = []
    for file in base.glob("*/cache.json"):
        if not file.parent.name.startswith(".new-"):
            about = json.loads(file.read_text(encoding="utf-8"))
            if about["version"] == _version(paths):
                kept.append(dict(about, folder=str(file.parent), saved=file.stat().st_mtime))
    return sorted(kept, key=lambda each: float(each["saved"]), reverse=True)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(str(source), str(target), symlinks=True, dirs_exist_ok=True)
    else:
        shutil.copy2(str(source), str(target))
