"""Text from data stays text: for any text, in HTML and in Markdown, by parsers that know nothing of the escaping."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlops_actions.report import escape
from mlops_actions.visible import visible

PIECES = st.sampled_from(
    [
        *"|\\`*_~[]()<>&!#+-=.:@$\"'{} ^aZ1\n\t\r",
        *("**", "__", "~~", "```", "\\|", "\\\\", "`|`", "<b>", "</td>", "<!--", "-->", "&lt;", "&#124;", "&amp;"),
        *("http://a.b", "https://", "www.a.b", "@octocat", "a@b.co", "#12", "GH-3", ":tada:", "::error::", "1.", "1)"),
        *("[x](y)", "![x](y)", "[^1]", "[ ] ", "---", "===", "    ", "$x$", "${{ x }}", "<script>", "mailto:a@b.co"),
        *("\u202e", "\u200b", "\x1b[31m", "\x00", "\u2028", "\ufe0f", "é", "日本", "w", "W", "_a_", "xmpp:a@b.co"),
    ]
)
TEXTS = st.lists(PIECES, max_size=12).map("".join) | st.text(max_size=40)
LINE = TEXTS.map(lambda text: text.replace("\n", " "))


def table(cell):
    return f"| head | other |\n|---|---|\n| {cell} | end |\n"


def cells(root):
    return [each.text.strip() for each in root.all("th", "td")]


@given(TEXTS)
def test_html_holds_the_text_and_no_element(read_html, text):
    root = read_html(f"<p>{escape.html(text)}</p>")
    (paragraph,) = root.content
    assert paragraph.text == visible(text)
    assert {(each.name, *each.attributes.items()) for each in paragraph.all()} <= {("span", ("class", "escape"))}


@given(TEXTS)
def test_an_attribute_holds_the_text(read_html, text):
    root = read_html(f'<p title="{escape.attribute(text)}" id="x">end</p>')
    assert root.content[0].attributes == {"title": visible(text), "id": "x"}
    assert root.text == "end"


@settings(max_examples=300)
@example("\\www.a.b")
@given(TEXTS)
def test_a_cell_of_markdown_holds_the_text(render, active, text):
    root = render(table(escape.markdown(text)))
    assert cells(root) == ["head", "other", visible(text).strip(), "end"]
    assert not active(root, {"table", "thead", "tbody", "tr", "th", "td", "span"})


@settings(max_examples=300)
@given(TEXTS)
def test_code_in_a_cell_holds_the_text(render, active, text):
    root = render(table(escape.markdown_code(text)))
    assert cells(root) == ["head", "other", visible(text).strip(), "end"]
    assert not active(root, {"table", "thead", "tbody", "tr", "th", "td", "span", "code"})
    assert [each.text for each in root.all("code")] == ([visible(text)] if text else [])


@given(TEXTS)
def test_a_message_keeps_its_lines_and_loses_only_its_quotes(render, active, text):
    root = render(table(escape.markdown_message(text)))
    assert len(cells(root)) == 4
    assert not active(root, {"table", "thead", "tbody", "tr", "th", "td", "span", "code", "br"})
    shown = cells(root)[2].replace("`", "").replace("\n", "").replace(" ", "")
    lines = text.replace("\r\n", "\n").split("\n")
    assert shown == "".join(visible(line) for line in lines).replace("`", "").replace(" ", "")
    assert len(list(root.all("br"))) == len(lines) - 1


@settings(max_examples=300)
@given(TEXTS)
def test_paragraphs_are_nothing_but_paragraphs(render, active, text):
    root = render(f"# Before\n\n{escape.markdown_paragraphs(text)}\n\n# After\n")
    assert not active(root, {"h1", "p", "br", "span", "code"})
    assert [each.text for each in root.all("h1")] == ["Before", "After"]
    shown = "".join(each.text for each in root.all("p")).replace("`", "").replace("\n", "").replace(" ", "")
    lines = text.replace("\r\n", "\n").split("\n")
    expected = "".join(visible(line.strip(" \t")) for line in lines)  # a line's ends are not shown
    assert shown == expected.replace("`", "").replace(" ", "")


@given(LINE)
def test_a_heading_holds_the_text(render, active, text):
    root = render(f"### x {escape.markdown(text)}\n\nend\n")
    (heading,) = root.all("h3")
    assert heading.text == f"x {visible(text)}".rstrip()
    assert not active(root, {"h3", "p", "span"})


@given(TEXTS)
def test_html_in_markdown_holds_the_text(render, active, text):
    root = render(f"<details><summary>{escape.markdown_html(text)}</summary>\n\nend\n\n</details>\n")
    (summary,) = root.all("summary")
    assert summary.text == visible(text)
    assert not active(root, {"details", "summary", "p", "span"})


@given(TEXTS)
def test_a_fence_holds_the_text(render, text):
    root = render(f"{escape.markdown_fence(text)}\n\nend\n")
    (code,) = root.all("code")
    assert code.text == visible(text, keep="\n\t") + "\n"
    assert [each.text for each in root.all("p")] == ["end"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("dep_delay is 3 * 2", "dep_delay is 3 \\* 2"),
        (r"^\d+ C:\data", r"^\d+ C:\data"),
        ("12 of 27,004 rows (0.8 %)", "12 of 27,004 rows (0.8 %)"),
        ("a > b, a -> b", "a > b, a -> b"),
        ("time 12:30", "time 12:30"),
    ],
)
def test_plain_text_stays_readable_as_it_is(text, shown):
    """The summary is also read without a renderer."""
    assert escape.markdown(text) == shown


@pytest.mark.parametrize(
    "text", ["1. x", "12) x", "- x", "+ x", "# x", "=== ", "> x", ":--", "    x", "\tx", "::error::x"]
)
def test_a_paragraph_begins_with_no_mark(render, text):
    root = render(f"before\n\n{escape.markdown_paragraphs(text)}\n")
    assert [each.name for each in root.all() if each.name not in {"span", "br"}] == ["p", "p"]
    assert root.text.split() == ["before", *text.split()]


def test_a_line_of_a_summary_is_no_workflow_command():
    """A summary may be printed into a job's log."""
    shown = escape.markdown_paragraphs("x\n::error::y\n  ::warning::z")
    assert not [line for line in shown.splitlines() if line.lstrip().startswith("::")]


@pytest.mark.parametrize(
    ("log", "plain"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]8;;https://example.org\x07link\x1b]8;;\x07", "link"),
        ("10 %\r100 %\r\ndone", "10 %\n100 %\ndone"),
        ("\x1b alone", "\x1b alone"),
    ],
)
def test_a_log_loses_its_colors(log, plain):
    assert escape.without_style(log) == plain
