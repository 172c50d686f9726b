"""Formats of texts, each as a pattern (RE2) over the whole value, with the document that defines it."""

from __future__ import annotations

from collections.abc import Mapping

_LABEL = "[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = rf"{_LABEL}(\.{_LABEL})*"
_BYTE = "(25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_IPV4 = rf"({_BYTE}\.){{3}}{_BYTE}"


def _ipv6() -> str:
    """RFC 3986, section 3.2.2, ``IPv6address``: the text forms of RFC 4291, without a zone."""
    group = "[0-9A-Fa-f]{1,4}"
    last = f"({group}:{group}|{_IPV4})"  # ls32: the last 32 bits
    forms = [f"({group}:){{6}}{last}", f"::({group}:){{5}}{last}"]
    for before in range(1, 6):  # groups that may stand before the two colons
        left = f"(({group}:){{0,{before - 1}}}{group})?"
        after = 5 - before
        forms.append(f"{left}::({group}:){{{after}}}{last}")
    forms += [f"(({group}:){{0,5}}{group})?::{group}", f"(({group}:){{0,6}}{group})?::"]
    return f"({'|'.join(forms)})"


def _uri() -> str:
    """RFC 3986, appendix A, ``URI``: with a scheme, in ASCII. What a scheme asks of its own is not looked at."""
    sign = "[A-Za-z0-9._~!$&'()*+,;=-]|%[0-9A-Fa-f]{2}"  # unreserved, sub-delims, pct-encoded
    pchar = f"({sign}|[:@])"
    future = "[vV][0-9A-Fa-f]+[.][A-Za-z0-9._~!$&'()*+,;=:-]+"
    host = rf"(\[({_ipv6()}|{future})\]|({sign})*)"
    authority = f"(({sign}|:)*@)?{host}(:[0-9]*)?"
    path = f"(//{authority}(/{pchar}*)*|/({pchar}+(/{pchar}*)*)?|{pchar}+(/{pchar}*)*)?"
    return rf"[A-Za-z][A-Za-z0-9+.-]*:{path}(\?({pchar}|[/?])*)?(#({pchar}|[/?])*)?"


PATTERNS: Mapping[str, str] = {
    name: f"^({pattern})$"
    for name, pattern in {
        # The input field of HTML (its standard's own pattern), narrower than RFC 5322.
        "email": rf"[A-Za-z0-9.!#$%&'*+/=?^_`{{|}}~-]+@{_HOSTNAME}",
        "uuid": "[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}",  # RFC 9562, section 4
        "hostname": _HOSTNAME,  # RFC 1123, section 2.1; the length of the whole (253) is not looked at
        "ipv4": _IPV4,  # RFC 3986, section 3.2.2, IPv4address: no leading zeros
        "ipv6": _ipv6(),
        "uri": _uri(),
        # RFC 4648, section 4: padded, in one line; bits that the padding leaves over may be set (section 3.5).
        "byte": "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?",
    }.items()
}

HARMLESS: Mapping[str, str] = {
    "binary": "it allows any sequence of bytes (OpenAPI 3.0, data types), which every value is",
    "password": "it is a hint for display",
    "f32": "the width of a floating-point number is no promise of its value",
    "f64": "the width of a floating-point number is no promise of its value",
}
"""Formats that no value can break, and why."""
