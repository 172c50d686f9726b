"""Drift: current data against the profile of the training data.

``statistics`` holds the tests, ``compare`` turns two profiles of a column into
shifts with effect sizes and p-values, ``decision`` says which of them are real
and material over all columns, ``report`` says so in words, tables and charts,
``check`` reads, scans and writes.
"""
