"""A profile: what a data set is like, in a file with no rows in it, and what drift compares.

For each column it holds counts that are exact (rows, nulls, bins, categories)
and one that is estimated and says so (distinct values), and the same in blocks
of time where the rows have one (:mod:`mlops_actions.data.profiles.blocks`). Bins
are of about equal frequency in the data that was profiled
(:mod:`mlops_actions.data.profiles.bins`). Profiles are added up by
:mod:`mlops_actions.data.profiles.merging`.

``profile.json`` is described by ``schemas/profile-v1.schema.json``;
:mod:`mlops_actions.data.profiles.profiling` makes one in one scan.

Bounds of bins, extremes and categories are values of the data. Of a private
column neither extremes nor bins are stored, and categories as digests.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from mlops_actions import jsonfile
from mlops_actions.data.engines import hyperloglog
from mlops_actions.data.engines.hyperloglog import Registers
from mlops_actions.data.profiles import beyond, blocks, correlations, fields, shapes
from mlops_actions.data.profiles.beyond import Beyond
from mlops_actions.data.profiles.blocks import Blocks, ColumnBlocks
from mlops_actions.data.profiles.correlations import Correlations
from mlops_actions.data.profiles.fields import Misfit
from mlops_actions.data.profiles.shapes import Shapes
from mlops_actions.verdict import Json

SCHEMA = "https://mlops-actions.github.io/schemas/profile-v1.schema.json"

OBJECT = "data"
"""What the rows are called where no contract names them."""

CELLS = 10_000
"""Categories or bins of a column at most: a profile is made with some hundreds, and an engine asks for each."""

DIGEST = 16
"""Hex digits of a category's digest."""


class Kind(StrEnum):
    """How a column is profiled and compared."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    CATEGORY = "category"  # text of few values, all of them counted
    TEXT = "text"  # text of many values, of which the lengths are counted
    TIME = "time"
    OTHER = "other"  # lists, blobs and the like, of which only nulls are counted


@dataclass(frozen=True, slots=True)
class Range:
    """The extremes, mean and standard deviation (n - 1) of the finite values, None where there is none.

    Of a number; of a time (extremes alone, as ISO 8601 text); of text, of its
    lengths in characters.
    """

    min: int | float | str | None = None
    max: int | float | str | None = None
    mean: float | None = None
    sd: float | None = None


@dataclass(frozen=True, slots=True)
class Special:
    """Values that are there and are no finite number."""

    nan: int = 0
    infinity: int = 0
    negative_infinity: int = 0

    @property
    def total(self) -> int:
        return self.nan + self.infinity + self.negative_infinity


@dataclass(frozen=True, slots=True)
class Bins:
    """Counts of finite numbers (of text: of lengths) up to the first edge, up to the next, and beyond the last.

    A bin holds ``edge before < value <= edge``; one count more than edges. The
    outer two are empty in the data that the edges were made for. There are no
    edges where there was no value.

    Of merged profiles whose edges differed, the number of values up to an edge
    can be wrong by up to ``uncertain``; it is exact otherwise.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    uncertain: int = 0


@dataclass(frozen=True, slots=True)
class Categories:
    """All values of a column and how many rows have each, the most frequent first.

    Digested, a value is the first 16 hex digits of the SHA-256 of
    ``<column>:<value>``. That hides a value from a glance, not from someone who
    can guess it.
    """

    values: tuple[tuple[str, int], ...]
    digested: bool = False

    def count(self, value: str) -> int:
        return dict(self.values).get(value, 0)


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """A column: its name, the engine's type, its kind, and what was counted.

    ``distinct`` is exact where ``categories`` count all values; else it is
    estimated by HyperLogLog (standard error 3.3 %, merged by ``sketch`` 4.6 %).
    Where ``distinct_at_most`` is there, profiles were merged that have no
    sketch in common: then it is the least that there may be, and this the most.

    ``fine`` are finer bins, by which profiles are merged; ``blocks`` are counts
    in the blocks of time that the profile names. ``shapes`` are those of texts
    that are no categories, where that was asked for; ``beyond`` are the times
    that the reference has not which the profile was made like.
    """

    name: str
    type: str
    kind: Kind
    nulls: int
    distinct: int | None = None
    private: bool = False
    range: Range | None = None
    special: Special = Special()
    bins: Bins | None = None
    categories: Categories | None = None
    distinct_at_most: int | None = None
    sketch: Registers | None = None
    fine: Bins | None = None
    blocks: ColumnBlocks | None = None
    shapes: Shapes | None = None
    beyond: Beyond | None = None

    @property
    def distinct_is_exact(self) -> bool:
        return self.categories is not None


