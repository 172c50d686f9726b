"""An object's files taken in: found, opened, digested beside the scan, and every record of theirs accounted for.

What a stage does with the rows is its own matter; that none of them was lost
on the way is found out here.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from mlops_actions.data.contracts.contract import Element, Object, Property
from mlops_actions.data.contracts.servers import Place
from mlops_actions.data.engines import duck
from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.session import Session
from mlops_actions.data.sources import parquet, partitions, source, spool
from mlops_actions.data.sources.fetching import brought, opened
from mlops_actions.data.sources.located import Located
from mlops_actions.data.sources.parquet import Footers
from mlops_actions.data.sources.reading import FOUND, CsvDialect, Reading
from mlops_actions.data.sources.relation import File, Relation, Unreadable
from mlops_actions.data.sources.source import Texts
from mlops_actions.data.sources.spool import Spool
from mlops_actions.data.sources.survey import Endless, Record, Survey, damage, survey
from mlops_actions.data.types import families
from mlops_actions.data.types.cells import TextType
from mlops_actions.data.types.jsoncells import ANYTHING, CellType, Fields, Items
from mlops_actions.verdict import Check, Severity, Status, Subject, Where

if TYPE_CHECKING:
    import duckdb

EVIDENCE = 3
"""Lines that do not parse that are named."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record that does not parse: the file that it stands in, and where."""

    file: File
    record: Record


@dataclass(slots=True)
class _Recount:
    """The number of records, that of those which do not parse, the first of them, and the record of the most lines."""

    records: int = 0
    refused: int = 0
    first: list[Refusal] = field(default_factory=list)
    longest: Refusal | None = None

    def take(self, one: Refusal) -> None:
        self.records += 1
        if one.record.refused is not None:
            self.refused += 1
            self.first += [one] if len(self.first) < EVIDENCE else []
        lines = one.record.raw.count(b"\n")
        if lines > 1 and (self.longest is None or lines > self.longest.record.raw.count(b"\n")):
            self.longest = one


