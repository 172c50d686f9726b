"""What a PostgreSQL server's catalog says of a table: which one a place names, and what its columns are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_actions.data.contracts.servers import Place
from mlops_actions.data.engines import pgserver
from mlops_actions.data.engines.pgserver import Address, Server
from mlops_actions.data.engines.quoting import quote
from mlops_actions.errors import CallError, Problem, did_you_mean

if TYPE_CHECKING:
    import psycopg


@dataclass(frozen=True, slots=True)
class Table:
    """A table or a view."""

    oid: int
    schema: str
    name: str

    @property
    def sql(self) -> str:
        return f"{quote(self.schema)}.{quote(self.name)}"


@dataclass(frozen=True, slots=True)
class CatalogColumn:
    """A column: the type that it comes down to, without domains, or of the items of an array.

    ``depth`` is 1 for an array and else 0; ``dimensions`` those that were declared for it.
    """

    name: str
    type: str
    is_enumeration: bool
    modifier: int
    depth: int
    dimensions: int
    stated: str
    """The type as the server writes it, with its size (``numeric(10,2)``)."""


_TABLES = """
SELECT c.oid, n.nspname, c.relname FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname = ANY(%s) AND
"""
_COLUMNS = """
WITH RECURSIVE of_column AS (
  SELECT a.attnum, a.attname, a.atttypid AS type, a.atttypmod AS modifier, a.attndims AS dimensions, 0 AS depth
  FROM pg_catalog.pg_attribute a WHERE a.attrelid = %s AND a.attnum > 0 AND NOT a.attisdropped
  UNION ALL
  SELECT o.attnum, o.attname, CASE WHEN t.typtype = 'd' THEN t.typbasetype ELSE t.typelem END,
         CASE WHEN t.typtype = 'd' AND t.typtypmod <> -1 THEN t.typtypmod ELSE o.modifier END,
         greatest(o.dimensions, t.typndims), o.depth + (t.typtype <> 'd')::int
  FROM of_column o JOIN pg_catalog.pg_type t ON t.oid = o.type
  WHERE t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0 AND o.depth = 0)
)
SELECT o.attname, t.typname, t.typtype = 'e', o.modifier, o.depth, o.dimensions,
       pg_catalog.format_type(o.type, o.modifier)
FROM of_column o JOIN pg_catalog.pg_type t ON t.oid = o.type
WHERE NOT (t.typtype = 'd' OR (t.typcategory = 'A' AND t.typelem <> 0 AND o.depth = 0)) ORDER BY o.attnum
"""


def leave_schemas(server: Server) -> list[str]:
    """The schemas of the search path, which is then the server's own schema alone.

    From here on, nobody's function can take the place of the server's own.
    """
    ((found,),) = server.fetch("SELECT current_schemas(false)")
    server.fetch("SELECT set_config('search_path', 'pg_catalog', false)")
    return list(found)


def find(server: Server, address: Address, place: Place, of: str, search: Sequence[str]) -> Table:
    """The table that a place names: by its address, else by the object's physical name, else by ``of``.

    It is in the schema that is named, else in the first of ``search`` that has one. Raises CallError.
    """
    schema, name = address.schema, address.table
    if name is None:  # a physical name may hold both
        schema, _, name = (place.table or of).rpartition(".")
    schema = schema or place.schema
    among = [schema] if schema else list(search)
    rows = server.fetch(f"{_TABLES} c.relname = %s ORDER BY array_position(%s, n.nspname)", (among, name, among))
    if rows:
        return Table(*rows[0])
    names = [row[2] for row in server.fetch(f"{_TABLES} true ORDER BY 3 LIMIT 1000", (among,))]
    shown = f"{schema}.{name}" if schema else name
    hint = did_you_mean(name, names) or (f"There is: {', '.join(names[:10])}." if names else "It has no table there.")
    raise CallError(Problem(f"the database has no table {shown!r} that this user sees", address.text, hint=hint))


def columns(server: Server, table: Table) -> list[CatalogColumn]:
    """The columns, in their order."""
    return [CatalogColumn(*row) for row in server.fetch(_COLUMNS, (table.oid,))]


def words(error: psycopg.Error) -> str:
    """What the server said, without the detail, which may hold values."""
    return pgserver.words(Exception(error.diag.message_primary or str(error)))
