"""Importances are shares that add up to 1, whatever unit they were written in; anything else is refused by name."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions import importances, schema

NUMBERS = st.integers(0, 10**299) | st.floats(0, allow_nan=False, allow_infinity=False)


@given(st.dictionaries(st.text(min_size=1), NUMBERS, min_size=1).filter(lambda data: any(data.values())))
def test_shares_are_finite_in_order_and_add_up_to_one(tmp_path_factory: pytest.TempPathFactory, data: dict) -> None:
    path = tmp_path_factory.mktemp("model") / "importances.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    shares = importances.read(path)
    assert shares.keys() == data.keys()
    assert all(0 <= share <= 1 for share in shares.values()) and sum(shares.values()) == pytest.approx(1)
    assert list(shares.values()) == sorted(shares.values(), reverse=True)
    whole = sum(map(Fraction, data.values()))
    assert shares == pytest.approx({name: float(Fraction(value) / whole) for name, value in data.items()})
    path.write_text(importances.dumps(shares), encoding="utf-8")
    jsonschema.validate(json.loads(path.read_text(encoding="utf-8")), schema.shipped("importances-v1"))
    assert importances.read(path) == pytest.approx(shares)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"x": NaN}', "NaN"),
        (b'{"x": 1e999}', "too large"),
        (b'{"x": -0.001}', "`x` must be at least 0, not -0.001. An importance is a number, 0 or more"),
        (b'{"x": "1"}', "`x` must be a number"),
        (b'{"x": true}', "`x` must be a number"),
        (b'{"x": 0, "y": 0}', "all are 0"),
        (b"{}", "must not be empty"),
        (b"[1]", "must be a mapping"),
        (b"x=1", r"not JSON: .*line 1, column 1"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_no_importance_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "importances.json"
    path.write_bytes(content)
    with pytest.raises(importances.Unusable, match=message):
        importances.read(path)


def test_a_folder_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(importances.Unusable, match="cannot be read"):
        importances.read(tmp_path)
