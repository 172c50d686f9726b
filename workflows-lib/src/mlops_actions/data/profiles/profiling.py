"""Makes a profile in one scan, alone or in the same query as a contract's rules.

A first look at some rows says how to count (where edges are dense, whether text
has few values); it decides what is fine and what is coarse, never what is
right. Then::

    plan = profiling.plan(session, relation)
    values = session.aggregate(relation, [*others, *plan.aggregates])
    profile = profiling.build(plan, values)

A plan made ``like`` a reference counts in the reference's bins and categories
as well, in the same pass: :func:`recount`.

Each question takes a few kilobytes to answer, whatever the data.
"""

# ruff: noqa: S608 (statements are built here, from quoted identifiers and literals alone)

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from mlops_actions.data.engines import adding
from mlops_actions.data.engines.hyperloglog import Registers
from mlops_actions.data.engines.quoting import literal, quote
from mlops_actions.data.engines.session import Aggregate, Distinct, Histogram, Members, Question, Session, Tally
from mlops_actions.data.profiles import beyond, bins, blocks
from mlops_actions.data.profiles.beyond import Beyond
from mlops_actions.data.profiles.bins import Detail
from mlops_actions.data.profiles.profile import (
    DIGEST,
    Bins,
    Categories,
    ColumnProfile,
    Kind,
    Profile,
    Range,
    Special,
    digest,
)

if TYPE_CHECKING:
    from mlops_actions.data.sources.relation import Column, Relation

LOOK = 4096
"""Rows of the first look."""

LOOK_AT_ONCE = 64
"""Columns in one query of the first look, since each needs room for a whole row group of a columnar file."""

LOOK_AT_TEXT = 128
"""Columns of a text file in one query of the first look, since each query parses the file's first rows again."""

CATEGORIES = 256
"""A column of text with more values than this is of kind ``text``; so is one whose values hardly repeat."""

_SEEN = 2 * CATEGORIES
"""Values, in a look that counts them approximately, of a column that may have no more than CATEGORIES."""

LONGEST = 256
"""Characters of the longest value that is stored as a category."""

_LENGTHS = bins.lengths()

ROWS = "profile rows"
"""The key of the number of rows, among the answers to a plan."""

Answers: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recount:
    """A column's values in the reference's bins and categories.

    ``bins`` are counts as :class:`~mlops_actions.data.profiles.profile.Bins` orders
    them, ``categories`` in the reference's order; None where the reference has
    none or the column is now of another kind. ``new`` are values that the
    reference has not, as far as they can be named, with their counts where known.
    """

    bins: tuple[int, ...] | None = None
    categories: tuple[int, ...] | None = None
    new: tuple[tuple[str, int | None], ...] = ()


