"""Data validation: a contract held against the data, in one scan.

``sources`` finds the rows, ``contracts`` reads what was promised, ``rules``
turns promises into questions about rows, ``engines`` answers them in one pass,
``profiles`` describes the rows from the same pass, and ``validate`` judges
what came out. ``drafting`` and ``diffing`` are about contracts alone.
"""
