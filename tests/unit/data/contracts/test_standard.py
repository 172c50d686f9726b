"""Nothing of the standard is passed over in silence: each construct has a row in docs/odcs.yaml, and the row is true."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from mlops_actions import yamlfile
from mlops_actions.data.contracts import contract, odcs
from mlops_actions.data.validate import Validation, validate
from mlops_actions.errors import CallError
from mlops_actions.verdict import Check, Status
from tests.unit.data.conftest import HEAD

TABLE = Path(__file__).resolve().parents[4] / "docs/odcs.yaml"
ROWS = [row for section in yamlfile.load(TABLE).data for row in section["rows"]]
STATES = {name: row["state"] for row in ROWS for name in row["of"]}

# The standard's own words


OWNERS = {
    "SchemaElement": "element",
    "SchemaObject": "schema",
    "SchemaBaseProperty": "property",
    "SchemaItemProperty": "item",
    "EnumValue": "enum",
    "ServiceLevelAgreementProperty": "slaProperty",
    **dict.fromkeys(("RelationshipBase", "RelationshipSchemaLevel", "RelationshipPropertyLevel"), "relationship"),
    **{f"DataQuality{part}": "quality" for part in ("", "Checks", "Library", "Sql", "Custom", "Operators")},
}
"""What the table calls the owner of keys that a definition of the standard's schema has; else its own name."""

OPEN = {"string.format", "quality.unit", "quality.severity"}
"""Keys that take any text, of which the schema lists some as examples: what is done with those is said one by one."""

IN_PROSE = {
    f"slaProperty.property={word}"
    for word in [
        "availability",
        "throughput",
        "errorRate",
        "generalAvailability",
        "endOfSupport",
        "endOfLife",
        "retention",
        "frequency",
        "latency",
        "freshness",
        "timeOfAvailability",
        "timeToDetect",
        "timeToNotify",
        "timeToRepair",
    ]
}
"""What the standard's text lists and its schema does not (service-level-agreement, "Valid Values for SLA Properties")."""


def constructs() -> set[str]:
    """Each key that the published schema knows, and each value that it lists."""
    schema = odcs.published()
    found = {*_keys(schema, ""), *IN_PROSE}
    for name, part in schema["$defs"].items():
        if name == "ServerSource":
            found |= {key for server in part.values() for key in _keys(server, "server")}
        else:
            found |= set(_keys(part, OWNERS.get(name, name[0].lower() + name[1:])))
    return found


def _keys(node: Any, owner: str) -> Iterator[str]:
    for key, value in node.get("properties", {}).items():
        name = f"{owner}.{key}" if owner else key
        yield name
        yield from (f"{name}={each}" for each in value.get("enum", ()))
        yield from (f"{name}={each}" for each in value.get("examples", ()) if name in OPEN)
        yield from _keys(value, name)
    for part in [each for key in ("allOf", "oneOf", "anyOf") for each in node.get(key, ())]:
        if "if" not in part:
            yield from _keys(part, owner)
            continue
        then = dict(part["then"].get("properties", {}))
        options = then.pop("logicalTypeOptions", {})
        yield from _keys({"properties": then}, owner)
        for condition in (part["if"], *part["if"].get("anyOf", ())):
            if kind := condition.get("properties", {}).get("logicalType", {}).get("const"):
                yield from _keys(options, kind)
    if isinstance(node.get("items"), dict):
        yield from _keys(node["items"], owner)


def test_each_construct_of_the_standard_has_one_row_and_each_row_a_construct():
    of_standard = constructs()
    assert len(of_standard) > 300
    rows = Counter(name for row in ROWS for name in row["of"])
    assert not [name for name, times in rows.items() if times > 1]
    inherited = {name for name in of_standard if STATES.get(name.partition("=")[0]) == "descriptive"}
    assert of_standard - set(rows) - inherited == set()
    assert set(rows) - of_standard == set()
    assert {row["state"] for row in ROWS} == {"checked", "listed", "descriptive", "refused"}


# The proof of what is checked: two tables that differ where the rule looks


class Case(NamedTuple):
    """A column: what it proves, its YAML, two values that keep the rule and one that does not, and the rule's key."""

    proves: tuple[str, ...]
    yaml: str
    first: str
    kept: str
    broken: str
    key: str


