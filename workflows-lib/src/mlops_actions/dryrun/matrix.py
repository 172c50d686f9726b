"""The legs of a job's matrix, built as GitHub's own MatrixBuilder does: product, ``exclude``, ``include``."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping
from typing import Any

from mlops_actions.dryrun.expressions import Scope, Unknown, equal, expand, find, is_known, kind_of

MAX_LEGS = 256

Leg = dict[str, Any]


class MatrixError(ValueError):
    """GitHub refuses the matrix, in words like its own."""


def legs(matrix: Any, scope: Scope) -> list[Leg] | None:
    """The legs in their order; None where only the run knows them, one empty leg without a matrix.

    Raises MatrixError for a matrix that GitHub refuses when the job starts,
    ExpressionError for an expression that is none.
    """
    if matrix is None:
        return [{}]
    values = expand(matrix, scope)
    if not is_known(values):
        return None
    if not isinstance(values, dict):
        raise MatrixError("the matrix must be a mapping")
    vectors = {key: _vector(key, each) for key, each in values.items() if key not in {"include", "exclude"}}
    include, exclude = _rows("include", values), _rows("exclude", values)
    if not vectors and not include:
        raise MatrixError("the matrix defines no vector")
    if math.prod(len(each) for each in vectors.values()) + len(include) > MAX_LEGS * 16:
        raise MatrixError(f"the matrix has more than {MAX_LEGS} legs")
    found = [
        dict(zip(vectors, combination, strict=True))
        for combination in (itertools.product(*vectors.values()) if vectors else ())
    ]
    found = [leg for leg in found if not any(_matches(row, leg) for row in exclude)]
    found = _included(found, include, vectors)
    if not found:
        raise MatrixError("`exclude` leaves no leg of the matrix")
    if len(found) > MAX_LEGS:
        raise MatrixError(f"the matrix has {len(found):,} legs, and GitHub takes {MAX_LEGS}")
    return found


def _vector(key: str, value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise MatrixError(f"the matrix vector `{key}` must be a list")
    if not value:
        raise MatrixError(f"the matrix vector `{key}` does not contain any values")
    return value


def _rows(key: str, values: Mapping[str, Any]) -> list[Leg]:
    rows = values.get(key) or []
    if not isinstance(rows, list) or not all(isinstance(row, dict) and row for row in rows):
        raise MatrixError(f"`{key}` of the matrix must be a list of mappings")
    return rows


def _included(found: list[Leg], include: list[Leg], vectors: Mapping[str, Any]) -> list[Leg]:
    """A row of ``include`` adds its other members to the legs that it matches, else it is a leg of its own."""
    alone = []
    extras: list[Leg] = [{} for _ in found]
    for row in include:
        names = {key: value for key, value in row.items() if key in vectors}
        matched = [at for at, leg in enumerate(found) if _matches(names, leg)]
        for at in matched:
            extras[at].update({key: value for key, value in row.items() if key not in vectors})
        if not matched:
            alone.append(row)
    return [leg | extra for leg, extra in zip(found, extras, strict=True)] + alone


def _matches(wanted: Any, value: Any) -> bool:
    """Whether each leaf of ``wanted`` equals (loosely) the one at its place in ``value``."""
    if isinstance(wanted, dict):
        return all(
            _matches(each, find(value, key)[1] if isinstance(value, dict) else None) for key, each in wanted.items()
        )
    if isinstance(wanted, list):
        items = value if isinstance(value, list) else []
        return all(_matches(each, items[at] if at < len(items) else None) for at, each in enumerate(wanted))
    return equal(wanted, value)


def common(found: list[Leg] | None) -> Leg | Unknown:
    """The ``matrix`` context for all legs at once: what is the same in all is known."""
    if found is None:
        return Unknown("matrix")
    names = dict.fromkeys(key for leg in found for key in leg)
    return {name: _shared([leg.get(name) for leg in found], f"matrix.{name}") for name in names}


def _shared(values: list[Any], source: str) -> Any:
    if all(value == values[0] and type(value) is type(values[0]) for value in values):
        return values[0]
    kinds = {kind_of(value) for value in values}
    return Unknown(source, kinds.pop() if len(kinds) == 1 else None)
