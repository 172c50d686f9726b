"""What the command line says to someone who mistyped."""

from __future__ import annotations

import pytest

from mlops_actions.cli import main


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    return capsys.readouterr().err


def test_an_unknown_flag_is_answered_by_its_command_with_the_nearest_one(capsys: pytest.CaptureFixture[str]) -> None:
    text = said(capsys, "dry-run", "--jobs=data")
    assert "usage: mlops dry-run" in text and "--jobs=data. Did you mean `--job`?" in text


def test_an_unknown_flag_is_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert "\x1b" not in said(capsys, "ci", "plan", "--\x1b[2J")
