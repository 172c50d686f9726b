"""What a scoring command writes, and each way in which it is no file of scores."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions.training import scores
from mlops_actions.training.scores import Unusable


def read(folder: Path, text: str | bytes) -> scores.Scores:
    (folder / "scores.csv").write_bytes(text if isinstance(text, bytes) else text.encode())
    return scores.read(folder / "scores.csv")


def test_columns_are_found_by_name_whatever_else_there_is(tmp_path: Path) -> None:
    found = read(tmp_path, '\ufeffid,prediction,block,label\n7,0.25,"a,b",1\n\n8,0.5,c,0\n')
    assert (found.labels, found.predictions, found.blocks) == (["1", "0"], ["0.25", "0.5"], ["a,b", "c"])
    assert read(tmp_path, "label,prediction\n1,0.5\n").blocks is None


def test_other_rows_are_not_the_same_rows(tmp_path: Path) -> None:
    one = read(tmp_path, "label,prediction,block\n1,0.5,a\n0,0.5,b\n")
    assert one.same_rows(read(tmp_path, "label,prediction,block\n1,0.9,a\n0,0.1,b\n"))
    for other in ("1,0.5,b\n0,0.5,b\n", "0,0.5,b\n1,0.5,a\n", "1,0.5,a\n"):
        assert not one.same_rows(read(tmp_path, f"label,prediction,block\n{other}"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "has: nothing"),
        ("label,score\n1,2\n", "one column `prediction`, and has: label, score"),
        ("label,label,prediction\n", "one column `label`"),
        ("label,prediction\n1,2,3\n", "line 2 has 3 fields, and the header 2"),
        (b"label,prediction\n\xff,1\n", "not UTF-8"),
        ('label,prediction\n"a"b,1\n', "not CSV"),
    ],
)
def test_what_is_no_file_of_scores_says_why(tmp_path: Path, text: str | bytes, says: str) -> None:
    with pytest.raises(Unusable, match=says):
        read(tmp_path, text)


def test_a_file_that_is_not_there_or_leads_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(Unusable, match="wrote no file at MLOPS_SCORES"):
        scores.read(tmp_path / "none.csv")
    (tmp_path / "link.csv").symlink_to(tmp_path)
    with pytest.raises(Unusable, match="no file"):
        scores.read(tmp_path / "link.csv")


def test_more_rows_than_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scores, "MAX_ROWS", 2)
    with pytest.raises(Unusable, match="more than 2 rows; score a sample"):
        read(tmp_path, "label,prediction\n1,1\n1,1\n1,1\n")
