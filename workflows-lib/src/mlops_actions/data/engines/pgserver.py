"""A PostgreSQL server: its address, and a connection that reads, in one snapshot, and does not wait for ever.

An address is ``postgresql://[user@]host[:port]/database[#[schema.]table]``. The
password comes from ``PGPASSWORD`` or ``PGPASSFILE``, never from an address:
those stand in files and logs. A server may ask for it in any way but in
clear text, unless ``PGREQUIREAUTH`` allows that: an address may come from
somebody who was not meant to have it.
"""

from __future__ import annotations

import os
import re
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

from mlops_actions.errors import CallError, Problem

if TYPE_CHECKING:
    import psycopg

CONNECT_SECONDS = 10
"""How long a connection may take, until the server has answered."""

SILENCE_SECONDS = 600.0
"""How long the server may say nothing, before it is given up. It says nothing while it counts, before its first row."""

_PARAMETERS = ("sslmode",)
"""What an address may say besides; anything else could name files of this machine."""


class Unreachable(Exception):
    """The server could not be spoken with: why, in words without a password."""


@dataclass(frozen=True, slots=True)
class Address:
    """A database, and the table that the address names, if any; ``text`` is what the user wrote."""

    text: str
    host: str
    port: int | None
    database: str
    user: str | None = None
    sslmode: str | None = None
    schema: str | None = None
    table: str | None = None


def parse(text: str) -> Address:
    """Read an address. Raises CallError; no message holds a password."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise CallError(Problem("the address of the PostgreSQL server cannot be read", hint=_HINT)) from None
    if parts.password is not None:
        hint = "Put it into the variable PGPASSWORD (a secret), and take it out of the address."
        raise CallError(Problem("the address of the PostgreSQL server holds a password", hint=hint))
    given = dict(parse_qsl(parts.query, keep_blank_values=True))
    if other := next((each for each in given if each not in _PARAMETERS), None):
        hint = f"There is: {', '.join(_PARAMETERS)}. For others, see the variables PG*."
        raise CallError(Problem(f"the parameter {other!r} of the server's address is not read here", hint=hint))
    database = unquote(parts.path.lstrip("/"))
    if not parts.hostname or not database or "\0" in unquote(text):
        raise CallError(Problem("the address of the PostgreSQL server is not whole", text, hint=_HINT))
    schema, _, table = unquote(parts.fragment).rpartition(".")
    return Address(
        text=text,
        host=unquote(parts.hostname),
        port=port,
        database=database,
        user=unquote(parts.username) if parts.username else None,
        sslmode=given.get("sslmode"),
        schema=schema or None,
        table=table or None,
    )


_HINT = "Write postgresql://HOST:PORT/DATABASE, or postgresql://HOST/DATABASE#SCHEMA.TABLE."


@dataclass(frozen=True, slots=True)
class Server:
    """A connection, and what to call where rows come in for long: that the server is still there."""

    connection: psycopg.Connection[tuple[Any, ...]]
    heard: Callable[[], None]

    def fetch(self, query: Any, parameters: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """All rows of a query. Raises psycopg.Error."""
        rows = self.connection.execute(query, parameters or None).fetchall()  # without any, % is a sign of a name
        self.heard()
        return rows


@contextmanager
def connect(address: Address) -> Iterator[Server]:
    """A connection for reading: every query in it sees the same snapshot, and its times are in UTC.

    Raises Unreachable where the server is not there, refuses, or says nothing
    for SILENCE_SECONDS (in the block, too); psycopg.Error for what a query is
    refused for.
    """
    import psycopg  # pylint: disable=import-outside-toplevel

    try:
        connection: psycopg.Connection[tuple[Any, ...]] = psycopg.connect(
            host=address.host,
            port=address.port,
            dbname=address.database,
            user=address.user,
            sslmode=address.sslmode,
            connect_timeout=CONNECT_SECONDS,
            application_name="mlops-actions",
            require_auth=os.environ.get("PGREQUIREAUTH") or "!password",
        )
    except psycopg.OperationalError as error:
        raise Unreachable(words(error)) from None
    try:
        with connection, _Watch(connection) as watch:
            try:
                connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
                connection.read_only = True
                for setting, value in _SETTINGS.items():
                    connection.execute("SELECT set_config(%s, %s, false)", (setting, value))
                watch.heard()
                yield Server(connection, watch.heard)
            except psycopg.Error:
                if watch.has_ended:
                    raise Unreachable(f"the server said nothing for {SILENCE_SECONDS:g} s") from None
                raise
    finally:
        connection.close()


_SETTINGS = {
    "client_encoding": "UTF8",
    "TimeZone": "UTC",
    "DateStyle": "ISO, YMD",
    "IntervalStyle": "iso_8601",
    "extra_float_digits": "1",
    "bytea_output": "hex",
    "standard_conforming_strings": "on",  # else a backslash would not stand for itself in our literals
    "transform_null_equals": "off",
    "synchronize_seqscans": "off",  # so that an unchanged table comes in the same order again
}


class _Watch:
    """Ends a connection on which nothing was heard for SILENCE_SECONDS, from a thread of its own."""

    def __init__(self, connection: psycopg.Connection[Any]) -> None:
        self._socket = socket.socket(fileno=os.dup(connection.fileno()))
        self._said = threading.Event()
        self._over = False
        self.has_ended = False
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def heard(self) -> None:
        """The server has said something."""
        self._said.set()

    def _watch(self) -> None:
        while self._said.wait(SILENCE_SECONDS):
            self._said.clear()
            if self._over:
                return
        self.has_ended = True
        self._socket.shutdown(socket.SHUT_RDWR)

    def __enter__(self) -> _Watch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over = True
        self._said.set()
        self._thread.join()
        self._socket.close()


def words(error: Exception) -> str:
    """A server's or a driver's error in one line, which holds no password: neither is told one to repeat."""
    first = re.sub(r"^connection failed: ", "", str(error).strip().partition("\n")[0])
    return "".join(sign if sign.isprintable() else " " for sign in first)[:300]
