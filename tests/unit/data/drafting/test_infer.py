"""A contract drafted from data: what is promised of it, what is not, and that the data keeps it."""

from __future__ import annotations

import csv
import json
import math
from datetime import date, datetime
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from mlops_actions import yamlfile
from mlops_actions.cli import main
from mlops_actions.data.contracts import contract
from mlops_actions.data.drafting import drafting, looks, yamltext
from mlops_actions.data.drafting.infer import FILE, Inference, infer, named
from mlops_actions.data.validate import Validation, validate
from mlops_actions.errors import CallError
from mlops_actions.verdict import Status


def drafted(workspace, *data, name="t"):
    """The draft's properties by name, and its text."""
    outcome = infer(Inference({name: data}, Path("out")), workspace.out)
    path = workspace.out / FILE
    (of,) = contract.load(path).objects
    assert validate(Validation(path, data), workspace.out).verdict.status is not Status.FAIL
    return {each.name: each.element.data for each in of.properties}, path.read_text(encoding="utf-8"), outcome


def about(text, name):
    """The lines of one property."""
    lines = text.splitlines()
    start = lines.index(f"      - name: {name}")
    end = next((i for i in range(start + 1, len(lines)) if lines[i].startswith("      - name:")), len(lines))
    return "\n".join(lines[start:end])


FLIGHTS = """
SELECT 'T' || lpad(range::VARCHAR, 4, '0') AS flight, ['EWR', 'JFK'][1 + range % 2] AS origin,
  range % 7 = 0 AS late, CASE WHEN range % 50 > 0 THEN range % 97 - 43 END AS delay,
  chr((65 + range % 26)::INTEGER) || chr((65 + range // 26)::INTEGER) || '-7' AS gate, 'x' AS one,
  CASE WHEN range = 0 THEN 'rare' ELSE 'usual' END AS kind, (range * 1000003)::BIGINT AS nonce,
  range::UTINYINT AS small, DATE '2020-01-01' + range::INTEGER AS day, range / 7.0 AS share
FROM range(200)
"""


def test_what_is_promised_and_what_is_not(workspace):
    properties, text, _ = drafted(workspace, workspace.parquet(FLIGHTS))
    assert properties["flight"] == {
        "name": "flight",
        "logicalType": "string",
        "required": True,
        "primaryKey": True,
        "logicalTypeOptions": {"pattern": "^[A-Z][0-9]{4}$"},
    }
    assert properties["origin"]["enum"] == [{"value": "EWR"}, {"value": "JFK"}]
    assert properties["late"] == {"name": "late", "logicalType": "boolean", "required": True}
    assert properties["delay"] == {"name": "delay", "logicalType": "integer"}
    assert properties["gate"]["logicalTypeOptions"] == {"pattern": "^[A-Z]{2}-[0-9]$"}
    assert "enum" not in properties["gate"] | properties["one"] | properties["kind"]
    assert "primaryKey" not in properties["nonce"] and "unique" not in properties["nonce"]
    assert properties["small"]["logicalTypeOptions"] == {"minimum": 0}
    assert {name: properties[name]["logicalType"] for name in ("day", "share")} == {"day": "date", "share": "number"}
    assert "minimum" not in json.dumps([properties["day"], properties["share"], properties["delay"]])
    for name, said in {
        "flight": "no value stands twice in 200 rows",
        "origin": "# 100 rows",
        "late": "# no nulls in 200 rows",
        "delay": "# seen: 4 nulls in 200 rows (2 %)",
        "one": "# not promised: the only value ('x')",
        "kind": "# not promised: 2 values, the rarest in 1 row ('usual', 'rare')",
        "nonce": "# not promised: no value stands twice in 200 rows",
        "day": "# seen: 2020-01-01 to 2020-07-18, not promised",
    }.items():
        assert said in about(text, name)
    assert (
        "# seen: -43 to 53, not promised. If there are limits: `logicalTypeOptions: {minimum: -43, maximum: 53}`"
        in text
    )
    assert "maximum: 29}" in about(text, "share")


