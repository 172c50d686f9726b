"""A real Spark cluster for tests: the standalone one that PySpark brings, a master and a worker on the loopback.

Its worker is another process in another folder. The Python that it starts has
the packages that a worker needs, and not this library, which a run must send.
"""

from __future__ import annotations

import os
import secrets
import shlex
import signal
import subprocess
import sys
import sysconfig
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pyspark

HOME = Path(pyspark.__file__).parent
MASTER, WORKER = "org.apache.spark.deploy.master.Master", "org.apache.spark.deploy.worker.Worker"

SETTINGS = """
spark.authenticate true
spark.authenticate.secret {secret}
spark.executor.memory 512m
spark.task.maxFailures 2
spark.driver.extraJavaOptions {java}
spark.executor.extraJavaOptions {java}
spark.sql.codegen.wholeStage false
spark.sql.codegen.factoryMode NO_CODEGEN
spark.sql.shuffle.partitions 2
spark.mlops.patience 1s
"""
"""Spark's own configuration, of the cluster and of who calls it. For few rows, compiling takes longer than counting."""

JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"


@dataclass
class Cluster:
    """A cluster, and what is to be said to call it. ``started`` is made when the worker first starts our Python."""

    folder: Path
    master: str = ""
    _running: dict[str, subprocess.Popen[str]] = field(default_factory=dict)

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SPARK_HOME": str(HOME),
            "SPARK_CONF_DIR": str(self.folder),
            "SPARK_LOCAL_IP": "127.0.0.1",
            "SPARK_LOCAL_DIRS": str(self.folder / "local"),
            "SPARK_DAEMON_MEMORY": "256m",
            "SPARK_DAEMON_JAVA_OPTS": JAVA,
            "SPARK_LAUNCHER_OPTS": JAVA,
            "PYSPARK_PYTHON": str(self.folder / "python"),
        }

    @property
    def started(self) -> Path:
        return self.folder / "started"

    @property
    def bare(self) -> Path:
        """A Python that has no packages."""
        return self.folder / "bare-python"

    def start_worker(self) -> None:
        where = ["--work-dir", str(self.folder / "work"), "--cores", "2", "--memory", "1g", self.master]
        self._start(WORKER, *where, until="Successfully registered with master")

    def kill_worker(self) -> None:
        """As a machine goes: with all that runs on it, and without a word."""
        self._end(WORKER, signal.SIGKILL)

    def start(self) -> None:
        (self.folder / "spark-defaults.conf").touch(mode=0o600)
        (self.folder / "spark-defaults.conf").write_text(
            SETTINGS.format(secret=secrets.token_hex(), java=JAVA), encoding="utf-8"
        )
        packages = shlex.quote(sysconfig.get_path("purelib"))
        python = f"exec {shlex.quote(sys.executable)} -S"  # without .pth files, one of which names this library
        _script(
            self.folder / "python",
            f'touch {shlex.quote(str(self.started))}\nPYTHONPATH="$PYTHONPATH":{packages} {python}',
        )
        _script(self.bare, python)
        said = self._start(MASTER, until="Starting Spark master at ")
        self.master = said.split("Starting Spark master at ")[1].strip()
        self.start_worker()

    def stop(self) -> None:
        for name in list(self._running):
            self._end(name, signal.SIGKILL)

    def _start(self, name: str, *arguments: str, until: str) -> str:
        """Start a part of the cluster, and wait until it says so; the line in which it does."""
        options = ["--host", "127.0.0.1", "--port", "0", "--webui-port", "0"]
        process = subprocess.Popen(
            [str(HOME / "bin" / "spark-class"), name, *options, *arguments],
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, cwd=self.folder, start_new_session=True,
            env={**os.environ, **self.environment, "SPARK_MASTER_OPTS": "-Dspark.master.rest.enabled=false"},
        )  # fmt: skip
        self._running[name] = process
        assert process.stderr is not None
        seen = []
        for line in process.stderr:
            seen.append(line)
            if until in line:
                threading.Thread(target=process.stderr.read, daemon=True).start()  # it would wait for a full pipe
                return line
        raise AssertionError("".join(seen))

    def _end(self, name: str, how: signal.Signals) -> None:
        process = self._running.pop(name)
        os.killpg(process.pid, how)
        process.wait()


def _script(path: Path, text: str) -> None:
    path.write_text(f'#!/bin/sh\n{text} "$@"\n', encoding="utf-8")
    path.chmod(0o755)


@contextmanager
def running(folder: Path) -> Iterator[Cluster]:
    """A cluster that keeps what it keeps in ``folder``."""
    made = Cluster(folder)
    try:
        made.start()
        yield made
    finally:
        made.stop()
