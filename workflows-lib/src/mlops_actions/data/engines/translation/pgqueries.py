"""A contract's own query in PostgreSQL's SQL: with the value that it has in DuckDB, or refused by name.

Where the questions of rules are a few forms that this library writes, a query
is whatever its author thought of. So each piece of grammar is listed, here and
in :mod:`.pgexpressions`, with the parts it may have, and all else is refused.
No name of the query goes to the server: tables and their columns have names of
this module there.
"""

# ruff: noqa: S608 (statements are built here, from what was parsed and is written anew)

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from mlops_actions.data.engines.quoting import quote
from mlops_actions.data.engines.translation.pgexpressions import ExpressionWriter, Table
from mlops_actions.data.engines.translation.terms import FLOATS, Scope, Term, Untranslatable, only, refused

LONGEST = 10_001
"""Signs of a text that leave the server: one more than is compared."""

_CLAUSES = {"expressions", "from_", "joins", "where", "group", "having", "order", "limit", "distinct", "with_"}


@dataclass(slots=True)
class _Names(Scope):
    """What can be named at some place of a query: tables by their names there, with what stands around the place."""

    sources: list[tuple[str, str, Table]] = field(default_factory=list)
    """Of each table behind FROM: its name in the query (case folded), its name there, and what it is."""
    merged: set[str] = field(default_factory=set)
    """Columns that USING named, which are the first table's."""
    outer: _Names | None = None
    tables: Mapping[str, Table] = field(default_factory=dict)

    def find(self, name: str, table: str) -> Term:
        """The column that a name means. Raises Untranslatable."""
        name, table = name.casefold(), table.casefold()
        found = [
            Term(f"{there}.{quote(column)}", kind)
            for called, there, source in self.sources
            if table in ("", called)
            for shown, column, kind in source.columns
            if shown.casefold() == name
        ]
        if not found and self.outer is not None:
            return self.outer.find(name, table)
        if not found:
            raise Untranslatable(f"find the column {name!r} in what the query reads")
        if len(found) > 1 and not (name in self.merged and not table):
            raise Untranslatable(f"tell which column {name!r} is: there are {len(found)}")
        return found[0]


