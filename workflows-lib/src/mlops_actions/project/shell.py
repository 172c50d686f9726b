"""Runs one command of the consumer: shows what it prints, keeps it as a log, ends all of it when time is up.

The command is the consumer's own shell text (a workflow's input, ``mlops.yaml``
or one chosen from the project's files); nothing is ever put into it. On Linux
and macOS, and on Windows where bash is installed, it is run as a workflow's
``run:`` is: ``bash --noprofile --norc -e -o pipefail -c``. Without bash, by
``sh -e -c``; on Windows, by ``cmd``.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TextIO

from mlops_actions.project import secrets

PIECE = 64 * 1024
"""A line longer than this (bytes) is shown in pieces, so that no line fills the memory."""

MAX_LOG = 64 * 1024 * 1024
"""A log is cut after this many bytes, with a line that says so; what is shown is never cut."""

GRACE = 5.0
"""Seconds between asking a command to end and ending it, and for output that comes after its end."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a command ended: its exit status (None where time was up) and how long it took."""

    code: int | None
    seconds: float

    @property
    def ok(self) -> bool:
        return self.code == 0


def run(
    command: str,
    cwd: Path,
    env: Mapping[str, str],
    log: Path,
    echo: TextIO | None = None,
    *,
    limit: float | None = None,
    hidden: frozenset[str] = frozenset(),
) -> Result:
    """Run ``command`` in ``cwd`` with exactly ``env``; both streams go to ``log`` and to ``echo``.

    Credentials of ``env``, and what is ``hidden``, are masked in both. After ``limit`` seconds the
    command and all that it started are ended. So are what it left running in
    the background, and all of it when this process is interrupted. Raises
    OSError where the command cannot be started or the log not be written.
    """
    started = time.monotonic()
    with _named(log), log.open("wb") as file:
        process = subprocess.Popen(  # pylint: disable=consider-using-with  # the finally below ends it, with its group
            arguments(command, env),
            cwd=cwd,
            env=dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            start_new_session=os.name != "nt",
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
        assert process.stdout is not None  # noqa: S101  # asked for above
        copy = _Copy(process.stdout, file, echo, secrets.Mask(secrets.values(env) | hidden))
        reader = threading.Thread(target=copy.run, daemon=True)
        reader.start()
        try:
            code: int | None = process.wait(limit)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            _end_group(process)
            reader.join(GRACE)
    if copy.error is not None:
        raise copy.error
    return Result(code, time.monotonic() - started)


@contextmanager
def _named(path: Path | str) -> Iterator[None]:
    """An error of writing names the file: a full disk says none."""
    try:
        yield
    except OSError as error:
        if error.filename is None:
            error.filename = str(path)
        raise


def arguments(command: str, env: Mapping[str, str]) -> list[str]:
    """The argument list that runs ``command`` in the shell that there is."""
    path = env.get("PATH")
    bash = shutil.which("bash", path=path)
    if bash is not None and not (os.name == "nt" and "system32" in bash.lower()):  # that one starts Linux
        return [bash, "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", command]
    if os.name == "nt":
        return [env.get("COMSPEC", "cmd.exe"), "/d", "/s", "/c", command]
    return [shutil.which("sh", path=path) or "/bin/sh", "-e", "-c", command]


class _Copy:
    """Copies a command's output to its log and to the person, in a thread of its own."""

    def __init__(self, source: IO[bytes], log: IO[bytes], echo: TextIO | None, mask: secrets.Mask) -> None:
        self._source, self._log, self._echo, self._mask = source, log, echo, mask
        self._room = MAX_LOG
        self.error: OSError | None = None

    def run(self) -> None:
        rest = ""
        while piece := self._source.readline(PIECE):
            shown, rest = self._mask.split(rest + piece.decode("utf-8", "replace"))
            self._write(shown)
        self._write(rest)

    def _write(self, text: str) -> None:
        """Write a piece. After an error the rest is read and dropped: a command must not wait for a reader."""
        if self.error is not None or not text:
            return
        try:
            self._keep(text.encode("utf-8"))
            if self._echo is not None:
                encoding = getattr(self._echo, "encoding", None) or "utf-8"
                self._echo.write(text.encode(encoding, "backslashreplace").decode(encoding))
                self._echo.flush()
        except OSError as error:
            self.error = error
        except ValueError:
            pass  # the log was closed: a process that left the group still holds the other end

    def _keep(self, data: bytes) -> None:
        if self._room > 0:
            with _named(self._log.name):
                self._log.write(data[: self._room])
                if len(data) > self._room:
                    self._log.write(f"\n[the log is cut here, after {MAX_LOG:,} bytes]\n".encode())
            self._room -= len(data)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """End the command and what it started: asked first, then made to."""
    if os.name == "nt":
        if process.poll() is None:
            subprocess.run(["taskkill", "/T", "/F", "/PID", str(process.pid)], capture_output=True, check=False)
        process.wait()
        return
    if process.poll() is None:
        _signal(process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
    _signal(process.pid, signal.SIGKILL)
    process.wait()


def _signal(group: int, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # all of it has ended
        os.killpg(group, number)
