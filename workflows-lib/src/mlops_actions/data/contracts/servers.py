"""``servers``: where a contract says that its data is, as places that can be read here.

A place is what a call may name as well: a path, ``s3://…``,
``postgresql://…``. A server of a contract says the same in its own keys, and its
paths hold a placeholder for the object (``data/{model}/*.parquet``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias
from urllib.parse import quote

from mlops_actions.data.contracts.contract import Contract, Element, Object
from mlops_actions.errors import CallError, Problem, did_you_mean

TYPES = ("local", "s3", "postgres", "postgresql")
"""The types of server that can be read here."""

FORMATS = ("csv", "json", "parquet", "arrow", "delta", "iceberg")
"""What ``format`` of a server may say. It is held against what is found, where that can be told apart."""

_PLACEHOLDER = re.compile(r"\$?\{(\w+)\}")
_OBJECT = ("model", "object", "table", "schema")
"""Placeholders for the object; the standard's text and its examples use the first, older ones the others."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where rows are: ``text`` is what the user wrote, and what messages show; no credential is in it.

    ``table`` and ``schema`` are looked for in a database where the text names
    no table; ``endpoint`` is the address of an S3 API that is not AWS's own;
    ``format`` is what a server of a contract says of its files.
    """

    text: str
    table: str | None = None
    schema: str | None = None
    endpoint: str | None = None
    format: str | None = None


Patterns: TypeAlias = Sequence[str] | Mapping[str, Sequence[str]]
"""Files, folders and globs: of one object, or by object."""


def named(patterns: Patterns, name: str = "") -> dict[str, tuple[Place, ...]]:
    """What a call names, by object, as places; ``name`` is what one object is called where nothing says it."""
    groups = patterns if isinstance(patterns, Mapping) else {name: patterns}
    return {of: tuple(map(Place, [texts] if isinstance(texts, str) else texts)) for of, texts in groups.items()}


def given(patterns: Mapping[str, tuple[str, ...]], promised: Contract) -> dict[str, tuple[Place, ...]]:
    """What a call names, by object, as places."""
    tables = {each.name: physical(each) for each in promised.objects}
    return {name: tuple(Place(text, tables[name]) for text in texts) for name, texts in patterns.items()}


def physical(of: Object) -> str:
    """What an object is called where it lies."""
    return str(of.element.data.get("physicalName") or of.name)


def places(promised: Contract, name: str | None) -> dict[str, tuple[Place, ...]]:
    """The place of each object on the server called ``name``; without a name, on the contract's only one.

    Raises CallError where there is no such server, or none that can be read.
    """
    server = choose(promised, name)
    kind = str(server.data.get("type"))
    if kind not in TYPES:
        hint = f"There is: {', '.join(TYPES)}. Or name the data itself."
        raise CallError(server.problem(f"a server of the type {kind!r} cannot be read here", "type", hint=hint))
    of_kind = {"local": _local, "s3": _s3}.get(kind, _postgres)
    return {each.name: (of_kind(server, each),) for each in promised.objects}


def choose(promised: Contract, name: str | None) -> Element:
    """The server called ``name``, or the only one. Raises CallError."""
    listed_well = isinstance(promised.root.data.get("servers"), list)  # which older contracts are not held to
    parts = promised.root.parts("servers") if listed_well else ()
    servers = [each for each in parts if isinstance(each.data, Mapping)]
    names = [str(each.data.get("server")) for each in servers]
    listed = f"Its servers: {', '.join(names)}."
    if not servers:
        hint = "Name a file, a folder or a glob, or give the contract a server."
        raise CallError(Problem("no data is given, and the contract has no `servers`", promised.file, hint=hint))
    if name is None:
        if len(servers) > 1:
            hint = f"Give --data, or --server. {listed}"
            raise CallError(Problem("no data is given, and the contract has several servers", promised.file, hint=hint))
        return servers[0]
    found = [each for each, called in zip(servers, names, strict=True) if called == name]
    if not found:
        hint = did_you_mean(name, names) or listed
        raise CallError(Problem(f"the contract has no server {name!r}", promised.file, hint=hint))
    if len(found) > 1:
        raise CallError(found[1].problem(f"the server {name!r} stands twice", "server"))
    return found[0]


def _local(server: Element, of: Object) -> Place:
    return Place(_filled(server, "path", of), format=_format(server))


def _s3(server: Element, of: Object) -> Place:
    location = _filled(server, "location", of)
    if not location.startswith("s3://"):
        raise CallError(server.problem(f"`location` {location!r} does not begin with s3://", "location"))
    return Place(location, endpoint=_text(server, "endpointUrl"), format=_format(server))


def _postgres(server: Element, of: Object) -> Place:
    host, database = (_required(server, key) for key in ("host", "database"))
    port = server.data.get("port", 5432)
    if isinstance(port, bool) or not re.fullmatch(r"\d{1,5}", str(port)):
        raise CallError(server.problem(f"`port` {str(port)[:40]!r} is no port", "port"))
    bare = f"[{host}]" if ":" in host else quote(host, safe="")
    url = f"postgresql://{bare}:{port}/{quote(database, safe='')}"
    return Place(url, physical(of), _text(server, "schema"))


def _filled(server: Element, key: str, of: Object) -> str:
    """A path with the object's name in its placeholders. Raises CallError for any other placeholder."""

    def fill(found: re.Match[str]) -> str:
        if found[1] not in _OBJECT:
            hint = "There is: {model}, {object}."
            raise CallError(server.problem(f"the placeholder {found[0]!r} means nothing here", key, hint=hint))
        name = physical(of)
        if "/" in name or name.startswith("."):
            raise CallError(server.problem(f"the object's name {name!r} cannot stand in a path", key))
        return name

    return _PLACEHOLDER.sub(fill, _required(server, key))


def _format(server: Element) -> str | None:
    _refuse_encoding(server)
    text = _text(server, "format")
    if text is None:
        return None
    if text.casefold() not in FORMATS:
        hint = did_you_mean(text, FORMATS) or f"There is: {', '.join(FORMATS)}."
        raise CallError(server.problem(f"the format {text!r} cannot be read here", "format", hint=hint))
    return text.casefold()


def _refuse_encoding(server: Element) -> None:
    text = _text(server, "encoding")
    if text is not None and text.casefold().replace("_", "-") not in {"utf-8", "utf8", "ascii", "us-ascii"}:
        raise CallError(
            server.problem(f"the encoding {text!r} cannot be read here", "encoding", hint="There is: UTF-8.")
        )


def _required(server: Element, key: str) -> str:
    text = _text(server, key)
    if text is None:
        raise CallError(server.problem(f"the server {server.data.get('server')!r} has no `{key}`"))
    return text


def _text(server: Element, key: str) -> str | None:
    value = server.data.get(key)
    if value is None:
        return None
    if not isinstance(value, str) or not value.strip():
        raise CallError(server.problem(f"`{key}` must be a text", key))
    return value.strip()
