"""Where rows are: a file, a folder or a glob of CSV or Parquet files, as one relation.

Finding is a matter of the call (a path that is not there is a CallError);
what the files hold is a matter of the data, so a file that cannot be read is
:class:`Unreadable`, and the stage judges it.
"""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_actions.data.engines.duck import reason
from mlops_actions.data.sources import csvfiles, parquet
from mlops_actions.data.sources.relation import Column, File, Relation, Unreadable, named, shown_names
from mlops_actions.data.types.cells import TextType
from mlops_actions.errors import CallError, Problem, did_you_mean

if TYPE_CHECKING:
    import duckdb

SUFFIXES = (".parquet", ".csv", ".csv.gz")

__all__ = ["Column", "File", "Relation", "Unreadable", "find", "open_relation"]


# Finding


def find(patterns: Sequence[str], root: Path) -> tuple[File, ...]:
    """The data files that ``patterns`` (files, folders or globs relative to ``root``) name, sorted by name.

    Raises CallError for a pattern that names nothing, or that leads through a
    symbolic link out of ``root``; Unreadable where a folder holds no data.
    """
    files: dict[str, File] = {}
    for pattern in patterns:
        for name in _expand(pattern, root):
            files[name] = File(name, _resolve(name, pattern, root))
    if len({file.is_text for file in files.values()}) > 1:
        one, other = (next(file.name for file in files.values() if file.is_text is kind) for kind in (True, False))
        raise Unreadable(f"{one} is CSV and {other} is Parquet: data of one object must be of one format")
    return tuple(files[name] for name in sorted(files))


def _expand(pattern: str, root: Path) -> Iterator[str]:
    path = root / pattern
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
            if _is_data(each) and not _is_hidden(each):
                found = True
                yield os.path.normpath(os.path.join(folder, inner, each)).replace(os.sep, "/")
    if not found:
        raise Unreadable("the folder holds no CSV and no Parquet file", folder)


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


def open_relation(
    connection: duckdb.DuckDBPyConnection,
    object_name: str,
    files: Sequence[File],
    types: Mapping[str, TextType] | None = None,
    private: frozenset[str] = frozenset(),
) -> Relation:
    """The rows of ``files`` as one relation, with partition folders (``year=2013``) as columns.

    ``types`` are held against the cells of text files (and partition folders);
    without one, a column's type is guessed from a sample. Columns in
    ``private`` are marked so. Raises Unreadable, naming the file.
    """
    import duckdb  # pylint: disable=import-outside-toplevel

    open_files = csvfiles.open_files if files[0].is_text else parquet.open_files
    try:
        return open_files(connection, object_name, files, _partition_keys(files), types or {}, private)
    except duckdb.Error as error:
        raise Unreadable(named(reason(error), files)) from error


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
