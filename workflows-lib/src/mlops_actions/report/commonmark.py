"""Markdown that somebody else wrote, as HTML: for the page of a dry run, which shows the summaries of its jobs.

Of the HTML that may stand in Markdown, only folded parts are taken, since the
summaries of GitHub's own actions have them; all other is shown as text.
Pictures are links, so that the page still asks no network.
"""

from __future__ import annotations

import re
from html import escape

from mlops_actions.visible import visible

_FOLD = re.compile(r"(<details(?: open)?>|</details>|<summary>|</summary>)", re.IGNORECASE)


def render(markdown: str) -> str:
    """The HTML of ``markdown`` (CommonMark, tables, struck-through text), every element of it closed."""
    # Only a dry run has summaries of others, and only its extra has this package.
    from markdown_it import MarkdownIt  # pylint: disable=import-outside-toplevel

    parser = MarkdownIt("commonmark").enable(["table", "strikethrough"]).disable("image")
    folds = _Folds()
    parser.add_render_rule("html_block", lambda _self, tokens, at, *_: folds.html(tokens[at].content, tokens[at].level))
    parser.add_render_rule("html_inline", lambda _self, tokens, at, *_: escape(tokens[at].content))
    text = "\n".join(visible(line.expandtabs()) for line in markdown.splitlines())
    tokens = parser.parse(text)
    for token in tokens:
        if "right" in str(token.attrs.pop("style", "")):  # of a table's cell; the page's policy takes no such attribute
            token.attrs["class"] = "number"
        if token.type.startswith("heading"):  # below those of the page
            token.tag = f"h{min(int(token.tag[1]) + 2, 6)}"
    return str(parser.renderer.render(tokens, parser.options, {})) + folds.rest()


class _Folds:
    """Lets the tags of folded parts through, each closing what was opened last, and shows what else looks like HTML."""

    def __init__(self) -> None:
        self._open: list[str] = []

    def html(self, source: str, level: int) -> str:
        if level:  # in a list or a quotation, whose end would come before theirs
            return escape(source)
        return "".join(self._tag(part) if at % 2 else escape(part) for at, part in enumerate(_FOLD.split(source)))

    def rest(self) -> str:
        """The end tags that the text left out."""
        return "".join(f"</{name}>" for name in reversed(self._open))

    def _tag(self, written: str) -> str:
        name = written.strip("</>").split()[0].lower()
        if not written.startswith("</"):
            self._open.append(name)
            return written.lower()
        if self._open[-1:] != [name]:
            return escape(written)
        self._open.pop()
        return f"</{name}>"
