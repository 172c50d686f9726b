"""Profiles added up by a command: nothing is counted twice, and nothing is left out in silence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mlops_actions.data.describe import Profiling, describe
from mlops_actions.data.merge import Merging, merge
from mlops_actions.data.profiles import profile
from mlops_actions.data.profiles.profile import Profile
from mlops_actions.errors import CallError
from mlops_actions.verdict import Status


@pytest.fixture
def parts(workspace) -> list[str]:
    """The profiles of three months, each in a file."""
    for month in (1, 2, 3):
        select = f"SELECT DATE '2013-0{month}-01' + i::INTEGER AS day, i % 5 AS x, {month} AS m FROM range(28) r(i)"  # noqa: S608
        described = describe(Profiling((workspace.parquet(select),), time_column="day"), workspace.out)
        assert described.verdict.status is Status.PASS
        (workspace.root / f"2013-0{month}.json").write_bytes((workspace.out / "profile.json").read_bytes())
    for each in workspace.out.iterdir():
        each.unlink()
    return [f"2013-0{month}.json" for month in (1, 2, 3)]


def read(workspace) -> Profile:
    return profile.read(workspace.out / "profile.json")


def test_a_glob_of_profiles_is_added_up(workspace, parts):
    outcome = merge(Merging(("2013-*.json",)), workspace.out)
    assert outcome.verdict.status is Status.PASS
    assert outcome.headline == "3 profiles of 84 rows added up."
    assert [each.name for each in outcome.verdict.materials] == parts
    assert (read(workspace).rows, read(workspace).column("m").range.max) == (84, 3)
    assert (read(workspace).time.unit, sum(read(workspace).time.rows)) == ("day", 84)


def test_a_file_that_is_named_twice_is_a_wrong_call(workspace, parts):
    with pytest.raises(CallError, match="given twice"):
        merge(Merging(("2013-*.json", "./2013-02.json")), workspace.out)
    Path("link.json").symlink_to(parts[0])
    with pytest.raises(CallError, match="would count twice"):
        merge(Merging((parts[0], "link.json")), workspace.out)


@pytest.mark.parametrize("pattern", ["nowhere.json", "nowhere-*.json", "."])
def test_a_pattern_that_names_no_file_is_a_wrong_call(workspace, parts, pattern):
    with pytest.raises(CallError, match="no such profile"):
        merge(Merging((parts[0], pattern)), workspace.out)


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"\xff", "not UTF-8"), (b"{\n,", "not JSON"), (b"[]", "not a profile"), (b"{}", "not a profile")],
)
def test_a_file_that_is_no_profile_is_a_finding_and_nothing_is_added(workspace, parts, content, why):
    Path(parts[1]).write_bytes(content)
    verdict = merge(Merging(parts), workspace.out).verdict
    (found,) = verdict.findings
    assert (found.status, found.where.file, verdict.status) == (Status.ERROR, parts[1], Status.FAIL)
    assert why in found.message
    assert not list(workspace.out.iterdir())


@pytest.mark.parametrize("moved", [0, 1])
def test_a_profile_edited_by_hand_whose_counts_do_not_add_up_is_refused(workspace, parts, moved):
    """Neither a value too many in a block, nor one that moved to another bin."""
    data = json.loads(Path(parts[0]).read_text(encoding="utf-8"))
    counts = data["columns"][1]["blocks"]["counts"][0]
    full = next(index for index, count in enumerate(counts) if count)
    counts[full] -= moved
    counts[full + 1] += 1
    del data["digest"]
    Path(parts[0]).write_text(json.dumps(data), encoding="utf-8")
    (found,) = merge(Merging(parts), workspace.out).verdict.findings
    assert "column 'x'" in found.message and "does not add up" in found.message


def test_a_profile_that_does_not_fit_its_digest_is_refused_by_name(workspace, parts):
    text = Path(parts[0]).read_text(encoding="utf-8")
    Path(parts[0]).write_text(text.replace('"mean":', '"mean":1', 1), encoding="utf-8")
    (found,) = merge(Merging(parts), workspace.out).verdict.findings
    assert found.where.file == parts[0] and "was changed after it was written" in found.message


def test_profiles_of_other_columns_are_findings_that_name_the_file(workspace, parts):
    describe(Profiling((workspace.parquet("SELECT DATE '2013-04-01' AS day, 'a' AS x, 4 AS m"),)), workspace.out)
    Path("2013-04.json").write_bytes((workspace.out / "profile.json").read_bytes())
    (workspace.out / "profile.json").unlink()
    verdict = merge(Merging((*parts, "2013-04.json")), workspace.out).verdict
    assert [each.message for each in verdict.findings] == [
        "2013-04.json has VARCHAR in the column 'x', which is BIGINT before"
    ]
    assert verdict.status is Status.FAIL and not list(workspace.out.iterdir())


def test_blocks_that_are_not_added_are_a_warning(workspace, parts):
    describe(Profiling((workspace.parquet("SELECT DATE '2013-04-01' AS day, 1 AS x, 4 AS m"),)), workspace.out)
    Path("2013-04.json").write_bytes((workspace.out / "profile.json").read_bytes())
    verdict = merge(Merging((*parts, "2013-04.json")), workspace.out).verdict
    assert verdict.status is Status.WARN and "not all of the profiles have blocks" in verdict.findings[0].message
    assert (read(workspace).rows, read(workspace).time) == (85, None)
