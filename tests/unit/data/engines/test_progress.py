"""Progress: a line that is renewed on a real terminal, quiet lines in a log, and nothing of what is short."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb
import pytest

from mlops_actions.data.engines import duck
from mlops_actions.data.engines.duck import DuckSession
from mlops_actions.data.engines.progress import Progress


class Scan:
    """A scan that is asked how far it is, and ends when it was asked often enough."""

    def __init__(self, *shares: float | None) -> None:
        self._shares = list(shares)
        self.asked_enough = threading.Event()

    def share(self) -> float | None:
        share = self._shares.pop(0) if self._shares else None
        if not self._shares:
            self.asked_enough.set()
        return share


@contextmanager
def terminal() -> Iterator[tuple[io.TextIOWrapper, list[bytes]]]:
    """A real terminal to write to, and what came out of it."""
    master, slave = pty.openpty()
    said: list[bytes] = []

    def read() -> None:
        try:
            while some := os.read(master, 4096):
                said.append(some)
        except OSError:
            pass  # the other end is closed

    reader = threading.Thread(target=read)
    reader.start()
    with os.fdopen(slave, "w", encoding="utf-8") as stream:
        yield stream, said
    reader.join()
    os.close(master)


def test_a_terminal_has_one_line_with_rows_share_and_time_left_which_is_gone_in_the_end() -> None:
    scan = Scan(None, 0.25, 0.5)
    with terminal() as (stream, said), Progress(stream, short=0).of("flights", 2_000_000, scan):
        assert scan.asked_enough.wait(60)
    text = b"".join(said).decode()
    assert "\n" not in text
    lines = [line for line in text.split("\r\x1b[K") if line]
    assert lines[0] == "scanning flights, 2,000,000 rows"
    assert re.fullmatch(r"scanning flights, 500,000 of 2,000,000 rows, 25%, about .* left", lines[1])
    assert re.fullmatch(r"scanning flights, 1,000,000 of 2,000,000 rows, 50%, about .* left", lines[2])
    assert text.endswith("\r\x1b[K")


def test_a_log_has_quiet_lines() -> None:
    scan, log = Scan(0.25, 0.5), io.StringIO()
    with Progress(log, short=0, quiet=0.01).of("flights\x1b[2J", None, scan):
        assert scan.asked_enough.wait(60)
    first, *middle, last = log.getvalue().splitlines()
    assert first == "scanning flights\\x1b[2J"
    assert re.match(r"scanning flights\\x1b\[2J, 25%, about .* left", middle[0])
    assert re.match(r"scanned flights\\x1b\[2J in .*", last)
    assert "\x1b" not in log.getvalue()


def test_nothing_is_said_of_what_is_short() -> None:
    log = io.StringIO()
    with Progress(log).of("flights", 1, Scan()):
        pass
    assert log.getvalue() == ""


def test_the_engine_tells_how_far_it_is(tmp_path: Path) -> None:
    path = tmp_path / "t.parquet"
    duckdb.sql(f"COPY (SELECT range AS a FROM range(2000000)) TO '{path}'")  # noqa: S608
    with duck.connect([path]) as connection:
        session = DuckSession(connection)
        assert session.share() is None
        ended, found = threading.Event(), []

        def ask() -> None:
            while not ended.is_set():
                found.append(session.share())

        asking = threading.Thread(target=ask)
        asking.start()
        query = f"SELECT max(md5(CAST(a AS VARCHAR) || 'x')) FROM read_parquet('{path}')"  # noqa: S608
        session.fetch(query)
        ended.set()
        asking.join()
    told = [each for each in found if each]
    assert told
    assert told == sorted(told)
    assert 0 < told[-1] <= 1


@pytest.mark.parametrize("arguments", [["--json"], []])
def test_a_short_run_says_nothing_of_it(tmp_path: Path, arguments: list[str]) -> None:
    head = "version: 1.0.0\nkind: DataContract\napiVersion: v3.2.0\nid: c\nstatus: active\n"
    (tmp_path / "c.yaml").write_text(head + "schema: [{name: t, properties: [{name: x}]}]\n")
    (tmp_path / "t.csv").write_text("x\n1\n")
    command = [sys.executable, "-m", "mlops_actions", "validate", "--contract", "c.yaml", "--data", "t.csv", *arguments]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    assert "scanning" not in ended.stderr
    assert not arguments or json.loads(ended.stdout)["status"] == "pass"
