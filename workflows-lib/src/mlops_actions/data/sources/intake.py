"""An object's files taken in: found, opened, digested beside the scan, and every record of theirs accounted for.

What a stage does with the rows is its own matter; that none of them was lost
on the way is found out here.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import os
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_actions.data.contracts.contract import Object
from mlops_actions.data.engines import duck
from mlops_actions.data.engines.duck import DuckSession, pattern_for
from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.engines.session import Session
from mlops_actions.data.sources import csvfiles, parquet, source
from mlops_actions.data.sources.csvfiles import Survey
from mlops_actions.data.sources.fetching import brought, opened, places_of
from mlops_actions.data.sources.located import Located
from mlops_actions.data.sources.parquet import Footers
from mlops_actions.data.sources.relation import File, Relation, Unreadable, named
from mlops_actions.data.types import families
from mlops_actions.data.types.cells import TextType
from mlops_actions.verdict import Check, Severity, Status, Subject, Where

if TYPE_CHECKING:
    import duckdb

EVIDENCE = 3
"""Lines that do not parse that are named."""


@dataclass(frozen=True, slots=True)
class Intake:
    """An object's rows, and what is being found out about its files meanwhile."""

    connection: duckdb.DuckDBPyConnection
    relation: Relation
    surveys: Mapping[File, Future[Survey]]
    located: Located

    @property
    def session(self) -> Session:
        """What answers questions about the rows."""
        return DuckSession(self.connection)

    @property
    def here(self) -> Relation:
        """The rows as DuckDB reads them."""
        return self.relation

    @property
    def subjects(self) -> list[Subject]:
        """What was read: each file, or what the files came of, with its digest. Raises Unreadable."""
        if self.located.subjects is not None:
            return list(self.located.subjects)
        return [Subject(file.name, self._survey(file).sha256) for file in self.surveys]

    def footers(self, columns: Iterable[str]) -> Footers:
        """What is known of ``columns`` without a scan."""
        return parquet.footers(self.connection, self.relation.files, columns)

    def checks(self, rows: int, *, reread: bool = False) -> list[Check]:
        """What is to be said of the files as such, where the scan came to ``rows`` rows. Raises Unreadable.

        Where another engine has read them, ``reread`` says to look here for the lines that do not parse.
        """
        found = [self._readable(rows, reread)]
        if len(self.located.files) > 1:
            found.append(self._schema())
        if not rows:
            message = "there are no rows, so every rule about rows holds of nothing"
            found.append(self._check("rows", Status.WARN, message, Severity.WARNING, measured=0))
        return found

    def _survey(self, file: File) -> Survey:
        try:
            return self.surveys[file].result()
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror or error}", file.name) from error

    def _readable(self, rows: int, reread: bool) -> Check:
        if not self.relation.is_text:
            read = self.located.note or f"all files could be read: {len(self.located.files):,}"
            return self._check("readable", Status.PASS, read, rows=rows)
        records = [self._survey(file).records for file in self.surveys]
        counted = sum(count or 0 for count in records)
        if None in records or counted != rows:
            counted = self._recounted()
        lost = counted - rows
        if lost < 0:
            message = f"the reader found {rows:,} rows where the files have {counted:,} records: quotes do not pair up"
            return self._check("readable", Status.ERROR, message, measured=lost, rows=rows)
        if lost and reread:
            duck.fetch(self.connection, f"SELECT count(*) FROM {self.relation.sql}")
        message = f"{lost:,} of {counted:,} records do not parse{self._rejected() if lost else ''}"
        status = Status.FAIL if lost else Status.PASS
        return self._check("readable", status, message, measured=lost, rows=counted)

    def _recounted(self) -> int:
        """The records of all files, counted the slow way. Raises Unreadable where a count has no end."""
        total = 0
        for file in self.surveys:
            try:
                records, stop = csvfiles.recount(file.path, self.relation.headers[file.name])
            except (OSError, EOFError, zlib.error) as error:
                raise Unreadable(f"cannot be read to its end: {error}", file.name) from error
            if stop is not None:
                raise Unreadable(f"{stop}, so the rows after it cannot be told", file.name)
            total += records
        return total

    def _rejected(self) -> str:
        """The first lines that the reader refused, with its reasons."""
        rows = self.connection.execute(
            "SELECT DISTINCT file_path, line, error_message FROM reject_errors JOIN reject_scans "
            f"USING (scan_id, file_id) ORDER BY 1, 2 LIMIT {EVIDENCE}"
        ).fetchall()
        names = {pattern_for(file.path): file.name for file in self.surveys}
        places = [f"{names.get(path, path)}, line {line:,}: {message}" for path, line, message in rows]
        return f" (for example {'; '.join(places)})" if places else ""

    def _schema(self) -> Check:
        found = self.relation.differences
        if not found:
            return self._check("schema", Status.PASS, "all files have the same columns and types", measured=0)
        more = f"; and {len(found) - EVIDENCE:,} more" if len(found) > EVIDENCE else ""
        message = f"the files are not of one schema: {'; '.join(found[:EVIDENCE])}{more}"
        return self._check("schema", Status.FAIL, message, measured=len(found))

    def _check(
        self,
        key: str,
        status: Status,
        message: str,
        severity: Severity = Severity.ERROR,
        measured: int | None = None,
        rows: int | None = None,
    ) -> Check:
        name = self.relation.object
        return Check(f"{name}.{key}", status, message, severity, Where(object=name), measured, None, rows)