class QueryWriter(ExpressionWriter):
    """Writes a contract's queries over ``tables``, which are called in lower case."""

    def __init__(self, tables: Mapping[str, Table]) -> None:
        super().__init__()
        self._known = tables
        self._made = 0

    def value(self, sql: str) -> tuple[str, str | None]:
        """The query that gives the value of ``sql`` in its only column, and its type. Raises Untranslatable.

        It gives two rows at most, and ``LONGEST`` signs of a text.
        """
        found = self._query(self.parse(sql), _Names(tables=self._known))
        if len(found.columns) != 1:
            raise Untranslatable(f"take {len(found.columns):,} columns for a value: the query gives so many")
        ((_, column, kind),) = found.columns
        shown = quote(column)
        if kind == "VARCHAR":
            shown = f"left({shown}, {LONGEST})"
        if kind in FLOATS:
            shown = f"CAST({shown} AS double precision)"
        return f"SELECT {shown} FROM ({found.sql}) AS answer LIMIT 2", kind

    def _new(self, sort: str) -> str:
        self._made += 1
        return f"{sort}{self._made}"

    # Queries

    def _query(self, node: Any, outer: _Names) -> Table:
        """A SELECT as a table, whose columns have names of their own."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        while isinstance(node, exp.Subquery) and set(_given(node)) == {"this"}:
            node = node.this
        if not isinstance(node, exp.Select):
            raise refused(node)
        only(node, _CLAUSES)
        prefix, tables = self._common(node, outer)
        names = _Names(outer=outer, tables=tables)
        behind, conditions = "", list[str]()
        if (clause := node.args.get("from_")) is not None:
            only(clause, {"this"})
            behind, conditions = self._from_all([clause.this, *(node.args.get("joins") or [])], names)
        columns = self._chosen(node, names)
        sql = f"{prefix}SELECT {'DISTINCT ' if self._is_distinct(node) else ''}"
        sql += ", ".join(f"{term.sql} AS {name}" for _, name, term in columns)
        sql += f" FROM {behind}" if behind else ""
        if (clause := node.args.get("where")) is not None:
            conditions.append(self.truth(clause.this, names))
        sql += f" WHERE {' AND '.join(conditions)}" if conditions else ""
        if (clause := node.args.get("group")) is not None:
            only(clause, {"expressions"})
            sql += f" GROUP BY {', '.join(self._group(each, columns, names) for each in clause.expressions)}"
        if (clause := node.args.get("having")) is not None:
            sql += f" HAVING {self.truth(clause.this, names)}"
        if (clause := node.args.get("order")) is not None:
            sql += f" ORDER BY {', '.join(self._ordered(each, columns, names) for each in clause.expressions)}"
        if (clause := node.args.get("limit")) is not None:
            only(clause, {"expression"})
            if not isinstance(clause.expression, exp.Literal) or not clause.expression.is_int:
                raise refused(clause)
            sql += f" LIMIT {int(clause.expression.this)}"
        return Table(sql, [(shown, name, term.type) for shown, name, term in columns])

    @staticmethod
    def _is_distinct(node: Any) -> bool:
        if (clause := node.args.get("distinct")) is None:
            return False
        only(clause, set())  # DISTINCT ON
        return True

    def _common(self, node: Any, outer: _Names) -> tuple[str, Mapping[str, Table]]:
        """What stands behind WITH, and the tables that can be named then."""
        if (clause := node.args.get("with_")) is None:
            return "", outer.tables
        only(clause, {"expressions"})
        tables = dict(outer.tables)
        written = []
        for each in clause.expressions:
            only(each, {"this", "alias"})
            only(each.args["alias"], {"this", "columns"})
            made = _renamed(self._query(each.this, _Names(outer=outer, tables=tables)), each.args["alias"])
            name = self._new("w")
            written.append(f"{name} AS ({made.sql})")
            tables[each.alias.casefold()] = Table(f"SELECT * FROM {name}", made.columns)
        return f"WITH {', '.join(written)} ", tables

    def _from_all(self, nodes: Sequence[Any], names: _Names) -> tuple[str, list[str]]:
        """What stands behind FROM, with conditions that go with it."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        sql, conditions = "", list[str]()
        for node in nodes:
            if isinstance(node, exp.Join):
                sql, more = self._joined(sql, node, names)
            else:
                sql, more = self._source_of(node, names)
            conditions += more
        return sql, conditions

    def _source_of(self, node: Any, names: _Names) -> tuple[str, list[str]]:
        """One table, a query, or joins in parentheses; what it brings is added to ``names``."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        joins = node.args.get("joins") or []
        if isinstance(node, exp.Table):
            only(node, {"this", "alias", "joins"})
            if not isinstance(node.this, exp.Identifier) or node.name.casefold() not in names.tables:
                raise Untranslatable(f"read {node.sql(dialect='duckdb')[:60]!r}")
            self._bring(names.tables[node.name.casefold()], node, names)
        elif isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table | exp.Subquery):
            only(node, {"this", "joins"})
            sql, conditions = self._source_of(node.this, names)
            for each in joins:
                sql, more = self._joined(sql, each, names)
                conditions += more
            return sql, conditions
        elif isinstance(node, exp.Subquery):
            only(node, {"this", "alias", "joins"})
            self._bring(self._query(node.this, _Names(outer=names.outer, tables=names.tables)), node, names)
        else:
            raise refused(node)
        _, there, table = names.sources[-1]
        sql, conditions = f"({table.sql}) AS {there}", list[str]()
        for each in joins:
            sql, more = self._joined(sql, each, names)
            conditions += more
        return sql, conditions

    def _bring(self, table: Table, node: Any, names: _Names) -> None:
        alias = node.args.get("alias")
        called = (node.alias or node.name if alias is not None else getattr(node, "name", "")).casefold()
        if any(called and called == each for each, *_ in names.sources):
            raise Untranslatable(f"read two tables of one name, {called!r}")
        names.sources.append((called, self._new("s"), _renamed(table, alias)))

    def _joined(self, left: str, node: Any, names: _Names) -> tuple[str, list[str]]:
        only(node, {"this", "kind", "side", "on", "using"})
        kind = " ".join(str(node.args[key]).upper() for key in ("side", "kind") if node.args.get(key))
        if kind not in {"", "INNER", "CROSS", "LEFT", "LEFT OUTER", "ANTI", "SEMI"}:
            raise Untranslatable(f"join tables by {kind} JOIN")
        before = list(names.sources)
        right, more = self._source_of(node.this, names)
        if more:
            raise refused(node)
        on = [f"({self.truth(node.args['on'], names)})"] if node.args.get("on") is not None else []
        added = names.sources[len(before) :]
        for each in node.args.get("using") or []:
            sides = (_Names(sources=before, merged=names.merged), _Names(sources=added))
            one, other = self.alike(*(side.find(each.name, "") for side in sides))
            on.append(f"({one.sql} = {other.sql})")
        if kind in {"ANTI", "SEMI"}:
            names.sources[:] = before
            exists = f"EXISTS (SELECT 1 FROM {right} WHERE {' AND '.join(on) or 'TRUE'})"
            return left, [f"NOT {exists}" if kind == "ANTI" else exists]
        names.merged |= {each.name.casefold() for each in node.args.get("using") or []}
        if not on:
            if kind not in {"", "CROSS"}:
                raise refused(node)
            return f"({left} CROSS JOIN {right})", []
        return f"({left} {'LEFT' if 'LEFT' in kind else 'INNER'} JOIN {right} ON {' AND '.join(on)})", []

    def _chosen(self, node: Any, names: _Names) -> list[tuple[str, str, Term]]:
        """What is selected: the name in the query, the one there, and the expression."""
        from sqlglot import exp  # pylint: disable=import-outside-toplevel

        found: list[tuple[str, str, Term]] = []
        for each in node.expressions:
            if isinstance(each, exp.Star):
                only(each, set())
                if names.merged:
                    raise Untranslatable("write * beside USING")
                for _, there, table in names.sources:
                    terms = ((shown, Term(f"{there}.{quote(name)}", kind)) for shown, name, kind in table.columns)
                    found += [(shown, self._new("c"), term) for shown, term in terms]
            else:
                found.append((each.alias_or_name, self._new("c"), self.term(each.unalias(), names)))
        return found

    def _group(self, node: Any, columns: Sequence[tuple[str, str, Term]], names: _Names) -> str:
        """What is grouped by: a column, a place, the name of what is selected, or an expression."""
        if (place := _place(node, columns)) is not None:
            return place
        if node.key == "column" and not node.table:
            try:
                return names.find(node.name, "").sql
            except Untranslatable:
                for index, (shown, _, _) in enumerate(columns):
                    if shown.casefold() == node.name.casefold():
                        return str(index + 1)
                raise
        return self.term(node, names).sql

    def _ordered(self, node: Any, columns: Sequence[tuple[str, str, Term]], names: _Names) -> str:
        only(node, {"this", "desc", "nulls_first"})
        direction = f"{' DESC' if node.args.get('desc') else ''} NULLS LAST"
        if node.args.get("nulls_first"):
            raise refused(node)
        if (place := _place(node.this, columns)) is not None:
            return place + direction
        named = [name for shown, name, _ in columns if shown.casefold() == node.this.name.casefold()]
        if node.this.key == "column" and not node.this.table and len(named) == 1:
            return named[0] + direction
        return self.compared(self.term(node.this, names)).sql + direction

    def _column(self, node: Any, scope: Scope) -> Term:
        return cast("_Names", scope).find(node.name, node.table)

    def inner(self, node: Any, scope: Scope, *, one: bool = True) -> Table:
        outer = cast("_Names", scope)
        found = self._query(node, _Names(outer=outer, tables=outer.tables))
        if one and len(found.columns) != 1:
            raise refused(node)
        return found


def _given(node: Any) -> Iterator[str]:
    return (key for key, value in node.args.items() if value)


def _place(node: Any, columns: Sequence[tuple[str, str, Term]]) -> str | None:
    """The place of what is selected that a number names."""
    if node.key != "literal":
        return None
    if node.is_string or not node.is_int or not 1 <= int(node.this) <= len(columns):
        raise refused(node)
    return str(int(node.this))


def _renamed(table: Table, alias: Any) -> Table:
    """A table whose columns an alias may give other names."""
    names = [each.name for each in alias.args.get("columns") or []] if alias is not None else []
    if len(names) > len(table.columns):
        raise refused(alias)
    shown = [*names, *(each for each, *_ in table.columns[len(names) :])]
    return Table(table.sql, [(new, name, kind) for new, (_, name, kind) in zip(shown, table.columns, strict=True)])
