"""Tables that stay where they are: an object's rows as a relation on its PostgreSQL server.

Every query of a run sees one snapshot of a database, in a transaction that
only reads. A column of a type that the rules do not hold keeps the server's
name for it (``jsonb``): its nulls are counted, and a rule that asks more of it
is refused by that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import TYPE_CHECKING, Self

from mlops_actions.data.contracts.servers import Place
from mlops_actions.data.engines import pgserver
from mlops_actions.data.engines.pgserver import Address, Server, Unreachable
from mlops_actions.data.engines.postgres import PostgresSession
from mlops_actions.data.engines.translation.terms import Untranslatable
from mlops_actions.data.sources import pgcatalog, pgtables
from mlops_actions.data.sources.parquet import NO_FOOTERS, Footers
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.sources.relation import Relation, Unreadable
from mlops_actions.errors import CallError, Problem
from mlops_actions.verdict import Check, Severity, Status, Subject, Where

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True)
class Pushdown:
    """An object's rows on their server."""

    session: PostgresSession
    relation: Relation
    table: str
    """What messages and the verdict call it: the address, without a password, and the table."""

    @property
    def here(self) -> None:
        """Nothing: no row leaves the server."""

    @property
    def subjects(self) -> list[Subject]:
        """The table, with the SHA-256 of what its rows are, in any order."""
        return [Subject(self.table, self.session.digest(self.relation))]

    @property
    def known_rows(self) -> int | None:
        """Nothing is known."""
        return None

    def footers(self, columns: Iterable[str]) -> Footers:  # pylint: disable=unused-argument
        """Nothing is known without a scan."""
        return NO_FOOTERS

    def checks(self, rows: int) -> list[Check]:
        """What is to be said of the table as such."""
        name = self.relation.object
        where = Where(object=name)
        message = f"the table {self.table} could be read"
        found = [Check(f"{name}.readable", Status.PASS, message, where=where, rows=rows)]
        if not rows:
            message = "there are no rows, so every rule about rows holds of nothing"
            found.append(Check(f"{name}.rows", Status.WARN, message, Severity.WARNING, where, 0))
        return found


@dataclass(slots=True)
class Databases:
    """The databases of a run, each connected to once: a context manager, which ends the connections.

    A place is the address of a table, or of a database whose table the place or the object's name tells.
    """

    places: Mapping[str, Sequence[Place]] = field(default_factory=dict)
    _sessions: dict[tuple[object, ...], PostgresSession] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.__exit__(kind, error, trace)

    @contextmanager
    def take_in(
        self,
        name: str,
        reading: Reading,
    ) -> Iterator[Pushdown]:
        """The rows of the object ``name``.

        Raises CallError for a place that is no table of a server; Unreadable, also in the block, where the server
        cannot be read.
        """
        places = self.places[name]
        if len(places) != 1:
            raise CallError(
                Problem(f"{name!r} has {len(places)} places, and the engine postgres reads one table of it")
            )
        (place,) = places
        address = parse(place.text)
        with readable(place.text):
            session = self.session(address)
            found = pgcatalog.find(session.server, address, place, name, session.schemas)
            columns = pgtables.columns(session.server, found)
        relation = Relation(
            name, found.sql, tuple(replace(each, private=each.name in reading.private) for each in columns), ()
        )
        session.add(relation, pgtables.source(found, columns))
        with readable(place.text):
            yield Pushdown(session, relation, f"{place.text.partition('#')[0]}#{found.schema}.{found.name}")

    @contextmanager
    def together(self, readings: Mapping[str, Reading]) -> Iterator[tuple[PostgresSession, Mapping[str, Relation]]]:
        """The session of the database that several objects are in. Raises as :meth:`take_in` does."""
        with ExitStack() as stack:
            taken = [stack.enter_context(self.take_in(*each)) for each in readings.items()]
            if len({id(each.session) for each in taken}) > 1:
                raise Unreadable(f"{' and '.join(readings)} are in databases that cannot be asked at once")
            yield taken[0].session, {each.relation.object: each.relation for each in taken}

    def session(self, address: Address) -> PostgresSession:
        """The session of a database. Raises Unreachable."""
        key = (address.host, address.port, address.database, address.user, address.sslmode)
        if key not in self._sessions:
            server = self._stack.enter_context(pgserver.connect(address))
            _refuse_encoding(server)
            self._sessions[key] = PostgresSession(server, pgcatalog.leave_schemas(server))
        return self._sessions[key]


def parse(place: str) -> Address:
    """The address of a table. Raises CallError."""
    if not place.startswith(("postgresql://", "postgres://")):
        hint = "Write postgresql://HOST/DATABASE#SCHEMA.TABLE, or leave the engine out: duckdb reads files."
        raise CallError(Problem("the engine postgres reads tables of a PostgreSQL server", place, hint=hint))
    return pgserver.parse(place)


@contextmanager
def readable(place: str) -> Iterator[None]:
    """Errors of a server in the block as Unreadable, naming the place."""
    import psycopg  # pylint: disable=import-outside-toplevel

    name = place.partition("#")[0]
    try:
        yield
    except Unreachable as error:
        raise Unreadable(f"the PostgreSQL server cannot be read: {error}", name) from None
    except Untranslatable as error:
        raise Unreadable(f"the engine postgres cannot {error}", name) from error
    except psycopg.Error as error:
        raise Unreadable(f"the PostgreSQL server refused it: {pgcatalog.words(error)}", name) from None


def _refuse_encoding(server: Server) -> None:
    """Raises Unreadable for a database whose texts are of another encoding, where lengths and patterns differ."""
    ((encoding,),) = server.fetch("SELECT current_setting('server_encoding')")
    if encoding != "UTF8":
        raise Unreadable(f"the database is in the encoding {encoding}, and the engine postgres reads UTF8")
