"""A contract's draft from what was seen, with the evidence beside each promise.

Only what is likely to hold of the next rows, too, is promised; what the rows
merely happened to show is a comment.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from mlops_actions.data.drafting import looks
from mlops_actions.data.drafting.standins import StandIns
from mlops_actions.data.drafting.yamltext import comment, text
from mlops_actions.data.profiles.profile import ColumnProfile, Kind
from mlops_actions.data.types.families import family
from mlops_actions.report.wording import plural

ENOUGH = 100
"""Values that something must have held of before it is promised of the next."""

FEW = 25
"""Values that a list of allowed values has at most."""

OFTEN = 10
"""Rows that each of them stands in at least: a rarer one would hint at others that were not seen."""

_NESTED = {"array", "object", "map"}
_KEYS = {"string", "integer"}
_KEY_WORDS = {"id", "key", "uuid", "guid", "pk", "code", "nr", "no", "number"}


@dataclass(frozen=True, slots=True)
class Seen:
    """A column as it was seen: its profile, and what the profile does not hold.

    ``unparsed`` cells are not of the type that the first rows had. ``unique``
    is exact, None where nobody counted. ``private`` is why values must not be
    shown. ``shape`` is the one of all values, if there is one. ``stand_ins`` are
    words that may stand for a missing value, ``dates`` the formats in which all
    values are dates, as the standard writes them.
    """

    profile: ColumnProfile
    first: bool = False
    unparsed: int = 0
    unique: bool | None = None
    shape: str | None = None
    private: str | None = None
    stand_ins: StandIns | None = None
    dates: tuple[str, ...] = ()

    @property
    def date_format(self) -> str | None:
        """The one format in which all values are dates; None where there are two, as day and month may be."""
        return self.dates[0] if len(self.dates) == 1 else None

    @property
    def type(self) -> str:
        """The engine's type of the values, or of those that are no word for a missing one."""
        return self.stand_ins.type if self.stand_ins and self.stand_ins.type else self.profile.type

    @property
    def is_other(self) -> bool:
        """Words for missing values alone make text of it."""
        return self.type != self.profile.type

    @property
    def name(self) -> str:
        return self.profile.name

    @property
    def nulls(self) -> int:
        """Cells that are null; one that is not of the guessed type is text."""
        return self.profile.nulls - self.unparsed

    @property
    def logical_type(self) -> str | None:
        """The standard's word for the type that was seen, None where it has none."""
        if self.unparsed:
            return "string"
        found = "date" if self.date_format else family(self.type)
        return None if found in {"binary", "map"} else found

    @property
    def may_be_key(self) -> bool:
        """Whether name or place suggest a key, and the type can be one."""
        words = [each.casefold() for each in re.findall(r"[A-Za-z][a-z]*|[A-Z]+", self.name)]
        named = bool(words) and words[-1] in _KEY_WORDS
        return (named or self.first) and (self.logical_type in _KEYS)


@dataclass(frozen=True, slots=True)
class Draft:
    """An object: its name, how many rows and files were seen, and its columns."""

    name: str
    rows: int
    files: Sequence[str]
    columns: Sequence[Seen]

    @property
    def key(self) -> Seen | None:
        """The column that is promised to be the key: of those that may be, the one whose name says it best."""
        if self.rows < ENOUGH:
            return None
        found = [each for each in self.columns if each.may_be_key and each.unique and not each.nulls]
        names = {"id", f"{self.name}_id".casefold(), f"{self.name}id".casefold(), f"{self.name[:-1]}_id".casefold()}
        return min(found, key=lambda each: (each.name.casefold() not in names, not each.first), default=None)


def contract(identity: str, drafts: Sequence[Draft]) -> str:
    """The file: what holds for all, then each object."""
    lines = [
        comment("A draft: made from the rows that were seen, for a person to edit. Nobody has promised any of it yet."),
        comment("Tighten what is known, delete what is not meant, then set `status: active` and `version: 1.0.0`."),
        "apiVersion: v3.2.0",
        "kind: DataContract",
        f"id: {text(identity)}",
        "version: 0.1.0",
        "status: draft",
        "schema:",
    ]
    for draft in drafts:
        lines += _object(draft)
    return "\n".join(lines) + "\n"


