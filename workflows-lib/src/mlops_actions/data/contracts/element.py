"""A part of a contract at its place in the file, and what is inside of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mlops_actions.errors import Problem
from mlops_actions.yamlfile import Document, KeyPath


@dataclass(frozen=True, slots=True)
class Element:
    """A part of the contract, at its place: ``data`` is what stands there."""

    data: Mapping[str, Any]
    path: KeyPath
    document: Document

    def line(self, *path: str | int) -> int:
        """The line of a key below this element, or of the element itself."""
        return self.document.where_key(*self.path, *path).line

    def problem(self, message: str, *path: str | int, hint: str | None = None) -> Problem:
        """A problem with the value at ``path`` below this element."""
        return self.document.problem(message, *self.path, *path, hint=hint)

    def part(self, *path: str) -> Element:
        """The element at ``path`` below this one, which must be there."""
        data = self.data
        for key in path:
            data = data[key]
        return Element(data, (*self.path, *path), self.document)

    def parts(self, key: str) -> Iterator[Element]:
        """The elements of the list at ``key``."""
        for index, each in enumerate(self.data.get(key) or ()):
            yield Element(each, (*self.path, key, index), self.document)

    def inner(self) -> Iterator[Element]:
        """What is right inside of a property: the properties of an object, items of an array, keys, values of a map."""
        yield from self.parts("properties")
        if self.data.get("items"):
            yield self.part("items")
        if self.data.get("map"):
            yield self.part("map", "key")
            yield self.part("map", "value")

    def within(self) -> Iterator[Element]:
        """This property and all that is inside of it, outer ones first."""
        yield self
        for each in self.inner():
            yield from each.within()
