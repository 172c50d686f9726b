"""Tables of a real PostgreSQL server, copied here: every value as it was, or a refusal that says why."""

from __future__ import annotations

import socket
import tempfile
import threading
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql

from mlops_actions.data.contracts.servers import Place
from mlops_actions.data.engines import pgserver
from mlops_actions.data.sources import fetching, postgres
from mlops_actions.data.sources.relation import Unreadable
from mlops_actions.errors import CallError
from mlops_actions.verdict import Check, Status


def read(database: Any, folder: Path, table: str = "t") -> tuple[list[str], list[tuple[Any, ...]]]:
    """Types and rows (as texts) of a table, as it is here after it was copied."""
    found = fetching.locate([Place(f"{database.url}#{table}")], "t", folder, folder / "copy")
    names = [str(each.path) for each in found.files]
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        types = [row[1] for row in connection.execute("DESCRIBE SELECT * FROM read_parquet(?)", [names]).fetchall()]
        query = "SELECT CAST(COLUMNS(*) AS VARCHAR) FROM read_parquet(?)"
        return types, connection.execute(query, [names]).fetchall()


TYPES = [  # type in PostgreSQL, type here, values: as PostgreSQL takes them, as the engine writes them
    ("boolean", "BOOLEAN", {"true": "true", "false": "false"}),
    ("smallint", "SMALLINT", {"-32768": "-32768"}),
    ("integer", "INTEGER", {"2147483647": "2147483647"}),
    ("bigint", "BIGINT", {"-9223372036854775808": "-9223372036854775808"}),
    ("real", "FLOAT", {"1.5": "1.5", "NaN": "nan", "-Infinity": "-inf"}),
    ("double precision", "DOUBLE", {"0.1": "0.1", "-0": "-0.0", "5e-324": "5e-324", "NaN": "nan", "Infinity": "inf"}),
    ("numeric(10,2)", "DECIMAL(10,2)", {"-12345678.90": "-12345678.90"}),
    ("numeric(3,-2)", "DECIMAL(5,0)", {"12345": "12300"}),
    ("numeric(2,5)", "DECIMAL(5,5)", {"0.00012": ".00012"}),
    ("numeric", "DECIMAL(18,3)", {"0.125": "0.125", "12": "12.000"}),
    ("numeric", "DECIMAL(38,8)", {"123456789012345678901234567890.12345678": "123456789012345678901234567890.12345678"}),
    ("numeric(5,2)", "DOUBLE", {"1.25": "1.25", "NaN": "nan"}),
    ("money", "DECIMAL(18,2)", {"-1234567.89": "-1234567.89"}),
    ("text", "VARCHAR", {'a,"b"\n\\.': 'a,"b"\n\\.', "": "", " \r\n": " \r\n", "NULL": "NULL", "🦆": "🦆"}),
    ("char(3)", "VARCHAR", {"a": "a"}),
    ("date", "DATE", {"2024-02-29": "2024-02-29", "infinity": "infinity", "-infinity": "-infinity",
                      "0044-03-15 BC": "0044-03-15 (BC)", "10000-01-01": "10000-01-01"}),
    ("timestamp", "TIMESTAMP", {"2024-01-01 12:34:56.123456": "2024-01-01 12:34:56.123456", "infinity": "infinity",
                                "0044-03-15 12:00:00 BC": "0044-03-15 (BC) 12:00:00"}),
    ("timestamptz", "TIMESTAMP WITH TIME ZONE", {"2024-07-01 12:00:00+05:30": "2024-07-01 06:30:00+00",
                                                 "-infinity": "-infinity"}),
    ("time", "TIME", {"23:59:59.999999": "23:59:59.999999", "24:00:00": "24:00:00"}),
    ("timetz", "VARCHAR", {"12:00:00+02": "12:00:00+02"}),
    ("interval", "VARCHAR", {"1 year 2 days": "P1Y2D"}),
    ("uuid", "UUID", {"A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11": "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}),
    ("json", "VARCHAR", {'{"a": [1, "b\\n"]}': '{"a": [1, "b\\n"]}'}),
    ("jsonb", "VARCHAR", {'{"b":1,"a":null}': '{"a": null, "b": 1}'}),
    ("bytea", "BLOB", {"\\x00ff41": "\\x00\\xFFA"}),
    ("int4range", "VARCHAR", {"[1,5)": "[1,5)"}),
    ("int[]", "INTEGER[]", {"{1,NULL,3}": "[1, NULL, 3]", "{}": "[]", "[5:6]={7,8}": "[7, 8]"}),
    ("text[]", "VARCHAR[]", {'{"a,b","",NULL,"NULL"}': "['a,b', '', NULL, 'NULL']"}),
    ("numeric[]", "DECIMAL(18,2)[]", {"{1.25,NULL}": "[1.25, NULL]", "{}": "[]"}),
    ("date[]", "DATE[]", {"{2024-02-29,infinity}": "[2024-02-29, infinity]"}),
    ("mood", "VARCHAR", {"happy": "happy"}),
    ("positive", "INTEGER", {"7": "7"}),
    ("cents", "DECIMAL(6,2)", {"1.50": "1.50"}),
]  # fmt: skip


def test_every_type_keeps_its_values_and_its_nulls(database: Any, tmp_path: Path) -> None:
    database.execute(
        "CREATE TYPE mood AS ENUM ('happy', 'sad')",
        "CREATE DOMAIN positive AS integer CHECK (VALUE > 0)",
        "CREATE DOMAIN cents AS numeric(6,2)",
        f"CREATE TABLE t (n int, {', '.join(f'c{i} {kind}' for i, (kind, *_) in enumerate(TYPES))})",
    )
    height = max(len(values) for *_, values in TYPES) + 1  # the last row is of nulls
    with database.connect() as connection:
        for number in range(height):
            row = [list(values)[number] if number < len(values) else None for *_, values in TYPES]
            places = sql.SQL(", ").join([sql.Placeholder()] * (len(TYPES) + 1))
            connection.execute(sql.SQL("INSERT INTO t VALUES ({})").format(places), [number, *row])
    types, rows = read(database, tmp_path)
    assert types == ["INTEGER", *(kind for _, kind, _ in TYPES)]
    found = {int(row[0]): row[1:] for row in rows}
    for column, (kind, _, values) in enumerate(TYPES):
        expected = [*values.values(), *[None] * (height - len(values))]
        assert [found[number][column] for number in range(height)] == expected, kind


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(
            st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=("Cs",)), max_size=8),
            st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-9999, max_value=9999),
            st.none() | st.floats(),
        ),
        max_size=12,
    )
)
def test_rows_come_back_as_they_were(database: Any, tmp_path: Path, drawn: list[tuple[Any, ...]]) -> None:
    database.execute("DROP TABLE IF EXISTS t", "CREATE TABLE t (n int, a text, b numeric, c float8)")
    with database.connect() as connection:
        for number, row in enumerate(drawn):
            connection.execute("INSERT INTO t VALUES (%s, %s, %s, %s)", (number, *row))
    _, rows = read(database, Path(tempfile.mkdtemp(dir=tmp_path)))
    back = {
        int(n): (a, None if b is None else Decimal(b), None if c is None else repr(float(c))) for n, a, b, c in rows
    }
    assert back == {n: (a, b, None if c is None else repr(c)) for n, (a, b, c) in enumerate(drawn)}


