"""What takes a run's objects in, for each engine: files for DuckDB and Spark, tables on their server for PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Protocol

from mlops_actions.data.contracts.servers import Place
from mlops_actions.data.engines import duck
from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.session import Session
from mlops_actions.data.sources import intake, source, spool
from mlops_actions.data.sources.fetching import brought, opened
from mlops_actions.data.sources.located import EXTRAS, Located, need
from mlops_actions.data.sources.parquet import Footers
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.sources.relation import Relation, Unreadable
from mlops_actions.data.sources.spool import Spool
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.verdict import Check, Subject

ENGINES = ("duckdb", "spark", "postgres")


class Taken(Protocol):
    """An object's rows, and what is found out about where they come from."""

    @property
    def session(self) -> Session:
        """What answers questions about the rows."""

    @property
    def relation(self) -> Relation:
        """The rows."""

    @property
    def subjects(self) -> list[Subject]:
        """What was read, with its digest. Raises Unreadable."""

    @property
    def here(self) -> Relation | None:
        """The rows as DuckDB reads them here, where it does: for a contract's own queries."""

    @property
    def known_rows(self) -> int | None:
        """The number of rows, where it is known before the scan."""

    def footers(self, columns: Iterable[str]) -> Footers:
        """What is known of ``columns`` without a scan."""

    def checks(self, rows: int) -> list[Check]:
        """What is to be said of it as such, where the scan came to ``rows`` rows. Raises Unreadable."""


class Reader(Protocol):
    """Takes objects in, by their names."""

    def take_in(self, name: str, reading: Reading) -> AbstractContextManager[Taken]:
        """The rows of an object, for as long as the block lasts.

        Raises CallError for a place that names nothing; Unreadable, also in the block, for what cannot be read.
        """

    def together(
        self, readings: Mapping[str, Reading]
    ) -> AbstractContextManager[tuple[Session, Mapping[str, Relation]]]:
        """A session that can read several objects at once. Raises as :meth:`take_in` does."""


@dataclass(frozen=True, slots=True)
class _Files:
    """Objects as files here, read by DuckDB."""

    found: Mapping[str, Located | Unreadable]
    spooled: Spool

    def take_in(self, name: str, reading: Reading) -> AbstractContextManager[Taken]:
        return intake.take_in(name, opened(self.found[name]), reading, self.spooled)

    @contextmanager
    def together(self, readings: Mapping[str, Reading]) -> Iterator[tuple[Session, Mapping[str, Relation]]]:
        files = {
            name: source.prepare(opened(self.found[name]).files, reading, self.spooled)
            for name, reading in readings.items()
        }
        every = [file for each in files.values() for file in each]
        with duck.connect((file.path for file in every), source.memory(every)) as connection:
            relations = {
                name: source.open_relation(connection, name, files[name], reading) for name, reading in readings.items()
            }
            yield DuckSession(connection), relations


@contextmanager
def reader(engine: str, data: Mapping[str, Sequence[Place | str]], master: str | None = None) -> Iterator[Reader]:
    """What takes in objects that lie at places; ``master`` is where Spark runs.

    Raises CallError as :func:`check` and :meth:`Reader.take_in` do, and where Spark does not start.
    """
    check(engine)
    places = {name: [Place(each) if isinstance(each, str) else each for each in some] for name, some in data.items()}
    if engine == "postgres":
        from mlops_actions.data.sources.pushdown import Databases  # pylint: disable=import-outside-toplevel

        with Databases(places) as databases:
            yield databases
        return
    with brought(places) as found, spool.opened() as spooled:
        if engine == "spark":
            from mlops_actions.data.engines import spark  # pylint: disable=import-outside-toplevel
            from mlops_actions.data.sources.sparkfiles import SparkFiles  # pylint: disable=import-outside-toplevel

            with spark.session(master) as session:
                yield SparkFiles(session, found, spooled)
        else:
            yield _Files(found, spooled)


@contextmanager
def running(engine: str, master: str | None = None) -> Iterator[None]:
    """Readers that are opened in the block share an engine that takes seconds to start.

    They are to be given no master of their own. Raises CallError as :func:`reader` does.
    """
    check(engine)
    if engine != "spark":
        yield
        return
    from mlops_actions.data.engines import spark  # pylint: disable=import-outside-toplevel

    with spark.session(master):  # which a session that is asked for finds active
        yield


def check(engine: str) -> None:
    """Raises CallError for an engine that is not there, or not installed."""
    if engine not in ENGINES:
        hint = did_you_mean(engine, ENGINES) or f"There is: {', '.join(ENGINES)}."
        raise CallError(Problem(f"the engine {engine!r} is not there", hint=hint))
    if engine in EXTRAS:
        need(engine)
