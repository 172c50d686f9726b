"""docs/drift-check.md: the command that it begins with, typed where it says, and what comes of it."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from mlops_actions.cli import main

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs/drift-check.md").read_text(encoding="utf-8")


def test_the_first_command_of_the_page_answers_as_the_page_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = re.search(
        r"^```console\n\$ mlops (drift .*)\n(.*)…\nreport: \.mlops/drift/report\.html\n```$", PAGE, re.MULTILINE
    )
    assert found is not None
    monkeypatch.chdir(ROOT / "examples/flight-delay")
    assert main([*shlex.split(found[1]), "--out", str(tmp_path)]) == 1
    assert capsys.readouterr().err.startswith(found[2])