@dataclass(frozen=True, slots=True)
class Intake:
    """An object's rows, and what is being found out about its files meanwhile.

    ``states`` is what each file was like (size, time, place on the disk) before the first byte was read.
    """

    connection: duckdb.DuckDBPyConnection
    relation: Relation
    reading: Reading
    surveys: Mapping[File, Future[Survey]]
    states: Mapping[File, tuple[int, ...]]
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

    @property
    def known_rows(self) -> int | None:
        """The number of rows, where it is known before the scan."""
        return parquet.count(self.connection, self.relation.files)

    def checks(self, rows: int, *, elsewhere: bool = False) -> list[Check]:
        """What is to be said of the files as such, where the scan came to ``rows`` rows. Raises Unreadable.

        A scan that was made ``elsewhere`` does not tell what it refused, so records of text are looked at here.
        """
        found = [self._readable(rows, elsewhere)]
        if len(self.located.files) > 1:
            found.append(self._schema())
            found += self._partitions()
        if not rows:
            message = "there are no rows, so every rule about rows holds of nothing"
            found.append(self._check("rows", Status.WARN, message, Severity.WARNING, measured=0))
        return found

    def refused(self) -> Iterator[Refusal]:
        """The records that do not parse, streamed, in the order of the files: none of them is among the rows.

        Raises Unreadable where the records after a line cannot be told.
        """
        return (each for each in self._records() if each.record.refused is not None)

    def _survey(self, file: File) -> Survey:
        try:
            return self.surveys[file].result()
        except OSError as error:
            raise Unreadable(f"cannot be read: {error.strerror or error}", file.name) from error

    def _refuse_changed(self) -> None:
        for file, state in self.states.items():
            if _state(file) != state:
                raise Unreadable(
                    "changed while it was read, so what was found is of no one version: run again", file.name
                )

    def _readable(self, rows: int, elsewhere: bool) -> Check:
        self._refuse_changed()
        texts = self._texts
        if texts is None:
            read = self.located.note or f"all files could be read: {len(self.located.files):,}"
            return self._check("readable", Status.PASS, read, rows=rows)
        records = [self._survey(file).records for file in self.surveys]
        counted = sum(count or 0 for count in records)
        if None not in records and counted == rows and not elsewhere and not self._has_rejects():
            return self._parsed(rows, rows, 0)
        seen = self._recounted()
        if rows <= seen.records:
            return self._parsed(rows, seen.records, seen.refused, seen.first)
        message = f"the reader found {rows:,} rows where the files have {seen.records:,} records: quotes do not pair up"
        places = [*map(_place, seen.first)]
        if seen.longest is not None:
            lines = seen.longest.record.raw.count(b"\n")
            places.append(
                f"{seen.longest.file.name}, line {seen.longest.record.line:,}: a field runs on for {lines:,} lines"
            )
        message += f" (see {'; '.join(places)})" if places else ""
        return self._check("readable", Status.ERROR, message, measured=seen.records - rows, rows=rows)

    def _parsed(self, rows: int, records: int, refused: int, first: Sequence[Refusal] = ()) -> Check:
        """The check on ``records``, of which ``refused`` do not parse, and of which the reader made ``rows``."""
        lost = max(refused, records - rows)
        message = f"{lost:,} of {records:,} records do not parse"
        message += f" (for example {'; '.join(map(_place, first))})" if first else ""
        if refused != records - rows:
            message += f"; the reader made {rows:,} rows of them, which are not all as they stand in the file"
        return self._check("readable", Status.FAIL if lost else Status.PASS, message, measured=lost, rows=records)

    def _has_rejects(self) -> bool:
        """Whether the engine says that it refused something; it may make a row of what it refused, too."""
        import duckdb  # pylint: disable=import-outside-toplevel

        try:
            ((count,),) = self.connection.execute("SELECT count(*) FROM reject_errors").fetchall()
        except duckdb.CatalogException:  # made by the first scan that keeps them
            return False
        return bool(count)

    @property
    def _texts(self) -> Texts | None:
        reader = source.reader_of(self.relation.files[0])
        return reader if isinstance(reader, Texts) else None

    def _records(self) -> Iterator[Refusal]:
        """All records of all files, looked at one by one. Raises Unreadable where a count has no end."""
        for file in self.surveys:
            try:
                if self._texts is not None:
                    for record in self._texts.records(file, self.reading):
                        yield Refusal(file, record)
            except Endless as error:
                raise Unreadable(f"{error}, so the rows after it cannot be told", file.name) from error
            except damage() as error:
                raise Unreadable(f"cannot be read to its end: {error}", file.name) from error

    def _recounted(self) -> _Recount:
        """All records, looked at one by one. Raises Unreadable where a count has no end."""
        found = _Recount()
        for each in self._records():
            found.take(each)
        return found

    def _schema(self) -> Check:
        found = self.relation.differences
        if not found:
            return self._check("schema", Status.PASS, "all files have the same columns and types", measured=0)
        more = f"; and {len(found) - EVIDENCE:,} more" if len(found) > EVIDENCE else ""
        message = f"the files are not of one schema: {'; '.join(found[:EVIDENCE])}{more}"
        return self._check("schema", Status.FAIL, message, measured=len(found))

    def _partitions(self) -> list[Check]:
        gaps = partitions.gaps(file.name for file in self.surveys)
        if not gaps:
            return []
        more = f"; and {len(gaps) - EVIDENCE:,} more" if len(gaps) > EVIDENCE else ""
        message = f"there seems to be a gap among the partition folders: {'; '.join(gaps[:EVIDENCE])}{more}"
        return [self._check("partitions", Status.WARN, message, Severity.WARNING, measured=len(gaps))]

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


def _place(refusal: Refusal) -> str:
    return f"{refusal.file.name}, line {refusal.record.line:,}: {refusal.record.refused}"


def _state(file: File) -> tuple[int, ...]:
    """What tells that a file is another, or was written to. Raises Unreadable where it is gone."""
    try:
        found = file.own.stat()
    except OSError as error:
        raise Unreadable(f"is not there any more: {error.strerror}", file.name) from error
    return (found.st_size, found.st_mtime_ns, found.st_ino)


