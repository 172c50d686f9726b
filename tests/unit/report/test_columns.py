"""The columns of a data set on the page and in the summary: what is shown of few, of many and of far too many."""

from datetime import UTC, datetime

import pytest

from mlops_actions.outcome import Column, Columns, Frequencies, Outcome, Section
from mlops_actions.report.html import page
from mlops_actions.report.markdown import summary
from mlops_actions.verdict import Check, Status, Verdict, Where, conclude

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def outcome(columns, checks=(), rows=1000):
    verdict = Verdict("data-validation", conclude(checks), tuple(checks), NOON, NOON)
    whole = tuple(number for number, check in enumerate(checks) if check.where.column is None)
    return Outcome(verdict, sections=(Section("Columns of t", (Columns(rows, tuple(columns), whole),)),))


def many(count, broken=()):
    """``count`` columns with a check each, which is broken for the numbers in ``broken``."""
    checks = [
        Check(f"t.c{at}.required", Status.FAIL if at in broken else Status.PASS, "m", where=Where("t", f"c{at}"))
        for at in range(count)
    ]
    return outcome([Column(f"c{at}", "BIGINT", "number", 0, checks=(at,)) for at in range(count)], checks)


def by_class(root, name):
    return [each for each in root.all() if name in (each.attributes.get("class") or "").split()]


def links(root):
    """Each text of a link with where it leads, which must be there once."""
    idents = [each.attributes["id"] for each in root.all() if "id" in each.attributes]
    found = [(each.text, each.attributes["href"]) for each in root.all("a")]
    assert all(idents.count(href[1:]) == 1 for _, href in found)
    return found


def by_id(root, ident):
    return next(each for each in root.all() if each.attributes.get("id") == ident)


def facts(card):
    return {next(each.all("dt")).text: next(each.all("dd")).text for each in next(card.all("dl")).all("div")}


def test_a_card_says_type_nulls_facts_values_and_rules(read_html):
    checks = [
        Check("t.x.required", Status.FAIL, "m", where=Where("t", "x")),
        Check("t.x.enum", Status.WARN, "m", where=Where("t", "x")),
        Check("t.x.present", Status.PASS, "m", where=Where("t", "x")),
        Check("t.rowCount", Status.PASS, "m", where=Where("t")),
    ]
    values = Frequencies((("UA", 500), (" ", 20), ("", 5)), 3, 375)
    column = Column("x", "VARCHAR", "text", 100, (("Distinct", "6"),), values, (2, 1, 0))
    root = read_html(page(outcome([column], checks)))
    (card,) = by_class(root, "column")
    assert next(card.all("h3")).text == "x"
    assert facts(card) == {"Nulls": "100 (10.0 %)", "Distinct": "6"}
    assert [[cell.text for cell in row.all("th", "td")] for row in card.all("tr")] == [
        ["Value", "", "Rows", ""],
        ["UA", "", "500", "50.0 %"],
        ["' '", "", "20", "2.0 %"],
        ["''", "", "5", "0.5 %"],
        ["3 others", "", "375", "37.5 %"],
    ]
    widths = [float(bar.attributes["width"]) for bar in card.all("rect")]
    assert widths == [pytest.approx(100 * count / 500) for _, count in values.values]
    assert [each.text for each in card.all("li")] == ["Fail required", "Warn enum", "Pass present"]
    assert [each.text for each in by_class(root, "whole")[0].all("li")] == ["Pass rowCount"]


def test_a_finding_and_its_column_lead_to_each_other(read_html):
    root = read_html(page(many(3, broken={1})))
    led = dict(links(root))
    card, finding = by_id(root, led["c1"][1:]), by_id(root, led["t.c1.required"][1:])
    assert next(card.all("h3")).text == "c1"
    assert next(finding.all("h3")).text == "t.c1.required"
    assert [each.attributes["href"] for each in card.all("a")] == [led["t.c1.required"]]
    passed = next(by_id(root, "passed").all("table"))
    met = next(by_class(root, "column")[0].all("a")).attributes["href"]
    assert met[1:] in {each.attributes.get("id") for each in passed.all("span")}


def test_few_columns_need_no_filter_and_many_have_one(read_html):
    few, more = read_html(page(many(8, {1}))), read_html(page(many(41, {1})))
    assert not list(few.all("fieldset"))
    assert not by_class(few, "index")
    assert [each.text for each in more.all("label")] == [" All 41", " With findings 1"]
    (index,) = by_class(more, "index")
    assert [each.text for each in index.all("li")][:3] == ["c0", "c1 Fail", "c2"]
    assert [each.attributes["value"] for each in more.all("input") if "checked" in each.attributes] == ["all"]


