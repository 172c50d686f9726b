"""Expressions: GitHub's semantics where all is known, and three-valued logic where it is not."""

from __future__ import annotations

import itertools
import json
import math
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_actions.dryrun import languageservice
from mlops_actions.dryrun.expressions import (
    EvaluationError,
    ExpressionError,
    Open,
    Scope,
    Unknown,
    condition,
    evaluate,
    expand,
    text_of,
    truthy,
)

KNOWN = {
    "github": {
        "ref": "refs/heads/main",
        "event": {"labels": [{"name": "a"}, {"name": "B"}], "n": 3},
        "Ref_Name": "main",
    },
    "list": ["x", 2, None],
    "needs": {"a": {"result": "success", "outputs": Open(kind="string")}},
    "vars": Open(kind="string"),
    "u": Unknown("u"),
    "s": Unknown("s", "string"),
}


def value(text: str) -> Any:
    return evaluate(text, Scope(KNOWN))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 == '1'", True),
        ("true == 'true'", False),  # 'true' is no number
        ("true == '1'", True),
        ("null == 0", True),
        ("null == ''", True),
        ("'ABC' == 'abc'", True),
        ("'a' < 'B'", True),
        ("'10' > 9", True),
        ("'x' > 1", False),
        ("!''", True),
        ("0x10 == 16", True),
        ("'0o17' == 15", True),
        (".5 == 0.5", True),
        ("-1.5e1 == -15", True),
        ("'it''s' == \"x\"", ExpressionError),
        ("'it''s'", "it's"),
        ("1 && 'x' || 'y'", "x"),
        ("'' && 'x' || 'y'", "y"),
        ("false || 0", 0.0),
        ("github.REF == 'refs/heads/main'", True),
        ("github['ref_name']", "main"),
        ("github.nothing.at.all", None),
        ("github.event.labels.*.name", ["a", "B"]),
        ("join(github.event.labels.*.name, '-')", "a-B"),
        ("contains(github.event.labels.*.name, 'b')", True),
        ("list[1]", 2),
        ("list['1']", 2),
        ("list[7]", None),
        ("contains('Hello', 'ell')", True),
        ("startsWith(github.ref, 'REFS/heads/')", True),
        ("endsWith('a.PY', '.py')", True),
        ("format('{0} {{x}} {1}', 'a', 2)", "a {x} 2"),
        ("toJSON(list)", '[\n  "x",\n  2,\n  null\n]'),
        ("fromJSON('[1]')[0]", 1),
        ("fromJSON(format('\"{0}\"', 'ubuntu-24.04'))", "ubuntu-24.04"),
        ("case(false, 1, true, 2, 3)", 2.0),
        ("case(false, 1, 3)", 3.0),
        ("case('x', 1, 3)", EvaluationError),
        ("fromJSON('no')", EvaluationError),
        ("format('{1}', 'a')", EvaluationError),
        ("nope()", ExpressionError),
        ("nope.x", ExpressionError),
        ("success()", ExpressionError),  # no status function outside of `if`
        ("1 +", ExpressionError),
        ("(1", ExpressionError),
        ("a b", ExpressionError),
        ("'open", ExpressionError),
        ("contains('a')", ExpressionError),
        ("!" * 60 + "1", ExpressionError),
        ("github" + ".a" * 60, ExpressionError),
        ("1" + " == 1" * 200, ExpressionError),
        ("1 && " * 3000 + "1", 1.0),  # as deep as it is long only for a naive reader
        ("x" * 21_001, ExpressionError),
    ],
)
def test_an_expression_has_githubs_value(text: str, expected: Any) -> None:
    if isinstance(expected, type):
        with pytest.raises(expected):
            value(text)
    else:
        assert value(text) == expected
        assert isinstance(value(text), bool) is isinstance(expected, bool)


@pytest.mark.parametrize(
    ("text", "truth"),
    [
        ("u", None),
        ("false && u", False),
        ("u && false", False),
        ("true || u", True),
        ("u || true", True),
        ("u && true", None),
        ("!(u && false)", True),
        ("!u", None),
        ("u == 1", None),
        ("(u && false) || (u || true)", True),
        ("vars.X == 'a'", None),
        ("needs.a.outputs.x", None),
        ("needs.a.result == 'success'", True),
        ("needs.b.result", False),  # a job that is not needed is not there
        ("contains(u, 'x')", None),
        ("hashFiles('x') == ''", None),
        ("case(u, true, true)", None),
        ("list[u]", None),
        ("vars.*", None),
        ("github.event.n == 3 && u", None),
    ],
)
def test_what_is_not_known_spreads_only_as_far_as_it_matters(text: str, truth: bool | None) -> None:
    assert truthy(value(text)) is truth


def test_an_unknown_value_says_what_it_hangs_on_and_which_type_it_has() -> None:
    assert value("needs.a.outputs.matrix") == Unknown("needs.a.outputs.matrix", "string")
    assert value("fromJSON(needs.a.outputs.matrix)") == Unknown("needs.a.outputs.matrix", None)
    assert value("s == 'x'").kind == "boolean"
    assert value("format('{0}', u)").kind == "string"
    assert value("u && 's' || s").kind is None  # false, or a string
    assert expand("a-${{ u }}", Scope(KNOWN)) == Unknown("u", "string")


def _assignments(text: str) -> set[bool]:
    results = set()
    for a, b in itertools.product([True, False], repeat=2):
        results.add(bool(evaluate(text, Scope({"a": a, "b": b}))))
    return results


