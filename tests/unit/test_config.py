"""mlops.yaml: every mistake is answered with its place, what was expected, and the nearest right name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_actions import config, schema
from mlops_actions.errors import CallError


def problems(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "mlops.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CallError) as caught:
        config.load(path)
    return [str(each).removeprefix(f"{path}:") for each in caught.value.problems]


def test_the_designs_example_is_valid(tmp_path: Path) -> None:
    path = tmp_path / "mlops.yaml"
    path.write_text(
        'model: flight-delay\ndata: {contract: contracts/flights.odcs.yaml, path: "data/2013-0[1-8].parquet"}\n'
        "training:\n  command: python -m flight_delay.train\n  model: build/model\n  metrics: build/metrics.json\n"
        '  gates: {auc: {min: 0.65}}\ndrift: {data: "data/2013-09.parquet"}\nexport: {targets: [onnx]}\n',
        encoding="utf-8",
    )
    loaded = config.load(path)
    assert loaded.get("training", "gates", "auc", "min") == 0.65
    assert loaded.get("drift", "reference") is None
    assert loaded.where("training", "gates").line == 7


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data: {contrct: a}", ["1:8: `data.contrct` is not a known key. Did you mean `contract`?"]),
        ("dta: {}", ["1:1: `dta` is not a known key. Did you mean `data`?"]),
        ("data:\n  fail-on: eror", ["2:3: `data.fail-on` must be one of `error`, `warning`, `never`, not \"eror\". Did you mean `error`?"]),
        ("training: {gates: {auc: {min: high}}}", ['1:26: `training.gates.auc.min` must be a number, not "high"']),
        ("ci: {fail-fast: no}", ['1:6: `ci.fail-fast` must be true or false, not "no"']),
        ("drift: {data: 3}", ["1:9: `drift.data` must be a list or a string, not 3"]),
        ("drift: {threshold: 0}", ["1:9: `drift.threshold` must be more than 0, not 0"]),
        ("drift: {columns: {a: {effect: ps1}}}", ["1:23: `drift.columns.a.effect` must be one of `total-variation`, `psi`, `jensen-shannon`, `wasserstein`, `kolmogorov-smirnov`, not \"ps1\". Did you mean `psi`?"]),
        ("model: Flight Delay", ['1:1: `model` is "Flight Delay", which does not match `^[a-z]([a-z0-9-]*[a-z0-9])?$`. Small letters, digits and hyphens, a letter first.']),
        ("drift: {cool-down: 3 days}", ['1:9: `drift.cool-down` is "3 days", which does not match `^[1-9][0-9]{0,4}[mhd]$`. The least time between two such trainings: `90m`, `24h`, `7d`. Default: 24h.']),
        ("ci: {python-versions: [3.10]}", ["1:24: `ci.python-versions[0]` must be a string, not 3.1. Quote it: in YAML, 3.10 is the number 3.1."]),
        ("training: {python-version: 3.10}", ["1:12: `training.python-version` must be a string, not 3.1. Quote it: in YAML, 3.10 is the number 3.1."]),
        ("[a]", ["1:1: the file must be a mapping, not a list"]),
        ("export: {targets: []}", ["1:10: `export.targets` must not be empty"]),
    ],
)  # fmt: skip
def test_a_mistake_is_answered_with_place_expectation_and_nearest_name(
    tmp_path: Path, text: str, expected: list[str]
) -> None:
    assert problems(tmp_path, text) == expected


def test_all_mistakes_are_named_at_once_in_their_order(tmp_path: Path) -> None:
    found = problems(tmp_path, "modl: x\ndata: {path: 1}\ndrift: {ignore: a}\n")
    assert [each.split(":")[0] for each in found] == ["1", "2", "3"]


def test_without_a_file_nothing_is_configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert config.load().get("data", "contract") is None


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="no such file"):
        config.load(tmp_path / "other.yaml")


SCHEMA = schema.shipped("mlops-v1")
WORDS = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=20)
"""Text that may stand in a YAML file: no control characters, which would be written as escapes."""


def resolved(node: Mapping[str, Any]) -> Mapping[str, Any]:
    """A node of the schema without its reference."""
    return SCHEMA["$defs"][node["$ref"].rpartition("/")[2]] if "$ref" in node else node


def valid(node: Mapping[str, Any]) -> st.SearchStrategy[Any]:
    """What a node of the schema allows, from its own words; a word that is not known here is an error."""
    node = {name: each for name, each in resolved(node).items() if name not in {"description", "title"}}
    if "anyOf" in node:
        return st.one_of([valid(each) for each in node["anyOf"]])
    if "enum" in node:
        return st.sampled_from(node["enum"])
    kind = node.pop("type")
    if kind == "object":
        properties, more = node.pop("properties", {}), node.pop("additionalProperties")
        least, needed = node.pop("minProperties", 0), node.pop("required", [])
        assert not {name for name in node if name[0] != "$"}, node
        if more is not False:
            return st.dictionaries(WORDS, valid(more), min_size=least, max_size=4)
        kinds = {name: valid(each) for name, each in properties.items()}
        optional = {name: each for name, each in kinds.items() if name not in needed}
        made = st.fixed_dictionaries({name: kinds[name] for name in needed}, optional=optional)
        return made.filter(lambda each: len(each) >= least)
    if kind == "array":
        least, unique = node.pop("minItems", 0), node.pop("uniqueItems", False)
        items = valid(node.pop("items"))
        made_list = st.lists(items, min_size=least, max_size=4, unique=unique)
        assert not node, node
        return made_list
    if kind == "string":
        pattern, least = node.pop("pattern", None), node.pop("minLength", 0)
        assert not node, node
        return st.from_regex(pattern, fullmatch=True).filter(lambda each: "\n" not in each) if pattern else (
            WORDS if least else st.just("") | WORDS
        )  # fmt: skip
    if kind == "number":
        above, most, minimum = node.pop("exclusiveMinimum", None), node.pop("maximum", None), node.pop("minimum", None)
        assert not node, node
        low = minimum if above is None else above
        floats = st.floats(low, most, exclude_min=above is not None, allow_nan=False, allow_infinity=False)
        least, greatest = -10 if low is None else low + 1, 10**6 if most is None else int(most)
        return st.integers(least, greatest) | floats if least <= greatest else floats
    if kind == "integer":
        whole = st.integers(node.pop("minimum", -10), node.pop("maximum", 10**6))
        assert not node, node
        return whole
    assert kind == "boolean" and not node, node
    return st.booleans()


def block(data: Any, indent: str = "") -> str:
    """The data in YAML's block style; scalars and what is empty as in JSON."""
    if isinstance(data, dict) and data:
        pairs = [(json.dumps(name, ensure_ascii=False), each) for name, each in data.items()]
        return "".join(f"\n{indent}{name}:{block(each, indent + '  ')}" for name, each in pairs)
    if isinstance(data, list) and data:
        return "".join(f"\n{indent}-{block(each, indent + '  ')}" for each in data)
    return f" {json.dumps(data, ensure_ascii=False)}"


