"""A CSV file parted: each record goes where it belongs with the bytes that it has.

A failing record has one field more. Where it has private columns, it is
written anew, with digests in their place.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from contextlib import ExitStack

from mlops_actions.data.quarantine.parts import Faults, Parting
from mlops_actions.data.quarantine.textparts import Part, Unparsed
from mlops_actions.data.sources import csvfiles
from mlops_actions.data.sources.reading import Reading
from mlops_actions.data.sources.relation import File, Header


def part(file: File, name: str, faults: Faults, parting: Parting, reading: Reading) -> int:
    """Write the records of a file into its parts; the number of those that parse.

    Raises OSError, and what :func:`csvfiles.records` raises.
    """
    form = _Form(csvfiles.read_header(file, reading.csv), csvfiles.heading(file, reading), parting)
    row = 0
    with ExitStack() as stack:
        accepted = Part(stack, parting.accepted, name, file, form.heading)
        quarantine = Part(stack, parting.quarantine, name, file, form.longer)
        unparsed = Unparsed(stack, parting, name, file)
        for record in csvfiles.records(file, reading):
            if record.refused is not None:
                unparsed.keep(record)
                continue
            row += 1
            if broken := faults.until(row):
                quarantine.write(form.marked(record.raw, broken[row]))
            else:
                accepted.write(record.raw)
    return row


class _Form:
    """How a failing record is written: as it stands, one field longer."""

    def __init__(self, head: Header, heading: bytes, parting: Parting) -> None:
        self._head = head
        self._digests = parting.digests
        self._private = [index for index, name in enumerate(head.names) if name in parting.private]
        self.heading = heading
        first = heading.rstrip(b"\r\n")
        self.longer = self._longer(first, parting.column) + (heading[len(first) :] or b"\n")

    def marked(self, raw: bytes, broken: Sequence[str]) -> bytes:
        """A record with the names of the rules that it broke, as a list of JSON."""
        line = raw.rstrip(b"\r\n")
        end = raw[len(line) :] or b"\n"
        if self._private or line.endswith(self._head.delimiter.encode()):
            line = self._rewritten(line)
        return self._longer(line, json.dumps(list(broken), ensure_ascii=False)) + end

    def _longer(self, line: bytes, cell: str) -> bytes:
        mark, delimiter = self._head.quote, self._head.delimiter
        if mark:
            cell = f"{mark}{cell.replace(mark, mark * 2)}{mark}" if {mark, delimiter, "\n", "\r"} & {*cell} else cell
        else:
            cell = cell.replace(delimiter, " ")
        return line + delimiter.encode() + cell.encode()

    def _rewritten(self, line: bytes) -> bytes:
        """A record with digests for private values, and without what is empty beyond the last column."""
        text, width = line.decode(), len(self._head.names)
        mark, delimiter = self._head.quote, self._head.delimiter
        fields = text.split(delimiter)
        if mark:
            reader = csv.reader(
                io.StringIO(text, newline=""), delimiter=delimiter, quotechar=mark, skipinitialspace=True
            )
            fields = next(reader)
        if not self._private and len(fields) == width:
            return line
        del fields[width:]
        for index in self._private:
            fields[index] = self._digests.of(fields[index]) if fields[index] else ""
        if not mark:
            return delimiter.join(fields).encode()
        out = io.StringIO(newline="")
        csv.writer(out, delimiter=delimiter, quotechar=mark, lineterminator="").writerow(fields)
        return out.getvalue().encode()
