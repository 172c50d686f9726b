"""The workers of a Spark cluster, where Python runs beside the data: what it needs of us, and that somebody is there.

This library is plain Python and is sent along, so that both ends are of one
version. The packages that it needs there are not, and are named when one is
missing. A cluster without workers lets a job wait for ever; ours end.
"""

from __future__ import annotations

import os
import re
import threading
import time
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import mlops_actions
from mlops_actions.errors import CallError, Problem

if TYPE_CHECKING:
    from pyspark import SparkContext

PACKAGES = ("duckdb", "pandas", "pyarrow")
"""What Python at the workers must have, beside what these need themselves."""

PATIENCE = "spark.mlops.patience"
"""The setting of Spark's that says how long a job waits where there is no worker (``90s``, ``10min``)."""

DEFAULT_PATIENCE = "10min"

_TICK = 1.0
"""Seconds between two looks at the workers."""

_MISSING = re.compile(r"ModuleNotFoundError: No module named '([\w.]+)'")
_OTHER = re.compile(r"Python in worker has different version: ([\d.]+) than that in driver: ([\d.]+)")


def ship(context: SparkContext) -> None:
    """Give all workers, those of the future too, this library's modules; once in a context's life."""
    from pyspark import SparkFiles  # pylint: disable=import-outside-toplevel

    # New workers fetch it for as long as the context lives, so it lies in a folder that ends with that.
    folder = Path(SparkFiles.getRootDirectory(), "mlops-actions")
    archive = folder / f"mlops_actions-{mlops_actions.__version__}.zip"
    if archive.exists():
        return
    folder.mkdir(exist_ok=True)
    package = Path(mlops_actions.__file__).parent
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        for path in sorted(package.rglob("*.py")):
            file.write(path, path.relative_to(package.parent))
    context.addPyFile(str(archive))


def refuse_lacking(said: str) -> None:
    """Raises CallError where a job's error says that a worker's Python lacks a package, is another, or is not there."""
    python = os.environ.get("PYSPARK_PYTHON", "python3")
    hint = f"PYSPARK_PYTHON, as set here, says which Python the workers run; it needs {', '.join(PACKAGES)}."
    what = None
    if missing := _MISSING.search(said):
        what = f"Python at Spark's workers ({python}) has no package {missing[1].partition('.')[0]!r}"
    elif other := _OTHER.search(said):
        what = f"Python at Spark's workers ({python}) is {other[1]}, and here it is {other[2]}"
    elif f'Cannot run program "{python}"' in said:
        what = f"there is no Python {python!r} at Spark's workers"
    if what:
        raise CallError(Problem(what, hint=hint))


def is_absent(said: str) -> bool:
    """Whether a job's error says that there is no such file."""
    return "FileNotFoundException" in said or "No such file or directory" in said


@contextmanager
def awaited(context: SparkContext) -> Iterator[None]:
    """Cancels the jobs that this thread starts in the block, where there is no worker for PATIENCE.

    Time in which none of them runs does not count: a cluster may take idle workers away. Raises CallError for a
    setting that is no time.
    """
    from py4j.protocol import Py4JError  # pylint: disable=import-outside-toplevel

    wait, tag = context.getConf().get(PATIENCE) or DEFAULT_PATIENCE, f"mlops-{uuid.uuid4()}"
    java = context._jsc.sc()  # pylint: disable=protected-access
    try:
        patience = float(java.conf().getTimeAsSeconds(PATIENCE, wait))
    except Py4JError as error:
        raise CallError(Problem(f"{PATIENCE} is {wait!r}, which is no time", hint="Write 90s or 10min.")) from error
    ended = threading.Event()

    def watch() -> None:
        since, allowed = None, patience
        while not ended.wait(_TICK):
            tracker = java.statusTracker()
            if len(tracker.getExecutorInfos()) > 1:  # the first is this process
                since, allowed = None, patience
            elif not set(tracker.getActiveJobIds()) & set(tracker.getJobIdsForTag(tag)):
                since = None
            elif since is None:
                since = time.monotonic()
            if since is not None and time.monotonic() - since >= allowed:
                allowed = 0.0  # the next job need not wait as long for the same
                java.cancelJobsWithTag(tag, f"since the cluster has had no worker for it for {wait} ({PATIENCE})")

    def watch_until_spark_ends() -> None:
        with suppress(Py4JError, OSError):
            watch()

    context.addJobTag(tag)
    watching = threading.Thread(target=watch_until_spark_ends, name="mlops-spark-workers", daemon=True)
    watching.start()
    try:
        yield
    finally:
        ended.set()
        watching.join()
        with suppress(Py4JError, OSError):
            context.removeJobTag(tag)
