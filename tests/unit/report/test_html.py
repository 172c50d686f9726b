"""The HTML report: one file, nothing from outside, every text still a text."""

import base64
import hashlib
import re
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.outcome import Chart, Column, Columns, Contrast, Frequencies, Log, Outcome, Section, Table, Text
from mlops_actions.report.html import page
from mlops_actions.verdict import Check, Example, Severity, Status, Subject, Verdict, Where, conclude
from mlops_actions.visible import visible

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "rel", "href", "class", "id", "tabindex", "role", "scope"),
    *("aria-label", "aria-labelledby", "aria-hidden", "viewbox", "preserveaspectratio"),
    *("type", "name", "value", "checked", "autocomplete", "open"),  # the filter of columns, and its index
    *("d", "x", "y", "width", "height", "text-anchor", "transform"),
}


def outcome(*checks, sections=(), headline="", **verdict):
    judged = Verdict("data-validation", conclude(checks), checks, NOON, NOON + timedelta(seconds=1.2), **verdict)
    return Outcome(judged, headline, sections)


def by_class(root, name):
    return [each for each in root.all() if name in (each.attributes.get("class") or "").split()]


def rows(table):
    return [[cell.text for cell in row.all("th", "td")] for row in table.all("tr")]


def test_the_worst_stands_first_and_what_passed_is_folded(read_html):
    root = read_html(
        page(
            outcome(
                Check("quiet", Status.WARN, "so so", Severity.WARNING),
                Check("fine", Status.PASS, "good"),
                Check(
                    "loud",
                    Status.FAIL,
                    "bad `ZZ`",
                    Severity.ERROR,
                    Where("t", "c", "c.yaml", 31),
                    12,
                    {"mustBe": 0},
                    27004,
                ),
                headline="1 of 3 rules is broken",
            )
        )
    )
    assert next(root.all("h1")).text == "Fail data-validation"
    cards = by_class(root, "card")
    assert [next(card.all("h3")).text for card in cards] == ["loud", "quiet"]
    assert [(next(term.all("dt")).text, next(term.all("dd")).text) for term in cards[0].all("div")] == [
        ("Measured", "12"),
        ("Asked", "mustBe 0"),
        ("Rows", "27,004"),
        ("In", "t.c"),
        ("At", "c.yaml:31"),
    ]
    assert by_class(cards[0], "text")[0].text == "bad ZZ"
    (folded,) = root.all("details")
    assert "open" not in folded.attributes
    assert rows(next(folded.all("table"))) == [["Rule", "Message"], ["fine", "good"]]


def test_a_status_is_a_word_not_only_a_color(read_html):
    checks = [Check(status.value, status, "m") for status in Status]
    root = read_html(page(outcome(*checks)))
    assert [each.text for each in by_class(root, "badge")] == ["Fail", "Fail", "Error", "Warn", "Not checked"]
    tally = by_class(root, "tally")[0]
    assert [each.text for each in tally.all("li")] == [
        "1 in error",
        "1 failed",
        "1 warned",
        "1 not checked",
        "1 passed",
    ]


def test_its_policy_allows_its_own_style_and_nothing_else(read_html, samples):
    for sample in samples.all_samples().values():
        text = page(sample)
        root = read_html(text)
        (policy,) = [each.attributes["content"] for each in root.all("meta") if "http-equiv" in each.attributes]
        rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
        (style,) = root.all("style")
        digest = base64.b64encode(hashlib.sha256(style.text.encode()).digest()).decode()
        assert rules == {
            "default-src": "'none'",
            "style-src": f"'sha256-{digest}'",
            "img-src": "data:",
            "base-uri": "'none'",
            "form-action": "'none'",
        }
        assert text.index("Content-Security-Policy") < text.index("<style>")


def test_nothing_is_fetched_and_nothing_runs(read_html, samples):
    for sample in samples.all_samples().values():
        root = read_html(page(sample))
        names = {each.name for each in root.all()}
        assert not names & {"script", "iframe", "object", "embed", "form", "base", "img", "audio", "video", "use"}
        assert {key for each in root.all() for key in each.attributes} <= ATTRIBUTES
        links = {each.attributes["href"] for each in root.all() if "href" in each.attributes}
        idents = [each.attributes["id"] for each in root.all() if "id" in each.attributes]
        assert links - {"data:,"} <= {f"#{ident}" for ident in idents}
        assert len(idents) == len(set(idents))
        (style,) = root.all("style")
        assert set(re.findall(r"url\((.{6})|@import", style.text)) == {'"data:'}


