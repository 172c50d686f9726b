"""Rules on what is inside of objects and arrays, held against plain loops over the same values."""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.types.nested import field_types, item_type
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
    with pytest.raises(CallError, match=r"zip\.pattern"):
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
