"""Spark: the session that questions are asked in, and when it begins and ends.

Where a Spark session is active (a notebook, a cluster's own job), or where
``spark-submit`` started this process, that one is used: its settings are not
touched, and it goes on afterwards. Else one is started: on this machine, or on
the cluster that ``master`` names.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from mlops_actions.errors import CallError, Problem

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

LOCAL = "local[*]"
"""This machine, a task for each of its processors."""

OLDEST_JAVA = 17

_SUBMITTED = "PYSPARK_GATEWAY_PORT"
"""Set by ``spark-submit`` in the processes that it starts."""

MEANINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",  # what cannot be computed is an error, not a null
    "spark.sql.caseSensitive": "true",
    "spark.sql.timeType.enabled": "true",
    "spark.sql.timestampType": "TIMESTAMP_LTZ",
    "spark.sql.parquet.inferTimestampNTZ.enabled": "true",
    "spark.sql.parquet.binaryAsString": "false",
    "spark.sql.parquet.int96AsTimestamp": "true",
    "spark.sql.parquet.datetimeRebaseModeInRead": "CORRECTED",  # days are those of the file, before 1582, too
    "spark.sql.parquet.int96RebaseModeInRead": "CORRECTED",
    "spark.sql.files.ignoreCorruptFiles": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.parser.escapedStringLiterals": "false",
    "spark.sql.variable.substitute": "false",  # a value of the data may look like one
    "spark.sql.ansi.doubleQuotedIdentifiers": "false",
    "spark.sql.execution.arrow.useLargeVarTypes": "false",
}
"""Settings that what is read and computed depends on. They hold for our questions alone."""


@contextmanager
def session(master: str | None = None) -> Iterator[SparkSession]:
    """A Spark session with settings of its own.

    One that is active already is used, and not ended; ``master`` must then not
    be given. Raises CallError where there is no Java, or Spark does not start.
    """
    from pyspark.sql import SparkSession  # pylint: disable=import-outside-toplevel

    if master is not None and master.startswith("sc://"):
        hint = "Give the address of the cluster itself, such as spark://HOST:7077, yarn or k8s://HOST."
        raise CallError(Problem(f"{master!r} is Spark Connect, which this engine does not speak", hint=hint))
    active = SparkSession.getActiveSession()
    if active is not None:
        if master is not None:
            hint = "Leave the master out, or call this outside of a Spark session."
            raise CallError(Problem("a Spark session is active, so there is no other master", hint=hint))
        yield _set(active.newSession())
        return
    if _SUBMITTED in os.environ:  # spark-submit has said where it runs, and the process is the application
        yield _set(SparkSession.builder.getOrCreate().newSession())  # pylint: disable=no-member
        return
    master = master or LOCAL
    refuse_without_java()
    with TemporaryDirectory(prefix="mlops-spark-") as folder, _without_traces():
        started = _start(master, Path(folder))
        try:
            yield _set(started.newSession())
        finally:
            _stop(started)


@contextmanager
def _without_traces() -> Iterator[None]:
    """Keeps py4j from logging a trace of what Ctrl-C has interrupted, in its own name or in the root's."""
    root, own = logging.getLogger(), logging.getLogger("py4j")
    before = own.level

    def is_news(record: logging.LogRecord) -> bool:
        return not record.getMessage().startswith("KeyboardInterrupt")

    root.addFilter(is_news)
    own.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        root.removeFilter(is_news)
        own.setLevel(before)


def _set(one: SparkSession) -> SparkSession:
    for name, value in MEANINGS.items():
        one.conf.set(name, value)
    return one


def refuse_without_java() -> None:
    """Raises CallError where there is no Java that Spark runs on."""
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home, "bin", "java")) if home else shutil.which("java")
    hint = "Install one (Debian, Ubuntu: apt-get install default-jre-headless), or set JAVA_HOME."
    if java is None or not Path(java).exists():
        where = "in JAVA_HOME" if home else "on PATH"
        raise CallError(Problem(f"Spark needs Java {OLDEST_JAVA} or newer, and there is none {where}", hint=hint))
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', said)
    if version is None or int(version[1]) < OLDEST_JAVA:
        found = f"version {version[1]}" if version else "none that answers"
        raise CallError(Problem(f"Spark needs Java {OLDEST_JAVA} or newer, and {java} is {found}", hint=hint))


