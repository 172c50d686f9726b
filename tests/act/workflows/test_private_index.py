"""A private package index, given as a secret: what the commands install comes from there, and it shows nowhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mlops_actions.project import interpreters
from mlops_actions.verdict import Status

VERSION = list(interpreters.find_all())[-1]
INDEX = {"secrets": {"index-url": "${{ secrets.INDEX_URL }}"}}
FILES = {
    "requirements.txt": "secretsauce==1.0\n",
    "app.py": "import secretsauce\n",
    "mlops.yaml": "training: {command: 'python app.py; env | grep INDEX'}\n",
}


@pytest.fixture(name="files")
def _files(calls: Callable[..., str]) -> dict[str, str]:
    commands = {"lint-command": "true", "test-command": "python app.py; env | grep INDEX"}
    jobs = {
        "ci": ("python-ci", {"python-versions": json.dumps([VERSION]), **commands}, INDEX),
        "train": ("model-training", {"python-version": VERSION}, INDEX),
    }
    return {**FILES, ".github/workflows/ci.yml": calls(jobs)}


def test_the_index_is_used_and_its_credentials_show_nowhere(
    repository: Callable[..., Any], files: dict[str, str], private_index: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    ran = repository(files).dry_run("--secret", f"INDEX_URL={private_index.url}")
    assert ran.judged("ci").status is Status.PASS, ran.printed
    train = {check.rule: check.status for check in ran.judged("train-model").checks}
    assert train["training.install"] is train["training.command"] is Status.PASS, ran.printed
    for log in ("ci-leg-" + VERSION + "/test.log", "train-model/train.log"):
        lines = (ran.out / "artifacts" / log).read_text().splitlines()
        assert {"PIP_INDEX_URL=***", "UV_DEFAULT_INDEX=***"} <= set(lines)
    left = "".join(path.read_text(errors="replace") for path in ran.out.rglob("*") if path.is_file())
    assert private_index.password not in left + ran.printed


def test_without_the_secret_the_public_index_is_used(repository: Callable[..., Any], files: dict[str, str]) -> None:
    """As in a pull request from a fork."""
    ran = repository({**files, "requirements.txt": "iniconfig\n", "app.py": "import iniconfig\n"}).dry_run(
        "--job", "ci"
    )
    found = {check.rule: check.status for check in ran.judged("ci-leg-" + VERSION).checks}
    assert found["install.command"] is Status.PASS, ran.printed
