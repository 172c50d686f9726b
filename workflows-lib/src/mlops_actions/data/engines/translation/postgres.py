r"""Questions in PostgreSQL's SQL.

What is not alike, value for value:

- Arithmetic of DOUBLE that leaves its range is an error there, and infinite (or
  0) in DuckDB: where that can be, the cases are told apart before.
- A text is compared by the bytes of its UTF-8, whatever the database's
  collation; an equality is not changed by that.
- Numbers have no remainder, rounding or text of DuckDB's form: they are written out.
- Patterns: see :func:`pattern`.
"""

# ruff: noqa: S608 (statements are built here, from what was parsed and is written anew)

from __future__ import annotations

import re
from collections.abc import Sequence

from mlops_actions.data.engines.quoting import literal
from mlops_actions.data.engines.translation import patterns
from mlops_actions.data.engines.translation.patterns import Chars, Either, Empty, Node, Ranges, Repeat, Unread
from mlops_actions.data.engines.translation.terms import FLOATS, Term, Untranslatable, item_type
from mlops_actions.data.engines.translation.writer import Writer

TYPES = {
    "BOOLEAN": "boolean",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "HUGEINT": "numeric",
    "FLOAT": "real",
    "DOUBLE": "double precision",
    "NUMERIC": "numeric",
    "VARCHAR": "text",
    "UUID": "uuid",
    "DATE": "date",
    "TIME": "time",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamptz",
}
"""Types that both engines have, in DuckDB's and in PostgreSQL's words."""

_WHOLE = frozenset({"SMALLINT", "INTEGER", "BIGINT", "HUGEINT"})
_MOMENTS = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP WITH TIME ZONE"})


def is_exact(kind: str | None) -> bool:
    """Whether a type is numeric, the one that can be NaN and infinite although it is exact."""
    return kind is not None and re.fullmatch(r"NUMERIC|DECIMAL\(\d+,\d+\)", kind) is not None