def _start(master: str, folder: Path) -> SparkSession:
    """A session of our own, whose files are in ``folder``. Raises CallError."""
    from py4j.protocol import Py4JError  # pylint: disable=import-outside-toplevel
    from pyspark import SparkConf, SparkContext  # pylint: disable=import-outside-toplevel
    from pyspark.errors import PySparkException  # pylint: disable=import-outside-toplevel
    from pyspark.java_gateway import launch_gateway  # pylint: disable=import-outside-toplevel
    from pyspark.sql import SparkSession  # pylint: disable=import-outside-toplevel

    log = folder / "log"
    conf = SparkConf().setMaster(master).setAppName("mlops").setAll(list(_settings(master, folder).items()))
    gateway = None
    try:
        with log.open("wb") as stream, _environment(_variables(master, folder)):
            pipes = {"stdout": stream, "stderr": stream, "cwd": str(folder)}
            # Python at the workers looks for modules in the current directory, which is not to be the project's.
            gateway = launch_gateway(conf, pipes)  # type: ignore[no-untyped-call]
            return SparkSession(SparkContext(gateway=gateway, conf=conf))
    except (PySparkException, Py4JError, OSError) as error:  # the last, where Java ended meanwhile
        _end(gateway)
        raise CallError(Problem(f"Spark does not start on {master}: {reason(error)}", hint=_last(log))) from error
    except BaseException:
        _end(gateway)
        raise


def _settings(master: str, folder: Path) -> dict[str, str]:
    """What a session of our own is started with, beside what Spark's own configuration says."""
    found = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
    }
    if is_local(master):
        processors = os.cpu_count() or 1
        found |= {
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.local.dir": str(folder),
            "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={folder}",
            "spark.sql.shuffle.partitions": str(2 * processors),  # 200 are for a cluster
        }
    return found


def _variables(master: str, folder: Path) -> Mapping[str, str | None]:
    """Variables that Java is started with; None takes one away."""
    if not is_local(master):
        return {}
    # Another Spark's home, or another Python, would meet this one's.
    return {
        **dict.fromkeys(("SPARK_HOME", "PYTHONPATH", "PYTHONHOME")),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder),
        "PYSPARK_PYTHON": sys.executable,
        "PYSPARK_DRIVER_PYTHON": sys.executable,
    }


def is_local(master: str) -> bool:
    return master == "local" or master.startswith("local[")


@contextmanager
def _environment(variables: Mapping[str, str | None]) -> Iterator[None]:
    """The process's environment with some variables changed, for as long as the block lasts."""
    before = {name: os.environ.get(name) for name in variables}
    _apply(variables)
    try:
        yield
    finally:
        _apply(before)


def _apply(variables: Mapping[str, str | None]) -> None:
    for name, value in variables.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


def _stop(started: SparkSession) -> None:
    """End the session and its Java, whatever either is doing."""
    context = started.sparkContext
    gateway = context._gateway  # pylint: disable=protected-access
    try:
        context.cancelAllJobs()
        started.stop()
    finally:
        _end(gateway)


def _end(gateway: Any) -> None:
    """End Java, and have PySpark forget it: it would take the same one again."""
    from py4j.protocol import Py4JError  # pylint: disable=import-outside-toplevel
    from pyspark import SparkContext  # pylint: disable=import-outside-toplevel

    SparkContext._gateway = SparkContext._jvm = SparkContext._active_spark_context = None  # pylint: disable=protected-access
    if gateway is None:
        return
    with suppress(OSError, Py4JError):  # it has ended by itself
        gateway.shutdown()
    gateway.proc.stdin.close()  # at which it ends
    gateway.proc.wait(timeout=60)


def reason(error: Exception) -> str:
    """An error of Spark in one line: its own words, without the trace."""
    text = str(error)
    if "An exception was thrown from the Python worker" in text or "Traceback" in text:  # the last line says what it is
        lines = [line.strip() for line in text.splitlines() if line and not line.startswith((" ", "\t"))]
        text = next((line for line in reversed(lines) if re.match(r"[\w.]+(Error|Exception)\b", line)), text)
    first = next((line for line in text.splitlines() if line.strip()), type(error).__name__)
    first = re.sub(r"^(\[[A-Z0-9_.]+\]|[a-zA-Z0-9_.$]+(Error|Exception):) ?", "", first.strip())
    first = re.sub(r" SQLSTATE: \w+$", "", first)[:300]
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in first)


def _last(log: Path) -> str | None:
    """The last line of what Java said before it ended."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    said = [line for line in lines if re.search(r" ERROR |Error|Exception", line) and not line.startswith("\tat ")]
    return f"It said: {said[-1].strip()[:300]}" if said else None
