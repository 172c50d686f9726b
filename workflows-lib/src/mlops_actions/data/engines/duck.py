"""DuckDB: one pass over a relation, and every question about it an aggregate of one query.

This is the only module that opens DuckDB. It gives a connection that can read
the files it was told of and nothing else, and runs many aggregates as few
queries as the engine plans well.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mlops_actions.data.engines import adding, grouping, hyperloglog, tallying
from mlops_actions.data.engines.grouping import Group, Grouped, Values
from mlops_actions.data.engines.quoting import listed, literal
from mlops_actions.data.engines.running import Running, fetch
from mlops_actions.data.engines.session import SEED, Aggregate, Counts, Distinct, Histogram, Members, Question, Tally

if TYPE_CHECKING:
    import duckdb

    from mlops_actions.data.sources.relation import Relation

BATCH = 500
"""Aggregates in one query. With more, DuckDB 2.0 spends more on planning than on reading a column file again."""

ALONE = 64
"""Questions of columnar files, times the files, that are asked each by itself: each looks at all the files' indexes."""

COPIED = 6
"""Batches for which the columns of a text file are read once, into a table: some 200 columns and their texts.

A file of 2,000 columns takes half a second for 10,000 rows each time that it is parsed, whatever is asked of it. More
columns at once have no room: DuckDB 2.0 holds a block of 256 KiB for each, in each thread.
"""

LONG = 0.5
"""GiB of text files from which on they are parsed for each BATCH instead: the table would lie on the disk."""

MEMORY = 0.7
"""GiB that the engine may take before it spills to the temporary folder (never more than it takes by itself).

More is slower: a hundred million distinct keys in random order take DuckDB 2.0 7.5 s with 4 GiB and 4.5 s with 0.7,
where it parts them early into what fits the processor's caches.
"""


ROOM = 4.0
"""GiB for an aggregate that cannot be had in MEMORY, not even alone: cells, or groups of rows, of great size."""


