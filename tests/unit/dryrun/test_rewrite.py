"""References and composite actions, rewritten where they stand."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_actions import yamlfile
from mlops_actions.dryrun import rewrite

ACTION = """\
# A comment: uses: $/actions/no
name: Ours
runs:
  using: composite
  steps:
    - uses: $/actions/setup  # why
    - {uses: "actions/checkout@v4"}
    - shell: bash
      run: |
        echo "uses: $/actions/never"

  # what comes after
outputs: {}
"""


def test_a_composite_keeps_its_lines() -> None:
    mended = rewrite.composite(
        ACTION,
        yamlfile.loads(ACTION, "a"),
        lambda key, value: rewrite.absolute(value, "o/r", "v1") if key == "uses" else value,
    )
    before, after = ACTION.splitlines(), mended.splitlines()
    assert after[5] == '    - uses: "o/r/actions/setup@v1"  # why'
    assert after[6:10] == before[6:10] and after[0] == before[0]
    steps = yamlfile.loads(mended, "a").data["runs"]["steps"]
    assert steps[-1] == {"if": "always()", "shell": "bash", "run": ":"}
    assert steps[2]["run"] == 'echo "uses: $/actions/never"\n'
    assert len(steps) == 4


@pytest.mark.parametrize(
    "text", ["runs: {using: node24, main: a.js}\n", "name: x\nruns: {using: composite, steps: []}\n"]
)
def test_other_actions_stay_as_they_are(text: str) -> None:
    assert rewrite.composite(text, yamlfile.loads(text, "a"), lambda _, value: value + "x") == text


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("actions/checkout@v4", ("actions/checkout", "", "v4")),
        ("o/r/a/b@refs/heads/main", ("o/r", "a/b", "refs/heads/main")),
        ("org/mlops-actions/.github/workflows/x.yml@v1", ("org/mlops-actions", ".github/workflows/x.yml", "v1")),
    ],
)
def test_an_address(text: str, parts: tuple[str, str, str]) -> None:
    uses = rewrite.parse_uses(text)
    assert uses is not None and (uses.repository, uses.path, uses.ref) == parts
    assert str(uses) == text


@pytest.mark.parametrize("text", ["./a", "$/a", "docker://x:1", "o/r", "../a/b@v1"])
def test_what_is_no_address(text: str) -> None:
    assert rewrite.parse_uses(text) is None


def test_following(tmp_path: Path) -> None:
    library, consumer = tmp_path / "library", tmp_path / "consumer"
    for place, uses in ((library / "actions/a", "actions/cache/save@v3"), (consumer / "own", "some/where@v1")):
        place.mkdir(parents=True)
        (place / "action.yml").write_text(f"runs:\n  using: composite\n  steps:\n    - uses: {uses}\n")
    sources = rewrite.Sources(library, "mlops-actions", consumer, "me/here")
    found = rewrite.follow(
        ["Any/MLOPS-actions/actions/a@v9", "./own", "me/here/own@main", "x/mlops-actions/no@v1"], sources
    )
    assert found.folders["Any/MLOPS-actions@v9"] == library
    assert found.folders["actions/cache@v3"] == rewrite.STANDINS / "cache"
    assert found.folders["me/here@main"] == consumer
    assert {each.uses: each.why.split(";")[0] for each in found.missing} == {
        "some/where@v1": "a dry run fetches no action",
        "x/mlops-actions/no@v1": "there is no action in `no` of the staged x/mlops-actions",
    }
