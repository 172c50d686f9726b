"""JSON lines: each value is held against its type as it stands, and no line is lost."""

# ruff: noqa: S608 (statements are built here, from names of their own)

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path

import pytest
from backports import zstd
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.data.engines import duck
from mlops_actions.data.sources import jsonlines, source, survey
from mlops_actions.data.sources.intake import take_in
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.sources.relation import File, Unreadable
from mlops_actions.data.types.cells import TextType
from mlops_actions.data.types.jsoncells import Fields, Items
from mlops_actions.verdict import Status

INTEGER, NUMBER, TEXT, BOOLEAN = map(TextType, ("BIGINT", "DOUBLE", "VARCHAR", "BOOLEAN"))


def write(*lines, name="t.jsonl"):
    data = b"".join((line if isinstance(line, bytes) else json.dumps(line).encode()) + b"\n" for line in lines)
    pack = gzip.compress if name.endswith(".gz") else zstd.compress if name.endswith(".zst") else bytes
    Path(name).write_bytes(pack(data))
    return name


def rows(*patterns, types=None, select="*"):
    """The rows of files, and how many of each column are not of its type."""
    with take_in("t", patterns, Reading(types or {})) as intake:
        relation = intake.relation
        names = {column.name: column.type for column in relation.columns}
        select = ", ".join(f'"{name}"' for name in names) if select == "*" else select
        found = intake.connection.execute(f"SELECT {select} FROM {relation.sql}").fetchall()
        wrong = {
            name: intake.connection.execute(
                f"SELECT count(*) FROM {relation.sql} WHERE {relation.unparsed(name)}"
            ).fetchall()[0][0]
            for name in names
        }
        return found, {name: count for name, count in wrong.items() if count}, names


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text("a\"\\é\n{[1'", max_size=4),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["x", "y", "a b", '"', "/~"]), inner),
    max_leaves=4,
)
TYPES = {
    "i": INTEGER, "n": NUMBER, "s": TEXT, "b": BOOLEAN, "o": Fields({"x": INTEGER, '"': TEXT}), "l": Items(TEXT),
    "ol": Items(Fields({"a b": Items(INTEGER), "/~": BOOLEAN})),
}  # fmt: skip


def is_of(value, of):
    """Whether a value of JSON is of a type: the plain reference."""
    match of:
        case _ if value is None:
            return True
        case Fields(types):
            return isinstance(value, dict) and all(is_of(value.get(name), each) for name, each in types.items())
        case Items(each):
            return isinstance(value, list) and all(is_of(one, each) for one in value)
        case TextType("BIGINT"):
            return isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
        case TextType("DOUBLE"):
            return isinstance(value, int | float) and not isinstance(value, bool)
        case TextType("VARCHAR"):
            return isinstance(value, str)
    return isinstance(value, bool)


def kept(value, of):
    """What a value becomes."""
    match of:
        case _ if value is None or not is_of(value, of):
            return None
        case Fields(types):
            return {name: kept(value.get(name), each) for name, each in types.items()}
        case Items(each):
            return [kept(one, each) for one in value]
        case TextType("DOUBLE"):
            return float(value)
    return value


@settings(max_examples=60, deadline=None)
@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(TYPES, VALUES)), min_size=1, max_size=8))
def test_values_are_kept_where_they_are_of_their_type_and_counted_where_not(tmp_path_factory, records):
    file = tmp_path_factory.getbasetemp() / "values.jsonl"
    records.append({"i": None})
    file.write_bytes(b"".join(json.dumps(record).encode() + b"\n" for record in records))
    found, wrong, names = rows(str(file), types=TYPES)
    asked = [[kept(record.get(name), TYPES[name]) for name in names] for record in records]
    assert repr(sorted(map(repr, found))) == repr(sorted(repr(tuple(each)) for each in asked))
    assert wrong == {
        name: count for name in names if (count := sum(not is_of(record.get(name), TYPES[name]) for record in records))
    }


@pytest.mark.parametrize("name", ["t.jsonl", "t.ndjson.gz", "t.jsonl.zst"])
def test_lines_that_are_no_records_are_named_and_counted_and_the_others_judged(workspace, name):
    write(
        {"x": 1},
        b"",
        b"  \t",
        b'{"x": 2',
        {"x": 3},
        b'{"x": 4, "x": 5}',
        b'{"x": "\xff"}',
        b"[6]",
        b"7",
        {"x": 8},
        name=name,
    )
    contract = workspace.columns("- {name: x, logicalType: integer, logicalTypeOptions: {maximum: 7}}")
    checks = workspace.checks(contract, name)
    check = checks["t.readable"]
    assert (check.status, check.measured, check.rows) == (Status.FAIL, 5, 8)
    assert f"{name}, line 4: is not JSON" in check.message and "line 6: has a key twice" in check.message
    assert (checks["t.x.maximum"].measured, checks["t.x.maximum"].rows) == (1, 3)


def test_refused_lines_are_had_as_they_stand(workspace):
    lines = [b'{"x": 1}', b"nonsense \xff", b"", b"[1]", b'{"x":1}\r']
    Path("t.jsonl").write_bytes(b"\n".join(lines))
    with take_in("t", ("t.jsonl",)) as intake:
        refused = [(each.file.name, each.record.line, each.record.raw) for each in intake.refused()]
    assert refused == [("t.jsonl", 2, b"nonsense \xff\n"), ("t.jsonl", 4, b"[1]\n")]


