"""Two contracts compared: each kind of change, and the step of the version that it asks for."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import indent

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_actions.cli import main
from mlops_actions.data.contracts import contract
from mlops_actions.data.diffing import changes
from mlops_actions.data.diffing.diff import Comparison, diff
from mlops_actions.data.diffing.versions import Step, parse, step
from mlops_actions.errors import CallError
from mlops_actions.verdict import Status

HEAD = "apiVersion: v3.2.0\nkind: DataContract\nid: c\nstatus: active\n"
MAJOR, MINOR, PATCH = Step.MAJOR, Step.MINOR, Step.PATCH


def written(name, properties, version="1.0.0", rules="", top="", of="") -> Path:
    text = f"{HEAD}version: {version}\n{top}\nschema:\n  - name: t\n{indent(of, ' ' * 4)}\n"
    if rules:
        text += "    quality:\n" + indent(rules, " " * 6) + "\n"
    Path(name).write_text(text + "    properties:\n" + indent(properties, " " * 6), encoding="utf-8")
    return Path(name)


def changed(old, new, **more):
    """Rule to step of each change between two lists of properties."""
    return {each.rule: each.effect.step for each in compared(old, new, **more)}


def compared(old, new, **more):
    sides = ({key: value[place] for key, value in more.items()} for place in (0, 1))
    return changes.compare(
        *(
            contract.load(written(n, p, **side))
            for n, p, side in zip(("old.yaml", "new.yaml"), (old, new), sides, strict=True)
        )
    )


def x(more, kind="integer"):
    return f"- {{name: x, logicalType: {kind}, {more}}}"


def quality(more):
    return f"- {{name: x, logicalType: string, quality: [{{{more}}}]}}"


def valid(values, more="mustBe: 0"):
    return quality(f"metric: invalidValues, arguments: {{validValues: {values}}}, {more}")


OPTIONS = [
    ("integer", "minimum: 1", "minimum: 0", "minimum", MAJOR),
    ("integer", "minimum: 1", "minimum: 2", "minimum", MINOR),
    ("integer", "minimum: 1", "exclusiveMinimum: 0", "exclusiveMinimum", PATCH),
    ("number", "minimum: 1", "exclusiveMinimum: 1", "exclusiveMinimum", MINOR),
    ("number", "exclusiveMinimum: 1", "minimum: 1", "minimum", MAJOR),
    ("number", "maximum: 9", "exclusiveMaximum: 9", "exclusiveMaximum", MINOR),
    ("number", "exclusiveMaximum: 9", "maximum: 9", "maximum", MAJOR),
    ("integer", "maximum: 9", "maximum: 10", "maximum", MAJOR),
    ("integer", "maximum: 9", "minimum: 1", "maximum", MAJOR),
    ("integer", "maximum: 9", "maximum: 8", "maximum", MINOR),
    ("date", "minimum: '2020-01-01'", "minimum: '2019-12-31'", "minimum", MAJOR),
    ("date", "minimum: '2020-01-01'", "minimum: '2020-01-02'", "minimum", MINOR),
    ("timestamp", "maximum: '2020-01-01T00:00:00Z'", "maximum: '2020-01-01T02:00:00+02:00'", "maximum", PATCH),
    ("timestamp", "maximum: '2020-01-01T00:00:00Z'", "maximum: '2019-12-31T00:00:00'", "maximum", MINOR),
    ("time", "maximum: '10:00:00'", "maximum: '09:00:00Z'", "maximum", MAJOR),
    ("string", "pattern: a", "pattern: b", "pattern", MAJOR),
    ("string", "pattern: a", "minLength: 0", "pattern", MAJOR),
    ("string", "minLength: 0", "pattern: a", "pattern", MINOR),
    ("string", "minLength: 2", "minLength: 1", "minLength", MAJOR),
    ("string", "minLength: 2", "minLength: 3", "minLength", MINOR),
    ("string", "maxLength: 2", "maxLength: 3", "maxLength", MAJOR),
    ("string", "maxLength: 2", "maxLength: 1", "maxLength", MINOR),
    ("string", "maxLength: 2", "minLength: 0", "maxLength", MAJOR),
    ("string", "format: email", "format: uuid", "format", MAJOR),
    ("integer", "multipleOf: 2", "multipleOf: 4", "multipleOf", MINOR),
    ("integer", "multipleOf: 4", "multipleOf: 2", "multipleOf", MAJOR),
    ("integer", "format: i32", "format: i16", "format", MINOR),
    ("integer", "format: i32", "format: u32", "format", MAJOR),
    ("integer", "format: u16", "format: i8", "format", MAJOR),
    ("date", "format: yyyy-MM-dd", "format: dd.MM.yyyy", "format", MAJOR),
    ("date", "minimum: '2020-01-01'", "minimum: '2020-01-01', format: dd.MM.yyyy", "format", MAJOR),
    ("timestamp", "timezone: true", "timezone: false", "timezone", MAJOR),
    ("time", "maximum: '10:00:00'", "maximum: '10:00:00', timezone: true", "timezone", MAJOR),
    ("array", "uniqueItems: true", "uniqueItems: false", "uniqueItems", MAJOR),
    ("array", "uniqueItems: false", "uniqueItems: true", "uniqueItems", MINOR),
    ("array", "maxItems: 3", "maxItems: 4", "maxItems", MAJOR),
    ("object", "required: [a, b]", "required: [a]", "required", MAJOR),
    ("object", "required: [a]", "required: [a, b]", "required", MINOR),
    ("vector", "dimensions: 3", "dimensions: 4", "dimensions", MAJOR),
]


@pytest.mark.parametrize(("kind", "old", "new", "key", "effect"), OPTIONS)
def test_options_of_a_type(workspace, kind, old, new, key, effect):
    old, new = (x(f"logicalTypeOptions: {{{each}}}", kind) for each in (old, new))
    assert changed(old, new)[f"t.x.{key}"] is effect


PROPERTIES = [
    (x("required: true"), x("required: false"), "required", MAJOR),
    (x("required: false"), x("required: true"), "required", MINOR),
    (x("unique: true"), x("unique: false"), "unique", MAJOR),
    (x("unique: false"), x("unique: true"), "unique", MINOR),
    (x("physicalName: A"), x("physicalName: B"), "physicalName", MAJOR),
    (x("physicalName: x"), x("tags: []"), "physicalName", PATCH),
    ("- {name: x, logicalType: integer}", "- {name: x, logicalType: string}", "logicalType", MAJOR),
    ("- {name: x, logicalType: integer}", "- {name: x, logicalType: number}", "logicalType", MAJOR),
    ("- {name: x, logicalType: number}", "- {name: x, logicalType: integer}", "logicalType", MINOR),
    ("- {name: x, logicalType: integer}", "- {name: x}", "logicalType", MAJOR),
    ("- {name: x}", "- {name: x, logicalType: integer}", "logicalType", MINOR),
    (x("physicalType: BIGINT"), x("physicalType: VARCHAR"), "physicalType", MAJOR),
    (x("physicalType: INT"), x("physicalType: BIGINT"), "physicalType", MAJOR),
    (x("physicalType: BIGINT"), x("physicalType: int"), "physicalType", MINOR),
    (x("physicalType: INT"), x("physicalType: integer"), "physicalType", PATCH),
    (x("physicalType: 'VARCHAR(9)'"), x("physicalType: varchar( 9 )"), "physicalType", PATCH),
    (x("physicalType: VARCHAR(9)"), x("physicalType: VARCHAR(10)"), "physicalType", MAJOR),
    (x("physicalType: VARCHAR(9)"), x("physicalType: TEXT"), "physicalType", MAJOR),
    (x("physicalType: TEXT"), x("physicalType: VARCHAR(9)"), "physicalType", MINOR),
    (x("physicalType: 'DECIMAL(9,2)'"), x("physicalType: 'DECIMAL(9,1)'"), "physicalType", MAJOR),
    (x("physicalType: 'DECIMAL(9,2)'"), x("physicalType: 'DECIMAL(8,1)'"), "physicalType", MINOR),
    (x("physicalType: SDO_POINT"), x("physicalType: SDO_LINE"), "physicalType", MAJOR),
    (x("enum: [{value: 1}]"), x("enum: [{value: 1}, {value: 2}]"), "enum", MAJOR),
    (x("enum: [{value: 1}, {value: 2}]"), x("enum: [{value: 2}]"), "enum", MINOR),
    (x("enum: [{value: 1}, {value: 2}]"), x("enum: [{value: 2}, {value: 1, label: one}]"), "enum", PATCH),
    ("- {name: x, enum: [{value: 1}]}", "- {name: x, enum: [{value: true}]}", "enum", MAJOR),
    (x("enum: [{value: 1}]"), x("tags: []"), "enum", MAJOR),
    (x("semanticType: column"), x("semanticType: measure"), "semanticType", MAJOR),
    (x("semanticType: column"), x("semanticType: dimension"), "semanticType", PATCH),
    (x("classification: public"), x("classification: restricted"), "classification", MINOR),
    (x("description: a"), x("description: b"), "description", PATCH),
    (x("tags: [a]"), x("tags: [b]"), "tags", PATCH),
    (x("deprecated: false"), x("deprecated: true"), "deprecated", MINOR),
    (x("relationships: [{to: a.b}]"), x("tags: []"), "relationships", MAJOR),
    (x("tags: []"), x("relationships: [{to: a.b}]"), "relationships", MINOR),
    (x("items: {logicalType: integer}", "array"), x("items: {logicalType: string}", "array"), "[].logicalType", MAJOR),
    (x("items: {logicalType: integer}", "array"), x("tags: []", "array"), "items", MAJOR),
    (
        x("map: {key: {logicalType: string}, value: {logicalType: string, required: true}}", "map"),
        x("map: {key: {logicalType: string}, value: {logicalType: string}}", "map"),
        "value.required",
        MAJOR,
    ),
    (
        x("properties: [{name: y, logicalType: object, properties: [{name: z, unique: true}]}]", "object"),
        x("properties: [{name: y, logicalType: object, properties: [{name: z}]}]", "object"),
        "y.z.unique",
        MAJOR,
    ),
]


@pytest.mark.parametrize(("old", "new", "key", "effect"), PROPERTIES)
def test_properties(workspace, old, new, key, effect):
    name = f"t.x{key}" if key.startswith("[") else f"t.x.{key}"
    assert changed(old, new)[name] is effect


NULLS = "metric: nullValues, "
QUALITY = [
    (valid("[a]"), valid("[a, b]"), "validValues", MAJOR),
    (valid("[a, b]"), valid("[b]"), "validValues", MINOR),
    (valid("[a, b]"), valid("[b, a]"), "validValues", PATCH),
    (valid("[a]"), valid("[a, null]"), "validValues", PATCH),
    (valid("[a]"), "- {name: x, logicalType: string}", "validValues", MAJOR),
    ("- {name: x, logicalType: string}", valid("[a]"), "validValues", MINOR),
    (valid("[a]", "mustBeGreaterThan: 1"), valid("[a, b]", "mustBeGreaterThan: 1"), "validValues", MAJOR),
    (valid("[a, b]", "mustBeGreaterThan: 1"), valid("[a]", "mustBeGreaterThan: 1"), "validValues", MAJOR),
    (valid("[a]"), valid("[a]", "mustBe: 0, severity: warning"), "validValues", MAJOR),
    (valid("[a]", "mustBe: 0, severity: info"), valid("[a]", "mustBe: 0, severity: warning"), "validValues", MINOR),
    (valid("[a]"), valid("[a]", "mustBe: 0, description: new"), "validValues", PATCH),
    (valid("[a]"), valid("[a]", "mustBe: 0, unit: percent"), "validValues", PATCH),
    (quality(NULLS + "mustBeLessThan: 5"), quality(NULLS + "mustBeLessThan: 6"), "nullValues", MAJOR),
    (quality(NULLS + "mustBeLessThan: 5"), quality(NULLS + "mustBeLessOrEqualTo: 4"), "nullValues", PATCH),
    (quality(NULLS + "mustBeLessThan: 5"), quality(NULLS + "mustBeBetween: [1, 4]"), "nullValues", MINOR),
    (quality(NULLS + "mustBeLessThan: 5"), quality(NULLS + "mustBeLessThan: 5, unit: percent"), "nullValues", MAJOR),
    (
        quality(NULLS + "mustBeLessThan: 5, unit: percent"),
        quality(NULLS + "mustBeLessOrEqualTo: 4, unit: percent"),
        "nullValues",
        MINOR,
    ),
    (
        quality(NULLS + "mustBeLessOrEqualTo: 4, unit: percent"),
        quality(NULLS + "mustBeLessThan: 5, unit: percent"),
        "nullValues",
        MAJOR,
    ),
    (quality(NULLS + "mustNotBe: 3"), quality(NULLS + "mustBeGreaterThan: 3"), "nullValues", MINOR),
    (quality(NULLS + "mustNotBeBetween: [3, 5]"), quality(NULLS + "mustNotBe: 4"), "nullValues", MAJOR),
    (
        quality(NULLS + "mustNotBeBetween: [3, 5], unit: percent"),
        quality(NULLS + "mustBeGreaterOrEqualTo: 5, unit: percent"),
        "nullValues",
        MAJOR,
    ),
    (quality(NULLS + "mustNotBe: 4"), quality(NULLS + "mustNotBeBetween: [3, 5]"), "nullValues", MINOR),
    (
        quality("metric: missingValues, arguments: {missingValues: ['', NA]}, mustBe: 0"),
        quality("metric: missingValues, arguments: {missingValues: ['']}, mustBe: 0"),
        "missingValues",
        MAJOR,
    ),
    (
        quality("metric: missingValues, arguments: {missingValues: ['']}, mustBe: 0"),
        quality("metric: missingValues, arguments: {missingValues: ['', NA]}, mustBe: 0"),
        "missingValues",
        MINOR,
    ),
    (
        quality("metric: invalidValues, arguments: {pattern: a}, mustBe: 0"),
        quality("metric: invalidValues, arguments: {pattern: b}, mustBe: 0"),
        "pattern",
        MAJOR,
    ),
    (
        quality("type: sql, query: SELECT 1, mustBe: 0"),
        quality("type: sql, query: SELECT 2, mustBe: 0"),
        "sql",
        MAJOR,
    ),
    (
        quality("type: sql, query: SELECT 1, mustBeLessThan: 0"),
        quality("type: sql, query: SELECT 1, mustBeLessThan: -1"),
        "sql",
        MINOR,
    ),
    (quality("type: sql, query: q, mustBe: a"), quality("type: sql, query: q, mustBe: b"), "sql", MAJOR),
    (quality("type: text, description: a"), quality("type: text, description: b"), "text", MAJOR),
    (
        quality("type: custom, engine: a, implementation: b"),
        quality("type: custom, engine: a, implementation: c"),
        "custom",
        MAJOR,
    ),
]


@pytest.mark.parametrize(("old", "new", "key", "effect"), QUALITY)
def test_quality_rules(workspace, old, new, key, effect):
    assert changed(old, new) == {f"t.x.{key}": effect}


def test_a_rule_is_known_by_its_id_though_its_neighbors_moved(workspace):
    rows = "- {metric: rowCount, mustBeGreaterThan: %s, id: a}\n- {metric: rowCount, mustBeLessThan: %s, id: b}"
    swapped = "\n".join(reversed((rows % (2, 8)).splitlines()))
    found = changed(x("tags: []"), x("tags: []"), rules=(rows % (1, 9), swapped))
    assert found == {"t.rowCount": MINOR, "t.rowCount#2": MINOR}


def test_duplicates_over_fewer_columns_are_more(workspace):
    properties = x("tags: []") + "\n- {name: y, logicalType: integer}"
    one, both = (
        f"- {{metric: duplicateValues, arguments: {{properties: {each}}}, mustBe: 0}}" for each in ("[x]", "[x, y]")
    )
    assert changed(properties, properties, rules=(both, one)) == {"t.duplicateValues": MINOR}
    assert changed(properties, properties, rules=(one, both)) == {"t.duplicateValues": MAJOR}


def test_a_key_over_fewer_columns_repeats_no_row_either(workspace):
    column = "- {{name: {0}, logicalType: integer, required: true, primaryKey: {1}}}\n"
    both, one, none = (
        column.format("a", a) + column.format("b", b)
        for a, b in (("true", "true"), ("true", "false"), ("false", "false"))
    )
    assert changed(both, one) == {"t.primaryKey": MINOR}
    assert changed(one, both) == {"t.primaryKey": MAJOR}
    assert changed(both, none) == {"t.primaryKey": MAJOR}
    assert changed(none, both) == {"t.primaryKey": MINOR}
    assert changed(both, one.replace("required: true", "required: false")) == {
        "t.a.required": PATCH,
        "t.b.required": MAJOR,
        "t.primaryKey": MAJOR,
    }


def test_objects_and_properties_come_and_go(workspace):
    one, both = x("tags: []"), x("tags: []") + "\n- {name: y, logicalType: string}"
    assert changed(one, both) == {"t.y.property": MINOR}
    assert changed(both, one) == {"t.y.property": MAJOR}
    closed = "customProperties: [{property: additionalColumns, value: false}]"
    assert changed(one, both, of=(closed, closed)) == {"t.y.property": MAJOR}
    assert changed(one, one, of=(closed, "")) == {"t.additionalColumns": MAJOR}
    assert changed(one, one, of=("", closed)) == {"t.additionalColumns": MINOR}
    Path("two.yaml").write_text(written("one.yaml", one).read_text() + "\n  - {name: u}\n")
    first, second = contract.load(Path("one.yaml")), contract.load(Path("two.yaml"))
    assert [(each.rule, each.effect.step) for each in changes.compare(first, second)] == [("u.object", MINOR)]
    assert [(each.rule, each.effect.step) for each in changes.compare(second, first)] == [("u.object", MAJOR)]


TOP = [
    ("description: {purpose: a}", "description: {purpose: b}", "description", PATCH),
    ("team: {members: [{username: a}]}", "team: {members: [{username: b}]}", "team", PATCH),
    ("tags: [a]", "", "tags", PATCH),
    ("servers: [{server: s, type: local, path: a, format: csv}]", "", "servers.s", MAJOR),
    ("", "servers: [{server: s, type: local, path: a, format: csv}]", "servers.s", MINOR),
    (
        "servers: [{server: s, type: local, path: a, format: csv}]",
        "servers: [{server: s, type: local, path: b, format: csv}]",
        "servers.s",
        MAJOR,
    ),
    ("slaProperties: [{property: latency, value: 4}]", "slaProperties: [{property: latency, value: 5}]", "slaProperties.latency", MAJOR),
    ("slaProperties: [{property: latency, value: 4}]", "slaProperties: [{property: latency, value: 3}]", "slaProperties.latency", MINOR),
    ("slaProperties: [{property: retention, value: 4}]", "slaProperties: [{property: retention, value: 5}]", "slaProperties.retention", MINOR),
    (
        "slaProperties: [{property: latency, value: 4, unit: d}]",
        "slaProperties: [{property: latency, value: 3, unit: y}]",
        "slaProperties.latency",
        MAJOR,
    ),
    ("slaProperties: [{property: latency, value: 4}]", "", "slaProperties.latency", MAJOR),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "rule", "effect"), TOP)
def test_what_stands_above_the_schema(workspace, old, new, rule, effect):
    assert changed(x("tags: []"), x("tags: []"), top=(old, new)) == {rule: effect}


def test_a_contract_is_as_it_was(workspace):
    for old, new, *_ in PROPERTIES + QUALITY:
        assert changed(old, old) == changed(new, new) == {}


@pytest.mark.parametrize(
    ("old", "new", "made"),
    [
        ("1.0.0", "2.0.0", MAJOR),
        ("1.2.3", "1.3.0", MINOR),
        ("1.2.3", "1.2.4", PATCH),
        ("1.2.3", "1.2.3+build", Step.NONE),
        ("1.2.3", "1.2.2", Step.NONE),
        ("2.0.0-rc.9", "2.0.0-rc.10", MAJOR),
        ("2.0.0-rc.1", "2.0.0", MAJOR),
        ("2.0.0", "2.0.0-rc.1", Step.NONE),
        ("0.1.0", "0.2.0", MINOR),
    ],
)
def test_steps(old, new, made):
    assert step(parse(old), parse(new)) is made


BREAK, ADD, DOCS = (
    (x("required: true"), x("required: false")),
    (x("required: false"), x("required: true")),
    (x("description: a"), x("description: b")),
)


@pytest.mark.parametrize(
    ("pair", "old", "new", "status", "due"),
    [
        (BREAK, "1.0.0", "1.1.0", "fail", "major"),
        (BREAK, "1.0.0", "2.0.0", "pass", "major"),
        (BREAK, "0.1.0", "0.1.1", "fail", "minor"),
        (BREAK, "0.1.0", "0.2.0", "pass", "minor"),
        (ADD, "1.0.0", "1.0.1", "warn", "minor"),
        (ADD, "1.0.0", "1.1.0", "pass", "minor"),
        (DOCS, "1.0.0", "1.0.0", "warn", "patch"),
        (DOCS, "1.0.0", "1.0.1", "pass", "patch"),
        (DOCS, "1.0.1", "1.0.0", "fail", "patch"),
        ((BREAK[0],) * 2, "1.0.0", "1.0.0", "pass", "none"),
    ],
)
def test_the_version_decides(workspace, pair, old, new, status, due):
    outcome = diff(Comparison(written("o.yaml", pair[0], old), written("n.yaml", pair[1], new)), workspace.out)
    assert (outcome.verdict.status.value, outcome.outputs["due"]) == (status, due)
    assert json.loads(outcome.outputs["breaking"]) == (["t.x.required"] if pair is BREAK else [])


def test_a_change_stands_where_it_can_be_read(workspace):
    old = "- name: x\n  logicalType: string\n  required: true\n  unique: true\n- name: gone\n  logicalType: string"
    new = "- name: x\n  logicalType: string\n  required: false"
    outcome = diff(Comparison(written("o.yaml", old), written("n.yaml", new)), workspace.out)
    places = {each.rule: (each.where.file, each.where.line) for each in outcome.verdict.checks}
    assert set(places) == {"t.x.required", "t.x.unique", "t.gone.property"}
    for rule, file, text in (
        ("t.x.required", "n.yaml", "required: false"),
        ("t.x.unique", "o.yaml", "unique: true"),
        ("t.gone.property", "o.yaml", "- name: gone"),
    ):
        assert places[rule][0] == file
        assert text in Path(file).read_text().splitlines()[places[rule][1] - 1]
    (required,) = (each for each in outcome.verdict.checks if each.rule == "t.x.required")
    assert (required.status, required.measured, required.threshold) == (Status.FAIL, "none", {"step": "major"})
    assert "2.0.0" in required.message and required.where.column == "x"


@pytest.mark.parametrize("version", ["1.0", "v1.0.0", "01.0.0", "latest", "1.0.0-"])
def test_a_version_that_is_none_is_refused_at_its_line(workspace, version):
    old, new = written("o.yaml", BREAK[0]), written("n.yaml", BREAK[1], f"'{version}'")
    with pytest.raises(CallError, match="no semantic version") as caught:
        diff(Comparison(old, new), workspace.out)
    (problem,) = caught.value.problems
    assert (problem.file, problem.line) == ("n.yaml", 5)


def test_the_command(workspace, capsys):
    written("o.yaml", BREAK[0])
    written("n.yaml", BREAK[1])
    assert main(["contract", "diff", "o.yaml", "n.yaml"]) == 1
    assert "2.0.0" in capsys.readouterr().err
    assert main(["contract", "diff", "o.yaml", "o.yaml"]) == 0
    assert main(["contract", "diff", "o.yaml"]) == 2
    assert "contract diff OLD NEW" in capsys.readouterr().err


# What is not breaking keeps the old promises: held against data, whatever was drawn.

NUMBERS = st.integers(-3, 3)
ONE = st.fixed_dictionaries(
    {"logicalType": st.sampled_from(["integer", "number"])},
    optional={
        "required": st.booleans(),
        "unique": st.booleans(),
        "primaryKey": st.booleans(),
        "enum": st.lists(NUMBERS, min_size=1, max_size=5, unique=True).map(lambda v: [{"value": each} for each in v]),
        "logicalTypeOptions": st.fixed_dictionaries(
            {},
            optional={
                "minimum": st.integers(-3, 0),
                "exclusiveMinimum": st.integers(-3, 0),
                "maximum": st.integers(1, 3),
                "exclusiveMaximum": st.integers(1, 3),
                "multipleOf": st.sampled_from([1, 2, 3]),
            },
        ),
        "quality": st.lists(
            st.builds(
                lambda metric, operator, bound: metric | {operator: bound},
                st.sampled_from(
                    [
                        {"metric": "nullValues"},
                        {"metric": "duplicateValues"},
                        {"metric": "invalidValues", "arguments": {"validValues": [0, 1]}},
                        {"metric": "invalidValues", "arguments": {"validValues": [0, 1, 2]}},
                    ]
                ),
                st.sampled_from(["mustBe", "mustBeLessThan", "mustBeLessOrEqualTo", "mustBeGreaterThan", "mustNotBe"]),
                st.integers(0, 2),
            ),
            max_size=2,
        ),
    },
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ONE, ONE, st.data())
def test_data_that_keeps_the_new_contract_keeps_the_old_one_unless_it_broke(workspace, old, new, data):
    if data.draw(st.booleans()):
        key = data.draw(st.sampled_from(sorted(old)))
        new = old | {each: new[each] for each in (key,) if each in new}
    one, other = (f"- {json.dumps({'name': 'x', **each})}" for each in (old, new))
    if MAJOR in changed(one, other).values():
        return
    values = data.draw(st.lists(st.none() | NUMBERS, min_size=1, max_size=5))
    table = workspace.parquet(f"SELECT unnest({json.dumps(values).replace('null', 'NULL')}::BIGINT[]) AS x")
    if workspace.run(written("new.yaml", other), table).verdict.status is not Status.FAIL:
        assert workspace.run(written("old.yaml", one), table).verdict.status is not Status.FAIL