def test_tables_and_scroll_areas_have_names(read_html, samples):
    for name, sample in samples.all_samples().items():
        root = read_html(page(sample))
        assert len(list(root.all("main"))) == len(list(root.all("h1"))) == 1
        for table in root.all("table"):
            heads = list(table.all("th"))
            assert {each.attributes.get("scope") for each in heads} <= {"col", "row"}, name
        for area in by_class(root, "scroll"):
            assert area.attributes["tabindex"] == "0"
            assert area.attributes["role"] == "group"
            assert area.attributes["aria-label"]


def test_blocks_in_their_order(read_html):
    chart = Chart("delay", ("low", "high"), {"reference": (0.25, 0.75), "current": (0.5, 0.5)})
    blocks = (
        Text("first\nsecond"),
        Table(("name", "size", "ok"), (("a", 1, "pass"), ("b", None, None)), "Sizes"),
        chart,
        chart,
        Log("the tool", "one\n\x1b[31mtwo\x1b[0m\n"),
        chart,
    )
    root = read_html(page(outcome(sections=(Section("Part", blocks),))))
    (section,) = [each for each in root.all("section") if each.attributes["id"] == "part-1"]
    kinds = [
        each.name if each.name != "div" else each.attributes["class"]
        for each in section.content
        if not isinstance(each, str)
    ]
    assert kinds == ["h2", "p", "scroll", "charts", "details", "charts"]
    assert by_class(section, "text")[0].text == "first\nsecond"
    tables = list(section.all("table"))
    assert rows(tables[0]) == [["name", "size", "ok"], ["a", "1", "Pass"], ["b", "", ""]]
    assert rows(tables[1]) == [["", "reference", "current"], ["low", "25.0%", "50.0%"], ["high", "75.0%", "50.0%"]]
    assert next(section.all("pre")).text == "one\ntwo"


def test_a_contrast_is_the_card_of_its_finding_and_comes_first(read_html):
    checks = [
        Check("rows", Status.WARN, "few rows"),
        Check("x.drift", Status.FAIL, "`x` drifted"),
        Check("y.drift", Status.PASS, "no drift"),
    ]
    chart = Chart("x", ("a", "b"), {"then": (0.5, 0.5), "now": (1.0, 0.0)}, edges=(0.0, 1.0, 2.0))
    sections = (
        Section("All", (Table(("column", "moved"), (("x", 0.5), ("y", None)), bars=frozenset({"moved"})),)),
        Section("Changed", (Contrast("x", 1, (("Mean", "from 1 to 2"),), chart),), frozenset({1})),
        Section("Like", (Contrast("y", 2, (), "nothing to <b>draw"),)),
    )
    root = read_html(page(outcome(*checks, sections=sections)))
    titles = [next(each.all("h2")).text for each in root.all("section")]
    assert titles == ["Changed", "1 more finding", "All", "Like", "1 check passed"]
    (card,) = by_class(root, "card")
    assert "few rows" in card.text and "x drifted" not in card.text
    (changed,) = [each for each in root.all("li") if each.attributes.get("class") == "contrast fail"]
    assert changed.attributes["id"] == "rule-1" and "x drifted" in changed.text
    assert [each.text for each in changed.all("dd")] == ["from 1 to 2"]
    assert "The area of a bar is its share." in changed.text
    (like,) = [each for each in root.all("li") if each.attributes.get("class") == "contrast pass"]
    assert "nothing to <b>draw" in like.text and not list(like.all("b"))
    idents = [each.attributes["id"] for each in root.all() if "id" in each.attributes]
    assert len(idents) == len(set(idents))
    assert len([each for each in root.all("svg") if each.attributes["class"] == "share"]) == 1


def test_the_evidence_is_whole(read_html):
    digest = "ab" * 32
    root = read_html(page(outcome(subjects=(Subject("a.parquet", digest),), parameters={"columns": ["a"], "x": None})))
    (evidence,) = [each for each in root.all("section") if each.attributes["id"] == "evidence"]
    assert [rows(each) for each in evidence.all("table")] == [
        [["Subject", "SHA-256"], ["a.parquet", digest]],
        [["Parameter", "Value"], ["columns", '["a"]'], ["x", "null"]],
    ]


