"""Data validation: a contract held against the data, in one scan.

``source`` finds the rows, ``contract`` reads what was promised, ``rules`` turns
promises into conditions on rows, ``sql`` says them in the engine's words,
``scan`` runs them in one pass, ``validate`` judges what came out. ``profile``
is filled by the same pass: ``profiling`` says what to count, between the fixed
edges of ``bins``.
"""
