"""The HTML report in a real browser: quiet, offline, no wider than a phone, open to the keyboard and to screen readers."""

import contextlib
from pathlib import Path

import duckdb
import pytest
from pypdf import PdfReader

from mlops_actions.data.validate import Validation, validate
from mlops_actions.drift.check import DriftCheck, check
from mlops_actions.report.html import page

pytestmark = pytest.mark.browser

PAPER = 680  # px: A4 without margins of 15 mm
LOOKS = {"phone": (390, "light"), "desktop": (1280, "dark")}
SMALL = [(name, look) for name in ("validation", "drift", "python-ci", "pass", "hostile") for look in LOOKS]
WIDE = ("wide", "desktop")
LARGE = [("monster", "phone"), ("wide", "phone")]  # the rules take long over much of the same, and once is enough


@pytest.fixture(scope="module")
def reports(tmp_path_factory, browser, samples):
    """What the browser says of every page in every look, by its name and look."""
    folder = tmp_path_factory.mktemp("pages")
    for name, sample in samples.all_samples().items():
        (folder / f"{name}.html").write_text(page(sample), encoding="utf-8")
    wanted = [*SMALL, WIDE, *LARGE]
    pages = [
        {
            "file": str(folder / f"{name}.html"),
            "width": LOOKS[look][0],
            "scheme": LOOKS[look][1],
            "height": 844,
            "inspect": True,
            "rules": (name, look) not in LARGE,
        }
        for name, look in wanted
    ]
    return dict(zip(wanted, browser.look(pages), strict=True))


@pytest.fixture(params=[*SMALL, WIDE, *LARGE], ids="-".join)
def report(request, reports):
    return reports[request.param]


def test_it_is_quiet_and_asks_the_network_for_nothing(report):
    assert report["console"] == []
    assert report["requests"] == []
    assert report["dialogs"] == []
    assert report["scripts"] == 0


def test_it_scrolls_one_way_only(report):
    assert report["scrollWidth"] <= report["clientWidth"]
    assert report["outside"] == []
    assert report["opened"] <= report["clientWidth"]


def test_the_keyboard_reaches_the_findings(report):
    keyboard = report["keyboard"]
    assert (keyboard["first"]["tag"], keyboard["first"]["text"]) == ("A", "Skip to the findings")
    assert keyboard["first"]["visible"]
    assert (keyboard["led"]["tag"], keyboard["led"]["id"]) == ("MAIN", "main")
    beyond = keyboard["stops"][0]
    assert beyond["tag"] in ("A", "SUMMARY") or beyond["role"] == "group"


@pytest.mark.parametrize("which", [*SMALL, WIDE], ids="-".join)
def test_it_breaks_no_accessibility_rule(reports, which):
    report = reports[which]
    assert report["violations"] == []
    assert report["rules"] > 10


def test_it_follows_the_reader_into_the_dark(reports):
    assert reports["validation", "phone"]["background"] != reports["validation", "desktop"]["background"]


# A drift check of columns and values that would like to be more than text

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "</code></li></ol><h1>out</h1>",
    '" onmouseover="alert(1)',
    "W" * 300,
    "\u202e`a`",
)


@pytest.fixture(scope="module")
def drifted(tmp_path_factory):
    folder = tmp_path_factory.mktemp("drifted")
    names = ['"{}"'.format(each.replace('"', '""')) for each in HOSTILE]
    texts = [f"chr({60 + number}) || $text" for number in range(3)]
    numbers = "ln(1 + random() * 3) + {0}", "CASE WHEN random() < 0.2 + {0} / 4 THEN NULL ELSE range END"
    with contextlib.chdir(folder), duckdb.connect() as connection:
        connection.execute("SELECT setseed(0.5)").fetchall()
        for shift, name in enumerate(("before.parquet", "now.parquet")):
            cells = [
                *numbers,
                f"CASE WHEN range % 3 > {shift} THEN {texts[0]} ELSE {texts[shift]} END",
                "range % 4 > {0}",
            ]
            cells.append(f"date '2013-0{shift + 1}-01' + (range % 28)::integer")
            named = (f"{cell} AS {each}" for cell, each in zip(cells, names, strict=True))
            select = ", ".join(named).format(shift)
            rows = connection.sql("FROM range(2000)").project(select.replace("$text", f"'{HOSTILE[0]}'"))
            rows.write_parquet(name)
        outcome = check(DriftCheck(Path("before.parquet"), ("now.parquet",)), folder)
    file = folder / "report.html"
    file.write_text(page(outcome), encoding="utf-8")
    return outcome, file


