"""Finds pickles in a model directory: files that run code when they are loaded.

By what ``MLmodel`` says (a flavor that is stored as one), by name, and by
content, compressed or in an archive (as PyTorch stores them) too. Nothing is
unpickled: opcodes are only listed, as :mod:`pickletools` does.
"""

from __future__ import annotations

import bz2
import lzma
import pickletools
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from mlops_actions import model
from mlops_actions.model import Model

SUFFIXES = (".pkl", ".pickle", ".cloudpickle", ".dill", ".joblib")
FORMATS = ("pickle", "cloudpickle", "joblib", "dill")

_HEAD = 64 * 1024
_OPCODES = 2000
_CODES = {opcode.code for opcode in pickletools.opcodes}
_IMPORTS = {"GLOBAL", "STACK_GLOBAL", "INST", "EXT1", "EXT2", "EXT4"}


@dataclass(frozen=True, slots=True)
class Pickle:
    """A pickle in a model: the file, why it is held for one, and the flavors whose configuration names it."""

    file: str
    reason: str
    flavors: tuple[str, ...]


def find(kept: Model) -> Iterator[Pickle]:
    """The pickles of a model, by file. Raises NotAModel and OSError as :func:`model.files` does."""
    declared = {name: _declared(config) for name, config in kept.flavors.items()}
    seen: set[str] = set()
    for name, path in model.files(kept.folder):
        owners = tuple(flavor for flavor, config in kept.flavors.items() if _names(config, name))
        reason = next((why for flavor in owners if (why := declared[flavor]) and _payload(kept, flavor, name)), None)
        reason = reason or _by_name(name) or _by_content(path)
        if reason:
            seen.update(owners)
            yield Pickle(name, reason, owners)
    for flavor, why in declared.items():
        if why and flavor not in seen:
            yield Pickle(model.MLMODEL, f"{why} (flavor `{flavor}`)", (flavor,))


def _declared(config: Mapping[str, Any]) -> str | None:
    """Why the flavor says of itself that it is stored as a pickle, where it does."""
    stored = str(config.get("serialization_format", "")).lower()
    if stored in FORMATS:
        return f"its flavor says `serialization_format: {stored}`"
    if "cloudpickle_version" in config or "python_model" in config:
        return "its flavor stores a Python object with cloudpickle"
    return None


def _payload(kept: Model, flavor: str, name: str) -> bool:
    """Is this file what the flavor stores, rather than its environment or code?"""
    config = kept.flavors[flavor]
    keys = ("pickled_model", "model_data", "data", "model_path", "python_model", "model_file")
    return any(_covers(config.get(key), name) for key in keys)


def _names(config: Mapping[str, Any], name: str) -> bool:
    return any(_covers(value, name) for value in _texts(config))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)


def _covers(value: Any, name: str) -> bool:
    """Does a path of a configuration name this file, or a folder above it?"""
    if not isinstance(value, str) or value in {"", ".", "/"}:
        return False
    return PurePosixPath(name).is_relative_to(PurePosixPath(value))


def _by_name(name: str) -> str | None:
    lower = name.lower()
    parts = {f".{each}" for each in lower.rsplit("/", 1)[-1].split(".")[1:]}
    suffix = next((each for each in SUFFIXES if each in parts), None)
    return f"its name says so (`{suffix}`)" if suffix else None


def _by_content(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(_HEAD)
    if head.startswith(b"PK\x03\x04"):
        return _in_archive(path)
    if _is_pickle(head, len(head) < _HEAD) or _is_pickle(_unpacked(head), False):
        return "its content is a pickle"
    if _holds_objects(head):
        return "it is a NumPy array of Python objects, which are stored as a pickle"
    return None


def _in_archive(path: Path) -> str | None:
    """PyTorch's own format, and others that are archives: a member that is a pickle makes the file one."""
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                if member.is_dir() or member.flag_bits & 1:
                    continue
                with archive.open(member) as file:
                    head = file.read(_HEAD)
                if _by_name(member.filename) or _is_pickle(head, len(head) < _HEAD) or _holds_objects(head):
                    return f"it is an archive that holds a pickle ({member.filename!r})"
    except (zipfile.BadZipFile, zlib.error, lzma.LZMAError, OSError, EOFError, NotImplementedError, ValueError):
        return None  # what cannot be opened as an archive is not loaded as one either
    return None


def _unpacked(head: bytes) -> bytes:
    """The beginning of a compressed file, as joblib writes them; nothing where it is not compressed."""
    try:
        if head.startswith((b"\x1f\x8b", b"\x78")):
            return zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(head, _HEAD)  # gzip's header or zlib's
        if head.startswith(b"BZh"):
            return bz2.BZ2Decompressor().decompress(head, _HEAD)
        if head.startswith((b"\xfd7zXZ", b"]\x00\x00")):
            return lzma.LZMADecompressor().decompress(head, _HEAD)
    except (OSError, EOFError, zlib.error, lzma.LZMAError, ValueError):
        pass
    return b""


def _is_pickle(head: bytes, whole: bool) -> bool:
    """Do these bytes begin a pickle? ``whole`` says that there are no more.

    With the mark of a protocol, when it imports something, comes to an end or
    is longer than what was read. Without the mark (protocols 0 and 1 have
    none), when it imports something and comes to an end.
    """
    marked = head[:1] == b"\x80"
    imports = False
    count = 0
    try:
        for opcode, _argument, _position in pickletools.genops(head):
            count += 1
            imports = imports or opcode.name in _IMPORTS
            if opcode.name == "STOP" or count == _OPCODES:
                return marked or imports
    except Exception:  # pylint: disable=broad-exception-caught  # not an opcode, or cut off in the midst of one
        begins = marked and head[2:3].decode("latin-1") in _CODES
        return marked and (imports or (begins and not whole))
    return False  # no bytes at all


def _holds_objects(head: bytes) -> bool:
    return head.startswith(b"\x93NUMPY") and (b"'|O'" in head[:4096] or b"'O'" in head[:4096])