class Counter(Protocol):
    """How one column is counted: its questions (by name), and what the answers say."""

    @property
    def questions(self) -> dict[str, Question]: ...

    @property
    def reference(self) -> ColumnProfile | None: ...

    def profile(self, answers: Answers, rows: int, detail: Detail) -> ColumnProfile: ...

    def recount(self, answers: Answers, rows: int) -> Recount: ...


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be asked of a relation, and how the answers are to be read."""

    relation: Relation
    counters: tuple[Counter, ...]
    questions: tuple[Mapping[str, Question], ...]
    """Those of each counter, which take a while to write."""

    @property
    def aggregates(self) -> list[Aggregate]:
        """The aggregates, those of a column side by side; their keys all begin with ``profile``."""
        found = [Aggregate(ROWS, "count(*)")]
        for index, questions in enumerate(self.questions):
            found += [Aggregate(f"profile {index} {name}", each) for name, each in questions.items()]
        return found


def plan(session: Session, relation: Relation, like: Profile | None = None) -> Plan:
    """How to profile ``relation``; ``like`` a reference, also in its bins and categories."""
    references = {column.name: column for column in like.columns} if like else {}
    looks = [_Look(column, references.get(column.name)) for column in relation.columns]
    expressions = [sql for look in looks for sql in look.questions]
    answers: list[Any] = []
    at_once = LOOK_AT_TEXT if relation.is_text else LOOK_AT_ONCE
    for start in range(0, len(expressions), at_once):
        some = expressions[start : start + at_once]
        (row,) = session.fetch(f"SELECT {', '.join(some)} FROM (SELECT * FROM {relation.only(some)} LIMIT {LOOK})")
        answers += row
    rest = iter(answers)
    counters = tuple(look.counter([next(rest) for _ in look.questions]) for look in looks)
    return Plan(relation, counters, tuple(counter.questions for counter in counters))


def build(made: Plan, values: Answers, detail: Detail = Detail()) -> Profile:  # noqa: B008 (it is frozen)
    """The profile, from the values of ``made.aggregates`` by key."""
    rows = values[ROWS]
    columns = (
        counter.profile(each, rows, detail) for counter, each in zip(made.counters, own(made, values), strict=True)
    )
    return Profile(made.relation.object, rows, tuple(columns))


def recount(made: Plan, values: Answers) -> dict[str, Recount]:
    """Column to its counts in the bins and categories of the reference that the plan was made like."""
    rows = values[ROWS]
    each = zip(made.relation.columns, made.counters, own(made, values), strict=True)
    return {column.name: counter.recount(answers, rows) for column, counter, answers in each}


def profile(session: Session, relation: Relation) -> Profile:
    """The profile of a relation, in one scan after the first look."""
    made = plan(session, relation)
    return build(made, session.aggregate(relation, made.aggregates))


def alike(whole: Profile, made: Plan, values: Answers) -> Profile:
    """The profile with its bins between the edges of the reference that the plan was made like, where that has any.

    Profiles made so add up exactly. What is beyond all edges is in the outer bins.
    """
    columns = []
    for column, counter, answers in zip(whole.columns, made.counters, own(made, values), strict=True):
        known = counter.reference
        if known is not None and known.bins is not None and known.bins.edges and column.bins is not None:
            stored = Bins(known.bins.edges, bins.counts(known.bins.edges, answers["bins"]))
            finer = known.fine and Bins(known.fine.edges, bins.counts(known.fine.edges, answers["bins"]))
            column = replace(column, bins=stored, fine=None if column.categories else finer)
        columns.append(column)
    return replace(whole, columns=tuple(columns))


def _edges(reference: ColumnProfile | None) -> set[float]:
    """All edges of a reference's bins."""
    known = (reference.bins, reference.fine) if reference else ()
    return {edge for each in known if each is not None for edge in each.edges}


def added(made: Plan, parts: Sequence[Answers]) -> dict[str, Any]:
    """The answers to a plan by key, from those for parts of the rows (one part or more)."""
    found = {ROWS: sum(int(each[ROWS]) for each in parts)}
    columns = zip(*(own(made, each) for each in parts), strict=True)
    for index, (questions, each) in enumerate(zip(made.questions, columns, strict=True)):
        found |= {f"profile {index} {name}": _added(name, question, each) for name, question in questions.items()}
    return found


def own(made: Plan, values: Answers) -> Iterator[dict[str, Any]]:
    """Each column's answers, by the names of its questions."""
    for index, questions in enumerate(made.questions):
        yield {name: values[f"profile {index} {name}"] for name in questions}


def _added(name: str, question: Question, parts: Sequence[Answers]) -> Any:
    """The answer to a column's question, from the column's answers for each part."""
    answers = [each[name] for each in parts]
    if not isinstance(question, str):
        return adding.added(question, answers)
    match name:
        case "min" | "shortest":
            return _extreme(min, answers)
        case "max" | "longest":
            return _extreme(max, answers)
        case "mean" | "square" | "length":
            return _mean([(each[name], int(each["values"]) - _special(each).total) for each in parts])
    return sum(int(each or 0) for each in answers)


def _extreme(choose: Callable[..., Any], answers: Sequence[Any]) -> Any:
    """The least or the greatest of numbers, or of times as the engine writes them; None of none."""
    there = [each for each in answers if each is not None]
    return choose(there, key=lambda each: blocks.order(each) if isinstance(each, str) else each, default=None)


def _mean(parts: Sequence[tuple[float | None, int]]) -> float | None:
    """The mean of all values from the means of parts, and how many values each has."""
    there = [(mean, count) for mean, count in parts if mean is not None and count]
    return sum(mean * count for mean, count in there) / sum(count for _, count in there) if there else None


