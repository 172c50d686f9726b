"""The place of a row as one number, so that an engine can order rows by it: the file's, and the row's in it."""

from __future__ import annotations

_SHIFT = 40
"""Bits for the number of the row: a trillion."""


def packed(file: str, row: str) -> str:
    """The SQL expression for the position of a row, from those for its file's number (from 0) and its own (from 1)."""
    return f"((CAST({file} AS BIGINT) << {_SHIFT}) + {row})"


def unpacked(position: int) -> tuple[int, int]:
    """The file's number (from 0) and the row's (from 1)."""
    return position >> _SHIFT, position & ((1 << _SHIFT) - 1)
