"""Text from data, made visible: what a reader sees is what is there.

A control character, a bidirectional override, an invisible or unassigned
character is shown as its escape (``\\u202e``), so that no text can move a
cursor, reorder a line or hide a difference.
"""

from __future__ import annotations


def visible(text: str, keep: str = "") -> str:
    """``text`` with each character that does not print, except those in ``keep``, as a Python escape."""
    if text.isprintable():
        return text
    return "".join(each if each.isprintable() or each in keep else escape(each) for each in text)


def escape(character: str) -> str:
    """The Python escape of one character: ``\\n``, ``\\x1b``, ``\\u202e``."""
    return character.encode("unicode_escape").decode("ascii")


def clip(text: str, limit: int) -> str:
    """``text``, or its first ``limit`` characters and how many more there are, where saying so is the shorter."""
    note = f"… ({len(text) - limit:,} more characters)"
    return text if len(text) <= limit + len(note) else text[:limit] + note
