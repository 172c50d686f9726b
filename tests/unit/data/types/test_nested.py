"""Rules on what is inside of objects and arrays, held against plain loops over the same values."""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.types.nested import entry_types, field_types, item_type
from mlops_actions.errors import CallError
from mlops_actions.verdict import Status

ORDERS = """\
- name: customer
  logicalType: object
  properties:
    - name: address
      logicalType: object
      properties:
        - {name: zip, logicalType: string, required: true, logicalTypeOptions: {pattern: '^[0-9]+$', maxLength: 3}}
- name: lines
  logicalType: array
  logicalTypeOptions: {minItems: 1, maxItems: 2, uniqueItems: true}
  items:
    logicalType: object
    required: true
    properties:
      - {name: amount, logicalType: integer, required: true, logicalTypeOptions: {minimum: 1}}
      - name: codes
        logicalType: array
        logicalTypeOptions: {maxItems: 2}
        items: {logicalType: string, enum: [{value: a}, {value: b}], required: true}
"""

ZIPS = st.none() | st.sampled_from(["1", "12x", "1234", ""])
CUSTOMERS = st.none() | st.fixed_dictionaries({"address": st.none() | st.fixed_dictionaries({"zip": ZIPS})})
CODES = st.none() | st.lists(st.none() | st.sampled_from(["a", "b", "c"]), max_size=3)
LINES = st.fixed_dictionaries({"amount": st.none() | st.integers(-1, 2), "codes": CODES})
ROWS = st.tuples(CUSTOMERS, st.none() | st.lists(st.none() | LINES, max_size=3))

TYPES = ("STRUCT(address STRUCT(zip VARCHAR))", "STRUCT(amount INTEGER, codes VARCHAR[])[]")


def written(value):
    """A value as the engine writes it."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{literal(key)}: {written(inner)}" for key, inner in value.items()) + "}"
    return "[" + ", ".join(map(written, value)) + "]" if isinstance(value, list) else literal(value)


def present(values):
    return [value for value in values or () if value is not None]


def truth(rows):
    """The number of rows that hold a value which breaks each rule."""
    zips = [[a["zip"] for c in present([customer]) for a in present([c["address"]])] for customer, _ in rows]
    lines = [row[1] for row in rows]
    inner = [present(each) for each in lines]
    codes = [present(line["codes"] for line in each) for each in inner]
    return {
        "t.customer.address.zip.required": sum(None in each for each in zips),
        "t.customer.address.zip.pattern": sum(any(not z.isdigit() for z in present(each)) for each in zips),
        "t.customer.address.zip.maxLength": sum(any(len(z) > 3 for z in present(each)) for each in zips),
        "t.lines.minItems": sum(each is not None and len(each) < 1 for each in lines),
        "t.lines.maxItems": sum(each is not None and len(each) > 2 for each in lines),
        "t.lines.uniqueItems": sum(len({repr(sorted(line.items())) for line in each}) < len(each) for each in inner),
        "t.lines[].required": sum(None in (each or ()) for each in lines),
        "t.lines[].amount.required": sum(any(line["amount"] is None for line in each) for each in inner),
        "t.lines[].amount.minimum": sum(any(n < 1 for n in present(line["amount"] for line in each)) for each in inner),
        "t.lines[].codes.maxItems": sum(any(len(code) > 2 for code in each) for each in codes),
        "t.lines[].codes[].required": sum(any(None in code for code in each) for each in codes),
        "t.lines[].codes[].enum": sum(any("c" in code for code in each) for each in codes),
    }


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ROWS, min_size=1, max_size=6))
def test_rows_that_hold_a_value_that_breaks_a_rule(workspace, rows):
    values = ", ".join(f"({written(customer)}::{TYPES[0]}, {written(lines)}::{TYPES[1]})" for customer, lines in rows)
    data = workspace.parquet(f"SELECT * FROM (VALUES {values}) AS t(customer, lines)")
    checks = workspace.checks(workspace.columns(ORDERS), data)
    wanted = truth(rows)
    assert {rule: checks[rule].measured for rule in wanted} == wanted
    assert not [rule for rule, check in checks.items() if check.status in {Status.ERROR, Status.NOT_CHECKED}]
    kept = {rule for rule in wanted if not wanted[rule]}
    assert kept == {rule for rule in wanted if checks[rule].status is Status.PASS}


METRICS = """\
- name: customer
  logicalType: object
  properties:
    - name: id
      logicalType: integer
      unique: true
      quality:
        - {metric: nullValues, mustBe: 0}
        - {metric: duplicateValues, mustBe: 0}
