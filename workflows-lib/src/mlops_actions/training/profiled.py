"""The profile of the data that a model was trained on, which a drift check compares with later."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mlops_actions import files
from mlops_actions.data import profile, profiling, scan, source
from mlops_actions.data.cells import TextType
from mlops_actions.verdict import Check, Severity, Status, Where

RULE = "data.profile"


@dataclass(frozen=True, slots=True)
class Data:
    """The data to profile: patterns relative to the project's folder, and the object whose rows they hold.

    ``types`` and ``private`` are what a contract says of its columns; a private
    column's values are not stored.
    """

    paths: Sequence[str]
    object: str = "data"
    types: Mapping[str, TextType] = field(default_factory=dict)
    private: frozenset[str] = frozenset()


def write(data: Data | None, root: Path, target: Path) -> tuple[Check, int | None]:
    """Write the profile of ``data`` to ``target``; how that went, and the number of rows.

    Raises CallError for a pattern that names nothing.
    """
    if data is None or not data.paths:
        message = "no data is named (`data.path`), so no profile was made, and nothing can be compared with it later"
        return Check(RULE, Status.NOT_CHECKED, message, severity=Severity.WARNING), None
    import duckdb  # pylint: disable=import-outside-toplevel

    try:
        found = source.find(data.paths, root)
        with scan.connect(file.path for file in found) as connection:
            relation = source.open_relation(connection, data.object, found, data.types, data.private)
            made = profiling.profile(connection, relation)
    except source.Unreadable as error:
        message = f"the training data cannot be read: {error}"
        return Check(RULE, Status.ERROR, message, where=Where(object=data.object, file=error.file)), None
    except duckdb.Error as error:
        message = f"the training data cannot be read: {scan.reason(error)}"
        return Check(RULE, Status.ERROR, message, where=Where(object=data.object)), None
    files.write_atomic(target, profile.dumps(made))
    message = f"{made.rows:,} rows, {len(made.columns)} columns"
    return Check(RULE, Status.PASS, message, where=Where(object=data.object), rows=made.rows), made.rows
