"""What a reader sees is what is there."""

import ast
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.visible import clip, visible


@given(st.text(), st.sampled_from(["", "\n", "\n\t"]))
def test_what_is_shown_prints(text, keep):
    shown = visible(text, keep)
    assert all(each.isprintable() or each in keep for each in shown)
    assert visible(shown, keep) == shown


@given(st.text(st.characters(exclude_characters="\\", exclude_categories=["Cs"])))
def test_nothing_is_lost(text):
    """Every escape is one of Python's."""
    shown = re.sub(r"\\(?:x..|u....|U........|[nrt])", lambda escape: ast.literal_eval(f'"{escape[0]}"'), visible(text))
    assert shown == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain é 日本 🛩", "plain é 日本 🛩"),
        ("a\nb\tc\x1b", "a\\nb\\tc\\x1b"),
        ("txt\u202egnp", "txt\\u202egnp"),
        ("no\xa0break", "no\\xa0break"),
        ("caf\udce9", "caf\\udce9"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_what_hides_is_shown(text, shown):
    assert visible(text) == shown


def test_a_clipped_text_says_how_much_is_missing():
    assert clip("x" * 10, 10) == "x" * 10
    assert clip("x" * 1510, 10) == "x" * 10 + "… (1,500 more characters)"


@pytest.mark.parametrize("length", range(11, 60))
def test_nothing_is_clipped_that_is_shorter_than_the_words_for_it(length):
    assert len(clip("x" * length, 10)) <= length
