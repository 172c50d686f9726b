"""A step's log: whole in its file, short in memory, and its secrets hidden wherever they stand."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path

import pytest

from mlops_actions.dryrun import longlines
from mlops_actions.dryrun.masking import Masker
from mlops_actions.dryrun.steplog import HEAD, TAIL, WIDTH, StepLog, file_name


def kept(log: StepLog, tmp_path: Path, mask: Masker | None = None) -> str:
    mask = mask or Masker()
    log.keep(tmp_path / "kept.log", mask, mask.longest)
    return (tmp_path / "kept.log").read_text()


def test_all_of_it_is_in_the_file_and_a_little_in_memory(tmp_path: Path) -> None:
    log = StepLog(tmp_path / "spool" / "1.log")
    for number in range(30_000):
        log.add(str(number))
    assert kept(log, tmp_path) == "".join(f"{number}\n" for number in range(30_000))
    assert (log.lines, len(log.shown())) == (30_000, HEAD + TAIL + 1)
    assert log.end(2) == ["29998", "29999"]
    assert len(log.end(TAIL + 10)) == TAIL + 10


def test_a_short_log_is_shown_whole() -> None:
    log = StepLog()
    for number in range(5):
        log.add(str(number))
    assert log.shown() == log.end(400) == ["0", "1", "2", "3", "4"]


def test_a_line_in_pieces_is_one_line(tmp_path: Path) -> None:
    log = StepLog(tmp_path / "1.log")
    for _ in range(3):
        log.add("x" * WIDTH, ends=False)
    log.add("end")
    log.add("after")
    assert log.shown() == ["x" * WIDTH + f"… ({2 * WIDTH + 3:,} more characters)", "after"]
    assert kept(log, tmp_path) == "x" * (3 * WIDTH) + "end\nafter\n"


@pytest.mark.parametrize("at", range(0, 30, 3))
def test_a_secret_is_hidden_across_the_ends_of_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, at: int) -> None:
    monkeypatch.setattr("mlops_actions.dryrun.steplog._PIECE", 10)
    log = StepLog(tmp_path / "1.log")
    log.add("." * at + "hunter2-and-more" + "." * 40)
    assert kept(log, tmp_path, Masker(["hunter2-and-more", "short"])) == "." * at + "***" + "." * 40 + "\n"


def test_a_secret_that_is_told_late_is_hidden_in_the_file(tmp_path: Path) -> None:
    log, mask = StepLog(tmp_path / "1.log"), Masker()
    log.add("the word")
    mask.add("word")
    assert kept(log, tmp_path, mask) == "the ***\n"


def test_a_log_that_nobody_asks_for_leaves_no_file(tmp_path: Path) -> None:
    log = StepLog(tmp_path / "1.log")
    log.add("x")
    log.drop()
    assert not list(tmp_path.iterdir()) and not log.shown()


def test_a_full_disk_is_said_and_memory_still_shows_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    log = StepLog(tmp_path / "file" / "1.log")  # no folder can be made there
    log.add("shown all the same")
    assert log.shown() == ["shown all the same"]
    assert "the rest could not be kept" in kept(log, tmp_path)


def test_the_name_of_a_log_is_plain() -> None:
    assert file_name(1, "a (3.11)", 2, "Run ../../etc/passwd \x1b[2J", "é" * 300) == (
        f"1-a-(3.11)-2-Run-..-..-etc-passwd-2J-{'é' * 60}.log"
    )


# --- long lines ----------------------------------------------------------------------------------


def line_of(text: str) -> bytes:
    """As act writes it: keys in order, as Go's encoder escapes."""
    written = json.dumps(text, ensure_ascii=False).replace("<", "\\u003c")
    return (
        f'{{"dryrun":false,"job":"x","jobID":"one","level":"info","matrix":{{}},"msg":{written},'
        '"raw_output":true,"stage":"Main","step":"a \\"b\\"","stepID":["0"],"time":"now"}\n'
    ).encode()


@pytest.mark.parametrize("shift", range(8))
def test_a_long_line_comes_back_in_pieces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shift: int) -> None:
    monkeypatch.setattr(longlines, "PIECE", 256)
    text = "x" * shift + '<"\\\n\x07é€😀\\\\"' * 100 + '","raw_output":true,'
    stream = io.BytesIO(line_of(text) + b"next\n")
    with longlines.read(stream.readline(256), stream, tmp_path) as line:
        assert line.of_a_step is not None and line.of_a_step["stepID"] == ["0"]
        pieces = list(line.pieces())
    assert "".join(pieces) == text and max(map(len, pieces)) <= 256
    assert stream.read() == b"next\n" and not list(tmp_path.iterdir())


def test_a_long_line_that_no_step_printed_is_parsed_as_a_whole(tmp_path: Path) -> None:
    raw = json.dumps({"command": "summary", "content": "x" * 2 * longlines.PIECE, "jobID": "one"}).encode() + b"\n"
    stream = io.BytesIO(raw)
    with longlines.read(stream.readline(longlines.PIECE), stream, tmp_path) as line:
        assert (line.of_a_step, line.whole()) == (None, raw.decode())


def test_a_line_that_ends_with_the_stream_ends(tmp_path: Path) -> None:
    raw = line_of("y" * 2 * longlines.PIECE)[:-20]
    stream = io.BytesIO(raw)
    with longlines.read(stream.readline(longlines.PIECE), stream, tmp_path) as line:
        assert line.of_a_step is None
        assert list(itertools.islice(line.whole(), 2)) == ["{", '"']