def test_the_style_sheet_knows_every_filter(read_html, samples):
    root = read_html(page(samples.wide(40)))
    (style,) = root.all("style")
    values = {each.attributes["value"] for each in root.all("input")} - {"all"}
    assert len(values) > 3
    for value in values:
        assert f'[value="{value}"]:checked' in style.text
        assert f":not(.{value}," in style.text
        assert 0 < len([each for each in by_class(root, value) if each.attributes.get("id")]) < 40


def test_of_a_thousand_columns_the_broken_ones_have_cards_and_no_column_is_lost(read_html):
    broken = {5, 500, 999}
    text = page(many(1000, broken))
    root = read_html(text)
    names = [next(each.all("h3")).text for each in by_class(root, "column")]
    assert len(names) == 300
    assert {f"c{at}" for at in broken} <= set(names)
    assert names == sorted(names, key=lambda name: int(name[1:]))
    (rest,) = [each for each in root.all("details") if next(each.all("summary")).text == "700 more columns"]
    listed = [next(row.all("th")).text for row in rest.all("tr")][1:]
    assert sorted([*names, *listed]) == sorted(f"c{at}" for at in range(1000))
    links(root)


@pytest.mark.parametrize(("count", "megabytes"), [(200, 1), (1000, 2.5)])
def test_wide_tables_are_small_files(samples, count, megabytes):
    assert len(page(samples.wide(count)).encode()) < megabytes * 1e6


def test_what_no_page_should_hold_is_counted(read_html):
    text = page(outcome([Column(f"c{at}", "BIGINT", "number", 0) for at in range(100_000)]))
    assert len(text.encode()) < 2e6
    assert "… and 94,700 more columns." in read_html(text).text


def test_five_thousand_rules_of_one_column_are_one_card(read_html):
    checks = [
        Check(f"t.x.rule#{at}", Status.FAIL if at % 2 else Status.PASS, "m", where=Where("t", "x"))
        for at in range(5000)
    ]
    root = read_html(page(outcome([Column("x", "BIGINT", "number", 0, checks=tuple(range(5000)))], checks)))
    (card,) = by_class(root, "column")
    assert len(list(card.all("a"))) == 100
    assert card.text.count("and 2,450 more") == 2


def test_the_summary_has_a_line_a_column_the_broken_first_where_there_are_too_many(render):
    def lines(of):
        table = list(render(summary(of)).all("table"))
        return [[cell.text for cell in row.all("th", "td")] for each in table for row in each.all("tr")]

    values = Frequencies((("UA", 500), ("<b>|`", 20)), 0, 0)
    column = Column("x|y", "VARCHAR", "text", 100, (("Distinct", "6"),), values, (0,))
    check = Check("t.x.required", Status.PASS, "m", where=Where("t", "x"))
    assert lines(outcome([column], [check]))[:2] == [
        ["Column", "Type", "Nulls", "Values", "Rules"],
        ["x|y", "VARCHAR", "100 (10.0 %)", "distinct 6, UA (500), <b>|` (20)", "✅ 1 passed"],
    ]
    shown = [line[0] for line in lines(many(150, {120})) if line[-1] == "✅ 1 passed" or "failed" in line[-1]]
    assert len(shown) == 100
    assert shown[:2] == ["c120", "c0"]
    assert "and 50 more in the full report" in summary(many(150, {120}))


@pytest.mark.parametrize(
    ("rule", "column", "shown"),
    [
        ("t.x.required", "x", "required"),
        ("t.x[].minimum", "x", "[].minimum"),
        ("t.x.y.minimum", "x", "y.minimum"),
        ("t.name.required", "na", "t.name.required"),  # the data calls it otherwise
        ("t.name.required", "COL_1", "t.name.required"),
    ],
)
def test_a_rule_is_called_by_what_its_column_does_not_say(read_html, rule, column, shown):
    check = Check(rule, Status.PASS, "m", where=Where("t", column))
    root = read_html(page(outcome([Column(column, "BIGINT", "number", 0, checks=(0,))], [check])))
    (card,) = by_class(root, "column")
    assert next(card.all("a")).text == shown
