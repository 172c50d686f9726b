"""How much a model leans on each of its input columns: what a training keeps, and a drift check sorts its findings by.

The training command measures it, for it has the model and the rows; the
library runs no model to find out. In the file is one JSON object, column to
number, of any unit; here they are shares of their sum.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path

from mlops_actions import jsonfile, schema
from mlops_actions.visible import visible

NAME = "importances.json"
MAX_BYTES = 16 * 1024 * 1024


class Unusable(Exception):
    """The file holds no importances; the message says why, and what to do."""


def read(path: Path) -> dict[str, float]:
    """Column to share, the greatest first; shares are finite, 0 or more, and add up to 1.

    Raises Unusable for a file that cannot be read, or is not as
    ``schemas/importances-v1.schema.json`` says, or where no column has any.
    """
    try:
        if path.is_file() and path.stat().st_size > MAX_BYTES:
            raise Unusable(f"the file is larger than {MAX_BYTES // 1024 // 1024} MiB")
        data = jsonfile.read(path)
    except OSError as error:
        raise Unusable(f"the file cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise Unusable("the file is not UTF-8") from error
    except json.JSONDecodeError as error:
        raise Unusable(f"the file is not JSON: {error.msg} (line {error.lineno}, column {error.colno})") from error
    except ValueError as error:
        raise Unusable(f"the file {error}") from error
    if misfit := schema.misfit(data, "importances-v1"):
        raise Unusable(f"{visible(misfit)}. An importance is a number, 0 or more, by the name of an input column")
    return _shares(data)


def _shares(data: Mapping[str, float]) -> dict[str, float]:
    greatest = max(data.values())
    if not greatest:
        raise Unusable("no column has any importance: all are 0")
    scaled = {name: value / greatest for name, value in data.items()}  # the sum of large numbers may be infinite
    whole = math.fsum(scaled.values())
    shares = {name: value / whole for name, value in scaled.items()}
    return dict(sorted(shares.items(), key=lambda item: -item[1]))


def dumps(shares: Mapping[str, float]) -> str:
    """The file's text: one column a line."""
    return json.dumps(shares, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
