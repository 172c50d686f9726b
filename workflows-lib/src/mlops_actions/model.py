"""A model directory: what MLflow's ``MLmodel`` says of it, which files it has, and its identity.

The interchange format between training, export and release. Nothing of the
model is loaded here: its files are counted, hashed and copied, and ``MLmodel``
is read as the YAML that it is.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlops_actions import verdict, yamlfile
from mlops_actions.errors import CallError
from mlops_actions.visible import visible

MLMODEL = "MLmodel"
EXAMPLE = "input_example.json"
PACKED = "mlflow-model.zip"
"""A model directory as one file, where only files can be kept: in a release."""
MAX_FILES = 100_000
_MAX_TEXT = 64 * 1024 * 1024


class NotAModel(Exception):
    """The directory is no MLflow model, or not one that can be kept; the message says why."""


@dataclass(frozen=True, slots=True)
class Field:
    """One input or output of a signature; ``type`` is MLflow's word (``long``, ``tensor(float64)``)."""

    name: str
    type: str
    required: bool = True


@dataclass(frozen=True, slots=True)
class Signature:
    """What goes into the model and what comes out. An output without a name has an empty one."""

    inputs: tuple[Field, ...]
    outputs: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Model:
    """A directory that holds a file ``MLmodel``.

    ``flavors`` maps a flavor's name to its configuration as it stands.
    ``example`` is the recorded input example, ``python`` and ``mlflow`` the
    versions it was saved with, ``requirements`` the lines of its
    requirements.txt. What the directory does not record is None or empty.
    """

    folder: Path
    flavors: Mapping[str, Mapping[str, Any]]
    signature: Signature | None
    example: Path | None
    python: str | None
    mlflow: str | None
    requirements: tuple[str, ...]

    @property
    def native(self) -> tuple[str, ...]:
        """The flavors that name a library; ``python_function``, which wraps one, only where it stands alone."""
        return tuple(name for name in self.flavors if name != "python_function") or tuple(self.flavors)


def read(folder: Path) -> Model:
    """The model in ``folder``. Raises NotAModel where ``MLmodel`` is missing or is not what MLflow writes."""
    described = _described(folder)
    flavors = described.get("flavors")
    if not isinstance(flavors, dict) or not flavors or not all(isinstance(each, dict) for each in flavors.values()):
        raise NotAModel(f"`{MLMODEL}` names no flavor, so nothing says how the model is loaded")
    return Model(
        folder=folder,
        flavors=flavors,
        signature=_signature(described.get("signature")),
        example=_example(folder, described.get("saved_input_example_info")),
        python=_python(folder, flavors),
        mlflow=_word(described.get("mlflow_version")),
        requirements=_requirements(folder),
    )


