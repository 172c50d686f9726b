"""Tables that stay on their server: found, typed, judged as DuckDB judges the same rows, and not changed."""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from postgres_server import Database

from mlops_actions.data.describe import Profiling, describe
from mlops_actions.data.profiles import profile
from mlops_actions.data.validate import Validation, validate
from mlops_actions.errors import CallError
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, Status

COLUMNS = """\
- {name: id, logicalType: integer, primaryKey: true, logicalTypeOptions: {minimum: 2, multipleOf: 2}}
- {name: price, logicalType: number, logicalTypeOptions: {maximum: 100}}
- {name: share, logicalType: number, logicalTypeOptions: {exclusiveMinimum: 0, multipleOf: 0.1}}
- {name: code, logicalType: string, unique: true, logicalTypeOptions: {pattern: '^[a-c]\\d$', maxLength: 2}}
- {name: day, logicalType: date, logicalTypeOptions: {minimum: '2020-01-03'}}
- {name: seen, logicalType: timestamp, logicalTypeOptions: {maximum: '2020-01-01T12:00:00+01:00', timezone: true}}
- name: tags
  logicalType: array
  logicalTypeOptions: {minItems: 1, uniqueItems: true}
  items: {logicalType: string, logicalTypeOptions: {maxLength: 1}}
- {name: ok, logicalType: boolean, required: true}
- {name: absent, logicalType: string}
"""
ROWS = [
    "(1, 99.5, 0.3, 'a1', DATE '2020-01-01', TIMESTAMPTZ '2020-01-01 10:00:00+00', {one}, true)",
    "(2, 100.5, 0.35, 'b22', DATE '2020-01-03', TIMESTAMPTZ '2020-01-01 11:00:00+00', {two}, NULL)",
    "(2, NULL, 'NaN'::float8, 'a1', NULL, TIMESTAMPTZ '2020-01-01 12:00:00+00', {none}, false)",
    "(NULL, 7, '-Infinity'::float8, '', DATE '2021-01-01', NULL, NULL, true)",
]
_NAMES = "id, price, share, code, day, seen, tags, ok"


def rows(array: str) -> str:
    """The rows as a list of values; ``array`` is how a list of texts is written."""
    lists = {
        "one": array.format("'x', 'y'"),
        "two": array.format("'x', NULL, 'x', 'long'"),
        "none": f"CAST({array.format('')} AS {'VARCHAR' if array.startswith('[') else 'text'}[])",
    }
    return ", ".join(row.format(**lists) for row in ROWS)


def table(database: Database, name: str = "t") -> str:
    """The rows as a table of the server; its address."""
    types = (
        "id bigint, price numeric(9,2), share float8, code varchar(9), day date, seen timestamptz, tags text[], ok bool"
    )
    database.execute(f"CREATE TABLE {name} ({types})", f"INSERT INTO {name} VALUES {rows('ARRAY[{}]')}")
    return f"{database.url}#{name}"


def run(contract: Path, *data: str, out: Path, **more: Any) -> Outcome:
    return validate(Validation(contract, more.pop("mapping", data), engine="postgres", **more), out)


def checked(outcome: Outcome) -> dict[str, Check]:
    return {each.rule: each for each in outcome.verdict.checks}


def test_the_checks_are_those_of_duckdb_over_the_same_rows(workspace, database: Database) -> None:
    contract = workspace.columns(COLUMNS)
    select = "id, price::DECIMAL(9,2) AS price, * EXCLUDE (id, price)"
    file = workspace.parquet(f"SELECT {select} FROM (VALUES {rows('[{}]')}) AS t({_NAMES})")
    here = checked(workspace.run(contract, file))
    mine = profile.read(workspace.out / "profile.json")
    there = checked(run(contract, table(database), out=workspace.out))
    theirs = profile.read(workspace.out / "profile.json")
    assert here.keys() == there.keys()
    for name, check in here.items():
        if name != "t.readable" and not name.endswith(("logicalType", "present")):
            assert (there[name].status, there[name].measured, there[name].rows) == (
                check.status,
                check.measured,
                check.rows,
            ), name
        assert there[name].status is check.status, name
    assert {name: check.measured for name, check in here.items() if check.status is Status.FAIL}[
        "t.share.multipleOf"
    ] == 3
    assert [(each.name, each.nulls, each.kind, each.categories) for each in mine.columns] == [
        (each.name, each.nulls, each.kind, each.categories) for each in theirs.columns
    ]


