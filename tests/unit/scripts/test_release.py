"""This library's own release: what stands against a tag, before anything is made or written."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import release

from mlops_actions import __version__, yamlfile

ROOT = Path(__file__).resolve().parents[3]
TAG = f"v{__version__}"
NOWHERE = {"GITHUB_API_URL": "http://127.0.0.1:9", "GITHUB_TOKEN": "t", "GITHUB_REPOSITORY": "o/r"}


def git(*arguments: str, cwd: Path) -> str:
    identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    done = subprocess.run(["git", *identity, *arguments], cwd=cwd, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(name="checkout")
def _checkout(tmp_path: Path) -> Path:
    """A clone, as the workflow checks it out, of a repository whose changelog has a part for the version."""
    upstream = tmp_path / "upstream"
    upstream.mkdir()
    (upstream / "CHANGELOG.md").write_text(
        f"# Changes\n\n## Unreleased\n\n## {__version__} - 2026-11-23\n\n- It works.\n\n## 0.9.0\n\n- Old.\n\n## 0.8.0\n"
    )
    git("init", "--quiet", "--initial-branch=main", cwd=upstream)
    git("add", "--all", cwd=upstream)
    git("commit", "--quiet", "--message", "A commit", cwd=upstream)
    git("clone", "--quiet", str(upstream), str(tmp_path / "checkout"), cwd=tmp_path)
    return tmp_path / "checkout"


def environ(checkout: Path, tag: str = TAG) -> dict[str, str]:
    return {"GITHUB_REF_NAME": tag, "GITHUB_SHA": git("rev-parse", "HEAD", cwd=checkout)}


def test_a_tag_on_main_of_the_version_with_its_changes_is_released(
    checkout: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert release.main(["check"], environ(checkout), checkout) == 0
    assert release.notes(TAG, checkout) == "- It works.\n"
    git("commit", "--quiet", "--allow-empty", "--message", "main goes on", cwd=checkout)
    git("push", "--quiet", "origin", "HEAD:side", cwd=checkout)
    git("update-ref", "refs/remotes/origin/main", "HEAD", cwd=checkout)
    git("checkout", "--quiet", "HEAD~1", cwd=checkout)
    assert release.main(["check"], environ(checkout), checkout) == 0, capsys.readouterr().err


def test_a_tag_that_is_not_the_version_is_refused(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert release.main(["check"], environ(checkout, "v0.9.0"), checkout) == 1
    said = capsys.readouterr().err
    assert "the tag is v0.9.0" in said and __version__ in said
    assert "CHANGELOG" not in said


def test_a_commit_that_is_not_on_main_is_refused(checkout: Path, capsys: pytest.CaptureFixture[str]) -> None:
    git("commit", "--quiet", "--allow-empty", "--message", "A side way", cwd=checkout)
    assert release.main(["check"], environ(checkout), checkout) == 1
    assert "is not on origin/main" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text", ["# Changes\n\n## Unreleased\n\n- It works.\n", f"## {__version__}\n\n## 0.9.0\n\n- Old.\n"]
)
def test_a_version_without_changes_is_refused(checkout: Path, text: str, capsys: pytest.CaptureFixture[str]) -> None:
    (checkout / "CHANGELOG.md").write_text(text)
    assert release.main(["check"], environ(checkout), checkout) == 1
    assert f"no part `## {__version__}`" in capsys.readouterr().err


def test_a_version_is_not_taken_for_one_that_begins_like_it(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text(
        f"## {__version__}-rc.1\n\n- A candidate.\n\n## {__version__}0\n\n- Later.\n"
    )
    assert release.notes(TAG, checkout) is None


@pytest.mark.parametrize("what", ["assets", "publish"])
def test_what_stands_against_it_stops_all_that_follows(checkout: Path, what: str, tmp_path: Path) -> None:
    """Nothing is packed, and nobody is asked: the address of the API is one where nothing answers."""
    made = tmp_path / "assets"
    assert release.main([what, str(made)], environ(checkout, "v0.9.0") | NOWHERE, checkout) == 1
    assert not made.exists()


@pytest.mark.parametrize("lacks", ["GITHUB_TOKEN", "GITHUB_REPOSITORY", "GITHUB_SHA", "GITHUB_REF_NAME"])
def test_a_variable_that_is_not_set_is_named(
    checkout: Path, lacks: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {name: value for name, value in (environ(checkout) | NOWHERE).items() if name != lacks}
    with pytest.raises(SystemExit) as caught:
        release.main(["publish", str(tmp_path)], given, checkout)
    assert caught.value.code == 2
    assert f"publish needs {lacks} in its environment" in capsys.readouterr().err


def test_every_page_calls_the_major_version_that_is_released() -> None:
    pages = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("examples/*/.github/workflows/*.yml")]
    called = {
        version
        for page in pages
        for version in re.findall(r"mlops-actions/mlops-actions/[\w./-]+@(\S+)", page.read_text(encoding="utf-8"))
    }
    assert called == {release.major(TAG)}


def test_the_workflow_gives_each_command_what_it_needs_and_the_history_of_main() -> None:
    jobs = yamlfile.load(ROOT / ".github/workflows/release.yml").data["jobs"]
    commands = {}
    for name, job in jobs.items():
        for step in job["steps"]:
            if found := re.search(r"scripts/release\.py (\w+)", step.get("run", "")):
                commands[found[1]] = (name, set(step["env"]))
    assert set(commands) == set(release.NEEDED)
    for what, (name, given) in commands.items():
        wanted = set(release.NEEDED[what]) - {"GITHUB_REF_NAME", "GITHUB_SHA", "GITHUB_REPOSITORY"}  # a runner's own
        assert wanted <= given, what
        assert jobs[name]["steps"][0]["with"]["fetch-depth"] == 0, what