# --- the first look --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Look:
    """What a look at the first rows asks of a column, and the counter that the answers lead to."""

    column: Column
    reference: ColumnProfile | None

    @property
    def kind(self) -> Kind:
        return kind_of(self.column.type)

    @property
    def known(self) -> ColumnProfile | None:
        """The reference, where it says how to count."""
        same = self.reference is not None and _family(self.reference.kind) == _family(self.kind)
        return self.reference if same else None

    @property
    def private(self) -> bool:
        return self.column.private or (self.reference is not None and self.reference.private)

    @property
    def questions(self) -> list[str]:
        if self.kind is Kind.NUMBER and not self.private:
            number = as_number(self.column)
            return [f"quantile_disc(CASE WHEN isfinite({number}) THEN {number} END, [0.05, 0.25, 0.5, 0.75, 0.95])"]
        if self.kind is Kind.TEXT and not (self.known and self.known.categories):
            return [f"approx_count_distinct({as_text(self.column)})"]
        return []

    def counter(self, answers: list[Any]) -> Counter:
        match self.kind:
            case Kind.NUMBER:
                quantiles = tuple(answers[0] or ()) if answers else ()
                return Numbers(self.column, self.private, quantiles, self.known)
            case Kind.TEXT:
                known = self.known
                few = bool(known and known.categories) or (bool(answers) and answers[0] <= _SEEN)
                return _Texts(self.column, self.private, few, known)
            case Kind.BOOLEAN:
                return _Booleans(self.column, self.private, self.known)
            case Kind.TIME:
                return _Times(self.column, self.private, self.known)
            case _:
                return _Others(self.column, self.private)


