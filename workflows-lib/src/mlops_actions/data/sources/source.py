"""Where rows are: a file, a folder or a glob of files of one format, as one relation.

Finding is a matter of the call (a path that is not there is a CallError);
what the files hold is a matter of the data, so a file that cannot be read is
:class:`Unreadable`, and the stage judges it.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from mlops_actions.data.engines import duck
from mlops_actions.data.engines.duck import reason
from mlops_actions.data.sources import arrowfiles, csvfiles, jsonlines, parquet, sqlitefiles
from mlops_actions.data.sources.pointers import DVC, refuse_tracked
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.sources.relation import Column, File, Relation, Unreadable, named, shown_names
from mlops_actions.data.sources.spool import Spool, full
from mlops_actions.data.sources.survey import Counter, Endless, Record, damage
from mlops_actions.errors import CallError, Problem, did_you_mean

if TYPE_CHECKING:
    import duckdb

__all__ = ["Column", "File", "Relation", "Unreadable", "culprit", "find", "open_relation", "prepare", "reader_of"]


# Formats


class Reader(Protocol):
    """What a format's module has: its name, how its files end, and how they become rows."""

    NAME: str
    SUFFIXES: tuple[str, ...]

    def open_files(
        self,
        connection: duckdb.DuckDBPyConnection,
        object_name: str,
        files: Sequence[File],
        keys: tuple[str, ...],
        reading: Reading,
    ) -> Relation:
        """The rows; ``keys`` are those of partition folders. Raises Unreadable or duckdb.Error."""


@runtime_checkable
class Spooled(Protocol):
    """A format that the engine reads as a copy in another."""

    def spooled(self, file: File, spool: Spool, reading: Reading) -> File:
        """The file as it is to be read. Raises Unreadable."""


@runtime_checkable
class Texts(Protocol):
    """A format of text, whose records are counted apart from the engine."""

    def counter(self, file: File, reading: Reading) -> Counter:
        """What counts the records of a file, fast. Raises Unreadable."""

    def records(self, file: File, reading: Reading) -> Iterator[Record]:
        """The records, streamed, each with why it does not parse, if so.

        Raises Unreadable, Endless, and what reading a damaged file raises.
        """


READERS: list[Reader] = [parquet, csvfiles, jsonlines, arrowfiles, sqlitefiles]
"""A new format is a module and a name here."""

SUFFIXES = tuple(suffix for reader in READERS for suffix in reader.SUFFIXES)


def reader_of(file: File) -> Reader:
    """The reader of a file that was found: by its name, or, where it is a copy of no file, by that of the copy."""
    names = (file.name.lower(), file.path.name)
    return next(reader for name in names for reader in READERS if name.endswith(reader.SUFFIXES))


# Finding


def find(patterns: Sequence[str], root: Path) -> tuple[File, ...]:
    """The data files that ``patterns`` (files, folders or globs relative to ``root``) name, sorted by name.

    Raises CallError for a pattern that names nothing, or that leads through a
    symbolic link out of ``root``; Unreadable where a folder holds no data.
    """
    files: dict[str, File] = {}
    for pattern in patterns:
        path, table = _table(pattern, root)
        for name in _expand(path, root):
            files[name] = File(name, _resolve(name, path, root), table)
    refuse_mixed(files.values())
    return tuple(files[name] for name in sorted(files))


def refuse_mixed(files: Iterable[File]) -> None:
    """Raises Unreadable where the files of an object are not of one format."""
    formats = {reader_of(file).NAME: file.name for file in files}
    if len(formats) > 1:
        (one, first), (other, second), *_ = formats.items()
        raise Unreadable(f"{first} is {one} and {second} is {other}: data of one object must be of one format")


def _table(pattern: str, root: Path) -> tuple[str, str | None]:
    """The path, and the table that ``PATH#TABLE`` names in a database file."""
    path, sign, table = pattern.rpartition("#")
    if sign and path.lower().endswith(sqlitefiles.SUFFIXES) and not os.path.lexists(root / pattern):
        return path, table
    return pattern, None


def _expand(pattern: str, root: Path) -> Iterator[str]:
    path = root / pattern
    refuse_tracked(pattern, root)
    if path.is_file():
        if not _is_data(pattern):
            known = ", ".join(f"`{suffix}`" for suffix in SUFFIXES)
            raise CallError(Problem("is not of a format that can be read here", pattern, hint=f"There is: {known}."))
        yield pattern
    elif path.is_dir():
        yield from _folder(pattern, root)
    elif path.is_symlink():
        raise CallError(Problem("is a symbolic link that leads nowhere", pattern))
    elif path.exists():
        raise CallError(Problem("is neither a file nor a folder", pattern))
    elif glob.has_magic(pattern):
        yield from _matches(pattern, root)
    else:
        siblings = os.listdir(path.parent) if path.parent.is_dir() else []
        raise CallError(Problem("no such file or folder", pattern, hint=did_you_mean(path.name, siblings)))


def _matches(pattern: str, root: Path) -> Iterator[str]:
    matches = sorted(glob.glob(pattern, root_dir=root, recursive=True))
    found = False
    for pointer in sorted(glob.glob(pattern + DVC, root_dir=root, recursive=True)):
        refuse_tracked(pointer.removesuffix(DVC), root)
    for match in matches:
        if (root / match).is_dir():
            if not pattern.endswith("**"):  # which lists each folder's files by itself
                found = True
                yield from _folder(match, root)
        elif _is_data(match):
            found = True
            yield match
    if not found:
        other = f" that can be read (there is {matches[0]!r})" if matches else ""
        raise CallError(Problem(f"no file{other} matches this pattern", pattern))


