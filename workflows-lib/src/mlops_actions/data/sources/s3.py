"""Objects in a bucket: found, then streamed to this machine once, and digested as they pass.

Credentials, region and endpoint come from the environment alone
(``AWS_ACCESS_KEY_ID`` and its fellows, ``AWS_REGION``,
``AWS_ENDPOINT_URL_S3``, ``AWS_ENDPOINT_URL``); no file of the machine is
asked, nor the machine's cloud. Without a key, objects are asked for as anyone
may. What the server says in its own words is not shown: it may hold a key.
"""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from mlops_actions.data.contracts.servers import Place
from mlops_actions.data.sources import source, tables
from mlops_actions.data.sources.located import Located
from mlops_actions.data.sources.relation import File, Unreadable
from mlops_actions.data.sources.store import DELTA_LOG, ICEBERG_LOG, ICEBERG_METADATA, safe
from mlops_actions.errors import CallError, Problem
from mlops_actions.verdict import Subject

CONNECT_SECONDS = 10.0
"""How long a connection may take."""

SILENCE_SECONDS = 60.0
"""How long the server may say nothing, before it is asked once more, and then given up."""

_ATTEMPTS = 2
_PARALLEL = 8
_CHUNK = 1024 * 1024
_SPARE = 64 * 1024 * 1024
"""Bytes that are left free on the disk."""


@dataclass(frozen=True, slots=True)
class Object:
    """An object as it was listed; ``etag`` is what it must still be when it is read."""

    key: str
    size: int
    etag: str
    modified: datetime


@dataclass(frozen=True, slots=True)
class Bucket:
    """A bucket, and what asks for it."""

    name: str
    client: Any

    def address(self, key: str) -> str:
        return f"s3://{self.name}/{key}"

    def below(self, prefix: str) -> list[Object]:
        """All objects whose key begins with ``prefix``, by key; what stands for a folder alone is left out."""
        found = []
        with self._asking(prefix):
            for page in self.client.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=prefix):
                found += [
                    Object(each["Key"], each["Size"], each["ETag"], each["LastModified"])
                    for each in page.get("Contents", ())
                ]
        return [each for each in found if not each.key.endswith("/")]

    def bring(self, objects: Sequence[Object], into: Sequence[Path]) -> list[str]:
        """Stream each object into its file; their digests. Raises Unreadable, naming the object."""
        room = sum(each.size for each in objects)
        into[0].parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(into[0].parent).free - _SPARE
        if room > free:
            raise Unreadable(
                f"{len(objects):,} objects of {_size(room)} are copied to the temporary folder before they are read, "
                f"and {_size(max(0, free))} are free there: point TMPDIR at a larger disk",
                self.address(objects[0].key),
            )
        with ThreadPoolExecutor(max_workers=_PARALLEL) as pool:
            running = [pool.submit(self._stream, each, file) for each, file in zip(objects, into, strict=True)]
            try:
                return [each.result() for each in running]
            finally:
                for each in running:
                    each.cancel()

    def _stream(self, wanted: Object, file: Path) -> str:
        state, size = hashlib.sha256(), 0
        file.parent.mkdir(parents=True, exist_ok=True)
        with self._asking(wanted.key), file.open("wb") as copy:
            answer = self.client.get_object(Bucket=self.name, Key=wanted.key, IfMatch=wanted.etag)
            for chunk in answer["Body"].iter_chunks(_CHUNK):
                state.update(chunk)
                size += copy.write(chunk)
        if size != wanted.size:
            raise Unreadable(f"ended after {size:,} of {wanted.size:,} bytes", self.address(wanted.key))
        os.utime(file, (wanted.modified.timestamp(),) * 2)  # which is when a table's log says that it was written
        return state.hexdigest()

    @contextmanager
    def _asking(self, key: str) -> Iterator[None]:
        """What goes wrong in the block, in words for the person who must act."""
        from botocore import exceptions  # pylint: disable=import-outside-toplevel

        place = self.address(key)
        try:
            yield
        except exceptions.ClientError as error:
            raise self._refused(error, place) from None
        except (exceptions.ReadTimeoutError, exceptions.ConnectTimeoutError):
            what = f"the server {self._server()} did not answer within {SILENCE_SECONDS:g} s"
            raise Unreadable(what, place) from None
        except (exceptions.BotoCoreError, exceptions.HTTPClientError) as error:
            what = f"the server {self._server()} cannot be spoken with ({type(error).__name__})"
            raise Unreadable(what, place) from None

    def _refused(self, error: Any, place: str) -> Exception:
        answer = error.response
        code = str(answer.get("Error", {}).get("Code", ""))
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode")
        match code:
            case "NoSuchBucket":
                return CallError(Problem(f"there is no bucket {self.name!r} at {self._server()}", place))
            case "NoSuchKey" | "404":
                return Unreadable("the object is gone since it was listed", place)
            case "PreconditionFailed" | "412":
                return Unreadable("the object was changed since it was listed: let whoever writes it end first", place)
            case (
                "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "ExpiredToken"
                | "InvalidToken"
                | "InvalidClientTokenId"
            ):
                what = f"the credentials in the environment are not valid ({code}): see AWS_ACCESS_KEY_ID, "
                return Unreadable(f"{what}AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN", place)
            case "AccessDenied" | "403":
                who = (
                    "these credentials" if os.environ.get("AWS_ACCESS_KEY_ID") else "no credentials in the environment"
                )
                return Unreadable(f"access is denied (asked with {who}): allow s3:GetObject and s3:ListBucket", place)
        known = code if re.fullmatch(r"[A-Za-z0-9.]{1,60}", code) else "no reason that can be shown"
        return Unreadable(f"the server {self._server()} refused it ({known}, status {status})", place)

    def _server(self) -> str:
        address = urlsplit(self.client.meta.endpoint_url)
        return f"{address.hostname}:{address.port}" if address.port else str(address.hostname)