def files(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below ``folder``: its path in it (``/`` between names) and where it is, sorted by the path's bytes.

    A symbolic link counts as the file that it leads to. Raises NotAModel for a
    link to a folder, or to what is not in ``folder``; for what is neither file
    nor folder; and for more than 100,000 files.
    """
    root = folder.resolve()
    found: dict[str, Path] = {}
    for parent, folders, names in os.walk(folder, onerror=_unreadable):
        for name in (*folders, *names):
            path = Path(parent, name)
            inner = path.relative_to(folder).as_posix()
            if path.is_symlink():
                _refuse_link(path, inner, root)
            mode = path.stat().st_mode
            if stat.S_ISREG(mode):
                found[inner] = path
            elif not stat.S_ISDIR(mode):
                raise NotAModel(f"`{visible(inner)}` is neither a file nor a folder")
        if len(found) > MAX_FILES:
            raise NotAModel(f"it holds more than {MAX_FILES:,} files")
    yield from sorted(found.items(), key=lambda item: os.fsencode(item[0]))


def _unreadable(error: OSError) -> None:
    raise NotAModel(f"a folder of it cannot be read: {error.strerror}") from error


def _refuse_link(path: Path, inner: str, root: Path) -> None:
    target = path.resolve()
    if not target.exists():
        raise NotAModel(f"`{visible(inner)}` is a symbolic link that leads nowhere")
    if not target.is_relative_to(root):
        raise NotAModel(f"`{visible(inner)}` is a symbolic link out of the model's directory")
    if target.is_dir():
        raise NotAModel(f"`{visible(inner)}` is a symbolic link to a folder")


def digest(folder: Path) -> str:
    """The identity of a model: one SHA-256 over all its files, 64 hex digits.

    It is the digest of the text that ``sha256sum`` prints for the files of the
    directory, each path relative to it, sorted by the bytes of the path::

        find . -type f -printf '%P\\0' | LC_ALL=C sort -z | xargs -0 sha256sum -- | sha256sum

    Empty folders, times and permissions do not count. Raises NotAModel as
    :func:`files` does, and for a directory without files.
    """
    whole = hashlib.sha256()
    count = 0
    for name, path in files(folder):
        count += 1
        whole.update(_sum_line(verdict.digest(path), os.fsencode(name)))
    if not count:
        raise NotAModel("it holds no file")
    return whole.hexdigest()


def _sum_line(digits: str, name: bytes) -> bytes:
    """A line of ``sha256sum``, which marks a line whose name it had to escape."""
    escaped = name.replace(b"\\", b"\\\\").replace(b"\n", b"\\n").replace(b"\r", b"\\r")
    mark = b"\\" if escaped != name else b""
    return mark + digits.encode() + b"  " + escaped + b"\n"


def copy(source: Path, target: Path) -> None:
    """Copy the files of the model in ``source`` to the new folder ``target``; links become files.

    Raises NotAModel as :func:`files` does, before anything is written.
    """
    wanted = list(files(source))
    target.mkdir(parents=True)
    for name, path in wanted:
        copied = target / name
        copied.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, copied)


def pack(folder: Path, file: Path) -> None:
    """Write the files of the model in ``folder`` into the new zip archive ``file``.

    The same files give the same bytes, anywhere: no time is kept, and nothing
    is compressed, since compressors differ. Raises NotAModel as :func:`files` does.
    """
    wanted = list(files(folder))
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for name, path in wanted:
            if not name.isprintable() or "\\" in name:
                raise NotAModel(f"`{visible(name)}` is no name for a file in an archive")
            entry = zipfile.ZipInfo(name)
            entry.external_attr = 0o644 << 16
            entry.file_size = path.stat().st_size
            with path.open("rb") as source, archive.open(entry, "w") as target:
                shutil.copyfileobj(source, target)


def unpack(file: Path, folder: Path) -> None:
    """Write the files of an archive that :func:`pack` made into the new folder ``folder``.

    Raises NotAModel for any other: what is damaged, compressed (a small file may
    hold a very large one) or has names that lead out of the folder.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            entries = archive.infolist()
            if len(entries) > MAX_FILES:
                raise NotAModel(f"it holds more than {MAX_FILES:,} files")
            if sum(entry.compress_size for entry in entries) > file.stat().st_size:
                raise NotAModel("its files are larger together than the archive, so they lie within each other")
            for entry in entries:
                target = folder / entry.filename
                parts = entry.filename.split("/")
                mode = entry.external_attr >> 16
                stored = entry.compress_type == zipfile.ZIP_STORED and stat.S_IFMT(mode) in {0, stat.S_IFREG}
                if not stored or not all(parts) or {".", ".."} & set(parts) or "\\" in entry.filename:
                    raise NotAModel(f"`{visible(entry.filename)}` is nothing that this library packs")
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(entry) as source, target.open("xb") as written:
                    shutil.copyfileobj(source, written)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, ValueError) as error:
        raise NotAModel(f"its archive cannot be unpacked: {error}") from error


def _described(folder: Path) -> dict[str, Any]:
    if not (folder / MLMODEL).is_file():
        raise NotAModel(f"it holds no file `{MLMODEL}`, so it is no MLflow model")
    try:
        described = yamlfile.load(folder / MLMODEL, MLMODEL).data
    except CallError as error:
        raise NotAModel(f"`{MLMODEL}` cannot be read: {error}") from error
    if not isinstance(described, dict):
        raise NotAModel(f"`{MLMODEL}` holds no mapping")
    return described


def _signature(data: Any) -> Signature | None:
    if not isinstance(data, dict):
        return None
    inputs, outputs = _fields(data.get("inputs")), _fields(data.get("outputs"))
    return Signature(inputs, outputs) if inputs else None


def _fields(text: Any) -> tuple[Field, ...]:
    """The fields of one side of a signature, which MLflow keeps as JSON in a string."""
    if not isinstance(text, str):
        return ()
    try:
        items = json.loads(text)
    except (ValueError, RecursionError):
        return ()
    items = items if isinstance(items, list) else [items]
    return tuple(_field(each) for each in items if isinstance(each, dict))


def _field(data: dict[str, Any]) -> Field:
    kind = str(data.get("type", "any"))
    tensor = data.get("tensor-spec")
    if isinstance(tensor, dict):
        kind = f"tensor({tensor.get('dtype')})"
    return Field(str(data.get("name", "")), kind, data.get("required") is not False)


def _example(folder: Path, info: Any) -> Path | None:
    name = info.get("artifact_path") if isinstance(info, dict) else None
    path = folder / str(name or EXAMPLE)
    inside = path.resolve().is_relative_to(folder.resolve())
    return path if inside and path.is_file() else None


def _python(folder: Path, flavors: Mapping[str, Mapping[str, Any]]) -> str | None:
    try:
        recorded = yamlfile.load(folder / "python_env.yaml").data
    except CallError:
        recorded = None
    if isinstance(recorded, dict) and recorded.get("python"):
        return str(recorded["python"])
    return _word(flavors.get("python_function", {}).get("python_version"))


def _word(value: Any) -> str | None:
    return None if value is None else str(value)


def _requirements(folder: Path) -> tuple[str, ...]:
    path = folder / "requirements.txt"
    try:
        if not path.is_file() or path.stat().st_size > _MAX_TEXT:
            return ()
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ()
    return tuple(line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#"))