def test_the_subject_is_the_table_and_its_digest_that_of_its_rows_in_any_order(workspace, database: Database) -> None:
    contract = workspace.columns("- {name: a}\n- {name: b}")

    def digest(*statements: str) -> str:
        database.execute("DROP TABLE IF EXISTS t", "CREATE TABLE t (a int, b text)", *statements)
        (subject,) = run(contract, f"{database.url}#t", out=workspace.out).verdict.subjects
        assert subject.name == f"{database.url}#public.t"
        return subject.sha256

    one = digest("INSERT INTO t VALUES (1, 'x'), (2, NULL), (2, NULL)")
    read_here = validate(Validation(contract, (f"{database.url}#t",)), workspace.out).verdict.subjects
    assert [each.sha256 for each in read_here] == [one]
    assert digest("INSERT INTO t VALUES (2, NULL), (1, 'x'), (2, NULL)") == one
    others = [
        digest("INSERT INTO t VALUES (1, 'x'), (2, NULL)"),
        digest("INSERT INTO t VALUES (1, 'x'), (2, ''), (2, NULL)"),
        digest("INSERT INTO t VALUES (2, 'x'), (1, NULL), (2, NULL)"),
        digest(),
    ]
    assert len({one, *others}) == 5


def test_types_that_the_rules_do_not_hold_are_counted_and_refused_by_name(workspace, database: Database) -> None:
    kinds = {"j": "jsonb", "i": "interval", "b": "bytea", "p": "point", "m": "int[][]", "r": "int4range", "z": "timetz"}
    database.execute(
        f"CREATE TABLE t (e text, {', '.join(f'{name} {kind}' for name, kind in kinds.items())})",
        "INSERT INTO t(j) VALUES ('{}'), (NULL)",
    )
    properties = "".join(f"- {{name: {name}, required: true, unique: true}}\n" for name in kinds)
    found = checked(run(workspace.columns(properties), f"{database.url}#t", out=workspace.out))
    for name in kinds:
        assert found[f"t.{name}.required"].measured == (1 if name == "j" else 2)
        refused = found[f"t.{name}.unique"]
        assert refused.status is Status.ERROR
        assert refused.message.startswith("not evaluated: the engine postgres cannot hold the type"), refused.message
    made = json.loads((workspace.out / "profile.json").read_text())
    assert {each["name"]: each["kind"] for each in made["columns"]} == {
        "e": "category",
        **dict.fromkeys(kinds, "other"),
    }


def test_domains_enumerations_and_names_are_what_they_are_made_of(workspace, database: Database) -> None:
    database.execute(
        "CREATE TYPE mood AS ENUM ('sad', 'glad')",
        "CREATE DOMAIN amount AS numeric(9,2) CHECK (value > 0)",
        "CREATE DOMAIN amounts AS amount[]",
        "CREATE TABLE t (m mood, a amount, l amounts, c char(5), n name)",
        "INSERT INTO t VALUES ('sad', 1.5, '{1.5,2}', 'ab', 'x'), ('glad', 2, '{}', '', NULL)",
    )
    contract = workspace.columns(
        """\
        - {name: m, logicalType: string, logicalTypeOptions: {pattern: '^s'}}
        - {name: a, logicalType: number, logicalTypeOptions: {multipleOf: 1}}
        - {name: l, logicalType: array, items: {logicalType: number, logicalTypeOptions: {maximum: 1.5}}}
        - {name: c, logicalType: string, logicalTypeOptions: {minLength: 2, maxLength: 2}}
        - {name: n, logicalType: string, required: true}
        """
    )
    found = checked(run(contract, f"{database.url}#t", out=workspace.out))
    measured = {name: check.measured for name, check in found.items() if check.status is Status.FAIL}
    expected = ("t.m.pattern", "t.a.multipleOf", "t.l[].maximum", "t.c.minLength", "t.n.required")
    assert measured == dict.fromkeys(expected, 1)


SIZED = {
    "a varchar(20)": ("varchar(20)", "pass", "character varying(20)"),
    "b varchar(50)": ("varchar(20)", "fail", "character varying(50)"),
    "c char(3)": ("varchar(20)", "pass", "character(3)"),
    "d text": ("varchar(2)", "fail", 1),
    "e text": ("char(3)", "pass", 0),
    "f numeric(10,2)": ("decimal(10,2)", "pass", "numeric(10,2)"),
    "g numeric(12,2)": ("decimal(10,2)", "fail", "numeric(12,2)"),
    "h numeric": ("decimal(3,2)", "fail", 1),
    "i bigint": ("numeric(8)", "pass", 0),
    "j timestamp(3)": ("timestamp(3)", "pass", "timestamp(3) without time zone"),
    "k timestamptz": ("timestamp(3)", "fail", 1),
    "l time": ("time(0)", "pass", 0),
    "m amount": ("numeric(9,2)", "pass", "numeric(9,2)"),
    "n varchar(2)[]": ("varchar[]", "pass", "VARCHAR[]"),
}


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_the_size_of_a_physical_type_is_the_catalogs_or_the_values(workspace, database: Database, engine: str) -> None:
    """The same where the rows stay there and where they are read here."""
    values = "'a', 'b', 'abc', 'abc', 'abc', 1, 2, 3.125, 5, now(), '2020-01-01 00:00:00.12345+00', '10:00', 4, '{x}'"
    database.execute(
        "CREATE DOMAIN amount AS numeric(9,2)",
        f"CREATE TABLE t ({', '.join(SIZED)})",
        f"INSERT INTO t VALUES ({values}), ({', '.join(['NULL'] * len(SIZED))})",
    )
    properties = "".join(f"- {{name: {name[0]}, physicalType: '{each[0]}'}}\n" for name, each in SIZED.items())
    request = Validation(workspace.columns(properties), (f"{database.url}#t",), engine=engine)
    found = checked(validate(request, workspace.out))
    for name, (_, status, measured) in SIZED.items():
        check = found[f"t.{name[0]}.physicalType"]
        assert (check.status.value, check.measured) == (status, measured), (name, check.message)