def test_a_drift_check_of_hostile_names_and_values_is_text_on_any_screen_and_on_paper(browser, drifted, tmp_path):
    outcome, file = drifted
    assert outcome.headline.startswith("February 2013 differs from 1 to 28 January 2013 in 4 of 5 columns, most in `")
    looks = [{"file": str(file), "inspect": True, "width": width, "scheme": scheme} for width, scheme in LOOKS.values()]
    paper = {"file": str(file), "width": PAPER, "pdf": str(tmp_path / "paper.pdf"), "scheme": "dark"}
    *reports, printed = browser.look([*looks, {**paper, "inspect": True, "rules": False}])
    for report in (*reports, printed):
        assert report["console"] == report["requests"] == report["dialogs"] == report["outside"] == []
        assert report["scrollWidth"] <= report["clientWidth"]
        assert report["opened"] <= report["clientWidth"]
    assert [each["violations"] for each in reports] == [[], []]
    assert printed["background"] == "rgb(255, 255, 255)"
    (_,) = browser.look([paper])
    text = "".join("".join(each.extract_text() for each in PdfReader(paper["pdf"]).pages).split())
    assert text.count("Massmoved") == 4 and "onerror=alert(1)" in text
    assert text.count("referencecurrent") == 4, "each drawing says which is which"


# A validation of 200 columns, one of which breaks a rule

CONTRACT = """\
apiVersion: v3.2.0
kind: DataContract
id: wide
version: 1.0.0
status: active
schema:
  - name: wide
    properties:
"""


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wide")
    names = [f"column_{number}" for number in range(200)]
    values = ("range * {0} % 1009", "'v' || range % {0}", "sqrt(range * {0})", "range % 2 = 0")
    types = ("integer", "string", "number", "boolean")
    cells = [values[at % 4].format(at + 3) + f" AS {name}" for at, name in enumerate(names)]
    contract = CONTRACT + "".join(
        f"      - {{name: {name}, logicalType: {types[at % 4]}, required: true}}\n" for at, name in enumerate(names)
    )
    contract = contract.replace("column_146, logicalType: number", "column_146, logicalType: number, unique: true")
    contract = contract.replace(
        "column_148, logicalType: integer", "column_148, logicalType: integer, logicalTypeOptions: {maximum: 1000}"
    )
    with contextlib.chdir(folder):
        duckdb.sql("FROM range(2000)").project(", ".join(cells)).write_parquet("wide.parquet")
        (folder / "wide.odcs.yaml").write_text(contract, encoding="utf-8")
        outcome = validate(Validation(folder / "wide.odcs.yaml", ("wide.parquet",)), folder)
    file = folder / "report.html"
    file.write_text(page(outcome), encoding="utf-8")
    return file


def test_the_failing_rule_is_found_by_keyboard_alone(browser, wide):
    steps = [
        {"tab": "Skip to the findings"},
        {"press": "Enter"},
        {"tab": "wide.column_148.maximum"},
        {"press": "Enter"},
        {"tab": "column_148"},
        {"press": "Enter"},
        {"tab": "maximum"},
        {"press": "Enter"},
    ]
    (report,) = browser.look([{"file": str(wide), "steps": steps}])
    _, _, rule, there, column, card, back, again = report["steps"]
    assert rule["presses"] == 1  # the first stop of what matters
    assert all(each["outline"] >= 2 for each in (rule, column, back))
    assert there["target"] == again["target"]
    assert there["inView"]
    assert again["inView"]
    assert card["text"].startswith("column_148")
    assert card["id"] == card["target"]
    assert card["inView"]
    assert back["presses"] == 1
    assert report["console"] == []


def test_the_keyboard_alone_leaves_the_columns_that_matter_and_folds_up_what_passed(browser, wide):
    steps = [
        {"tab": "All 200"},
        {"press": "ArrowRight"},
        {"tab": "Index of 200 columns"},
        {"press": "Enter"},
        {"tab": "column_148"},
        {"press": "Enter"},
        {"tab": "logicalType"},
        {"press": "Enter"},
    ]
    (report,) = browser.look([{"file": str(wide), "steps": steps}])
    every, filtered, closed, opened, *_, passed = report["steps"]
    assert len(every["cards"]) == 200
    assert filtered["value"] == "has-findings"
    assert filtered["cards"] == ["column_148"]
    assert opened["folded"] == closed["folded"] - 1
    assert passed["folded"] == opened["folded"] - 1  # the rule that was met stands in a folded part
    assert passed["inView"]


def test_it_prints_all_of_it_in_black_on_white(browser, wide, tmp_path):
    paper = tmp_path / "paper.pdf"
    printed = {"file": str(wide), "scheme": "dark", "width": PAPER, "pdf": str(paper)}
    _, report = browser.look([printed, {**printed, "pdf": f"{paper}.2", "inspect": True, "rules": False}])
    assert report["background"] == "rgb(255, 255, 255)"
    assert report["scrollWidth"] <= PAPER
    text = "".join("".join(each.extract_text() for each in PdfReader(paper).pages).split())  # a long name is broken
    for number in range(200):
        assert f"wide.column_{number}.required" in text  # of the rules that were met, which are folded
    assert text.count("Distinct") == 200
