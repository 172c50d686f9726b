"""The one place where text from data becomes part of Markdown or HTML.

A name, a cell or a message may hold anything. In a report it is always text:
it opens no element, starts no link, mentions nobody, ends no table cell.

GitHub renders Markdown in two steps. CommonMark comes first and is answered
with backslashes and entities. Then filters look through the text that is left
for mentions, references, web addresses, emoji names and formulas, where no
escape helps any more; but they look at one text node at a time, so a
``<span>`` around one character splits what they look for. (A commit's hash is
left alone: GitHub links it only when the commit is in the same repository.)
"""

from __future__ import annotations

import html as _html
import re

from mlops_actions.visible import escape, visible

_ACTIVE = r"""
    (?P<active>
        @                                   # mentions and e-mail addresses
      | \$                                  # formulas
      | \#(?=\d)  | (?<=[Gg][Hh])-(?=\d)    # issues: #1, GH-1
      | :(?=//)   | [Ww](?=[Ww][Ww]\.)      # web addresses
      | :(?=(?:100|1234|[0-9]*[A-Za-z_+-][A-Za-z0-9_+-]*):)  # emoji names; a time of day holds none
    )
  | (?P<element> [&<] )
"""
_MARKS = r"""
  | (?P<mark>
        [`*~\[|]
      | \#(?=[\#\ ]*\Z)                     # would close a heading
      | (?<![^\W_])_ | _(?![^\W_])          # inside a word an underscore is plain text
      | \\(?=[!-/:-@\[-`{-~]|[Ww]{3}\.|\Z)  # before another character a backslash is plain text
    )
"""
_IN_HTML = re.compile(_ACTIVE, re.VERBOSE)
_IN_MARKDOWN = re.compile(_ACTIVE + _MARKS, re.VERBOSE)
_QUOTED = re.compile(r"(?<!`)`([^`\n]+)`(?!`)")
_LINE_START = re.compile(r"[-+#=>:]|(?<!\d)\d{1,9}(?=[.)])")
_TERMINAL_STYLE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)")


def quoted(text: str) -> list[str]:
    """``text`` of a message in pieces; each second one stood in backticks, as our messages quote names and values."""
    return _QUOTED.split(text)


def html(text: str, keep: str = "") -> str:
    """``text`` as HTML content. What does not print is shown as an escape, marked as one, except ``keep``."""
    if text.isprintable():
        return _html.escape(text)
    return "".join(
        _html.escape(each) if each.isprintable() or each in keep else f'<span class="escape">{escape(each)}</span>'
        for each in text
    )


def attribute(text: str) -> str:
    """``text`` as the value of a double-quoted HTML attribute."""
    return _html.escape(visible(text))


def markdown(text: str) -> str:
    """``text`` as inline Markdown on one line, anywhere but at the start of a line. Fit for a table cell."""
    return _IN_MARKDOWN.sub(_inert, visible(text))


def markdown_html(text: str) -> str:
    """``text`` as the content of an HTML element that stands in Markdown, on one line."""
    return _IN_HTML.sub(_inert, visible(text))


def markdown_code(text: str) -> str:
    """``text`` as inline code, fit for a table cell. Empty for an empty text."""
    shown = visible(text)
    if not shown:
        return ""
    plain = shown == shown.strip() and "`" not in shown and "|" not in shown
    return f"`{shown}`" if plain else f"<code>{markdown(text)}</code>"


def markdown_message(text: str) -> str:
    """A message as inline Markdown that keeps its line breaks and quotes, fit for a table cell."""
    return "<br>".join(_message(line) for line in _split(text))


def markdown_paragraphs(text: str) -> str:
    """A message as Markdown paragraphs of its own, with its line breaks."""
    paragraphs: list[list[str]] = [[]]
    for line in _split(text):
        if bare := line.strip(" \t"):
            paragraphs[-1].append(_line(bare))
        else:
            paragraphs.append([])
    return "\n\n".join("<br>\n".join(lines) for lines in paragraphs if lines)


def markdown_fence(text: str) -> str:
    """``text`` as a code block: its fence is longer than any run of backticks inside."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{visible(text, keep=chr(10) + chr(9))}\n{fence}"


def without_style(log: str) -> str:
    """A program's output without the colors and cursor movements meant for a terminal."""
    return _TERMINAL_STYLE.sub("", log).replace("\r\n", "\n").replace("\r", "\n")


def _split(text: str) -> list[str]:
    return text.replace("\r\n", "\n").split("\n")


def _message(line: str) -> str:
    pieces = quoted(line)
    return "".join(markdown_code(piece) if at % 2 else markdown(piece) for at, piece in enumerate(pieces))


def _line(line: str) -> str:
    shown = _message(line)
    start = _LINE_START.match(shown)
    if not start:
        return shown
    at = 0 if not start[0].isdigit() else start.end()
    return f"{shown[:at]}\\{shown[at:]}"


def _inert(match: re.Match[str]) -> str:
    found = match[0]
    if match["active"]:
        return f"<span>{found}</span>"
    if match["element"]:
        return _html.escape(found)
    return f"\\{found}"