@dataclass(frozen=True, slots=True)
class Profile:
    """An object's profile: ``columns`` in the order of the data; ``time`` are the blocks of time, where it has them.

    ``correlations`` are how its numbers go together, where that was asked for.
    """

    object: str
    rows: int
    columns: tuple[ColumnProfile, ...]
    time: Blocks | None = None
    correlations: Correlations | None = None

    def column(self, name: str) -> ColumnProfile | None:
        return next((each for each in self.columns if each.name == name), None)


def digest(column: str, value: str) -> str:
    """What stands for a category of a private column."""
    return hashlib.sha256(f"{column}:{value}".encode()).hexdigest()[:DIGEST]


def to_json(profile: Profile) -> dict[str, Json]:
    """The profile as plain data, as ``profile-v1.schema.json`` describes it."""
    head: dict[str, Json] = {"schema": SCHEMA, "object": profile.object, "rows": profile.rows}
    rest: dict[str, Json] = {"time": blocks.to_json(profile.time)} if profile.time else {}
    if profile.correlations is not None:
        rest["correlations"] = correlations.to_json(profile.correlations)
    rest["columns"] = [_column_to_json(column) for column in profile.columns]
    return {**head, "digest": digest_of({**head, **rest}), **rest}


def digest_of(data: Mapping[str, Any]) -> str:
    """What a profile states as its ``digest``: the SHA-256, in hex, of its canonical JSON without that key.

    Canonical is: keys in order, no spaces, UTF-8, and no point in a number that
    is whole, so that a file may be laid out anew but says nothing else.
    """
    content = {key: value for key, value in data.items() if key != "digest"}
    text = json.dumps(_canonical(content), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _canonical(each) for key, each in value.items()}
    if isinstance(value, list):
        return [each if type(each) in (int, str) else _canonical(each) for each in value]  # most of them are
    return int(value) if isinstance(value, float) and value.is_integer() else value


def from_json(data: Mapping[str, Any]) -> Profile:
    """The profile that :func:`to_json` wrote.

    Raises Misfit, with the reason, where ``data`` is not such a profile, its
    counts do not add up, or it states a digest that is not its own.
    """
    if data.get("schema") != SCHEMA:
        raise Misfit(f"is not a profile of a version known here: its `schema` is {data.get('schema')!r:.120}")
    if "digest" in data and data["digest"] != digest_of(data):
        raise Misfit("was changed after it was written: its `digest` does not fit what it says. Make the profile anew")
    try:
        time = blocks.from_json(data["time"]) if "time" in data else None
        number = len(time.starts) if time else 0
        profile = Profile(
            object=fields.text(data["object"]),
            rows=fields.count(data["rows"]),
            columns=tuple(_column(column, fields.count(data["rows"]), number) for column in data["columns"]),
            time=time,
        )
        if "correlations" in data:
            known = {column.name for column in profile.columns}
            together = correlations.from_json(data["correlations"], known, profile.rows, number)
            profile = replace(profile, correlations=together)
    except _LAID_OUT_OTHERWISE as error:
        raise _misfit(error) from error
    names = [column.name for column in profile.columns]
    if len(set(names)) < len(names):
        raise Misfit("is not a profile: a column stands in it twice")
    if profile.time is not None and sum(profile.time.rows) != profile.rows:
        raise Misfit(f"does not add up: the blocks of time do not hold {profile.rows:,} rows")
    for column in profile.columns:
        _refuse_wrong_sum(column, profile.rows)
        _refuse_half(column)
        if profile.time is not None and column.blocks is not None:
            _refuse_wrong_blocks(column, column.blocks, profile.time)
    return profile


def dumps(profile: Profile) -> str:
    """``profile.json``, as text that ends with a newline; a column is a line."""
    data = to_json(profile)
    columns: Any = data.pop("columns")
    head = ",\n".join(f" {_compact(key)}: {_compact(value)}" for key, value in data.items())
    lines = ",\n".join(f"  {_compact(each)}" for each in columns)
    return f'{{\n{head},\n "columns": [\n{lines}\n ]\n}}\n'


def read(path: Path) -> Profile:
    """The profile in a file. Raises Misfit where the file holds none, OSError where it can't be read."""
    try:
        data = jsonfile.read(path)
    except UnicodeDecodeError as error:
        raise Misfit("is not UTF-8") from error
    except json.JSONDecodeError as error:
        misfit = Misfit(f"is not JSON: {error.msg}")
        misfit.line = error.lineno
        raise misfit from error
    except ValueError as error:
        raise Misfit(str(error)) from error
    if not isinstance(data, dict):
        raise Misfit("is not a profile")
    return from_json(data)


