"""Foreign keys: what they refer to, and how many rows refer to nothing."""

# ruff: noqa: S608 (statements of the tests' own)

from __future__ import annotations

import json
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_actions.data.contracts import contract
from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.rules import references
from mlops_actions.errors import CallError
from mlops_actions.verdict import Status, to_json

ORDERS = """\
schema:
  - name: orders
    id: o
{schema}
    properties:
      - {{name: id, logicalType: integer}}
      - {{name: country, logicalType: string}}
      - name: customer
        logicalType: {kind}
{property}
  - name: customers
    id: c
    properties:
      - {{name: id, id: the_key, logicalType: {kind}{extra}}}
      - {{name: country, logicalType: string}}
"""


def contract_of(workspace, to=None, schema=None, kind="integer", extra=""):
    return workspace.contract(
        ORDERS.format(
            property=f"        relationships: [{{to: {to}}}]" if to else "",
            schema=f"    relationships: [{schema}]" if schema else "",
            kind=kind,
            extra=extra,
        )
    )


def run(workspace, path, orders, customers):
    found = workspace.checks(path, mapping={"orders": (orders,), "customers": (customers,)})
    (check,) = [check for name, check in found.items() if "relationships" in name]
    return check


@pytest.mark.parametrize(
    "to",
    ["customers.id", "[customers.id]", "schema/c/properties/the_key", "/schema/c/properties/the_key"],
)
def test_rows_whose_key_is_not_there_are_counted(workspace, to):
    path = contract_of(workspace, to)
    orders = workspace.csv("id,country,customer\n1,a,1\n2,a,7\n3,a,7\n4,a,\n5,a,2\n6,a,x\n", "o.csv")
    customers = workspace.csv("id,country\n1,a\n1,a\n,a\n2,b\n", "c.csv")
    check = run(workspace, path, orders, customers)
    assert (check.rule, check.status, check.measured, check.rows) == (
        "orders.customer.relationships",
        Status.FAIL,
        2,
        6,
    )
    assert check.message == "2 of 6 rows (33.3 %) have a key that is not among customers.id (for example '7')"
    assert [(each.file, each.line, each.values) for each in check.examples] == [
        ("o.csv", 3, {"customer": "7"}),
        ("o.csv", 4, {"customer": "7"}),
    ]
    line = (workspace.root / "contract.yaml").read_text().splitlines()[check.where.line - 1]
    assert "relationships: [" in line


def test_a_composite_key_is_compared_as_a_whole(workspace):
    pair = "{from: [orders.country, orders.customer], to: [customers.country, schema/c/properties/the_key]}"
    orders = workspace.csv("id,country,customer\n1,a,1\n2,b,1\n3,,1\n4,b,2\n", "o.csv")
    customers = workspace.csv("id,country\n1,a\n2,b\n", "c.csv")
    check = run(workspace, contract_of(workspace, schema=pair), orders, customers)
    assert (check.rule, check.status, check.measured) == ("orders.relationships", Status.FAIL, 1)
    assert "not among customers (country, id) (for example 'b' and '1')" in check.message


def test_an_object_may_refer_to_itself(workspace):
    path = workspace.columns(
        "- {name: id, logicalType: integer}\n- {name: boss, logicalType: integer, relationships: [{to: t.id}]}"
    )
    check = workspace.checks(path, workspace.csv("id,boss\n1,\n2,1\n3,9\n"))["t.boss.relationships"]
    assert (check.status, check.measured, check.rows) == (Status.FAIL, 1, 3)


