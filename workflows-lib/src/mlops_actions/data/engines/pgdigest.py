"""The SHA-256 of a table on its server: of its columns, the number of its rows, and what its rows are, in any order.

Each row's text has a SHA-256 of its own; their sum (modulo 2**256) is what is
digested, since a table has no order. So it is the same wherever the rows are
then read: there, or here.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mlops_actions.data.engines.quoting import quote

if TYPE_CHECKING:
    from mlops_actions.data.sources.relation import Column

_PIECES = 4


def pieces(columns: Sequence[Column]) -> list[str]:
    """The aggregates over the rows that :func:`of` takes: their number, and the sums of parts of their digests."""
    if not columns:
        return ["count(*)", *["0"] * _PIECES]
    row = f"CAST(ROW({', '.join(quote(column.name) for column in columns)}) AS text)"
    sha = f"encode(sha256(convert_to({row}, 'UTF8')), 'hex')"
    parts = (f"('x' || substr({sha}, {1 + 16 * index}, 16))::bit(64)::bigint" for index in range(_PIECES))
    return ["count(*)", *(f"coalesce(sum({part}), 0)" for part in parts)]


def of(columns: Sequence[Column], answers: Sequence[Any]) -> str:
    """The digest, of what the aggregates came to."""
    rows, *sums = (int(each) for each in answers)
    total = sum(each << 64 * (_PIECES - 1 - index) for index, each in enumerate(sums)) % 2**256
    header = json.dumps([[column.name, column.type] for column in columns])
    return hashlib.sha256(f"{header}\n{rows}\n{total:064x}\n".encode()).hexdigest()
