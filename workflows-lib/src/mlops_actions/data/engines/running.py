"""Runs queries of DuckDB so that Ctrl-C ends them, several at once where that helps, and tells how far they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    import duckdb

_T = TypeVar("_T")


def fetch(connection: duckdb.DuckDBPyConnection, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
    """All rows that a query gives, with ``values`` for its question marks. Raises duckdb.Error.

    The query runs in a thread of its own: the engine looks for Ctrl-C between
    its tasks alone, and at times waits for a task without looking.
    """
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="scan") as pool:
        answer = pool.submit(lambda: connection.execute(query, values).fetchall())
        try:
            return answer.result()
        except BaseException:
            connection.interrupt()  # which a query that has ended does not mind
            raise


class Running:
    """Queries upon the database of a connection."""

    def __init__(self, connection: duckdb.DuckDBPyConnection) -> None:
        self._connection = connection
        self._busy: set[duckdb.DuckDBPyConnection] = set()
        self._asked = self._ended = 0

    def share(self) -> float | None:
        """How much of the queries is done, 0 to 1; None where that cannot be told."""
        percents = [each.query_progress() for each in list(self._busy)]
        if not percents or any(percent < 0 for percent in percents):
            return None
        return min((self._ended + sum(percents) / 100) / self._asked, 1.0)

    def each(
        self, queries: Sequence[Callable[[duckdb.DuckDBPyConnection], _T]], at_once: int | None = None
    ) -> list[_T]:
        """What each query gives, in their order; as many ``at_once`` as there are processors, if it does not say.

        A file of few row groups keeps few threads of the engine busy. What one
        query leaves for the next, such as the records that a text reader
        refused, stays on the connection where only one runs at once.
        """
        self._asked, self._ended = len(queries), 0
        most = min(at_once or os.cpu_count() or 1, len(queries))
        if most < 2:
            return [self._run(query, self._connection) for query in queries]
        pool = ThreadPoolExecutor(max_workers=most, thread_name_prefix="query")
        try:
            return list(pool.map(self._run_apart, queries))
        except BaseException:
            for connection in list(self._busy):
                connection.interrupt()
            raise
        finally:
            pool.shutdown(cancel_futures=True)

    def _run_apart(self, query: Callable[[duckdb.DuckDBPyConnection], _T]) -> _T:
        with self._connection.cursor() as connection:
            return self._run(query, connection)

    def _run(self, query: Callable[[duckdb.DuckDBPyConnection], _T], connection: duckdb.DuckDBPyConnection) -> _T:
        self._busy.add(connection)
        try:
            return query(connection)
        finally:
            self._busy.discard(connection)
            self._ended += 1