SCALARS = st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.text(max_size=30)
HOSTILE = st.text(max_size=20) | st.sampled_from(
    ["<b>", "</td></table>", "<!--", '" x="', "</style><script>", "&lt;", "]]>"]
)


@settings(max_examples=150, deadline=None)
@given(text=HOSTILE, cell=HOSTILE, title=HOSTILE)
def test_any_text_in_any_place_is_found_as_it_is(read_html, text, cell, title):
    example = Example(file=text, key={title: cell}, values={text: None})
    check = Check(text, Status.FAIL, "m", Severity.ERROR, Where(file=text), cell, {title: cell}, examples=(example,))
    table = Table((text, "other"), ((cell, 1), (title, 2)), title or "c")
    chart = Chart(title, (cell,), {text: (0.5,)})
    column = Column(text, title, "text", 1, ((title, cell),), Frequencies(((cell, 1),)), (0,))
    columns = Columns(1, (column,))
    made = outcome(
        check,
        sections=(Section(title, (table, chart, columns, Log(title, cell + "\nend"))),),
        subjects=(Subject(text, "00" * 32),),
        parameters={text: cell},
    )
    root = read_html(page(made))
    assert {each.name for each in root.all()} <= NAMES
    assert {key for each in root.all() for key in each.attributes} <= ATTRIBUTES
    (card,) = by_class(root, "card")
    assert next(card.all("h3")).text == visible(text)
    facts = {next(each.all("dt")).text: next(each.all("dd")).text for each in next(card.all("dl")).all("div")}
    in_cell = visible(cell.replace("\r\n", "\n"), keep="\n\t")
    assert facts.get("Measured", "") == visible(cell)
    assert facts["Asked"] == visible(f"{title} {cell}")
    (section,) = [each for each in root.all("section") if each.attributes["id"] == "part-1"]
    (of_column,) = by_class(section, "column")
    assert next(of_column.all("h3")).text == visible(text)
    as_value = cell if cell and cell == cell.strip() else f"'{cell}'"
    assert rows(next(of_column.all("table")))[1][0] == visible(as_value)
    first_example = rows(next(card.all("table")))[1]
    assert first_example[-1] == "null"
    assert next(section.all("h2")).text == visible(title)
    shown = rows(next(section.all("table")))
    assert shown[0] == [visible(text), "other"]
    if not {cell, title} <= set(Status):
        assert shown[1] == [in_cell, "1"]
    assert next(section.all("title")).text == visible(title)
    assert next(section.all("pre")).text.endswith("\nend")


NAMES = {
    *("html", "head", "meta", "title", "link", "style", "body", "a", "header", "h1", "h2", "h3", "p", "ul", "ol", "li"),
    *(
        "nav",
        "main",
        "section",
        "footer",
        "span",
        "code",
        "dl",
        "div",
        "dt",
        "dd",
        "table",
        "caption",
        "thead",
        "tbody",
    ),
    *(
        "tr",
        "th",
        "td",
        "details",
        "summary",
        "figure",
        "figcaption",
        "strong",
        "svg",
        "desc",
        "path",
        "rect",
        "text",
        "pre",
    ),
}


def test_five_thousand_checks_are_one_small_file(read_html, samples):
    text = page(samples.monster())
    assert len(text.encode()) < 2_500_000
    root = read_html(text)
    assert len(by_class(root, "card")) == 100
    more, passed = [next(each.all("table")) for each in root.all("details")]
    assert len(rows(more)) - 1 == 400
    assert len(rows(passed)) - 1 == 4500


@pytest.mark.parametrize("size", [100_000, 3_000_000])
def test_a_value_without_end_is_clipped(size):
    endless = "x" * size
    check = Check(endless, Status.FAIL, endless, Severity.ERROR, Where(file=endless), endless, {endless: endless})
    sections = (
        Section(
            endless, (Table((endless,), ((endless,),)), Text(endless), Chart(endless, (endless,), {endless: (1.0,)}))
        ),
    )
    assert len(page(outcome(check, sections=sections, headline=endless))) < 250_000


def test_an_empty_verdict_is_a_page(read_html):
    root = read_html(page(outcome()))
    assert next(root.all("h1")).text == "Pass data-validation"
    assert "No checks" in root.text
