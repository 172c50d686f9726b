"""Every workflow and action, as others' validators see them."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from mlops_actions.dryrun import languageservice
from mlops_actions.verdict import Status

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent


def run(*command: str) -> str:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def test_schemastore_accepts_every_workflow() -> None:
    files = [
        str(path) for path in [*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("examples/*/.github/workflows/*.yml")]
    ]
    assert len(files) >= 6
    run(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *files)


def test_schemastore_accepts_every_action() -> None:
    files = [str(path) for path in ROOT.glob("actions/*/action.yml")]
    assert len(files) >= 2
    run(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-actions", *files)


def test_githubs_language_service_accepts_every_workflow_and_action() -> None:
    files = [*ROOT.glob(".github/workflows/*.yml"), *ROOT.glob("actions/*/action.yml")]
    names = [path.relative_to(ROOT).as_posix() for path in files]
    answers = languageservice.check(ROOT, names, ROOT, install=True, repository="mlops-actions/mlops-actions")
    assert {each.where.file for each in answers} == set(names)
    assert [each for each in answers if each.status is not Status.PASS] == []


def test_githubs_language_service_accepts_the_example() -> None:
    example = ROOT / "examples/flight-delay"
    files = [f".github/workflows/{name}.yml" for name in ("model", "retrain")]
    answers = languageservice.check(example, files, ROOT, install=True)
    assert [each.status for each in answers] == [Status.PASS] * 2


PAGES = [path for path in sorted(ROOT.glob("docs/*.md")) if "\n## Examples\n" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_examples_on_a_page_are_valid(page: Path, tmp_path: Path) -> None:
    """Each workflow file under `Examples`, by its schema, and by GitHub's own language service."""
    examples = page.read_text(encoding="utf-8").partition("\n## Examples\n")[2].partition("\n## ")[0]
    blocks = [block for block in re.findall(r"```yaml\n(.*?)```", examples, re.DOTALL) if "\njobs:" in block]
    assert blocks
    names = [f".github/workflows/example-{number}.yml" for number in range(len(blocks))]
    (tmp_path / ".github/workflows").mkdir(parents=True)
    for name, block in zip(names, blocks, strict=True):
        (tmp_path / name).write_text(block, encoding="utf-8")
    files = [str(tmp_path / name) for name in names]
    run(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.github-workflows", *files)
    answers = languageservice.check(tmp_path, names, ROOT, install=True)
    assert [each for each in answers if each.status is not Status.PASS] == []
    assert {each.where.file for each in answers} == set(names)


def test_the_security_linter_finds_nothing() -> None:
    run(str(BIN / "zizmor"), "--offline", "--strict-collection", "--persona=auditor", "--no-progress", ".")


def test_the_security_linter_would_find_something(tmp_path: Path) -> None:
    bad = tmp_path / ".github/workflows/bad.yml"
    bad.parent.mkdir(parents=True)
    bad.write_text(
        "on: push\njobs: {a: {runs-on: x, steps: [{run: 'echo ${{ github.head_ref }}'}]}}\n", encoding="utf-8"
    )
    done = subprocess.run(
        [str(BIN / "zizmor"), "--offline", "--persona=auditor", "--no-progress", str(tmp_path)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "template-injection" in done.stdout + done.stderr


def test_the_generated_tables_are_current() -> None:
    run(sys.executable, "scripts/docs.py", "--check")


def test_the_locks_answer_to_the_dependencies() -> None:
    run(sys.executable, "scripts/lock.py", "--check")


def test_no_lock_file_names_an_index() -> None:
    ours, examples = list(ROOT.glob("workflows-lib/locks/*.txt")), list(ROOT.glob("examples/*/requirements/*.txt"))
    assert len(ours) >= 9 and len(examples) >= 3
    for path in (*ours, *examples):
        text = path.read_text(encoding="utf-8")
        assert "://" not in text, path
        assert "--index" not in text, path
