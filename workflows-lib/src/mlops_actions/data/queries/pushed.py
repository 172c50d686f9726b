"""Queries of a contract whose rows stay on their server: written in its SQL, and run there.

What a query may be is decided before, and for every engine alike
(:mod:`mlops_actions.data.queries.query`). What is sent is not its text: DuckDB
writes anew what it understood, and each part of that is translated or refused
(:mod:`mlops_actions.data.engines.translation.pgqueries`). It runs in the
snapshot of the run, which only reads, and the server ends it when its time is up.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from mlops_actions.data.contracts.contract import Contract
from mlops_actions.data.engines.translation.terms import Untranslatable
from mlops_actions.data.queries import values
from mlops_actions.data.queries.query import Examined
from mlops_actions.data.queries.sqlrules import SECONDS, Asking, Ended, tables
from mlops_actions.data.rules.rules import Rule
from mlops_actions.data.sources import pgcatalog
from mlops_actions.data.sources.intake import reading_of
from mlops_actions.data.sources.readers import Reader
from mlops_actions.data.sources.relation import Relation, Unreadable

if TYPE_CHECKING:
    from mlops_actions.data.engines.postgres import PostgresSession


def there(promised: Contract, reader: Reader, seconds: float = SECONDS) -> Asking:
    """Queries answered by the server that the objects are on."""
    objects = {each.name: each for each in promised.objects}
    names = tables(promised)

    def ask(rule: Rule, _query: str, does: Examined) -> Mapping[str, Any]:
        wanted = sorted(does.reads or {rule.where.object or ""})
        readings = {name: reading_of(objects[name])[0] for name in wanted}
        try:
            with reader.together(readings) as (session, relations):
                known = {name: relations[of] for name, of in names.items() if of in relations}
                return _answered(cast("PostgresSession", session), does, known, seconds)
        except Unreadable as error:
            raise Ended(str(error)) from error

    return ask


def _answered(
    session: PostgresSession, does: Examined, relations: Mapping[str, Relation], seconds: float
) -> Mapping[str, Any]:
    import psycopg  # pylint: disable=import-outside-toplevel

    if does.plain is None:
        raise Ended("the engine postgres cannot write the query anew")
    try:
        rows, kind = session.value(does.plain, relations, seconds)
    except Untranslatable as error:
        raise Ended(f"the engine {session.engine} cannot {error}") from error
    except psycopg.errors.QueryCanceled:
        raise Ended(f"it took longer than {seconds:g} seconds") from None
    except psycopg.Error as error:
        return {"error": pgcatalog.words(error), "kind": type(error).__name__}
    return values.of_rows(rows, kind or "null")