class PostgresWriter(Writer):
    """Writes for PostgreSQL 14 and newer."""

    engine = "postgres"

    def __init__(self) -> None:
        super().__init__()
        self.patterns: set[str] = set()
        """The patterns that were written, as literals: the server is to say whether it can run them."""

    def type(self, name: str) -> str:
        item = item_type(name)
        if item is not None:
            return f"{self.type(item)}[]"
        if is_exact(name):
            return name.replace("DECIMAL", "numeric").lower()
        if name not in TYPES:
            raise Untranslatable(f"hold the type {name}")
        return TYPES[name]

    def cast(self, of: Term, to: str) -> Term:
        if to == "VARCHAR" and of.type in FLOATS:
            text = f"CAST({of.sql} AS text)"  # 1 is 1.0 in DuckDB
            return Term(f"CASE WHEN {text} ~ '^-?[0-9]+$' THEN {text} || '.0' ELSE {text} END", to)
        if to == "DOUBLE" and of.type == "NUMERIC":  # without a width it may hold what no binary fraction does
            value, double = of.sql, "CAST({} AS double precision)"
            special = f"WHEN {value} = 'NaN' THEN {double.format(_NAN)}"
            beyond = f"WHEN abs({value}) > {_GREATEST} THEN {double.format(f'sign({value})')} * {_INFINITY}"
            below = f"WHEN abs({value}) < 5e-324 THEN 0"
            return Term(f"CASE {special} {beyond} {below} ELSE {double.format(value)} END", to)
        if of.sql != "NULL":
            self.known(of)
        return super().cast(of, to)

    def known(self, of: Term) -> None:
        """Raises Untranslatable for a value of a type that this engine's rules do not hold."""
        if of.type is None:
            raise Untranslatable(f"hold a value whose type is not known: {of.sql[:60]}")
        self.type(of.type)

    def try_cast(self, of: Term, to: str) -> Term:
        if to == "HUGEINT" and (of.type in _WHOLE or of.type in FLOATS or is_exact(of.type)):
            if of.type in FLOATS:  # a cast to numeric keeps fifteen digits alone, one to bigint all
                whole = f"CAST(CAST({of.sql} AS bigint) AS numeric)"
                return Term(f"CASE WHEN abs({of.sql}) < 9.2e18 THEN {whole} END", to)
            return Term(f"CAST({of.sql} AS numeric)", to)
        return super().try_cast(of, to)

    def collated(self, of: Term, name: str) -> Term:
        if name != "C":
            raise Untranslatable(f"compare in the collation {name}")
        return Term(f'({of.sql} COLLATE "C")', of.type)

    def text(self, value: str) -> str:
        if "\0" in value:
            raise Untranslatable("hold a text with a sign of code 0, which no text there has")
        return literal(value)

    # Numbers

    def arithmetic(self, sign: str, left: Term, right: Term) -> Term:
        a, b = left.sql, right.sql
        floating = left.type in FLOATS or right.type in FLOATS
        if sign == "%" and not floating:
            return Term(f"({a} % {b})", right.type)
        if not floating:
            if sign in "+-":
                return Term(f"({a} {sign} {b})", left.type)
            raise Untranslatable(f"compute {left.type} {sign} {right.type}")
        a, b = (each.sql if each.type == "DOUBLE" else self.cast(each, "DOUBLE").sql for each in (left, right))
        match sign:
            case "-":
                sql = f"{a} - {b}"
            case "*" if left.constant is not None and 1e-300 < abs(left.constant) <= 1:
                sql = f"CASE WHEN abs({b}) < {5e-324 / abs(left.constant)!r} THEN 0 ELSE {a} * {b} END"
            case "*":
                sql = _product(a, b)
            case "/" if right.constant:
                sql = _quotient(a, right.constant)
            case _:
                raise Untranslatable(f"compute {left.type} {sign} {right.type}")
        return Term(f"({sql})", "DOUBLE")

    def average(self, of: Term) -> Term:
        if of.type not in _WHOLE:
            raise Untranslatable(f"tell the mean of {of.type or 'a value whose type is not known'}")
        return Term(f"CAST(avg({of.sql}) AS double precision)", "DOUBLE")

    def moment(self, of: Term, center: Term, power: int) -> Term:
        if center.constant is None or abs(center.constant) > _FAR:
            return Term(f"CASE WHEN count({of.sql}) > 0 THEN {_INFINITY} END", "DOUBLE")
        distance = f"CASE WHEN abs({of.sql}) <= {_FAR!r} THEN {of.sql} END - {center.sql}"
        # A square below all numbers would be an error; so little is added that no other square is changed.
        total = f"sum({distance})" if power == 1 else f"sum(power(abs({distance}) + 1e-160, 2))"
        mean = f"CASE WHEN abs({total}) < 1e-290 THEN 0 ELSE {total} / count({of.sql}) END"
        return Term(f"CASE WHEN bool_or(abs({of.sql}) > {_FAR!r}) THEN {_INFINITY} ELSE {mean} END", "DOUBLE")

    def quantiles(self, of: Term, shares: Sequence[str]) -> Term:
        sql = f"percentile_disc(ARRAY[{', '.join(shares)}]::double precision[]) WITHIN GROUP (ORDER BY {of.sql})"
        return Term(sql, f"{of.type}[]")

    # Rows and lists

    def items(self, parts: Sequence[Term]) -> Term:
        kind = next((each.type for each in parts if each.type), None)
        if kind is None:
            raise Untranslatable("hold a list of values whose type is not known")
        return Term(f"CAST(ARRAY[{', '.join(each.sql for each in parts)}] AS {self.type(kind)}[])", f"{kind}[]")

    def filtered(self, of: Term, name: str, condition: Term) -> Term:
        items = f"ARRAY(SELECT {name} FROM unnest({of.sql}) AS items({name}) WHERE {condition.sql})"
        return Term(f"CASE WHEN {of.sql} IS NOT NULL THEN {items} END", of.type)

    def extreme(self, side: str, of: Term) -> Term:
        if of.type == "BOOLEAN":
            return Term(f"{'bool_and' if side == 'min' else 'bool_or'}({of.sql})", of.type)
        if of.type == "UUID":  # whose text is in the same order
            return Term(f'CAST({side}(CAST({of.sql} AS text) COLLATE "C") AS uuid)', of.type)
        self.known(of)
        return super().extreme(side, of)

    def distinct(self, of: Term) -> Term:
        if of.type != "STRUCT":
            self.known(of)
        return super().distinct(of)

    def row(self, parts: Sequence[Term]) -> Term:
        for part in parts:
            self.known(part)
        return Term(f"ROW({', '.join(each.sql for each in parts)})", "STRUCT")

    def anti_join(self, left: str, right: str, on: str) -> tuple[str, str | None]:
        return left, f"NOT EXISTS (SELECT 1 FROM {right} WHERE {on})"

    # Functions

    def function(self, name: str, arguments: Sequence[Term]) -> Term:
        if name == "approx_count_distinct":
            return self.distinct(*arguments)  # there is no other, and exact is near enough
        for group in (self._of_texts, self._of_numbers, self._of_lists, self._of_times):
            if (term := group(name, arguments)) is not None:
                return term
        kinds = ", ".join(each.type or "a value whose type is not known" for each in arguments)
        raise Untranslatable(f"tell {name} of {kinds}")

    def _of_texts(self, name: str, arguments: Sequence[Term]) -> Term | None:
        sql = [each.sql for each in arguments]
        if any(each.type != "VARCHAR" for each in arguments[:1]):
            return None
        match name, arguments:
            case "regexp_matches", [of, Term(text=str() as form)]:
                try:
                    written = literal(pattern(form))
                except Unread as error:
                    raise Untranslatable(f"run the pattern, which has {error}") from error
                self.patterns.add(written)
                return Term(f"({of.sql} ~ {written})", "BOOLEAN")
            case "regexp_replace", [of, Term(text=str() as form), Term(text=str() as sign)]:
                try:
                    written = literal(_chars(patterns.one_sign(form, sign)))
                except Unread as error:
                    raise Untranslatable(f"replace the pattern, which has {error}") from error
                return Term(f"regexp_replace({of.sql}, {written}, {sql[2]}, 'g')", "VARCHAR")
            case "translate", [_, Term(text=str() as signs), Term(text=str() as others)] if len(signs) == len(others):
                return Term(f"translate({', '.join(sql)})", "VARCHAR")
            case (("length" | "len"), [of]):
                return Term(f"length({of.sql})", "BIGINT")
            case "left", [of, Term(sql=count)] if count.isdigit():
                return Term(f"left({of.sql}, {count})", "VARCHAR")
            case "concat", _ if all(each.type == "VARCHAR" for each in arguments):
                return Term(f"concat({', '.join(sql)})", "VARCHAR")
            case "sha256", [of]:
                return Term(f"encode(sha256(convert_to({of.sql}, 'UTF8')), 'hex')", "VARCHAR")
        return None

    def _of_numbers(self, name: str, arguments: Sequence[Term]) -> Term | None:
        of = arguments[0]
        match name:
            case "isfinite":
                return Term(self._is_finite(of), "BOOLEAN")
            case "isnan" if of.type in FLOATS or is_exact(of.type):
                return Term(f"({of.sql} = CAST('NaN' AS {self.type(of.type or '')}))", "BOOLEAN")
            case "abs":
                return Term(f"abs({of.sql})", of.type)
            case "greatest":
                of_double = any(each.type == "DOUBLE" for each in arguments)
                return Term(
                    f"greatest({', '.join(each.sql for each in arguments)})", "DOUBLE" if of_double else of.type
                )
            case "round" if of.type == "DOUBLE":  # half away from zero, where PostgreSQL rounds to the even one
                whole = f"trunc({of.sql})"
                rounded = f"CASE WHEN abs({of.sql} - {whole}) >= 0.5 THEN {whole} + sign({of.sql}) ELSE {whole} END"
                return Term(f"CASE WHEN abs({of.sql}) >= 4503599627370496 THEN {of.sql} ELSE {rounded} END", of.type)
            case "trunc" if of.type in FLOATS or is_exact(of.type):
                return Term(f"trunc({of.sql})", of.type)
        return None

    @staticmethod
    def _of_lists(name: str, arguments: Sequence[Term]) -> Term | None:
        of = arguments[0]
        if item_type(of.type) is None:
            return None
        match name:
            case "length" | "len":
                size = f"coalesce(array_length({of.sql}, 1), 0)"
                return Term(f"CASE WHEN {of.sql} IS NOT NULL THEN {size} END", "BIGINT")
            case "list_unique":
                return Term(f"(SELECT count(DISTINCT {_item(of)}) FROM {_unnested(of)})", "BIGINT")
            case "list_count":
                return Term(f"(SELECT count(item) FROM {_unnested(of)})", "BIGINT")
        return None

    @staticmethod
    def _of_times(name: str, arguments: Sequence[Term]) -> Term | None:
        match name, arguments:
            case "epoch", [Term(type="TIME") as of]:
                return Term(f"CAST(extract(epoch FROM {of.sql}) AS double precision)", "DOUBLE")
            case "epoch_us", [Term(type="TIMESTAMP" | "TIMESTAMP WITH TIME ZONE" | "TIME") as of]:
                return Term(f"CAST(extract(epoch FROM {of.sql}) * 1000000 AS bigint)", "BIGINT")
            case "date_trunc", [unit, Term(type="TIMESTAMP") as of]:
                return Term(f"date_trunc({unit.sql}, {of.sql})", "TIMESTAMP")
        return None

    def _is_finite(self, of: Term) -> str:
        if of.type in _MOMENTS:
            return f"isfinite({of.sql})"
        if of.type in FLOATS or is_exact(of.type):
            kind = self.type("NUMERIC" if is_exact(of.type) else of.type or "")
            specials = ", ".join(f"CAST('{each}' AS {kind})" for each in ("NaN", "Infinity", "-Infinity"))
            return f"({of.sql} NOT IN ({specials}))"
        if of.type in _WHOLE:
            return f"CASE WHEN {of.sql} IS NOT NULL THEN TRUE END"
        raise Untranslatable(f"tell isfinite of {of.type or 'a value whose type is not known'}")