@contextmanager
def take_in(
    name: str,
    data: Sequence[str] | Located,
    reading: Reading | None = None,
    spooled: Spool | None = None,
) -> Iterator[Intake]:
    """The rows of the object ``name``, which are located already, or at places that are named.

    What the engine cannot read itself is written into ``spooled``; without
    one, into one that ends with the block. Raises CallError and Unreadable as
    :func:`fetching.locate` and :func:`source.open_relation` do; an error of the
    engine inside the block becomes Unreadable.
    """
    if isinstance(data, Located):
        with _taken_in(name, data, reading, spooled) as intake:
            yield intake
    else:
        with (
            brought({name: list(map(Place, data))}) as found,
            _taken_in(name, opened(found[name]), reading, spooled) as intake,
        ):
            yield intake


@contextmanager
def _taken_in(name: str, located: Located, reading: Reading | None, spooled: Spool | None) -> Iterator[Intake]:
    import duckdb  # pylint: disable=import-outside-toplevel

    reading = reading or Reading()
    states = {file: _state(file) for file in located.files}
    with ExitStack() as stack:
        files = source.prepare(located.files, reading, spooled or stack.enter_context(spool.opened()))
        surveys = stack.enter_context(_surveyed(files, reading, digested=located.subjects is not None))
        try:
            with duck.connect((file.path for file in files), source.memory(files)) as connection:
                relation = _stated(source.open_relation(connection, name, files, reading), located.stated)
                yield Intake(connection, relation, reading, surveys, states, located)
        except duckdb.Error as error:
            raise source.culprit(error, files, reading) from error


def _stated(relation: Relation, types: Mapping[str, str]) -> Relation:
    """The relation, whose columns are of ``types`` where they come from."""
    columns = tuple(replace(each, stated=types.get(each.name)) for each in relation.columns)
    return replace(relation, columns=columns) if types else relation


@contextmanager
def _surveyed(files: Sequence[File], reading: Reading, *, digested: bool) -> Iterator[dict[File, Future[Survey]]]:
    """The files being digested, and counted where they are text, beside what is done in the block.

    What has a digest already is not read once more for one; records of text are counted in any case.
    """
    reader = source.reader_of(files[0])
    counters = {file: reader.counter(file, reading) if isinstance(reader, Texts) else None for file in files}
    with ThreadPoolExecutor(max_workers=min(4, os.cpu_count() or 1)) as pool:
        asked = [file for file in files if counters[file] is not None or not digested]
        surveys = {file: pool.submit(survey, file, counters[file]) for file in asked}
        try:
            yield surveys
        finally:
            for each in surveys.values():
                each.cancel()


def unreadable(name: str, error: Unreadable) -> Check:
    """The check that says why an object's data cannot be read."""
    where = Where(object=name, file=error.file)
    return Check(f"{name}.readable", Status.ERROR, f"the data cannot be read: {error}", where=where)


def cell_types(of: Object) -> tuple[dict[str, CellType], dict[str, str]]:
    """How cells of text are to be read, by column; and why not, for those whose format is not known here."""
    types: dict[str, CellType] = {}
    unwritten: dict[str, str] = {}
    for one in of.properties:
        try:
            declared = _cell_type(one)
        except ValueError as error:
            types[one.column] = TextType("VARCHAR")
            unwritten[one.column] = str(error)
        else:
            types |= {one.column: declared} if declared else {}
    return types, unwritten


def _cell_type(one: Property) -> CellType | None:
    """The type of a property's values, at any depth; None where the contract does not say. Raises ValueError."""
    if inner := {each.column: _cell_type(each) for each in map(Property, one.element.parts("properties"))}:
        return Fields({name: each or ANYTHING for name, each in inner.items()})
    if items := one.element.data.get("items"):
        item = Property(Element(items, (*one.element.path, "items"), one.element.document))
        return Items(_cell_type(item) or ANYTHING)
    return families.text_type(one.logical_type, one.physical_type, one.options)


def reading_of(of: Object, csv: CsvDialect = FOUND) -> tuple[Reading, dict[str, str]]:
    """How an object's files are to be read, and what :func:`cell_types` says of formats that are not known."""
    types, unwritten = cell_types(of)
    names = (str(of.element.data.get("physicalName") or of.name), of.name)
    return Reading(types, of.private, csv, tuple(dict.fromkeys(names))), unwritten
