"""What is not a local file becomes local files: rows are found where they are, and brought here once.

Each kind of place has a module of its own, which is imported where a place of
its kind is read. What comes of it is :class:`Located`: files that the engine
can open, and the subjects that the verdict names.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from mlops_actions.data.contracts.servers import Place
from mlops_actions.data.sources import source
from mlops_actions.data.sources.relation import File, Unreadable
from mlops_actions.errors import CallError, Problem

if TYPE_CHECKING:
    from mlops_actions.verdict import Subject

# Each kind of place is imported where one is read: its library may not be installed.
# pylint: disable=import-outside-toplevel

EXTRAS = {
    "delta": ("deltalake", "pyarrow"),
    "iceberg": ("pyiceberg", "pyarrow"),
    "s3": ("botocore",),
    "postgres": ("psycopg", "sqlglot"),
}
"""The packages of each extra that a run's data or engine may ask for, beyond its stage's own."""


@dataclass(frozen=True, slots=True)
class Located:
    """An object's rows as files here.

    ``subjects`` is what was read, where that is not each file by its own
    digest; ``note`` says which state of it that was ("version 12 of …").
    """

    files: tuple[File, ...]
    subjects: tuple[Subject, ...] | None = None
    note: str = ""


def extras(place: Place, root: Path) -> set[str]:
    """The extras that a place needs, as far as can be told without them: what lies in a bucket may need another."""
    from mlops_actions.data.sources import tables

    scheme = _scheme(place.text)
    found = {"s3": "s3", "postgresql": "postgres", "postgres": "postgres"}.get(scheme or "")
    table = tables.kind_of(place.text, root) if scheme is None else place.format
    return {each for each in (found, table) if each in EXTRAS}


def need(wanted: str) -> None:
    """Raises CallError where an extra is not installed: which, and how to install it."""
    if any(find_spec(name) is None for name in EXTRAS[wanted]):
        raise MissingExtra(wanted)


class MissingExtra(CallError):
    """An extra that a source needs is not installed."""

    def __init__(self, wanted: str) -> None:
        self.extra = wanted
        packages = " ".join(EXTRAS[wanted])
        hint = f"Here, type `pip install {packages}`. A workflow installs it where it can tell beforehand, and of a "
        hint += f"table in a bucket it cannot: write `extras: [{wanted}]` below `data` in mlops.yaml."
        super().__init__(Problem(f"the extra `{wanted}` is not installed, and this data needs it", hint=hint))


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
    if all(_is_path(each, root) for each in places):
        return _files(places, root)
    if len(places) > 1:
        other = next(each for each in places if not _is_path(each, root))
        hint = "A list holds files alone; a table, a server or a bucket is named by itself."
        raise CallError(Problem("cannot be one of several places of an object", other.text, hint=hint))
    into.mkdir(parents=True, exist_ok=True)
    try:
        return _one(places[0], name, root, into)
    except OSError as error:
        if is_full(error):
            raise Unreadable(_FULL, places[0].text) from error
        raise Unreadable(f"cannot be copied here: {error.strerror or error}", places[0].text) from error


def is_full(error: BaseException) -> bool:
    """Whether an error says that there is no room for a copy."""
    return isinstance(error, OSError) and error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


_FULL = (
    "the disk is full: what is not a local file is copied before it is read, so the temporary folder (TMPDIR) needs as "
    "much room as the data takes"
)


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
            from mlops_actions.data.sources import tables

            return tables.locate_local(place, root, into)
        case other:
            hint = "There is: s3://, postgresql://, and paths."
            raise CallError(Problem(f"a place that begins with {other}:// cannot be read here", place.text, hint=hint))


def _files(places: Sequence[Place], root: Path) -> Located:
    """Local files. Raises CallError for those that are part of a table: its log says which of them count."""
    from mlops_actions.data.sources import tables

    files = source.find([each.text for each in places], root)
    for each in files:
        tables.refuse_part(each, root)
    tables.expect_files(places[0], files)
    return Located(files)


def _is_path(place: Place, root: Path) -> bool:
    from mlops_actions.data.sources import tables

    return _scheme(place.text) is None and not tables.is_local_table(place.text, root)


def _scheme(text: str) -> str | None:
    found = re.match(r"([A-Za-z][A-Za-z0-9+.-]+)://", text)
    return found[1].lower() if found else None
