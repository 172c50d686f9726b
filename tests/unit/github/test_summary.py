"""The job summary: cut where it must be, whole where it can be, never left open."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from mlops_actions.github import summary

NOTE = re.compile(
    r"> \*\*Cut here\*\*, to fit GitHub’s limit for a summary: ([\d,]+) more lines are in the full report\.\n\Z"
)
LINES = st.lists(
    st.sampled_from(
        ["<details><summary>x</summary>", "", "</details>", "```", "````", "~~~", "a | b", "é" * 40, "```py", "text"]
    ),
    max_size=60,
)


def is_closed(text):
    """True where no element and no fence is left open, by a CommonMark renderer."""
    html = MarkdownIt("commonmark", {"html": True}).render(text + "\nLAST-WORD\n")
    open_code = re.search(r"<pre>(?:(?!</pre>).)*LAST-WORD", html, re.DOTALL)
    outside = re.sub(r"<pre>.*?</pre>", "", html, flags=re.DOTALL)
    return not open_code and outside.count("<details>") <= outside.count("</details>") and "LAST-WORD" in outside


@settings(max_examples=300)
@given(LINES, st.integers(0, 1500))
def test_a_cut_text_fits_and_is_closed(lines, limit):
    lines = [*lines, "end"]
    text = "\n".join(lines)
    fitted = summary.fit(text, limit)
    assert len(fitted.encode()) <= limit
    if fitted == text:
        return
    if not fitted:
        assert limit < 200
        return
    left_out = NOTE.search(fitted)
    assert left_out
    kept = len(lines) - int(left_out[1].replace(",", ""))
    assert fitted.split("\n")[:kept] == lines[:kept]
    assert is_closed(fitted)


def test_what_fits_is_not_touched():
    text = "a\n" * 500
    assert summary.fit(text, 1000) == text
    assert summary.fit(text, 999) != text


def test_a_table_in_details_is_cut_between_rows():
    rows = [f"| {number} | value |" for number in range(1000)]
    text = "\n".join(
        ["# Title", "<details><summary>All</summary>", "", "| a | b |", "|---|---|", *rows, "", "</details>", ""]
    )
    fitted = summary.fit(text, 2000)
    shown = [line for line in fitted.split("\n") if line.startswith("| ")][1:]
    assert shown == rows[: len(shown)]
    assert len(shown) > 50
    assert fitted.count("</details>") == 1
    assert NOTE.search(fitted)


def test_details_named_in_code_are_not_those_that_are_open():
    text = "<details>\n\n`</details>` ``a`</details>``\n\n" + "more\n" * 100
    cut = summary.fit(text, 400)
    assert cut.count("\n</details>\n") == 1 and "Cut here" in cut


def test_all_that_is_open_is_closed_from_the_inside_out():
    text = "\n".join(["<details><summary>a</summary>", "", "<details><summary>b</summary>", "", "````", *["log"] * 500])
    fitted = summary.fit(text, 1000)
    assert NOTE.search(fitted)
    after = fitted[fitted.rindex("log") :].split("\n")
    assert after[:5] == ["log", "````", "", "</details>", "</details>"]
    assert is_closed(fitted)


def test_the_limit_is_in_bytes():
    assert len(summary.fit("é" * 100 + "\n" + "✅\n" * 5000, 6000).encode()) <= 6000


def test_a_line_larger_than_the_room_leaves_the_note():
    fitted = summary.fit("# Title\n" + "x" * 5000 + "\nend\n", 1000)
    assert fitted.startswith("# Title\n")
    assert NOTE.search(fitted)[1] == "2"


def test_what_is_in_the_file_counts(tmp_path):
    path = tmp_path / "summary"
    path.write_bytes(b"x" * 600)
    assert summary.append(path, "line\n" * 1000, limit=1000)
    written = path.read_text(encoding="utf-8")
    assert len(written.encode()) <= 1000
    assert written.startswith("x" * 600 + "\nline\n")
    assert NOTE.search(written)


def test_a_full_file_is_left_as_it_is(tmp_path):
    path = tmp_path / "summary"
    path.write_bytes(b"x" * 990)
    assert not summary.append(path, "line\n" * 1000, limit=1000)
    assert path.read_bytes() == b"x" * 990


@pytest.mark.parametrize("text", ["# Ü\n", "caf\udce9\n"])
def test_a_new_file_holds_the_text(tmp_path, text):
    path = tmp_path / "summary"
    assert summary.append(path, text)
    assert path.read_bytes() == text.encode("utf-8", "backslashreplace")