def test_rows_that_fill_several_parts_all_arrive(
    database: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "PART", 10_000)
    database.execute(
        "CREATE TABLE t AS SELECT n, repeat(E'x\"\\n', n % 7) AS text FROM generate_series(1, 5000) AS n",
    )
    found = fetching.locate([Place(f"{database.url}#t")], "t", tmp_path, tmp_path / "copy")
    assert len(found.files) > 3
    with duckdb.connect() as connection:
        names = [str(each.path) for each in found.files]
        query = "SELECT count(*), sum(n), sum(length(text)) FROM read_parquet(?)"
        assert connection.execute(query, [names]).fetchall() == database.fetch(
            "SELECT count(*), sum(n)::int, sum(length(text))::int FROM t"
        )
    assert not list((tmp_path / "copy").glob("*.csv"))


def test_a_row_of_nulls_alone_is_a_row(database: Any, tmp_path: Path) -> None:
    database.execute("CREATE TABLE t (a text)", "INSERT INTO t VALUES (NULL), (''), (NULL)")
    assert sorted(read(database, tmp_path)[1], key=str) == [("",), (None,), (None,)]


def test_an_empty_table_has_its_types(database: Any, tmp_path: Path) -> None:
    database.execute("CREATE TABLE t (a int, b numeric, c timestamptz[])")
    assert read(database, tmp_path) == (["INTEGER", "DECIMAL(18,0)", "TIMESTAMP WITH TIME ZONE[]"], [])


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("numeric", "1e40", "'x' holds numbers of 41 digits"),
        ("numeric", "'NaN'), (1234567890123456789", "'x' holds NaN or an infinity beside numbers of 19 digits"),
        ("int[][]", "'{{1,2},{3,4}}'", "'x' holds arrays of 2 dimensions"),
    ],
)
def test_what_no_type_here_holds_is_refused_by_name(
    database: Any, tmp_path: Path, kind: str, value: str, said: str
) -> None:
    database.execute(f"CREATE TABLE t (x {kind})", f"INSERT INTO t VALUES ({value})")  # noqa: S608
    with pytest.raises(Unreadable, match=said):
        read(database, tmp_path)


# In a verdict


def checks(workspace: Any, data: str, **more: Any) -> dict[str, Check]:
    contract = workspace.contract(
        """
        schema:
          - name: orders
            physicalName: Bestellungen
            properties: [{name: id, logicalType: integer, unique: true}]
            quality: [{metric: rowCount, mustBe: 3}]
        """
    )
    return workspace.checks(contract, data, **more)


@pytest.fixture
def orders(database: Any) -> Any:
    database.execute(
        'CREATE SCHEMA "shop""s"',
        'CREATE TABLE "shop""s"."Bestellungen" (id int)',
        'INSERT INTO "shop""s"."Bestellungen" VALUES (1), (2), (2)',
        'CREATE TABLE "Bestellungen" (id int)',
        'INSERT INTO "Bestellungen" VALUES (1)',
    )
    return database