def of_type(kind: str, kept: str, more: str = "") -> Case:
    broken = "TRUE" if kind != "boolean" else "1"
    return Case((f"property.logicalType={kind}",), f"logicalType: {kind}{more}", "NULL", kept, broken, "logicalType")


def option(kind: str, key: str, value: str, kept: str, broken: str, first: str = "NULL") -> Case:
    yaml = f"logicalType: {kind}, logicalTypeOptions: {{{key}: {value}}}"
    return Case((f"{kind}.{key}",), yaml, first, kept, broken, key)


def form(kind: str, value: str, kept: str, broken: str) -> Case:
    proves = (f"{kind}.format={value}", "integer.format") if kind == "integer" else (f"{kind}.format={value}",)
    return Case(proves, f"logicalType: {kind}, logicalTypeOptions: {{format: {value}}}", "NULL", kept, broken, "format")


def bounds(kind: str, bound: str, below: str, at: str, above: str) -> Iterator[Case]:
    yield option(kind, "minimum", bound, at, below)
    yield option(kind, "maximum", bound, at, above)
    yield option(kind, "exclusiveMinimum", bound, above, at)
    yield option(kind, "exclusiveMaximum", bound, below, at)


def nulls(operator: str, bound: str, kept: str, broken: str, proves: str = "", more: str = "") -> Case:
    names = (f"quality.{operator}", proves) if proves else (f"quality.{operator}",)
    yaml = f"logicalType: integer, quality: [{{metric: nullValues, {operator}: {bound}{more}}}]"
    return Case(names, yaml, "7", kept, broken, "nullValues")


def vector(kind: str, kept: str, broken: str) -> Case:
    options = f"{{dimensions: 2, elementType: {kind}}}"
    proves = ("vector.elementType", f"vector.elementType={kind}")
    return Case(proves, f"logicalType: vector, logicalTypeOptions: {options}", "NULL", kept, broken, "elementType")


INNER = "{name: a, logicalType: integer, required: true}"
QUERY = "SELECT count(*) FROM {object} WHERE {property} > 1"

