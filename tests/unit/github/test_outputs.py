"""Step outputs, read back as the runner reads the file."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.github import outputs


def runner_reads(text):
    """The runner's reading of a GITHUB_OUTPUT file (FileCommandManager.cs): name=value, or a heredoc."""
    found = {}
    lines = text.split("\n")
    assert lines.pop() == ""
    while lines:
        line = lines.pop(0)
        if not line:
            continue
        equals, heredoc = line.find("="), line.find("<<")
        if equals >= 0 and (heredoc < 0 or equals < heredoc):
            found[line[:equals]] = line[equals + 1 :]
            continue
        assert heredoc > 0, line
        name, delimiter = line[:heredoc], line[heredoc + 2 :]
        end = lines.index(delimiter)
        found[name] = "\n".join(lines[:end])
        del lines[: end + 1]
    return found


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_-]{0,20}", fullmatch=True)
VALUES = (
    st.text(st.characters(exclude_categories=["Cs"]))
    | st.text(st.sampled_from("a=<\n\r"))
    | st.just("verdict=pass\nEOF\n")
)


@given(st.lists(st.dictionaries(NAMES, VALUES, max_size=4), max_size=3))
def test_what_is_read_is_what_was_written(tmp_path_factory, runs):
    path = tmp_path_factory.mktemp("out") / "output"
    path.touch()
    for run in runs:
        outputs.append(path, run)
    expected = {name: value for run in runs for name, value in run.items()}
    assert runner_reads(path.read_bytes().decode()) == expected


def test_no_value_sets_another_output(tmp_path):
    first = outputs.entry("a", "x")
    delimiter = first.splitlines()[0].partition("<<")[2]
    path = tmp_path / "output"
    outputs.append(path, {"a": f"x\n{delimiter}\nverdict=pass\nb<<{delimiter}"})
    assert set(runner_reads(path.read_text())) == {"a"}


def test_the_delimiter_is_new_each_time():
    assert outputs.entry("a", "x") != outputs.entry("a", "x")


@pytest.mark.parametrize("name", ["", "1a", "a b", "a=b", "a<<b", "a\n", "é", "-a"])
def test_a_name_that_github_would_misread_is_refused_and_nothing_written(tmp_path, name):
    path = tmp_path / "output"
    with pytest.raises(ValueError, match="not the name of an output"):
        outputs.append(path, {"good": "1", name: "2"})
    assert not path.exists()


def test_bytes_that_are_no_text_do_not_stop_it(tmp_path):
    path = tmp_path / "output"
    outputs.append(path, {"name": "caf\udce9"})
    assert runner_reads(path.read_text(encoding="utf-8")) == {"name": "caf\\udce9"}