- name: amounts
  logicalType: map
  map:
    key: {logicalType: string, logicalTypeOptions: {maxLength: 1}}
    value:
      logicalType: integer
      required: true
      logicalTypeOptions: {minimum: 0}
      quality:
        - {metric: nullValues, mustBe: 0}
        - {metric: missingValues, mustBe: 0, arguments: {missingValues: [1]}}
        - {metric: invalidValues, mustBe: 0, arguments: {validValues: [1, 2]}}
- name: point
  logicalType: vector
  logicalTypeOptions: {dimensions: 2, elementType: int8}
- name: direction
  logicalType: vector
  logicalTypeOptions: {dimensions: 2, normalized: true}
- name: bag
  logicalType: object
  logicalTypeOptions: {minProperties: 1, maxProperties: 2, required: [a, b]}
  properties: [{name: a, physicalName: A_1, logicalType: integer}]
"""

IDS = st.none() | st.fixed_dictionaries({"id": st.none() | st.integers(0, 3)})
AMOUNTS = st.none() | st.dictionaries(st.sampled_from(["a", "b", "cc"]), st.none() | st.integers(-1, 3), max_size=3)
POINTS = st.none() | st.lists(st.none() | st.sampled_from([-129.0, -1.0, 0.5, 127.0, math.nan]), max_size=3)
LENGTHS = st.none() | st.lists(st.sampled_from([0.0, 0.6, 0.8, 1.0, -1.0, math.nan, math.inf]), max_size=3)
BAGS = st.none() | st.fixed_dictionaries({name: st.none() | st.just(1) for name in ("A_1", "b", "c")})
METRIC_TYPES = (
    "STRUCT(id INTEGER)", "MAP(VARCHAR, INTEGER)", "DOUBLE[]", "DOUBLE[]", "STRUCT(A_1 INTEGER, b INTEGER, c INTEGER)"
)  # fmt: skip


def as_map(value):
    if value is None:
        return "NULL"
    return "MAP {" + ", ".join(f"{literal(key)}: {literal(inner)}" for key, inner in value.items()) + "}"


def metrics(rows):
    """The number of rows that each rule counts."""
    ids = [customer["id"] for customer, *_ in rows if customer is not None]
    values = [list(row[1].values()) for row in rows if row[1] is not None]
    points, lengths = present([row[2] for row in rows]), present([row[3] for row in rows])
    bags = [[name for name in bag if bag[name] is not None] for bag in present([row[4] for row in rows])]
    surplus = len(present(ids)) - len(set(present(ids)))
    return {
        "t.customer.id.unique": surplus,
        "t.customer.id.duplicateValues": surplus,
        "t.customer.id.nullValues": ids.count(None),
        "t.amounts.key.maxLength": sum("cc" in row[1] for row in rows if row[1] is not None),
        "t.amounts.value.required": sum(None in each for each in values),
        "t.amounts.value.nullValues": sum(None in each for each in values),
        "t.amounts.value.minimum": sum(any(one < 0 for one in present(each)) for each in values),
        "t.amounts.value.missingValues": sum(1 in each for each in values),
        "t.amounts.value.validValues": sum(any(one not in {1, 2} for one in present(each)) for each in values),
        "t.point.dimensions": sum(len(each) != 2 for each in points),
        "t.point.elementType": sum(any(one not in {-1.0, 127.0} for one in present(each)) for each in points),
        "t.direction.dimensions": sum(len(each) != 2 for each in lengths),
        "t.direction.normalized": sum(not math.isclose(math.hypot(*each), 1, rel_tol=0.005) for each in lengths),
        "t.bag.minProperties": sum(not each for each in bags),
        "t.bag.maxProperties": sum(len(each) > 2 for each in bags),
        "t.bag.logicalTypeOptions.required": sum(not {"A_1", "b"} <= set(each) for each in bags),
    }


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(IDS, AMOUNTS, POINTS, LENGTHS, BAGS), min_size=1, max_size=6))
def test_metrics_maps_vectors_and_objects(workspace, rows):
    writers = (written, as_map, written, written, written)
    values = ", ".join(
        f"({', '.join(f'{write(value)}::{kind}' for write, value, kind in zip(writers, row, METRIC_TYPES, strict=True))})"
        for row in rows
    )
    names = "customer, amounts, point, direction, bag"
    data = workspace.parquet(f"SELECT * FROM (VALUES {values}) AS t({names})")
    checks = workspace.checks(workspace.columns(METRICS), data)
    wanted = metrics(rows)
    assert {rule: checks[rule].measured for rule in wanted} == wanted
    assert not [rule for rule, check in checks.items() if check.status in {Status.ERROR, Status.NOT_CHECKED}]


def test_queries_of_what_is_inside(workspace):
    contract = workspace.columns(
        """\
        - name: customer
          logicalType: object
          properties:
            - {name: id, logicalType: integer, quality: [{type: sql, query: "SELECT count({property}) FROM t", mustBe: 1}]}
        - name: lines
          logicalType: array
          items:
            logicalType: integer
            quality:
              - {type: sql, query: "SELECT count(*) FROM {object}", mustBe: 2}
              - {type: sql, query: "SELECT count({property}) FROM t", mustBe: 2}
        """
    )
    data = workspace.parquet("SELECT * FROM (VALUES ({'id': 1}, [1]), ({'id': NULL}, [2])) AS t(customer, lines)")
    checks = workspace.checks(contract, data)
    assert checks["t.customer.id.sql"].status is checks["t.lines[].sql"].status is Status.PASS
    assert checks["t.lines[].sql#2"].status is Status.NOT_CHECKED


def test_keys_inside_of_objects(workspace):
    contract = workspace.contract(
        """\
        schema:
          - name: t
            quality: [{metric: duplicateValues, mustBe: 0, arguments: {properties: [o.a, b]}}]
            properties:
              - name: o
                logicalType: object
                properties:
                  - {name: a, physicalName: A_1, logicalType: integer, relationships: [{to: t.b}]}
              - {name: b, logicalType: integer}
        """
    )
    rows = "(VALUES ({'A_1': 1}, 1), ({'A_1': 1}, 1), ({'A_1': 3}, 1), ({'A_1': NULL}, 1), (NULL, 1), ({'A_1': 1}, 2))"
    checks = workspace.checks(contract, workspace.parquet(f"SELECT * FROM {rows} AS t(o, b)"))
    assert checks["t.duplicateValues"].measured == 1
    assert "2 rows share 1 key" in checks["t.duplicateValues"].message
    assert "'o.A_1'" in checks["t.duplicateValues"].message
    assert [each.row for each in checks["t.duplicateValues"].examples] == [1, 2]
    assert (checks["t.o.a.relationships"].measured, "'3'" in checks["t.o.a.relationships"].message) == (1, True)


def test_a_private_part_makes_its_column_private(workspace):
    contract = workspace.columns(
        """\
        - name: people
          logicalType: array
          logicalTypeOptions: {maxItems: 0}
          items: {logicalType: object, properties: [{name: mail, logicalType: string, classification: restricted}]}
        """
    )
    outcome = workspace.run(contract, workspace.parquet("SELECT [{'mail': 'secret@example.org'}] AS people"))
    assert "secret@" not in repr(outcome) + (workspace.out / "profile.json").read_text()


def test_a_field_that_is_not_there_fails_with_the_nearest_name(workspace):
    data = workspace.parquet("SELECT {'address': {'Zip': '1'}} AS customer, [{'amuont': 1, 'codes': [1]}] AS lines")
    checks = workspace.checks(workspace.columns(ORDERS), data)
    assert checks["t.customer.address.present"].status is Status.PASS
    assert checks["t.customer.address.zip.present"].status is Status.FAIL
    assert (
        "'customer.address' has no field 'zip'. Did you mean `Zip`?" in checks["t.customer.address.zip.present"].message
    )
    assert "'lines[]' has no field 'amount'. Did you mean `amuont`?" in checks["t.lines[].amount.present"].message
    assert checks["t.lines[].amount.minimum"].status is Status.ERROR
    assert checks["t.lines[].codes[].logicalType"].status is Status.FAIL
    assert "'lines[].codes[]'" not in checks["t.lines[].codes[].logicalType"].message
    assert checks["t.lines[].codes.logicalType"].status is Status.PASS


def test_what_is_no_object_and_no_array_has_nothing_inside(workspace):
    checks = workspace.checks(workspace.columns(ORDERS), workspace.parquet("SELECT 1 AS customer, 'a' AS lines"))
    assert "which has no fields" in checks["t.customer.address.present"].message
    assert checks["t.customer.address.present"].status is Status.FAIL
    assert checks["t.lines.minItems"].status is checks["t.lines[].required"].status is Status.ERROR


@pytest.mark.parametrize(
    "name", ['quo"te', "apo'strophe", "a.b", "a[1]", "x, y INTEGER)", "(", "text0", "INTEGER[]", "ä b"]
)
def test_hostile_names_of_fields(workspace, name):
    quoted = '"' + name.replace('"', '""') + '"'
    inner = f"STRUCT({quoted} STRUCT({quoted} INTEGER[]), {'o' if name == 'n' else 'n'} INTEGER)"
    value = f"{{{literal(name)}: {{{literal(name)}: [1, -1]}}, 'n': 1}}::{inner}"
    data = workspace.parquet(f"SELECT {value} AS {quoted}, 1 AS text0_, 2 AS text")
    escaped = name.replace("'", "''")
    contract = workspace.columns(
        f"""\
        - name: '{escaped}'
          logicalType: object
          properties:
            - name: '{escaped}'
              logicalType: object
              properties:
                - name: '{escaped}'
                  logicalType: array
                  items: {{logicalType: integer, logicalTypeOptions: {{minimum: 0}}}}
        """
    )
    checks = workspace.checks(contract, data)
    assert (checks[f"t.{name}.{name}.{name}[].minimum"].measured, len(checks[f"t.{name}.present"].message) > 0) == (
        1,
        True,
    )
    assert checks[f"t.{name}.{name}.{name}[].logicalType"].status is Status.PASS


def test_a_pattern_inside_that_re2_lacks_is_refused(workspace):
    contract = workspace.columns(ORDERS.replace("^[0-9]+$", "(?=a)"))
    with pytest.raises(CallError, match=r"contract\.yaml:16:87: the pattern cannot be run"):
        workspace.run(contract, workspace.parquet("SELECT 1 AS x"))


def test_types_are_taken_apart():
    kind = (
        """STRUCT("a, ""b" DECIMAL(18,3), c ENUM('x)', 'y, "z'), d STRUCT(e INTEGER[3], "f(" MAP(VARCHAR, DATE))[])"""
    )
    fields = field_types(kind)
    assert list(fields) == ['a, "b', "c", "d"]
    assert fields['a, "b'] == "DECIMAL(18,3)"
    assert item_type(fields["d"]) == 'STRUCT(e INTEGER[3], "f(" MAP(VARCHAR, DATE))'
    assert field_types(item_type(fields["d"])) == {"e": "INTEGER[3]", "f(": "MAP(VARCHAR, DATE)"}
    assert (item_type("INTEGER[3]"), item_type("INTEGER"), field_types("INTEGER[]")) == ("INTEGER", None, None)
    assert entry_types("MAP(STRUCT(a INTEGER, b VARCHAR), MAP(VARCHAR, DATE)[])") == (
        "STRUCT(a INTEGER, b VARCHAR)",
        "MAP(VARCHAR, DATE)[]",
    )
    assert (entry_types("MAP(VARCHAR, DATE)[]"), entry_types("INTEGER")) == (None, None)