_INFINITY = "CAST('Infinity' AS double precision)"
_NAN = "'NaN'"


_GREATEST = "1.7976931348623157e308"
_FAR = 1e146
"""Of numbers up to this, the squares of 10**16 have a sum."""


def _product(a: str, b: str) -> str:
    """A product, infinite or 0 where it is beyond or below all numbers. One of 0, infinity or NaN is no error there."""
    beyond = f"abs({a}) > 1.7976931348623155e308 / abs({b}) THEN sign({a}) * sign({b}) * {_INFINITY}"
    large = f"WHEN abs({b}) >= 1 THEN CASE WHEN {beyond} ELSE {a} * {b} END"
    below = f"WHEN abs({a}) < 5e-324 / abs({b}) THEN 0"
    return f"CASE WHEN {a} = 0 OR {b} = 0 THEN {a} * {b} {large} {below} ELSE {a} * {b} END"


def _quotient(value: str, divisor: float) -> str:
    """``value`` by a constant, infinite or 0 where the quotient is beyond or below all numbers."""
    size = abs(divisor)
    cases = []
    if size < 1:
        sign = "" if divisor > 0 else "-"
        limit = 1.7976931348623155e308 * size
        cases.append(f"WHEN abs({value}) > {limit!r} THEN {sign}sign({value}) * {_INFINITY}")
    if size > 1:
        limit = 5e-324 * size
        cases.append(f"WHEN abs({value}) < {limit!r} THEN 0")
    quotient = f"{value} / CAST('{divisor!r}' AS double precision)"
    return f"CASE {' '.join(cases)} ELSE {quotient} END" if cases else quotient


