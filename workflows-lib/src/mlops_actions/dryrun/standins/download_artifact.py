"""In place of actions/download-artifact (v4 and later): takes files from the run's artifact store.

An artifact of another run (``run-id``) comes from the earlier dry runs that
``mlops dry-run --from`` names.
"""

from __future__ import annotations

import fnmatch
import json
import os
import re
import shutil
from pathlib import Path

from . import toolkit


def main(_: str) -> None:
    """Copy the artifacts asked for below ``path``. Raises Refused where a named one is not there."""
    given = toolkit.inputs()
    target = toolkit.resolve(given.get("path", ""))
    stored = _stored(given)
    name, pattern, numbers = given.get("name"), given.get("pattern"), given.get("artifact-ids")
    if name and numbers:
        raise toolkit.Refused("Inputs 'name' and 'artifact-ids' cannot be used together. Please specify only one.")
    if name:
        if name not in stored:
            there = ", ".join(sorted(stored)) or "none"
            raise toolkit.Refused(
                f"Unable to download artifact(s): Artifact not found for name: {name} (there is: {there})"
            )
        chosen = [name]
    elif numbers:
        chosen = _by_number(stored, numbers)
    else:
        patterns = _alternatives(pattern or "*")
        chosen = sorted(each for each in stored if any(fnmatch.fnmatchcase(each, one) for one in patterns))
        if not chosen:
            toolkit.say("No artifacts found" + (f" that match {pattern}." if pattern else "."))
    single = bool(name) or (bool(numbers) and len(chosen) == 1)
    for each in chosen:
        place = target if single or toolkit.flag(given, "merge-multiple") else target / each
        count = _extract(stored[each], place)
        toolkit.say(f"Artifact {each} has been placed in {place}: {count} file(s)")
    target.mkdir(parents=True, exist_ok=True)
    toolkit.set_output("download-path", target)


def _alternatives(pattern: str) -> list[str]:
    """The patterns that one with ``{a,b}`` stands for."""
    found = re.search(r"\{([^{}]*,[^{}]*)\}", pattern)
    if found is None:
        return [pattern]
    ways = (pattern[: found.start()] + each + pattern[found.end() :] for each in found[1].split(","))
    return [one for way in ways for one in _alternatives(way)]


def _by_number(stored: dict[str, Path], text: str) -> list[str]:
    wanted = {each.strip() for each in text.replace(",", "\n").splitlines() if each.strip()}
    numbers = {_number(folder): each for each, folder in stored.items()}
    if missing := sorted(wanted - set(numbers)):
        raise toolkit.Refused("Unable to find artifact(s) with id: " + ", ".join(missing))
    return sorted(numbers[each] for each in wanted)


def _number(folder: Path) -> str:
    about = folder.parent / "artifact.json"
    return str(json.loads(about.read_text(encoding="utf-8"))["id"]) if about.exists() else ""


def _stored(given: dict[str, str]) -> dict[str, Path]:
    """The artifacts of the run asked for: name to the folder of its files."""
    run, repository = given.get("run-id", ""), given.get("repository", "")
    context = toolkit.context()
    if repository and repository.lower() != os.environ["GITHUB_REPOSITORY"].lower():
        raise toolkit.Refused(f"a dry run has no artifacts of another repository ({repository})")
    if given.get("github-token") and run and run != os.environ["GITHUB_RUN_ID"]:
        if not context.get("from"):
            raise toolkit.Refused(
                f"a dry run has no artifacts of run {run}: name an earlier dry run's folder with --from"
            )
        bases = [Path(each) / "artifacts" for each in reversed(context["from"])]
        return {each.name: each for base in bases if base.is_dir() for each in sorted(base.iterdir())}
    base = Path(context["artifacts"])
    return {each.name: each / "files" for each in sorted(base.iterdir()) if not each.name.startswith(".new-")}


def _extract(source: Path, target: Path) -> int:
    count = 0
    for path in sorted(source.rglob("*")):
        if path.is_file():
            place = target / path.relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, place)
            count += 1
    return count