unhurried = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
DOCUMENTS = valid(SCHEMA).filter(bool)
WRITTEN = st.sampled_from([block, lambda data: json.dumps(data, ensure_ascii=False, indent=1)])


def refused(tmp_path: Path, text: str) -> tuple[Any, ...] | None:
    """The problems of a configuration, each with its file and line; None where it is taken."""
    path = tmp_path / "mlops.yaml"
    path.write_text(text, encoding="utf-8", newline="")
    try:
        config.load(path)
    except CallError as error:
        assert error.problems
        lines = max(1, len(text.splitlines()))
        for each in error.problems:
            assert each.file == str(path) and each.message, each
            assert each.line is not None and 1 <= each.line <= lines, each
        return error.problems
    return None


@pytest.fixture(name="folder", scope="module")
def _folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("config")


@unhurried
@given(data=DOCUMENTS, write=WRITTEN)
def test_what_the_schema_allows_is_taken_as_it_is(folder: Path, data: Any, write: Any) -> None:
    assert refused(folder, write(data)) is None
    loaded = config.load(folder / "mlops.yaml")
    assert loaded.document.data == data
    for name, section in data.items():
        assert loaded.get(name) == section


def spoilt(data: Any, draw: Any) -> None:
    """Make one thing wrong in ``data``: a key that nobody knows, or a value that fits nowhere."""
    places: list[tuple[Any, Mapping[str, Any]]] = [(data, SCHEMA)]
    for name, each in data.items():
        node = resolved(SCHEMA["properties"][name])
        if "properties" in node:
            places.append((each, node))
    held, node = draw(st.sampled_from(places))
    if draw(st.booleans()):
        known = node["properties"]
        held[draw(WORDS.filter(lambda name: name not in known))] = draw(st.just(None) | st.integers() | WORDS)
    else:
        held[draw(st.sampled_from(sorted(node["properties"])))] = draw(
            st.sampled_from([None, [[]], [{}], {"": None}, [1], {"a": {"min": "high"}}])
        )


@unhurried
@given(data=DOCUMENTS, write=WRITTEN, choice=st.data())
def test_what_it_does_not_allow_is_answered_with_file_and_line(
    folder: Path, data: Any, write: Any, choice: Any
) -> None:
    spoilt(data, choice.draw)
    assert refused(folder, write(data))


@unhurried
@given(data=DOCUMENTS, write=WRITTEN, choice=st.data())
def test_a_file_that_somebody_broke_is_taken_or_answered_with_file_and_line(
    folder: Path, data: Any, write: Any, choice: Any
) -> None:
    """A piece is cut out of the text and something put in its place, as an editor or a merge may do."""
    text = write(data)
    start = choice.draw(st.integers(0, len(text)))
    end = choice.draw(st.integers(start, min(len(text), start + 12)))
    put = choice.draw(
        st.sampled_from(["", "\t", ":", "- ", "{", "]", '"', "&a ", "*a", "!!python/x ", "<<: ", "\n", "---\n", "%"])
        | WORDS
    )
    refused(folder, text[:start] + put + text[end:])


@unhurried
@given(text=st.text(st.characters(exclude_categories=["Cs"]) | st.sampled_from("\t\n\r:-{}[]'\"&*!|>%@#"), max_size=40))
def test_any_text_is_taken_or_answered_with_file_and_line(folder: Path, text: str) -> None:
    refused(folder, text)
