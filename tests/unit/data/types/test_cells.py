"""When a cell of text is of a type."""

from __future__ import annotations

from datetime import date, datetime, time
from decimal import Decimal

import duckdb
import pytest

from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.types.cells import TextType, strptime_format, value

ENGINE = duckdb.connect()
ENGINE.execute("SET TimeZone = 'UTC'")


def read(text, of):
    ((found,),) = ENGINE.execute(f"SELECT {value(literal(text), of)}").fetchall()
    return found


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("BIGINT", {"0": 0, "-7": -7, "+7": 7, "007": 7, str(2**63 - 1): 2**63 - 1},
         ["", " 1", "1.5", "1.0", "1e3", "1_000", "0x1F", "1,000", str(2**63), "a"]),
        ("UBIGINT", {str(2**64 - 1): 2**64 - 1}, ["-1", str(2**64)]),
        ("DOUBLE", {"1": 1.0, ".5": 0.5, "5.": 5.0, "-1e-3": -0.001, "inf": float("inf"), "-Infinity": float("-inf")},
         ["", "1_0", "1,5", "0x1p3", "e5", ".", "infinite", "1 "]),
        ("DECIMAL(5,2)", {"1.25": Decimal("1.25"), "-3": Decimal(-3), "1.250": Decimal("1.25")},
         ["1.255", "1000", "1e2", "nan"]),
        ("BOOLEAN", {"true": True, "FALSE": False, "1": True, "0": False, "T": True}, ["yes", "2", "", "truee"]),
        ("DATE", {"2020-02-29": date(2020, 2, 29)}, ["2021-02-29", "2020-1-1", "2020/01/01", "infinity", "2020-01-01 00:00"]),
        ("TIMESTAMP", {"2020-01-01T10:00": datetime(2020, 1, 1, 10), "2020-01-01 10:00:00Z": datetime(2020, 1, 1, 10),
                       "2020-01-01T10:00:00.5+02:00": datetime(2020, 1, 1, 8, 0, 0, 500_000)},
         ["2020-01-01", "2020-01-01 25:00", "2020-01-01 10:00 America/New_York", "epoch"]),
        ("TIME", {"10:20:30": time(10, 20, 30)}, ["25:00:00", "10"]),
        ("VARCHAR", {"": "", " x ": " x "}, []),
    ],
)  # fmt: skip
def test_the_form_and_the_value_must_both_be_right(kind, right, wrong):
    assert {text: read(text, TextType(kind)) for text in right} == right
    assert {text: read(text, TextType(kind)) for text in wrong} == dict.fromkeys(wrong)


@pytest.mark.parametrize(
    ("jdk", "text", "moment"),
    [
        ("dd/MM/yyyy", "31/12/2020", date(2020, 12, 31)),
        ("yyyyMMdd", "20201231", date(2020, 12, 31)),
        ("d/M/yyyy", None, None),
        ("yyyy-'W'ww", None, None),
        ("yyyy 'o''clock'", None, "%Y o'clock"),
        ("100% yyyy", None, "100%% %Y"),
    ],
)
def test_formats_of_the_jdk(jdk, text, moment):
    form = strptime_format(jdk)
    if text is None:
        assert form == moment
    else:
        assert read(text, TextType("DATE", form)) == moment
        assert read("nonsense", TextType("DATE", form)) is None
