"""YAML as a person would write it, line by line, with comments; whatever a name or a value holds, it stays one."""

from __future__ import annotations

import re

from mlops_actions import yamlfile
from mlops_actions.visible import visible

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./]*(?: [A-Za-z0-9_./]+)*")
_OLD_WORDS = {"y", "n", "yes", "no", "on", "off"}
"""What YAML 1.1 takes for true or false."""

_COMMENT = 300  # characters


def text(value: str) -> str:
    """A string as a scalar: plain where every reader takes it for one, else in double quotes."""
    plain = _PLAIN.fullmatch(value) and value.casefold() not in _OLD_WORDS
    if plain and isinstance(yamlfile.scalar(value), str):
        return value
    return f'"{"".join(map(_escaped, value))}"'


def _escaped(sign: str) -> str:
    if sign in '"\\':
        return f"\\{sign}"
    if sign.isprintable():
        return sign
    code = ord(sign)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def comment(said: str) -> str:
    """A comment, which ends with its line."""
    shown = visible(said)
    return f"# {shown if len(shown) <= _COMMENT else shown[:_COMMENT] + '…'}"