def _unnested(of: Term) -> str:
    return f"unnest({of.sql}) AS items(item)"


def _item(of: Term) -> str:
    return 'item COLLATE "C"' if item_type(of.type) == "VARCHAR" else "item"


# Patterns


def pattern(of: str) -> str:
    """RE2's pattern as an Advanced Regular Expression of PostgreSQL (9.7.3 of its manual). Raises Unread.

    Signs are written as ranges of code points, so that neither the locale nor
    a flag has a say in them; the ends of the value as ``\\A`` and ``\\Z``, which
    no newline is taken for.
    """
    return _node(patterns.parse(of))


_SOME = 255
"""The most repetitions that one bound may ask for there."""

_BEFORE, _AFTER = "(?<=[0-9A-Za-z_])", "(?=[0-9A-Za-z_])"
_NOT_BEFORE, _NOT_AFTER = "(?<![0-9A-Za-z_])", "(?![0-9A-Za-z_])"
_PLACES = {
    "text-start": r"\A",
    "text-end": r"\Z",
    "line-start": r"(?:\A|(?<=\n))",
    "line-end": r"(?:\Z|(?=\n))",
    "word": f"(?:{_BEFORE}{_NOT_AFTER}|{_NOT_BEFORE}{_AFTER})",
}
_NONE = r"(?:\A[^\u0001-\U0010FFFF])"
"""What no text has: a text there has no sign of code 0."""


