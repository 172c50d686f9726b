"""Digests in the place of private values: the same for equal values of one run, and no way back from them.

The key is made anew for each run and kept nowhere, so a digest cannot be
compared with those of guessed values (NIST SP 800-107, section 5.3, HMAC).
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field

DIGITS = 32
"""Hexadecimal digits of a digest: 128 bits."""


@dataclass(frozen=True, slots=True)
class Digests:
    """The digests of one run."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)

    def of(self, value: str | bytes) -> str:
        """``private:`` and the digits."""
        data = value.encode("utf-8", "surrogatepass") if isinstance(value, str) else value
        return f"private:{hmac.digest(self.key, data, 'sha256').hex()[:DIGITS]}"
