"""One check in three engines: the same counts, p-values, effects, findings and words, whatever reads the rows."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import postgres_server
import pytest
from drawn_tables import Loader, Table, on_duckdb, on_postgres, on_spark

from mlops_actions.cli import main
from mlops_actions.data.describe import Profiling, describe
from mlops_actions.data.profiles.blocks import Unit
from mlops_actions.drift import performance, performing
from mlops_actions.drift.performance import Asked, Clusters, Measured, Metric
from mlops_actions.errors import CallError
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Status

if TYPE_CHECKING:
    from conftest import Columns, Workspace
    from postgres_server import Database
    from pyspark.sql import SparkSession

ASKED = Asked("score", "late", segments=("carrier",), smallest=100)

TYPES = {"DOUBLE": "double precision", "VARCHAR": "text"}
"""PostgreSQL's names of types, where they are not DuckDB's."""


def flights(days: int, seed: int, *, first: int = 0, shifted: bool = False) -> Columns:
    """Rows of so many days: each kind of column, with nulls, NaN, infinities; ``shifted``, with values never seen."""
    chance = random.Random(seed)  # noqa: S311
    rows = days * 150
    odd = {7: None, 11: math.nan, 13: math.inf, 17: -math.inf}

    def number(mean: float) -> float | None:
        return odd.get(chance.randrange(40), chance.gauss(mean, 10.0))

    def moment(begin: datetime) -> datetime:
        unknown = [datetime(1970, 1, 1), datetime(9999, 12, 31)] if shifted and chance.random() < 0.05 else []
        return chance.choice([*unknown, begin + timedelta(minutes=chance.randrange(days * 1440))])

    begin = datetime(2024, 1, 1) + timedelta(days=first)
    carriers = ["AA", "B6", "it's", 'q"`|', "é", None, *(["new", "<b>"] if shifted else [])]
    scores = [round(chance.betavariate(1.2, 2), 3) for _ in range(rows)]
    return {
        "delay": ("DOUBLE", [number(3.0 if shifted else 0.0) for _ in range(rows)]),
        "still": ("DOUBLE", [number(0.0) for _ in range(rows)]),
        "stops": ("BIGINT", [chance.choice([None, 0, 1, 2, 2**60]) for _ in range(rows)]),
        "constant": ("INTEGER", [4] * rows),
        "carrier": ("VARCHAR", [chance.choice(carriers) for _ in range(rows)]),
        "tail": ("VARCHAR", ["N" * chance.randrange(3) + str(chance.random()) for _ in range(rows)]),
        "is_night": ("BOOLEAN", [chance.choice([True, False, None]) for _ in range(rows)]),
        "gone": ("VARCHAR", [None if shifted else chance.choice("xy") for _ in range(rows)]),
        "departed": ("TIMESTAMP", [begin + timedelta(minutes=index * days * 1440 / rows) for index in range(rows)]),
        "day": ("DATE", [(begin + timedelta(days=index * days // rows)).date() for index in range(rows)]),
        "booked": ("TIMESTAMP", [moment(begin) for _ in range(rows)]),
        "born": ("DATE", [moment(datetime(1980, 1, 1)).date() for _ in range(rows)]),
        "seen": ("TIMESTAMP WITH TIME ZONE", [moment(begin).replace(tzinfo=UTC) for _ in range(rows)]),
        "score": ("DOUBLE", scores),
        "late": ("INTEGER", [int(chance.random() < (0.4 if shifted else score)) for score in scores]),
    }


def table(database: Database, name: str, columns: Columns) -> str:
    """The columns as a table; its address."""
    typed = ", ".join(f'"{each}" {TYPES.get(kind, kind)}' for each, (kind, _) in columns.items())
    with database.connect() as connection:
        connection.execute(f"CREATE TABLE {name} ({typed})".encode())
        with connection.cursor().copy(f"COPY {name} FROM STDIN".encode()) as copy:
            for row in zip(*(values for _, values in columns.values()), strict=True):
                copy.write_row(row)
    return f"{database.url}#public.{name}"


def judged(outcome: Outcome) -> dict[str, Any]:
    """All that a check comes to, but where the rows are from and when it was made."""
    verdict = outcome.verdict
    checks = [each for each in verdict.checks if not each.rule.endswith(("readable", ".parses"))]
    return {
        "status": verdict.status,
        "checks": checks,
        "window": verdict.parameters["window"],
        "outputs": outcome.outputs,
        "headline": outcome.headline,
        "sections": outcome.sections,
    }


@pytest.mark.parametrize("stored", [True, False], ids=["stored-profile", "both-as-data"])
@pytest.mark.usefixtures("spark_session")
def test_a_check_comes_to_the_same_in_each_engine(workspace: Workspace, database: Database, stored: bool) -> None:
    before, now = flights(28, 1), flights(7, 2, first=28, shifted=True)
    files = [workspace.parquet(before, "before.parquet"), workspace.parquet(now, "now.parquet")]
    tables = [table(database, "before", before), table(database, "now", now)]
    more: dict[str, Any] = {"time_column": "departed", "performance": ASKED}
    if stored:
        describe(Profiling([files[0]], time_column="departed"), workspace.root / "out")
        (workspace.root / "out" / "profile.json").rename("reference.json")
    references = ["reference.json"] * 3 if stored else [files[0], files[0], tables[0]]
    current = [files[1], files[1], tables[1]]
    found = {
        engine: judged(workspace.check(reference, data, engine=engine, **more))
        for engine, reference, data in zip(("duckdb", "spark", "postgres"), references, current, strict=True)
    }
    assert found["spark"] == found["duckdb"]
    assert found["postgres"] == found["duckdb"]
    # What is the same is worth something: each kind of finding is among it.
    checks = {each.rule: each for each in found["duckdb"]["checks"]}
    status = {rule.removeprefix("data."): each.status for rule, each in checks.items()}
    drifted = {"carrier.drift", "delay.drift", "gone.drift", "booked.drift", "born.drift", "seen.drift"}
    assert {rule for rule, each in status.items() if rule.endswith("drift") and each is Status.FAIL} == drifted
    assert status["rows.drift"] is Status.PASS and status["departed.gaps"] is Status.PASS
    if not stored:
        assert status["performance.auc"] is status["performance.auc.carrier"] is Status.FAIL


def test_the_same_rows_are_found_to_be_so_on_a_server(workspace: Workspace, database: Database) -> None:
    address = table(database, "before", flights(7, 1))
    outcome = workspace.check(address, address, engine="postgres")
    (found,) = (each for each in outcome.verdict.checks if each.rule == "data.sameData")
    assert found.status is Status.WARN and "the digests are equal" in found.message


def test_a_number_beyond_every_double_is_seen(workspace: Workspace, database: Database) -> None:
    """It is in no bin, so were it no infinity, it would be nowhere, and its column without drift."""
    huge = "CREATE TABLE {} AS SELECT CASE WHEN i < {} THEN 10::numeric ^ 400 ELSE i END AS x FROM generate_series(1, 600) i"
    database.execute(huge.format("before", 2), huge.format("now", 50), huge.format("alone", 999))
    outcome = workspace.check(f"{database.url}#before", f"{database.url}#now", engine="postgres")
    (found,) = (each for each in outcome.verdict.checks if each.rule == "data.x.drift")
    assert found.status is Status.FAIL and "+infinity went from 0.2 % to 8.2 % of the rows" in found.message
    outcome = workspace.check(f"{database.url}#before", f"{database.url}#alone", engine="postgres")
    assert outcome.outputs["drifted"] == "true"


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_hostile_names_of_columns_are_names(workspace: Workspace, database: Database, engine: str) -> None:
    names = ["%s", "100 %", '"; DROP TABLE now; --', "new\nline", "\U0001f600", "select", "$1", "{x}", "a;b"]
    quoted = [each.replace('"', '""') for each in names]
    columns = {name: ("numeric", list(range(60))) for name in quoted} | {"%(x)s": ("integer[]", [[1]] * 60)}
    outcome = workspace.check(table(database, "before", columns), table(database, "now", columns), engine=engine)
    assert {each.where.column for each in outcome.verdict.checks} >= {*names, "%(x)s"}
    assert outcome.outputs["drifted"] == "false" and outcome.verdict.status is not Status.FAIL


def test_a_file_is_the_reference_of_a_table(workspace: Workspace, database: Database) -> None:
    rows = flights(7, 1)
    outcome = workspace.check(
        workspace.parquet(rows, "before.parquet"), table(database, "now", flights(7, 2)), engine="postgres"
    )
    assert outcome.verdict.status is Status.PASS
    assert [each.name for each in outcome.verdict.materials] == ["before.parquet"]


def test_a_table_is_the_reference_of_a_file(workspace: Workspace, database: Database) -> None:
    """The engine duckdb copies it here."""
    outcome = workspace.check(table(database, "before", flights(7, 1)), workspace.parquet(flights(7, 2), "now.parquet"))
    assert outcome.verdict.status is Status.PASS


def test_a_reference_that_no_server_has_is_a_wrong_call(workspace: Workspace, database: Database) -> None:
    now = table(database, "now", flights(7, 2))
    with pytest.raises(CallError, match=r"no table 'public\.nowhere'"):
        workspace.check(f"{database.url}#public.nowhere", now, engine="postgres")


def test_spark_is_asked_for_on_the_command_line(workspace: Workspace, capsys: pytest.CaptureFixture[str]) -> None:
    workspace.parquet(flights(7, 1), "before.parquet")
    call = ["drift", "--reference", "before.parquet", "--data", "before.parquet", "--engine", "spark"]
    assert main([*call, "--master", "sc://127.0.0.1:1"]) == 2
    assert "Spark Connect" in capsys.readouterr().err


# Performance


@pytest.fixture(scope="module")
def engines(
    postgres_port: int, spark_session: SparkSession, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Loader]]:
    with pytest.MonkeyPatch.context() as patch, postgres_server.database(postgres_port, "measured") as database:
        patch.setenv("PGPASSWORD", database.password)
        with on_postgres(database.url) as postgres:
            spark = on_spark(spark_session, tmp_path_factory.mktemp("measured"))
            yield {"duckdb": on_duckdb(), "postgres": postgres, "spark": spark}


def drawn(kinds: Mapping[str, str], rows: list[tuple[Any, ...]]) -> Table:
    return Table(tuple(kinds.items()), tuple(rows))


ODD = [(None, 1, "a"), (0.5, None, "a"), (math.nan, 1, "a"), (math.inf, 0, "b"), (-math.inf, 0, "b")]
chance = random.Random(4)  # noqa: S311
SCORES = [*(round(chance.random(), 1) for _ in range(150)), *(chance.random() for _ in range(50)), 0.0, -0.0, 1.0]
ROWS = [(score, int(chance.random() < score), chance.choice(["a", "b", "é'", None])) for score in SCORES] + ODD
TINY = [(score, label, key) for score, label, key in ROWS if score is None or abs(score) <= 1] + [(5e-324, 0, "a")]
CASES = {
    "auc": ({"p": "double", "y": "integer", "k": "text"}, ROWS, Asked("p", "y")),
    "a boolean label": (
        {"p": "float", "y": "boolean", "k": "text"},
        [(0.5, True, "a"), (1.5, False, None)] * 40,
        Asked("p", "y"),
    ),
    "accuracy of a score": ({"p": "double", "y": "integer", "k": "text"}, ROWS, Asked("p", "y", Metric.ACCURACY)),
    "accuracy of classes": (
        {"p": "text", "y": "text", "k": "text"},
        [("a", "a", "a"), ("é", "E", "b"), ("", None, "a"), ("b", "b", None)] * 40,
        Asked("p", "y"),
    ),
    "accuracy of two numbers": (
        {"p": "small", "y": "decimal", "k": "text"},
        [(0, 0, "a"), (1, 0, "b"), (1, 1, None)] * 40,
        Asked("p", "y"),
    ),
    "rmse": (
        {"p": "double", "y": "double", "k": "text"},
        [(score, 3.0 * index, key) for index, (score, _, key) in enumerate(ROWS)],
        Asked("p", "y"),
    ),
    "errors below all squares": (
        {"p": "double", "y": "double", "k": "text"},
        [(index * 1e-200, 0.5e-200, "a") for index in range(40)],
        Asked("p", "y", Metric.RMSE),
    ),
    "errors beyond all squares": (
        {"p": "double", "y": "double", "k": "text"},
        [(1.7e308, -1.7e308 + index * 1e300, "a") for index in range(40)],
        Asked("p", "y"),
    ),
    "estimated auc": ({"p": "double", "y": "integer", "k": "text"}, TINY, Asked("p")),
    "estimated accuracy": ({"p": "double", "y": "integer", "k": "text"}, TINY, Asked("p", None, Metric.ACCURACY)),
}


BY_DAY = Clusters("t", Unit.DAY, "date_trunc('day', CAST(\"t\" AS TIMESTAMP))")
for name in ("auc", "rmse", "accuracy of classes"):
    kinds, rows, asked = CASES[name]
    days = [None, *(datetime(2024, 1, day, 12) for day in range(1, 12))]
    dated = [(*row, days[index // 7 % 12]) for index, row in enumerate(rows)]
    CASES[f"{name} by day"] = (kinds | {"t": "timestamp"}, dated, replace(asked, clusters=BY_DAY))

ON_SPARK = (
    "auc",
    "auc by day",
    "rmse by day",
    "accuracy of classes",
    "rmse",
    "errors beyond all squares",
    "estimated auc",
)
"""Each form of query once: a job takes its time."""


@pytest.mark.parametrize(
    ("engine", "case"), [*(("postgres", each) for each in CASES), *(("spark", each) for each in ON_SPARK)]
)
def test_performance_is_the_same_in_each_engine(engines: Mapping[str, Loader], engine: str, case: str) -> None:
    kinds, rows, asked = CASES[case]
    if case.startswith("estimated"):
        rows = [row for row in rows if row[0] is None or not math.isinf(row[0])]
    found: dict[str, list[Any]] = {}
    for name in ("duckdb", engine):
        session, relation = engines[name](drawn(kinds, rows))
        plan = (performance.plan if asked.label else performance.estimate)(
            session, relation, replace(asked, segments=("k",))
        )
        found[name] = [
            performance.measure(session, plan),
            performance.measure(session, plan, "k", smallest=3),
            performance.sizes(session, plan, "k", 40),
        ]
    assert found[engine][2] == found["duckdb"][2]
    for mine, theirs in zip(found[engine][:2], found["duckdb"][:2], strict=True):
        assert_alike(mine, theirs)


def assert_alike(found: dict[Any, Measured | str], expected: dict[Any, Measured | str]) -> None:
    assert found.keys() == expected.keys()
    for key, one in expected.items():
        other = found[key]
        if isinstance(one, str) or isinstance(other, str):
            assert one == other
            continue
        assert (one.metric, one.rows, one.blocks) == (other.metric, other.rows, other.blocks)
        assert (other.value, other.low, other.high) == pytest.approx((one.value, one.low, one.high), rel=1e-9, abs=1e-9)


def test_calibration_is_the_same_in_each_engine(engines: Mapping[str, Loader], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(performance, "ENOUGH", 100)
    table_ = drawn({"p": "double", "y": "integer", "k": "text"}, ROWS)
    found = {name: performance.calibration(*load(table_), Asked("p", "y")) for name, load in engines.items()}
    expected = plain_calibration([(p, y) for p, y, _ in ROWS if p is not None and y is not None and math.isfinite(p)])
    assert found == {name: pytest.approx(expected, abs=1e-12) for name in engines}


def plain_calibration(pairs: list[tuple[float, int]]) -> float:
    """Ten bins of equal width, of which each but the last is open at its upper end."""
    bins: dict[int, float] = {}
    for score, label in pairs:
        place = min(int(score / 0.1), 9)
        bins[place] = bins.get(place, 0.0) + score - label
    return sum(abs(each) for each in bins.values()) / len(pairs)


def test_values_that_an_engine_has_no_text_for_are_no_segments(engines: Mapping[str, Loader]) -> None:
    session, relation = engines["spark"](
        drawn({"p": "double", "y": "integer", "k": "double"}, [(0.1, 0, 1.0), (0.9, 1, 2.0)] * 40)
    )
    side = performing.of_current(session, relation, Asked("p", "y", segments=("k",), smallest=10), performing.Side())
    assert side.whole is not None and side.whole.value == 1.0
    assert side.segments["k"].reason.startswith("the engine spark cannot tell the text of DOUBLE")
