"""Metrics are one JSON object of finite numbers, and whatever else is said is refused by name."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.training import metrics

NUMBERS = st.integers() | st.floats(allow_nan=False, allow_infinity=False)


@given(st.dictionaries(st.text(), NUMBERS.filter(lambda value: abs(value) < 10**300)))
def test_what_json_wrote_is_read_back(tmp_path_factory: pytest.TempPathFactory, data: dict[str, float]) -> None:
    path = tmp_path_factory.mktemp("metrics") / "metrics.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert metrics.read(path, path.parent) == data


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"auc": NaN}', "`auc` is nan, not a finite number"),
        (b'{"auc": Infinity}', "`auc` is inf, not a finite number"),
        (b'{"loss": -Infinity}', "`loss` is -inf, not a finite number"),
        (b'{"loss": 1e999}', "`loss` is inf, not a finite number"),
        (b'{"n": 1' + b"0" * 400 + b"}", "`n` is 10+…? .*not a finite number"),
        (b'{"auc": "0.7"}', "`auc` is a string, not a number"),
        (b'{"auc": true}', "`auc` is true, not a number"),
        (b'{"auc": null}', "`auc` is null, not a number"),
        (b'{"auc": {"mean": 1}}', "`auc` is an object, not a number"),
        (b'{"auc": [0.7]}', "`auc` is a list, not a number"),
        (b'{"auc": 0.7, "auc": 0.9}', "`auc` stands twice"),
        (b"[0.7]", "holds a list, not one object"),
        (b"0.7", "holds the number 0.7, not one object"),
        (b"NaN", "holds the number nan, not one object"),
        (b"auc=0.7", r"not JSON: .*line 1, column 1"),
        (b"", "not JSON"),
        (b"\xff\xfe{}", "not UTF-8"),
        (b"[" * 100_000, "not JSON that can be read|not JSON"),
        (b'{"n": 1' + b"0" * 5000 + b"}", "not JSON that can be read"),
    ],
)
def test_what_is_no_metric_is_said(tmp_path: Path, content: bytes, message: str) -> None:
    path = tmp_path / "metrics.json"
    path.write_bytes(content)
    with pytest.raises(metrics.Unusable, match=message):
        metrics.read(path, path.parent)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(metrics.Unusable, match="wrote no such file"):
        metrics.read(tmp_path / "metrics.json", tmp_path)
    (tmp_path / "metrics.json").mkdir()
    with pytest.raises(metrics.Unusable, match="cannot be read"):
        metrics.read(tmp_path / "metrics.json", tmp_path)


def test_what_is_not_the_commands_own_file_is_refused_at_once(tmp_path: Path) -> None:
    """Nobody writes into the pipe: reading it would wait for ever."""
    root = tmp_path / "root"
    root.mkdir()
    os.mkfifo(root / "pipe")
    (tmp_path / "other.json").write_text('{"auc": 1}')
    (root / "link").symlink_to("../other.json")
    (root / "inner.json").write_text('{"auc": 1}')
    (root / "good").symlink_to("inner.json")
    with pytest.raises(metrics.Unusable, match="not a regular file"):
        metrics.read(root / "pipe", root)
    with pytest.raises(metrics.Unusable, match="symbolic link that leads out of the working directory"):
        metrics.read(root / "link", root)
    assert metrics.read(root / "good", root) == {"auc": 1}
