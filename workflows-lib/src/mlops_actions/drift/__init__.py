"""Drift: current data against the profile of the training data.

``statistics`` holds the tests, ``clusters`` those for rows that resemble each
other, ``rhythm`` says what blocks of time the reference has to tell by,
``compare`` turns two profiles of a column into
shifts with effect sizes and p-values, ``decision`` says which of them are real
and material over all columns, ``performance`` asks how well predictions fit
their labels, or should without, ``intervals`` makes metrics with intervals of
the sums, by rows or by blocks of time, ``performing`` judges that,
``report`` says so in words, tables and charts, ``check`` reads, scans and
writes. ``history`` keeps earlier checks; ``response`` says what is to happen
then, and ``respond`` does it.
"""