@contextmanager
def connect(
    files: Iterable[Path] = (), memory: float | None = None, threads: int | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection that reads ``files`` (absolute paths) and nothing else, in ``memory`` GiB (default: MEMORY).

    No other file, no network, no extension, and no statement can change that.
    What does not fit into memory is spilled to a folder that ends with the
    block. There are as many ``threads`` as processors, unless it says otherwise.
    """
    import duckdb  # pylint: disable=import-outside-toplevel

    allowed = sorted({form for file in files for form in (str(file), pattern_for(file))})
    with TemporaryDirectory(prefix="mlops-scan-") as temporary, duckdb.connect(":memory:") as connection:
        connection.execute("SET GLOBAL TimeZone = 'UTC'")  # for each thread's own connection, too
        for setting, value in {
            "memory_limit": literal(_memory(connection, memory or MEMORY)),
            **({"threads": str(threads)} if threads else {}),
            "temp_directory": literal(temporary),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "allow_community_extensions": "false",
            "allow_persistent_secrets": "false",
            "python_enable_replacements": "false",
            "enable_progress_bar_print": "false",  # it is asked for, and shown elsewhere
            "enable_progress_bar": "true",
            "allowed_paths": listed(allowed),
            "enable_external_access": "false",
            "lock_configuration": "true",
        }.items():
            connection.execute(f"SET {setting} = {value}")
        yield connection


def pattern_for(file: Path) -> str:
    """A file's path as a reader's argument: the readers take globs, so the signs of one are escaped."""
    return re.sub(r"[\[?*]", r"[\g<0>]", str(file))


def _memory(connection: duckdb.DuckDBPyConnection, wanted: float) -> str:
    row = connection.execute("SELECT current_setting('memory_limit')").fetchone()
    amount = re.fullmatch(r"([0-9.]+) (KiB|MiB|GiB|TiB)", row[0] if row else "")
    unit = {"KiB": 2**-20, "MiB": 2**-10, "GiB": 1.0, "TiB": 2**10}
    own = float(amount[1]) * unit[amount[2]] if amount else wanted
    return f"{min(own, wanted) * 1024:.0f}MiB"


class DuckSession:
    """A session of DuckDB upon a connection; its errors are duckdb.Error."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self.connection = connection
        self._running = Running(connection)

    @property
    def engine(self) -> str:
        return "duckdb"

    def share(self) -> float | None:
        """How much of the queries that run in other threads is done, 0 to 1; None where that cannot be told."""
        return self._running.share()

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        (rows,) = self._running.each([partial(fetch, query=query)])
        return rows

    def aggregate(self, relation: Relation, aggregates: Sequence[Aggregate]) -> dict[str, Any]:
        """The answers by key, as :class:`~mlops_actions.data.engines.session.Session` has it.

        One query reads the data once; where there are more than BATCH
        aggregates, one query for each BATCH, and smaller ones where the memory
        does not do. Aggregates of a column stand best side by side, since a
        columnar file is then still read once. Columns of such a file are grouped
        afterwards where that is less work (:mod:`.grouping`).
        """
        found: dict[str, Any] = {}
        for each in aggregates:
            if each.apart:
                found |= self._of_all(relation, [each])
        rest = [each for each in aggregates if not each.apart]
        return found | self._sized(relation, rest).get(None, {})

    def grouped(
        self, relation: Relation, key: str, aggregates: Sequence[Aggregate]
    ) -> dict[str | None, dict[str, Any]]:
        return self._sized(relation, aggregates, key)

    def _sized(
        self, relation: Relation, aggregates: Sequence[Aggregate], key: str | None = None
    ) -> dict[str | None, dict[str, Any]]:
        """The answers as :meth:`_answers` has them, some by groups, where it is known how many values there are."""
        if relation.is_text:
            return self._answers(relation, aggregates, key)
        rows = 0  # by key, groups of numbers are more work than counting between edges, however many rows there are
        if key is None:
            ((rows,),) = self.fetch(f"SELECT count(*) FROM {relation.only(())}")  # which such a file knows
        first = {each.key: grouping.sizing(each.of, rows) for each in aggregates}
        found = self._answers(relation, [Aggregate(name, each) for name, each in first.items()], key)
        left = {
            each.key: each.of
            for each in aggregates
            if isinstance(each.of, Tally | Histogram | Members) and first[each.key] is not each.of
        }
        self._afterwards(relation, left, found, key)
        return found

    def _afterwards(
        self,
        relation: Relation,
        questions: Mapping[str, Tally | Histogram | Members],
        found: Mapping[str | None, dict[str, Any]],
        key: str | None,
    ) -> None:
        """Put answers in the place of how many values a column has, by groups where that is less work."""
        made = {name: _grouped(each, [answers[name] for answers in found.values()]) for name, each in questions.items()}
        values = self._values(relation, [each.group for each in made.values() if each], key)
        rest: dict[str, Question] = {}
        for name, each in made.items():
            for group, answers in found.items():
                if each is None:
                    answers[name], rest[name] = None, grouping.plain(questions[name])
                    continue
                answers[name], missing = each.answer(values.get((group, each.group.by), ()))
                if missing is not None:
                    rest[name] = missing
        for group, more in self._left(relation, rest, key).items():
            for name, answer in more.items():
                found[group][name] = grouping.completed(found[group][name], answer, questions[name])

    def _left(
        self, relation: Relation, questions: Mapping[str, Question], key: str | None
    ) -> dict[str | None, dict[str, Any]]:
        """The answers as :meth:`_answers` has them, to questions about what groups have not told."""
        alone = self._alone(relation, questions) if key is None else {}
        answers = self._answers(relation, [Aggregate(*each) for each in questions.items() if each[0] not in alone], key)
        if alone:
            answers.setdefault(None, {}).update(alone)
        return answers

    def _alone(self, relation: Relation, questions: Mapping[str, Question]) -> dict[str, Any]:
        """The answers to questions about some rows, each asked alone where they are few.

        Of a columnar file the engine then skips what its index says has no such row: most of it, for values far out.
        """
        some = {name: each for name, each in questions.items() if isinstance(each, Histogram) and each.where}
        if not _alone(len(some), relation):
            return {}
        queries = []
        for each in some.values():
            (part,) = _written(each)
            sql = f"SELECT {part.sql} FROM {relation.only([part.sql])} WHERE {each.where}"
            queries.append(partial(fetch, query=sql, values=part.values))
        answers = [value for ((value,),) in self._running.each(queries)]
        return _read([Aggregate(*each) for each in some.items()], answers)

    def _values(
        self, relation: Relation, groups: Iterable[Group], key: str | None
    ) -> dict[tuple[str | None, str], Values]:
        """The values of each group, by the value of ``key`` and its expression."""
        each: dict[str, Group] = {}
        for group in groups:
            each[group.by] = group | each.get(group.by, group)
        some = list(each.values())
        # To group by each alone takes less than by grouping sets, but for the look at the index.
        together = 1 if _alone(len(some), relation) else grouping.TOGETHER
        parts = [some[start : start + together] for start in range(0, len(some), together)]
        rows = [relation.only([key or "", *(each.by for each in part)]) for part in parts]
        queries = [
            partial(fetch, query=grouping.query(read, part, key)) for read, part in zip(rows, parts, strict=True)
        ]
        answers = zip(parts, self._running.each(queries), strict=True)
        return {place: values for part, rows in answers for place, values in grouping.parted(rows, part).items()}

    def _of_all(self, relation: Relation, aggregates: Sequence[Aggregate]) -> dict[str, Any]:
        return self._answers(relation, aggregates).get(None, {})

    def _answers(
        self, relation: Relation, aggregates: Sequence[Aggregate], key: str | None = None
    ) -> dict[str | None, dict[str, Any]]:
        """The answers for the rows of each value of ``key``; without one, those for all rows stand under None."""
        written, places = _distinct([part for each in aggregates for part in _written(each.of)])
        at_once = BATCH * COPIED if relation.is_text else BATCH
        batches = [written[start : start + at_once] for start in range(0, len(written), at_once)]
        queries = [partial(_asked, relation=relation, aggregates=batch, key=key) for batch in batches]
        answers: dict[str | None, list[Any]] = {}
        for groups in self._running.each(queries, at_once=1 if relation.is_text else None):
            for group, values in groups.items():
                answers.setdefault(group, []).extend(values)
        return {group: _read(aggregates, [values[place] for place in places]) for group, values in answers.items()}

    def drawn(self, relation: Relation, expressions: Sequence[str], share: float) -> list[tuple[Any, ...]]:
        written = ", ".join(expressions)
        if share >= 1:
            return self.fetch(f"SELECT {written} FROM {relation.only(expressions)}")
        # By the numbers of the rows, in their order: a SAMPLE with a seed draws the same places of each small file.
        located = relation.located
        if relation.is_text or located is None or located.narrowed is None:
            place = "place"
            while place in {column.name.casefold() for column in relation.columns}:
                place += "_"
            rows = f"(SELECT *, row_number() OVER () AS {place} FROM {relation.only(expressions)})"
        else:  # a columnar file's reader numbers rows in all threads, and a window in one, which takes twice as long
            place, rows = located.position, relation.at_places().only(expressions)
        return self.fetch(f"SELECT {written} FROM {rows} WHERE hash({place} + {SEED}) < {int(share * 2**64)}")

    def refusal(self, relation: Relation, sql: str) -> str | None:  # pylint: disable=unused-argument
        """Nothing: the language is DuckDB's own."""
        return None


def _alone(questions: int, relation: Relation) -> bool:
    """Whether so many questions are few enough for each to be asked by itself."""
    return questions * max(1, len(relation.files)) <= ALONE


def _grouped(question: Tally | Histogram | Members, sketches: Sequence[Any]) -> Grouped | None:
    """How groups answer a question about a column of which there is a sketch of each part."""
    return grouping.grouped(question, adding.added(Distinct(question.value), sketches).estimate)


def once(
    connection: duckdb.DuckDBPyConnection, source: str, aggregates: Sequence[Aggregate], key: str | None = None
) -> dict[str | None, dict[str, Any]]:
    """The answers about the rows of ``source``, which may come but once, for each value of ``key``.

    Without a key, those about all rows stand under None. Raises duckdb.Error.
    """
    parts = [part for each in aggregates for part in _written(each.of)]
    values = [value for each in parts for value in each.values]
    return {group: _read(aggregates, found) for group, *found in fetch(connection, _query(source, parts, key), values)}


def _query(source: str, parts: Sequence[_Part], key: str | None) -> str:
    """What gives each value of ``key`` as text (without one, NULL) and the aggregates of its rows."""
    shown, by = ("NULL", "") if key is None else (f"CAST({key} AS VARCHAR)", f" GROUP BY {key}")
    return f"SELECT {shown}, {', '.join(each.sql for each in parts)} FROM {source}{by}"


@dataclass(frozen=True, slots=True)
class _Part:
    """An aggregate expression, and the values of its question marks."""

    sql: str
    values: tuple[Any, ...] = ()


def _written(question: Question) -> list[_Part]:
    """The aggregates that answer a question."""
    match question:
        case Histogram(value, edges):
            # Without edges, DuckDB 2.0 makes a GROUP BY of a histogram, over a copy of the columns. As text, the edges
            # of a wide table take half of the time to parse.
            counted = f"histogram(CASE WHEN isfinite({value}) THEN {value} END, ?::DOUBLE[])"
            return [_Part(f"map_values({counted})", (list(edges),))]
        case Members(value, texts):
            # All other values are counted under '', so texts get a sign before them.
            signed = f"CASE WHEN {value} IS NOT NULL THEN concat('=', {value}) END"
            of = listed(f"={text}" for text in texts)
            return [_Part(f"histogram_exact({signed}, {of})" if texts else "NULL")]
        case Tally():
            return list(map(_Part, tallying.parts(question)))
        case Distinct(value):
            return [_Part(f"approx_count_distinct({value}) EXPORT_STATE")]
        case _:
            return [_Part(question)]


def _distinct(parts: Sequence[_Part]) -> tuple[list[_Part], list[int]]:
    """The parts without those that ask the same once more, and the place among these of each.

    How many values a column has is asked for by up to four questions. The engine answers that once, but plans each,
    which takes 0.2 ms, and gives 4,096 numbers for each.
    """
    known: dict[str, int] = {}
    found: list[_Part] = []
    places = []
    for part in parts:
        place = len(found) if part.values else known.setdefault(part.sql, len(found))
        if place == len(found):
            found.append(part)
        places.append(place)
    return found, places


def _read(aggregates: Sequence[Aggregate], values: Sequence[Any]) -> dict[str, Any]:
    """The answers by key, from the values of all that was written."""
    rest = iter(values)
    return {each.key: _answer(each.of, list(islice(rest, _parts(each.of)))) for each in aggregates}


def _parts(question: Question) -> int:
    """How many aggregates answer a question, as :func:`_written` gives them."""
    return tallying.PARTS if isinstance(question, Tally) else 1


def _answer(question: Question, answers: Sequence[Any]) -> Any:
    match question:
        case Histogram(_, edges):
            return None if answers[0] is None else Counts(edges, array("q", answers[0]))
        case Members():
            return {text[1:]: count for text, count in (answers[0] or {}).items() if text}
        case Tally():
            return tallying.answer(answers)
        case Distinct():
            return hyperloglog.from_state(answers[0])
        case _:
            return answers[0]


def _asked(
    connection: duckdb.DuckDBPyConnection, relation: Relation, aggregates: Sequence[_Part], key: str | None
) -> dict[str | None, list[Any]]:
    """The values of aggregates by key, a BATCH at a time. Raises duckdb.Error."""
    answers: dict[str | None, list[Any]] = {}
    with _copied(connection, relation, aggregates, key) as table:
        for start in range(0, len(aggregates), BATCH):
            some = aggregates[start : start + BATCH]
            for group, values in _together(connection, relation, some, key, table).items():
                answers.setdefault(group, []).extend(values)
    return answers


_TABLE = "mlops_copied_columns"


@contextmanager
def _copied(
    connection: duckdb.DuckDBPyConnection, relation: Relation, aggregates: Sequence[_Part], key: str | None
) -> Iterator[str | None]:
    """The name of a table of what ``aggregates`` ask about, for a text file that is otherwise read more than once.

    None where it would not be, where the file is long, so that the table would be on the disk for the most part, and
    where there is no room for it.
    """
    import duckdb  # pylint: disable=import-outside-toplevel

    table = None
    size = sum(each.path.stat().st_size for each in relation.files)
    if relation.is_text and len(aggregates) > BATCH and size <= LONG * 2**30:
        rows = relation.only([key or "", *(each.sql for each in aggregates)])
        with suppress(duckdb.OutOfMemoryException):
            fetch(connection, f"CREATE TEMP TABLE {_TABLE} AS SELECT * FROM {rows}")
            table = _TABLE
    try:
        yield table
    finally:
        if table:
            connection.execute(f"DROP TABLE {table}")


def _together(
    connection: duckdb.DuckDBPyConnection,
    relation: Relation,
    aggregates: Sequence[_Part],
    key: str | None,
    table: str | None = None,
) -> dict[str | None, list[Any]]:
    """The values of aggregates by key, in one query where the memory does, else of each half.

    They are read from ``table``, where there is one. Raises duckdb.Error.
    """
    import duckdb  # pylint: disable=import-outside-toplevel

    rows = relation.only([key or "", *(each.sql for each in aggregates)])
    values = [value for each in aggregates for value in each.values]
    try:
        # All rows are fetched, which ends the query: only its end records the lines that a text reader refused.
        found = fetch(connection, _query(table or rows, aggregates, key), values)
    except duckdb.OutOfMemoryException:
        if len(aggregates) > 1:
            half = len(aggregates) // 2
            parts = [
                _together(connection, relation, each, key, table) for each in (aggregates[:half], aggregates[half:])
            ]
            return {group: answers + parts[1][group] for group, answers in parts[0].items()}
        with connect((file.path for file in relation.files), ROOM) as roomy:
            found = fetch(roomy, _query(rows, aggregates, key), values)
    return {group: list(answers) for group, *answers in found}


def refused_pattern(connection: duckdb.DuckDBPyConnection, pattern: str) -> str | None:
    """Why the engine (RE2) cannot run a pattern, or None where it can."""
    import duckdb  # pylint: disable=import-outside-toplevel

    try:
        connection.execute(f"SELECT regexp_matches('', {literal(pattern)})")
    except duckdb.Error as error:
        return reason(error)
    return None


_WORDLESS = {"BinderException", "CatalogException", "IOException", "OutOfMemoryException"}
"""Errors whose words hold no value of the data."""


def reason(error: Exception, *, private: bool = False) -> str:
    """An engine's error in one line, without its class and without the query.

    Where columns are ``private``, the words of an error that may hold values are left out.
    """
    if private and type(error).__name__ not in _WORDLESS:
        return withheld(type(error).__name__)
    first = re.sub(r"^[A-Z][A-Za-z ]* Error: ", "", str(error).partition("\n")[0])[:300]
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in first)


def withheld(kind: str) -> str:
    """What is said in the place of an error's words."""
    return f"the engine stopped ({kind}); its words may hold values of private columns"
