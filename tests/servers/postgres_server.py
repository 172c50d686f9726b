"""A real PostgreSQL for tests: one server of Debian's package a session, on the loopback, and a database a test."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

USER = "validator"
PASSWORD = "it's a secret: 100% @home"  # each sign of it is one that something would trip over


@dataclass(frozen=True)
class Database:
    """A database of its own on the server: ``url`` names it without the password, which stands in ``password``."""

    port: int
    name: str
    user: str = USER
    password: str = PASSWORD

    @property
    def url(self) -> str:
        return f"postgresql://{self.user}@127.0.0.1:{self.port}/{self.name}"

    def connect(self, **more: Any) -> psycopg.Connection[tuple[Any, ...]]:
        return psycopg.connect(self.url, password=self.password, autocommit=True, **more)

    def execute(self, *statements: str) -> None:
        with self.connect() as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def fetch(self, query: str) -> list[tuple[Any, ...]]:
        with self.connect() as connection:
            return connection.execute(query.encode()).fetchall()


def programs() -> Path | None:
    """Where initdb and pg_ctl are: on PATH, or where Debian keeps them, the newest version first."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    homes = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: -int(each.parts[-3]))
    return homes[0].parent if homes else None


@contextmanager
def running(home: Path) -> Iterator[int]:
    """A server of the programs in ``home``; yields its port. It asks for passwords, and keeps nothing."""
    with tempfile.TemporaryDirectory(prefix="mlops-pg-") as folder:
        own = {}
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(folder, "postgres", "postgres")
            own = {"user": "postgres", "group": "postgres", "extra_groups": []}
        data, secret, port = Path(folder, "data"), Path(folder, "secret"), free_port()
        secret.write_text(PASSWORD, encoding="utf-8")
        secret.chmod(0o644)

        def call(*command: str | Path) -> None:
            # Output goes to a file: the server would hold a pipe open for as long as it runs.
            with Path(folder, "said").open("ab") as said:
                done = subprocess.run(command, cwd=folder, stdout=said, stderr=said, check=False, **own)  # type: ignore[call-overload]
            assert done.returncode == 0, Path(folder, "said").read_text(encoding="utf-8", errors="replace")

        how = ["--auth=scram-sha-256", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        call(home / "initdb", f"--pgdata={data}", f"--username={USER}", *how)
        settings = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off"
        call(home / "pg_ctl", f"--pgdata={data}", "--wait", f"--log={folder}/log", f"--options={settings}", "start")
        try:
            yield port
        finally:
            call(home / "pg_ctl", f"--pgdata={data}", "--mode=immediate", "--wait", "stop")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def database(port: int, name: str) -> Iterator[Database]:
    """A new database, dropped with whoever is still connected to it."""
    home = Database(port, "postgres")
    with home.connect() as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    try:
        yield Database(port, name)
    finally:
        with home.connect() as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