def test_of_few_rows_types_alone_are_promised(workspace):
    properties, text, _ = drafted(workspace, workspace.csv("id,code\n1,ABC\n2,DEF\n"))
    assert properties == {
        "id": {"name": "id", "logicalType": "integer"},
        "code": {"name": "code", "logicalType": "string"},
    }
    assert "not promised: no nulls in 2 rows" in text and "2 values of the form ^[A-Z]{3}$" in text


def test_a_key_must_look_like_one_and_be_one(workspace):
    select = (
        "SELECT range // 2 AS a, range AS order_id, range AS id, range AS t_id, range % 199 AS near_id FROM range(200)"
    )
    properties, _, _ = drafted(workspace, workspace.parquet(select))
    assert [name for name, each in properties.items() if each.get("primaryKey")] == ["id"]
    properties, _, _ = drafted(workspace, workspace.parquet("SELECT range / 2 AS x, range AS y FROM range(200)"))
    assert not any(each.get("primaryKey") for each in properties.values())
    properties, text, _ = drafted(workspace, workspace.parquet("SELECT range % 199 AS near_id FROM range(200)"))
    assert "primaryKey" not in properties["near_id"] and "stands twice" not in text


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("contact", "'hidden' || range || '@example.org'"),
        ("note", "'write to hidden@example.org or call ' || range"),
        ("number", "'078-05-' || (1000 + range)"),
        ("customerEmail", "'hidden' || range"),
        ("PHONE_NO", "range + 5550100"),
        ("date_of_birth", "DATE '1987-06-05' + range::INTEGER"),
    ],
)
def test_what_looks_private_is_restricted_and_not_shown(workspace, column, value):
    select = f"SELECT {value} AS {column}, 1 AS z FROM range(200)"  # noqa: S608
    properties, text, outcome = drafted(workspace, workspace.parquet(select))
    assert properties[column]["classification"] == "restricted"
    assert "logicalTypeOptions" not in properties[column] and "classification" not in properties["z"]
    for secret in ("hidden", "078", "5550100", "555010", "1987", "[0-9]{3}"):
        assert secret not in text + repr(outcome)
    assert not (workspace.out / "profile-t.json").exists()


@pytest.mark.parametrize("name", ["carrier_name", "shipment", "mailroom_size", "country", "id", "phonetic"])
def test_what_does_not_look_private(name):
    assert looks.private_name(name) is None


def test_cells_that_the_first_rows_did_not_foretell_are_text(workspace):
    rows = "".join(f"{number},{number}\n" for number in range(20_050))
    properties, text, _ = drafted(workspace, workspace.csv("x,y\n" + rows + "none,1\n,2\n"))
    assert properties["x"] == {"name": "x", "logicalType": "string"}
    assert "the first rows were BIGINT, and 1 cell further on are not" in about(text, "x")
    assert "# seen: 1 null in 20,052 rows" in about(text, "x")
    assert properties["y"]["logicalType"] == "integer"


NESTED = """
SELECT {'a': 1} AS struct, [1] AS list, MAP {'k': 1} AS map, 'b'::BLOB AS blob, INTERVAL 1 DAY AS span,
  NULL::INTEGER AS none, TIME '10:00' AS hour, 1.5::DECIMAL(9,2) AS price, uuid() AS unit,
  TIMESTAMPTZ '2020-01-01' AS at, 'nan'::DOUBLE AS bad, '1'::BIT AS bits, 1::HUGEINT AS huge, 'a'::ENUM('a', 'b') AS e
FROM range(150)
"""


def test_a_word_for_a_missing_value_makes_no_text_of_a_column_of_numbers(workspace):
    rows = ["mass,country,day"]
    for number in range(100):
        mass = {0: "NA", 1: "?"}.get(number % 10, str(number))
        rows.append(f"{mass},{'NA' if number % 2 else 'ZA'},{ {7: 'NA', 8: 'x'}.get(number, '2020-01-01') }")
    properties, text, _ = drafted(workspace, workspace.csv("\n".join([*rows, ""])))
    assert properties["mass"]["logicalType"] == "integer" and "required" not in properties["mass"]
    (rule,) = properties["mass"]["quality"]
    assert rule["metric"] == "missingValues" and rule["arguments"] == {"missingValues": [None, "NA", "?"]}
    assert "'NA' in 10 rows and '?' in 10 rows, 20 %" in about(text, "mass")
    assert properties["country"]["enum"] == [{"value": "NA"}, {"value": "ZA"}], "it may be Namibia"
    assert "'NA' in 50 rows. If that stands for a missing value" in about(text, "country")
    assert properties["day"]["logicalType"] == "string"


