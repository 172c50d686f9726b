from __future__ import annotations

import io
import os
import select
import shutil
from contextlib import suppress
from pathlib import Path

import pytest

from mlops_actions.project import shell

ENV = {"PATH": os.environ["PATH"]}


def run(command: str, tmp_path: Path, **more: object) -> tuple[shell.Result, str]:
    log = tmp_path / "step.log"
    env = {**ENV, **dict(more.pop("env", {}))}  # type: ignore[call-overload]
    result = shell.run(command, tmp_path, env, log, **more)  # type: ignore[arg-type]
    return result, log.read_text(encoding="utf-8")


def test_both_streams_are_kept_and_shown_in_their_order(tmp_path: Path) -> None:
    echo = io.StringIO()
    result, log = run("echo one; echo two >&2; echo three", tmp_path, echo=echo)
    assert (result.ok, result.code) == (True, 0)
    assert log == echo.getvalue() == "one\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("command", "code"),
    [("exit 7", 7), ("false\necho unreached", 1), ("false | cat", 1), ("no-such-program-here", 127)],
)
def test_the_status_is_the_first_failures(tmp_path: Path, command: str, code: int) -> None:
    result, log = run(command, tmp_path)
    assert (result.ok, result.code) == (False, code)
    assert "unreached" not in log


def test_only_the_given_environment_is_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOST_ONLY", "leaked")
    _, log = run('echo "[$HOST_ONLY] [$GIVEN]"', tmp_path, env={"GIVEN": "a b"})
    assert log == "[] [a b]\n"


def test_it_runs_in_a_folder_with_a_space(tmp_path: Path) -> None:
    folder = tmp_path / "a b"
    folder.mkdir()
    result = shell.run("pwd; cat < /dev/stdin | wc -c", folder, ENV, tmp_path / "log")
    assert result.ok
    lines = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert [lines[0], lines[1].strip()] == [os.path.realpath(folder), "0"]


def test_credentials_show_neither_in_the_log_nor_on_the_screen(tmp_path: Path) -> None:
    echo = io.StringIO()
    command = 'echo "index: $PIP_INDEX_URL"; printf %s "$PIP_INDEX_URL" | cut -c 1-24; echo'
    _, log = run(command, tmp_path, echo=echo, env={"PIP_INDEX_URL": "http://me:hunter2hunter2@host/simple"})
    assert "index: http://me:***@host/simple" in log
    assert "hunter2hunter2" not in log + echo.getvalue()


def test_what_is_left_running_is_ended_and_not_waited_for(tmp_path: Path) -> None:
    result, log = run("sleep 300 & echo $!", tmp_path)
    assert result.ok
    assert gone(int(log))


def test_time_that_is_up_ends_all_that_was_started(tmp_path: Path) -> None:
    result, log = run("bash -c 'sleep 300 & echo $!; wait'; echo after", tmp_path, limit=0.5)
    assert (result.ok, result.code) == (False, None)
    assert "after" not in log
    assert gone(int(log.split()[0]))


def gone(pid: int) -> bool:
    """Does the process end, killed as it should be? Waits for the kernel's word, at most a minute."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([handle], [], [], 60)[0])
    finally:
        os.close(handle)


def test_a_line_without_end_fills_neither_memory_nor_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shell, "MAX_LOG", 200_000)
    result, log = run("head -c 3000000 /dev/zero | tr '\\0' x; exit 3", tmp_path)
    assert result.code == 3
    assert log.startswith("x" * 200_000 + "\n[the log is cut here")
    assert len(log) < 200_100


def test_bytes_that_are_no_text_and_a_screen_without_unicode(tmp_path: Path) -> None:
    raw = io.BytesIO()
    echo = io.TextIOWrapper(raw, encoding="ascii")
    result, log = run(r"printf 'caf\303\251 \377\n'", tmp_path, echo=echo)
    assert result.ok
    assert log == "café \ufffd\n"
    assert raw.getvalue() == b"caf\\xe9 \\ufffd\n"


@pytest.mark.parametrize("size", [10, 1_000_000])
def test_a_full_disk_is_said_and_the_command_still_ends(tmp_path: Path, size: int) -> None:
    """A short log is written when it is closed, a long one before."""
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    with pytest.raises(OSError, match="No space left") as caught:
        shell.run(f"yes | head -c {size}; exit 0", tmp_path, ENV, Path("/dev/full"))
    assert caught.value.filename == "/dev/full"


def test_a_screen_that_cannot_be_written_is_not_taken_for_the_log(tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("this system has no /dev/full")
    raw = open("/dev/full", "wb", buffering=0)  # noqa: SIM115  # closed below
    echo = io.TextIOWrapper(raw, encoding="utf-8", write_through=True)
    with pytest.raises(OSError, match="No space left") as caught:
        shell.run("echo one", tmp_path, ENV, tmp_path / "log", echo)
    assert caught.value.filename is None
    with suppress(OSError):
        echo.close()


def test_without_bash_sh_is_used(tmp_path: Path) -> None:
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "sh").symlink_to(shutil.which("sh") or "/bin/sh")
    assert shell.arguments("true", {"PATH": str(programs)}) == [str(programs / "sh"), "-e", "-c", "true"]