def _object(draft: Draft) -> Iterator[str]:
    files = ", ".join(draft.files[:3]) + (" and more" if len(draft.files) > 3 else "")
    yield f"  - name: {text(draft.name)}"
    counts = f"{plural(draft.rows, 'row')} in {plural(len(draft.files), 'file')}"
    yield f"    {comment(f'seen: {counts} ({files})')}"
    if draft.rows < ENOUGH:
        yield f"    {comment(f'fewer than {ENOUGH} rows: types alone are promised')}"
    if draft.rows:
        yield f"    {comment('not promised, how many rows there are; where that is known:')}"
        yield f"    {comment('quality: [{metric: rowCount, mustBeGreaterThan: 0}]')}"
    yield "    properties:"
    key = draft.key
    for each in draft.columns:
        yield f"      - name: {text(each.name)}"
        for line in _property(draft, each, each is key):
            yield f"        {line}"


def _property(draft: Draft, seen: Seen, is_key: bool) -> Iterator[str]:
    values = draft.rows - seen.nulls
    if seen.private:
        why = f"{seen.private}: no value is shown, here or in a report. Delete this where it is not about persons"
        yield f"classification: restricted  {comment(why)}"
    yield from _type(seen, values)
    yield from _nulls(draft, seen)
    yield from _uniqueness(draft, seen, is_key)
    if seen.stand_ins is not None:
        yield from _missing(draft, seen.stand_ins)
    if seen.unparsed or seen.private or not values or seen.is_other:
        return
    match seen.profile.kind:
        case Kind.CATEGORY | Kind.TEXT:
            yield from _texts(seen, values)
        case Kind.NUMBER | Kind.TIME:
            yield from _range(seen)


def _type(seen: Seen, values: int) -> Iterator[str]:
    found, logical = seen.type, seen.logical_type
    if not values:
        yield comment(f"no type is promised: there was no value ({found} in the file)")
    elif seen.unparsed:
        said = f"the first rows were {found}, and {plural(seen.unparsed, 'cell')} further on are not"
        yield f"logicalType: {logical}  {comment(said)}"
    elif logical is None:
        if family(found) is None:
            yield comment(f"no type is promised: the standard has no word for {found}")
        else:
            yield f"physicalType: {text(found)}  {comment('the standard has no word of its own for it')}"
    else:
        if seen.date_format:
            yield f"logicalType: date  {comment('text in the data, all of it dates')}"
            yield f"logicalTypeOptions: {{format: {_quoted(seen.date_format)}}}"
            return
        but = f", but for {plural(seen.stand_ins.rows, 'cell')}" if seen.stand_ins and seen.is_other else ""
        yield f"logicalType: {logical}  {comment(f'{found} in the data{but}')}"
        if logical in _NESTED:
            yield comment("not promised, what is inside")


def _missing(draft: Draft, words: StandIns) -> Iterator[str]:
    said = " and ".join(f"{word!r} in {plural(count, 'row')}" for word, count in words.words.items())
    listed = ", ".join(_quoted(word) for word in words.words)
    rule = f"{{metric: missingValues, arguments: {{missingValues: [null, {listed}]}}, unit: percent, "
    if words.type is None:
        yield comment(
            f"seen: {said}. If that stands for a missing value, take it from `enum` and `required`, and let a"
        )
        yield comment(f"rule say so: `quality: [{rule}mustBeLessThan: 5}}]`")
        return
    share = 100 * words.rows / draft.rows
    yield "quality:"
    yield f"  - {rule}mustBeLessOrEqualTo: 100}}  {comment(f'{said}, {share:.2g} %: how many may there be?')}"


