"""The Markdown summary: what a reader of the run's page finds, and that it holds for any text and any size."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_actions.outcome import Chart, Contrast, Log, Outcome, Section, Table, Text
from mlops_actions.report.markdown import summary
from mlops_actions.verdict import Check, Example, Severity, Status, Subject, Verdict, Where, conclude

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
OURS = {
    *("h2", "h3", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "pre", "details", "summary"),
    *("strong", "blockquote", "span", "br"),
}


def outcome(*checks, sections=(), headline="", **verdict):
    judged = Verdict("data-validation", conclude(checks), checks, NOON, NOON + timedelta(seconds=1.2), **verdict)
    return Outcome(judged, headline, sections)


def tables(root):
    return [
        [[cell.text.strip() for cell in row.all("th", "td")] for row in each.all("tr")] for each in root.all("table")
    ]


def test_the_verdict_comes_first_then_the_worst(render):
    root = render(
        summary(
            outcome(
                Check("quiet", Status.WARN, "so so", Severity.WARNING),
                Check("fine", Status.PASS, "good"),
                Check(
                    "loud",
                    Status.FAIL,
                    "12 of 27,004 rows",
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
    text = root.text
    assert next(root.all("h2")).text == "❌ data-validation: fail"
    assert text.index("fail") < text.index("1 of 3 rules is broken") < text.index("loud") < text.index("quiet")
    found, passed = tables(root)
    assert found == [
        ["Status", "Rule", "Measured", "Asked", "Rows", "Message", "Where"],
        ["❌ fail", "loud", "12", "mustBe 0", "27,004", "12 of 27,004 rows", "c.yaml:31t.c"],
        ["⚠️ warn", "quiet", "", "", "", "so so", ""],
    ]
    assert passed == [["Rule", "Message"], ["fine", "good"]]
    assert "1 failed · 1 warned · 1 passed · 1.2 s, 2026-11-23 12:00:00 UTC" in text


def test_the_rows_that_break_a_rule_follow_with_their_places(render):
    examples = (
        Example("d/a.csv", 12, None, {"id": "7"}, {"x|y": "<b>`*"}),
        Example("b.parquet", None, 12_000, {"id": None}, {"x|y": ""}),
        Example(),
    )
    root = render(
        summary(outcome(Check("t.x.enum", Status.FAIL, "m", examples=examples), Check("r", Status.FAIL, "m")))
    )
    _, shown = tables(root)
    assert shown == [
        ["Where", "id", "x|y"],
        ["d/a.csv:12", "7", "<b>`*"],
        ["b.parquet, row 12,000", "null", ""],
        ["", "", ""],
    ]
    assert "3 examples of t.x.enum" in root.text


@pytest.mark.parametrize(
    ("checks", "title"),
    [
        ((), "✅ data-validation: pass"),
        ((Check("r", Status.WARN, "m"),), "⚠️ data-validation: warn"),
        ((Check("r", Status.ERROR, "m"),), "❌ data-validation: fail"),
    ],
)
def test_each_status_has_its_word(render, checks, title):
    assert next(render(summary(outcome(*checks))).all("h2")).text == title


def test_a_bar_beside_a_number_is_as_long_as_it_is_large(render):
    table = Table(("name", "moved"), (("a", 0.5), ("b", 0.25), ("c", None), ("d", 0.0)), bars=frozenset({"moved"}))
    (found,) = tables(render(summary(outcome(sections=(Section("Columns", (table,)),)))))
    assert found[1:] == [["a", "0.50 ████████████"], ["b", "0.25 ██████"], ["c", ""], ["d", "0.00"]]


def test_of_a_contrast_the_summary_shows_the_chart(render):
    chart = Chart("x", ("a",), {"then": (0.5,), "now": (1.0,)})
    check = Check("x.drift", Status.FAIL, "`x` drifted")
    blocks = (Contrast("x", 0, (("Mean", "1"),), chart), Contrast("y", 0, (), "nothing to draw"))
    text = summary(outcome(check, sections=(Section("What changed", blocks, frozenset({0})),)))
    found, drawn = tables(render(text))
    assert found[1][-1] == "x drifted"  # among the findings, which a summary has all of
    assert drawn == [["", "then", "now"], ["a", "██████ 50.0%", "████████████ 100.0%"]]


def test_sections_keep_their_order_and_their_kind(render):
    table = Table(("name", "size"), (("a", 1), ("b", None)), "Sizes")
    chart = Chart("delay", ("low", "high"), {"reference": (0.25, 0.75), "current": (0.5, 0.5)})
    log = Log("the tool", "one\n\x1b[31mtwo\x1b[0m\n")
    root = render(summary(outcome(sections=(Section("First", (Text("said"), table)), Section("Second", (chart, log))))))
    assert [each.text for each in root.all("h3")] == ["First", "Second"]
    sizes, delays = tables(root)
    assert sizes == [["name", "size"], ["a", "1"], ["b", ""]]
    name, size = next(root.all("table")).all("th")
    assert not name.attributes
    assert "right" in str(size.attributes)
    assert delays == [
        ["", "reference", "current"],
        ["low", "████ 25.0%", "████████ 50.0%"],
        ["high", "████████████ 75.0%", "████████ 50.0%"],
    ]
    (code,) = [each for each in root.all("code") if "one" in each.text]
    assert code.text == "one\ntwo\n"
    assert "said" in root.text
    assert "Sizes" in root.text


def test_the_evidence_is_there_with_short_digests(render):
    root = render(
        summary(
            outcome(
                subjects=(Subject("data/a.parquet", "ab" * 32),),
                materials=(Subject("c.yaml", "cd" * 32), Subject("d.yaml", "ef" * 32)),
                parameters={"engine": "duckdb", "columns": ["a", "b"], "limit": None},
            )
        )
    )
    assert tables(root) == [
        [["Subject", "SHA-256"], ["data/a.parquet", "abababababab"]],
        [["Material", "SHA-256"], ["c.yaml", "cdcdcdcdcdcd"], ["d.yaml", "efefefefefef"]],
        [["Parameter", "Value"], ["engine", "duckdb"], ["columns", '["a", "b"]'], ["limit", "null"]],
    ]


def test_every_sample_is_sound(render, active, samples):
    """The hostile one is among them: each of its texts in each place where a text can stand."""
    for name, sample in samples.all_samples().items():
        root = render(summary(sample))
        assert not active(root, OURS), name


def test_no_place_lets_a_text_out(render, samples):
    root = render(summary(samples.hostile()))
    titles = len(samples.HOSTILE)
    assert len(list(root.all("h3"))) == 1 + titles + 1
    assert {len(row) for row in tables(root)[0]} == {7}


def wide(number, text="x"):
    return Check(f"rule.{number}", Status.FAIL, f"{text} {number}")


@settings(max_examples=25, deadline=None)
@given(st.integers(512, 20_000), st.sampled_from(["validation", "python-ci", "hostile"]))
def test_a_cut_summary_is_whole_lines_and_closed(render, active, sample, limit, name):
    whole = summary(sample(name))
    cut = summary(sample(name), limit=limit)
    assert len(cut.encode()) <= limit
    assert not active(render(cut), OURS)
    if cut != whole:
        kept = cut[: cut.index("> **Cut here**")]
        lines = [line for line in kept.splitlines() if line not in {"", "</details>"} and not line.startswith("```")]
        assert set(lines) <= set(whole.splitlines())
        assert "lines are in the full report" in cut


def test_a_summary_past_the_limit_is_cut_and_says_so(render):
    checks = [replace(wide(number), message="m" * 1500) for number in range(1000)]
    text = summary(outcome(*checks))
    assert 1024 * 1024 - 4096 < len(text.encode()) <= 1024 * 1024
    root = render(text)
    (found,) = tables(root)
    assert [row[1] for row in found[1:]] == [f"rule.{number}" for number in range(len(found) - 1)]
    assert "Cut here" in root.text


def test_five_thousand_findings_leave_room_for_the_rest(render):
    text = summary(outcome(*map(wide, range(5000)), parameters={"engine": "duckdb"}))
    assert "> … and 4,000 more in the full report." in text.splitlines()
    assert "duckdb" in text


def test_a_value_without_end_is_clipped():
    endless = "x" * 5_000_000
    text = summary(
        outcome(
            Check(
                endless,
                Status.FAIL,
                endless,
                Severity.ERROR,
                Where(endless, endless, endless),
                endless,
                {endless: endless},
            ),
            headline=endless,
            sections=(
                Section(endless, (Table((endless,), ((endless,),), endless), Log(endless, endless), Text(endless))),
            ),
            parameters={endless: endless},
        )
    )
    assert len(text) < 60_000
    assert "(4,999,000 more characters)" in text


def test_a_long_log_shows_its_end():
    text = summary(
        outcome(sections=(Section("s", (Log("t", "\n".join(f"line {number}." for number in range(5000))),)),))
    )
    assert "the last 200 of 5,000 lines" in text
    assert "line 4999." in text
    assert "line 4799." not in text


def test_the_text_of_a_cell_survives(render):
    names = ["a|b", "`x`", "<b>", "@x", "\\|", "line\nbreak", "*", json.dumps({"a": "|"})]
    table = Table(("value",), tuple((name,) for name in names))
    (shown,) = tables(render(summary(outcome(sections=(Section("s", (table,)),)))))
    assert [cell for (cell,) in shown[1:]] == [name.replace("\n", "\\n") for name in names]
