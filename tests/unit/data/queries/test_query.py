"""What a query may be: each way out of the contract's own rows is refused by the engine's own grammar."""

from __future__ import annotations

import pytest

from mlops_actions.data.engines import duck
from mlops_actions.data.queries import query

OBJECTS = {"t": "t", "u_physical": "u"}

HOSTILE = {
    # a file, in each place that can name one
    "FROM 'file.parquet'": "no object",
    "SELECT * FROM \"file.parquet\"": "no object",
    "SELECT count(*) FROM t, 'file.parquet'": "no object",
    "SELECT * FROM read_csv('secret.csv')": "'read_csv'",
    "SELECT * FROM read_parquet(['file.parquet'])": "'read_parquet'",
    "SELECT * FROM READ_TEXT('secret.csv')": "'read_text'",
    "SELECT * FROM read_blob('secret.csv')": "'read_blob'",
    "SELECT * FROM read_json('secret.csv')": "'read_json'",
    "SELECT * FROM glob('*')": "'glob'",
    "SELECT * FROM sniff_csv('secret.csv')": "'sniff_csv'",
    "SELECT * FROM parquet_metadata('file.parquet')": "'parquet_metadata'",
    "SELECT * FROM parquet_schema('file.parquet')": "'parquet_schema'",
    "SELECT * FROM system.main.read_text('secret.csv')": "read_text",
    "SELECT (SELECT content FROM read_text('secret.csv'))": "'read_text'",
    "SELECT count(*) FROM t WHERE x IN (SELECT 1 FROM read_text('secret.csv'))": "'read_text'",
    "SELECT count(*) FROM t JOIN read_text('secret.csv') r ON r.content = t.y": "'read_text'",
    "WITH q AS (SELECT * FROM read_text('secret.csv')) SELECT count(*) FROM q": "'read_text'",
    "SELECT 1 UNION ALL SELECT size FROM read_text('secret.csv')": "'read_text'",
    "SELECT max(x) FROM t ORDER BY (SELECT size FROM read_text('secret.csv'))": "'read_text'",
    "SELECT count(*) FROM t LIMIT (SELECT size FROM read_text('secret.csv'))": "'read_text'",
    "SELECT list_transform([1], lambda x: (SELECT size FROM read_text('secret.csv')))": "'read_text'",
    "VALUES ((SELECT size FROM read_text('secret.csv')))": "'read_text'",
    "SELECT * FROM query('SELECT * FROM read_text(''secret.csv'')')": "'query'",
    "SELECT * FROM query_table('file.parquet')": "'query_table'",
    "SELECT * FROM json_execute_serialized_sql('{}')": "'json_execute_serialized_sql'",
    "SELECT getenv('HOME')": "'getenv'",
    # a name in WITH that would mean a file or a relation of the engine elsewhere
    "WITH \"file.parquet\" AS (SELECT 1) SELECT * FROM \"file.parquet\"": "cannot be given in WITH",
    "WITH duckdb_settings AS (SELECT 1), duckdb_columns AS (SELECT 1) SELECT * FROM duckdb_columns": "in WITH",
    # another statement, alone, behind, or hidden
    "COPY (SELECT 1) TO 'out.csv'": "it is COPY",
    "COPY t FROM 'secret.csv'": "it is COPY",
    "EXPORT DATABASE 'out'": "EXPORT",
    "ATTACH 'out.db'": "it is ATTACH",
    "USE memory": "it is ",
    "SET enable_external_access = true": "it is SET",
    "RESET ALL": "it is ",
    "PRAGMA database_list": "it is PRAGMA",
    "INSTALL httpfs": "it is LOAD",
    "LOAD httpfs": "it is LOAD",
    "CREATE TABLE out AS SELECT 1": "it is CREATE",
    "CREATE SECRET (TYPE s3)": "it is CREATE",
    "CREATE MACRO f() AS 1": "it is CREATE",
    "DROP VIEW t": "it is DROP",
    "INSERT INTO t VALUES (1, 'a')": "it is INSERT",
    "UPDATE t SET x = 1": "it is UPDATE",
    "DELETE FROM t": "it is DELETE",
    "CALL pragma_version()": "it is CALL",
    "EXPLAIN ANALYZE SELECT 1": "it is EXPLAIN",
    "PREPARE p AS SELECT 1": "it is PREPARE",
    "CHECKPOINT": "it is CALL",
    "BEGIN": "it is TRANSACTION",
    "SELECT 1; SELECT 2": "2 statements",
    "SELECT 1; ATTACH 'out.db'": "2 statements",
    "SELECT 1 /* ; */; -- x\nCOPY (SELECT 1) TO 'out.csv'": "2 statements",
    "SELECT 1 --\n; COPY (SELECT 1) TO 'out.csv' --": "2 statements",
    "SELECT 1 /* /* */ */; DROP VIEW t": "",
    "WITH q AS (INSERT INTO t VALUES (1, 'a') RETURNING *) SELECT count(*) FROM q": "INSERT has no place",
    "WITH q AS (DELETE FROM t RETURNING *) SELECT count(*) FROM q": "",
    "WITH q AS (COPY (SELECT 1) TO 'out.csv') SELECT 1": "",
    "": "0 statements",
    "SELEC 1": "not SQL",
    # what the engine says of itself
    "SELECT * FROM duckdb_settings()": "'duckdb_settings'",
    "SELECT * FROM duckdb_secrets()": "'duckdb_secrets'",
    "SELECT count(*) FROM duckdb_views": "no object",
    "SELECT count(*) FROM information_schema.tables": "no object",
    "SELECT count(*) FROM pg_catalog.pg_settings": "no object",
    "SELECT count(*) FROM sqlite_master": "no object",
    "SELECT count(*) FROM memory.main.t": "no object",
    "SELECT count(*) FROM t.main.duckdb_settings": "no object",
    "SELECT count(*) FROM reject_errors": "no object",
    "SELECT current_setting('temp_directory')": "'current_setting'",
    "SELECT getvariable('a')": "'getvariable'",
    "SELECT system.main.current_setting('temp_directory')": "current_setting",
    "SELECT write_log('a')": "'write_log'",
    "SELECT json_serialize_plan('SELECT 1')": "'json_serialize_plan'",
    "SELECT sleep_ms(100000)": "'sleep_ms'",
    "SELECT error(y) FROM t": "'error'",
    "SELECT random()": "'random'",
    "DESCRIBE t": "DESCRIBE",
    "SELECT * FROM (SHOW ALL TABLES)": "DESCRIBE",
    "SUMMARIZE t": "DESCRIBE",
    "FROM t PIVOT (count(*) FOR y IN ('a'))": "PIVOT",
    "PIVOT t ON y": "PIVOT",
    "SELECT ?": "a parameter",
    # too much of it
    f"SELECT {'(' * 9_000}1{')' * 9_000}": "",
    f"SELECT {'(SELECT ' * 2_000}1{')' * 2_000}": "",
    f"SELECT {'NOT ' * 4_000}true": "",
    f"SELECT {'[' * 900}1{']' * 900}": "",
    f"SELECT '{'x' * 20_000}'": "longer than",
}  # fmt: skip


