"""A consumer's repository, written from a dict and run by the real act, as the command line runs it."""

from __future__ import annotations

import dataclasses
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.dryrun import judge
from mlops_actions.dryrun.run import DryRun, dry_run
from mlops_actions.outcome import Outcome
from mlops_actions.verdict import Check, Status

LIBRARY = Path(__file__).resolve().parents[2]


@dataclasses.dataclass(frozen=True)
class Ran:
    """What a dry run left: its outcome, and the output folder as a user finds it."""

    outcome: Outcome
    out: Path

    @property
    def status(self) -> str:
        return self.outcome.verdict.status.value

    @property
    def outputs(self) -> dict[str, dict[str, str]]:
        """The outputs of the only workflow file: job to output to value."""
        (only,) = json.loads((self.out / "outputs.json").read_text()).values()
        return dict(only)

    @property
    def requests(self) -> list[dict[str, Any]]:
        return list(json.loads((self.out / "requests.json").read_text()))

    def check(self, job: str) -> Check:
        """The check of the one job or leg of this name."""
        (found,) = [each for each in self.outcome.verdict.checks if each.where.object == job]
        return found

    def result(self, job: str) -> str:
        """How the job of this name ended, as the report's table says."""
        table = next(each for each in self.outcome.sections if each.title == "Jobs and steps").blocks[0]
        (result,) = [row[3] for row in table.rows if row[1] == job]  # type: ignore[union-attr]
        return str(result)

    def step(self, name: str) -> str:
        table = next(each for each in self.outcome.sections if each.title == "Jobs and steps").blocks[0]
        (result,) = [row[3] for row in table.rows if row[2] == name]  # type: ignore[union-attr]
        return str(result)

    def said(self) -> str:
        """Everything in the report: sections as text."""
        return "\n".join(str(dataclasses.asdict(each)) for each in self.outcome.sections)

    def artifact(self, name: str) -> dict[str, str]:
        """The files of an artifact: path to text."""
        folder = self.out / "artifacts" / name
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        return {path.relative_to(folder).as_posix(): path.read_text() for path in files}

    def artifacts(self) -> list[str]:
        return sorted(path.name for path in (self.out / "artifacts").iterdir())


@dataclasses.dataclass(frozen=True)
class Consumer:
    """A consumer's repository on disk."""

    root: Path
    out: Path

    def git(self, *arguments: str) -> str:
        identity = ["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
        done = subprocess.run(["git", *identity, *arguments], cwd=self.root, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--allow-empty", "--message", "A commit")

    def run(self, **options: Any) -> Ran:
        """The dry run of this repository; ``options`` are :class:`DryRun`'s."""
        shutil.rmtree(self.out, ignore_errors=True)
        self.out.mkdir()
        request = DryRun(self.root, LIBRARY, **{"quiet": True, **options})
        return Ran(dry_run(request, self.out), self.out)


@pytest.fixture(autouse=True)
def _private_cache(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Package caches of the test run, not the user's; shared by its tests, as a user's are by dry runs."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.getbasetemp() / "cache"))


@pytest.fixture
def consumer(tmp_path: Path) -> Callable[..., Consumer]:
    """Makes a repository from its files and commits them; ``origin`` is its remote's address."""

    def make(files: Mapping[str, str], origin: str = "https://github.com/octo/consumer.git") -> Consumer:
        made = Consumer(tmp_path / "consumer", tmp_path / "out")
        made.root.mkdir()
        made.git("init", "--quiet", "--initial-branch=main")
        made.git("remote", "add", "origin", origin)
        made.write(files)
        made.commit()
        return made

    return make


@pytest.fixture
def workflow(consumer: Callable[..., Consumer]) -> Callable[..., Consumer]:
    """Makes a repository of one workflow file, ``ci.yml``, and whatever else is given."""

    def make(text: str, **others: str) -> Consumer:
        files = {f".github/workflows/{name.replace('__', '.')}": body for name, body in others.items()}
        return consumer({".github/workflows/ci.yml": text, **files})

    return make


@pytest.fixture
def unjudged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leaves out what GitHub's language service says (it has tests of its own, and takes half a second)."""
    monkeypatch.setattr(judge, "judge", lambda *_, **__: [Check("workflow", Status.PASS, "not asked here")])


def docker_answers() -> str | None:
    """Why the Docker tests can't run, or None."""
    if shutil.which("docker") is None:
        return "there is no docker on PATH"
    done = subprocess.run(["docker", "version"], capture_output=True, text=True, check=False, env=dict(os.environ))
    return None if done.returncode == 0 else "no Docker engine answers"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    marked = [item for item in items if item.get_closest_marker("docker")]
    reason = docker_answers() if marked else None
    for item in marked if reason else ():
        item.add_marker(pytest.mark.skip(reason=str(reason)))