CASES = [
    of_type("string", "'a'"),
    of_type("date", "DATE '2020-01-01'"),
    of_type("timestamp", "TIMESTAMP '2020-01-01'"),
    of_type("time", "TIME '10:00'"),
    of_type("number", "1.5"),
    of_type("integer", "1"),
    of_type("boolean", "TRUE"),
    of_type("object", "{'a': 1}"),
    of_type("array", "[1]"),
    of_type("map", "MAP {'a': 1}", ", map: {key: {logicalType: string}, value: {logicalType: integer}}"),
    of_type("vector", "[1.5]", ", logicalTypeOptions: {dimensions: 1}"),
    Case(("property.physicalType",), "physicalType: NUMBER(10)", "NULL", "1", "'a'", "physicalType"),
    Case(("property.required",), "required: true", "1", "2", "NULL", "required"),
    Case(("property.unique",), "unique: true", "1", "2", "1", "unique"),
    Case(("property.enum", "enum.value"), "enum: [{value: 1}]", "NULL", "1", "2", "enum"),
    option("string", "minLength", "2", "'ab'", "'a'"),
    option("string", "maxLength", "1", "'a'", "'ab'"),
    option("string", "pattern", "^a$", "'a'", "'ab'"),
    form("string", "byte", "'YQ=='", "'Y'"),
    form("string", "email", "'a@b.c'", "'a'"),
    form("string", "uuid", "'123e4567-e89b-12d3-a456-426614174000'", "'1'"),
    form("string", "uri", "'https://a.b/c'", "'a b'"),
    form("string", "hostname", "'a.b'", "'-'"),
    form("string", "ipv4", "'1.2.3.4'", "'1.2.3'"),
    form("string", "ipv6", "'::1'", "':'"),
    *bounds("date", "'2020-01-02'", "DATE '2020-01-01'", "DATE '2020-01-02'", "DATE '2020-01-03'"),
    *bounds("timestamp", "'2020-01-01T10:00:00'", *(f"TIMESTAMP '2020-01-01 {hour}:00'" for hour in ("09", 10, 11))),
    *bounds("time", "'10:00:00'", "TIME '09:00'", "TIME '10:00'", "TIME '11:00'"),
    *bounds("integer", "5", "4", "5", "6"),
    *bounds("number", "5.5", "5.4", "5.5", "5.6"),
    option("timestamp", "timezone", "true", "TIMESTAMPTZ '2020-01-01'", "TIMESTAMP '2020-01-01'"),
    option("time", "timezone", "false", "TIME '10:00'", "TIMETZ '10:00:00+01'"),
    Case(
        ("timestamp.defaultTimezone",),
        "logicalType: timestamp, logicalTypeOptions: {defaultTimezone: Asia/Tokyo, maximum: '2020-01-01T01:00:00Z'}",
        "NULL", "TIMESTAMP '2020-01-01 10:00'", "TIMESTAMP '2020-01-01 10:01'", "maximum",
    ),
    option("integer", "multipleOf", "5", "10", "11"),
    option("number", "multipleOf", "0.1", "0.3::DOUBLE", "0.35::DOUBLE"),
    *(form("integer", f"i{bits}", f"(-{2 ** (bits - 1)})", f"{2 ** (bits - 1)}::DECIMAL(38)") for bits in (8, 16, 32, 64)),
    *(form("integer", f"u{bits}", str(2**bits - 1), "-1") for bits in (8, 16, 32, 64)),
    form("integer", "i128", "(-1)", "1e39::DOUBLE"),
    form("integer", "u128", "1", "-1"),
    option("array", "minItems", "1", "[1]", "[]::INTEGER[]"),
    option("array", "maxItems", "1", "[1]", "[1, 2]"),
    option("array", "uniqueItems", "true", "[1, 2]", "[1, 1]"),
    option("object", "minProperties", "2", "{'a': 1, 'b': 2}", "{'a': 1, 'b': NULL}"),
    option("object", "maxProperties", "1", "{'a': 1, 'b': NULL}", "{'a': 1, 'b': 2}"),
    option("object", "required", "[b]", "{'a': NULL, 'b': 2}", "{'a': 1, 'b': NULL}")._replace(
        key="logicalTypeOptions.required"
    ),
    option("vector", "dimensions", "2", "[1, 2]", "[1, 2, 3]"),
    *(vector(kind, "[1.5, 2]", "['a', 'b']") for kind in ("bfloat16", "float16", "float32", "float64")),
    vector("binary", "[0, 1]", "[0, 2]"),
    vector("int8", "[-128, 127]", "[0, 128]"),
    vector("uint8", "[0, 255]", "[0, 1.5]"),
    option("vector", "normalized", "true, dimensions: 2", "[0.6, 0.8]", "[0.6, 0.9]"),
    Case(
        ("property.properties", "schema.properties"), f"logicalType: object, properties: [{INNER}]",
        "NULL", "{'a': 1}", "{'a': NULL}", "a.required",
    ),
    Case(
        ("property.items", "item.properties"),
        f"logicalType: array, items: {{logicalType: object, properties: [{INNER}]}}",
        "NULL", "[{'a': 1}]", "[{'a': NULL}]", "[].a.required",
    ),
    *(
        Case(
            ("property.map", f"property.map.{part}"),
            "logicalType: map, map: {key: {logicalType: string, enum: [{value: a}]}, "
            "value: {logicalType: string, enum: [{value: b}]}}",
            "NULL", "MAP {'a': 'b'}", broken, f"{part}.enum",
        )
        for part, broken in (("key", "MAP {'c': 'b'}"), ("value", "MAP {'a': 'c'}"))
    ),
    nulls("mustBe", "0", "1", "NULL", "quality.type=library", ", type: library"),
    nulls("mustNotBe", "2", "1", "NULL", "quality.type"),
    nulls("mustBeGreaterThan", "0", "NULL", "1", "quality.metric"),
    nulls("mustBeGreaterOrEqualTo", "1", "NULL", "1", "quality.metric=nullValues"),
    nulls("mustBeLessThan", "1", "1", "NULL", "quality.unit=rows", ", unit: rows"),
    nulls("mustBeLessOrEqualTo", "20", "1", "NULL", "quality.unit=percent", ", unit: percent"),
    nulls("mustBeBetween", "[0, 0.5]", "1", "NULL", "property.quality"),
    nulls("mustNotBeBetween", "[0.5, 3]", "1", "NULL"),
    *(
        nulls("mustBe", "0", "1", "NULL", f"quality.severity={word}", f", severity: {word}")
        for word in ("info", "warning", "error")
    ),
    Case(
        ("quality.metric=missingValues", "quality.arguments"),
        "logicalType: string, quality: [{metric: missingValues, arguments: {missingValues: [N/A]}, mustBe: 0}]",
        "NULL", "'a'", "'N/A'", "missingValues",
    ),
    Case(
        ("quality.metric=invalidValues",),
        "logicalType: string, quality: [{metric: invalidValues, arguments: {validValues: [a]}, mustBe: 0}]",
        "NULL", "'a'", "'b'", "validValues",
    ),
    Case(
        ("quality.metric=duplicateValues",),
        "logicalType: string, quality: [{metric: duplicateValues, mustBe: 0}]",
        "'a'", "'b'", "'a'", "duplicateValues",
    ),
    Case(
        ("quality.type=sql", "quality.query"), f"quality: [{{type: sql, query: '{QUERY}', mustBe: 0}}]",
        "1", "1", "2", "sql",
    ),
    Case(
        ("property.relationships", "relationship.to", "relationship.type", "relationship.type=foreignKey"),
        "logicalType: integer, relationships: [{type: foreignKey, to: t.key1}]",
        "1", "2", "4", "relationships",
    ),
]  # fmt: skip
"""The column's rows are the first value and the kept one, or the first and two of the broken one."""