@pytest.fixture(scope="module")
def engine():
    with duck.connect() as connection:
        yield connection, query.Known.of(connection)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_way_out_is_refused_by_name(engine, text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("secret.csv", "file.parquet"):
        (tmp_path / name).write_text("hunter2")
    with pytest.raises(query.Refused) as caught:
        query.examine(*engine, text, OBJECTS)
    assert HOSTILE[text] in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "secret.csv": "hunter2",
        "file.parquet": "hunter2",
    }


@pytest.mark.parametrize(
    ("text", "reads"),
    [
        ("SELECT count(*) FROM t WHERE x > 1 -- of t;\n;", {"t"}),
        ("FROM T", {"t"}),
        ('SELECT max(x) FROM "t" JOIN U_Physical USING (x)', {"t", "u"}),
        ("WITH q AS (SELECT x FROM t), r AS (SELECT max(x) AS m FROM q) SELECT m FROM r", {"t"}),
        ("WITH RECURSIVE r(a) AS (SELECT 1 UNION ALL SELECT a + 1 FROM r WHERE a < 9) SELECT max(a) FROM r", set()),
        ("SELECT count(*) FILTER (WHERE y LIKE '%;%' OR y SIMILAR TO 'a' OR y ~ 'b') FROM t", {"t"}),
        ("SELECT sum(CASE WHEN x BETWEEN 1 AND 2 THEN 1 ELSE 0 END) / count(*) FROM t", {"t"}),
        ("SELECT count(*) FROM (SELECT row_number() OVER (PARTITION BY y ORDER BY x) AS n FROM t) WHERE n > 1", {"t"}),
        ("SELECT date_diff('day', max(z), current_date) FROM t", {"t"}),
        ("SELECT count(*) FROM t WHERE z > now() - INTERVAL 3 DAY AND extract(year FROM z) = 2020", {"t"}),
        ("SELECT count(*) FROM t WHERE EXISTS (SELECT 1 FROM u_physical u WHERE u.x = t.x)", {"t", "u"}),
        ("SELECT CAST(sum(x) AS DECIMAL(9, 2)), x::VARCHAR FROM t GROUP BY ALL HAVING count(*) > 1", {"t"}),
        ("SELECT count(DISTINCT s.a.b[1]), list_sum([x]) FROM t, unnest([1]), range(3) EXCEPT VALUES (1, 2)", {"t"}),
        ("SELECT list_filter([1, 2], lambda a: a > 1), {'a': 1}, coalesce(x, 1), nullif(x, 1), round(x, 1) FROM t", {"t"}),
        ("SELECT quantile_cont(x, 0.5), stddev(x), string_agg(y, ',' ORDER BY y), regexp_matches('a', 'a') FROM t", {"t"}),
    ],
)  # fmt: skip
def test_what_only_computes_is_allowed(engine, text, reads):
    assert query.examine(*engine, text, OBJECTS).reads == reads