# Finding


def locate(place: Place, into: Path) -> Located:
    """The objects, or the table, that an address ``s3://bucket/…`` names: an object, a folder or a glob.

    Raises CallError where it names nothing; Unreadable.
    """
    bucket, key = _bucket(place)
    path, state = _state(bucket, key)
    found = bucket.below(_before_magic(path))
    if state is not None or not glob.has_magic(path):
        folder = path.rstrip("/") + "/" if path else ""
        metadata = path.endswith(ICEBERG_METADATA)
        if metadata:
            folder = path.rpartition("/")[0].rpartition("/")[0] + "/"
            found = bucket.below(folder)
        store = BucketStore(bucket, folder, found, into)
        if metadata or store.is_table():
            chosen = path.rpartition("/")[2] if metadata else None
            return tables.locate(store, place, state, into, chosen)
        if state is not None:
            raise CallError(_nothing(place, ()))
    return _objects(bucket, path, found, place, into)


def _objects(bucket: Bucket, path: str, found: Sequence[Object], place: Place, into: Path) -> Located:
    chosen = _chosen(path, found)
    if not chosen:
        raise CallError(_nothing(place, found))
    for each in chosen:
        _refuse_part(bucket, each, found)
    files = [_copy(into, index, each.key) for index, each in enumerate(chosen)]
    digests = bucket.bring(chosen, files)
    names = [bucket.address(each.key) for each in chosen]
    located = tuple(File(name, file.resolve()) for name, file in zip(names, files, strict=True))
    source.refuse_mixed(located)
    tables.expect_files(place, located)
    return Located(located, tuple(map(Subject, names, digests)))


def _chosen(path: str, found: Sequence[Object]) -> list[Object]:
    """The objects that a path names: the one of this key, those below it as a folder, or those that a glob matches."""
    data = [each for each in found if each.key.lower().endswith(source.SUFFIXES)]
    if glob.has_magic(path):
        parts = path.split("/")
        return [each for each in data if matches(parts, each.key.split("/"))]
    if exact := [each for each in data if each.key == path]:
        return exact
    folder = path.rstrip("/") + "/" if path else ""
    inside = [each for each in data if each.key.startswith(folder)]
    return [each for each in inside if not _is_hidden(each.key.removeprefix(folder))]


def _is_hidden(path: str) -> bool:
    return any(part.startswith((".", "_")) for part in path.split("/"))


