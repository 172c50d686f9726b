"""What is not a local file becomes local files: rows are found where they are, and brought here once.

Each kind of place has a module of its own, which is imported where a place of
its kind is read. What comes of it are files that the engine can open, and the
subjects that the verdict names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from mlops_actions.data.contracts.servers import Place
from mlops_actions.data.sources import arrowfiles, source, tables
from mlops_actions.data.sources.located import EXTRAS, Located, need
from mlops_actions.data.sources.relation import Unreadable
from mlops_actions.data.sources.spool import full
from mlops_actions.errors import CallError, Problem

# Each kind of place is imported where one is read: its library may not be installed.
# pylint: disable=import-outside-toplevel


def extras(place: Place, root: Path) -> set[str]:
    """The extras that a place needs, as far as can be told without them: what lies in a bucket may need another."""
    scheme = _scheme(place.text)
    found = {"s3": "s3", "postgresql": "postgres", "postgres": "postgres"}.get(scheme or "")
    kind = tables.kind_of(place.text, root) or _arrow(place.text, root) if scheme is None else place.format
    return {each for each in (found, kind) if each in EXTRAS}


def _arrow(text: str, root: Path) -> str | None:
    """``arrow``, where a path is of Arrow files. What cannot be told is left for the run to say."""
    with suppress(CallError, Unreadable):
        if source.reader_of(source.find([text], root)[0]) is arrowfiles:
            return "arrow"
    return None


@contextmanager
def brought(places: Mapping[str, Sequence[Place]]) -> Iterator[dict[str, Located | Unreadable]]:
    """The rows of each object, by its name, for as long as the block lasts; Unreadable for those that cannot be read.

    Raises CallError as :func:`locate` does.
    """
    with TemporaryDirectory(prefix="mlops-data-") as folder:
        found: dict[str, Located | Unreadable] = {}
        for number, (name, each) in enumerate(places.items()):
            try:
                found[name] = locate(each, name, Path.cwd(), Path(folder, str(number)))
            except Unreadable as error:
                found[name] = error
        yield found


def opened(found: Located | Unreadable) -> Located:
    """What was found, where it can be read. Raises Unreadable."""
    if isinstance(found, Unreadable):
        raise found
    return found


def locate(places: Sequence[Place], name: str, root: Path, into: Path) -> Located:
    """The rows that ``places`` name, which are paths relative to ``root``, or elsewhere; copies go into ``into``.

    Raises CallError for a place that names nothing, or whose extra is not
    installed; Unreadable for one that is there and cannot be read.
    """
    if all(is_path(each, root) for each in places):
        return _files(places, root)
    if len(places) > 1:
        other = next(each for each in places if not is_path(each, root))
        hint = "A list holds files alone; a table, a server or a bucket is named by itself."
        raise CallError(Problem("cannot be one of several places of an object", other.text, hint=hint))
    into.mkdir(parents=True, exist_ok=True)
    try:
        return _one(places[0], name, root, into)
    except OSError as error:
        raise Unreadable(full(error) or f"cannot be copied here: {error.strerror or error}", places[0].text) from error


def _one(place: Place, name: str, root: Path, into: Path) -> Located:
    match _scheme(place.text):
        case "s3":
            need("s3")
            from mlops_actions.data.sources import s3

            return s3.locate(place, into)
        case "postgresql" | "postgres":
            need("postgres")
            from mlops_actions.data.sources import postgres

            return postgres.locate(place, name, into)
        case None:
            return tables.locate_local(place, root, into)
        case other:
            hint = "There is: s3://, postgresql://, and paths."
            raise CallError(Problem(f"a place that begins with {other}:// cannot be read here", place.text, hint=hint))


def _files(places: Sequence[Place], root: Path) -> Located:
    """Local files. Raises CallError for those that are part of a table: its log says which of them count."""
    files = source.find([each.text for each in places], root)
    for each in files:
        tables.refuse_part(each, root)
    tables.expect_files(places[0], files)
    return Located(files)


def is_path(place: Place, root: Path) -> bool:
    """Whether a place is files here, and no table."""
    return _scheme(place.text) is None and not tables.is_local_table(place.text, root)


def _scheme(text: str) -> str | None:
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://", text)
    return found[1].lower() if found else None
