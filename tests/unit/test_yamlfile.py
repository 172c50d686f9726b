"""One loader: YAML 1.2, the place of every value, and a clear word for what it refuses."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions import yamlfile
from mlops_actions.errors import CallError, Problem

json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="ascii", categories=["L", "N"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcxyz<", max_size=5), inner, max_size=4),
    max_leaves=20,
)


def problem(text: str) -> Problem:
    with pytest.raises(CallError) as caught:
        yamlfile.loads(text, "file.yaml")
    (only,) = caught.value.problems
    return only


@given(json_values.filter(lambda value: value is not None))
def test_json_is_yaml(value: object) -> None:
    assert yamlfile.loads(json.dumps(value), "f").data == json.loads(json.dumps(value))


@pytest.mark.parametrize(
    "word", ["on", "off", "yes", "no", "y", "n", "2013-01-01", "1_000", "1:30", "0b1", "<", "None"]
)
def test_what_yaml_1_1_would_convert_stays_a_string(word: str) -> None:
    assert yamlfile.loads(f"key: {word}", "f").data == {"key": word}


@pytest.mark.parametrize(
    ("word", "value"),
    [("true", True), ("False", False), ("~", None), ("", None), ("12", 12), ("-3", -3), ("0o17", 15), ("0xff", 255), ("1.5", 1.5), ("1e3", 1000.0), (".inf", float("inf")), ("'12'", "12"), ("!!str 12", "12")],
)  # fmt: skip
def test_core_schema(word: str, value: object) -> None:
    assert yamlfile.loads(f"key: {word}", "f").data == {"key": value}


def test_values_and_keys_have_places() -> None:
    document = yamlfile.loads("a: 1\nb:\n  - c: x\n    d: y\n", "f")
    assert document.where("b", 0, "d") == (4, 8)
    assert document.where_key("b", 0, "d") == (4, 5)
    assert document.where("b", 7, "nowhere") == (3, 3)
    assert document.where("nowhere") == (1, 1)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("a: 1\nb: 2\na: 3", 3, "stands twice (first on line 1)"),
        ("a: &x [*x]", 1, "contains it"),
        ("a: *nowhere", 1, "refers to no anchor"),
        ("a: 1\n---\nb: 2", 2, "second document"),
        ("a: 1\nb: [1, 2", 2, "not YAML"),
        ("a:\n\tb: 1", 2, "not YAML"),
        ("a: !!python/object/apply:os.system [id]", 1, "tag"),
        ("a: {x: 1}\nb:\n  <<: {y: 2}", 3, "merge"),
        ("? [a, b]\n: c", 1, "plain word"),
        ("", 1, "empty"),
        ("# only a comment\n", 1, "empty"),
        ("[" * 100_000, 1, "deep"),
        ("{a: " * 100_000, 1, "deep"),
    ],
)  # fmt: skip
def test_refused_with_the_line(text: str, line: int, words: str) -> None:
    found = problem(text)
    assert words in found.message
    assert (found.file, found.line) == ("file.yaml", line)


def test_anchors_that_explode_are_refused() -> None:
    rows = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    rows += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 12)]
    assert "aliases add more" in problem("\n".join(rows)).message


def test_aliases_in_reason_are_followed() -> None:
    assert yamlfile.loads("a: &x {k: 1}\nb: *x", "f").data == {"a": {"k": 1}, "b": {"k": 1}}


@pytest.mark.parametrize(
    ("raw", "words"),
    [("a: 1".encode("utf-16"), "UTF-16"), (b"a: 1\nb: \xff\n", "not UTF-8: byte 0xff"), (b"a: \x01", "U\\+0001")],
)  # fmt: skip
def test_a_wrong_encoding_is_named(tmp_path: Path, raw: bytes, words: str) -> None:
    (tmp_path / "f.yaml").write_bytes(raw)
    with pytest.raises(CallError, match=words):
        yamlfile.load(tmp_path / "f.yaml")


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_bytes(b"\xef\xbb\xbfa: 1")
    assert yamlfile.load(tmp_path / "f.yaml").data == {"a": 1}


def test_absent_too_large_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(CallError, match="no such file"):
        yamlfile.load(tmp_path / "absent.yaml")
    with pytest.raises(CallError, match="cannot be read"):
        yamlfile.load(tmp_path)
    (tmp_path / "large.yaml").write_bytes(b"#" * (yamlfile.MAX_BYTES + 1))
    with pytest.raises(CallError, match="larger than 16 MiB"):
        yamlfile.load(tmp_path / "large.yaml")
