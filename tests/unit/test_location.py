"""A path, artifact:NAME, release:TAG; a name that would leave the folder is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions import location
from mlops_actions.errors import CallError
from mlops_actions.location import Location


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("data/2013.parquet", Location("path", "data/2013.parquet")),
        ("C:\\data", Location("path", "C:\\data")),
        ("artifact:model-training-model", Location("artifact", "model-training-model")),
        ("release:flight-delay@v1.2.0", Location("release", "flight-delay@v1.2.0")),
    ],
)
def test_what_a_text_names(text: str, expected: Location) -> None:
    assert location.parse(text) == expected


@pytest.mark.parametrize("name", ["", "..", ".", "a/b", "a\\b", "a\nb", "a:b", "a*"])
def test_a_name_that_is_no_artifacts_is_refused(name: str) -> None:
    with pytest.raises(CallError, match="names no artifact"):
        location.parse(f"artifact:{name}")


def test_an_artifact_lies_where_the_workflow_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CallError, match="needs"):
        location.parse("artifact:kept").folder()
    (tmp_path / location.ARTIFACTS / "kept").mkdir(parents=True)
    assert location.parse("artifact:kept").folder() == location.ARTIFACTS / "kept"