def test_relationships_are_checked_on_the_server(workspace, database: Database) -> None:
    database.execute(
        "CREATE SCHEMA s",
        "CREATE TABLE s.orders (customer float8)",
        "CREATE TABLE customers (id bigint)",
        "INSERT INTO customers VALUES (1), (9007199254740993)",
        "INSERT INTO s.orders VALUES (1), (2.5), (NULL), ('NaN'), (9007199254740992)",
    )
    contract = workspace.contract(
        """\
        schema:
          - name: orders
            physicalName: s.orders
            properties:
              - {name: customer, logicalType: number, relationships: [{to: customers.id}]}
          - name: customers
            properties: [{name: id, logicalType: integer}]
        """
    )
    data = {"orders": (f"{database.url}#s.orders",), "customers": (database.url,)}
    found = checked(run(contract, mapping=data, out=workspace.out))
    (relationship,) = (check for name, check in found.items() if "relationships" in name)
    assert (relationship.status, relationship.measured, relationship.rows) == (Status.FAIL, 3, 5)


def test_a_role_that_may_only_read_suffices_and_nothing_is_written(workspace, database: Database) -> None:
    table(database)
    database.execute("CREATE ROLE reader LOGIN PASSWORD 'r'", "GRANT SELECT ON t TO reader")
    try:
        url = database.url.replace(f"{database.user}@", "reader@")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("PGPASSWORD", "r")
            found = checked(run(workspace.columns("- {name: id}"), f"{url}#t", out=workspace.out))
        assert found["t.readable"].status is Status.PASS
        ((writes,),) = database.fetch(
            "SELECT xact_commit FROM pg_stat_database WHERE false UNION ALL SELECT count(*) FROM t"
        )
        assert writes == len(ROWS)
    finally:
        database.execute("DROP OWNED BY reader", "DROP ROLE reader")


def test_functions_of_the_database_do_not_take_the_place_of_the_servers(workspace, database: Database) -> None:
    address = table(database)
    database.execute(
        "CREATE FUNCTION length(varchar) RETURNS int LANGUAGE sql AS 'SELECT 1'",
        f"ALTER DATABASE {database.name} SET search_path = public, pg_catalog",
    )
    contract = workspace.columns("- {name: code, logicalType: string, logicalTypeOptions: {maxLength: 2}}")
    assert checked(run(contract, address, out=workspace.out))["t.code.maxLength"].measured == 1


@pytest.mark.parametrize(
    ("place", "what"),
    [
        ("t.parquet", "reads tables of a PostgreSQL server"),
        ("{url}#nowhere", "no table 'nowhere'"),
        ("{url}#s.t", r"no table 's\.t'"),
        ("postgresql://validator:hunter2@127.0.0.1/x#t", "holds a password"),
    ],
)
def test_a_place_that_is_no_table_is_a_wrong_call(workspace, database: Database, place: str, what: str) -> None:
    with pytest.raises(CallError, match=what) as caught:
        run(workspace.columns("- {name: a}"), place.format(url=database.url), out=workspace.out)
    assert "hunter2" not in str(caught.value)


def test_a_server_that_is_not_there_is_an_error_of_the_data(workspace, database: Database) -> None:
    gone = database.url.replace(str(database.port), "1")
    found = checked(run(workspace.columns("- {name: a}"), f"{gone}#t", out=workspace.out))
    assert found["t.readable"].status is Status.ERROR
    assert "the PostgreSQL server cannot be read" in found["t.readable"].message


def test_mlops_profile_describes_a_table(workspace, database: Database) -> None:
    describe(Profiling((table(database),), engine="postgres"), workspace.out)
    made = profile.read(workspace.out / "profile.json")
    assert (made.rows, [each.name for each in made.columns]) == (4, _NAMES.split(", "))


def test_a_database_of_another_encoding_is_refused_by_name(workspace, database: Database) -> None:
    database.execute("CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0")
    try:
        url = database.url.rpartition("/")[0] + "/latin#t"
        found = checked(run(workspace.columns("- {name: a}"), url, out=workspace.out))
        assert "in the encoding LATIN1" in found["t.readable"].message
    finally:
        database.execute("DROP DATABASE latin WITH (FORCE)")