def test_every_type_of_the_engine(workspace):
    properties, text, _ = drafted(workspace, workspace.parquet(NESTED))
    types = {name: each.get("logicalType", each.get("physicalType")) for name, each in properties.items()}
    assert types | {"bits": 0, "span": 0, "huge": 0} == {
        "struct": "object",
        "list": "array",
        "map": "MAP(VARCHAR, INTEGER)",
        "blob": "BLOB",
        "span": 0,
        "none": None,
        "hour": "time",
        "price": "number",
        "unit": "string",
        "at": "timestamp",
        "bad": "number",
        "bits": 0,
        "huge": 0,
        "e": "string",
    }
    assert "150 NaN" in about(text, "bad") and "there was no value" in about(text, "none")


@pytest.mark.parametrize(
    ("shape", "pattern"),
    [
        ("AAA-00", "^[A-Z]{3}-[0-9]{2}$"),
        ("a.0+A", r"^[a-z]\.[0-9]\+[A-Z]$"),
        ("A(0", None),
        ("é0", None),
        ("--", None),
        ("", None),
        ("0" * 41, None),
    ],
)
def test_a_pattern_is_of_a_simple_shape(shape, pattern):
    assert looks.pattern(shape) == pattern


def test_a_form_is_that_of_all_values_not_of_the_first(workspace):
    select = "SELECT CASE WHEN range < 9999 THEN 'A' || (1000 + range % 9000) ELSE 'none' END AS x FROM range(10000)"
    properties, text, _ = drafted(workspace, workspace.parquet(select))
    assert "logicalTypeOptions" not in properties["x"] and "4 to 5 characters" in about(text, "x")


def test_dates_in_a_form_of_their_own(workspace):
    """What one form alone explains is promised; where day and month may be either, a person has to say which."""
    days = [date(2024, 1, 1 + each % 12) for each in range(120)]
    rows = ["day,either,months,never"]
    rows += [
        f"{day:%Y/%m/%d},{day:%d/%m/%Y},{day:%m/%d}/{1900 + each},00/00/{1900 + each}" for each, day in enumerate(days)
    ]
    rows.append("2024/01/31,01/01/2024,12/31/2020,00/00/2020")
    properties, text, _ = drafted(workspace, workspace.csv("\n".join(rows)))
    assert properties["day"]["logicalType"] == "date" and properties["day"]["logicalTypeOptions"] == {
        "format": "yyyy/MM/dd"
    }
    assert properties["months"]["logicalTypeOptions"] == {"format": "MM/dd/yyyy"}
    assert properties["either"]["logicalType"] == properties["never"]["logicalType"] == "string"
    assert "`dd/MM/yyyy` or `MM/dd/yyyy`" in about(text, "either") and "dates?" not in about(text, "never")


def test_several_objects_and_names(workspace):
    data = {"a": workspace.csv("x\n1\n", "a.csv"), "b": workspace.csv("y\n1\n", "b.csv")}
    infer(Inference(named(data, None), Path("out")), workspace.out)
    assert [each.name for each in contract.load(workspace.out / FILE).objects] == ["a", "b"]
    with pytest.raises(CallError, match="one object"):
        named(data, "c")
    with pytest.raises(CallError, match="contract infer DATA"):
        named((), None)
    for pattern, name in {
        "data/Flights.csv.gz": "flights",
        "data/flights/year=2013/*.parquet": "flights",
        "2013-01.parquet": "data_2013_01",
        "*": "data",
    }.items():
        assert list(named((pattern,), None)) == [name]


def test_data_that_cannot_be_read_leaves_no_draft(workspace):
    (workspace.root / "t.parquet").write_bytes(b"PAR1")
    outcome = infer(Inference({"t": ("t.parquet",)}, Path("out")), workspace.out)
    assert outcome.verdict.status is Status.FAIL and not (workspace.out / FILE).exists()


