"""Outcomes as stages would give them, made up to show and to test the reports: one of each kind of trouble.

The pages that the browser tests open come from here.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from mlops_actions.outcome import (
    PRESENT,
    Block,
    Chart,
    Column,
    Columns,
    Contrast,
    Frequencies,
    Histogram,
    Kind,
    Log,
    Outcome,
    Past,
    Section,
    Table,
    Text,
    Timeline,
    Trace,
    Trend,
)
from mlops_actions.verdict import Check, Example, Severity, Status, Subject, Verdict, Where, conclude

START = datetime(2026, 11, 23, 8, 0, 0, tzinfo=UTC)
CONTRACT = "contracts/flights.odcs.yaml"
ROWS = 221_893

HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "::error::not a command",
    "a | b",
    "`code` and *stars* and __lines__ and ~~gone~~",
    "[link](https://example.org) and https://example.org and www.example.org",
    "@octocat, #1, GH-1, mail@example.org",
    "<!-- hidden --> <script>alert(1)</script> &lt;b&gt;",
    "two\nlines\ttab",
    "txt\u202egnp.exe and \u200binvisible\u200b and \x1b[31mred\x1b[0m",
    "$(id) ${{ secrets.TOKEN }} `id` $x^2$",
    '" onmouseover="alert(1)',
    "</td></tr></table></details><h1>out</h1>",
    "العربية and 日本語 and 🛩️",
    "W" * 300,
)


def all_samples() -> dict[str, Outcome]:
    """Every sample by its name."""
    return {
        "validation": validation(),
        "drift": drift(),
        "python-ci": python_ci(),
        "pass": passed(),
        "wide": wide(),
        "monster": monster(),
        "hostile": hostile(),
    }


def _subject(name: str) -> Subject:
    return Subject(name, hashlib.sha256(name.encode()).hexdigest())


def _outcome(stage: str, seconds: float, checks: list[Check], headline: str, sections: tuple[Section, ...]) -> Outcome:
    months = tuple(_subject(f"data/2013-{month:02}.parquet") for month in range(1, 9))
    verdict = Verdict(
        stage=stage,
        status=conclude(checks),
        checks=tuple(checks),
        started=START,
        ended=START + timedelta(seconds=seconds),
        subjects=months,
        materials=(_subject(CONTRACT),),
        parameters={"contract": CONTRACT, "data": "data/2013-0[1-8].parquet", "engine": "duckdb", "fail-on": "error"},
    )
    return Outcome(verdict, headline, sections)


COLUMNS = (
    ("year", "integer"), ("month", "integer"), ("day", "integer"), ("dep_time", "integer"),
    ("sched_dep_time", "integer"), ("dep_delay", "number"), ("arr_delay", "number"), ("carrier", "string"),
    ("flight", "integer"), ("tailnum", "string"), ("origin", "string"), ("dest", "string"),
    ("distance", "number"), ("time_hour", "timestamp"),
)  # fmt: skip


BROKEN = [
    ("carrier.validValues", 31, 12, Status.FAIL, Severity.ERROR,
     "12 of 221,893 rows hold a carrier that the contract does not list: `ZZ` (9 rows), `??` (3 rows)."),
    ("distance.minimum", 104, 3, Status.FAIL, Severity.ERROR,
     "3 of 221,893 rows have a distance below 50: the smallest is 17."),
    ("tailnum.required", 88, 1_812, Status.FAIL, Severity.ERROR,
     "1,812 of 221,893 rows have no tail number (0.8 %), most of them in 2013-02."),
    ("primaryKey", 19, 4, Status.FAIL, Severity.ERROR,
     "4 surplus rows share a key (year, month, day, carrier, flight) with another."),
    ("dest.pattern", 97, 1, Status.FAIL, Severity.ERROR,
     "1 of 221,893 rows does not match ^[A-Z]{3}$: `B0S`."),
    ("dep_delay.maximum", 61, 2, Status.WARN, Severity.WARNING,
     "2 of 221,893 rows depart more than 1,200 minutes late."),
    ("arr_delay.completeness", 69, 0.0243, Status.WARN, Severity.WARNING,
     "2.43 % of the rows have no arrival delay; at most 2 % was asked for."),
    ("time_hour.freshness", 118, None, Status.NOT_CHECKED, Severity.WARNING,
     "Freshness needs the time of the run, and the contract fixes none."),
]  # fmt: skip

EXAMPLES = {
    "carrier.validValues": tuple(
        Example(f"data/2013-{month:02}.parquet", row=row, key={"flight": flight}, values={"carrier": value})
        for month, row, flight, value in ((1, 4_211, "1545", "ZZ"), (4, 412, "303", "??"), (8, 1_330, "11", " ZZ"))
    ),
    "tailnum.required": (Example("data/2013-02.csv", line=17, key={"flight": "9"}, values={"tailnum": None}),),
}  # fmt: skip

SHAPES: dict[str, Histogram | Frequencies | str] = {
    "carrier": Frequencies((("UA", 58_665), ("B6", 54_635), ("EV", 54_173), ("", 12), (" ", 1)), 11, 54_407),
    "dep_delay": Histogram((-44.0, -6, -3, 0, 12, 60, 1_301), (50_000, 60_000, 40_000, 30_000, 30_000, 11_893),
                           ("-43", "1301"), whole=True),
    "distance": Histogram((17.0, 500, 700, 1_000, 4_983), (80_000, 40_000, 60_000, 41_893), ("17", "4983")),
    "tailnum": "Values of a private column are not shown.",
}  # fmt: skip


MONTHS = Timeline("month", tuple(f"2013-{month:02}" for month in range(1, 9)), 12)
_NULLS = Trend("Nulls", (0.021, 0.058, 0.016, 0.0, 0.011, None, 0.03, 0.009))
TRENDS = {
    "number": (_NULLS, Trend("Mean", (10.1, 10.9, 13.2, 13.9, 13.0, None, 21.7, 12.6), "level", spread=40.2)),
    "text": (_NULLS, Trend("Share of", (0.26, 0.27, 0.26, 0.25, 0.26, None, 0.27, 0.26), of="UA")),
    "time": (Trend("Rows", (27_004, 24_951, 28_834, 28_330, 28_796, 0, 29_425, 29_327), "rows"),),
}


def validation() -> Outcome:
    """Forty rules of a contract; five are broken, two warn, one could not be evaluated."""
    checks = []
    for number, (column, kind) in enumerate(COLUMNS):
        where = Where("flights", column, CONTRACT, 24 + 7 * number, 9)
        checks.append(
            Check(f"flights.{column}.physicalType", Status.PASS, f"The column is of type {kind}.", where=where)
        )
        message = f"No row of {ROWS:,} has an empty `{column}`."
        if number < 12:
            checks.append(
                Check(f"flights.{column}.required", Status.PASS, message, Severity.ERROR, where, 0, {"mustBe": 0}, ROWS)
            )
        if kind == "number" or number in (0, 1, 2, 8):
            message = f"Every `{column}` lies within its limits."
            checks.append(
                Check(f"flights.{column}.minimum", Status.PASS, message, Severity.ERROR, where, 0, {"mustBe": 0}, ROWS)
            )
    for key, line, measured, status, severity, message in BROKEN:
        column = key.partition(".")[0]
        where = Where("flights", None if column == key else column, CONTRACT, line, 11)
        limit = {"mustBeLessOrEqualTo": 0.02} if isinstance(measured, float) else {"mustBe": 0}
        of_rows = (measured, None if measured is None else limit, ROWS, EXAMPLES.get(key, ()))
        checks.append(Check(f"flights.{key}", status, message, severity, where, *of_rows))
    judged = checks[-8:] + checks[:32]
    headline = "5 of 40 rules are broken, first carrier.validValues."
    return _outcome("data-validation", 1.24, judged, headline, (_columns(COLUMNS, judged),))


def _columns(columns: Sequence[tuple[str, str]], checks: Sequence[Check]) -> Section:
    """Columns with whatever shape is at hand, and the checks of each."""
    kinds: dict[str, Kind] = {"integer": "number", "number": "number", "string": "text", "timestamp": "time"}
    cards = tuple(
        Column(
            name, kind.upper(), kinds.get(kind, "other"), number % 3 * 1_812,
            (("Distinct", "about 527"), ("Range", "-43 to 1301")),
            SHAPES.get(name) or list(SHAPES.values())[number % 3],
            tuple(at for at, check in enumerate(checks) if check.where.column == name),
            TRENDS.get(kinds.get(kind, "other"), ()),
        )
        for number, (name, kind) in enumerate(columns)
    )  # fmt: skip
    whole = tuple(at for at, check in enumerate(checks) if check.where.column is None)
    return Section(f"Columns of flights ({ROWS:,} rows)", (Columns(ROWS, cards, whole, MONTHS),))


def wide(count: int = 200) -> Outcome:
    """So many columns, one in fifty of them with a broken rule."""
    columns = [(f"column_{number}", ("integer", "string", "timestamp", "list")[number % 4]) for number in range(count)]
    checks = [
        Check(f"flights.{name}.{key}", Status.FAIL if key == "required" and number % 50 == 37 else Status.PASS,
              f"{number} of {ROWS:,} rows are null", Severity.ERROR, Where("flights", name, CONTRACT, 10 + number),
              number, {"mustBe": 0}, ROWS)
        for number, (name, _) in enumerate(columns)
        for key in ("present", "logicalType", "required")
    ]  # fmt: skip
    broken = sum(check.is_finding for check in checks)
    headline = f"{broken} of {len(checks):,} checks did not pass."
    return _outcome("data-validation", 9.1, checks, headline, (_columns(columns, checks),))


def _bell(center: float, width: float, bins: int) -> tuple[float, ...]:
    heights = [math.exp(-(((at + 0.5) / bins - center) ** 2) / (2 * width**2)) for at in range(bins)]
    return tuple(height / sum(heights) for height in heights)


STARTS = {"day": (1, 2), "dep_time": (0, 170), "sched_dep_time": (0, 170), "distance": (0, 350), "flight": (0, 600)}


def _distribution(column: str, kind: str, has_drifted: bool) -> Chart:
    edges: tuple[float, ...] = ()
    if kind == "string":
        names: tuple[str, ...] = ("UA", "B6", "EV", "DL", "AA", "MQ", "US", "9E", "WN", "VX", "FL", "(other)")
        first = tuple(value / 100 for value in (17.4, 16.2, 16.1, 14.3, 9.7, 7.9, 6.1, 5.5, 3.6, 1.5, 1.0, 0.7))
        second = tuple(value / 100 for value in (16.9, 15.4, 17.0, 14.2, 9.4, 7.6, 6.2, 5.6, 3.7, 1.6, 0.9, 1.5))
        if has_drifted:
            second = tuple(value / 100 for value in (12.1, 19.8, 12.4, 16.0, 7.2, 8.8, 7.9, 4.1, 5.9, 2.4, 1.1, 2.3))
    elif column == "month":
        names, first, second = tuple(map(str, range(1, 10))), (*(1 / 8,) * 8, 0.0), (*(0.0,) * 8, 1.0)
    else:
        start, step = STARTS.get(column, (-20, 10))
        edges = tuple(float(start + step * at * (1 + at // 5)) for at in range(15))
        names = tuple(f"{low:,.0f} … {high:,.0f}" for low, high in pairwise(edges))
        first = _bell(0.45, 0.16, 14)
        second = _bell(0.33 if has_drifted else 0.455, 0.12 if has_drifted else 0.163, 14)
    return Chart(column, names, {"reference": first, "current": second}, edges=edges)


def drift() -> Outcome:
    """Fourteen columns of September against those of January to August; four have drifted."""
    drifted = {"dep_delay": 0.31, "arr_delay": 0.27, "month": 1.84, "carrier": 0.22}
    checks, rows, charts = [], [], []
    for number, (column, kind) in enumerate(COLUMNS):
        size = drifted.get(column, 0.01 + 0.011 * (number % 7))
        status, word = (Status.FAIL, "differs from") if column in drifted else (Status.PASS, "is like")
        checks.append(
            Check(
                f"flights.{column}.psi", status, f"`{column}` {word} the reference: PSI {size:.2f}.", Severity.ERROR,
                Where("flights", column), size, {"mustBeLessThan": 0.2}, 27_574,
            )
        )  # fmt: skip
        rows.append(
            (column, kind, size, 0.2, 0.0 if number % 3 else 0.008, "drifted" if column in drifted else "stable")
        )
        charts.append(_distribution(column, kind, column in drifted))
    order = sorted(range(len(COLUMNS)), key=lambda at: -float(rows[at][2]))
    names = ("Column", "Type", "PSI", "Threshold", "Nulls", "Verdict")
    caption = "Population stability index, largest first"
    table = Table(names, tuple(rows[at] for at in order), caption, frozenset({"PSI"}))
    return _outcome(
        "drift-check",
        0.61,
        checks,
        "4 of 14 columns have drifted since the model was trained; the largest shift is in month.",
        (
            Section("All columns", (table,)),
            *_contrasts([at for at in order if rows[at][-1] == "drifted"], charts),
            Section("Earlier checks", (_past(),)),
        ),
    )


def _past() -> Past:
    """Twelve checks of which the last ones failed; a column is not there in the first of them."""
    counts = (0, 0, 0, 1, 0, 0, 0, 0, 2, 2, 3, 4)
    times = tuple(f"2013-{month:02d}-01 06:00 UTC" for month in range(1, 13))
    statuses = tuple(
        Status.FAIL if count else Status.WARN if at % 5 == 1 else Status.PASS for at, count in enumerate(counts)
    )
    traces = (
        Trace(
            "month", (0.02, 0.03, 0.02, 0.3, 0.02, 0.03, 0.01, 0.02, 1.2, 1.4, 1.6, 1.84), frozenset({3, 8, 9, 10, 11})
        ),
        Trace("carrier", (None, None, None, *(0.02 + at / 40 for at in range(9))), frozenset({10, 11})),
        Trace("distance", (0.01,) * 12),
    )
    rows = tuple(zip(times, (each.value for each in statuses), counts, strict=True))[::-1]
    table = Table(("Checked", "Verdict", "Drifted"), rows)
    return Past(
        "Columns that drifted, by check",
        "How far columns moved, by check",
        (*times[:-1], PRESENT),
        statuses,
        counts,
        traces,
        table,
    )


def _contrasts(drifted: Sequence[int], charts: Sequence[Chart]) -> tuple[Section, ...]:
    """The columns that drifted as cards, the first without a chart; the other charts side by side."""
    facts = (("PSI", "1.84"), ("Mean", "from 4.5 to 9 (+1.96 sd)"), ("Missing", "from 0.0 % to 0.1 %"))
    changed = tuple(
        Contrast(COLUMNS[at][0], at, facts, charts[at] if number else "There is nothing to draw.")
        for number, at in enumerate(drifted)
    )
    return (
        Section("What changed", changed, frozenset(drifted)),
        Section("Others", tuple(chart for at, chart in enumerate(charts) if at not in drifted)),
    )


def python_ci() -> Outcome:
    """A matrix of four interpreters; one test fails on the oldest."""
    where = Where("3.11", None, "tests/test_features.py", 48)
    message = (
        "AssertionError: assert ['AA', 'B6'] == ['AA', 'B6', 'UA']\n"
        "  Right contains one more item: 'UA'\n"
        "  Use -v to get more diff"
    )
    checks = [
        Check("3.11.test", Status.FAIL, message, Severity.ERROR, where),
        Check("3.12.lint", Status.WARN, "W0611: Unused import os (unused-import)", Severity.WARNING,
              Where("3.12", None, "flight_delay/train.py", 3, 1)),
        *(
            Check(f"{version}.{step}", Status.PASS, f"`make {step}` passed.", where=Where(version))
            for version in ("3.11", "3.12", "3.13", "3.14")
            for step in ("install", "lint", "test")
            if (version, step) not in {("3.11", "test"), ("3.12", "lint")}
        ),
    ]  # fmt: skip
    matrix = Table(
        ("Python", "install", "lint", "test", "Tests", "Seconds"),
        (
            ("3.11", "pass", "pass", "fail", 41, 7.9),
            ("3.12", "pass", "warn", "pass", 42, 6.4),
            ("3.13", "pass", "pass", "pass", 42, 6.1),
            ("3.14", "pass", "pass", "pass", 42, 6.3),
        ),
    )
    log = Log(
        "test on 3.11, exit status 1",
        "\x1b[1m============ test session starts ============\x1b[0m\n"
        "tests/test_features.py ....F.....\n\n"
        "    def test_carriers():\n"
        ">       assert carriers(sample) == ['AA', 'B6', 'UA']\n"
        "\x1b[31mE       AssertionError: assert ['AA', 'B6'] == ['AA', 'B6', 'UA']\x1b[0m\n\n"
        "tests/test_features.py:48: AssertionError\n"
        "========= 1 failed, 41 passed in 3.02s ========\n",
    )
    headline = "1 of 42 tests fails on Python 3.11; 3.12, 3.13 and 3.14 pass."
    return _outcome("python-ci", 26.7, checks, headline, (Section("Matrix", (matrix, log)),))


def passed() -> Outcome:
    """Nothing to complain about."""
    checks = [
        Check("gates.auc.min", Status.PASS, "The area under the curve is 0.912.", Severity.ERROR,
              Where(file="mlops.yaml", line=9), 0.9124, {"min": 0.65}),
        Check("model.signature", Status.PASS, "The model has a signature of 11 inputs and 1 output."),
        Check("model.format", Status.PASS, "The model is kept as skops, not as a pickle."),
    ]  # fmt: skip
    metrics = Table(("Metric", "Value", "Gate"), (("auc", 0.9124, "min 0.65"), ("log_loss", 0.2871, None)))
    return _outcome("model-training", 48.0, checks, "The model passed its gate.", (Section("Metrics", (metrics,)),))


def monster() -> Outcome:
    """Five thousand checks, a tenth of them broken."""
    checks = []
    for number in range(5_000):
        rule = f"table_{number // 50}.column_{number % 50}.validValues"
        where = Where(f"table_{number // 50}", f"column_{number % 50}", "contracts/all.odcs.yaml", 10 + number)
        status = Status.FAIL if number % 10 == 3 else Status.PASS
        message = f"{number % 97} of 1,000,000 rows hold a value that the contract does not list."
        checks.append(Check(rule, status, message, Severity.ERROR, where, number % 97, {"mustBe": 0}, 1_000_000))
    return _outcome("data-validation", 93.5, checks, "500 of 5,000 rules are broken.", ())


def hostile() -> Outcome:
    """Every text is one that would like to be more than text."""
    checks = [
        Check(
            text, status, text, Severity.ERROR, Where(text, text, text, 1, 1), text, {text: text}, 1,
            (Example(text, 1, None, {text: text}, {"x": text}), Example(None, None, 2, {}, {text: None})),
        )
        for number, text in enumerate(HOSTILE)
        for status in (Status.FAIL, Status.PASS)
    ]  # fmt: skip
    columns = tuple(
        Column(text, text, "text", 1, ((text, text),), shape, (2 * at, 2 * at + 1), (Trend(text, (0.2, 0.1), of=text),))
        for at, text in enumerate(HOSTILE)
        for shape in (Frequencies(((text, 1),), 1, 1), Histogram((0.0, 1.0, 2.0), (1, 1), (text, text)), text)
    )
    table = Table(HOSTILE[:4], tuple((text,) * 4 for text in HOSTILE), HOSTILE[0])
    charts = tuple(
        Chart(text, HOSTILE, {text: (0.07,) * len(HOSTILE), "x": (0.05,) * len(HOSTILE)}) for text in HOSTILE
    )
    blocks: tuple[Block, ...] = (
        *(Text(text) for text in HOSTILE),
        table,
        Columns(2, columns, (0, 1), Timeline(HOSTILE[0], (HOSTILE[1], HOSTILE[2]), 1)),
        *charts,
        *(
            Contrast(text, 2 * at + 1, ((text, text),), shape)
            for at, text in enumerate(HOSTILE)
            for shape in (replace(charts[at], edges=(0.0, 1.0, 2.0)), text)
        ),
        *(Log(text, text) for text in HOSTILE),
    )
    made = _outcome(HOSTILE[0], 1, checks, HOSTILE[8], tuple(Section(text, blocks[:3]) for text in HOSTILE))
    verdict = Verdict(
        HOSTILE[0], Status.FAIL, tuple(checks), START, START,
        tuple(_subject(text) for text in HOSTILE), (), {text: [text, {text: None}] for text in HOSTILE},
    )  # fmt: skip
    return Outcome(verdict, HOSTILE[8], (*made.sections, Section("All", blocks)))
