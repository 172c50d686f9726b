"""Repositories to plan and judge: real files in a real git."""

from __future__ import annotations

import shutil
import subprocess
import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from mlops_actions.dryrun import languageservice

Repository = Callable[..., Path]


def git(folder: Path, *arguments: str) -> str:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false")
    done = subprocess.run(("git", *identity, *arguments), cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def write(folder: Path, files: Mapping[str, str]) -> None:
    for name, text in files.items():
        path = folder / (f".github/workflows/{name}" if name.endswith((".yml", ".yaml")) and "/" not in name else name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")


@pytest.fixture(name="run_git")
def _run_git() -> Callable[..., str]:
    return git


@pytest.fixture(name="write")
def _write() -> Callable[[Path, Mapping[str, str]], None]:
    return write


@pytest.fixture(scope="session")
def empty_repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository of acme/shop without a commit, to be copied."""
    folder = tmp_path_factory.mktemp("template")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "remote", "add", "origin", "https://github.com/acme/shop.git")
    return folder


@pytest.fixture
def repository(tmp_path: Path, empty_repository: Path) -> Repository:
    """Makes a repository of acme/shop on branch main; a bare name `x.yml` lies in .github/workflows."""

    def make(files: Mapping[str, str], message: str = "first") -> Path:
        folder = tmp_path / "shop"
        shutil.copytree(empty_repository, folder)
        write(folder, files)
        git(folder, "add", "-A")
        git(folder, "commit", "-q", "--allow-empty", "-m", message)
        return folder

    return make


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library with a few called workflows, small enough to see through."""
    folder = tmp_path / "library"
    write(
        folder,
        {
            "plain.yml": """\
                on:
                  workflow_call:
                    inputs:
                      flag: {type: boolean, default: false}
                      count: {type: number, default: 3}
                      word: {type: string, default: ""}
                    outputs:
                      verdict: {value: "${{ jobs.work.outputs.verdict }}"}
                permissions: {}
                jobs:
                  work:
                    runs-on: ubuntu-24.04
                    permissions: {contents: read}
                    outputs: {verdict: "${{ steps.x.outputs.verdict }}"}
                    steps: [{id: x, run: echo}]
                  gate:
                    needs: work
                    if: always()
                    runs-on: ubuntu-24.04
                    steps: [{run: echo}]
                """,
            "writer.yml": """\
                on: workflow_call
                jobs:
                  write:
                    if: false
                    runs-on: ubuntu-24.04
                    permissions: {contents: write, issues: write}
                    steps: [{run: echo}]
                """,
            "inherits.yml": """\
                on: workflow_call
                jobs:
                  write: {runs-on: ubuntu-24.04, steps: [{run: echo}]}
                """,
            "root.yml": """\
                on: workflow_call
                permissions: {actions: read}
                jobs:
                  read: {runs-on: ubuntu-24.04, steps: [{run: echo}]}
                """,
            "nested.yml": """\
                on: workflow_call
                jobs:
                  inner: {uses: $/.github/workflows/writer.yml}
                """,
            "actions/greet/action.yml": "name: greet\nruns: {using: composite, steps: []}\n",
        },
    )
    return folder


@pytest.fixture(scope="session")
def languageservice_folder() -> Path:
    """The folder where GitHub's language service is installed; it is fetched from npm once."""
    return languageservice.installed()
