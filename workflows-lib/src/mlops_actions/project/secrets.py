"""Credentials in the environment, kept out of logs.

GitHub masks secrets in what it shows, not in the files that a job uploads. So
what a tool prints passes through :class:`Mask` before it is shown or kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote

_NAME = re.compile(r"(TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|PRIVATE_?KEY|ACCESS_?KEY|CREDENTIALS?)($|_)", re.IGNORECASE)
_USERINFO = re.compile(r"[a-z][a-z0-9+.-]*://(?P<user>[^/\s@:]*)(:(?P<password>[^/\s@]*))?@", re.IGNORECASE)
SHORTEST = 6
"""A value shorter than this is a word of the language before it is a secret."""

HIDDEN = "***"


def values(env: Mapping[str, str]) -> frozenset[str]:
    """What in ``env`` must not be shown: variables named like secrets, and the passwords inside addresses."""
    found: set[str] = set()
    for name, value in env.items():
        if _NAME.search(name):
            found.update(value.splitlines())
        found.update(_credentials(value))
    return _worth_hiding(found)


def of_address(url: str | None) -> frozenset[str]:
    """What of an address that was given as a secret must not be shown: its credentials, and it as a whole.

    The longer is hidden first, so a token in its path goes with the whole.
    """
    if not url:
        return frozenset()
    return _worth_hiding({*_credentials(url), url, url.rstrip("/")})


def _credentials(text: str) -> Iterator[str]:
    for match in _USERINFO.finditer(text):
        # With a user and a password the password is secret; a lone user is a token.
        secret = match["password"] or match["user"]
        yield from (secret, unquote(secret))


def _worth_hiding(found: Iterable[str]) -> frozenset[str]:
    return frozenset(each.strip() for each in found if len(each.strip()) >= SHORTEST and not _is_path(each))


def _is_path(value: str) -> bool:
    return value.startswith(("/", "./", "~")) or re.match(r"[A-Za-z]:\\", value) is not None


class Mask:
    """Replaces secrets in a text that arrives in pieces."""

    def __init__(self, secrets: Iterable[str]) -> None:
        ordered = sorted(secrets, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self._longest = len(ordered[0]) if ordered else 0

    def whole(self, text: str) -> str:
        """A whole text, masked."""
        return self._pattern.sub(HIDDEN, text) if self._pattern else text

    def split(self, text: str) -> tuple[str, str]:
        """What of ``text`` can be shown now and the rest, both masked; the rest may begin a secret that goes on."""
        if self._pattern is None or text.endswith("\n"):
            return self.whole(text), ""
        masked = self.whole(text)
        keep = min(self._longest - 1, len(masked))
        return masked[: len(masked) - keep], masked[len(masked) - keep :]