SHARED = {
    "t.rowCount": ("schema.quality", "quality.metric=rowCount"),
    "t.primaryKey": ("property.primaryKey", "property.primaryKeyPosition"),
    "t.relationships": ("schema.relationships", "relationship.from"),
    "slaProperties.latency": (
        "slaProperties", "slaProperty.property", "slaProperty.value", "slaProperty.unit", "slaProperty.element",
        "slaProperty.property=latency",
    ),
    "slaProperties.freshness": ("slaProperty.property=freshness", "slaDefaultElement"),
    "slaProperties.retention": ("slaProperty.property=retention",),
    "t.additionalColumns": ("element.customProperties",),
    "t.there.present": ("element.name", "property.physicalName"),
    "t.there.encryptedName": ("property.encryptedName",),
    "t.text.logicalType": ("date.format", "timestamp.format", "time.format"),
}  # fmt: skip
"""Rules of the table as a whole, and of columns that come and go, with what each proves."""

WHOLE = """\
slaDefaultElement: t.newest
slaProperties:
  - {property: latency, value: 1, unit: h, element: t.newest}
  - {property: freshness, value: 1, unit: h}
  - {property: retention, value: 1, unit: y, element: t.newest}
schema:
  - name: t
    customProperties: [{property: additionalColumns, value: false}]
    quality: [{metric: rowCount, mustBe: 2}]
    relationships: [{from: [t.key1, t.key2], to: [t.fine1, t.fine2]}]
    properties:
      - {name: newest, logicalType: timestamp}
      - {name: there, physicalName: named, encryptedName: secret}
      - {name: key1, logicalType: integer, primaryKey: true, primaryKeyPosition: 2}
      - {name: key2, logicalType: integer, primaryKey: true, primaryKeyPosition: 1}
      - {name: fine1, logicalType: integer}
      - {name: fine2, logicalType: integer}
"""
KEPT = ("TIMESTAMP '2020-01-01 09:30' AS newest, 1 AS named, 'x' AS secret, {0} AS key1, 1 AS key2, {0} AS fine1, 1 AS fine2")  # fmt: skip
BROKEN = "TIMESTAMP '2018-01-01' AS newest, 1 AS Named, 'x' AS secrets, 1 AS key1, 1 AS key2, 1 AS fine1, 2 AS fine2"


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Check]]:
    """The checks of one contract that has all that is checked, over a table that keeps it and one that does not."""
    root = tmp_path_factory.mktemp("standard")
    properties = "".join(f"      - {{name: c{index}, {case.yaml}}}\n" for index, case in enumerate(CASES))
    (root / "contract.yaml").write_text(HEAD.format(version="v3.2.0") + WHOLE + properties, encoding="utf-8")
    found = {}
    for name, shared, rows in (("kept", KEPT, "fk"), ("broken", BROKEN, "fbb")):
        selects = []
        for number, row in enumerate(rows):
            values = [getattr(case, {"f": "first", "k": "kept", "b": "broken"}[row]) for case in CASES]
            columns = ", ".join(f"{value} AS c{index}" for index, value in enumerate(values))
            selects.append(f"SELECT {shared.format(number + 1)}, {columns}")
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            connection.execute(f"COPY ({' UNION ALL '.join(selects)}) TO '{root / name}.parquet' (FORMAT parquet)")
        with pytest.MonkeyPatch.context() as patch:
            patch.chdir(root)
            (root / f"out-{name}").mkdir()
            request = Validation(
                Path("contract.yaml"), (f"{name}.parquet",), moment=datetime(2020, 1, 1, 10, tzinfo=UTC)
            )
            verdict = validate(request, root / f"out-{name}").verdict
        found[name] = {check.rule: check for check in verdict.checks}
    return found


