"""The standard's schema, made readable without a change of meaning, and older contracts made new."""

from __future__ import annotations

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema.validators import validator_for

from mlops_actions.data.contracts import odcs
from mlops_actions.errors import CallError
from mlops_actions.yamlfile import Document, loads

HEAD = {"version": "1", "kind": "DataContract", "apiVersion": "v3.2.0", "id": "c", "status": "active"}


def document(data):
    return Document("c.yaml", data, {}, {})


def published_allows(data):
    schema = odcs.published()
    return validator_for(schema)(schema).is_valid(data)


TYPES = ["string", "date", "timestamp", "time", "number", "integer", "object", "array", "boolean", "map", "vector", "x"]
OPTIONS = st.dictionaries(
    st.sampled_from(["minimum", "maximum", "pattern", "minLength", "format", "minItems", "dimensions", "nonsense"]),
    st.sampled_from([1, -1, 1.5, "a", "i32", True]),
    max_size=3,
)
QUALITY = st.fixed_dictionaries(
    {},
    optional={
        "type": st.sampled_from(["library", "sql", "text", "custom", "x"]),
        "metric": st.sampled_from(["nullValues", "rowCount", "nonsense"]),
        "query": st.just("SELECT 1"),
        "engine": st.just("soda"),
        "implementation": st.just("x"),
        "mustBe": st.sampled_from([0, 1.5]),
        "mustBeLessThan": st.sampled_from([0, 1.5]),
        "mustBeBetween": st.sampled_from([[0, 1], [0]]),
        "unknown": st.just(1),
    },
)
PROPERTY = st.fixed_dictionaries(
    {"logicalType": st.sampled_from(TYPES)},
    optional={
        "name": st.just("x"),
        "required": st.sampled_from([True, "yes"]),
        "logicalTypeOptions": OPTIONS,
        "enum": st.sampled_from([[], [{"value": 1}], [1]]),
        "quality": st.lists(QUALITY, max_size=2),
        "requird": st.just(True),
        "items": st.just({"logicalType": "string"}),
    },
)


@settings(max_examples=300, deadline=None)
@given(PROPERTY)
def test_the_readable_schema_allows_what_the_published_one_allows(one):
    data = {**HEAD, "schema": [{"name": "t", "properties": [one]}]}
    if one["logicalType"] == "map":
        one["map"] = {"key": {"logicalType": "string"}, "value": {"logicalType": "string"}}
    assert (not odcs.problems(document(data))) == published_allows(data)


def test_a_property_may_have_no_logical_type():
    """The published schema asks such a property to be a map; the standard's text makes the key optional."""
    data = {**HEAD, "schema": [{"name": "t", "properties": [{"name": "x", "physicalType": "int"}]}]}
    assert odcs.problems(document(data)) == []


@pytest.mark.parametrize(
    ("one", "says"),
    [
        ("{name: x, logicalType: integer, requird: true}", "Did you mean `required`?"),
        ("{name: x, logicalType: integr}", "Did you mean `integer`?"),
        ("{name: x, logicalType: integer, quality: [{metric: nulValues, mustBe: 0}]}", "Did you mean `nullValues`?"),
        ("{name: x, logicalType: integer, quality: [{metric: nullValues}]}", "has no operator"),
        ("{name: x, logicalType: integer, quality: [{metric: nullValues, mustBe: 0, mustNotBe: 1}]}", "more than one"),
        ("{name: x, logicalType: integer, quality: [{metric: nullValues, mustBe: many}]}", "must be a number"),
        (
            "{name: x, logicalType: integer, quality: [{metric: nullValues, mustBeBetween: [2, 1]}]}",
            "smaller number first",
        ),
        ("{logicalType: integer}", "lacks the key `name`"),
    ],
)
def test_one_mistake_is_one_problem_with_its_place(one, says):
    text = "".join(f"{key}: {value}\n" for key, value in HEAD.items())
    text = text.replace("version: 1", "version: '1'") + f"schema:\n- name: t\n  properties:\n  - {one}\n"
    (problem,) = odcs.problems(loads(text, "c.yaml"))
    assert says in str(problem)
    assert (problem.file, problem.line) == ("c.yaml", 9)


OLD = {
    **HEAD,
    "apiVersion": "v3.0.2",
    "team": [{"username": "a", "comment": "not a key of 3.2"}],
    "schema": [
        {
            "name": "t",
            "quality": [{"rule": "rowCount", "mustBeGreaterThan": 3}],
            "properties": [
                {
                    "name": "x",
                    "logicalType": "integer",
                    "logicalTypeOptions": {
                        "maximum": 9,
                        "exclusiveMaximum": True,
                        "minimum": 1,
                        "exclusiveMinimum": False,
                    },
                    "quality": [
                        {"rule": "validValues", "validValues": [1, 2]},
                        {"type": "library", "rule": "duplicateCount", "mustBeLessThan": 1, "unit": "percent"},
                        {"rule": "between", "mustBeGreaterThan": 1},
                    ],
                }
            ],
        }
    ],
}


def test_a_contract_of_3_0_means_the_same_in_the_form_of_3_2():
    before = copy.deepcopy(OLD)
    new = odcs.modern(document(OLD))
    assert before == OLD
    assert odcs.problems(new) == []
    (table,) = new.data["schema"]
    (one,) = table["properties"]
    assert table["quality"] == [{"metric": "rowCount", "mustBeGreaterThan": 3}]
    assert one["logicalTypeOptions"] == {"exclusiveMaximum": 9, "minimum": 1}
    assert one["quality"][0] == {"metric": "invalidValues", "arguments": {"validValues": [1, 2]}, "mustBe": 0}
    assert one["quality"][1]["metric"] == "duplicateValues"
    assert one["quality"][2]["type"] == "custom"


@pytest.mark.parametrize("version", ["v2.2.2", "v3.3.0", "3.2.0", 3])
def test_other_versions_are_refused(version):
    with pytest.raises(CallError, match="not a version that can be read"):
        odcs.modern(document({**HEAD, "apiVersion": version}))