def _nulls(draft: Draft, seen: Seen) -> Iterator[str]:
    if seen.is_other:
        return  # a word for a missing value is no promise of a value
    if seen.nulls:
        share = 100 * seen.nulls / draft.rows
        yield comment(f"seen: {plural(seen.nulls, 'null')} in {draft.rows:,} rows ({share:.2g} %)")
    elif draft.rows >= ENOUGH:
        yield f"required: true  {comment(f'no nulls in {draft.rows:,} rows')}"
    elif draft.rows:
        yield comment(f"not promised: no nulls in {plural(draft.rows, 'row')}")


def _uniqueness(draft: Draft, seen: Seen, is_key: bool) -> Iterator[str]:
    if not seen.unique:
        return
    said = f"no value stands twice in {draft.rows:,} rows"
    if is_key:
        yield f"primaryKey: true  {comment(f'{said}, and its name or place suggests a key')}"
    else:
        yield comment(f"not promised: {said}. If that is meant: `unique: true`")


# Values


def _texts(seen: Seen, values: int) -> Iterator[str]:
    if seen.date_format:
        return
    if seen.dates:
        forms = " or ".join(f"`{each}`" for each in seen.dates)
        yield comment(f"dates? Then write `logicalType: date` and `logicalTypeOptions: {{format: …}}`: {forms}")
    listed = seen.profile.categories
    counts = dict(listed.values) if listed and not listed.digested and seen.profile.type == "VARCHAR" else {}
    rarest = min(counts.values(), default=0)
    if 1 < len(counts) <= FEW and rarest >= OFTEN and not any("\0" in value for value in counts):
        yield f"enum:  {comment(f'all values of {values:,} rows, each in {rarest:,} or more')}"
        for value, count in counts.items():
            yield f"  - value: {_quoted(value)}  {comment(plural(count, 'row'))}"
        return
    if counts:
        some = ", ".join(repr(value[:20]) for value in list(counts)[:5])
        reason = (
            "the only value"
            if len(counts) == 1
            else f"{plural(len(counts), 'value')}, the rarest in {plural(rarest, 'row')}"
        )
        yield comment(f"not promised: {reason} ({some}{' …' if len(counts) > 5 else ''})")
    pattern = looks.pattern(seen.shape) if seen.shape else None
    if pattern is not None and len(counts) != 1 and values >= ENOUGH:
        yield f"logicalTypeOptions:  {comment(f'all of {values:,} values have this form')}"
        yield f"  pattern: {_quoted(pattern)}"
    elif pattern is not None:
        yield comment(f"not promised: {plural(values, 'value')} of the form {pattern}")
    elif (lengths := seen.profile.range) is not None and lengths.min is not None:
        yield comment(f"seen: {lengths.min:,} to {lengths.max:,} characters, not promised")


def _quoted(value: str) -> str:
    """A value in quotes, so that a person sees that it is text."""
    written = text(value)
    return written if written.startswith('"') else f'"{written}"'


def _range(seen: Seen) -> Iterator[str]:
    special = seen.profile.special
    if special.total:
        yield comment(f"seen: {special.nan:,} NaN, {special.total - special.nan:,} infinite")
    limits = seen.profile.range
    if limits is None or limits.min is None or limits.max is None:
        return
    said = f"seen: {limits.min} to {limits.max}, not promised"
    if isinstance(limits.min, int | float) and isinstance(limits.max, int | float):
        low, high = _outward(limits.min, up=False), _outward(limits.max, up=True)
        said += f". If there are limits: `logicalTypeOptions: {{minimum: {low}, maximum: {high}}}`"
    if seen.profile.type.startswith("U") and seen.logical_type == "integer":  # UBIGINT and the like
        yield f"logicalTypeOptions: {{minimum: 0}}  {comment(f'{seen.profile.type} holds no less; {said}')}"
    else:
        yield comment(said)


def _outward(value: float, *, up: bool) -> int | float:
    """The next number of two digits."""
    if not value or not math.isfinite(value):
        return value
    exact = Decimal(repr(value))
    unit = Decimal(1).scaleb(exact.adjusted() - 1)
    rounded = (exact / unit).to_integral_value(ROUND_CEILING if up else ROUND_FLOOR) * unit
    return int(rounded) if rounded == rounded.to_integral_value() else float(rounded)
