"""A process of its own that examines and runs the queries of a contract, one request a line.

The engine cannot be stopped inside of some functions, nor do they heed its
memory limit; a process can be ended, and the system holds its memory. It is
started by :mod:`mlops_actions.data.queries.sqlrules`, with an empty environment.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_actions.data.engines import duck
from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.queries import query, values

if TYPE_CHECKING:
    import duckdb

HEADROOM = 1.0
"""GiB that the process may hold beyond what the engine accounts for."""


def main() -> None:
    """Answer the requests on standard input until it ends."""
    import duckdb  # pylint: disable=import-outside-toplevel

    _limit_memory()
    setup = json.loads(sys.stdin.readline())
    with duck.connect(map(Path, setup["files"])) as connection:
        known = query.Known.of(connection)
        try:
            for name, select in setup["views"].items():
                connection.execute(f"CREATE VIEW {quote(name)} AS {select}")
        except duckdb.Error as error:
            _say({"error": duck.reason(error)})
            return
        _say({})
        for line in sys.stdin:
            request = json.loads(line)
            if "objects" in request:
                _say(_examined(connection, known, request))
            else:
                _say(_ran(connection, request["query"]))


def _say(answer: Mapping[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def _limit_memory() -> None:
    try:
        import resource  # pylint: disable=import-outside-toplevel

        amount = int((duck.MEMORY + HEADROOM) * 2**30)
        resource.setrlimit(resource.RLIMIT_DATA, (amount, amount))
    except (ImportError, OSError, ValueError):
        pass  # the engine's own limit still stands


def _examined(connection: duckdb.DuckDBPyConnection, known: query.Known, request: Mapping[str, Any]) -> dict[str, Any]:
    try:
        found = query.examine(connection, known, request["query"], request["objects"])
        columns = None if found.columns is None else sorted(found.columns)
        return {"reads": sorted(found.reads), "columns": columns, "counts": found.counts, "plain": found.plain}
    except query.Refused as error:
        return {"refused": str(error)} | ({"reads": error.table} if error.table else {})


def _ran(connection: duckdb.DuckDBPyConnection, text: str) -> dict[str, Any]:
    """The one value that a query gives, with its kind; or why there is none."""
    import duckdb  # pylint: disable=import-outside-toplevel

    try:
        rows = connection.execute(text).fetchmany(2)
        columns = connection.description or []
    except (duckdb.Error, MemoryError) as error:
        return {"error": duck.reason(error), "kind": type(error).__name__}
    if len(columns) != 1:
        return {"error": f"the query gives {len(columns):,} columns, and one is asked for"}
    return values.of_rows(rows, str(columns[0][1]))


if __name__ == "__main__":
    main()
