"""Shapes of texts: what kinds of signs a text is made of, in their order, and how many texts of a column have which.

``AB-1234`` and ``X-9`` are both of the shape ``A-9``. A shape has no letter and
no digit of the text, and no length: only its ASCII punctuation.

Drift holds the shapes of one column against each other
(:mod:`mlops_actions.drift.textshapes`), and :mod:`.shaping` counts them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from mlops_actions.data.profiles import fields
from mlops_actions.data.profiles.fields import Misfit
from mlops_actions.verdict import Json

MOST = 20
"""Shapes that a profile lists of a column, the most frequent ones."""

LONGEST = 64
"""Signs of a text that its shape is told by. Of a longer one the shape ends with CUT."""

CUT = "…"
OTHER = "¤"
"""Any sign that is neither an ASCII letter nor a digit, white space or punctuation of ASCII."""

CLASSES: Mapping[str, str] = {
    "A": "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "a": "abcdefghijklmnopqrstuvwxyz",
    "9": "0123456789",
    " ": " \t\n\v\f\r",
}
"""What stands in a shape for which signs. Punctuation stands for itself, and OTHER for all else.

They are those of ASCII alone: what else is a letter, a digit or white space is told differently by each engine, and by
each version of Unicode.
"""


@dataclass(frozen=True, slots=True)
class Shapes:
    """The shapes of a column's texts: ``rows`` texts were looked at, and ``values`` are shapes with their numbers.

    They are the most frequent ones, most first, and those that were asked for
    (which may be of no text). No shape that is not listed is of more than
    ``most_other`` texts. ``blocks`` are the texts of each listed shape, and of
    all others together, in each block of time; empty where there are none.
    """

    rows: int
    values: tuple[tuple[str, int], ...]
    most_other: int = 0
    blocks: tuple[tuple[int, ...], ...] = ()

    @property
    def others(self) -> int:
        """The texts of shapes that are not listed."""
        return self.rows - sum(count for _, count in self.values)


_ENCODING = "latin-1"
"""Of the classes of signs: each is one byte."""


def _classes() -> bytes:
    """The class of a sign, by its first byte in UTF-8."""
    found = bytearray(OTHER.encode(_ENCODING) * 256)
    found[0x20:0x7F] = range(0x20, 0x7F)
    for name, signs in CLASSES.items():
        for sign in signs.encode():
            found[sign] = ord(name)
    return bytes(found)


_CLASSES = _classes()
_FURTHER = bytes(range(0x80, 0xC0))
"""The bytes of UTF-8 that no sign begins with."""


def classed(text: str) -> bytes:
    """The class of each sign of a text: a byte each. (An engine takes thirty times as long to find them out.)"""
    return text.encode(errors="surrogatepass").translate(_CLASSES, _FURTHER)


def collapsed(signs: bytes) -> str:
    """The shape of a text from the class of each of its signs (of the first LONGEST and one more, if there is one)."""
    cut = CUT if len(signs) > LONGEST else ""
    return "".join(sign for sign, _ in groupby(signs[:LONGEST].decode(_ENCODING))) + cut


def listed(counts: Mapping[str, int], asked: Sequence[str] = ()) -> Shapes:
    """What a profile keeps of the number of texts of each shape; ``asked`` are shapes that it is to list."""
    ranked = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    first = ranked[:MOST]
    known = {shape for shape, _ in first}
    values = [*first, *((shape, counts.get(shape, 0)) for shape in asked if shape not in known)]
    rest = (count for shape, count in ranked[MOST:] if shape not in set(asked))
    return Shapes(sum(counts.values()), tuple(values), next(rest, 0))


def added(parts: Sequence[Shapes], mapped: Sequence[Sequence[int]] = (), blocks: int = 0) -> Shapes:
    """The shapes of all texts, from those of parts (one or more): every count is exact.

    A shape is listed where the number of its texts is known of each part: it
    stands there, or none is left out; and where it is among the most frequent
    ones, or stands in each part. ``mapped`` says for each part which of so many
    ``blocks`` each of its own goes into.
    """
    each = [dict(part.values) for part in parts]
    names = {shape for known in each for shape in known}

    def at_most(shape: str) -> int:
        return sum(known.get(shape, part.most_other) for known, part in zip(each, parts, strict=True))

    certain = [
        shape for shape in names if all(shape in one or not of.most_other for one, of in zip(each, parts, strict=True))
    ]
    ranked = sorted(certain, key=lambda shape: (-at_most(shape), shape))
    kept = {*ranked[:MOST], *(shape for shape in ranked if all(shape in known for known in each))}
    values = tuple((shape, at_most(shape)) for shape in ranked if shape in kept)
    most_other = max((at_most(shape) for shape in names - kept), default=0)
    whole = Shapes(sum(part.rows for part in parts), values, max(most_other, sum(part.most_other for part in parts)))
    if not blocks or any(part.rows and not part.blocks for part in parts):
        return whole
    return replace(whole, blocks=_in_blocks([shape for shape, _ in values], parts, mapped, blocks))


def _in_blocks(
    names: Sequence[str], parts: Sequence[Shapes], mapped: Sequence[Sequence[int]], blocks: int
) -> tuple[tuple[int, ...], ...]:
    """The texts of each of these shapes, and of all others, in each of the blocks that those of parts go into."""
    counts = [[0] * (len(names) + 1) for _ in range(blocks)]
    order = {shape: place for place, shape in enumerate(names)}
    for part, places in zip(parts, mapped, strict=True):
        columns = [order.get(shape, len(names)) for shape, _ in part.values] + [len(names)]
        for place, found in zip(places, part.blocks, strict=False):
            for column, count in zip(columns, found, strict=True):
                counts[place][column] += count
    return tuple(map(tuple, counts))


# As JSON


def to_json(found: Shapes) -> dict[str, Json]:
    data: dict[str, Json] = {"texts": found.rows, "values": [[shape, count] for shape, count in found.values]}
    if found.most_other:
        data["most other"] = found.most_other
    if found.blocks:
        data["blocks"] = [list(each) for each in found.blocks]
    return data


def from_json(data: Mapping[str, Any], most_rows: int, blocks: int) -> Shapes:
    """What :func:`to_json` wrote, of a column of so many texts at most, in a profile of so many ``blocks`` of time.

    Raises ValueError (Misfit), KeyError or TypeError for anything else.
    """
    try:
        values = tuple((fields.text(shape), fields.count(count)) for shape, count in data["values"])
        parts = tuple(fields.counts(each, len(each)) for each in data.get("blocks", ()))
        found = Shapes(fields.count(data["texts"]), values, fields.count(data.get("most other", 0)), parts)
    except ValueError as error:
        raise Misfit("is not a profile: shapes of texts are texts with counts") from error
    if len(dict(values)) < len(values):
        raise Misfit("is not a profile: a shape of texts stands in it twice")
    if found.rows > most_rows or not found.most_other <= found.others or (found.others > 0) != (found.most_other > 0):
        raise Misfit("does not add up: shapes are not of the texts that were looked at")
    sums = (*(count for _, count in values), found.others)
    if found.blocks and (len(found.blocks) != blocks or tuple(map(sum, zip(*found.blocks, strict=True))) != sums):
        raise Misfit("does not add up: the shapes in blocks of time are not those of the whole")
    return found
