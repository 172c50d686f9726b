"""Summaries of others: rendered, and never more than text and folded parts."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.report import commonmark

ALLOWED = {
    *("p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code", "em", "strong", "s", "a"),
    *("hr", "br", "table", "thead", "tbody", "tr", "th", "td", "details", "summary"),
}


class Seen(HTMLParser):
    """What a browser would make of a page's part: its elements, those left open, its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


def test_a_summary_becomes_headings_tables_and_folded_parts() -> None:
    seen = Seen(
        commonmark.render(
            "## pass\n\n| a | b |\n|---|---:|\n| `x` | 1 |\n\n"
            "<details><summary>log</summary>\n\n```\n<b>\n```\n\n</details>"
        )
    )
    tags = [tag for tag, _ in seen.elements]
    assert tags[:3] == ["h4", "table", "thead"] and "code" in tags
    assert tags[tags.index("details") :] == ["details", "summary", "pre", "code"]
    assert "<b>" in seen.text


@pytest.mark.parametrize(
    "hostile",
    [
        "<script>alert(1)</script>",
        "a <img src=x onerror=alert(1)> b",
        "<details onclick=alert(1)>",
        "</details></details></div>",
        "- <details>\n\nafter",
        "[a](javascript:alert(1)) [b](data:text/html,x)",
        "![a](https://example.org/x.png)",
        "<details>",
        "a\x00b \x1b[2J",
    ],
)
def test_nothing_hostile_gets_through(hostile: str) -> None:
    harmless(commonmark.render(hostile))


@given(
    st.lists(
        st.sampled_from(["<details>", "</details>", "<summary>", "</summary>", "\n\n", "- ", "> ", "`", "a|b", "<"])
    )
)
def test_any_mixture_of_tags_is_closed(parts: list[str]) -> None:
    harmless(commonmark.render("".join(parts)))


def harmless(page: str) -> None:
    seen = Seen(page)
    assert not seen.open
    assert {tag for tag, _ in seen.elements} <= ALLOWED
    for tag, attributes in seen.elements:
        assert set(attributes) <= {"href", "title", "class", "start", "open"}  # no style: the page's policy forbids it
        assert not (attributes.get("href") or "").startswith(("javascript:", "data:")), tag
    assert "\x1b" not in page and "\x00" not in page