def matches(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether a key matches a glob, both in parts, as files do here: ``**`` is any number of folders."""
    if not pattern or not parts:
        return not pattern and not parts
    if pattern[0] == "**":
        beneath = len(parts) == 1 == len(pattern) or matches(pattern, parts[1:])
        return matches(pattern[1:], parts) or (not parts[0].startswith(".") and beneath)
    hidden = parts[0].startswith(".") and not pattern[0].startswith(".")
    return not hidden and fnmatch.fnmatchcase(parts[0], pattern[0]) and matches(pattern[1:], parts[1:])


def _nothing(place: Place, found: Sequence[Object]) -> Problem:
    if not found:
        return Problem("no object has this key, or one below it", place.text)
    hint = f"There is: {', '.join(f'`{suffix}`' for suffix in source.SUFFIXES)}."
    return Problem(f"no object here is of a format that can be read (there is {found[0].key!r})", place.text, hint=hint)


def _refuse_part(bucket: Bucket, of: Object, found: Sequence[Object]) -> None:
    """Refuse an object of a table's folder, as far as that can be seen among those that were listed."""
    parts = of.key.split("/")
    for end in range(len(parts) - 1, -1, -1):
        folder = "/".join([*parts[:end], ""]).lstrip("/") if end else ""
        logs = (f"{folder}{DELTA_LOG}/", f"{folder}{ICEBERG_LOG}/")
        if any(
            each.key.startswith(logs[0]) or (each.key.startswith(logs[1]) and each.key.endswith(ICEBERG_METADATA))
            for each in found
        ):
            hint = f"Name the table's folder, {bucket.address(folder)}: its log says which files and rows count."
            raise CallError(Problem("is part of a table", bucket.address(of.key), hint=hint))


def _before_magic(path: str) -> str:
    found = re.search(r"[*?\[]", path)
    return path[: found.start()] if found else path


def _state(bucket: Bucket, key: str) -> tuple[str, str | None]:
    """A key as path and state; where there is an object of the very key, or below it, the @ is part of it."""
    path, state = tables.split(key)
    if state is None or bucket.below(key):
        return key, None
    return path, state


def _copy(into: Path, index: int, key: str) -> Path:
    """Where an object is copied to: its partition folders are kept, since the engine reads them from the path."""
    suffix = next(suffix for suffix in source.SUFFIXES if key.lower().endswith(suffix))
    return into.joinpath(f"{index:06}", *(part for part in key.split("/")[:-1] if "=" in part), f"data{suffix}")


def _size(count: int) -> str:
    return f"{count / 1024**3:,.1f} GiB" if count >= 1024**3 else f"{count / 1024**2:,.1f} MiB"


# A table in a bucket


@dataclass(slots=True)
class BucketStore:
    """A folder of a bucket with a table in it; what is asked for is brought to ``into`` once."""

    bucket: Bucket
    folder: str
    found: Sequence[Object]
    into: Path
    here: dict[str, Path] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.bucket.address(self.folder).rstrip("/")

    @property
    def _objects(self) -> dict[str, Object]:
        return {each.key.removeprefix(self.folder): each for each in self.found if each.key.startswith(self.folder)}

    def is_table(self) -> bool:
        return any(
            path.startswith(f"{DELTA_LOG}/") or (path.startswith(f"{ICEBERG_LOG}/") and path.endswith(ICEBERG_METADATA))
            for path in self._objects
        )

    def names(self, folder: str) -> list[str]:
        start = f"{folder}/" if folder else ""
        below = (path.removeprefix(start) for path in self._objects if path.startswith(start))
        return [name for name in below if "/" not in name]

    def fetch(self, paths: Sequence[str]) -> list[Path]:
        objects = self._objects
        for path in paths:
            if safe(path, self.name) not in objects:
                raise Unreadable(f"its log names the file {path!r}, which is not there", self.name)
        missing = list(dict.fromkeys(path for path in paths if path not in self.here))
        if missing:
            files = [self.into / "table" / path for path in missing]
            self.bucket.bring([objects[path] for path in missing], files)
            self.here |= {path: file.resolve() for path, file in zip(missing, files, strict=True)}
        return [self.here[path] for path in paths]

    def mirror(self, wanted: Callable[[str], bool]) -> Path:
        self.fetch([path for path in self._objects if wanted(path)])
        return (self.into / "table").resolve()


# Asking


def _bucket(place: Place) -> tuple[Bucket, str]:
    name, _, key = place.text.partition("://")[2].partition("/")
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{1,254}", name):
        raise CallError(
            Problem(f"{name[:80]!r} is not the name of a bucket", place.text, hint="Write s3://BUCKET/KEY.")
        )
    return Bucket(name, _client(place)), key


@cache
def _session() -> Any:
    """What clients are made from; it keeps what it has read of the service's description."""
    import botocore.session  # pylint: disable=import-outside-toplevel

    session = botocore.session.Session()
    for variable in ("config_file", "credentials_file"):  # a profile of this machine is not the caller's word
        session.set_config_variable(variable, os.devnull)
    session.set_config_variable("profile", None)
    return session


def _client(place: Place) -> Any:
    # pylint: disable=import-outside-toplevel
    from botocore import UNSIGNED
    from botocore.config import Config

    env = os.environ
    endpoint = env.get("AWS_ENDPOINT_URL_S3") or env.get("AWS_ENDPOINT_URL") or place.endpoint
    key = env.get("AWS_ACCESS_KEY_ID")
    config = Config(
        connect_timeout=CONNECT_SECONDS,
        read_timeout=SILENCE_SECONDS,
        retries={"total_max_attempts": _ATTEMPTS, "mode": "standard"},
        max_pool_connections=_PARALLEL,
        signature_version=None if key else UNSIGNED,
        s3={"addressing_style": "path" if endpoint else "auto"},
        user_agent_extra="mlops-actions",
    )
    try:
        return _session().create_client(
            "s3",
            endpoint_url=endpoint,
            region_name=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=env.get("AWS_SECRET_ACCESS_KEY") if key else None,
            aws_session_token=env.get("AWS_SESSION_TOKEN") if key else None,
            config=config,
        )
    except Exception as error:
        what = f"no client for S3 could be made ({type(error).__name__})"
        hint = "See AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY."
        raise CallError(Problem(what, place.text, hint=hint)) from None
