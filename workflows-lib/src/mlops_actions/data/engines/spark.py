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

from mlops_actions.data.engines import workers
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
    # pylint: disable=contextmanager-generator-missing-cleanup  # _ours cleans up behind itself
    from pyspark.sql import SparkSession  # pylint: disable=import-outside-toplevel

    if master is not None and master.startswith("sc://"):
        hint = "Give the address of the cluster itself, such as spark://HOST:7077, yarn or k8s://HOST."
        raise CallError(Problem(f"{master!r} is Spark Connect, which this engine does not speak", hint=hint))
    active = SparkSession.getActiveSession()
    if active is not None:
        if master is not None:
            hint = "Leave the master out, or call this outside of a Spark session."
            raise CallError(Problem("a Spark session is active, so there is no other master", hint=hint))
        with _ours(active) as made:
            yield made
        return
    if _SUBMITTED in os.environ:  # spark-submit has said where it runs, and the process is the application
        with _ours(SparkSession.builder.getOrCreate()) as made:  # pylint: disable=no-member
            yield made
        return
    master = master or LOCAL
    refuse_without_java()
    with TemporaryDirectory(prefix="mlops-spark-") as folder, _without_traces():
        started = _start(master, Path(folder))
        try:
            with _ours(started) as made:
                yield made
        finally:
            _stop(started)


@contextmanager
def _ours(running: SparkSession) -> Iterator[SparkSession]:
    """A session with settings of our own beside one that runs, and on a cluster workers who know this library."""
    made = running.newSession()
    for name, value in MEANINGS.items():
        made.conf.set(name, value)
    context = made.sparkContext
    if is_local(context.master):
        yield made
        return
    workers.ship(context)
    with workers.awaited(context):
        yield made


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
        why = reason(error)  # which Java is asked for
        _end(gateway)
        raise CallError(Problem(f"Spark does not start on {master}: {why}", hint=_last(log))) from error
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


def is_local(master: str | None) -> bool:
    return master is not None and (master == "local" or master.startswith("local["))


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


def words(error: Exception) -> str:
    """All that an error says, a trace maybe. Those of Java are asked for when they are read, and it may have ended."""
    try:
        return str(error)
    except OSError:
        return "its Java process has ended"


_ERROR = r"[\w.$]+(?:Error|Exception|Unreadable)\b"
"""The class that an error of Java's or Python's begins with; the last is our own reader's, at a worker."""

_SAYS_NOTHING = re.compile(r"\s*$|\s+(at|\.\.\.) |An error occurred while calling |.*Exception thrown in awaitResult")


def reason(error: Exception) -> str:
    """An error of Spark in one line: its own words, without the trace."""
    text = words(error)
    if "An exception was thrown from the Python worker" in text or "Traceback" in text:  # the last line says what it is
        own = [line.strip() for line in text.splitlines() if line and not line.startswith((" ", "\t"))]
        text = next((line for line in reversed(own) if re.match(_ERROR, line)), text)
    lines = (re.sub("^(: |Caused by: )", "", line) for line in text.splitlines())
    first = next((line.strip() for line in lines if not _SAYS_NOTHING.match(line)), type(error).__name__)
    first = re.sub(rf"^({_ERROR}: ?)?(\[[A-Z0-9_.]+\] ?)?", "", first)
    first = re.sub(r" SQLSTATE: \w+$", "", first)[:300]
    return "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in first)


def _last(log: Path) -> str | None:
    """The last line of what Java said before it ended."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log.exists() else []
    said = [line for line in lines if re.search(r" ERROR |Error|Exception", line) and not line.startswith("\tat ")]
    return f"It said: {said[-1].strip()[:300]}" if said else None
