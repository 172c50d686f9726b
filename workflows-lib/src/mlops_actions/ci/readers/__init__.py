"""Turn what tools say into checks with file and line.

``lint`` reads linters' and type checkers' text, ``junit`` pytest's JUnit XML,
``transcript`` the text of pytest and unittest where there is no XML,
``coverage`` the share of lines that the tests ran. ``places`` resolves the
paths that they print.
"""