@pytest.mark.parametrize(
    ("to", "schema", "says"),
    [
        ("customer.id", None, "no object 'customer'. Did you mean `customers`?"),
        ("customers.idd", None, "customers has no property 'idd'. Did you mean `id`?"),
        ("customers.id.x", None, "customers.id has no property 'x'"),
        ("schema/c/properties/id", None, "no property with the id 'id'. There is: the_key, country."),
        ("schema/customers/properties/the_key", None, "no object with the id 'customers'"),
        ("schema/c/columns/id", None, "names no property"),
        ("schema/c", None, "names no property"),
        ("[customers.id, customers.country]", None, "has 1 in `from` and 2 in `to`"),
        ("[customers.id, orders.id]", None, "of both 'customers' and 'orders'"),
        (None, "{from: [orders.id, orders.country], to: [customers.id]}", "has 2 in `from` and 1 in `to`"),
        (None, "{from: orders.idd, to: customers.id}", "orders has no property 'idd'. Did you mean `id`?"),
        (None, "{from: orders.id, to: customers.id, form: x}", "Did you mean `from`?"),
        ("customers.id, from: orders.id", None, "`schema[0].properties[2].relationships[0].from` is not a known key"),
    ],
)
def test_a_relationship_to_what_is_not_there_is_refused_at_its_place(workspace, to, schema, says):
    path = contract_of(workspace, to, schema)
    with pytest.raises(CallError) as caught:
        references.resolve(contract.load(path))
    (problem,) = caught.value.problems
    assert says in str(problem)
    line = path.read_text().splitlines()[problem.line - 1]
    assert "relationships" in line
    assert line[problem.column - 1 :].lstrip("[").startswith(("to", "from", "form", "customers", "orders", "schema"))


def test_without_the_data_that_it_refers_to_nothing_is_checked(workspace):
    path = contract_of(workspace, "customers.id")
    found = workspace.checks(path, mapping={"orders": (workspace.csv("id,country,customer\n1,a,1\n"),)})
    check = found["orders.customer.relationships"]
    assert (check.status, check.message) == (Status.NOT_CHECKED, "not checked: no data was given for 'customers'")


def test_a_relationship_into_another_contract_is_not_checked(workspace):
    path = contract_of(workspace, '"other.yaml#schema/c/properties/x"')
    data = workspace.csv("id,country,customer\n1,a,1\n")
    check = run(workspace, path, data, workspace.csv("id,country\n1,a\n", "c.csv"))
    assert (check.status, check.message) == (Status.NOT_CHECKED, "not checked: it refers to another contract")


@pytest.mark.parametrize(
    ("orders", "customers", "says"),
    [
        ("1 AS id, 'a' AS country, DATE '2020-01-01' AS customer", "1 AS id", "cannot be compared"),
        ("1 AS id, 'a' AS country, 1 AS customer", "'a' AS id", "cannot be compared"),
        ("1 AS id, 'a' AS country, [1] AS customer", "[1] AS id", "cannot be compared"),
        ("1 AS id, 'a' AS country", "1 AS id", "no column 'customer'"),
        ("1 AS id, 'a' AS country, 1 AS customer", "1 AS Id", "no column 'id'. Did you mean `Id`?"),
    ],
)
def test_what_cannot_be_compared_is_an_error(workspace, orders, customers, says):
    orders, customers = (workspace.parquet(f"SELECT {each}", f"{each[-3:]}.parquet") for each in (orders, customers))
    check = run(workspace, contract_of(workspace, "customers.id"), orders, customers)
    assert check.status is Status.ERROR
    assert says in check.message


def test_data_that_cannot_be_read_is_an_error(workspace):
    orders, customers = workspace.csv("id,country,customer\n1,a,1\n", "o.csv"), workspace.csv("", "c.csv")
    check = run(workspace, contract_of(workspace, "customers.id"), orders, customers)
    assert (check.status, check.message) == (Status.ERROR, "not evaluated: c.csv: is empty")


def test_a_format_that_cannot_be_read_is_not_checked(workspace):
    path = contract_of(workspace, "customers.id", kind="date", extra=", logicalTypeOptions: {format: d/M/yy}")
    orders = workspace.csv("id,country,customer\n1,a,2020-01-01\n", "o.csv")
    assert run(workspace, path, orders, workspace.csv("id,country\n1/1/20,a\n")).status is Status.NOT_CHECKED


def test_a_private_key_is_not_shown(workspace):
    path = contract_of(workspace, "customers.id", extra=", classification: restricted")
    orders = workspace.csv("id,country,customer\n1,a,4711\n", "o.csv")
    outcome = workspace.run(path, mapping={"orders": (orders,), "customers": (workspace.csv("id,country\n1,a\n"),)})
    (check,) = [each for each in outcome.verdict.checks if each.rule == "orders.customer.relationships"]
    assert check.measured == 1
    assert "4711" not in json.dumps(to_json(outcome.verdict))


