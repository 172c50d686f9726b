"""What a query may be: each way out of the contract's own rows is refused by the engine's own grammar."""

from __future__ import annotations

import pytest
from hostile_queries import HOSTILE

from mlops_actions.data.engines import duck
from mlops_actions.data.queries import query

OBJECTS = {"t": "t", "u_physical": "u"}


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
