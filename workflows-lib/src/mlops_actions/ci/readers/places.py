"""The files that tools speak of, as paths relative to the working directory."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from mlops_actions.project import layout
from mlops_actions.verdict import Where


@dataclass(frozen=True, slots=True)
class Places:
    """Resolves names of files as printed by a tool that ran in ``folder``, or in a folder below it."""

    folder: Path
    _known: dict[str, str | None] = field(default_factory=dict)
    _files: dict[str, list[str]] = field(default_factory=dict)

    def exists(self, name: str) -> bool:
        """Is it a file at all? If not, the text was no finding."""
        return self._resolved(name) is not None

    def relative(self, name: str) -> str | None:
        """The file's name relative to the folder, with forward slashes; None where it lies outside or is not there."""
        path = self._resolved(name)
        if path is None:
            return None
        relative = os.path.relpath(path, os.path.realpath(self.folder))
        inside = not relative.startswith("..") and not os.path.isabs(relative)
        return Path(relative).as_posix() if inside else None

    def where(
        self, name: str, line: int | None = None, character: int | None = None, thing: str | None = None
    ) -> Where:
        """The place to point at; without file and line where the file lies outside the folder."""
        file = self.relative(name)
        if file is None:
            return Where(object=thing)
        # A tool may say line 0 for a whole file; GitHub knows no such line.
        return Where(object=thing, file=file, line=max(1, line) if line is not None else None, character=character)

    def _resolved(self, name: str) -> str | None:
        if name not in self._known:
            self._known[name] = self._resolve(name)
        return self._known[name]

    def _resolve(self, name: str) -> str | None:
        """The real path. A name relative to a folder below (``cd sub && pytest``) or above (pytest's root) is found."""
        folder = Path(os.path.realpath(self.folder))
        try:
            if (folder / name).is_file():
                return os.path.realpath(folder / name)
            if os.path.isabs(name):
                return None
            if below := self._below(folder, name):
                return os.path.realpath(below)
            above = (base / name for base in list(folder.parents)[:4])
            return next((os.path.realpath(path) for path in above if path.is_file()), None)
        except (OSError, ValueError):  # a name too long, or with a NUL
            return None

    def _below(self, folder: Path, name: str) -> Path | None:
        """The one file of the project whose path ends with ``name``; None where there is none, or more than one."""
        if not self._files:
            for file in layout.Layout(folder).files(".*"):
                self._files.setdefault(file.rpartition("/")[2], []).append(file)
        normal = os.path.normpath(name).replace(os.sep, "/")
        found = [file for file in self._files.get(normal.rpartition("/")[2], ()) if file.endswith(f"/{normal}")]
        return folder / found[0] if len(found) == 1 else None
