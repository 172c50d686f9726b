"""The page of differences between act and GitHub names tests for each row, and each of them is there."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
ACT, UNIT = ROOT / "tests/act", Path(__file__).parent


@pytest.mark.parametrize(
    ("heading", "folder", "least"),
    [("## act and GitHub", ACT, 15), ("## What is judged as GitHub would", UNIT, 25)],
)
def test_each_row_is_shown_by_tests_that_are_there(heading: str, folder: Path, least: int) -> None:
    (page,) = [each for each in ROOT.glob("docs/dry-run*.md") if f"\n{heading}\n" in each.read_text(encoding="utf-8")]
    section = page.read_text(encoding="utf-8").partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")][1:]
    assert len(rows) >= least
    there = {
        name
        for file in folder.glob("test_*.py")
        for name in re.findall(r"^def (test_\w+)", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    for row in rows:
        named = set(re.findall(r"`(test_\w+)`", row.rpartition(" | ")[2]))
        assert named, row
        assert named <= there, row


def test_each_rule_is_on_the_page() -> None:
    package = ROOT / "workflows-lib/src/mlops_actions/dryrun"
    said = {
        rule
        for name in ("judge", "jobs", "languageservice")
        for rule in re.findall(
            r'"((?:workflow|steps|filters|inputs|permissions|call|secrets|uses|matrix|if|runs-on)\.[a-z-]+)"',
            (package / f"{name}.py").read_text(encoding="utf-8"),
        )
    }
    assert len(said) > 15
    pages = "".join(each.read_text(encoding="utf-8") for each in ROOT.glob("docs/dry-run*.md"))
    assert {rule for rule in said if f"`{rule}`" not in pages} == set()