formulas = st.recursive(
    st.sampled_from(["a", "b", "true", "false"]),
    lambda inner: st.one_of(
        inner.map(lambda each: f"!({each})"),
        st.tuples(inner, st.sampled_from(["&&", "||"]), inner).map(lambda each: f"({each[0]} {each[1]} {each[2]})"),
    ),
    max_leaves=6,
)


@given(formulas)
def test_a_truth_that_is_claimed_holds_for_every_value_of_the_unknown(text: str) -> None:
    claimed = truthy(evaluate(text, Scope({"a": Unknown("a"), "b": Unknown("b")})))
    if claimed is not None:
        assert _assignments(text) == {claimed}


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        expand(text, Scope(KNOWN))
        condition(text, Scope(KNOWN, {"success": True}))
    except ExpressionError:
        pass


@pytest.mark.parametrize(
    ("number", "text"),
    [(1.0, "1"), (-0.0, "0"), (0.1, "0.1"), (1e21, "1E+21"), (1.5, "1.5"), (math.nan, "NaN"), (-math.inf, "-Infinity")],
)
def test_numbers_are_written_as_github_writes_them(number: float, text: str) -> None:
    assert text_of(number) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("${{ 1 }}", 1.0),  # alone, a value keeps its type
        ("a${{ true }}b${{ null }}", "atrueb"),
        ("${{ '}}' }}", "}}"),
        ({"k": ["${{ 2 }}"]}, {"k": [2.0]}),
        (7, 7),
    ],
)
def test_text_takes_its_expressions(text: Any, expected: Any) -> None:
    assert expand(text, Scope({})) == expected


def test_an_expression_that_is_not_closed_is_refused() -> None:
    with pytest.raises(ExpressionError, match="not closed"):
        expand("a ${{ 'b }}", Scope({}))


@pytest.mark.parametrize(
    ("text", "success", "expected"),
    [
        (None, True, True),
        ("", False, False),
        ("github.ref == 'refs/heads/main'", True, True),
        ("github.ref == 'refs/heads/main'", False, False),  # success() && stands before it
        ("${{ github.ref == 'refs/heads/main' }}", False, False),
        ("always()", False, True),
        ("!cancelled() && true", False, True),
        ("failure() || github.nothing", False, True),
        (True, False, False),
        (False, True, False),
    ],
)
def test_a_condition_needs_success_unless_it_asks_for_a_status(text: Any, success: bool, expected: bool) -> None:
    status = {"success": success, "failure": not success, "always": True, "cancelled": False}
    assert truthy(condition(text, Scope(KNOWN, status))) is expected


# --- GitHub's own evaluator as the reference -----------------------------------------------------

LITERALS = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "-1.5",
    "''",
    "'0'",
    "'1'",
    "'a'",
    "'A'",
    "' 2 '",
    "'0x10'",
    "'true'",
    "NaN",
]
OPERATORS = ["==", "!=", "<", "<=", ">", ">=", "&&", "||"]
CALLS = [
    f"{name}({left}, {right})"
    for name in ("contains", "startsWith", "endsWith")
    for left, right in itertools.product(LITERALS, repeat=2)
]
MORE = [
    *(f"!{each}" for each in LITERALS),
    *(f"format('<{{0}}>', {each})" for each in LITERALS),
    *(f"join(fromJSON('[1, \"b\", null]'), {each})" for each in LITERALS),
    'fromJSON(\'{"a": {"b": [1, {"c": 2}]}}\').a.b[1].c',
    'fromJSON(\'[{"a": 1}, {"a": 2}, {"b": 3}]\').*.a',
    "toJSON(fromJSON('{\"a\": [1, 2.5, null, true]}'))",
    "fromJSON('[1,2]') == fromJSON('[1,2]')",
    "1 == 2 == 0",
    "1 < 2 == true",
    "!true || true",
    "false && true || true",
    "true || false && false",
]
EVALUATE = """
import { readFileSync } from "node:fs";
const { Lexer, Parser, Evaluator, data } = await import("@actions/expressions");
const texts = JSON.parse(readFileSync(0, "utf8"));
const plain = (value) => JSON.parse(JSON.stringify(value, data.replacer));
const answers = texts.map((text) => {
  const tree = new Parser(new Lexer(text).lex().tokens, [], []).parse();
  const value = new Evaluator(tree, new data.Dictionary()).evaluate();
  return Number.isNaN(value.value) ? "NaN" : plain(value);
});
process.stdout.write(JSON.stringify(answers));
"""


def test_every_operator_and_function_agrees_with_githubs_own_evaluator(languageservice_folder: Path) -> None:
    texts = [f"{left} {operator} {right}" for left, operator, right in itertools.product(LITERALS, OPERATORS, LITERALS)]
    texts += CALLS + MORE
    done = subprocess.run(
        [languageservice.find_node().node, "--input-type=module", "--eval", EVALUATE],
        cwd=languageservice_folder, input=json.dumps(texts), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    theirs = dict(zip(texts, json.loads(done.stdout), strict=True))
    ours = {text: evaluate(text, Scope({})) for text in texts}
    ours = {text: "NaN" if isinstance(each, float) and math.isnan(each) else each for text, each in ours.items()}
    assert {text: (ours[text], theirs[text]) for text in texts if ours[text] != theirs[text]} == {}