_SIGNED = frozenset({"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "BIGNUM"})
_WHOLE = _SIGNED | {"UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT", "UHUGEINT"}
FLOATS = frozenset({"FLOAT", "DOUBLE", "NUMERIC"})
_SECONDS = frozenset({"TIME", "TIME WITH TIME ZONE", "TIME_NS", "INTERVAL"})
"""Counted as numbers of seconds."""
_MOMENTS = frozenset({"DATE", "TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP WITH TIME ZONE"})


def kind_of(type_name: str) -> Kind:
    """The kind of an engine's type; text is TEXT until its values are counted."""
    if type_name in _WHOLE | FLOATS | _SECONDS or type_name.startswith("DECIMAL"):
        # DECIMAL(18,3)[] is a list
        return Kind.OTHER if type_name.endswith("]") else Kind.NUMBER
    if type_name in _MOMENTS:
        return Kind.TIME
    if type_name == "BOOLEAN":
        return Kind.BOOLEAN
    if type_name in {"VARCHAR", "UUID"} or (type_name.startswith("ENUM(") and type_name.endswith(")")):
        return Kind.TEXT
    return Kind.OTHER


def is_whole(column: ColumnProfile) -> bool:
    """Whether the bins of a column are of whole numbers."""
    return column.type in _WHOLE or column.kind in (Kind.CATEGORY, Kind.TEXT)


def _family(kind: Kind) -> Kind:
    """Kinds that are compared with each other: text is of one family, of few values or many."""
    return Kind.TEXT if kind is Kind.CATEGORY else kind


def as_text(column: Column) -> str:
    """The SQL expression for a column's values as text."""
    name = quote(column.name)
    return name if column.type == "VARCHAR" else f"CAST({name} AS VARCHAR)"


def as_number(column: Column) -> str:
    """The SQL expression for a column's values as DOUBLE."""
    name = quote(column.name)
    if column.type == "DOUBLE":
        return name
    return f"epoch({name})" if column.type in _SECONDS else f"CAST({name} AS DOUBLE)"


def special_questions(column: Column) -> dict[str, Question]:
    """The counts of values that are no finite number or time, of a type that has such.

    A NUMERIC beyond every DOUBLE is infinite, as it is in bins and moments: it may be counted nowhere else.
    """
    name = as_number(column) if column.type == "NUMERIC" else quote(column.name)
    asked: dict[str, Question] = {}
    if column.type in FLOATS:
        asked["nan"] = f"count_if(isnan({name}))"
    if column.type in FLOATS or kind_of(column.type) is Kind.TIME:
        asked["infinity"] = f"count_if({name} = 'infinity')"
        asked["negative infinity"] = f"count_if({name} = '-infinity')"
    return asked


def _distinct(answers: Answers, private: bool) -> dict[str, Any]:
    """The fields of a column's profile on its different values."""
    found: Registers | int = answers["distinct"]
    if not isinstance(found, Registers):
        return {"distinct": found}
    return {"distinct": found.estimate, "sketch": None if private else found.folded()}


def _special(answers: Answers) -> Special:
    """What was counted, if it was; a count of no rows is NULL."""
    return Special(*(answers.get(name) or 0 for name in ("nan", "infinity", "negative infinity")))


def places(value: float) -> float:
    """Twelve digits: the order in which threads add numbers up shall not show."""
    return float(f"{value:.12g}")


# --- how each kind is counted ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Numbers:
    """Numbers. Mean and deviation are summed from the median that was seen, which keeps their digits."""

    column: Column
    private: bool
    quantiles: tuple[float | None, ...]
    reference: ColumnProfile | None

    @property
    def whole(self) -> bool:
        return self.column.type in _WHOLE

    @property
    def center(self) -> float:
        return self.quantiles[2] or 0.0 if len(self.quantiles) == 5 else 0.0

    @property
    def questions(self) -> dict[str, Question]:
        name, number = quote(self.column.name), as_number(self.column)
        asked: dict[str, Question] = {"values": f"count({name})", "distinct": Distinct(name)}
        asked |= special_questions(self.column)
        if self.private:
            return asked
        finite = f"CASE WHEN isfinite({number}) THEN {number} END"
        exact = name if self.whole else finite
        distance = f"({finite} - {literal(self.center)})"
        edges = sorted({*bins.fine(self.quantiles, self.whole), *_edges(self.reference)})
        return asked | {
            "min": f"min({exact})",
            "max": f"max({exact})",
            "mean": f"avg({distance})",
            "square": f"avg({distance} * {distance})",
            "bins": Histogram(number, tuple(edges), name),
        }

    def profile(self, answers: Answers, rows: int, detail: Detail) -> ColumnProfile:
        special = _special(answers)
        made = ColumnProfile(
            self.column.name,
            self.column.type,
            Kind.NUMBER,
            nulls=rows - answers["values"],
            private=self.private,
            special=special,
            **_distinct(answers, self.private),
        )
        if self.private:
            return made
        count = answers["values"] - special.total
        stored, finer = histograms(answers["bins"], (answers["min"], answers["max"]), self.whole, detail)
        return replace(made, range=self._range(answers, count), bins=stored, fine=finer)

    def _range(self, answers: Answers, count: int) -> Range:
        low, high, mean, square = (answers[name] for name in ("min", "max", "mean", "square"))
        if not count or not math.isfinite(square):
            return Range(low, high)
        variance = max(square - mean**2, 0.0)
        sd = places(math.sqrt(variance * (count / (count - 1)))) if count > 1 else None
        return Range(low, high, places(self.center + mean), sd)

    def recount(self, answers: Answers, _rows: int) -> Recount:
        if self.reference is None or self.reference.bins is None or self.private:
            return Recount()
        return Recount(bins=bins.counts(self.reference.bins.edges, answers["bins"]))


def histograms(
    histogram: Mapping[float, int] | None, ends: tuple[float | None, float | None], whole: bool, detail: Detail
) -> tuple[Bins, Bins | None]:
    """Bins of about equal frequency from counts between many edges, and the finer ones; None where they are the same.

    ``ends`` are the least and the greatest value, None where there is none. Each
    edge of the bins is an edge of the finer ones, too.
    """
    low, high = ends
    if low is None or high is None:
        return Bins((), (0,)), None
    coarse = bins.coarse(histogram, float(low), float(high), whole, detail.bins)
    fine = tuple(sorted({*coarse, *bins.coarse(histogram, float(low), float(high), whole, detail.fine)}))
    stored = _between(coarse, histogram)
    return stored, _between(fine, histogram) if len(fine) > len(coarse) else None


def bins_of_lengths(lengths: Mapping[int, int], detail: Detail) -> Bins:
    """The bins of a column of text, from the number of values of each length."""
    known = {float(length): count for length, count in lengths.items() if count}
    if not known:
        return Bins((), (0,))
    histogram = dict(zip((*_LENGTHS, math.inf), bins.counts(_LENGTHS, known), strict=True))
    return histograms(histogram, (min(known), max(known)), True, detail)[0]


def between(
    edges: tuple[float, ...], reference: ColumnProfile | None, histogram: Mapping[float, int] | None
) -> tuple[int, ...]:
    """The counts of the stored bins with these edges, from the answer that those of the whole come of, or of a part."""
    if reference is not None and reference.bins is not None and reference.bins.edges == edges:
        return bins.counts(edges, histogram)
    return _between(edges, histogram).counts


def _between(edges: tuple[float, ...], histogram: Mapping[float, int] | None) -> Bins:
    # The outer edges are the extremes, not fine edges: what lies between the last two is known from the total.
    inner = bins.counts(edges[1:-1], histogram)
    if edges[0] == -math.inf:  # no number is less than the least
        return Bins(edges[1:], (*inner, 0))
    return Bins(edges, (0, *inner, 0))


@dataclass(frozen=True, slots=True)
class _Texts:
    """Text. Where values are few, all of them are counted."""

    column: Column
    private: bool
    few: bool
    reference: ColumnProfile | None

    @property
    def questions(self) -> dict[str, Question]:
        text = as_text(self.column)
        asked: dict[str, Question] = {"values": f"count({text})", "distinct": Distinct(text)}
        if not self.private:
            length = f"CAST(length({text}) AS DOUBLE)"
            # Lengths of few values are counted by grouping these; those of many in the same pass as all else, since to
            # group them reads the texts once more, which takes five times as long as to count between these edges.
            of = text if self.few else None
            asked |= {
                "shortest": f"min(length({text}))",
                "longest": f"max(length({text}))",
                "length": f"avg(length({text}))",
                "bins": Histogram(length, tuple(sorted({*_LENGTHS, *_edges(self.reference)})), of),
            }
        if self.few:
            asked["all"] = Tally(text, CATEGORIES)
        if self.reference is not None and self.reference.categories is not None:
            known = self.reference.categories
            shown = text
            if known.digested:
                shown = f"left(sha256({literal(f'{self.column.name}:')} || {text}), {DIGEST})"  # null for null
            grouped = self.few and not known.digested
            asked["known"] = Members(shown, tuple(value for value, _ in known.values), grouped)
        return asked

    def profile(self, answers: Answers, rows: int, detail: Detail) -> ColumnProfile:
        categories = self._categories(answers)
        made = ColumnProfile(
            self.column.name,
            self.column.type,
            Kind.TEXT if categories is None else Kind.CATEGORY,
            nulls=rows - answers["values"],
            private=self.private,
            categories=categories,
            **_distinct(answers, self.private),
        )
        if categories is not None:
            made = replace(made, distinct=len(categories.values))
        if self.private:
            return made
        mean = answers["length"]
        stored, finer = histograms(answers["bins"], (answers["shortest"], answers["longest"]), True, detail)
        return replace(
            made,
            range=Range(answers["shortest"], answers["longest"], None if mean is None else places(mean)),
            bins=stored,
            fine=finer if categories is None else None,  # categories say all there is to know of their lengths
        )

    def _all(self, answers: Answers) -> dict[str, int] | None:
        """Each value with its count, if all are known."""
        if not self.few:
            return None
        found = {text: count for text, count in answers["all"].items() if count is not None}
        return found if len(found) == len(answers["all"]) else None

    def _categories(self, answers: Answers) -> Categories | None:
        found = self._all(answers)
        if found is None or 2 * len(found) > max(answers["values"], 2):
            return None
        if not self.private and any(len(text) > LONGEST for text in found):
            return None
        return Categories(ranked(self._shown(found)), self.private)

    def _shown(self, found: Mapping[str, int]) -> dict[str, int]:
        return {digest(self.column.name, text): count for text, count in found.items()} if self.private else {**found}

    def recount(self, answers: Answers, _rows: int) -> Recount:
        if self.reference is None:
            return Recount()
        lengths = None
        if self.reference.bins is not None and not self.private:
            lengths = bins.counts(self.reference.bins.edges, answers["bins"])
        known = self.reference.categories
        if known is None:
            return Recount(lengths)
        counts = answers["known"] or {}
        each = tuple(counts.get(value, 0) for value, _ in known.values)
        return Recount(lengths, each, self._new(answers, known))

    def _new(self, answers: Answers, known: Categories) -> tuple[tuple[str, int | None], ...]:
        """Values that the reference has not, the most frequent first; without counts where there are too many."""
        old = {value for value, _ in known.values}
        if self.private and not known.digested:
            return ()
        found = self._all(answers)
        if found is not None:
            return tuple((text, count) for text, count in ranked(self._shown(found)) if text not in old)
        if self.private:
            return ()
        return tuple((text, None) for text in answers.get("all", ()) if text not in old)


def ranked(counts: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True, slots=True)
class _Booleans:
    column: Column
    private: bool
    reference: ColumnProfile | None

    @property
    def questions(self) -> dict[str, Question]:
        name = quote(self.column.name)
        return {"values": f"count({name})", "true": f"count_if({name})"}

    def profile(self, answers: Answers, rows: int, _detail: Detail) -> ColumnProfile:
        nulls = rows - answers["values"]
        made = ColumnProfile(self.column.name, self.column.type, Kind.BOOLEAN, nulls, private=self.private)
        counts = self._counts(answers)
        return replace(
            made,
            distinct=sum(1 for count in counts.values() if count),
            categories=Categories(tuple(counts.items())),
        )

    def _counts(self, answers: Answers) -> dict[str, int]:
        return {"true": answers["true"] or 0, "false": answers["values"] - (answers["true"] or 0)}

    def recount(self, answers: Answers, _rows: int) -> Recount:
        if self.reference is None or self.reference.categories is None:
            return Recount()
        counts = self._counts(answers)
        return Recount(categories=tuple(counts.get(value, 0) for value, _ in self.reference.categories.values))


@dataclass(frozen=True, slots=True)
class _Times:
    """Dates and times: their extremes. Their distribution is not kept, since time moves on."""

    column: Column
    private: bool
    reference: ColumnProfile | None = None

    @property
    def questions(self) -> dict[str, Question]:
        name = quote(self.column.name)
        finite = f"CASE WHEN isfinite({name}) THEN {name} END"
        asked: dict[str, Question] = {"values": f"count({name})", "distinct": Distinct(name)}
        asked |= special_questions(self.column)
        if self.private:
            return asked
        asked |= {"min": f"CAST(min({finite}) AS VARCHAR)", "max": f"CAST(max({finite}) AS VARCHAR)"}
        known = beyond.limits(self.reference)
        return asked | (beyond.questions(name, self.column.type, known) if known else {})

    def profile(self, answers: Answers, rows: int, _detail: Detail) -> ColumnProfile:
        return ColumnProfile(
            self.column.name,
            self.column.type,
            Kind.TIME,
            nulls=rows - answers["values"],
            private=self.private,
            range=None if self.private else Range(answers["min"], answers["max"]),
            special=_special(answers),
            beyond=self._beyond(answers),
            **_distinct(answers, self.private),
        )

    def _beyond(self, answers: Answers) -> Beyond | None:
        known = beyond.limits(self.reference)
        if known is None or self.private:
            return None
        special = _special(answers)
        early, late = (answers.get("earlier") or 0) - special.negative_infinity, (answers.get("later") or 0)
        return Beyond(known, max(early, 0), max(late - special.infinity, 0))

    def recount(self, _answers: Answers, _rows: int) -> Recount:
        return Recount()


@dataclass(frozen=True, slots=True)
class _Others:
    """Lists, structures, blobs and the like."""

    column: Column
    private: bool
    reference: ColumnProfile | None = None

    @property
    def questions(self) -> dict[str, Question]:
        return {"values": f"count({quote(self.column.name)})"}

    def profile(self, answers: Answers, rows: int, _detail: Detail) -> ColumnProfile:
        nulls = rows - answers["values"]
        return ColumnProfile(self.column.name, self.column.type, Kind.OTHER, nulls, private=self.private)

    def recount(self, _answers: Answers, _rows: int) -> Recount:
        return Recount()