@settings(max_examples=80, deadline=None)
@given(
    st.lists(
        st.sampled_from([b'{"a":1}', b'{"a":{}', b"", b" \t", b"[]", b'{"a":"\xff"}', b"\r", b'{"a":1,"a":1}']),
        max_size=9,
    ),
    st.sampled_from([b"\n", b"\r\n"]),
    st.booleans(),
    st.integers(1, 9),
)
def test_both_counts_and_the_engine_agree(tmp_path_factory, lines, end, closed, chunk):
    path = tmp_path_factory.getbasetemp() / "counts.jsonl"
    path.write_bytes(b'{"a":0}' + end + end.join(lines) + (end if closed else b""))
    file, saved, survey.CHUNK = File("counts.jsonl", path), survey.CHUNK, chunk  # so that a line crosses chunks
    try:
        counted = survey.survey(file, jsonlines.counter(file, Reading())).records
    finally:
        survey.CHUNK = saved
    records = list(jsonlines.records(file, Reading()))
    assert counted == len(records)
    with duck.connect([path]) as connection:
        relation = source.open_relation(connection, "t", [file])
        ((taken,),) = connection.execute(f"SELECT count(*) FROM {relation.sql}").fetchall()
    assert taken == sum(record.refused is None for record in records)


def test_keys_that_the_contract_does_not_know_are_columns_however_late_they_come(workspace):
    write(*({"x": number} for number in range(30_000)), {"x": 1, "late": True})
    contract = workspace.contract(
        """\
        schema:
          - name: t
            customProperties: [{property: additionalColumns, value: false}]
            properties: [{name: x, logicalType: integer}]
        """
    )
    assert "'late'" in workspace.checks(contract, "t.jsonl")["t.additionalColumns"].message


def test_types_of_undeclared_keys_come_from_a_look_and_what_differs_is_counted(workspace):
    write(
        {"i": 1, "n": 1, "t": "2020-01-01T00:00:00Z", "o": {"zip": 1, "l": [1]}, "m": 1, "e": []},
        {"i": 2, "n": 2.5, "t": None, "o": {"zip": None, "l": []}, "m": "x"},
        {"m": 2},
    )  # fmt: skip
    found, wrong, names = rows("t.jsonl")
    assert names == {
        "i": "BIGINT", "n": "DOUBLE", "t": "TIMESTAMP", "o": 'STRUCT("zip" BIGINT, "l" BIGINT[])', "m": "BIGINT",
        "e": "VARCHAR[]",
    }  # fmt: skip
    assert wrong == {"m": 1}
    assert len(found) == 3


def test_a_guessed_object_that_has_more_later_is_counted(workspace):
    write(*[{"o": {"a": 1}}] * 20_000, {"o": {"a": 1, "b": 2}})
    assert rows("t.jsonl", select="count(*)")[:2] == ([(20_001,)], {"o": 1})


def test_nested_rules_and_wrong_types_inside_are_judged(workspace):
    write(
        {"c": {"zip": 5, "lines": [{"n": 1}]}},
        {"c": {"zip": "5", "lines": []}},
        {"c": {"lines": [{"n": 1}, {"n": 2.5}]}},
        {},
    )
    contract = workspace.columns(
        """\
        - name: c
          logicalType: object
          properties:
            - {name: zip, logicalType: integer, required: true, logicalTypeOptions: {minimum: 10}}
            - name: lines
              logicalType: array
              items: {logicalType: object, properties: [{name: n, logicalType: integer}]}
        """
    )
    checks = workspace.checks(contract, "t.jsonl")
    assert (checks["t.c.logicalType"].measured, checks["t.c.logicalType"].rows) == (2, 4)
    assert checks["t.c.zip.minimum"].measured == 1
    assert checks["t.c.zip.required"].measured == 0


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b'[{"a": 1},\n{"a": 2}]', "jq -c"),
        (b'\xff\xfe{\x00"\x00', "UTF-16"),
        (b"version https://git-lfs.github.com/spec/v1\n", "git lfs pull"),
        (b"{}\n", "no key in any record"),
        (b"\n1\n", "line 2 is a single value"),
        (b'{"": 1}\n', "a key without a name"),
        (b'{"a": 1, "A": 2}\n', "differ in case alone"),
        (b'{"x": "' + b"9" * 70_000_000 + b'"}\n', "line 1 is longer than 16,000,000 bytes"),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_named(workspace, content, says):
    Path("t.jsonl").write_bytes(content)
    check = workspace.checks(workspace.columns("- {name: x, logicalType: integer}"), "t.jsonl")["t.readable"]
    assert check.status is Status.ERROR
    assert says in check.message and "t.jsonl" in check.message


def test_a_truncated_file_is_an_error(workspace):
    noise = random.Random(1)  # noqa: S311
    for name in ("t.jsonl.gz", "t.jsonl.zst"):
        write(*({"x": noise.random()} for _ in range(50_000)), name=name)
        Path(name).write_bytes(Path(name).read_bytes()[:100_000])
        check = workspace.checks(workspace.columns("- {name: x, logicalType: number}"), name)["t.readable"]
        assert check.status is Status.ERROR and name in check.message


def test_partition_folders_and_packings_meet_in_one_object(workspace):
    for year, name in (("2013", "t.jsonl"), ("2014", "t.jsonl.zst")):
        Path(f"d/year={year}").mkdir(parents=True)
        write({"v": 1}, name=f"d/year={year}/{name}")
    found, _, names = rows("d", types={"year": INTEGER})
    assert names == {"v": "BIGINT", "year": "BIGINT"}
    assert sorted(found) == [(1, 2013), (1, 2014)]


def test_keys_in_files_that_differ_are_nulls_in_the_others(workspace):
    write({"a": 1}, name="1.jsonl")
    write({"b": "x"}, name="2.jsonl")
    with pytest.raises(Unreadable, match="one format"):
        source.find(["1.jsonl", workspace.csv("a\n1\n")], Path.cwd())
    assert sorted(rows("*.jsonl")[0], key=str) == [(1, None), (None, "x")]
