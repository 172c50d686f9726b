"""Formats of texts, held against readers of them that are not patterns."""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
import string
from urllib.parse import urlsplit

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mlops_actions.data.rules.sql import re2
from mlops_actions.data.types import formats
from mlops_actions.verdict import Severity, Status

ENGINE = duckdb.connect()


def matches(name, text):
    query = "SELECT regexp_matches(?, ?)"
    return ENGINE.execute(query, [text, re2(formats.PATTERNS[name])]).fetchone()[0]


def is_address(kind, text):
    try:
        return kind(text) is not None and "%" not in text and text.isascii()
    except ValueError:
        return False


GROUPS = st.sampled_from(
    ["0", "1", "ffff", "ABcd", "0001", "12345", "g", "", "1.2.3.4", "1.2.3", "01.2.3.4", "255.0.0.256"]
)
ADDRESSES = st.lists(GROUPS, max_size=10).map(":".join) | st.ip_addresses(v=6).map(str) | st.ip_addresses(v=4).map(str)


@settings(max_examples=500, deadline=None)
@given(ADDRESSES | st.text(st.sampled_from("01f:.%\n "), max_size=12))
@example("::").via("the shortest")
@example("1:2:3:4:5:6:7::").via("two colons for one group")
@example("::2:3:4:5:6:7:8").via("two colons for one group")
@example("1:2:3:4::5:6:7:8").via("two colons for none")
@example("fe80::1%eth0").via("a zone")
@example("::1\n").via("a line end")
def test_addresses_are_those_that_python_reads(text):
    assert matches("ipv6", text) == is_address(ipaddress.IPv6Address, text)
    assert matches("ipv4", text) == is_address(ipaddress.IPv4Address, text)


@pytest.mark.parametrize("groups", range(10))
@pytest.mark.parametrize("gap", range(10))
def test_every_place_of_the_gap(groups, gap):
    for last in ("1", "1.2.3.4"):
        parts = ["a"] * groups + [last]
        for text in (":".join(parts), ":".join(parts[:gap]) + "::" + ":".join(parts[gap:])):
            assert matches("ipv6", text) == is_address(ipaddress.IPv6Address, text), text


def is_base64(text):
    """Python reads ``QQQQ=`` as well, whose padding pads nothing."""
    if len(text) % 4:
        return False
    try:
        return text.isascii() and base64.b64decode(text, validate=True) is not None
    except (binascii.Error, ValueError):
        return False


@settings(max_examples=300, deadline=None)
@given(
    st.text(st.sampled_from("aQ+/=-_\n "), max_size=9)
    | st.binary(max_size=9).map(lambda b: base64.b64encode(b).decode())
)
@example("").via("no bytes at all")
@example("YQ=").via("padding that is too short")
@example("QQQQ=").via("padding that pads nothing")
@example("YR==").via("a bit that is left over")
@example("YQ==\n").via("a line end")
def test_base64_is_what_python_decodes(text):
    assert matches("byte", text) == is_base64(text)


UNRESERVED = set(string.ascii_letters + string.digits + "-._~")
DELIMITERS = set("!$&'()*+,;=")


def made_of(text, allowed):
    """Whether a part of a URI has these signs and whole percent escapes alone."""
    rest = re.sub("%[0-9A-Fa-f][0-9A-Fa-f]", "", text)
    return set(rest) <= UNRESERVED | DELIMITERS | set(allowed)


def is_host(text):
    if text.startswith("["):
        inner = text[1:-1]
        if not text.endswith("]"):
            return False
        version, _, rest = inner[1:].partition(".")
        future = inner[:1] in {"v", "V"} and version and set(version) <= set(string.hexdigits) and rest
        return bool(future and "%" not in rest and made_of(rest, ":")) or is_address(ipaddress.IPv6Address, inner)
    return made_of(text, "")


def is_uri(text):
    """RFC 3986 by hand: taken apart as its appendix B does, and each part held against its signs."""
    whole, _, fragment = text.partition("#")
    whole, _, query = whole.partition("?")
    scheme, colon, rest = whole.partition(":")
    if not colon or not re.fullmatch("[A-Za-z][A-Za-z0-9+.-]*", scheme):
        return False
    if rest.startswith("//"):
        authority, slash, path = rest[2:].partition("/")
        user, at, place = authority.rpartition("@")
        port = re.search(r":([0-9]*)\Z", place) if not place.endswith("]") else None
        host = place[: port.start()] if port else place
        path = slash + path
        if (at and not made_of(user, ":")) or not is_host(host):
            return False
    else:
        path = rest
    return made_of(path, ":@/") and made_of(query, ":@/?") and made_of(fragment, ":@/?")


PIECES = st.sampled_from(
    [
        "http",
        "urn",
        ":",
        "/",
        "//",
        "?",
        "#",
        "@",
        "[",
        "]",
        "::1",
        "%41",
        "%4",
        "a",
        "8",
        "é",
        " ",
        "v1.x",
        "1.2.3.4",
        "\n",
        "!",
        "|",
    ]
)


@settings(max_examples=800, deadline=None)
@given(
    st.lists(PIECES, max_size=9).map("".join) | st.lists(PIECES, max_size=9).map(lambda parts: "s:" + "".join(parts))
)
@example("https://user:secret@example.org:8080/a/b;c?d=e#f").via("all parts")
@example("ldap://[2001:db8::7]/c=GB?one").via("RFC 3986, 1.1.2")
@example("tel:+1-816-555-1212").via("RFC 3986, 1.1.2")
@example("file:///etc").via("an empty host")
@example("s://[v1.x]").via("a host of the future")
@example("s://a:").via("a port of no digits")
@example("s://@@").via("no authority, and no path may begin so")
@example("git+s.s-h://a").via("a scheme of all its signs")
@example("s:").via("nothing behind the scheme")
@example("//example.org/a").via("no scheme")
def test_uris_are_those_of_rfc_3986(text):
    assert matches("uri", text) == is_uri(text)
    if matches("uri", text):
        assert urlsplit(text).scheme == text.partition(":")[0].lower()


@pytest.mark.parametrize(("name", "measured"), [("ipv6", 4), ("uri", 4), ("byte", 3)])
def test_texts_that_are_not_of_the_format_are_counted(workspace, tally, name, measured):
    """The empty text is Base64 of no bytes."""
    data = workspace.csv('x,y\n::1,1\nhttp://a.b,1\nYQ==,1\nno way,1\n,1\n"",1\n')
    properties = f"- {{name: x, logicalType: string, logicalTypeOptions: {{format: {name}}}}}"
    assert tally("format", properties, data) == ("fail", measured)


def test_a_format_that_every_value_keeps_says_so(workspace):
    contract = workspace.columns("- {name: x, logicalType: string, logicalTypeOptions: {format: binary}}")
    check = workspace.checks(contract, workspace.csv("x\na\n"))["t.x.format"]
    assert (check.status, check.severity) == (Status.NOT_CHECKED, Severity.INFO)
    assert "any sequence of bytes" in check.message