@pytest.mark.parametrize(("index", "case"), list(enumerate(CASES)), ids=[case.proves[0] for case in CASES])
def test_what_is_checked_is_found_where_it_is_broken_and_only_there(answers, index, case):
    rule = f"t.c{index}{case.key}" if case.key.startswith("[]") else f"t.c{index}.{case.key}"
    assert answers["kept"][rule].status is Status.PASS, answers["kept"][rule].message
    assert answers["broken"][rule].status in {Status.FAIL, Status.WARN}, answers["broken"][rule].message


@pytest.mark.parametrize("rule", [rule for rule in SHARED if rule != "t.text.logicalType"])
def test_what_is_checked_of_the_whole_table(answers, rule):
    kept, broken = answers["kept"][rule], answers["broken"][rule]
    if rule == "slaProperties.retention":
        assert (kept.status, broken.status) == (Status.PASS, Status.FAIL)
    assert kept.status is Status.PASS, kept.message
    assert broken.status is Status.FAIL, broken.message
    if rule == "t.primaryKey":
        assert kept.threshold == {"primaryKey": ["key2", "key1"]}


@pytest.mark.parametrize(
    ("kind", "written", "kept", "broken"),
    [
        ("date", "dd.MM.yyyy", "31.01.2020", "2020-01-31"),
        ("timestamp", "dd.MM.yyyy HH:mm", "31.01.2020 10:00", "2020-01-31 10:00"),
        ("time", "HH.mm", "10.30", "10:30"),
    ],
)
def test_formats_of_dates_are_those_of_text(workspace, kind, written, kept, broken):
    path = workspace.columns(f"- {{name: x, logicalType: {kind}, logicalTypeOptions: {{format: '{written}'}}}}")
    for cell, status in ((kept, Status.PASS), (broken, Status.FAIL)):
        assert workspace.checks(path, workspace.csv(f"x\n{cell}\n"))["t.x.logicalType"].status is status


# What is listed and what is refused


