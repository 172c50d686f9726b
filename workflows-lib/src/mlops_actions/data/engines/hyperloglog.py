"""HyperLogLog: how many different values there are, from a kilobyte that can be added to another.

Each value's hash picks one of some registers by some of its bits, and the
register keeps the longest run of zeros that it saw in the others (Flajolet,
Fusy, Gandouet, Meunier, "HyperLogLog: the analysis of a near-optimal
cardinality estimation algorithm", 2007). The registers of two data sets,
the greater of each pair, are those of both together.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

HASH = "duckdb-2"
"""What the registers of DuckDB are called: a hash of another name gives other registers. A test holds its values."""

MADE = 1024
"""Registers that DuckDB makes."""

STORED = 512
"""Registers that a profile keeps of a column: their estimate has a standard error of 1.04 / sqrt(512), 4.6 %."""

_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_"
_PLACES = {sign: place for place, sign in enumerate(_SIGNS)}
_HASH_BITS = 64


@dataclass(frozen=True, slots=True)
class Registers:
    """A sketch: ``values`` of a power of two of registers, each 0 to 63, made with the hash of a name."""

    hash: str
    values: bytes

    @property
    def estimate(self) -> int:
        """How many different values there are; the standard error is 1.04 / sqrt(registers).

        The improved raw estimator (Ertl, "New cardinality estimation algorithms
        for HyperLogLog sketches", 2017, algorithm 6), which needs no table of
        corrections.
        """
        size = len(self.values)
        longest = _HASH_BITS - size.bit_length() + 1
        at = Counter(self.values)
        z = size * _tau(1 - at[longest + 1] / size)
        for length in range(longest, 0, -1):
            z = (z + at[length]) / 2
        z += size * _sigma(at[0] / size)
        return round(size * size / (2 * math.log(2) * z))

    def folded(self, size: int = STORED) -> Registers:
        """The sketch with no more than ``size`` registers: some bits of the hash are forgotten."""
        if len(self.values) <= size:
            return self
        chunks = (self.values[start : start + size] for start in range(0, len(self.values), size))
        return Registers(self.hash, bytes(map(max, *chunks)))

    def __or__(self, other: Registers) -> Registers:
        """The sketch of the values of both. Raises ValueError where the two are not of one hash."""
        return union([self, other])

    @property
    def text(self) -> str:
        """A sign a register, out of 64: digits, capital letters, small letters, ``-`` and ``_``."""
        return "".join(map(_SIGNS.__getitem__, self.values))


def empty() -> Registers:
    """The sketch that DuckDB makes of no value."""
    return Registers(HASH, bytes(MADE))


def union(sketches: Sequence[Registers]) -> Registers:
    """The sketch of the values of all (one or more). Raises ValueError where they are not of one hash."""
    hashes = dict.fromkeys(each.hash for each in sketches)
    if len(hashes) > 1:
        raise ValueError(f"sketches of the hashes {' and '.join(map(repr, hashes))} cannot be added")
    size = min(len(each.values) for each in sketches)
    registers = zip(*(each.folded(size).values for each in sketches), strict=True)
    return Registers(sketches[0].hash, bytes(map(max, registers)))


def from_text(name: str, text: str) -> Registers:
    """The sketch that :attr:`Registers.text` wrote. Raises ValueError."""
    size = len(text)
    if size < 16 or size & (size - 1) or not set(text) <= _PLACES.keys():
        raise ValueError("registers are a power of two of signs (16 or more) out of 0-9 A-Z a-z - _")
    return Registers(name, bytes(map(_PLACES.__getitem__, text)))


def from_state(state: dict[str, Sequence[int]]) -> Registers:
    """The sketch in what DuckDB exports as the state of ``approx_count_distinct``."""
    return Registers(HASH, bytes(state["registers"]))


def _sigma(x: float) -> float:
    """The sum of x + x^2 + 2 x^4 + 4 x^8 ...; infinite at 1, where all registers are 0."""
    if x == 1:
        return math.inf
    y, z, before = 1.0, x, -1.0
    while z != before:
        x, before = x * x, z
        z += x * y
        y += y
    return z


def _tau(x: float) -> float:
    if x in (0, 1):
        return 0.0
    y, z, before = 1.0, 1 - x, -1.0
    while z != before:
        x, before, y = math.sqrt(x), z, y / 2
        z -= (1 - x) ** 2 * y
    return z / 3
