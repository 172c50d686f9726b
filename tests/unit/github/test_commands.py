"""Workflow commands, held against a second reading of the runner's parser."""

import io
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.github import commands

KNOWN = {"error", "warning", "notice", "add-mask", "group", "endgroup", "stop-commands", "debug", "set-output"}
TEXT = (
    st.text()
    | st.text(st.sampled_from("a:%,#[] \\\r\n\t\x00\ufe0f\u00ad\u2028=\u1680"))
    | st.text(st.sampled_from(":#[error]% "))
)


def decode(text, *pairs):
    for encoded, character in (*pairs, ("%0D", "\r"), ("%0A", "\n"), ("%25", "%")):
        text = text.replace(encoded, character)
    return text


def obeyed(line):
    """What the runner makes of one line: (name, properties, message), or None. By ActionCommand.cs.

    Stricter than the runner: all that is not visible ASCII is ignored in the
    markers, as a comparison by culture might.
    """
    bare = "".join(each for each in line if "!" <= each <= "~" or each == " ")
    start = bare.lstrip()
    if start.startswith("::") and "::" in start[2:]:
        trimmed = line.lstrip()
        head, _, message = trimmed[2:].partition("::") if trimmed.startswith("::") else (start[2:].partition("::"))
        name, _, given = head.partition(" ")
        if name in KNOWN:
            pairs = [pair.partition("=") for pair in given.strip().split(",") if pair]
            properties = {key: decode(value, ("%3A", ":"), ("%2C", ",")) for key, _, value in pairs}
            return name, properties, decode(message)
    old = re.search(r"##\[([a-z-]+)", bare)
    if old and "]" in bare and old[1] in KNOWN:
        return old[1], {}, ""
    return None


@given(st.sampled_from(sorted(KNOWN)), TEXT, TEXT.map(lambda text: text.strip()), TEXT.map(lambda text: text.strip()))
def test_a_runner_reads_back_what_was_written(name, message, title, file):
    line = commands.command(name, message, title=f"<{title}>", file=f"<{file}>")
    assert not {"\r", "\n"} & set(line)
    head, _, sent = line[2:].partition("::")
    word, _, given_properties = head.partition(" ")
    properties = dict(pair.split("=", 1) for pair in given_properties.split(","))
    assert word == name
    assert decode(sent) == message
    assert decode(properties["title"], ("%3A", ":"), ("%2C", ",")) == f"<{title}>"
    assert decode(properties["file"], ("%3A", ":"), ("%2C", ",")) == f"<{file}>"
    assert len(properties) == 2


def test_the_documented_form():
    line = commands.command("error", "50% of\nit", file="a,b:c.py", line=3, col=None, title="x")
    assert line == "::error file=a%2Cb%3Ac.py,line=3,title=x::50%25 of%0Ait"
    assert commands.command("endgroup") == "::endgroup::"


@pytest.mark.parametrize("name", ["", "Error", "error ", "error::x", "a\n"])
def test_a_name_that_is_none_is_refused(name):
    with pytest.raises(ValueError, match="not a workflow command"):
        commands.command(name, "x")


@given(TEXT)
def test_no_text_becomes_a_command(text):
    line = commands.safe_line(text)
    assert len(line.splitlines()) <= 1
    assert obeyed(line) is None


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("::error::x", "\\::error::x"),
        ("  \t::error file=a::x", "  \t\\::error file=a::x"),
        ("seen ##[error]x", "seen ##\\[error]x"),
        ("\ufe0f::error::x", "\ufe0f\\::error::x"),
        (":\ufe0f:error::x", "\\:\ufe0f:error::x"),
        ("#\ufe0f#\ufe0f[error]x", "#\ufe0f#\ufe0f\\[error]x"),
        ("# [x] and : :", "# [x] and : :"),
        ("first\n::error::x", "first\\n::error::x"),
        ("std::vector and a::b", "std::vector and a::b"),
        ("\x1b[31mred\u202e", "\\x1b[31mred\\u202e"),
        ("plain", "plain"),
    ],
)
def test_a_line_stays_as_near_as_it_can_to_what_it_was(text, shown):
    assert commands.safe_line(text) == shown


def test_the_oracle_knows_a_command_when_it_sees_one():
    """Else the property above would hold for nothing."""
    for line in ("::error::x", " ::error file=a::x", "x ##[error]x", "\u00ad::error::x", "\u2003::group::x"):
        assert obeyed(line), line


def test_every_line_of_a_secret_is_masked():
    assert commands.add_mask("one\n\n  \ntwo%\none") == ["::add-mask::one", "::add-mask::two%25"]
    assert commands.add_mask("") == []


def test_commands_start_again_after_an_unfinished_line():
    stream = io.StringIO()
    with commands.commands_stopped(stream):
        stream.write("::error::from a tool")
    first, second, third = stream.getvalue().splitlines()
    token = first.removeprefix("::stop-commands::")
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert (second, third) == ("::error::from a tool", f"::{token}::")


def test_two_blocks_have_two_tokens():
    one, two = io.StringIO(), io.StringIO()
    for stream in (one, two):
        with commands.commands_stopped(stream):
            pass
    assert one.getvalue() != two.getvalue()