@contextmanager
def take_in(
    name: str,
    data: Sequence[str] | Located,
    types: Mapping[str, TextType] | None = None,
    private: frozenset[str] = frozenset(),
) -> Iterator[Intake]:
    """The rows of the object ``name``, which are located already, or at places that are named.

    Raises CallError and Unreadable as :func:`fetching.locate` and
    :func:`source.open_relation` do; an error of the engine inside the block
    becomes Unreadable.
    """
    if isinstance(data, Located):
        with _taken_in(name, data, types, private) as intake:
            yield intake
    else:
        with (
            brought({name: places_of(data)}) as found,
            _taken_in(name, opened(found[name]), types, private) as intake,
        ):
            yield intake


@contextmanager
def _taken_in(
    name: str, located: Located, types: Mapping[str, TextType] | None, private: frozenset[str]
) -> Iterator[Intake]:
    import duckdb  # pylint: disable=import-outside-toplevel

    files = located.files
    columns = {file: len(csvfiles.read_header(file).names) for file in files if file.is_text}
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        # What has a digest already is not read once more for one; records of text are counted in any case.
        asked = [file for file in files if located.subjects is None or file in columns]
        surveys = {file: pool.submit(csvfiles.survey, file.path, columns.get(file)) for file in asked}
        try:
            with duck.connect(file.path for file in files) as connection:
                relation = source.open_relation(connection, name, files, types, private)
                yield Intake(connection, relation, surveys, located)
        except duckdb.Error as error:
            raise _culprit(error, files) from error
        finally:
            for survey in surveys.values():
                survey.cancel()


def _culprit(error: Exception, files: Sequence[File]) -> Unreadable:
    """What to say of an engine's error: where it names no file, each is read alone, to find the one."""
    import duckdb  # pylint: disable=import-outside-toplevel

    message = duck.reason(error)
    if any(str(file.path) in message for file in files):
        return Unreadable(named(message, files))
    for file in files:
        if file.is_text:
            continue
        try:
            with duck.connect([file.path]) as connection:
                reader = f"read_parquet({literal(pattern_for(file.path))})"
                duck.fetch(connection, f"SELECT max(hash(COLUMNS(*))) FROM {reader}")
        except duckdb.Error:
            return Unreadable(named(message, files), file.name)
    return Unreadable(message)


def unreadable(name: str, error: Unreadable) -> Check:
    """The check that says why an object's data cannot be read."""
    where = Where(object=name, file=error.file)
    return Check(f"{name}.readable", Status.ERROR, f"the data cannot be read: {error}", where=where)


def cell_types(of: Object) -> tuple[dict[str, TextType], dict[str, str]]:
    """How cells of text are to be read, by column; and why not, for those whose format is not known here."""
    types, unwritten = {}, {}
    for one in of.properties:
        try:
            declared = families.text_type(one.logical_type, one.physical_type, one.options)
        except ValueError as error:
            types[one.column] = TextType("VARCHAR")
            unwritten[one.column] = str(error)
        else:
            types |= {one.column: declared} if declared else {}
    return types, unwritten
