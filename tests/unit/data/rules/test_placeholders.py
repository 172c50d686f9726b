"""Placeholders of a query: filled by quoted names, and by nothing else."""

from __future__ import annotations

import pytest

from mlops_actions.data.rules.placeholders import fill


@pytest.mark.parametrize(
    ("query", "filled"),
    [
        ("SELECT COUNT(*) FROM ${table} WHERE ${column} IS NOT NULL", 'SELECT COUNT(*) FROM "t" WHERE "x" IS NOT NULL'),
        ("SELECT COUNT(*) FROM {object} WHERE {property} = 1", 'SELECT COUNT(*) FROM "t" WHERE "x" = 1'),
        ("FROM ${object} WHERE {field} > {column} AND ${property}", 'FROM "t" WHERE "x" > "x" AND "x"'),
        ('FROM "{table}" WHERE "${column}"', 'FROM "t" WHERE "x"'),
        ("FROM { Table } -- of {table}\n/* {nobody} */", 'FROM "t" -- of {table}\n/* {nobody} */'),
        ("SELECT '{column}', 'it''s {nobody}', {'a': 1}, {column: 1}", "SELECT '{column}', 'it''s {nobody}', {'a': 1}, {column: 1}"),
    ],
)  # fmt: skip
def test_the_words_of_the_standard(query, filled):
    assert fill(query, "t", ("x",)) == filled


def test_a_name_is_quoted_whatever_it_holds():
    assert fill("SELECT {column} FROM {table}", 't"; DROP', ("x') --",)) == 'SELECT "x\') --" FROM "t""; DROP"'


def test_what_cannot_be_filled_is_named():
    with pytest.raises(ValueError, match=r"\$\{tabel\} is not known; there is: \{object\}"):
        fill("FROM ${tabel}", "t", ())
    with pytest.raises(ValueError, match="is of a column, and this rule is of an object"):
        fill("SELECT {column} FROM {table}", "t", ())
