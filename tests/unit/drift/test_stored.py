"""Current data of which there are only profiles: the same verdict as of its rows, or a finding that says what to do."""

from __future__ import annotations

import json
import random
import shutil
from pathlib import Path
from typing import Any

import pytest

from mlops_actions import cli
from mlops_actions.data import describe, merge
from mlops_actions.errors import CallError
from mlops_actions.verdict import Status


def columns(rows: int, seed: int, moved: float = 0.0) -> dict[str, tuple[str, list[Any]]]:
    """A column of each kind, with what is missing, infinite and new."""
    draw = random.Random(seed)  # noqa: S311
    numbers = [draw.choice([None, float("nan"), float("inf"), *([draw.gauss(moved, 1)] * 12)]) for _ in range(rows)]
    cities = ["Oslo", "Bergen", "Bodø", None] + (["Tromsø"] if moved else [])
    times = [f"2024-01-{1 + row * 28 // rows:02} 10:00:00" for row in range(rows)]
    return {
        "number": ("DOUBLE", numbers),
        "whole": ("INTEGER", [draw.randrange(50) + round(moved * 10) for _ in range(rows)]),
        "city": ("VARCHAR", [draw.choice(cities) for _ in range(rows)]),
        "text": ("VARCHAR", ["x" * draw.randrange(1, 40) + str(row) for row in range(rows)]),
        "flag": ("BOOLEAN", [draw.random() < 0.5 - moved / 4 for _ in range(rows)]),
        "when": ("TIMESTAMP", times),
        "seen": ("TIMESTAMP", ["1970-01-01" if moved and row % 20 == 0 else time for row, time in enumerate(times)]),
        "many": ("INTEGER[]", [None if moved and row % 9 == 0 else [row] for row in range(rows)]),
    }


def describe_into(data: str, folder: str, like: str | None = None, time: str | None = None) -> str:
    Path(folder).mkdir()
    asked = describe.Profiling((data,), like=Path(like) if like else None, time_column=time)
    describe.describe(asked, Path(folder))
    return f"{folder}/profile.json"


@pytest.mark.parametrize("time", [None, "when"])
@pytest.mark.parametrize("moved", [0.0, 1.0])
def test_profiles_of_batches_give_the_verdict_of_their_rows(workspace, moved: float, time: str | None) -> None:
    workspace.parquet(columns(3000, 1), "before.parquet")
    reference = describe_into("before.parquet", "reference", time=time)
    whole = columns(1800, 2, moved)
    workspace.parquet(whole, "now.parquet")
    for batch in range(3):
        part = {name: (kind, values[batch::3]) for name, (kind, values) in whole.items()}
        describe_into(workspace.parquet(part, f"{batch}.parquet"), f"batch-{batch}", reference)
    Path("merged").mkdir()
    merge.merge(merge.Merging(["batch-*/profile.json"]), Path("merged"))

    def told(*data: str) -> list[tuple[Any, ...]]:
        checks = workspace.check(reference, *data).verdict.checks
        kept = ("readable", "correlations")  # profiles have no pairs of columns that could be added up
        return [
            (each.rule, each.status, each.measured, each.message) for each in checks if not each.rule.endswith(kept)
        ]

    of_rows = told("now.parquet")
    assert len(of_rows) >= 7
    assert any(status is Status.FAIL for _, status, *_ in of_rows) == bool(moved)
    assert (
        told("merged/profile.json") == told("batch-*/profile.json") == told("batch-0", "batch-1", "batch-2") == of_rows
    )


def test_folders_that_the_command_left_are_a_window_and_a_broken_profile_among_them_is_named(workspace) -> None:
    workspace.parquet(columns(300, 1), "before.parquet")
    reference = describe_into("before.parquet", "reference")
    for batch in ("1", "2"):
        data = workspace.parquet(columns(300, int(batch)), f"{batch}.parquet")
        assert cli.main(["profile", "--data", data, "--like", reference, "--out", f"window/{batch}"]) == 0
    assert Path("window/1/report.html").exists(), "a report stands beside"
    shutil.copytree("window/1", "window/.ipynb_checkpoints/1")
    checks = workspace.check(reference, "window").verdict.checks
    assert {each.rows for each in checks if each.rule.endswith(".drift")} == {600}
    Path("window/2/profile.json").write_text("")
    outcome = workspace.check(reference, "window")
    (finding,) = outcome.verdict.checks
    assert finding.status is Status.ERROR and "`window/2/profile.json`" in finding.message


def test_a_profile_that_counts_in_bins_of_its_own_is_refused(workspace) -> None:
    workspace.parquet(columns(3000, 1), "before.parquet")
    workspace.parquet(columns(3000, 2), "now.parquet")
    reference = describe_into("before.parquet", "reference")
    outcome = workspace.check(reference, describe_into("now.parquet", "now"))
    (finding,) = outcome.verdict.checks
    assert (finding.status, outcome.outputs["drifted"]) == (Status.ERROR, "false")
    assert "`number`" in finding.message and "mlops profile --like" in finding.message


def test_a_profile_that_was_edited_and_parts_that_do_not_add_up(workspace) -> None:
    workspace.parquet(columns(300, 1), "before.parquet")
    reference = describe_into("before.parquet", "reference")
    part = Path(describe_into("before.parquet", "part", reference))
    workspace.parquet({"other": ("INTEGER", [1, 2, 3])}, "other.parquet")
    other = describe_into("other.parquet", "other")
    (finding,) = workspace.check(reference, str(part), other).verdict.checks
    assert finding.status is Status.ERROR and "do not add up" in finding.message
    data = json.loads(part.read_text())
    part.write_text(json.dumps({**data, "rows": 299}))
    (finding,) = workspace.check(reference, str(part)).verdict.checks
    assert finding.status is Status.ERROR and "was changed after it was written" in finding.message


def test_performance_needs_rows(workspace) -> None:
    from mlops_actions.drift.performance import Asked

    workspace.parquet(columns(300, 1), "before.parquet")
    reference = describe_into("before.parquet", "reference")
    part = describe_into("before.parquet", "part", reference)
    with pytest.raises(CallError, match="no rows, so no performance"):
        workspace.check(reference, part, performance=Asked("number"))
