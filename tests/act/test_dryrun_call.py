"""The call as a whole: what is refused, what is left when it is interrupted, what `--list` says."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mlops_actions.dryrun import judge, stage
from mlops_actions.dryrun.run import DryRun, dry_run, list_plan
from mlops_actions.errors import CallError
from mlops_actions.verdict import Check, Status, Where

Make = Callable[..., Any]
LIBRARY = Path(__file__).resolve().parents[2]
SMALL = "on: push\njobs:\n  one:\n    runs-on: ubuntu-latest\n    steps: [{run: 'true'}]\n"


def test_a_file_that_github_would_refuse_is_not_run(workflow: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    bad = Check("workflow.invalid", Status.FAIL, "no such key", where=Where(file=".github/workflows/bad.yml", line=1))
    monkeypatch.setattr(judge, "judge", lambda *_, **__: [bad])
    ran = workflow(SMALL, bad__yml=SMALL.replace("one:", "other:")).run()
    jobs = {each.where.object for each in ran.outcome.verdict.checks} - {None}
    assert (ran.status, jobs) == ("fail", {"one"})


def test_the_list_runs_nothing(workflow: Make) -> None:
    consumer = workflow(
        SMALL, other__yml="on: schedule: []\n".replace("on: schedule: []", "on: workflow_dispatch") + "jobs: {}\n"
    )
    text = list_plan(DryRun(consumer.root, LIBRARY))
    assert ".github/workflows/ci.yml: starts" in text and "one" in text
    assert not consumer.out.exists()


def test_the_list_says_which_calls_would_fail(workflow: Make) -> None:
    uses = "mlops-actions/mlops-actions/.github/workflows/python_ci.yml@v1"
    consumer = workflow(f"on: push\njobs:\n  one:\n    uses: {uses}\n")
    text = list_plan(DryRun(consumer.root, LIBRARY))
    assert ".github/workflows/ci.yml:4: " in text and "Did you mean `python-ci.yml`?" in text


BROKEN = "on: push\njobs:\n  one: {}\n  one: {}\n"


def test_the_list_says_why_github_refuses_a_file_and_where(workflow: Make) -> None:
    text = list_plan(DryRun(workflow(SMALL, broken__yml=BROKEN).root, LIBRARY))
    place = ".github/workflows/broken.yml"
    assert f"{place}: does not start: GitHub refuses the file\n  {place}:4:" in text


@pytest.mark.usefixtures("unjudged")
def test_the_headline_says_which_files_github_would_refuse(workflow: Make) -> None:
    consumer = workflow(BROKEN)
    refused = "GitHub would refuse .github/workflows/ci.yml"
    assert consumer.run().outcome.headline == f"{refused}; nothing was run"
    consumer.write({".github/workflows/good.yml": SMALL})
    assert consumer.run().outcome.headline == f"1 job of 1 workflow file ran; {refused}"


def test_the_list_as_json(workflow: Make) -> None:
    uses = "mlops-actions/mlops-actions/.github/workflows/python_ci.yml@v1"
    consumer = workflow(SMALL, broken__yml=BROKEN, other__yml=f"on: push\njobs:\n  two:\n    uses: {uses}\n")
    done = subprocess.run(
        [sys.executable, "-m", "mlops_actions", "dry-run", "--list", "--json", "--library", str(LIBRARY)],
        cwd=consumer.root,
        env={**os.environ, "PYTHONPATH": str(LIBRARY / "workflows-lib" / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    data = json.loads(done.stdout)
    broken, ci, other = data["files"]
    assert data["event"]["ref"] == "refs/heads/main" and data["event"]["uncommitted"] is True
    assert (broken["starts"], broken["problems"][0]["line"]) == (False, 4)
    assert [(job["path"], job["when"], job["line"]) for job in ci["jobs"]] == [(["one"], "must", 3)]
    assert other["starts"] and data["would-fail"][0]["rule"] == "call.missing"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"secrets": ("MLOPS_NOT_THERE",)}, "there is no such variable"),
        ({"secrets": ("a b=c",)}, "a secret's name"),
        ({"from_": (Path("/nowhere"),)}, "no output folder"),
        ({"library": Path("/")}, "no checkout of mlops-actions"),
        ({"docker": True, "image": "no-such-image:here"}, "Docker|docker|no such image"),
    ],
)
@pytest.mark.usefixtures("unjudged")
def test_a_wrong_call(workflow: Make, options: dict[str, Any], message: str) -> None:
    consumer = workflow(SMALL)
    request = DryRun(**{"repo": consumer.root, "library": LIBRARY, "quiet": True, **options})
    consumer.out.mkdir()
    with pytest.raises(CallError, match=message):
        dry_run(request, consumer.out)


def test_a_wrong_call_leaves_no_folder(workflow: Make) -> None:
    consumer = workflow("on: pull_request\njobs: {}\n")
    command = [sys.executable, "-m", "mlops_actions", "dry-run", "--library", str(LIBRARY)]
    environ = {**os.environ, "PYTHONPATH": str(LIBRARY / "workflows-lib" / "src")}
    done = subprocess.run(command, cwd=consumer.root, env=environ, capture_output=True, text=True, check=False)
    assert (done.returncode, (consumer.root / ".mlops").exists()) == (2, False), done.stderr
    (consumer.root / ".mlops").mkdir()  # one that is there is not this call's to remove
    subprocess.run(command, cwd=consumer.root, env=environ, capture_output=True, check=False)
    assert (consumer.root / ".mlops").is_dir()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
@pytest.mark.usefixtures("unjudged")
def test_a_full_disk_is_told_by_the_private_folder(
    workflow: Make, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A disk that is really full, for the copy of a file into the private folder: --out would not help."""
    consumer = workflow(SMALL)
    monkeypatch.setattr(stage.shutil, "copyfile", lambda source, _: Path("/dev/full").write_bytes(source.read_bytes()))
    (tmp_path / "private").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "private"))
    with pytest.raises(CallError) as raised:
        consumer.run()
    (problem,) = raised.value.problems
    assert problem.file is not None and problem.file.startswith(f"{tmp_path}/private/mlops-")
    assert "full: No space left on device" in problem.message and "TMPDIR=" in str(problem.hint)
    assert not list((tmp_path / "private").iterdir())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_nothing_is_left_when_it_is_interrupted(workflow: Make, tmp_path: Path, number: int) -> None:
    mark = tmp_path / "pid"
    text = f"""
on: push
jobs:
  one:
    runs-on: ubuntu-latest
    steps: [{{run: "echo $$ > {mark}.new; mv {mark}.new {mark}; sleep 86400"}}]
  two:
    needs: one
    if: always()
    runs-on: ubuntu-latest
    steps: [{{run: touch {tmp_path}/two}}]
"""
    consumer = workflow(text)
    consumer.out.mkdir()
    private = tmp_path / "tmp"
    private.mkdir()
    program = (
        "import sys; from pathlib import Path\n"
        "from mlops_actions.dryrun import judge; from mlops_actions.dryrun.run import DryRun, dry_run\n"
        "judge.judge = lambda *a, **k: []\n"
        "try: dry_run(DryRun(Path(sys.argv[1]), Path(sys.argv[2])), Path(sys.argv[3]))\n"
        "except KeyboardInterrupt: sys.exit(130)\n"
    )
    environ = {**os.environ, "TMPDIR": str(private), "PYTHONPATH": str(LIBRARY / "workflows-lib" / "src")}
    command = [sys.executable, "-c", program, str(consumer.root), str(LIBRARY), str(consumer.out)]
    with subprocess.Popen(command, env=environ, stderr=subprocess.PIPE) as running:
        deadline = time.monotonic() + 60
        while not mark.exists() and running.poll() is None and time.monotonic() < deadline:
            time.sleep(0.05)
        running.send_signal(number)
        assert running.wait(timeout=60) == 130
    shown = subprocess.run(["ps", "-o", "stat=", "-p", mark.read_text()], capture_output=True, text=True, check=False)
    assert shown.stdout.strip()[:1] in {"", "Z"}
    assert not list(private.iterdir())
    assert not (tmp_path / "two").exists()


def test_act_calls_nobody(workflow: Make, unjudged: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """act would ask its maker's server for news: a proxy that listens hears of nothing."""
    del unjudged
    with socket.create_server(("127.0.0.1", 0)) as listening:
        proxy = f"http://127.0.0.1:{listening.getsockname()[1]}"
        for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
            monkeypatch.setenv(name, proxy)
        assert workflow(SMALL).run().status == "pass"
        listening.setblocking(False)
        with pytest.raises(BlockingIOError):
            listening.accept()