def _folder(folder: str, root: Path) -> Iterator[str]:
    """Data files below a folder; names that begin with a dot or an underscore are left out, as Spark does."""
    found = False
    for parent, folders, names in os.walk(root / folder):
        inner = os.path.relpath(parent, root / folder)
        folders[:] = sorted(each for each in folders if not _is_hidden(each))
        for each in folders:
            if os.path.islink(os.path.join(parent, each)):
                name = os.path.normpath(os.path.join(folder, inner, each))
                hint = "Name the folder that it leads to."
                raise CallError(Problem("is a symbolic link to a folder, and none is followed", name, hint=hint))
        for each in sorted(names):
            if each.endswith(DVC) and not _is_hidden(each):
                refuse_tracked(os.path.normpath(os.path.join(folder, inner, each.removesuffix(DVC))), root)
            if _is_data(each) and not _is_hidden(each):
                found = True
                yield os.path.normpath(os.path.join(folder, inner, each)).replace(os.sep, "/")
    if not found:
        raise Unreadable(f"the folder holds no file that can be read: {_KNOWN}", folder)


_KNOWN = ", ".join(f"{reader.NAME} ({' '.join(reader.SUFFIXES)})" for reader in READERS)


def _is_data(name: str) -> bool:
    return name.lower().endswith(SUFFIXES)


def _is_hidden(name: str) -> bool:
    return name.startswith((".", "_"))


def _resolve(name: str, pattern: str, root: Path) -> Path:
    """Where a file is, if no symbolic link leads out of the working directory, or out of the folder that was named."""
    resolved = (root / name).resolve()
    homes = [root.resolve()]
    base = Path(os.path.normpath(root / (pattern if (root / pattern).exists() else _before_magic(pattern))))
    if not base.is_relative_to(os.path.normpath(root)):  # named outside on purpose
        homes.append(base.resolve() if base.is_dir() else base.parent.resolve())
    if not any(resolved.is_relative_to(home) for home in homes):
        raise CallError(
            Problem(
                "is a symbolic link that leads out of the working directory",
                name,
                hint="Name the file that it leads to.",
            )
        )
    if not resolved.is_file():
        raise CallError(Problem("is a symbolic link that leads nowhere", name))
    try:
        str(resolved).encode()
    except UnicodeEncodeError:
        raise Unreadable("its path is not UTF-8, and the engine takes no other: rename it", name) from None
    return resolved


def _before_magic(pattern: str) -> str:
    """The folder that a glob starts from."""
    parts = Path(pattern).parts
    plain = next((index for index, part in enumerate(parts) if glob.has_magic(part)), len(parts))
    return os.path.join(*parts[:plain]) if plain else "."


# Opening


def prepare(files: Sequence[File], reading: Reading, spool: Spool) -> tuple[File, ...]:
    """The files as the engine reads them: some are spooled in another format. Raises Unreadable, naming the file."""
    reader = reader_of(files[0])
    return tuple(reader.spooled(file, spool, reading) if isinstance(reader, Spooled) else file for file in files)


def memory(files: Iterable[File]) -> float:
    """GiB for a session that reads ``files``: the engine's reader of JSON has two buffers of 32 MiB a thread."""
    buffers = any(file.path.name.lower().endswith(jsonlines.SUFFIXES) for file in files)
    return duck.MEMORY + (os.cpu_count() or 1) / 16 * buffers


def open_relation(
    connection: duckdb.DuckDBPyConnection,
    object_name: str,
    files: Sequence[File],
    reading: Reading | None = None,
) -> Relation:
    """The rows of ``files``, as :func:`prepare` gives them, as one relation; partition folders are columns.

    The types of ``reading`` are held against the cells of text files (and
    partition folders); without one, a column's type is guessed from a sample.
    Raises Unreadable, naming the file.
    """
    import duckdb  # pylint: disable=import-outside-toplevel

    reader, reading = reader_of(files[0]), reading or Reading()
    try:
        return reader.open_files(connection, object_name, files, _partition_keys(files), reading)
    except duckdb.Error as error:
        raise culprit(error, files, reading) from error


def culprit(error: Exception, files: Sequence[File], reading: Reading) -> Unreadable:
    """What to say of an engine's error: each file is looked at alone, to find the place."""
    if why := full(error):
        return Unreadable(why)
    message = named(reason(error, private=bool(reading.private)), files)
    reader = reader_of(files[0])
    for file in files:
        if isinstance(reader, Texts) and (place := _stumble(reader, file, reading)):
            return Unreadable(place, file.name)
        if parquet.is_parquet(file) and (place := parquet.damaged(file)):
            return Unreadable(f"{place} cannot be read: {message}", file.name)
    return Unreadable(message)


def _stumble(reader: Texts, file: File, reading: Reading) -> str | None:
    """The first thing that is wrong with a file of text."""
    try:
        return next(
            (f"line {each.line:,} {each.refused}" for each in reader.records(file, reading) if each.refused), None
        )
    except Endless as error:
        return str(error)
    except damage() as error:
        return f"cannot be read to its end: {error}"


def _partition_keys(files: Sequence[File]) -> tuple[str, ...]:
    """The partition folders' keys, the same for each file."""
    keys: dict[tuple[str, ...], str] = {}
    if any(file.of_table for file in files):
        return ()
    for file in files:
        folders = Path(file.name).parts[:-1]
        keys.setdefault(tuple(part.partition("=")[0] for part in folders if "=" in part), file.name)
    if len(keys) > 1:
        one, other, *_ = keys
        first, second = keys[one], keys[other]
        raise Unreadable(
            f"its partition folders are {shown_names(other)}, those of {first} are {shown_names(one)}", second
        )
    return next(iter(keys))