def test_the_table_is_the_objects_or_the_one_that_is_named(workspace: Any, orders: Any) -> None:
    assert checks(workspace, orders.url)["orders.rowCount"].measured == 1
    found = checks(workspace, f'{orders.url}#shop"s.Bestellungen')
    assert found["orders.rowCount"].measured == 3
    assert found["orders.id.unique"].measured == 1
    with pytest.raises(CallError, match=r"has no table 'Bestellung' .*Did you mean `Bestellungen`"):
        checks(workspace, f"{orders.url}#Bestellung")


def test_a_server_of_the_contract_is_read(workspace: Any, orders: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGUSER", orders.user)
    contract = workspace.contract(
        f"""
        servers:
          - {{server: live, type: postgres, host: 127.0.0.1, port: {orders.port}, database: {orders.name}, schema: shop"s}}
        schema:
          - {{name: orders, physicalName: Bestellungen, properties: [{{name: id, required: true}}]}}
        """
    )
    verdict = workspace.run(contract).verdict
    assert next(each for each in verdict.checks if each.rule == "orders.id.required").rows == 3
    assert verdict.parameters["server"] == "live"
    (subject,) = verdict.subjects
    assert subject.name == f'postgresql://127.0.0.1:{orders.port}/{orders.name}#shop"s.Bestellungen'


def test_the_digest_is_of_what_was_read_in_any_order(workspace: Any, orders: Any) -> None:
    contract = workspace.contract("schema: [{name: Bestellungen, properties: [{name: id}]}]")
    first, again = (workspace.run(contract, orders.url).verdict.subjects for _ in range(2))
    assert first == again
    orders.execute('UPDATE "Bestellungen" SET id = id WHERE id = (SELECT min(id) FROM "Bestellungen")')  # moves the row
    assert workspace.run(contract, orders.url).verdict.subjects == first
    orders.execute('UPDATE "Bestellungen" SET id = 7')
    assert workspace.run(contract, orders.url).verdict.subjects != first


def test_nothing_says_the_password(workspace: Any, orders: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", "wrong-password-here")
    found = checks(workspace, orders.url)["orders.readable"]
    assert found.status is Status.ERROR
    assert "password authentication failed" in found.message
    assert "wrong-password-here" not in str(checks(workspace, orders.url))
    with pytest.raises(CallError, match="holds a password") as caught:
        checks(workspace, f"postgresql://validator:hunter2@127.0.0.1:{orders.port}/{orders.name}")
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("parameter", ["passfile=/etc/passwd", "options=-c%20log", "host=elsewhere", "sslkey=/x"])
def test_an_address_names_no_file_and_no_option(workspace: Any, database: Any, parameter: str) -> None:
    with pytest.raises(CallError, match="is not read here"):
        checks(workspace, f"{database.url}?{parameter}")


def test_a_user_without_rights_is_told_so(workspace: Any, orders: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    orders.execute("DROP ROLE IF EXISTS guest", "CREATE ROLE guest LOGIN PASSWORD 'guest'")
    monkeypatch.setenv("PGPASSWORD", "guest")
    found = checks(workspace, orders.url.replace(orders.user, "guest"))["orders.readable"]
    orders.execute("DROP ROLE guest")
    assert (found.status, "permission denied" in found.message) == (Status.ERROR, True)


def test_a_server_that_is_not_there_is_named(workspace: Any, database: Any) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        found = checks(workspace, f"postgresql://validator@127.0.0.1:{closed.getsockname()[1]}/x")["orders.readable"]
    assert found.status is Status.ERROR
    assert "refused" in found.message


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def take() -> None:
            while True:
                try:
                    held.append(server.accept()[0])
                except OSError:
                    return

        thread = threading.Thread(target=take, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for each in held:
            each.close()


def test_a_server_that_does_not_answer_is_given_up(
    workspace: Any, database: Any, silent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pgserver, "CONNECT_SECONDS", 2)  # the least that libpq takes
    found = checks(workspace, f"postgresql://validator@127.0.0.1:{silent}/x")["orders.readable"]
    assert found.status is Status.ERROR
    assert "timeout" in found.message


def test_a_server_that_falls_silent_is_given_up(workspace: Any, database: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pgserver, "SILENCE_SECONDS", 0.5)
    database.execute("CREATE VIEW slow AS SELECT 1 AS id FROM pg_sleep(60)")
    found = checks(workspace, f"{database.url}#slow")["orders.readable"]
    assert found.status is Status.ERROR
    assert "said nothing for 0.5 s" in found.message


def test_a_view_that_fails_half_way_gives_no_rows(workspace: Any, database: Any) -> None:
    database.execute("CREATE VIEW bad AS SELECT 1 / (500 - n) AS id FROM generate_series(1, 1000) n")
    found = checks(workspace, f"{database.url}#bad")
    assert found["orders.readable"].status is Status.ERROR
    assert "division by zero" in found["orders.readable"].message
    assert found["orders.rowCount"].status is Status.ERROR
