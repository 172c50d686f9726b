"""What takes an object's rows in, for each engine: files for DuckDB and Spark, a table on its server for PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Protocol

from mlops_actions.data.engines import duck
from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.session import Session
from mlops_actions.data.sources import intake, source
from mlops_actions.data.sources.parquet import Footers
from mlops_actions.data.sources.relation import Relation
from mlops_actions.data.types.cells import TextType
from mlops_actions.errors import CallError, Problem, did_you_mean
from mlops_actions.verdict import Check, Subject

ENGINES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "duckdb": ("data", ("duckdb",)),
    "postgres": ("postgres", ("psycopg", "sqlglot")),
    "spark": ("spark", ("pandas", "pyarrow", "pyspark", "sqlglot")),
}
"""The engines, each with the extra of this library that it needs, and the packages that come with it."""


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

    def footers(self, columns: Iterable[str]) -> Footers:
        """What is known of ``columns`` without a scan."""

    def checks(self, rows: int) -> list[Check]:
        """What is to be said of it as such, where the scan came to ``rows`` rows. Raises Unreadable."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where an object's rows are, how cells of text are read, and which columns are private."""

    places: Sequence[str]
    types: Mapping[str, TextType]
    private: frozenset[str]


class Reader(Protocol):
    """Takes objects in, one after the other."""

    def take_in(
        self,
        name: str,
        places: Sequence[str],
        types: Mapping[str, TextType] | None = None,
        private: frozenset[str] = frozenset(),
    ) -> AbstractContextManager[Taken]:
        """The rows of the object ``name``, for as long as the block lasts.

        Raises CallError for a place that is not there; Unreadable, also in the block, for what cannot be read.
        """

    def together(self, wanted: Mapping[str, Wanted]) -> AbstractContextManager[tuple[Session, Mapping[str, Relation]]]:
        """A session that can read several objects, each by its name, at once. Raises as :meth:`take_in` does."""


class _Files:
    """Files, read by DuckDB."""

    @staticmethod
    @contextmanager
    def together(wanted: Mapping[str, Wanted]) -> Iterator[tuple[Session, Mapping[str, Relation]]]:
        files = {name: source.find(each.places, Path.cwd()) for name, each in wanted.items()}
        with duck.connect(file.path for each in files.values() for file in each) as connection:
            relations = {
                name: source.open_relation(connection, name, files[name], each.types, each.private)
                for name, each in wanted.items()
            }
            yield DuckSession(connection), relations

    @staticmethod
    def take_in(
        name: str,
        places: Sequence[str],
        types: Mapping[str, TextType] | None = None,
        private: frozenset[str] = frozenset(),
    ) -> AbstractContextManager[Taken]:
        return intake.take_in(name, places, types, private)


@contextmanager
def reader(engine: str, master: str | None = None) -> Iterator[Reader]:
    """What takes objects in for an engine; ``master`` is where Spark runs.

    Raises CallError for an engine that is not there, not installed, or does not start.
    """
    check(engine)
    if engine == "postgres":
        from mlops_actions.data.sources.pushdown import Databases  # pylint: disable=import-outside-toplevel

        with Databases() as databases:
            yield databases
    elif engine == "spark":
        from mlops_actions.data.engines import spark  # pylint: disable=import-outside-toplevel
        from mlops_actions.data.sources.sparkfiles import SparkFiles  # pylint: disable=import-outside-toplevel

        with spark.session(master) as session:
            yield SparkFiles(session)
    else:
        yield _Files()


def check(engine: str) -> None:
    """Raises CallError for an engine that is not there, or not installed."""
    if engine not in ENGINES:
        hint = did_you_mean(engine, ENGINES) or f"There is: {', '.join(ENGINES)}."
        raise CallError(Problem(f"the engine {engine!r} is not there", hint=hint))
    extra, packages = ENGINES[engine]
    if missing := [each for each in packages if find_spec(each) is None]:
        hint = f"Install the extra `{extra}`: pip install 'mlops-actions[{extra}]'."
        raise CallError(
            Problem(f"the engine {engine!r} needs {' and '.join(missing)}, which is not installed", hint=hint)
        )