def _node(node: Node) -> str:
    match node:
        case Chars(ranges):
            return _chars(ranges)
        case Empty(place):
            return _PLACES[place]
        case Either(parts):
            return f"(?:{'|'.join(_node(part) for part in parts)})"
        case Repeat(part, least, most):
            return _repeated(part, least, most)
    return f"(?:{''.join(_node(part) for part in node.parts)})" if node.parts else "(?:)"


def _chars(ranges: Ranges) -> str:
    kept = [(max(low, 1), high) for low, high in ranges if high]
    if not kept:
        return _NONE
    if len(kept) == 1 and kept[0][0] == kept[0][1]:
        return _sign(kept[0][0])
    return f"[{''.join(_sign(low) if low == high else f'{_sign(low)}-{_sign(high)}' for low, high in kept)}]"


def _sign(code: int) -> str:
    if code < 0x80 and chr(code).isalnum():
        return chr(code)
    return rf"\u{code:04X}" if code <= 0xFFFF else rf"\U{code:08X}"


def _repeated(part: Node, least: int, most: int | None) -> str:
    if isinstance(part, Empty):  # once is as good as often, and a place takes no bound there
        return _PLACES[part.place] if least else "(?:)"
    one = _node(part)
    if not (one.startswith(("(", "[", "\\")) or len(one) == 1):
        one = f"(?:{one})"
    if isinstance(part, Repeat):
        one = f"(?:{one})"
    bounds: list[str] = []
    while least > _SOME:
        bounds.append(f"{{{_SOME}}}")
        least, most = least - _SOME, None if most is None else most - _SOME
    if most is None:
        bounds.append({0: "*", 1: "+"}.get(least, f"{{{least},}}"))
    else:
        while most > _SOME:
            bounds.append(f"{{0,{_SOME}}}")
            most -= _SOME
        bounds.append(f"{{{min(least, most)},{most}}}" if least <= most else f"{{{least}}}")
    return "".join(one + bound for bound in bounds)
