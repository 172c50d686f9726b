"""Repositories that call the five workflows, dry-run as a person does it: a process, and what it leaves and prints.

A dry run costs seconds, so each consumer has many callers in one workflow
file, runs once, and several tests look at the result.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from mlops_actions import verdict
from mlops_actions.verdict import Check, Verdict

LIBRARY = Path(__file__).resolve().parents[3]
CALL = "mlops-actions/mlops-actions/.github/workflows/{}.yml@v1"

SCAFFOLD = {
    "Makefile": """\
install:
	pip install --upgrade pip && pip install -r requirements.txt

lint:
	pylint --disable=R,C hello.py

test:
	python -m pytest -vv --cov=hello test_hello.py
""",
    "requirements.txt": "pylint\npytest\npytest-cov\n",
    "hello.py": "def add(x, y):\n    return x + y\n",
    "test_hello.py": "from hello import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n",
}

Table = list[dict[str, str]]


@dataclasses.dataclass(frozen=True)
class Result:
    """A dry run that has ended: its exit status, what it printed for a person, and its output folder."""

    code: int
    printed: str
    out: Path

    @property
    def verdict(self) -> Verdict:
        return verdict.read(self.out / "verdict.json")

    @property
    def outputs(self) -> dict[str, dict[str, str]]:
        """The outputs of the only workflow file's jobs."""
        (only,) = json.loads((self.out / "outputs.json").read_text()).values()
        return dict(only)

    @property
    def requests(self) -> list[dict[str, Any]]:
        return list(json.loads((self.out / "requests.json").read_text()))

    @property
    def jobs(self) -> dict[str, str]:
        """How each job and leg ended, by the name that a person sees."""
        return {row["job"]: row["result"] for row in self.table("Jobs and steps") if row["job"]}

    def of(self, job: str) -> dict[str, str]:
        """How the jobs that ``job`` of the caller's file called ended, by their own names."""
        prefix = f"{job} / "
        return {name.removeprefix(prefix): result for name, result in self.jobs.items() if name.startswith(prefix)}

    def check(self, job: str) -> Check:
        """What the dry run's verdict says of a job or leg."""
        (found,) = [each for each in self.verdict.checks if each.where.object == job]
        return found

    def annotations(self, job: str) -> Table:
        """What the job ``job`` or those that it called have annotated: level, file, line, message."""
        rows = [{**row, "level": row["level"].lower()} for row in self.table("Annotations")]
        return [row for row in rows if row["job"] == job or row["job"].startswith(f"{job} / ")]

    def table(self, title: str) -> Table:
        """The table under a heading of the report that a person opens."""
        reader = _Tables()
        reader.feed((self.out / "report.html").read_text())
        return reader.found.get(title, [])

    @property
    def artifacts(self) -> set[str]:
        return {path.name for path in (self.out / "artifacts").iterdir()}

    def artifact(self, name: str) -> Path:
        return self.out / "artifacts" / name

    def kept(self, name: str) -> set[str]:
        """The files of an artifact, without the views of the verdict that every one holds."""
        folder = self.artifact(name)
        found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
        assert {"verdict.json", "summary.md", "report.html"} <= found
        return {name for name in found if not name.startswith(".")} - {"verdict.json", "summary.md", "report.html"}

    def judged(self, name: str) -> Verdict:
        """The verdict in an artifact."""
        return verdict.read(self.artifact(name) / "verdict.json")

    def broken(self, name: str) -> dict[str, Check]:
        """The findings of the verdict in an artifact, by rule."""
        return {each.rule: each for each in self.judged(name).findings}


class _Tables(HTMLParser):
    """The first table under each second-level heading, a dict a row."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, Table] = {}
        self._title, self._text, self._columns = "", "", list[str]()
        self._cells: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"h2", "th", "td"}:
            self._text = ""
        if tag == "tr":
            self._cells = []
        if tag == "br":
            self._text += "\n"

    def handle_data(self, data: str) -> None:
        self._text += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "h2":
            self._title = self._text
        if tag in {"th", "td"}:
            self._cells.append(self._text)
        if tag == "thead":
            self._columns = self._cells
            self._cells = []
        if tag == "tr" and self._cells and self._columns:
            self.found.setdefault(self._title, []).append(dict(zip(self._columns, self._cells, strict=False)))
        if tag == "table":
            self._columns = []


@dataclasses.dataclass(frozen=True)
class Repository:
    """A consumer's repository on disk."""

    root: Path
    cache: Path

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *identity, *arguments], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def dry_run(self, *options: str) -> Result:
        named = options[options.index("--out") + 1] if "--out" in options else None
        out = Path(named) if named else self.root / ".mlops" / "dry-run"
        environ = {**os.environ, "XDG_CACHE_HOME": str(self.cache), "COLUMNS": "120"}
        command = [sys.executable, "-I", "-m", "mlops_actions", "dry-run", *options]
        done = subprocess.run(command, cwd=self.root, env=environ, capture_output=True, text=True, check=False)
        assert "Traceback" not in done.stderr, done.stderr
        return Result(done.returncode, done.stderr, out)


Files = Mapping[str, str | bytes]


@pytest.fixture(scope="session")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], Repository]:
    """Takes a repository that is there already."""

    def take(root: Path) -> Repository:
        # The package caches of the test run: not the user's, and shared by its tests, as a user's are.
        return Repository(root, tmp_path_factory.getbasetemp() / "cache")

    return take


@pytest.fixture(scope="session")
def repository(
    tmp_path_factory: pytest.TempPathFactory, standing: Callable[[Path], Repository]
) -> Callable[[Files], Repository]:
    """Makes a repository of these files and commits them."""

    def make(files: Files) -> Repository:
        root = tmp_path_factory.mktemp("consumer") / "flights"
        made = standing(root)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        made.git("init", "--quiet", "--initial-branch=main")
        made.git("remote", "add", "origin", "https://github.com/octo/flights.git")
        made.git("add", "--all")
        made.git("commit", "--quiet", "--message", "A commit")
        return made

    return make


@pytest.fixture(scope="session")
def calls() -> Callable[..., str]:
    """A workflow file whose jobs call workflows: a job to a workflow's name, its inputs, and what else the job says.

    Each call gets the job's name as its input ``name``, which keeps artifacts apart, unless it gives one.
    """

    def write(
        jobs: Mapping[str, tuple[str, Mapping[str, Any]] | tuple[str, Mapping[str, Any], Mapping[str, Any]]],
    ) -> str:
        body = {
            job: {
                "uses": CALL.format(called),
                "with": {"name": job, **inputs},
                **(more[0] if more else {}),
            }
            for job, (called, inputs, *more) in jobs.items()
        }
        # JSON is YAML.
        return json.dumps({"name": "CI", "on": "push", "permissions": {"contents": "read"}, "jobs": body}, indent=1)

    return write


@pytest.fixture(scope="session")
def scaffold() -> dict[str, str]:
    """The four files that many a Python project starts from."""
    return dict(SCAFFOLD)
