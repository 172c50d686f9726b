"""The contract as it is read: sense, places, privacy."""

from __future__ import annotations

import pytest

from mlops_actions.data.contracts import contract
from mlops_actions.data.rules import rules
from mlops_actions.errors import CallError
from mlops_actions.verdict import Severity


def test_every_element_knows_its_line(workspace):
    path = workspace.columns(
        "- name: x\n  physicalName: X_1\n  logicalType: integer\n  required: true\n  logicalTypeOptions:\n    minimum: 1\n"
    )
    read = contract.load(path)
    ((one,),) = (each.properties for each in read.objects)
    lines = path.read_text().splitlines()
    for key, place in (
        ("name: x", ("name",)),
        ("required", ("required",)),
        ("minimum", ("logicalTypeOptions", "minimum")),
    ):
        assert key in lines[one.element.line(*place) - 1]
    assert (one.name, one.column) == ("x", "X_1")


@pytest.mark.parametrize(
    ("properties", "says"),
    [
        ("- {name: x, logicalType: integer}\n- {name: x, logicalType: string}", "'x' stands twice"),
        (
            "- {name: x, logicalType: integer, logicalTypeOptions: {minimum: 9, maximum: 1}}",
            "no value can be in the range",
        ),
        ("- {name: x, logicalType: string, logicalTypeOptions: {minLength: 9, maxLength: 1}}", "no value can be"),
        ("- {name: x, logicalType: array, logicalTypeOptions: {minItems: 9, maxItems: 1}}", "no value can be"),
        ("- {name: x, logicalTypeOptions: {minItems: -1}}", "`minItems` must be a whole number"),
        ("- {name: x, logicalTypeOptions: {timezone: 1}}", "`timezone` must be true or false"),
        ("- {name: x, logicalType: date, logicalTypeOptions: {minimum: yesterday}}", "is no date"),
        ("- {name: x, logicalTypeOptions: {minLength: '1) OR (1'}}", "`minLength` must be a whole number"),
        ("- {name: x, logicalTypeOptions: {minimum: [1]}}", "`minimum` must be"),
        ("- {name: x, logicalTypeOptions: {multipleOf: 0}}", "`multipleOf` must be"),
        ("- {name: x, logicalTypeOptions: {maximum: .inf}}", "`maximum` must be"),
        ('- {name: x, description: "\\0"}', "NUL"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_line(workspace, properties, says):
    path = workspace.columns(properties)
    with pytest.raises(CallError, match=says) as caught:
        read = contract.load(path)
        rules.derive(read, read.objects[0])
    (problem,) = caught.value.problems
    assert "{name: x" in path.read_text().splitlines()[problem.line - 1]


def test_a_contract_without_objects_is_refused(workspace):
    with pytest.raises(CallError, match="no `schema`"):
        contract.load(workspace.contract(""))


def test_names_of_a_composite_key_must_be_properties(workspace):
    path = workspace.columns(
        "- {name: order, logicalType: string}",
        "- {metric: duplicateValues, mustBe: 0, arguments: {properties: [ordre]}}",
    )
    read = contract.load(path)
    with pytest.raises(CallError, match=r"no property 'ordre'. Did you mean `order`"):
        rules.derive(read, read.objects[0])


@pytest.mark.parametrize(
    ("extra", "private"),
    [
        ("", False),
        ("classification: public", False),
        ("classification: Internal", False),
        ("classification: restricted", True),
        ("classification: '3'", True),
        ("tags: [finance]", False),
        ("tags: [finance, PII]", True),
    ],
)
def test_what_is_private(workspace, extra, private):
    read = contract.load(workspace.columns(f"- {{name: x, logicalType: string, {extra}}}"))
    assert read.objects[0].private == (frozenset({"x"}) if private else frozenset())


def test_encrypted_values_are_private(workspace):
    read = contract.load(workspace.columns("- {name: x, logicalType: string, encryptedName: x_secret}"))
    assert read.objects[0].private == frozenset({"x_secret"})


def test_severities_are_the_contracts(workspace):
    severities = "[{metric: rowCount, mustBe: 0, severity: %s}]"
    for word, severity in {"info": "info", "Warning": "warning", "error": "error", "critical": "error"}.items():
        read = contract.load(workspace.columns("- {name: x, logicalType: string}", severities % word))
        (rule,) = read.objects[0].quality
        assert rule.severity is Severity(severity)