def test_the_command_says_where_the_draft_is(workspace, capsys):
    workspace.csv("x\n1\n", "d/shops.csv")
    assert main(["contract", "infer", "d/shops.csv"]) == 0
    assert f".mlops/contract-infer/{FILE}" in capsys.readouterr().err
    assert contract.load(Path(".mlops/contract-infer") / FILE).objects[0].name == "shops"
    assert main(["contract", "infer", "d/shops.csv", "--object", "x: y\n#\x1b'", "--out", "o"]) == 0
    assert contract.load(Path("o") / FILE).objects[0].name == "x: y\n#\x1b'"
    assert main(["contract", "infer", "nowhere.csv"]) == 2
    assert main(["contract", "infer", "d/shops.csv", "--object", "\udcff"]) == 2


@given(st.text())
def test_a_text_is_the_same_text_in_yaml(text):
    written = f"a: {yamltext.text(text)}  {yamltext.comment(text)}\nb: 1\n"
    assert yamlfile.loads(written, "x").data == {"a": text, "b": 1}


# Whatever the data, it keeps the contract that was drafted from it.

SIGNS = st.characters(codec="utf-8", exclude_characters="\0") | st.sampled_from(
    list("\"'\\#:-{}[]&*!|>%@`,?\n\r\t\x85\u2028é€𝄞")
)
NAMES = st.text(SIGNS, min_size=1, max_size=12)
CELLS = {
    "VARCHAR": st.text(SIGNS, max_size=6) | st.sampled_from(["ABC", "XYZ", "null", "007", "1", "true", "a@b.org", "2020-01-01"]),
    "BIGINT": st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3),
    "UTINYINT": st.integers(0, 255),
    "DOUBLE": st.floats() | st.sampled_from([0.0, -0.0, math.nan]),
    "BOOLEAN": st.booleans(),
    "DATE": st.dates(date(1, 1, 1)),
    "TIMESTAMP": st.datetimes(datetime(1, 1, 1)),
}  # fmt: skip


@st.composite
def tables(draw, kinds):
    """Columns (a name and a kind) and rows; some of their cells null."""
    names = draw(st.lists(NAMES, min_size=1, max_size=4, unique_by=str.casefold))
    chosen = [draw(st.sampled_from(kinds)) for _ in names]
    rows = draw(st.lists(st.tuples(*(st.none() | CELLS[kind] for kind in chosen)), max_size=6))
    return list(zip(names, chosen, strict=True)), rows * draw(st.sampled_from([1, 1, 3]))


def kept(workspace, name):
    """That the data keeps its draft, unless it cannot be read at all."""
    outcome = infer(Inference({"t": (name,)}, Path("out")), workspace.out)
    assume(outcome.verdict.status is not Status.FAIL)
    verdict = validate(Validation(workspace.out / FILE, (name,)), workspace.out).verdict
    assert verdict.status is not Status.FAIL, [each.message for each in verdict.findings]


@pytest.fixture
def eager(monkeypatch):
    """So that all is promised that ever is, of few rows too."""
    monkeypatch.setattr(drafting, "ENOUGH", 1)
    monkeypatch.setattr(drafting, "OFTEN", 1)


HELD = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@HELD
@given(table=tables(list(CELLS)))
def test_parquet_keeps_its_draft(workspace, eager, table):
    columns, rows = table
    (workspace.root / "t.parquet").unlink(missing_ok=True)
    with duckdb.connect() as connection:
        quoted = ", ".join(f'''"{name.replace('"', '""')}" {kind}''' for name, kind in columns)
        try:
            connection.execute(f"CREATE TABLE t ({quoted})")
        except duckdb.Error:  # names that the engine takes for one
            assume(False)
        if rows:
            connection.executemany(f"INSERT INTO t VALUES ({', '.join('?' * len(columns))})", rows)  # noqa: S608
        connection.execute("COPY t TO 't.parquet' (FORMAT parquet)")
    kept(workspace, "t.parquet")


@HELD
@given(table=tables(["VARCHAR", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"]))
def test_csv_keeps_its_draft(workspace, eager, table):
    columns, rows = table
    with Path("t.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow([name for name, _ in columns])
        writer.writerows(rows)
    kept(workspace, "t.csv")
