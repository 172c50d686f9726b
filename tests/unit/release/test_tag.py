"""The tag grammar, held against the written rules and against look-alikes."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlops_actions.release.tag import Assignment, Version, parse

LOWER = "abcdefghijklmnopqrstuvwxyz"
DIGITS = "0123456789"
LETTERS = LOWER + LOWER.upper()

names = st.from_regex(r"\A[a-z]([a-z0-9-]{0,20}[a-z0-9])?\Z")
numbers = st.integers(min_value=0, max_value=10**9).map(str)
labels = st.text(LETTERS + DIGITS + "-", min_size=1, max_size=8)
prerelease_labels = labels.filter(lambda text: not text.isdigit() or text == "0" or text[0] != "0")


@st.composite
def semantic_versions(draw: st.DrawFn) -> str:
    text = ".".join(draw(numbers) for _ in range(3))
    if before := draw(st.lists(prerelease_labels, max_size=3)):
        text += "-" + ".".join(before)
    if build := draw(st.lists(labels, max_size=3)):
        text += "+" + ".".join(build)
    return text


@given(names, semantic_versions())
def test_every_semantic_version_of_a_name_is_a_version(name: str, version: str) -> None:
    tag = parse(f"{name}@v{version}")
    assert tag == Version(name, version)
    assert str(tag) == f"{name}@v{version}"


@given(names, names, st.integers(min_value=1, max_value=10**6))
def test_every_counted_stage_is_an_assignment(name: str, stage: str, number: int) -> None:
    tag = parse(f"{name}#{stage}#{number}")
    assert tag == Assignment(name, stage, number)
    assert str(tag) == f"{name}#{stage}#{number}"


def is_tag(text: str) -> bool:
    """A second reading of the grammar, by hand: characters and splits, no shared expression."""

    def is_name(part: str) -> bool:
        return part[:1] in set(LOWER) and part[-1] != "-" and set(part) <= set(LOWER + DIGITS + "-")

    def is_number(part: str) -> bool:
        return part != "" and set(part) <= set(DIGITS) and (part == "0" or part[0] != "0")

    def is_label(part: str, zeros: bool) -> bool:
        return (
            part != ""
            and set(part) <= set(LETTERS + DIGITS + "-")
            and (zeros or not set(part) <= set(DIGITS) or is_number(part))
        )

    if len(text) > 200:
        return False
    if "@" in text:
        name, rest = text.split("@", 1)
        core, plus, build = rest.partition("+")
        numbers_, dash, before = core.partition("-")
        return (
            is_name(name)
            and numbers_.startswith("v")
            and len(numbers_[1:].split(".")) == 3
            and all(map(is_number, numbers_[1:].split(".")))
            and (not dash or all(is_label(part, False) for part in before.split(".")))
            and (not plus or all(is_label(part, True) for part in build.split(".")))
        )
    parts = text.split("#")
    return len(parts) == 3 and is_name(parts[0]) and is_name(parts[1]) and is_number(parts[2]) and parts[2] != "0"


@given(st.text(st.sampled_from("ab-@v.0123#+!\n А０"), max_size=24))
@example("a@v1.0.0\n")
@example("a@v1.0.0+1-")
def test_nothing_else_is_a_tag(text: str) -> None:
    try:
        parse(text)
    except ValueError:
        assert not is_tag(text)
    else:
        assert is_tag(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "v1.0.0",
        "flight-delay@1.0.0",
        "flight-delay@v1.0",
        "flight-delay@v01.0.0",
        "flight-delay@v1.0.0\n",
        "\nflight-delay@v1.0.0",
        "-rf@v1.0.0",
        "flight-delay-@v1.0.0",
        "Flight-delay@v1.0.0",
        "flight_delay@v1.0.0",
        "flight/delay@v1.0.0",
        "../x@v1.0.0",
        "flight-delay@v1.0.0!",
        "flight-delay@v1.0.0;id",
        "$(id)@v1.0.0",
        "flіght-delay@v1.0.0",  # a Cyrillic і
        "flight-delay@v１.0.0",  # a fullwidth digit
        "flight-delay@v1.0.0‮",
        "flight-delay#prod",
        "flight-delay#prod#0",
        "flight-delay#prod#-1",
        "refs/tags/flight-delay@v1.0.0",
        "a" * 300 + "@v1.0.0",
    ],
)
def test_look_alikes_are_refused_in_plain_ascii(text: str) -> None:
    with pytest.raises(ValueError, match="is not a model's tag") as caught:
        parse(text)
    assert re.fullmatch(r"[ -~]+", str(caught.value)), "a refusal is one line of printable ASCII"


@pytest.mark.parametrize(("version", "expected"), [("1.0.0", False), ("1.0.0-rc.1", True), ("1.0.0+a-b", False)])
def test_a_prerelease_is_known_by_its_label(version: str, expected: bool) -> None:
    tag = parse(f"m@v{version}")
    assert isinstance(tag, Version)
    assert tag.is_prerelease is expected
