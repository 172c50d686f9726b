"""Docker mode: the same jobs in containers, in an image that is built here, and nothing left of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Make = Callable[..., Any]
pytestmark = [pytest.mark.docker, pytest.mark.usefixtures("unjudged")]
LIBRARY = Path(__file__).resolve().parents[2]


def docker(*arguments: str) -> list[str]:
    done = subprocess.run(["docker", *arguments], capture_output=True, text=True, check=True)
    return sorted(done.stdout.splitlines())


def left() -> tuple[list[str], list[str]]:
    return docker("ps", "--all", "--quiet"), docker("volume", "ls", "--quiet")


TEXT = """
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    outputs: {seen: "${{ steps.x.outputs.seen }}"}
    steps:
      - uses: actions/checkout@v4
      - {uses: actions/setup-python@v5, id: p, with: {python-version: "3.11"}}
      - {uses: actions/cache@v4, with: {path: kept, key: k}}
      - id: x
        env: {S: "${{ secrets.S }}"}
        run: |
          test -e /.dockerenv && test "$S" = "a secret" && mkdir kept && echo 1 > kept/file
          python -c 'import sys; assert sys.version_info[:2] == (3, 11)'
          echo "seen=$(git log --oneline | wc -l) $(cat README.md) $(whoami)" >> "$GITHUB_OUTPUT"
          echo "a summary" >> "$GITHUB_STEP_SUMMARY"
      - {uses: actions/upload-artifact@v4, with: {name: it, path: kept}}
      - {run: "exit 1", if: "github.ref == 'refs/heads/broken'"}
  two:
    needs: one
    runs-on: ubuntu-latest
    steps:
      - {uses: actions/download-artifact@v4, with: {name: it}}
      - {uses: actions/cache/restore@v4, with: {path: kept, key: k, fail-on-cache-miss: true}}
      - run: test "$(cat file)" = 1 && test "$(cat kept/file)" = 1 && ! printenv HOST_SECRET
"""


def test_a_run_in_containers(workflow: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST_SECRET", "hunter2")
    before = left()
    consumer = workflow(TEXT)
    consumer.write({"README.md": "not committed\n"})
    ran = consumer.run(docker=True, secrets=("S=a secret",))
    assert ran.status == "pass", ran.said()
    assert ran.outputs["one"] == {"seen": "1 not committed root"}
    assert ran.artifact("it") == {"file": "1\n"}
    assert left() == before


def test_nothing_is_left_of_a_run_that_is_interrupted(workflow: Make, tmp_path: Path) -> None:
    before = left()
    consumer = workflow("on: push\njobs:\n  one:\n    runs-on: x\n    steps: [{run: echo started; sleep 86400}]\n")
    consumer.out.mkdir()
    program = (
        "import sys; from pathlib import Path\n"
        "from mlops_actions.dryrun import judge; from mlops_actions.dryrun.run import DryRun, dry_run\n"
        "judge.judge = lambda *a, **k: []\n"
        "try: dry_run(DryRun(Path(sys.argv[1]), Path(sys.argv[2]), docker=True), Path(sys.argv[3]))\n"
        "except KeyboardInterrupt: sys.exit(130)\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(LIBRARY / "workflows-lib" / "src"), "TMPDIR": str(tmp_path)}
    command = [sys.executable, "-c", program, str(consumer.root), str(LIBRARY), str(consumer.out)]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE) as running:
        deadline = time.monotonic() + 120
        while not (set(docker("ps", "--quiet")) - set(before[0])) and running.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=120) == 130
    assert left() == before
