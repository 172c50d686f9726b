"""The places in a Python traceback, in pytest's style or in Python's own."""

from __future__ import annotations

import re
from collections.abc import Iterable

from mlops_actions.ci.readers.places import Places

_FORMS = (
    # pytest's own, `tests/test_a.py:3: AssertionError`; without the last colon under a fixture that is not there
    re.compile(r"(?P<file>(?:[A-Za-z]:)?[^:\r\n]{1,500}):(?P<line>\d{1,7})(:( .*)?)?"),
    # Python's; pytest puts an E before it where a file does not compile
    re.compile(r'(E\s)?\s*File "(?P<file>[^"\r\n]{1,500})", line (?P<line>\d{1,7})(, in .*)?'),
    # pytest's again, over a test whose fixture is not there
    re.compile(r"file (?P<file>[^\r\n]{1,500}), line (?P<line>\d{1,7})"),
)


def innermost(lines: Iterable[str], places: Places, file: str | None = None) -> tuple[str, int] | None:
    """The last place of a traceback that lies in the project; in ``file`` (relative) where one does.

    The line of the test's own file is where a reader wants to look first, so
    it is preferred to a deeper one in the code under test.
    """
    deepest = own = None
    for line in lines:
        found = next((match for form in _FORMS if (match := form.fullmatch(line))), None)
        name = places.relative(found["file"]) if found else None
        if found and name:
            deepest = name, int(found["line"])
            own = deepest if name == file else own
    return own or deepest