def _compact(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _column_to_json(column: ColumnProfile) -> dict[str, Json]:
    data: dict[str, Json] = {
        "name": column.name,
        "type": column.type,
        "kind": column.kind.value,
        "nulls": column.nulls,
    }
    if column.private:
        data["private"] = True
    if column.distinct is not None:
        data["distinct"] = _distinct_to_json(column, column.distinct)
    if column.range is not None:
        values = {name: getattr(column.range, name) for name in ("min", "max", "mean", "sd")}
        data["range"] = {name: value for name, value in values.items() if value is not None}
    if column.special.total:
        data["special"] = {
            "nan": column.special.nan,
            "infinity": column.special.infinity,
            "negative infinity": column.special.negative_infinity,
        }
    if column.bins is not None:
        data["bins"] = _bins_to_json(column.bins)
    if column.fine is not None:
        data["fine"] = _bins_to_json(column.fine)
    if column.categories is not None:
        data["categories"] = {
            "digested": column.categories.digested,
            "values": [[value, count] for value, count in column.categories.values],
        }
    if column.blocks is not None:
        data["blocks"] = blocks.column_to_json(column.blocks)
    if column.shapes is not None:
        data["shapes"] = shapes.to_json(column.shapes)
    if column.beyond is not None:
        data["beyond"] = beyond.to_json(column.beyond)
    return data


def _distinct_to_json(column: ColumnProfile, count: int) -> dict[str, Json]:
    data: dict[str, Json] = {"count": count, "exact": column.distinct_is_exact}
    if column.distinct_at_most is not None:
        data["at most"] = column.distinct_at_most
    if column.sketch is not None:
        data["sketch"] = {"hash": column.sketch.hash, "registers": column.sketch.text}
    return data


def _bins_to_json(bins: Bins) -> dict[str, Json]:
    data: dict[str, Json] = {"edges": list(bins.edges), "counts": list(bins.counts)}
    return data | ({"uncertain": bins.uncertain} if bins.uncertain else {})


_LAID_OUT_OTHERWISE = (KeyError, TypeError, AttributeError, IndexError, ValueError)
"""What reading raises for JSON that is laid out in another way, Misfit among them."""


def _misfit(error: Exception, place: str = "") -> Misfit:
    """What to say of JSON that is laid out in another way; ``place`` ends the sentence."""
    if isinstance(error, Misfit):
        return Misfit(f"{error}{place}")
    lacks = f"it has no {error}" if isinstance(error, KeyError) else f"{error}"
    return Misfit(f"is not a profile: {lacks}{place}")


def _column(data: Mapping[str, Any], rows: int, number: int) -> ColumnProfile:
    """A column of a profile of so many ``rows``; ``number`` is that of its blocks. Raises Misfit that names it."""
    try:
        return _column_from_json(data, rows, number)
    except _LAID_OUT_OTHERWISE as error:
        name = data.get("name") if isinstance(data, dict) else None
        raise _misfit(error, f" (column {name!r:.60})" if isinstance(name, str) else "") from error


def _column_from_json(data: Mapping[str, Any], rows: int, number: int) -> ColumnProfile:
    special, bins, categories = data.get("special", {}), data.get("bins"), data.get("categories")
    distinct: Mapping[str, Any] = data.get("distinct", {})
    sketch = distinct.get("sketch")
    return ColumnProfile(
        name=fields.text(data["name"]),
        type=fields.text(data["type"]),
        kind=(kind := fields.word(data["kind"], Kind)),
        nulls=fields.count(data["nulls"]),
        distinct=fields.count(distinct["count"]) if distinct else None,
        private=bool(data.get("private", False)),
        range=_range_from_json(data["range"], kind) if "range" in data else None,
        special=Special(
            fields.count(special.get("nan", 0)),
            fields.count(special.get("infinity", 0)),
            fields.count(special.get("negative infinity", 0)),
        ),
        bins=None if bins is None else _bins_from_json(bins),
        categories=None
        if categories is None
        else Categories(
            tuple((fields.text(value), fields.count(count)) for value, count in categories["values"]),
            bool(categories["digested"]),
        ),
        distinct_at_most=fields.count(distinct["at most"]) if "at most" in distinct else None,
        sketch=hyperloglog.from_text(fields.text(sketch["hash"]), fields.text(sketch["registers"])) if sketch else None,
        fine=_bins_from_json(data["fine"]) if "fine" in data else None,
        blocks=blocks.column_from_json(data["blocks"], number) if "blocks" in data else None,
        shapes=shapes.from_json(data["shapes"], rows - fields.count(data["nulls"]), number)
        if "shapes" in data
        else None,
        beyond=beyond.from_json(data["beyond"]) if "beyond" in data else None,
    )


def _range_from_json(data: Mapping[str, Any], kind: Kind) -> Range:
    """The ends of times are text, and of all else numbers."""
    found = Range(**data)
    end: Callable[[Any], object] = fields.text if kind is Kind.TIME else fields.number
    for value, checked in ((found.min, end), (found.max, end), (found.mean, fields.number), (found.sd, fields.number)):
        if value is not None:
            checked(value)
    if found.sd is not None and found.sd < 0:
        raise Misfit(f"is not a profile: {found.sd!r} is no standard deviation")
    return found


def _bins_from_json(data: Mapping[str, Any]) -> Bins:
    bins = Bins(
        tuple(map(fields.number, data["edges"])),
        tuple(map(fields.count, data["counts"])),
        fields.count(data.get("uncertain", 0)),
    )
    ascending = all(one < other for one, other in zip(bins.edges, bins.edges[1:], strict=False))
    if not ascending or len(bins.counts) != len(bins.edges) + 1:
        raise Misfit("is not a profile: bins need ascending edges, and one count more")
    return bins


def _refuse_wrong_sum(column: ColumnProfile, rows: int) -> None:
    if column.categories is not None and len(dict(column.categories.values)) != len(column.categories.values):
        raise Misfit(f"is not a profile: column {column.name!r} has a category twice")
    values = rows - column.nulls
    if values < 0:
        raise Misfit(f"does not add up: column {column.name!r} has more nulls than rows")
    parts = len(column.categories.values) if column.categories is not None else 0
    parts = max(parts, *(len(bins.counts) for bins in (column.bins, column.fine) if bins is not None), 0)
    if parts > CELLS:
        raise Misfit(f"is not a profile: column {column.name!r} is counted in {parts:,} parts, {CELLS:,} are the most")
    if column.categories is not None and sum(count for _, count in column.categories.values) != values:
        raise Misfit(f"does not add up: the categories of column {column.name!r} are not {values:,} values")
    for bins in (column.bins, column.fine):
        if bins is not None and sum(bins.counts) + column.special.total != values:
            raise Misfit(f"does not add up: the bins of column {column.name!r} do not hold {values:,} values")
    if column.special.total > values:
        raise Misfit(f"does not add up: column {column.name!r} has more NaN and infinities than values")
    if column.beyond is not None and column.beyond.earlier + column.beyond.later > values - column.special.total:
        raise Misfit(f"does not add up: column {column.name!r} has more times beyond the reference's than it has times")


def _refuse_half(column: ColumnProfile) -> None:
    """Without the counts of its kind a column would be compared by its nulls alone, and never drift."""
    categories = None if column.categories is None else [value for value, _ in column.categories.values]
    bins = column.bins is not None
    match column.kind:
        case Kind.NUMBER | Kind.TEXT:
            fits = categories is None and (bins or column.private)
        case Kind.CATEGORY:
            fits = categories is not None
        case Kind.BOOLEAN:
            fits = sorted(categories or ()) == ["false", "true"]
        case _:
            fits = categories is None and not bins
    if not fits:
        raise Misfit(
            f"is not a profile: column {column.name!r:.60} is of the kind {column.kind}, and not counted as such"
        )


def _refuse_wrong_blocks(column: ColumnProfile, parts: ColumnBlocks, time: Blocks) -> None:
    def refuse(what: str) -> None:
        raise Misfit(f"does not add up: {what} of column {column.name!r} in its blocks of time are not its own")

    for name, total, each in (
        ("the nulls", column.nulls, parts.nulls),
        ("the NaN", column.special.nan, parts.nan),
        ("the infinities", column.special.infinity, parts.infinity),
        ("the negative infinities", column.special.negative_infinity, parts.negative_infinity),
    ):
        if sum(each) != total:
            refuse(name)
    sizes = zip(time.rows, parts.nulls, map(parts.special, range(len(time.rows))), strict=True)
    if any(nulls + special > rows for rows, nulls, special in sizes):
        refuse("what is missing")
    if not parts.counts:
        return
    for index, counts in enumerate(parts.counts):
        if sum(counts) + parts.nulls[index] + parts.special(index) != time.rows[index]:
            refuse("the counts")
    own = tuple(count for _, count in column.categories.values) if column.categories else ()
    own = own or (column.bins.counts if column.bins and not column.categories else ())
    if any(len(counts) != len(own) for counts in parts.counts):
        refuse("the counts")
    if not parts.uncertain and tuple(map(sum, zip(*parts.counts, strict=True))) != own:
        refuse("the counts")