LISTED = """\
schema:
  - name: t
    quality:
      - {type: text, description: People are kind.}
      - {type: custom, engine: soda, implementation: "x: y"}
      - {metric: rowCount, mustBe: 0, unit: percent}
      - {metric: nullValues, mustBe: 0}
    properties:
      - {name: measured, logicalType: number, semanticType: measure}
      - {name: a, logicalType: string, logicalTypeOptions: {format: iban}}
      - {name: b, logicalType: string, logicalTypeOptions: {format: password}}
      - {name: c, logicalType: string, logicalTypeOptions: {format: binary}}
      - {name: d, logicalType: number, logicalTypeOptions: {format: f32}}
      - {name: e, logicalType: number, logicalTypeOptions: {format: f64}}
      - {name: f, logicalType: time, logicalTypeOptions: {defaultTimezone: Asia/Tokyo}}
      - {name: g, logicalType: string, quality: [{metric: nullValues, mustBe: 0, unit: furlongs}]}
      - {name: h, logicalType: array, items: {logicalType: string, unique: true, relationships: [{to: t.a}]}}
      - {name: i, logicalType: object, properties: [{name: j, logicalType: string, primaryKey: true}]}
      - {name: k, logicalType: vector, logicalTypeOptions: {dimensions: 2, elementType: int8, normalized: true}}
      - {name: l, logicalType: string, quality: [{metric: invalidValues, mustBe: 0, arguments: {validValues: [[a]]}}]}
      - name: m
        logicalType: string
        relationships: [{to: "other.yaml#schema/t/properties/a"}]
        quality: [{metric: nullValues, mustBe: 0, arguments: {depth: 1}}]
      - {name: n, physicalType: hyperlog}
"""
REASONS = {
    "t.text": ("people", "quality.type=text"),
    "t.custom": ("soda", "quality.type=custom", "quality.engine", "quality.implementation"),
    "t.rowCount": ("share", ""),
    "t.nullValues": ("of a column", ""),
    "t.measured.semanticType": ("measure", "property.semanticType=measure"),
    "t.a.format": ("iban", "string.format"),
    "t.b.format": ("display", "string.format=password"),
    "t.c.format": ("bytes", "string.format=binary"),
    "t.d.format": ("width", "number.format", "number.format=f32"),
    "t.e.format": ("width", "number.format=f64"),
    "t.f.defaultTimezone": ("date", "time.defaultTimezone"),
    "t.g.nullValues": ("furlongs", "quality.unit"),
    "t.h[].unique": ("uniqueItems", ""),
    "t.h[].relationships": ("many values", ""),
    "t.i.j.primaryKey": ("no key of its rows", ""),
    "t.k.normalized": ("int8", ""),
    "t.l.invalidValues": ("plain values", ""),
    "t.m.relationships": ("another contract", ""),
    "t.m.nullValues": ("depth", ""),
    "t.n.physicalType": ("hyperlog", ""),
    **{
        f"slaProperties.{name.partition('=')[2]}": ("service", name)
        for name in IN_PROSE
        if name.partition("=")[2] not in {"latency", "freshness", "retention"}
    },
}
"""Each rule that is listed, a word of its reason, and the constructs that it stands for."""


def test_what_is_listed_has_a_reason(workspace):
    levels = "".join(f"  - {{property: {rule.partition('.')[2]}, value: 1}}\n" for rule in REASONS if rule.startswith("sla"))  # fmt: skip
    path = workspace.contract(LISTED + "slaProperties:\n" + levels)
    values = {"d": "1.5", "e": "1.5", "f": "TIME '10:00'", "h": "['a']", "i": "{'j': 'a'}", "k": "[1, 2]"}
    data = workspace.parquet("SELECT " + ", ".join(f"{values.get(name, repr('a'))} AS {name}" for name in "abcdefghiklmn"))  # fmt: skip
    checks = workspace.checks(path, data)
    listed = {rule: check.message for rule, check in checks.items() if check.status is Status.NOT_CHECKED}
    assert set(listed) == set(REASONS)
    assert not [rule for rule, (word, *_) in REASONS.items() if word not in listed[rule]]


def test_rules_of_3_0_that_are_no_metric_are_listed(workspace):
    path = workspace.columns("- {name: x, logicalType: integer, quality: [{rule: odd, mustBe: 1}]}", version="v3.0.2")
    assert workspace.checks(path, workspace.csv("x\n1\n"))["t.x.custom"].status is Status.NOT_CHECKED


REFUSED = {f"apiVersion=v2.2.{patch}": f"v2.2.{patch}" for patch in (0, 1, 2)}


@pytest.mark.parametrize("version", REFUSED.values())
def test_what_is_refused(workspace, version):
    with pytest.raises(CallError, match="not a version that can be read"):
        contract.load(workspace.columns("- {name: x, logicalType: integer}", version=version))


def test_each_state_is_proven():
    shared = {name for names in SHARED.values() for name in names}
    checked = {name for case in CASES for name in case.proves} | shared
    general = {
        "property.logicalType",
        "property.logicalTypeOptions",
        "quality.severity",
    }  # proven by all of their values
    listed = {name for _, *names in REASONS.values() for name in names if name} | {"quality.rule"}
    for state, proven in (("checked", checked | general), ("listed", listed), ("refused", set(REFUSED))):
        assert {name for name, of in STATES.items() if of == state} == proven, state
