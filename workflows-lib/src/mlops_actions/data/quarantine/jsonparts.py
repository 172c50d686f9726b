"""A file of JSON lines parted: each line goes where it belongs with the bytes that it has.

A failing line has one key more. Where it has private columns, it is written
anew, with digests in their place.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import ExitStack

from mlops_actions.data.quarantine.parts import Faults, Parting
from mlops_actions.data.quarantine.textparts import Part, Unparsed
from mlops_actions.data.sources import jsonlines
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.sources.relation import File


def part(file: File, name: str, faults: Faults, parting: Parting, reading: Reading) -> int:
    """Write the lines of a file into its parts; the number of those that parse.

    Raises OSError, and what :func:`jsonlines.records` raises.
    """
    row = 0
    with ExitStack() as stack:
        accepted = Part(stack, parting.accepted, name, file, b"")
        quarantine = Part(stack, parting.quarantine, name, file, b"")
        unparsed = Unparsed(stack, parting, name, file)
        for record in jsonlines.records(file, reading):
            if record.refused is not None:
                unparsed.keep(record)
                continue
            row += 1
            if broken := faults.until(row):
                quarantine.write(_marked(record.raw, broken[row], parting))
            else:
                accepted.write(record.raw if record.raw.endswith(b"\n") else record.raw + b"\n")
    return row


def _marked(raw: bytes, broken: Sequence[str], parting: Parting) -> bytes:
    """A line with the names of the rules that it broke."""
    line = raw.strip()
    rules = json.dumps({parting.column: list(broken)}, ensure_ascii=False).encode()
    if parting.private:
        values = {key: _shown(key, value, parting) for key, value in json.loads(line).items()}
        return json.dumps(values | {parting.column: list(broken)}, ensure_ascii=False).encode() + b"\n"
    inside = line[1:-1].strip()
    return b"{" + inside + (b", " if inside else b"") + rules[1:] + b"\n"


def _shown(key: str, value: object, parting: Parting) -> object:
    if key not in parting.private or value is None:
        return value
    return parting.digests.of(value if isinstance(value, str) else json.dumps(value))