def test_hostile_names(workspace):
    """Both columns are called as the comparison's own might be, and worse."""
    path = workspace.contract(
        """\
        schema:
          - name: a
            properties:
              - {name: x, physicalName: 'key0"] . ''', logicalType: integer, relationships: [{to: b.y}]}
              - {name: k, physicalName: keytext0, logicalType: integer, relationships: [{to: b.z}]}
          - name: b
            properties:
              - {name: y, physicalName: referring, logicalType: integer}
              - {name: z, physicalName: keytext0, logicalType: integer}
        """
    )
    first = workspace.parquet("""SELECT 1 AS "key0""] . '", 5 AS keytext0, 6 AS shown""", "a.parquet")
    second = workspace.parquet("SELECT 2 AS referring, 5 AS keytext0", "b.parquet")
    found = workspace.checks(path, mapping={"a": (first,), "b": (second,)})
    assert found["a.x.relationships"].measured == 1
    assert found["a.k.relationships"].status is Status.PASS


def test_whole_numbers_and_binary_fractions_meet_without_rounding(workspace):
    path = contract_of(workspace, "customers.id", kind="number")
    large = 2**53
    orders = workspace.parquet(
        f"SELECT 1 AS id, 'a' AS country, unnest([{large}, {large + 1}, 3]) AS customer", "o.parquet"
    )
    customers = workspace.parquet(
        f"SELECT unnest([{large}::DOUBLE, 3.0, 4.5, 'nan'::DOUBLE]) AS id, 'a' AS country", "c.parquet"
    )
    assert run(workspace, path, orders, customers).measured == 1
    swapped = workspace.parquet("SELECT 1 AS id, 'a' AS country, id AS customer FROM 'c.parquet'", "s.parquet")
    keys = workspace.parquet("SELECT customer AS id, country FROM 'o.parquet'", "k.parquet")
    assert run(workspace, path, swapped, keys).measured == 2


def test_text_that_nobody_gave_a_type_is_compared_as_it_stands(workspace):
    path = workspace.contract(
        """\
        schema:
          - {name: a, properties: [{name: x, relationships: [{to: b.y}]}]}
          - {name: b, properties: [{name: y, logicalType: string}]}
        """
    )
    first, second = workspace.csv("x\n7\n8\n", "a.csv"), workspace.csv("y\n7\n08\n", "b.csv")
    found = workspace.checks(path, mapping={"a": (first,), "b": (second,)})
    assert found["a.x.relationships"].measured == 1


NUMBERS = st.none() | st.sampled_from([0.0, -0.0, 1.0, 2.5, math.nan, math.inf])
TEXTS = st.none() | st.sampled_from(["", "a", "A", "é", "'", "\n"])


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(NUMBERS, TEXTS), max_size=6), st.lists(st.tuples(NUMBERS, TEXTS), max_size=6))
def test_the_count_is_that_of_a_plain_loop(workspace, here, there):
    path = workspace.contract(
        """\
        schema:
          - name: a
            relationships: [{from: [a.x, a.y], to: [b.x, b.y]}]
            properties: [{name: x, logicalType: number}, {name: y, logicalType: string}]
          - name: b
            properties: [{name: x, logicalType: number}, {name: y, logicalType: string}]
        """
    )

    def table(rows, name):
        values = ", ".join(f"({literal(x)}::DOUBLE, {literal(y)}::VARCHAR)" for x, y in [*rows, (None, None)])
        return workspace.parquet(f"SELECT * FROM (VALUES {values}) AS t(x, y)", name)

    def same(key):
        return tuple("NaN" if part != part else part for part in key)  # NaN equals NaN here

    found = workspace.checks(path, mapping={"a": (table(here, "a.parquet"),), "b": (table(there, "b.parquet"),)})
    keys = {same(key) for key in there}
    truth = sum(None not in key and same(key) not in keys for key in here)
    assert found["a.relationships"].measured == truth
